//! Queries for fewer of the spans of another one.

use crate::model::Kind;
use crate::query::ast::{At, Binary, Expr, Literal, Operator, Spansets, Stage};
use crate::query::{self, Query};

/// What stands for services that have no name.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// Returns the query that finds the spans of an operation of a service; of those that a query returns, where there is one.
pub fn of_operation(query: Option<&Query>, (service, operation): (&str, &str), kind: Kind) -> String {
    let name = text(operation);
    within(query, &format!("{{ {} && name = {name} && kind = {} }}", of_service(service), kind.name()))
}

/// Returns the condition for the spans of a service.
pub fn of_service(service: &str) -> String {
    let name = "resource.service.name";
    match service {
        // It stands for a name that is missing or empty as well.
        UNKNOWN_SERVICE => format!("({name} = nil || {name} = \"\" || {name} = {})", text(service)),
        _ => format!("{name} = {}", text(service)),
    }
}

fn text(text: &str) -> String {
    query::value_text(&Literal::String(text.into()), false)
}

/// Returns a query of one condition, for the spans that another query returns, where there is one.
pub fn within(query: Option<&Query>, own: &str) -> String {
    let parsed = query.and_then(|query| Some((query, query::parse(own).ok()?.query)));
    let both = parsed.and_then(|(query, mut parsed)| match parsed.pipeline.pop()? {
        Stage::Spansets(Spansets::Spans(condition, _)) => Some(narrowed(query, condition.into_iter())),
        _ => None,
    });
    both.map_or_else(|| own.to_owned(), |both| both.to_string())
}

/// Returns the query for those of the spans of a query for which all conditions hold.
pub fn narrowed(query: &Query, conditions: impl Iterator<Item = Expr>) -> Query {
    let mut narrowed = query.clone();
    match narrowed.pipeline.as_mut_slice() {
        // One condition is looked for in one go.
        [Stage::Spansets(Spansets::Spans(condition, _))] => {
            *condition = all(condition.take().into_iter().chain(conditions));
        }
        _ => narrowed.pipeline.push(spans_with(conditions)),
    }
    narrowed
}

/// Returns the stage of the spans for which all conditions hold.
pub fn spans_with(conditions: impl Iterator<Item = Expr>) -> Stage {
    Stage::Spansets(Spansets::Spans(all(conditions), At::default()))
}

fn all(conditions: impl Iterator<Item = Expr>) -> Option<Expr> {
    conditions.reduce(|left, right| {
        Expr::Binary(Box::new(Binary { operator: Operator::And, left, right, at: At::default() }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_checkout(text: &str) -> String {
        let query = (!text.is_empty()).then(|| query::parse(text).unwrap().query);
        let found = of_operation(query.as_ref(), ("till", "GET /"), Kind::Server);
        assert!(query::parse(&found).is_ok(), "{found}");
        found
    }

    #[test]
    fn an_operation_is_looked_for_in_what_a_query_returns() {
        let own = r#"{ resource.service.name = "till" && name = "GET /" && kind = server }"#;
        assert_eq!(of_checkout(""), own);
        assert_eq!(
            of_checkout("{ status = error || name = \"a\" }"),
            r#"{ span:status = error || span:name = "a" && (resource.service.name = "till" && span:name = "GET /" && span:kind = server) }"#
        );
        assert_eq!(
            of_checkout("{ } | count() > 2"),
            r#"{ } | count() > 2 | { resource.service.name = "till" && span:name = "GET /" && span:kind = server }"#
        );
    }
}
