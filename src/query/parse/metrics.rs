//! What ends a metrics query.

use super::{Parser, Result};
use crate::query::ast::{FieldAt, Function, Literal, Metrics, Second};
use crate::query::lex::Kind;
use crate::query::problem::{Problem, did_you_mean};

/// The functions of metrics.
pub(in crate::query) const FUNCTIONS: [&str; 9] = [
    "rate",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "avg_over_time",
    "sum_over_time",
    "histogram_over_time",
    "quantile_over_time",
    "compare",
];

impl Parser {
    /// Returns the function that stands here.
    pub(super) fn metrics_function(&self) -> Option<&'static str> {
        let Kind::Name(name) = self.peek() else { return None };
        FUNCTIONS.into_iter().find(|function| function == name)
    }

    pub(super) fn metrics(&mut self, name: &'static str) -> Result<Metrics> {
        let start = self.bump();
        if !self.is_sign("(") {
            return Err(self.expected(&format!("'(' after '{name}'")));
        }
        self.bump();
        let function = self.of_function(name)?;
        self.need(")")?;
        let mut by = Vec::new();
        if matches!(self.peek(), Kind::Name(name) if name == "by") {
            self.bump();
            self.need("(")?;
            by.push(self.field("a field")?);
            while self.take(",").is_some() {
                by.push(self.field("a field")?);
            }
            self.need(")")?;
        }
        let at = start.to(self.before());
        let mut seconds = Vec::new();
        while self.take("|").is_some() {
            seconds.push(self.second()?);
        }
        Ok(Metrics { function, by, seconds, at })
    }

    fn of_function(&mut self, name: &str) -> Result<Function> {
        let mut of = |make: fn(FieldAt) -> Function| self.field("a field").map(make);
        match name {
            "rate" => Ok(Function::Rate),
            "count_over_time" => Ok(Function::Count),
            "min_over_time" => of(Function::Min),
            "max_over_time" => of(Function::Max),
            "avg_over_time" => of(Function::Avg),
            "sum_over_time" => of(Function::Sum),
            "histogram_over_time" => of(Function::Histogram),
            "compare" => {
                self.need("{")?;
                let selection = if self.is_sign("}") { None } else { Some(self.expr()?) };
                self.need("}")?;
                let most = self.take(",").map(|_| self.count("how many values, a whole number from 1")).transpose()?;
                Ok(Function::Compare(selection, most))
            }
            _ => {
                let field = self.field("a field")?;
                let mut parts = Vec::new();
                while self.take(",").is_some() {
                    parts.push(self.part()?);
                }
                if parts.is_empty() {
                    return Err(self.expected("',' and a part of the values, like 0.95"));
                }
                Ok(Function::Quantile(field, parts))
            }
        }
    }

    /// Reads a number from 0 to 1.
    fn part(&mut self) -> Result<f64> {
        let at = self.at();
        let part = match self.number("a number from 0 to 1")?.0 {
            Literal::Float(part) => part,
            Literal::Int(part) => part as f64,
            _ => f64::NAN,
        };
        if (0.0..=1.0).contains(&part) {
            return Ok(part);
        }
        let problem = Problem::new(at, "expected a number from 0 to 1");
        Err(self.note(problem.hint("the 95th percentile is 0.95")))
    }

    fn second(&mut self) -> Result<Second> {
        let start = self.at();
        if let Some(operator) = self.comparison_sign() {
            let (value, end) = self.number("a number or a duration")?;
            return Ok(Second::Having(operator, value, start.to(end)));
        }
        let Kind::Name(name) = self.peek().clone() else { return Err(self.expected("topk, bottomk or a comparison")) };
        let make: fn(u32, _) -> Second = match name.as_str() {
            "topk" => Second::TopK,
            "bottomk" => Second::BottomK,
            _ => {
                let hint = did_you_mean(&name, ["topk", "bottomk"].into_iter());
                let problem = Problem::new(start, format!("expected topk, bottomk or a comparison, found '{name}'"));
                return Err(self.note(Problem { hint, ..problem }));
            }
        };
        self.bump();
        self.need("(")?;
        let count = self.count("how many series, a whole number from 1")?;
        Ok(make(count, start.to(self.need(")")?)))
    }
}
