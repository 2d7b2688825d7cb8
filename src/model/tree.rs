//! The tree of a trace: who is whose child, in the order a waterfall shows it. Orphans and cycles are shown, never
//! hidden; nothing here recurses, so a chain of any depth is safe.

use foldhash::HashMap;

use super::Span;

/// The spans of a trace in depth-first order, children by start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// One node per span, parents before their children.
    pub nodes: Vec<Node>,
}

/// The place of one span in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Index into the trace's spans.
    pub span: u32,
    /// Distance from the top: 0 for roots, orphans and the first span of a cycle.
    pub depth: u32,
    /// How many nodes follow that lie below this one.
    pub descendants: u32,
    /// Index of the parent's node, none at the top.
    pub parent: Option<u32>,
    /// Whether no sibling follows, which decides the shape of the branch drawn.
    pub is_last: bool,
    pub place: Place,
}

/// Why a span stands where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It has no parent id.
    Root,
    /// Below its parent.
    Child,
    /// Its parent is not held.
    Orphan,
    /// It is its own ancestor; the cycle was cut at its earliest span.
    Cycle,
}

const NONE: u32 = u32::MAX;

/// The children of every span as linked lists inside two vectors, so that building allocates nothing per span.
struct Links {
    first_child: Vec<u32>,
    next_sibling: Vec<u32>,
}

impl Tree {
    /// Returns the tree of `spans`, which hold each id at most once. Costs O(n log n), no recursion.
    pub fn of(spans: &[Span]) -> Self {
        let parents = parents(spans);
        let order = by_start(spans);
        let links = links(&order, &parents);
        let mut tree = Self { nodes: Vec::with_capacity(spans.len()) };
        let mut placed = vec![false; spans.len()];
        let tops: Vec<u32> = order.iter().copied().filter(|&i| parents[i as usize] == NONE).collect();
        tree.place_all(&tops, &links, &mut placed, |i| match spans[i as usize].parent {
            None => Place::Root,
            Some(_) => Place::Orphan,
        });
        // What no top reaches lies on a cycle or below one: cut each cycle at its earliest span.
        for &start in &order {
            if !placed[start as usize] {
                let cut = first_on_cycle(start, &parents, spans);
                tree.place_all(&[cut], &links, &mut placed, |_| Place::Cycle);
            }
        }
        tree.finish();
        tree
    }

    fn place_all(&mut self, tops: &[u32], links: &Links, placed: &mut [bool], place: impl Fn(u32) -> Place) {
        let mut stack: Vec<(u32, Option<u32>)> = Vec::new();
        for &top in tops {
            stack.push((top, None));
            while let Some((span, parent)) = stack.pop() {
                if std::mem::replace(&mut placed[span as usize], true) {
                    continue;
                }
                let depth = parent.map_or(0, |p| self.nodes[p as usize].depth + 1);
                let kind = if parent.is_none() { place(span) } else { Place::Child };
                let index = self.nodes.len() as u32;
                self.nodes.push(Node { span, depth, descendants: 0, parent, is_last: false, place: kind });
                let mark = stack.len();
                let mut child = links.first_child[span as usize];
                while child != NONE {
                    stack.push((child, Some(index)));
                    child = links.next_sibling[child as usize];
                }
                stack[mark..].reverse();
            }
        }
    }

    /// Fills in what only the whole tree tells: sizes of subtrees and last siblings.
    fn finish(&mut self) {
        for i in (0..self.nodes.len()).rev() {
            if let Some(parent) = self.nodes[i].parent {
                self.nodes[parent as usize].descendants += self.nodes[i].descendants + 1;
            }
        }
        let len = self.nodes.len();
        for i in 0..len {
            let after = i + self.nodes[i].descendants as usize + 1;
            self.nodes[i].is_last = after >= len || self.nodes[after].parent != self.nodes[i].parent;
        }
    }
}

/// Returns the index of each span's parent, `NONE` for roots, orphans.
fn parents(spans: &[Span]) -> Vec<u32> {
    let by_id: HashMap<_, u32> = spans.iter().enumerate().map(|(i, span)| (span.id, i as u32)).collect();
    spans.iter().map(|span| span.parent.and_then(|id| by_id.get(&id)).copied().unwrap_or(NONE)).collect()
}

/// Returns the spans' indices by start, then id, so that the order of arrival does not show.
fn by_start(spans: &[Span]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..spans.len() as u32).collect();
    order.sort_unstable_by_key(|&i| (spans[i as usize].start, spans[i as usize].id));
    order
}

fn links(order: &[u32], parents: &[u32]) -> Links {
    let mut links = Links { first_child: vec![NONE; order.len()], next_sibling: vec![NONE; order.len()] };
    for &i in order.iter().rev() {
        let parent = parents[i as usize];
        if parent != NONE {
            links.next_sibling[i as usize] = links.first_child[parent as usize];
            links.first_child[parent as usize] = i;
        }
    }
    links
}

/// Walks up from a span that no top reaches until the walk closes, and returns the earliest span of that cycle.
fn first_on_cycle(start: u32, parents: &[u32], spans: &[Span]) -> u32 {
    // Two walkers, one twice as fast (Floyd): they meet on the cycle without a set of visited spans.
    let step = |i: u32| parents[i as usize];
    let (mut slow, mut fast) = (step(start), step(step(start)));
    while slow != fast {
        (slow, fast) = (step(slow), step(step(fast)));
    }
    let mut earliest = slow;
    let mut at = step(slow);
    while at != slow {
        let key = |i: u32| (spans[i as usize].start, spans[i as usize].id);
        if key(at) < key(earliest) {
            earliest = at;
        }
        at = step(at);
    }
    earliest
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Kind, SpanId, StatusCode, Timestamp};

    fn span(id: u64, parent: u64, start: u64) -> Span {
        Span {
            id: SpanId(id),
            parent: (parent != 0).then_some(SpanId(parent)),
            start: Timestamp(start),
            duration_ns: 1,
            kind: Kind::Internal,
            status: StatusCode::Unset,
            service: Arc::from("s"),
            operation: Arc::from("o"),
            event_times: Vec::new(),
            event_count: 0,
            link_count: 0,
            ends_before_start: false,
        }
    }

    /// Draws (id, parent, start) triples as `depth:id` in tree order, with a sign for odd places.
    fn check(spans: &[(u64, u64, u64)], expected: &str) {
        let spans: Vec<Span> = spans.iter().map(|&(id, parent, start)| span(id, parent, start)).collect();
        let tree = Tree::of(&spans);
        let drawn: Vec<String> = tree
            .nodes
            .iter()
            .map(|node| {
                let sign = match node.place {
                    Place::Root | Place::Child => "",
                    Place::Orphan => "?",
                    Place::Cycle => "@",
                };
                format!("{}:{}{sign}", node.depth, spans[node.span as usize].id.0)
            })
            .collect();
        assert_eq!(drawn.join(" "), expected);
    }

    #[test]
    fn children_stand_below_their_parent_by_start() {
        check(&[(3, 1, 30), (1, 0, 10), (2, 1, 20), (4, 2, 40)], "0:1 1:2 2:4 1:3");
    }

    #[test]
    fn orphans_stand_at_the_top_and_are_marked() {
        check(&[(1, 0, 10), (2, 9, 5), (3, 2, 6)], "0:2? 1:3 0:1");
    }

    #[test]
    fn cycles_are_cut_at_their_earliest_span() {
        check(&[(1, 2, 20), (2, 1, 10), (3, 1, 30)], "0:2@ 1:1 2:3");
        check(&[(1, 1, 1)], "0:1@");
        check(&[(5, 4, 1), (1, 2, 20), (2, 3, 15), (3, 1, 30), (4, 3, 40)], "0:2@ 1:1 2:3 3:4 4:5");
    }

    #[test]
    fn nodes_know_their_descendants_and_last_siblings() {
        let spans = [span(1, 0, 1), span(2, 1, 2), span(3, 2, 3), span(4, 1, 4)];
        let nodes = Tree::of(&spans).nodes;
        assert_eq!(nodes.iter().map(|n| n.descendants).collect::<Vec<_>>(), [3, 1, 0, 0]);
        assert_eq!(nodes.iter().map(|n| n.is_last).collect::<Vec<_>>(), [true, false, true, true]);
    }

    #[test]
    fn a_chain_of_100_000_spans_does_not_overflow_the_stack() {
        let spans: Vec<Span> = (1..=100_000).map(|id| span(id, id - 1, id)).collect();
        let tree = Tree::of(&spans);
        assert_eq!(tree.nodes.last().map(|node| node.depth), Some(99_999));
        let cyclic: Vec<Span> = (1..=100_000).map(|id| span(id, id % 100_000 + 1, id)).collect();
        assert_eq!(Tree::of(&cyclic).nodes.len(), 100_000);
    }
}
