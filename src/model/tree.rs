//! The tree of a trace: who is whose child, in the order a waterfall shows it. Orphans and cycles are shown, never
//! hidden; nothing here recurses, so a chain of any depth is safe.

use foldhash::HashMap;

use super::{Span, SpanId};

/// The spans of a trace in depth-first order, children by start. It grows with the trace: what was sorted and found
/// once is kept, so that new spans cost a pass over the tree and no more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// One node per span, parents before their children.
    pub nodes: Vec<Node>,
    by_id: HashMap<SpanId, u32>,
    /// The index of each span's parent, [`NONE`] for roots and orphans.
    parents: Vec<u32>,
    /// The spans by start, then id, so that the order of arrival does not show.
    order: Vec<u32>,
    /// The spans whose parent is not held, in order of arrival.
    orphans: Vec<u32>,
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

impl Tree {
    /// Returns the tree of `spans`, which hold each id at most once. Costs O(n log n), no recursion.
    pub fn of(spans: &[Span]) -> Self {
        let mut tree = Self::default();
        tree.extend(spans);
        tree
    }

    /// Takes in what came after the spans that the tree was made of, which `spans` begins with. The tree is then the one
    /// that [`Tree::of`] makes of them all. Costs O(n) and a sort of what came.
    pub fn extend(&mut self, spans: &[Span]) {
        self.find_parents(spans);
        self.sort_in(spans);
        let mut links = Links::of(&self.order, &self.parents);
        self.nodes.clear();
        self.nodes.reserve(spans.len());
        for &top in &self.order {
            if self.parents[top as usize] == NONE {
                let place = if spans[top as usize].parent.is_none() { Place::Root } else { Place::Orphan };
                place_all(&mut self.nodes, top, place, &links);
            }
        }
        if self.nodes.len() < spans.len() {
            self.place_cycles(spans, &mut links);
        }
        self.end_tops();
    }

    /// Returns how many spans name a parent that is not held.
    pub fn orphans(&self) -> usize {
        self.orphans.len()
    }

    /// Returns the index of a span's node.
    pub fn node_of(&self, id: SpanId) -> Option<u32> {
        let span = *self.by_id.get(&id)?;
        self.nodes.iter().position(|node| node.span == span).map(|node| node as u32)
    }

    fn find_parents(&mut self, spans: &[Span]) {
        let known = self.parents.len();
        let newer = || (known as u32..).zip(&spans[known..]);
        self.by_id.reserve(spans.len() - known);
        self.by_id.extend(newer().map(|(i, span)| (span.id, i)));
        let Self { by_id, parents, orphans, .. } = self;
        let parent = |span: &Span| span.parent.and_then(|id| by_id.get(&id)).copied().unwrap_or(NONE);
        orphans.retain(|&i| {
            parents[i as usize] = parent(&spans[i as usize]);
            parents[i as usize] == NONE
        });
        for (i, span) in newer() {
            parents.push(parent(span));
            if parents[i as usize] == NONE && span.parent.is_some() {
                orphans.push(i);
            }
        }
    }

    /// Merges what came into the order, from the end: it mostly started last.
    fn sort_in(&mut self, spans: &[Span]) {
        let mut known = self.order.len();
        let mut newer: Vec<_> = (known..spans.len()).map(|i| (spans[i].start, spans[i].id, i as u32)).collect();
        newer.sort_unstable();
        let key = |i: u32| (spans[i as usize].start, spans[i as usize].id, i);
        self.order.resize(spans.len(), NONE);
        let mut free = spans.len();
        for &span in newer.iter().rev() {
            while known > 0 && key(self.order[known - 1]) > span {
                known -= 1;
                free -= 1;
                self.order[free] = self.order[known];
            }
            free -= 1;
            self.order[free] = span.2;
        }
    }

    /// What no top reaches lies on a cycle or below one: cuts each cycle at its earliest span.
    fn place_cycles(&mut self, spans: &[Span], links: &mut Links) {
        let mut placed = vec![false; spans.len()];
        let mut seen = 0;
        for &start in &self.order {
            for node in &self.nodes[seen..] {
                placed[node.span as usize] = true;
            }
            seen = self.nodes.len();
            if !placed[start as usize] {
                let cut = first_on_cycle(start, &self.parents, spans);
                links.remove(cut, self.parents[cut as usize]);
                place_all(&mut self.nodes, cut, Place::Cycle, links);
            }
        }
    }

    /// Marks the last top, which only the whole tree tells.
    fn end_tops(&mut self) {
        let mut at = self.nodes.len().checked_sub(1);
        while let Some(node) = at.map(|at| &mut self.nodes[at]) {
            node.is_last |= node.parent.is_none();
            at = node.parent.map(|parent| parent as usize);
        }
    }

    /// Returns the nodes at the top, in order.
    pub fn tops(&self) -> impl Iterator<Item = &Node> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let top = self.nodes.get(next)?;
            next += top.descendants as usize + 1;
            Some(top)
        })
    }
}

/// Appends a top and everything below it.
fn place_all(nodes: &mut Vec<Node>, top: u32, place: Place, links: &Links) {
    let mut at = nodes.len() as u32;
    nodes.push(Node { span: top, depth: 0, descendants: 0, parent: None, is_last: false, place });
    // The span to place next and the node that it goes below.
    let mut next = (links.first_child[top as usize], at);
    loop {
        let (span, parent) = next;
        if span != NONE {
            at = nodes.len() as u32;
            let depth = nodes[parent as usize].depth + 1;
            let is_last = links.next_sibling[span as usize] == NONE;
            nodes.push(Node { span, depth, descendants: 0, parent: Some(parent), is_last, place: Place::Child });
            next = (links.first_child[span as usize], at);
            continue;
        }
        // Nothing more goes below this node.
        nodes[at as usize].descendants = nodes.len() as u32 - 1 - at;
        let Some(parent) = nodes[at as usize].parent else { return };
        next = (links.next_sibling[nodes[at as usize].span as usize], parent);
        at = parent;
    }
}

/// The children of every span as linked lists inside two vectors, so that building allocates nothing per span.
struct Links {
    first_child: Vec<u32>,
    next_sibling: Vec<u32>,
}

impl Links {
    fn of(order: &[u32], parents: &[u32]) -> Self {
        let mut links = Self { first_child: vec![NONE; order.len()], next_sibling: vec![NONE; order.len()] };
        for &i in order.iter().rev() {
            let parent = parents[i as usize];
            if parent != NONE {
                links.next_sibling[i as usize] = links.first_child[parent as usize];
                links.first_child[parent as usize] = i;
            }
        }
        links
    }

    fn remove(&mut self, child: u32, parent: u32) {
        let after = std::mem::replace(&mut self.next_sibling[child as usize], NONE);
        if self.first_child[parent as usize] == child {
            self.first_child[parent as usize] = after;
            return;
        }
        let mut at = self.first_child[parent as usize];
        while self.next_sibling[at as usize] != child {
            at = self.next_sibling[at as usize];
        }
        self.next_sibling[at as usize] = after;
    }
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

    /// Builds the order of a tree as one would say it: tops by start, below each its children by start.
    fn plain_order(spans: &[Span]) -> Vec<u32> {
        let held = |id: Option<SpanId>| spans.iter().position(|span| Some(span.id) == id);
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_by_key(|&i| (spans[i].start, spans[i].id));
        let mut placed = Vec::new();
        let mut stack: Vec<usize> = order.iter().rev().copied().filter(|&i| held(spans[i].parent).is_none()).collect();
        loop {
            while let Some(i) = stack.pop() {
                placed.push(i as u32);
                let below = order.iter().rev().copied().filter(|&child| held(spans[child].parent) == Some(i));
                stack.extend(below.filter(|child| !placed.contains(&(*child as u32))));
            }
            let is_left = |i: &usize| !placed.contains(&(*i as u32));
            let Some(left) = order.iter().copied().find(is_left) else { return placed };
            let above = |i: usize| held(spans[i].parent).unwrap();
            let on_cycle = (0..spans.len()).fold(left, |i, _| above(i));
            let cycle = std::iter::successors(Some(on_cycle), |&i| Some(above(i))).take(spans.len());
            stack.extend(cycle.min_by_key(|&i| (spans[i].start, spans[i].id)));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_tree_that_grew_is_the_tree_of_all_its_spans(
            spans in proptest::collection::vec((0_u64..40, 0_u64..20), 0..40),
            steps in proptest::collection::vec(0_usize..8, 0..20),
        ) {
            let spans: Vec<Span> = (1..).zip(&spans).map(|(id, &(parent, start))| span(id, parent, start)).collect();
            let whole = Tree::of(&spans);
            let mut grown = Tree::default();
            let mut len = 0;
            for step in steps {
                len = (len + step).min(spans.len());
                grown.extend(&spans[..len]);
            }
            grown.extend(&spans);
            proptest::prop_assert_eq!(&grown, &whole);
            let order: Vec<u32> = whole.nodes.iter().map(|node| node.span).collect();
            proptest::prop_assert_eq!(order, plain_order(&spans));
            check_shape(&whole.nodes);
        }
    }

    /// Checks what nodes tell of one another.
    fn check_shape(nodes: &[Node]) {
        for (i, node) in nodes.iter().enumerate() {
            let end = i + 1 + node.descendants as usize;
            assert!(nodes[i + 1..end].iter().all(|below| below.depth > node.depth), "descendants follow");
            let after = nodes.get(end);
            assert!(after.is_none_or(|after| after.depth <= node.depth), "and nothing else does");
            assert_eq!(node.is_last, after.is_none_or(|after| after.parent != node.parent));
            match node.parent {
                Some(parent) => assert_eq!(node.depth, nodes[parent as usize].depth + 1),
                None => assert_eq!(node.depth, 0),
            }
        }
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
