//! Who calls whom: services, what they call that sends no spans, and the edges between them.

mod collecting;

use std::collections::HashMap;
use std::sync::Arc;

use super::figures::Figures;
use crate::model::EdgeKind;

pub(crate) use collecting::{Collecting, Named};

/// See the module. Nodes are in order of their names, services before others; edges in order of their nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    /// Whether percentiles are within 1 % only.
    pub is_approximate: bool,
}

/// A service, or something that sends no spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    pub name: Arc<str>,
    /// What it is, where it sends no spans and is known by what its callers say; none of a service.
    pub outside: Option<EdgeKind>,
    /// Of the requests of a service; of others of the calls to them, as their callers saw them.
    pub figures: Figures,
}

/// The calls from one to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edge {
    /// Places among the nodes.
    pub caller: usize,
    pub callee: usize,
    pub kind: EdgeKind,
    /// Calls, and the errors and durations of the callee; where that sends no spans those of the caller.
    pub calls: Figures,
    /// The same calls with the errors and durations of the caller, as far as these are other ones: the difference is what
    /// networks and queues take.
    pub by_caller: Option<Figures>,
}

impl Graph {
    /// Leaves what has to do with a service: its edges, and their nodes.
    #[must_use]
    pub fn around(&self, service: &str) -> Self {
        let center = self.nodes.iter().position(|node| node.outside.is_none() && &*node.name == service);
        let is_own = |edge: &&Edge| Some(edge.caller) == center || Some(edge.callee) == center;
        let edges: Vec<Edge> = self.edges.iter().filter(is_own).cloned().collect();
        let mut keeps: Vec<bool> = (0..self.nodes.len()).map(|place| Some(place) == center).collect();
        for edge in &edges {
            (keeps[edge.caller], keeps[edge.callee]) = (true, true);
        }
        Self { nodes: self.nodes.clone(), edges, ..*self }.keeping(&keeps)
    }

    /// Has one node of a service and of what callers call by its name: calls of which the other side is not there, or not
    /// yet. Their edges are [`EdgeKind::External`], as no edge between two services is.
    #[must_use]
    pub fn joined(&self) -> Self {
        let services = self.nodes.iter().enumerate().filter(|(_, node)| node.outside.is_none());
        let services: HashMap<&str, usize> = services.map(|(at, node)| (&*node.name, at)).collect();
        let own = |at: usize| {
            let node =
                self.nodes.get(at).filter(|node| matches!(node.outside, Some(EdgeKind::Rpc | EdgeKind::External)));
            node.and_then(|node| services.get(&*node.name)).copied().unwrap_or(at)
        };
        let join = |edge: &Edge| match own(edge.callee) {
            callee if callee == edge.callee => edge.clone(),
            callee => Edge { callee, kind: EdgeKind::External, ..edge.clone() },
        };
        let keeps: Vec<bool> = (0..self.nodes.len()).map(|at| own(at) == at).collect();
        Self { nodes: self.nodes.clone(), edges: self.edges.iter().map(join).collect(), ..*self }.keeping(&keeps)
    }

    /// Leaves the nodes that so many calls at most lead to from a node, or from which so many lead to it.
    #[must_use]
    pub fn near(&self, center: usize, hops: usize) -> Self {
        let mut keeps: Vec<bool> = (0..self.nodes.len()).map(|place| place == center).collect();
        for _ in 0..hops {
            let before = keeps.clone();
            for edge in &self.edges {
                if before[edge.caller] || before[edge.callee] {
                    (keeps[edge.caller], keeps[edge.callee]) = (true, true);
                }
            }
        }
        self.keeping(&keeps)
    }

    /// Leaves some nodes, and the edges between them.
    fn keeping(&self, keeps: &[bool]) -> Self {
        let is_kept = |place: usize| keeps.get(place).copied().unwrap_or_default();
        let mut places = vec![0; self.nodes.len()];
        let mut nodes = Vec::new();
        for (place, node) in self.nodes.iter().enumerate().filter(|(place, _)| is_kept(*place)) {
            places[place] = nodes.len();
            nodes.push(node.clone());
        }
        let edges = self.edges.iter().filter(|edge| is_kept(edge.caller) && is_kept(edge.callee));
        let moved = |edge: &Edge| Edge { caller: places[edge.caller], callee: places[edge.callee], ..edge.clone() };
        Self { nodes, edges: edges.map(moved).collect(), is_approximate: self.is_approximate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, outside: Option<EdgeKind>) -> Node {
        Node { name: name.into(), outside, ..Node::default() }
    }

    fn told(graph: &Graph) -> Vec<String> {
        let name = |at: usize| &graph.nodes[at].name;
        graph
            .edges
            .iter()
            .map(|edge| format!("{} {} {}", name(edge.caller), edge.kind.name(), name(edge.callee)))
            .collect()
    }

    #[test]
    fn calls_by_the_name_of_a_service_lead_to_it() {
        let outside = [("bank", EdgeKind::External), ("till", EdgeKind::Rpc), ("shop", EdgeKind::Messaging)];
        let mut nodes = vec![node("shop", None), node("till", None)];
        nodes.extend(outside.map(|(name, kind)| node(name, Some(kind))));
        let edge = |caller, callee, kind| Edge { caller, callee, kind, ..Edge::default() };
        let mut edges = vec![edge(0, 1, EdgeKind::Rpc)];
        edges.extend((2..5).map(|at| edge(0, at, nodes[at].outside.unwrap())));
        let graph = Graph { nodes, edges, is_approximate: false };
        let joined = graph.joined();
        assert_eq!(told(&joined), ["shop rpc till", "shop external bank", "shop external till", "shop messaging shop"]);
        assert_eq!(joined.nodes.len(), 4);
        assert_eq!(joined.joined(), joined);
        assert_eq!(told(&joined.near(1, 1)), ["shop rpc till", "shop external till"]);
        assert_eq!(told(&graph.around("till")), ["shop rpc till"]);
    }
}
