//! An expression made ready to run: regular expressions compiled, literals made values, and known what it depends on.

use std::borrow::Cow;

use super::ast::{Expr, Field, Item, Literal, Operator, Scope};
use super::fields::Intrinsic;
use super::pattern::Pattern;
use super::value::Value;

/// See the module.
#[derive(Debug)]
pub(super) enum Node {
    Value(Value<'static>),
    Field(Field),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// Those that cost least first.
    All(Vec<Node>),
    Any(Vec<Node>),
    Compare(Operator, Box<Node>, Box<Node>),
    Matches {
        of: Box<Node>,
        pattern: Box<Pattern>,
        negated: bool,
    },
    /// Whether a field is missing, or for false whether it is there.
    IsNil(Field, bool),
    Arithmetic(Operator, Box<Node>, Box<Node>),
}

/// What a value depends on, as a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needs(u16);

impl Needs {
    pub(super) const NOTHING: Self = Self(0);
    pub(super) const OPERATION: Self = Self(1);
    pub(super) const SERVICE: Self = Self(1 << 1);
    pub(super) const KIND: Self = Self(1 << 2);
    pub(super) const STATUS: Self = Self(1 << 3);
    pub(super) const DURATION: Self = Self(1 << 4);
    /// Resource and instrumentation scope.
    pub(super) const SCOPE: Self = Self(1 << 5);
    /// What is the same for all spans of the trace.
    pub(super) const TRACE: Self = Self(1 << 6);
    /// The bytes of the span.
    pub(super) const BODY: Self = Self(1 << 7);
    /// Other columns, or other spans of the trace.
    pub(super) const OTHER: Self = Self(1 << 8);
    /// What service's requests take usually.
    pub(super) const SLOW: Self = Self(1 << 9);

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether it needs nothing beside that.
    pub(super) fn only(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The attribute that names a service.
pub(super) const SERVICE_NAME: &str = "service.name";

impl Node {
    pub(super) fn of(expr: &Expr) -> Self {
        match expr {
            Expr::Literal(literal, _) => Self::Value(Value::of_literal(literal)),
            Expr::Field(field) => Self::Field(field.field.clone()),
            Expr::Not(inner, _) => Self::Not(Box::new(Self::of(inner))),
            Expr::Negate(inner, _) => Self::Negate(Box::new(Self::of(inner))),
            Expr::Binary(binary) => Self::of_binary(binary.operator, &binary.left, &binary.right),
        }
    }

    fn of_binary(operator: Operator, left: &Expr, right: &Expr) -> Self {
        match operator {
            Operator::And | Operator::Or => {
                let mut nodes = Vec::new();
                let is_all = operator == Operator::And;
                for node in [Self::of(left), Self::of(right)] {
                    match node {
                        Self::All(inner) if is_all => nodes.extend(inner),
                        Self::Any(inner) if !is_all => nodes.extend(inner),
                        other => nodes.push(other),
                    }
                }
                nodes.sort_by_key(Self::cost);
                if is_all { Self::All(nodes) } else { Self::Any(nodes) }
            }
            Operator::Matches | Operator::NotMatches => {
                let Expr::Literal(Literal::String(text), _) = right else { return Self::Value(Value::Nil) };
                let pattern = Box::new(Pattern::new(text, is_id(left)));
                Self::Matches { of: Box::new(Self::of(left)), pattern, negated: operator == Operator::NotMatches }
            }
            Operator::Equal | Operator::NotEqual if is_nil(left) || is_nil(right) => {
                let field = if is_nil(right) { left } else { right };
                let wanted = operator == Operator::Equal;
                match field {
                    Expr::Field(field) => Self::IsNil(field.field.clone(), wanted),
                    _ => Self::Value(Value::Nil),
                }
            }
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Modulo
            | Operator::Power => Self::Arithmetic(operator, Box::new(Self::of(left)), Box::new(Self::of(right))),
            comparison => {
                // The field is on the left, where there is one.
                let turn = matches!(left, Expr::Literal(..));
                let (left, right, comparison) =
                    if turn { (right, left, comparison.turned_round()) } else { (left, right, comparison) };
                let literal = |expr: &Expr, other: &Expr| match Self::of(expr) {
                    // Ids are equal in any case.
                    Self::Value(Value::Text(text)) if is_id(other) => {
                        Self::Value(Value::Text(Cow::Owned(text.to_ascii_lowercase())))
                    }
                    node => node,
                };
                Self::Compare(comparison, Box::new(literal(left, right)), Box::new(literal(right, left)))
            }
        }
    }

    /// Returns what it depends on.
    pub(super) fn needs(&self) -> Needs {
        let all = |nodes: &[Self]| nodes.iter().fold(Needs::NOTHING, |needs, node| needs.and(node.needs()));
        match self {
            Self::Value(_) => Needs::NOTHING,
            Self::Field(field) | Self::IsNil(field, _) => needs_of(field),
            Self::Not(inner) | Self::Negate(inner) | Self::Matches { of: inner, .. } => inner.needs(),
            Self::All(nodes) | Self::Any(nodes) => all(nodes),
            Self::Compare(_, left, right) | Self::Arithmetic(_, left, right) => left.needs().and(right.needs()),
        }
    }

    /// Returns whether it holds for all fields.
    pub(super) fn all_fields(&self, is: &dyn Fn(&Field) -> bool) -> bool {
        match self {
            Self::Value(_) => true,
            Self::Field(field) | Self::IsNil(field, _) => is(field),
            Self::Not(inner) | Self::Negate(inner) | Self::Matches { of: inner, .. } => inner.all_fields(is),
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().all(|node| node.all_fields(is)),
            Self::Compare(_, left, right) | Self::Arithmetic(_, left, right) => {
                left.all_fields(is) && right.all_fields(is)
            }
        }
    }

    /// Returns how much there is to look at for it, as an order.
    fn cost(&self) -> u8 {
        let needs = self.needs();
        let dear = [Needs::BODY, Needs::OTHER, Needs::TRACE, Needs::SLOW, Needs::SCOPE, Needs::OPERATION];
        dear.iter().position(|&one| needs.has(one)).map_or(0, |at| (dear.len() - at) as u8)
    }
}

fn is_nil(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(Literal::Nil, _))
}

fn is_id(expr: &Expr) -> bool {
    use Intrinsic::{LinkSpanId, LinkTraceId, ParentId, SpanId, TraceId};
    let Expr::Field(field) = expr else { return false };
    matches!(field.field.item, Item::Intrinsic(SpanId | ParentId | TraceId | LinkTraceId | LinkSpanId))
}

fn needs_of(field: &Field) -> Needs {
    if field.of_parent {
        return Needs::OTHER;
    }
    match &field.item {
        Item::Intrinsic(intrinsic) => match intrinsic {
            Intrinsic::Duration => Needs::DURATION,
            Intrinsic::Name => Needs::OPERATION,
            Intrinsic::Kind => Needs::KIND,
            Intrinsic::Status => Needs::STATUS,
            Intrinsic::SpanId | Intrinsic::ParentId | Intrinsic::ChildCount => Needs::OTHER,
            Intrinsic::TraceDuration | Intrinsic::RootName | Intrinsic::RootService | Intrinsic::TraceId => {
                Needs::TRACE
            }
            Intrinsic::InstrumentationName | Intrinsic::InstrumentationVersion => Needs::SCOPE,
            Intrinsic::Slow => Needs::SLOW,
            Intrinsic::Any => Needs::BODY.and(Needs::SCOPE).and(Needs::OPERATION).and(Needs::OTHER),
            Intrinsic::StatusMessage
            | Intrinsic::EventName
            | Intrinsic::EventTimeSinceStart
            | Intrinsic::LinkTraceId
            | Intrinsic::LinkSpanId => Needs::BODY,
        },
        Item::Attribute(Scope::Resource, key) if &**key == SERVICE_NAME => Needs::SERVICE,
        Item::Attribute(Scope::Resource | Scope::Instrumentation, _) => Needs::SCOPE,
        Item::Attribute(Scope::Either, _) => Needs::BODY.and(Needs::SCOPE),
        Item::Attribute(Scope::Span | Scope::Event | Scope::Link, _) => Needs::BODY,
    }
}
