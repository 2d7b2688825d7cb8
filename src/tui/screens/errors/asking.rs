//! The query for the spans of a group of errors.

use crate::analysis::errors::{ErrorGroup, STATUSES};
use crate::query::ast::Literal;
use crate::query::{self, Query};
use crate::tui::search;

/// Returns the query for the spans of a service with an error of this type, or of this operation where there is none; of those that a
/// query returns, where there is one. What else tells groups apart cannot be searched for.
pub(super) fn of_group(query: Option<&Query>, group: &ErrorGroup) -> String {
    let service = search::of_service(&group.service);
    search::within(query, &format!("{{ {service} && status = error && {} }}", of_type(group)))
}

fn of_type(group: &ErrorGroup) -> String {
    let text = |text: &str| query::value_text(&Literal::String(text.into()), false);
    let kind = &*group.exception_type;
    let status = kind.split_once(' ').and_then(|(of, number)| Some((of, number.parse::<u64>().ok()?)));
    let keys = |of: &str| STATUSES.iter().filter(|(what, _)| *what == of).map(|(_, key)| *key).collect::<Vec<_>>();
    match status.map(|(of, number)| (keys(of), number)) {
        Some((keys, number)) if !keys.is_empty() => {
            let is = keys.iter().map(|key| format!(".{key} = {number}"));
            format!("name = {} && ({})", text(&group.operation), is.collect::<Vec<String>>().join(" || "))
        }
        _ if kind.is_empty() => format!("name = {}", text(&group.operation)),
        _ => format!("(event.exception.type = {} || .error.type = {})", text(kind), text(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_a_query() {
        let mut group = ErrorGroup { service: "cart".into(), operation: "POST /\n".into(), ..ErrorGroup::default() };
        let start = r#"{ resource.service.name = "cart" && status = error && "#;
        for (exception_type, condition) in [
            ("", r#"name = "POST /\n""#),
            ("a.B", r#"(event.exception.type = "a.B" || .error.type = "a.B")"#),
            ("HTTP 503", r#"name = "POST /\n" && (.http.response.status_code = 503 || .http.status_code = 503)"#),
            ("gRPC 14", r#"name = "POST /\n" && (.rpc.grpc.status_code = 14)"#),
            ("no 7", r#"(event.exception.type = "no 7" || .error.type = "no 7")"#),
        ] {
            group.exception_type = exception_type.into();
            assert_eq!(of_group(None, &group), format!("{start}{condition} }}"));
            assert!(query::parse(&of_group(None, &group)).is_ok());
        }
        for text in ["{ kind = server }", "{ } | count() > 2"] {
            let query = query::parse(text).unwrap().query;
            assert!(query::parse(&of_group(Some(&query), &group)).is_ok());
        }
    }
}
