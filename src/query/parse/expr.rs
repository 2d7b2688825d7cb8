//! What stands in braces.

use super::{Parser, Result, negated};
use crate::model::{self, StatusCode};
use crate::query::ast::{At, Binary, Expr, Field, FieldAt, Item, Literal, Operator, Scope};
use crate::query::fields::{FIELDS, SCOPES};
use crate::query::lex::Kind;
use crate::query::problem::{Problem, did_you_mean};

impl Parser {
    pub(super) fn expr(&mut self) -> Result<Expr> {
        self.nested(|parser| parser.binary(&[Operator::And, Operator::Or], Self::comparison))
    }

    fn comparison(&mut self) -> Result<Expr> {
        use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Matches, NotEqual, NotMatches};
        let operators = [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, Matches, NotMatches];
        self.binary(&operators, Self::sum)
    }

    fn sum(&mut self) -> Result<Expr> {
        self.binary(&[Operator::Add, Operator::Subtract], Self::not)
    }

    fn not(&mut self) -> Result<Expr> {
        match self.take("!") {
            Some(at) => {
                self.count_operator(at)?;
                let inner = self.nested(Self::not)?;
                Ok(Expr::Not(Box::new(inner), at.to(self.before())))
            }
            None => self.binary(&[Operator::Multiply, Operator::Divide, Operator::Modulo], Self::power),
        }
    }

    fn power(&mut self) -> Result<Expr> {
        let left = self.minus()?;
        let Some(at) = self.take(Operator::Power.symbol()) else { return Ok(left) };
        self.count_operator(at)?;
        let right = self.nested(Self::power)?;
        Ok(Expr::Binary(Box::new(Binary { operator: Operator::Power, left, right, at })))
    }

    fn minus(&mut self) -> Result<Expr> {
        let Some(at) = self.take("-") else { return self.primary() };
        self.count_operator(at)?;
        // A number in parentheses is an expression of its own.
        if let Kind::Number(literal) = self.peek() {
            let literal = negated(literal);
            return Ok(Expr::Literal(literal, at.to(self.bump())));
        }
        let inner = self.nested(Self::minus)?;
        Ok(Expr::Negate(Box::new(inner), at.to(self.before())))
    }

    /// Reads operators of one level from left to right.
    fn binary(&mut self, operators: &[Operator], operand: fn(&mut Self) -> Result<Expr>) -> Result<Expr> {
        let mut left = operand(self)?;
        while let Some(&operator) = operators.iter().find(|operator| self.is_sign(operator.symbol())) {
            let at = self.bump();
            self.count_operator(at)?;
            let right = operand(self)?;
            left = Expr::Binary(Box::new(Binary { operator, left, right, at }));
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<Expr> {
        if self.take("(").is_some() {
            let expr = self.expr()?;
            self.need(")")?;
            return Ok(expr);
        }
        match self.peek().clone() {
            Kind::Text(text) => Ok(Expr::Literal(Literal::String(text.into()), self.bump())),
            Kind::Number(literal) => Ok(Expr::Literal(literal, self.bump())),
            Kind::Name(name) => match literal(&name) {
                Some(literal) => Ok(Expr::Literal(literal, self.bump())),
                None => self.field("a field or a value").map(Expr::Field),
            },
            _ => Err(self.expected("a field, a value or '('")),
        }
    }

    pub(super) fn field(&mut self, what: &str) -> Result<FieldAt> {
        let Kind::Name(name) = self.peek().clone() else { return Err(self.expected(what)) };
        let at = self.at();
        let field = field(&name, at).map_err(|problem| self.note(problem))?;
        self.bump();
        Ok(FieldAt { field, at })
    }
}

/// Returns the value that a word stands for.
pub(in crate::query) fn literal(word: &str) -> Option<Literal> {
    let status = [StatusCode::Ok, StatusCode::Error, StatusCode::Unset].into_iter().find(|s| s.name() == word);
    let kind = || model::Kind::ALL.into_iter().find(|kind| kind.name() == word);
    match word {
        "nil" => Some(Literal::Nil),
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        "minInt" => Some(Literal::Int(i64::MIN)),
        "maxInt" => Some(Literal::Int(i64::MAX)),
        _ => status.map(Literal::Status).or_else(|| kind().map(Literal::Kind)),
    }
}

/// Returns the field of a name.
pub(in crate::query) fn field(name: &str, at: At) -> std::result::Result<Field, Problem> {
    if let Some(of_parent) = name.strip_prefix("parent.") {
        if of_parent.is_empty() {
            return Err(Problem::new(at, "expected a field or an attribute after 'parent.'"));
        }
        let item = item(of_parent, at)?.unwrap_or_else(|| Item::Attribute(Scope::Either, of_parent.into()));
        return Ok(Field { of_parent: true, item });
    }
    if let Some(item) = item(name, at)? {
        return Ok(Field::of_span(item));
    }
    if name.trim_start_matches("span:").starts_with("nestedSet") {
        let problem = Problem::new(at, "the numbers of nested sets are not known here");
        return Err(problem.hint("the relations >, >>, <, << and ~ tell how spans stand to one another"));
    }
    Err(unknown(name, at))
}

/// What can stand before a dot or a colon.
const BEFORE: [&str; 7] = ["span", "resource", "event", "link", "instrumentation", "trace", "parent"];

/// Says of a name that it is not known, and what could be meant.
fn unknown(name: &str, at: At) -> Problem {
    let problem = Problem::new(at, format!("'{name}' is no field and no value"));
    let scope = name.split_once(['.', ':']).map(|(scope, _)| scope).filter(|scope| !BEFORE.contains(scope));
    if let Some(hint) = scope.and_then(|scope| did_you_mean(scope, BEFORE.into_iter())) {
        return problem.hint(hint);
    }
    let known = FIELDS.iter().flat_map(|field| [field.name, field.old_name]);
    let kinds = model::Kind::ALL.into_iter().map(model::Kind::name);
    let literals = kinds.chain(["ok", "error", "unset", "true", "false", "nil"]);
    let nearest =
        Some(name).filter(|name| !name.ends_with(':')).and_then(|name| did_you_mean(name, known.chain(literals)));
    let hint = nearest.unwrap_or_else(|| match name.contains(':') {
        true => "see docs/search.md for what can stand behind a colon".to_owned(),
        false if name.contains('.') => format!("attributes begin with a dot or a scope: .{name}"),
        false => format!("a text stands in quotes, and an attribute begins with a dot: \"{name}\", .{name}"),
    });
    problem.hint(hint)
}

/// Returns the intrinsic or the attribute with its scope that a name is.
fn item(name: &str, at: At) -> std::result::Result<Option<Item>, Problem> {
    if let Some(field) = FIELDS.iter().find(|field| field.name == name || (field.old_name == name && !name.is_empty()))
    {
        return Ok(Some(Item::Intrinsic(field.intrinsic)));
    }
    let Some(scope) = SCOPES.iter().find(|scope| name.starts_with(scope.prefix)) else { return Ok(None) };
    let key = name.strip_prefix(scope.prefix).unwrap_or_default();
    if key.is_empty() {
        return Err(Problem::new(at, format!("expected the name of an attribute after '{}'", scope.prefix)));
    }
    Ok(Some(Item::Attribute(scope.scope, key.into())))
}
