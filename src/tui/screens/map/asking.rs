//! Queries for the spans of a node, and of the calls between two.

use crate::analysis::graph::Node;
use crate::model::EdgeKind;
use crate::query::ast::{Literal, Spansets, Stage};
use crate::query::{self, Query};
use crate::tui::search;

/// Returns the query for the spans of a service, or for those that call what sends none; of those that a query returns, where
/// there is one.
pub(super) fn of_node(query: Option<&Query>, node: &Node) -> String {
    let own = match node.outside {
        None => search::of_service(&node.name),
        Some(kind) => calls_of(&node.name, kind),
    };
    search::within(query, &format!("{{ {own} }}"))
}

/// Returns the query for the calls from a service to another node: the spans that are called, or where the callee sends none those
/// that call.
pub(super) fn of_edge(query: Option<&Query>, caller: &Node, callee: &Node, kind: EdgeKind) -> String {
    let from = search::of_service(&caller.name);
    if let Some(outside) = callee.outside {
        return search::within(query, &format!("{{ {from} && {} }}", calls_of(&callee.name, outside)));
    }
    if kind == EdgeKind::External {
        // Of a service that did not answer, or whose spans are not there (`Graph::joined`).
        let named = ["peer.service", "server.address", "net.peer.name"].map(|key| is(key, &callee.name)).join(" || ");
        return search::within(query, &format!("{{ {from} && {CALLS} && ({named}) }}"));
    }
    let (calls, is_called) = match kind {
        EdgeKind::Messaging => ("producer", "consumer"),
        _ => ("client", "server"),
    };
    let to = format!("{{ {} && kind = {is_called} }}", search::of_service(&callee.name));
    let to = match query.filter(|query| is_plain(query)) {
        Some(query) => search::within(Some(query), &to),
        None => to,
    };
    format!("{{ {from} && kind = {calls} }} > {to}")
}

/// Returns whether a query is one condition.
fn is_plain(query: &Query) -> bool {
    matches!(query.pipeline.as_slice(), [Stage::Spansets(Spansets::Spans(..))])
}

/// Returns the condition for spans that call something that sends none, by what names it.
fn calls_of(name: &str, kind: EdgeKind) -> String {
    let either = |keys: [&str; 2], value: &str| format!("({} || {})", is(keys[0], value), is(keys[1], value));
    let named = match kind {
        EdgeKind::Rpc => is("peer.service", name),
        EdgeKind::Messaging => format!("({} || {})", is("messaging.system", name), is("peer.service", name)),
        EdgeKind::External => either(["server.address", "net.peer.name"], name),
        EdgeKind::Database => match name.split_once('/') {
            None => either(["db.system.name", "db.system"], name),
            Some((system, namespace)) => format!(
                "{} && {}",
                either(["db.system.name", "db.system"], system),
                either(["db.namespace", "db.name"], namespace)
            ),
        },
    };
    format!("{CALLS} && {named}")
}

/// The condition for spans that call.
const CALLS: &str = "(kind = client || kind = producer)";

/// Returns the condition that an attribute has a value.
fn is(key: &str, value: &str) -> String {
    format!(".{key} = {}", query::value_text(&Literal::String(value.into()), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, outside: Option<EdgeKind>) -> Node {
        Node { name: name.into(), outside, ..Node::default() }
    }

    #[test]
    fn every_node_and_edge_has_a_query() {
        let queries = ["", "{ status = error }", "{ } | count() > 2"]
            .map(|text| (!text.is_empty()).then(|| query::parse(text).unwrap().query));
        let (cart, mail) = (node("ca\"rt", None), node("mail", None));
        for query in queries.iter().map(Option::as_ref) {
            let mut texts = vec![of_node(query, &cart)];
            for kind in [EdgeKind::Rpc, EdgeKind::Messaging, EdgeKind::External] {
                texts.push(of_edge(query, &cart, &mail, kind));
            }
            for kind in EdgeKind::ALL {
                let outside = node("mysql/shop", Some(kind));
                texts.extend([of_node(query, &outside), of_edge(query, &cart, &outside, kind)]);
            }
            for text in texts {
                assert!(query::parse(&text).is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn calls_are_found_by_both_ends() {
        let query = query::parse("{ status = error }").unwrap().query;
        assert_eq!(
            of_edge(None, &node("cart", None), &node("mail", None), EdgeKind::Messaging),
            "{ resource.service.name = \"cart\" && kind = producer } > { resource.service.name = \"mail\" && kind = consumer }"
        );
        assert_eq!(
            of_edge(Some(&query), &node("cart", None), &node("mail", None), EdgeKind::Rpc),
            "{ resource.service.name = \"cart\" && kind = client } > \
             { span:status = error && (resource.service.name = \"mail\" && span:kind = server) }"
        );
        assert_eq!(
            of_node(None, &node("mysql/shop", Some(EdgeKind::Database))),
            "{ (kind = client || kind = producer) && (.db.system.name = \"mysql\" || .db.system = \"mysql\") && \
             (.db.namespace = \"shop\" || .db.name = \"shop\") }"
        );
    }
}
