//! What a text says in the search language, as the screen needs it.

use std::ops::Range;
use std::sync::Arc;

use crate::query::ast::{Field, Literal};
use crate::query::{self, Class, Problem, Query, Wish};

/// A text that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// What the pieces of the text are, in order.
    pub(super) pieces: Vec<(Range<usize>, Class)>,
    /// None where everything is meant, or there is a problem.
    pub(super) query: Option<Arc<Query>>,
    pub(super) problem: Option<Told>,
    /// What it means as TraceQL, and what TraceQL has no form for.
    pub(super) explanation: String,
    pub(super) notes: Vec<&'static str>,
}

/// The first problem of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) range: Range<usize>,
    /// What is wrong, and what to do.
    pub(super) text: String,
}

impl Reading {
    /// Reads a text.
    pub(super) fn of(text: &str) -> Self {
        if text.trim().is_empty() {
            return Self::default();
        }
        let mut reading = Self { pieces: query::highlight(text), ..Self::default() };
        match query::parse(text) {
            Ok(parsed) if parsed.query.metrics.is_some() => {
                let message = "a metrics query makes series, not traces: leave out what follows the last '|'".into();
                reading.problem = Some(Told { range: 0..text.len(), text: message });
            }
            Ok(parsed) => {
                reading.explanation = parsed.query.to_string();
                reading.notes = parsed.notes;
                reading.query = Some(Arc::new(parsed.query));
            }
            Err(problems) => reading.problem = problems.0.first().map(told),
        }
        reading
    }
}

fn told(problem: &Problem) -> Told {
    let hint = problem.hint.as_ref().map_or(String::new(), |hint| format!(": {hint}"));
    Told { range: problem.at.range(), text: format!("{}{hint}", problem.message) }
}

/// Whether a query names a value of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    #[default]
    None,
    Included,
    Excluded,
}

/// Returns a query with the condition that a span of the trace has this value, or that none has; without it where it is
/// there already.
pub fn toggled(text: &str, field: &Field, value: &Literal, wish: Wish) -> String {
    let text = query::toggle(text, field, value, wish);
    // What is left of braces when the last condition goes asks for everything.
    if text == "{ }" { String::new() } else { text }
}

/// Returns what a query says of a value, by what is left of it when that is taken out: nobody else knows all its forms.
pub fn mark(text: &str, field: &Field, value: &Literal) -> Mark {
    if text.is_empty() {
        return Mark::None;
    }
    let toggled = |text: &str, wish| toggled(text, field, value, wish);
    let (include, exclude) = (toggled(text, Wish::Include), toggled(text, Wish::Exclude));
    if exclude.len() < include.len() {
        Mark::Excluded
    } else if toggled(&include, Wish::Include).len() > include.len() {
        Mark::Included
    } else {
        Mark::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::ast::{Item, Scope};

    #[test]
    fn a_query_is_asked_for_the_values_it_names() {
        let service = Field::of_span(Item::Attribute(Scope::Resource, "service.name".into()));
        let check = |text: &str, name: &str, expected| {
            assert_eq!(mark(text, &service, &Literal::String(name.into())), expected, "{text}");
        };
        check("", "cart", Mark::None);
        check("service=cart", "cart", Mark::Included);
        check("a service=cart b", "cart", Mark::Included);
        check("-service=cart", "cart", Mark::Excluded);
        check("service=cart", "auth", Mark::None);
        check("cart", "cart", Mark::None);
        check("{   status   =   error   }", "cart", Mark::None);
        check(r#"{status=error} && {resource.service.name="cart"}"#, "cart", Mark::Included);
        check(r#"{ resource.service.name = "cart" }"#, "cart", Mark::Included);
        let excluded = toggled("{ status = error }", &service, &Literal::String("cart".into()), Wish::Exclude);
        check(&excluded, "cart", Mark::Excluded);
        check(&excluded, "auth", Mark::None);
    }

    #[test]
    fn what_makes_series_is_refused_where_traces_are_listed() {
        let reading = Reading::of("{ } | rate()");
        assert!(reading.query.is_none() && reading.problem.is_some_and(|problem| problem.text.contains("series")));
    }
}
