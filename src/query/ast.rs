//! What a query says, whichever way it was written: TraceQL and the shorthand become this one tree. Two trees are equal when
//! they mean the same, wherever they stood in their texts.

use std::ops::Range;
use std::sync::Arc;

use super::fields::Intrinsic;
use crate::model::{Kind, StatusCode};

/// A whole query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// What chooses the spans; never empty.
    pub pipeline: Vec<Stage>,
    /// What is computed of them over time; without it the spans and their traces are asked for.
    pub metrics: Option<Metrics>,
    /// `with (name=value, …)`.
    pub hints: Vec<Hint>,
}

/// What is done with the groups of spans found so far. A trace begins as one group.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    Spansets(Spansets),
    /// Groups for which this holds stay: `count() > 3`.
    Having(Having),
    /// Splits each group by a value; the field of a group is shown beside it.
    By(Expr, At),
    /// Fields that are shown beside each span.
    Select(Vec<FieldAt>, At),
    /// Merges the groups of a trace.
    Coalesce(At),
}

/// Spans of one trace.
#[derive(Clone, Debug, PartialEq)]
pub enum Spansets {
    /// `{ … }`; all spans where nothing stands in it.
    Spans(Option<Expr>, At),
    /// A pipeline in parentheses.
    Pipeline(Vec<Stage>, At),
    Combined(Box<Combined>),
    /// Of the shorthand, with no form in TraceQL: holds for a trace in which that has no spans. It gives no spans of its
    /// own; where nothing else does, all of the trace.
    Without(Box<Spansets>, At),
}

/// Two sets of spans of one trace, put together.
#[derive(Clone, Debug, PartialEq)]
pub struct Combined {
    pub combine: Combine,
    pub left: Spansets,
    pub right: Spansets,
    /// Where the operator stands.
    pub at: At,
}

/// How two sets of spans are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    /// `&&`: the trace has both.
    And,
    /// `||`: the trace has one of both.
    Or,
    Structural {
        relation: Relation,
        mode: Mode,
    },
}

/// How a span on the right stands to one on the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `>`: right is a child of left.
    Child,
    /// `>>`: right is below left, at any depth.
    Descendant,
    /// `<`: right is the parent of left.
    Parent,
    /// `<<`: right is above left, at any height.
    Ancestor,
    /// `~`: right and left have the same parent.
    Sibling,
}

/// Which spans of a relation are returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Those on the right.
    Right,
    /// `!…`: those on the right for which the relation holds with none on the left.
    Not,
    /// `&…`: those on both sides.
    Both,
}

/// A comparison of an aggregate with a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Having {
    pub aggregate: Aggregate,
    /// One of the six comparisons; `3 < count()` is turned round to `count() > 3`.
    pub comparison: Operator,
    /// An integer, a float or a duration.
    pub value: Literal,
    pub at: At,
}

/// A number of a group of spans.
#[derive(Clone, Debug, PartialEq)]
pub enum Aggregate {
    Count,
    Min(FieldAt),
    Max(FieldAt),
    Avg(FieldAt),
    Sum(FieldAt),
}

/// An expression over one span. Without a value (a field is missing) no comparison holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Literal(Literal, At),
    Field(FieldAt),
    Not(Box<Expr>, At),
    Negate(Box<Expr>, At),
    Binary(Box<Binary>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    pub operator: Operator,
    pub left: Expr,
    pub right: Expr,
    /// Where the operator stands.
    pub at: At,
}

/// An operator between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `=~`: the whole text matches the expression on the right, a text literal.
    Matches,
    NotMatches,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
}

/// A value that is written out.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Nil,
    Int(i64),
    Float(f64),
    /// In nanoseconds.
    Duration(i64),
    String(Arc<str>),
    Bool(bool),
    Status(StatusCode),
    Kind(Kind),
}

/// A field as it stands in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldAt {
    pub field: Field,
    pub at: At,
}

/// Something a span has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// `parent.…`: of the span's parent.
    pub of_parent: bool,
    pub item: Item,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    Intrinsic(Intrinsic),
    Attribute(Scope, Arc<str>),
}

/// Where an attribute is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `.x`: the span, then its resource.
    Either,
    Span,
    Resource,
    Event,
    Link,
    Instrumentation,
}

/// Numbers over time, of the spans that the pipeline gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    pub function: Function,
    pub by: Vec<FieldAt>,
    pub seconds: Vec<Second>,
    pub at: At,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Function {
    /// Spans a second.
    Rate,
    /// Spans.
    Count,
    Min(FieldAt),
    Max(FieldAt),
    Avg(FieldAt),
    Sum(FieldAt),
    Histogram(FieldAt),
    /// Each between 0 and 1.
    Quantile(FieldAt, Vec<f64>),
    /// What attributes the spans of the selection have and the others have not; at most so many values of each.
    Compare(Option<Expr>, Option<u32>),
}

/// What is done with the series of a metrics query.
#[derive(Clone, Debug, PartialEq)]
pub enum Second {
    TopK(u32, At),
    BottomK(u32, At),
    /// Samples for which this holds stay; an integer, a float or a duration.
    Having(Operator, Literal, At),
}

/// A hint to who executes the query.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    pub name: Arc<str>,
    pub value: Literal,
    pub at: At,
}

/// Where in its text something stands, in bytes. All places are equal: trees that differ in nothing else mean the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct At {
    pub start: u32,
    pub end: u32,
}

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for At {}

impl At {
    /// Returns the bytes of the text.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns a place from the beginning of this one to the end of another.
    #[must_use]
    pub fn to(self, end: Self) -> Self {
        Self { start: self.start, end: end.end }
    }
}

impl From<Range<usize>> for At {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start as u32, end: range.end as u32 }
    }
}

impl Operator {
    /// Every operator between two expressions with its spelling.
    pub const ALL: [(Self, &'static str); 16] = [
        (Self::And, "&&"),
        (Self::Or, "||"),
        (Self::Equal, "="),
        (Self::NotEqual, "!="),
        (Self::Less, "<"),
        (Self::LessOrEqual, "<="),
        (Self::Greater, ">"),
        (Self::GreaterOrEqual, ">="),
        (Self::Matches, "=~"),
        (Self::NotMatches, "!~"),
        (Self::Add, "+"),
        (Self::Subtract, "-"),
        (Self::Multiply, "*"),
        (Self::Divide, "/"),
        (Self::Modulo, "%"),
        (Self::Power, "^"),
    ];

    /// Returns how it is written.
    pub fn symbol(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Returns the comparison that holds when the sides are swapped.
    #[must_use]
    pub fn turned_round(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            other => other,
        }
    }
}

impl Combine {
    /// Every way with its spelling.
    pub const ALL: [(Self, &'static str); 17] = {
        use Combine::{And, Or};
        use Mode::{Both, Not, Right};
        use Relation::{Ancestor, Child, Descendant, Parent, Sibling};
        const fn structural(relation: Relation, mode: Mode) -> Combine {
            Combine::Structural { relation, mode }
        }
        [
            (And, "&&"),
            (Or, "||"),
            (structural(Child, Right), ">"),
            (structural(Descendant, Right), ">>"),
            (structural(Parent, Right), "<"),
            (structural(Ancestor, Right), "<<"),
            (structural(Sibling, Right), "~"),
            (structural(Child, Not), "!>"),
            (structural(Descendant, Not), "!>>"),
            (structural(Parent, Not), "!<"),
            (structural(Ancestor, Not), "!<<"),
            (structural(Sibling, Not), "!~"),
            (structural(Child, Both), "&>"),
            (structural(Descendant, Both), "&>>"),
            (structural(Parent, Both), "&<"),
            (structural(Ancestor, Both), "&<<"),
            (structural(Sibling, Both), "&~"),
        ]
    };

    /// Returns how it is written.
    pub fn symbol(self) -> &'static str {
        Self::ALL.iter().find(|(combine, _)| *combine == self).map_or("", |(_, symbol)| symbol)
    }
}

impl Field {
    /// Returns the field of the span itself.
    pub fn of_span(item: Item) -> Self {
        Self { of_parent: false, item }
    }
}

impl Query {
    /// Returns the fields that are shown beside each span, in order.
    pub fn selected(&self) -> impl Iterator<Item = &Field> {
        let selecting = self.pipeline.iter().filter_map(|stage| match stage {
            Stage::Select(fields, _) => Some(fields),
            _ => None,
        });
        selecting.flatten().map(|field| &field.field)
    }

    /// Returns the query for all spans: `{ }`.
    pub fn everything() -> Self {
        let all = Stage::Spansets(Spansets::Spans(None, At::default()));
        Self { pipeline: vec![all], ..Self::default() }
    }
}
