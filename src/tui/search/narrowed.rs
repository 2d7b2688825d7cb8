//! Queries for fewer of the spans of another one.

use crate::model::Kind;
use crate::query::ast::{At, Binary, Expr, Field, Item, Literal, Operator, Scope, Spansets, Stage};
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

/// Returns the query for the spans that have a value of an attribute of this scope; of the resource those of a service. A value may
/// have been a number or a truth as well as a text.
pub fn of_value((service, is_of_resource): (&str, bool), key: &str, value: &str) -> String {
    let scope = if is_of_resource { Scope::Resource } else { Scope::Span };
    let field = Field::of_span(Item::Attribute(scope, key.into()));
    let is_bare = value.parse::<i64>().is_ok() || ["true", "false"].contains(&value);
    let mut condition = format!("{field} = {}", text(value));
    if is_bare {
        condition = format!("({condition} || {field} = {value})");
    }
    if is_of_resource {
        condition = format!("{} && {condition}", of_service(service));
    }
    format!("{{ {condition} }}")
}

/// Returns the query for the spans of traces in which there are those of a query, where there is one, and those of another one too.
/// A query that does more than find spans cannot be put together with another one.
pub fn with_also(query: Option<&Query>, own: &str) -> String {
    let both = query.map(|query| format!("({query}) && ({own})")).and_then(|both| query::parse(&both).ok());
    both.map_or_else(|| own.to_owned(), |both| both.query.to_string())
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

    #[test]
    fn a_value_is_looked_for_in_traces_of_what_a_query_finds() {
        let query = query::parse("{ status = error }").unwrap().query;
        for (own, expected) in [
            (of_value(("till", false), "tenant.id", "t-3"), r#"{ span:status = error } && { span.tenant.id = "t-3" }"#),
            (
                of_value(("till", false), "a b", "7"),
                r#"{ span:status = error } && { span."a b" = "7" || span."a b" = 7 }"#,
            ),
            (
                of_value(("till", true), "service.version", "2"),
                r#"{ span:status = error } && { resource.service.name = "till" && (resource.service.version = "2" || resource.service.version = 2) }"#,
            ),
        ] {
            assert!(query::parse(&own).is_ok(), "{own}");
            assert_eq!(with_also(Some(&query), &own), expected);
            assert_eq!(with_also(None, &own), own);
        }
        let counted = query::parse("{ } | count() > 2").unwrap().query;
        assert!(query::parse(&with_also(Some(&counted), "{ status = error }")).is_ok());
    }
}
