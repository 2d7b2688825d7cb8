//! Which spans of one trace stand in a relation to others. Every link that is known counts: parents may be missing, and
//! links may lead round in a circle, in which each span is above and below all of it, itself too.

use foldhash::{HashMap, HashMapExt};

use super::ast::{Mode, Relation};
use super::space::TraceRows;

/// A set of spans of one trace, by ordinal.
pub(super) type Set = Vec<bool>;

/// The links of a trace's spans.
#[derive(Debug)]
pub(super) struct Links {
    parents: Vec<Option<u32>>,
    /// Each span before its parent, those left out that are in a circle.
    children_first: Vec<u32>,
    circles: Vec<Vec<u32>>,
    /// A number for each parent's id, held or not; none at roots.
    families: Vec<Option<u32>>,
    families_len: usize,
}

impl Links {
    pub(super) fn of(rows: &TraceRows) -> Self {
        let ids = rows.spans.iter().map(|(_, row)| row.parent_id);
        Self::new(rows.parents(), ids)
    }

    fn new(parents: Vec<Option<u32>>, parent_ids: impl Iterator<Item = u64>) -> Self {
        let mut children = vec![0_u32; parents.len()];
        parents.iter().flatten().for_each(|&parent| children[parent as usize] += 1);
        let mut children_first: Vec<u32> =
            (0..).zip(&children).filter(|(_, count)| **count == 0).map(|(at, _)| at).collect();
        let mut next = 0;
        while let Some(&span) = children_first.get(next) {
            next += 1;
            if let Some(parent) = parents[span as usize] {
                children[parent as usize] -= 1;
                if children[parent as usize] == 0 {
                    children_first.push(parent);
                }
            }
        }
        let circles = circles(&parents, &children);
        let mut numbers: HashMap<u64, u32> = HashMap::new();
        let family = |id: u64| {
            (id != 0).then(|| {
                let next = numbers.len() as u32;
                *numbers.entry(id).or_insert(next)
            })
        };
        let families: Vec<Option<u32>> = parent_ids.map(family).collect();
        Self { parents, children_first, circles, families_len: families.iter().flatten().count(), families }
    }

    /// Returns the spans that a relation gives.
    pub(super) fn related(&self, relation: Relation, mode: Mode, left: &Set, right: &Set) -> Set {
        let both = |a: &Set, b: &Set| -> Set { a.iter().zip(b).map(|(a, b)| *a && *b).collect() };
        let on_right = self.reached(relation, left);
        match mode {
            Mode::Right => both(right, &on_right),
            Mode::Not => right.iter().zip(&on_right).map(|(right, reached)| *right && !reached).collect(),
            Mode::Both => {
                let on_left = self.reached(turned_round(relation), right);
                let (left, right) = (both(left, &on_left), both(right, &on_right));
                left.iter().zip(&right).map(|(left, right)| *left || *right).collect()
            }
        }
    }

    /// Returns the spans to which some span of `from` stands on the left of the relation.
    fn reached(&self, relation: Relation, from: &Set) -> Set {
        match relation {
            Relation::Child => self.parents.iter().map(|parent| parent.is_some_and(|at| from[at as usize])).collect(),
            Relation::Parent => {
                let mut reached = vec![false; from.len()];
                let parents = self.parents.iter().zip(from).filter(|(_, is_in)| **is_in);
                parents.filter_map(|(parent, _)| *parent).for_each(|at| reached[at as usize] = true);
                reached
            }
            Relation::Descendant => self.below(from),
            Relation::Ancestor => self.above(from),
            Relation::Sibling => self.siblings(from),
        }
    }

    /// Returns the spans that have one of `from` above them.
    fn below(&self, from: &Set) -> Set {
        let mut below = vec![false; from.len()];
        for circle in &self.circles {
            let is_below = circle.iter().any(|&at| from[at as usize]);
            for &at in circle {
                below[at as usize] = is_below;
            }
        }
        for &at in self.children_first.iter().rev() {
            below[at as usize] =
                self.parents[at as usize].is_some_and(|parent| from[parent as usize] || below[parent as usize]);
        }
        below
    }

    /// Returns the spans that have one of `from` below them.
    fn above(&self, from: &Set) -> Set {
        let mut above = vec![false; from.len()];
        for &at in &self.children_first {
            if let Some(parent) = self.parents[at as usize] {
                above[parent as usize] |= from[at as usize] || above[at as usize];
            }
        }
        for circle in &self.circles {
            // What hangs on a span of the circle is below all of them.
            let is_above = circle.iter().any(|&at| from[at as usize] || above[at as usize]);
            for &at in circle {
                above[at as usize] = is_above;
            }
        }
        above
    }

    fn siblings(&self, from: &Set) -> Set {
        let mut count = vec![0_u32; self.families_len];
        for (family, _) in self.families.iter().zip(from).filter(|(_, is_in)| **is_in) {
            if let Some(family) = family {
                count[*family as usize] += 1;
            }
        }
        let is_sibling = |(family, is_in): (&Option<u32>, &bool)| {
            family.is_some_and(|family| count[family as usize] > u32::from(*is_in))
        };
        self.families.iter().zip(from).map(is_sibling).collect()
    }
}

fn turned_round(relation: Relation) -> Relation {
    match relation {
        Relation::Child => Relation::Parent,
        Relation::Parent => Relation::Child,
        Relation::Descendant => Relation::Ancestor,
        Relation::Ancestor => Relation::Descendant,
        Relation::Sibling => Relation::Sibling,
    }
}

/// Returns the circles: what is left when spans without children are taken away again and again.
fn circles(parents: &[Option<u32>], children_left: &[u32]) -> Vec<Vec<u32>> {
    let mut is_done: Vec<bool> = children_left.iter().map(|&count| count == 0).collect();
    let mut circles = Vec::new();
    for start in 0..parents.len() {
        let mut circle = Vec::new();
        let mut at = start;
        while !is_done[at] {
            is_done[at] = true;
            circle.push(at as u32);
            match parents[at] {
                Some(parent) => at = parent as usize,
                None => break,
            }
        }
        if !circle.is_empty() {
            circles.push(circle);
        }
    }
    circles
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(parents: &[Option<u32>]) -> Links {
        Links::new(parents.to_vec(), parents.iter().map(|parent| parent.map_or(0, |parent| u64::from(parent) + 1)))
    }

    /// The spans above one; itself too, where its links lead back to it.
    fn ancestors(parents: &[Option<u32>], at: usize) -> Vec<usize> {
        let mut seen = Vec::new();
        let mut next = parents[at];
        while let Some(parent) = next.map(|parent| parent as usize) {
            if seen.contains(&parent) {
                break;
            }
            seen.push(parent);
            next = parents[parent];
        }
        seen
    }

    fn stands(parents: &[Option<u32>], relation: Relation, left: usize, right: usize) -> bool {
        match relation {
            Relation::Child => parents[right] == Some(left as u32),
            Relation::Parent => parents[left] == Some(right as u32),
            Relation::Descendant => ancestors(parents, right).contains(&left),
            Relation::Ancestor => ancestors(parents, left).contains(&right),
            Relation::Sibling => left != right && parents[left].is_some() && parents[left] == parents[right],
        }
    }

    const RELATIONS: [Relation; 5] =
        [Relation::Child, Relation::Descendant, Relation::Parent, Relation::Ancestor, Relation::Sibling];

    proptest! {
        #[test]
        fn relations_are_those_of_all_pairs(
            spans in prop::collection::vec((prop::option::of(0..12_u32), any::<bool>(), any::<bool>()), 0..12),
        ) {
            let count = spans.len() as u32;
            let parents: Vec<Option<u32>> = spans.iter().map(|span| span.0.filter(|&parent| parent < count)).collect();
            let left: Set = spans.iter().map(|span| span.1).collect();
            let right: Set = spans.iter().map(|span| span.2).collect();
            let links = links(&parents);
            for relation in RELATIONS {
                let pairs = |side: fn(usize, usize) -> (usize, usize), at: usize| {
                    (0..left.len()).map(|other| side(at, other)).any(|(l, r)| {
                        left[l] && right[r] && stands(&parents, relation, l, r)
                    })
                };
                let on_right = |at: usize| right[at] && pairs(|at, other| (other, at), at);
                let on_left = |at: usize| left[at] && pairs(|at, other| (at, other), at);
                for at in 0..left.len() {
                    let related = |mode| links.related(relation, mode, &left, &right)[at];
                    prop_assert_eq!(related(Mode::Right), on_right(at), "{:?} {}", relation, at);
                    prop_assert_eq!(related(Mode::Not), right[at] && !on_right(at));
                    prop_assert_eq!(related(Mode::Both), on_left(at) || on_right(at));
                }
            }
        }
    }
}
