//! What the screen asks for: stretches of time that move by whole columns, and queries for a part of the heatmap.

use std::sync::Arc;

use crate::model::{Kind, Timestamp};
use crate::query::Query;
use crate::query::ast::{At, Binary, Expr, Field, FieldAt, Item, Literal, Operator};
use crate::query::fields::Intrinsic;
use crate::source::Window;
use crate::tui::search;

const SECOND: u64 = 1_000_000_000;

/// Returns a stretch of time that has all of a window, and in how many columns it is divided, at most so many. The columns
/// begin at the same times whenever one looks, so that what is drawn moves by whole columns and does not flicker.
pub(super) fn columns(window: Window, now: Timestamp, most: u16) -> (Window, u16) {
    let Some(from) = window.from else { return (window, most.max(1)) };
    let end = window.to.unwrap_or(now.plus(1));
    let length = end.since(from).max(1);
    let unit = if length >= 300 * SECOND { SECOND } else { SECOND / 10 };
    let column = length.div_ceil(u64::from(most.max(2) - 1)).next_multiple_of(unit);
    let (first, last) = (from.0 / column, end.0.div_ceil(column));
    let columns = last.saturating_sub(first).clamp(1, u64::from(most.max(2)));
    let window = Window { from: Some(Timestamp(first * column)), to: Some(Timestamp(last.saturating_mul(column))) };
    (window, columns as u16)
}

/// Returns the query for those of the spans of a query, or where there is none of the requests, that take no less than a
/// duration and less than another one.
pub(super) fn lasting(query: Option<&Query>, (least_ns, most_ns): (u64, u64)) -> Query {
    let duration = |operator, ns: u64| {
        let value = Literal::Duration(i64::try_from(ns).unwrap_or(i64::MAX));
        compare(Intrinsic::Duration, operator, value)
    };
    let least = (least_ns > 0).then(|| duration(Operator::GreaterOrEqual, least_ns));
    let bounds = || least.clone().into_iter().chain([duration(Operator::Less, most_ns)]);
    if let Some(query) = query {
        return search::narrowed(query, bounds());
    }
    let kind = |kind| compare(Intrinsic::Kind, Operator::Equal, Literal::Kind(kind));
    let is_request = binary(kind(Kind::Server), Operator::Or, kind(Kind::Consumer));
    Query { pipeline: vec![search::spans_with([is_request].into_iter().chain(bounds()))], ..Query::default() }
}

/// Returns [`lasting`] to be asked for.
pub(super) fn asked(query: Option<&Arc<Query>>, durations: (u64, u64)) -> Arc<Query> {
    Arc::new(lasting(query.map(Arc::as_ref), durations))
}

fn compare(intrinsic: Intrinsic, operator: Operator, value: Literal) -> Expr {
    let field = FieldAt { field: Field::of_span(Item::Intrinsic(intrinsic)), at: At::default() };
    binary(Expr::Field(field), operator, Expr::Literal(value, At::default()))
}

fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::Binary(Box::new(Binary { operator, left, right, at: At::default() }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query;

    fn narrowed(text: &str, durations: (u64, u64)) -> String {
        let query = (!text.is_empty()).then(|| query::parse(text).unwrap().query);
        let narrowed = lasting(query.as_ref(), durations).to_string();
        assert_eq!(query::parse(&narrowed).unwrap().query.to_string(), narrowed, "it is a query");
        narrowed
    }

    #[test]
    fn a_query_is_narrowed_to_durations() {
        let durations = (5_000_000, 80_000_000);
        assert_eq!(
            narrowed("", durations),
            "{ span:kind = server || span:kind = consumer && span:duration >= 5ms && span:duration < 80ms }"
        );
        assert_eq!(
            narrowed("{ status = error || name = \"a\" }", durations),
            "{ span:status = error || span:name = \"a\" && span:duration >= 5ms && span:duration < 80ms }"
        );
        assert_eq!(narrowed("{ }", (0, 7)), "{ span:duration < 7ns }");
        assert_eq!(
            narrowed("{ name = \"a\" } >> { name = \"b\" } | count() > 2", durations),
            "{ span:name = \"a\" } >> { span:name = \"b\" } | count() > 2 | { span:duration >= 5ms && span:duration < 80ms }"
        );
    }

    #[test]
    fn columns_begin_at_the_same_times_whenever_one_looks() {
        let columns_at = |second: u64| {
            let now = Timestamp(1_795_360_318 * SECOND + second * SECOND);
            let (window, columns) = columns(Window { from: Some(now.minus(900 * SECOND)), to: None }, now, 100);
            let (from, to) = (window.from.unwrap(), window.to.unwrap());
            let column = to.since(from) / u64::from(columns);
            assert!(from <= now.minus(900 * SECOND) && now < to && column == 10 * SECOND, "{column}");
            from
        };
        assert!((0..60).all(|second| columns_at(second).0.is_multiple_of(10 * SECOND)));
        assert_eq!(columns_at(2), columns_at(9));
        assert_eq!(columns(Window::default(), Timestamp(5), 100), (Window::default(), 100));
    }

    proptest! {
        #[test]
        fn columns_cover_the_window(from in 0_u64..u64::MAX / 4, length in 0_u64..u64::MAX / 8, most in 0_u16..400) {
            let window = Window { from: Some(Timestamp(from)), to: Some(Timestamp(from + length)) };
            let (wide, columns) = columns(window, Timestamp(0), most);
            prop_assert!((1..=most.max(2)).contains(&columns));
            prop_assert!(wide.from <= window.from && wide.to >= window.to);
        }
    }
}
