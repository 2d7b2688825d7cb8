//! Stages, and sets of spans.

use super::{Parser, Result};
use crate::query::ast::{
    Aggregate, Combine, Combined, Expr, FieldAt, Having, Hint, Literal, Operator, Query, Spansets, Stage,
};
use crate::query::lex::Kind;
use crate::query::problem::{Problem, did_you_mean};

/// The functions that a stage may begin with, beside those of metrics.
pub(in crate::query) const STAGES: [&str; 8] = ["by", "select", "coalesce", "count", "min", "max", "avg", "sum"];
/// What may be hinted at.
const HINTS: [&str; 3] = ["most_recent", "sample", "exemplars"];
const COMPARISONS: [Operator; 6] = [
    Operator::Equal,
    Operator::NotEqual,
    Operator::Less,
    Operator::LessOrEqual,
    Operator::Greater,
    Operator::GreaterOrEqual,
];

impl Parser {
    /// Reads a whole query.
    pub(super) fn query(&mut self) -> Query {
        let mut query = Query::default();
        loop {
            if let Some(name) = self.metrics_function() {
                if query.pipeline.is_empty() {
                    let problem = Problem::new(self.at(), format!("expected spans before '{name}'"));
                    self.note(problem.hint(format!("all of them are {{ }} | {name}()")));
                }
                query.metrics = self.metrics(name).ok();
                if query.metrics.is_none() {
                    self.skip_to(&[]);
                }
                break;
            }
            match self.stage() {
                Ok(stage) => query.pipeline.push(stage),
                Err(_) => self.skip_to(&["|"]),
            }
            if self.take("|").is_none() {
                break;
            }
        }
        if matches!(self.peek(), Kind::Name(name) if name == "with") {
            self.bump();
            query.hints = self.hints().unwrap_or_default();
        }
        if *self.peek() != Kind::End && self.problems.is_empty() {
            let after_metrics = query.metrics.is_some();
            self.expected(if after_metrics { "'|', 'with' or the end" } else { "an operator, '|' or the end" });
        }
        query
    }

    /// Reads a pipeline that a parenthesis ends.
    fn pipeline(&mut self) -> Result<Vec<Stage>> {
        let mut stages = vec![self.stage()?];
        while self.take("|").is_some() {
            stages.push(self.stage()?);
        }
        Ok(stages)
    }

    fn stage(&mut self) -> Result<Stage> {
        match self.peek().clone() {
            Kind::Name(name) if name != "without" => self.function(&name),
            Kind::Number(_) | Kind::Sign("-") => self.turned_round(),
            _ => self.spansets().map(Stage::Spansets),
        }
    }

    fn function(&mut self, name: &str) -> Result<Stage> {
        let start = self.at();
        if !STAGES.contains(&name) {
            let problem = Problem::new(start, format!("expected '{{', '(' or a function, found '{name}'"));
            let known = STAGES.into_iter().chain(super::metrics::FUNCTIONS).chain(["without"]);
            let hint = did_you_mean(name, known)
                .unwrap_or_else(|| "conditions on spans stand in braces: { status = error }".to_owned());
            return Err(self.note(problem.hint(hint)));
        }
        self.bump();
        if !self.is_sign("(") {
            return Err(self.expected(&format!("'(' after '{name}'")));
        }
        self.bump();
        match name {
            "by" => {
                let expr = self.expr()?;
                Ok(Stage::By(expr, start.to(self.need(")")?)))
            }
            "select" => {
                let mut fields = vec![self.field("a field")?];
                while self.take(",").is_some() {
                    fields.push(self.field("a field")?);
                }
                Ok(Stage::Select(fields, start.to(self.need(")")?)))
            }
            "coalesce" => Ok(Stage::Coalesce(start.to(self.need(")")?))),
            aggregate => {
                let aggregate = self.aggregate(aggregate)?;
                let comparison = self.comparison_of_aggregates()?;
                if matches!(self.peek(), Kind::Name(name) if STAGES.contains(&name.as_str())) {
                    let problem =
                        Problem::new(self.at(), "aggregates are compared with a number, not with one another");
                    return Err(self.note(problem));
                }
                let (value, end) = self.number("a number or a duration")?;
                Ok(Stage::Having(Having { aggregate, comparison, value, at: start.to(end) }))
            }
        }
    }

    /// Goes on after the parenthesis of an aggregate.
    fn aggregate(&mut self, name: &str) -> Result<Aggregate> {
        let mut of = |make: fn(FieldAt) -> Aggregate| self.field("a field").map(make);
        let aggregate = match name {
            "min" => of(Aggregate::Min)?,
            "max" => of(Aggregate::Max)?,
            "avg" => of(Aggregate::Avg)?,
            "sum" => of(Aggregate::Sum)?,
            _ => Aggregate::Count,
        };
        self.need(")")?;
        Ok(aggregate)
    }

    pub(super) fn comparison_sign(&mut self) -> Option<Operator> {
        let operator = COMPARISONS.into_iter().find(|operator| self.is_sign(operator.symbol()))?;
        self.bump();
        Some(operator)
    }

    fn comparison_of_aggregates(&mut self) -> Result<Operator> {
        if let Some(operator) = self.comparison_sign() {
            return Ok(operator);
        }
        if ["+", "-", "*", "/", "%", "^"].iter().any(|sign| self.is_sign(sign)) {
            return Err(self.note(Problem::new(self.at(), "arithmetic with aggregates is not supported")));
        }
        Err(self.expected("a comparison, like > 3"))
    }

    /// `3 < count()` means `count() > 3`.
    fn turned_round(&mut self) -> Result<Stage> {
        let start = self.at();
        let value = self.number("a number")?.0;
        let comparison = self.comparison_of_aggregates()?.turned_round();
        let Kind::Name(name) = self.peek().clone() else { return Err(self.expected("an aggregate, like count()")) };
        if !["count", "min", "max", "avg", "sum"].contains(&name.as_str()) {
            return Err(self.expected("an aggregate, like count()"));
        }
        self.bump();
        self.need("(")?;
        let aggregate = self.aggregate(&name)?;
        Ok(Stage::Having(Having { aggregate, comparison, value, at: start.to(self.before()) }))
    }

    fn spansets(&mut self) -> Result<Spansets> {
        self.nested(|parser| {
            let mut left = parser.related()?;
            while let Some(combine) = parser.combine(true) {
                left = parser.combined(combine, left, Self::related)?;
            }
            Ok(left)
        })
    }

    fn related(&mut self) -> Result<Spansets> {
        let mut left = self.set()?;
        while let Some(combine) = self.combine(false) {
            left = self.combined(combine, left, Self::set)?;
        }
        Ok(left)
    }

    /// Returns the way to put sets together that stands here: and-or, or else a relation.
    fn combine(&self, is_logical: bool) -> Option<Combine> {
        let is_wanted = |combine: &Combine| matches!(combine, Combine::And | Combine::Or) == is_logical;
        let mut all = Combine::ALL.into_iter().filter(|(combine, _)| is_wanted(combine));
        all.find(|(_, symbol)| self.is_sign(symbol)).map(|(combine, _)| combine)
    }

    fn combined(
        &mut self,
        combine: Combine,
        left: Spansets,
        right: fn(&mut Self) -> Result<Spansets>,
    ) -> Result<Spansets> {
        let at = self.bump();
        self.count_operator(at)?;
        let right = right(self)?;
        Ok(Spansets::Combined(Box::new(Combined { combine, left, right, at })))
    }

    fn set(&mut self) -> Result<Spansets> {
        let start = self.at();
        if self.is_function("without") {
            self.bump();
            let inner = self.nested(Self::in_parentheses)?;
            return Ok(Spansets::Without(Box::new(inner), start.to(self.before())));
        }
        if self.is_sign("(") {
            return self.nested(Self::in_parentheses);
        }
        if self.take("{").is_none() {
            return Err(self.expected("'{' or '('"));
        }
        if let Some(end) = self.take("}") {
            return Ok(Spansets::Spans(None, start.to(end)));
        }
        let expr = self.filter();
        Ok(Spansets::Spans(expr, start.to(self.before())))
    }

    /// Goes on after a brace, to behind the one that ends it, whatever stands between.
    fn filter(&mut self) -> Option<Expr> {
        let expr = self.expr().ok();
        if expr.is_some() && !self.is_sign("}") {
            self.expected("an operator or '}'");
        }
        self.skip_to(&["}"]);
        if self.take("}").is_none() && self.problems.is_empty() {
            self.expected("'}'");
        }
        expr
    }

    fn in_parentheses(&mut self) -> Result<Spansets> {
        let start = self.need("(")?;
        let mut stages = self.pipeline()?;
        let end = self.need(")")?;
        Ok(match (stages.pop(), stages.is_empty()) {
            (Some(Stage::Spansets(spans)), true) => spans,
            (last, _) => Spansets::Pipeline(stages.into_iter().chain(last).collect(), start.to(end)),
        })
    }

    fn hints(&mut self) -> Result<Vec<Hint>> {
        let mut hints = Vec::new();
        self.need("(")?;
        loop {
            let at = self.at();
            let Kind::Name(name) = self.peek().clone() else { return Err(self.expected("the name of a hint")) };
            if !HINTS.contains(&name.as_str()) {
                let problem = Problem::new(at, format!("'{name}' is no hint"));
                let hint =
                    did_you_mean(&name, HINTS.into_iter()).unwrap_or_else(|| format!("known are {}", HINTS.join(", ")));
                return Err(self.note(problem.hint(hint)));
            }
            self.bump();
            self.need("=")?;
            let value = match self.peek().clone() {
                Kind::Name(word) if word == "true" || word == "false" => {
                    self.bump();
                    Literal::Bool(word == "true")
                }
                _ => self.number("true, false or a number")?.0,
            };
            hints.push(Hint { name: name.as_str().into(), value, at });
            if self.take(",").is_none() {
                self.need(")")?;
                return Ok(hints);
            }
        }
    }
}
