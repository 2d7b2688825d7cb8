//! What a tree can be told to be wrong without running it: values of types that do not go together, expressions that do not
//! compile, stages that may not follow one another.

use super::ast::{
    Aggregate, At, Binary, Combine, Expr, FieldAt, Function, Item, Literal, Metrics, Operator, Query, Second, Spansets,
    Stage,
};
use super::fields::Type;
use super::pattern::{MAX_PATTERN_BYTES, anchored, is_large};
use super::problem::Problem;

/// Notes all that is wrong with a query.
pub(super) fn check(query: &Query, problems: &mut Vec<Problem>) {
    let mut checker = Checker { problems, large_patterns: 0 };
    checker.stages(&query.pipeline);
    if let Some(metrics) = &query.metrics {
        checker.metrics(metrics);
    }
}

/// Notes all that is wrong with a condition.
pub(super) fn check_expr(expr: &Expr, problems: &mut Vec<Problem>) {
    Checker { problems, large_patterns: 0 }.condition(expr);
}

struct Checker<'p> {
    problems: &'p mut Vec<Problem>,
    large_patterns: usize,
}

/// How many regular expressions a query may have that take long to compile.
pub(super) const MAX_PATTERNS: usize = 32;

/// What a value is called.
fn called(kind: Type) -> &'static str {
    match kind {
        Type::Nil => "nil",
        Type::Int | Type::Float => "a number",
        Type::Duration => "a duration",
        Type::String => "a text",
        Type::Bool => "true or false",
        Type::Status => "a status",
        Type::Kind => "a kind",
        Type::Unknown => "an attribute",
    }
}

fn is_numeric(kind: Type) -> bool {
    matches!(kind, Type::Int | Type::Float | Type::Duration | Type::Unknown)
}

fn is_boolean(kind: Type) -> bool {
    matches!(kind, Type::Bool | Type::Unknown)
}

fn goes_with(a: Type, b: Type) -> bool {
    a == b || a == Type::Unknown || b == Type::Unknown || (is_numeric(a) && is_numeric(b))
}

/// Returns where an expression stands.
fn at_of(expr: &Expr) -> At {
    match expr {
        Expr::Literal(_, at) | Expr::Not(_, at) | Expr::Negate(_, at) => *at,
        Expr::Field(field) => field.at,
        Expr::Binary(binary) => at_of(&binary.left).to(at_of(&binary.right)),
    }
}

fn type_of_literal(literal: &Literal) -> Type {
    match literal {
        Literal::Nil => Type::Nil,
        Literal::Int(_) => Type::Int,
        Literal::Float(_) => Type::Float,
        Literal::Duration(_) => Type::Duration,
        Literal::String(_) => Type::String,
        Literal::Bool(_) => Type::Bool,
        Literal::Status(_) => Type::Status,
        Literal::Kind(_) => Type::Kind,
    }
}

fn type_of_field(field: &FieldAt) -> Type {
    match &field.field.item {
        Item::Intrinsic(intrinsic) => intrinsic.info().value,
        Item::Attribute(..) => Type::Unknown,
    }
}

impl Checker<'_> {
    fn note(&mut self, at: At, message: impl Into<String>) {
        self.problems.push(Problem::new(at, message));
    }

    fn stages(&mut self, stages: &[Stage]) {
        let mut is_split = false;
        for stage in stages {
            match stage {
                Stage::Spansets(spans) => {
                    if let Some(combined) = first_combined(spans).filter(|_| is_split) {
                        let sign = combined.combine.symbol();
                        let problem = Problem::new(
                            combined.at,
                            format!("'{sign}' cannot follow by(): groups are not whole traces"),
                        );
                        self.problems.push(problem.hint("merge the groups with | coalesce() first"));
                    }
                    self.spans(spans);
                }
                Stage::By(expr, _) => {
                    is_split = true;
                    self.type_of(expr);
                }
                Stage::Coalesce(_) => is_split = false,
                Stage::Select(..) => {}
                Stage::Having(having) => match &having.aggregate {
                    Aggregate::Count => {}
                    Aggregate::Min(field) | Aggregate::Max(field) | Aggregate::Avg(field) | Aggregate::Sum(field) => {
                        self.numeric(field);
                    }
                },
            }
        }
    }

    fn spans(&mut self, spans: &Spansets) {
        match spans {
            Spansets::Spans(expr, _) => expr.iter().for_each(|expr| self.condition(expr)),
            Spansets::Pipeline(stages, _) => self.stages(stages),
            Spansets::Without(inner, _) => self.spans(inner),
            Spansets::Combined(combined) => {
                self.spans(&combined.left);
                self.spans(&combined.right);
            }
        }
    }

    fn numeric(&mut self, field: &FieldAt) {
        let kind = type_of_field(field);
        if !is_numeric(kind) {
            self.note(field.at, format!("expected a field of numbers, found {}", called(kind)));
        }
    }

    fn metrics(&mut self, metrics: &Metrics) {
        match &metrics.function {
            Function::Rate | Function::Count => {}
            Function::Min(field)
            | Function::Max(field)
            | Function::Avg(field)
            | Function::Sum(field)
            | Function::Histogram(field)
            | Function::Quantile(field, _) => self.numeric(field),
            Function::Compare(selection, _) => selection.iter().for_each(|expr| self.condition(expr)),
        }
        for second in &metrics.seconds {
            if let (Second::TopK(_, at) | Second::BottomK(_, at), Function::Compare(..)) = (second, &metrics.function) {
                self.note(*at, "compare() ranks values itself: give it how many as its second argument");
            }
        }
    }

    fn condition(&mut self, expr: &Expr) {
        let Some(kind) = self.type_of(expr) else { return };
        if is_boolean(kind) {
            return;
        }
        let problem = Problem::new(at_of(expr), format!("expected a condition, found {}", called(kind)));
        self.problems.push(match expr {
            Expr::Literal(Literal::Status(status), _) => problem.hint(format!("status = {}", status.name())),
            Expr::Literal(Literal::Kind(kind), _) => problem.hint(format!("kind = {}", kind.name())),
            Expr::Field(field) => problem.hint(format!("compare it with something: {} = …", field.field)),
            _ => problem,
        });
    }

    /// Returns the type of an expression, none where it is wrong inside, which is noted.
    fn type_of(&mut self, expr: &Expr) -> Option<Type> {
        match expr {
            Expr::Literal(literal, _) => Some(type_of_literal(literal)),
            Expr::Field(field) => Some(type_of_field(field)),
            Expr::Not(inner, _) => {
                let kind = self.type_of(inner)?;
                if !is_boolean(kind) {
                    self.note(at_of(inner), format!("expected a condition after '!', found {}", called(kind)));
                    return None;
                }
                Some(Type::Bool)
            }
            Expr::Negate(inner, _) => {
                let kind = self.type_of(inner)?;
                if !is_numeric(kind) {
                    self.note(at_of(inner), format!("expected a number after '-', found {}", called(kind)));
                    return None;
                }
                Some(kind)
            }
            Expr::Binary(binary) => self.type_of_binary(binary),
        }
    }

    fn type_of_binary(&mut self, binary: &Binary) -> Option<Type> {
        let (left, right) = (self.type_of(&binary.left), self.type_of(&binary.right));
        let (left, right) = (left?, right?);
        let symbol = binary.operator.symbol();
        match binary.operator {
            Operator::And | Operator::Or => {
                for (kind, side) in [(left, &binary.left), (right, &binary.right)] {
                    if !is_boolean(kind) {
                        self.note(
                            at_of(side),
                            format!("expected a condition beside '{symbol}', found {}", called(kind)),
                        );
                        return None;
                    }
                }
                Some(Type::Bool)
            }
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Modulo
            | Operator::Power => self.arithmetic(binary, (left, right)),
            Operator::Matches | Operator::NotMatches => self.matches(binary, left),
            _ => self.comparison(binary, (left, right)),
        }
    }

    fn arithmetic(&mut self, binary: &Binary, (left, right): (Type, Type)) -> Option<Type> {
        for (kind, side) in [(left, &binary.left), (right, &binary.right)] {
            if !is_numeric(kind) {
                let symbol = binary.operator.symbol();
                self.note(at_of(side), format!("expected a number beside '{symbol}', found {}", called(kind)));
                return None;
            }
        }
        let is_division = matches!(binary.operator, Operator::Divide | Operator::Modulo);
        let is_zero = |expr: &Expr| match expr {
            Expr::Literal(Literal::Int(0) | Literal::Duration(0), _) => true,
            Expr::Literal(Literal::Float(number), _) => *number == 0.0,
            _ => false,
        };
        if is_division && is_zero(&binary.right) && matches!(binary.left, Expr::Literal(..)) {
            self.note(binary.at, "division by zero");
            return None;
        }
        Some(if left == Type::Duration || right == Type::Duration { Type::Duration } else { Type::Float })
    }

    fn comparison(&mut self, binary: &Binary, (left, right): (Type, Type)) -> Option<Type> {
        let symbol = binary.operator.symbol();
        let is_equality = matches!(binary.operator, Operator::Equal | Operator::NotEqual);
        if left == Type::Nil || right == Type::Nil {
            let other = if left == Type::Nil { &binary.right } else { &binary.left };
            if !is_equality {
                self.note(binary.at, format!("nil is compared by = and != only, not by '{symbol}'"));
                return None;
            }
            if !matches!(other, Expr::Field(_)) {
                self.note(at_of(other), "only a field is compared with nil");
                return None;
            }
            return Some(Type::Bool);
        }
        if !goes_with(left, right) {
            let message = format!("{} is compared with {}", called(left), called(right));
            let problem = Problem::new(at_of(&binary.left).to(at_of(&binary.right)), message);
            self.problems.push(Problem { hint: unquoted(binary).or_else(|| quoted(binary)), ..problem });
            return None;
        }
        for kind in [left, right] {
            if !is_equality && matches!(kind, Type::Bool | Type::Status | Type::Kind) {
                self.note(binary.at, format!("{} is compared by = and != only, not by '{symbol}'", called(kind)));
                return None;
            }
        }
        Some(Type::Bool)
    }

    fn matches(&mut self, binary: &Binary, left: Type) -> Option<Type> {
        let symbol = binary.operator.symbol();
        if !matches!(left, Type::String | Type::Unknown) {
            self.note(at_of(&binary.left), format!("expected a text before '{symbol}', found {}", called(left)));
            return None;
        }
        let Expr::Literal(Literal::String(text), at) = &binary.right else {
            self.note(at_of(&binary.right), format!("expected a regular expression in quotes after '{symbol}'"));
            return None;
        };
        match pattern_problem(text, *at) {
            Some(problem) => {
                self.problems.push(problem);
                None
            }
            None if is_large(text) => {
                self.large_patterns += 1;
                if self.large_patterns == MAX_PATTERNS + 1 {
                    let message = format!("more than {MAX_PATTERNS} large regular expressions");
                    self.problems
                        .push(Problem::new(*at, message).hint("join some of them with |, or write fewer repetitions"));
                }
                Some(Type::Bool)
            }
            None => Some(Type::Bool),
        }
    }
}

/// Returns what is wrong with a regular expression that stands in quotes at a place.
pub(super) fn pattern_problem(text: &str, at: At) -> Option<Problem> {
    if let Err(error) = regex_syntax::Parser::new().parse(text) {
        let (message, start) = match &error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
            _ => (error.to_string(), 0),
        };
        // Escapes before it put it a little further; then the whole text is as good.
        let start = (at.start + 1 + start as u32).min(at.end.saturating_sub(1));
        let message = format!("not a regular expression: {message}");
        return Some(Problem::new(At { start, end: at.end.max(start + 1) }, message));
    }
    anchored(text, false).err().map(|_| {
        let most = MAX_PATTERN_BYTES >> 20;
        Problem::new(at, format!("this regular expression takes more than {most} MiB"))
            .hint("large repetitions multiply: write fewer of them")
    })
}

/// A word in quotes that is a value without them.
fn unquoted(binary: &Binary) -> Option<String> {
    let (field, Expr::Literal(Literal::String(text), _)) = (&binary.left, &binary.right) else { return None };
    let Expr::Field(field) = field else { return None };
    let literal = super::parse::literal(text).or_else(|| super::lex::number(text).ok())?;
    let goes = goes_with(type_of_field(field), type_of_literal(&literal)) && literal != Literal::Nil;
    goes.then(|| format!("without quotes: {} {} {text}", field.field, binary.operator.symbol()))
}

/// A value without quotes where a text is meant.
fn quoted(binary: &Binary) -> Option<String> {
    let (Expr::Field(field), Expr::Literal(literal, _)) = (&binary.left, &binary.right) else { return None };
    (type_of_field(field) == Type::String)
        .then(|| format!("a text stands in quotes: {} {} \"{literal}\"", field.field, binary.operator.symbol()))
}

fn first_combined(spans: &Spansets) -> Option<&super::ast::Combined> {
    match spans {
        Spansets::Combined(combined) if combined.combine != Combine::Or => Some(combined),
        Spansets::Combined(combined) => first_combined(&combined.left).or_else(|| first_combined(&combined.right)),
        _ => None,
    }
}
