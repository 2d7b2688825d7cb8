//! Runs the stages of a query on one trace.

use std::cell::OnceCell;

use foldhash::{HashMap, HashMapExt};

use super::ast::{Combine, Mode};
use super::eval::Subject;
use super::node::Node;
use super::plan::{Fold, Plan, Spans, Step, Sum};
use super::relation::{Links, Set};
use super::space::{Hand, Place, TraceRows};
use super::value::Value;

/// Spans of a trace by their places, in order. There may be a group for each span: together they take no more than all of them.
pub(super) type Group = Vec<usize>;

/// One trace, with what was found out about it.
pub(super) struct Run<'r, 'a> {
    hand: &'r Hand<'a>,
    plan: &'r Plan,
    rows: &'r TraceRows,
    /// Whether a filter holds for a span.
    holds: &'r dyn Fn(usize, Place) -> bool,
    leaves: Vec<OnceCell<Set>>,
    links: OnceCell<Links>,
}

impl<'r, 'a> Run<'r, 'a> {
    pub(super) fn new(
        hand: &'r Hand<'a>,
        plan: &'r Plan,
        rows: &'r TraceRows,
        holds: &'r dyn Fn(usize, Place) -> bool,
    ) -> Self {
        let leaves = plan.leaves.iter().map(|_| OnceCell::new()).collect();
        Self { hand, plan, rows, holds, leaves, links: OnceCell::new() }
    }

    /// Returns the groups of spans that the query gives; none where the trace does not match.
    pub(super) fn groups(&self) -> Vec<Group> {
        self.steps(&self.plan.stages, (0..self.rows.spans.len()).collect())
    }

    fn steps(&self, steps: &[Step], within: Group) -> Vec<Group> {
        let mut groups = vec![within];
        for step in steps {
            match step {
                Step::Spans(spans) => {
                    let left = |group: Group| {
                        let found: Group = members(&self.spans(spans, &self.set(&group))?).collect();
                        // What only says which spans are not there leaves those that are.
                        Some(if found.is_empty() { group } else { found })
                    };
                    groups = groups.into_iter().filter_map(left).filter(|group| !group.is_empty()).collect();
                }
                Step::Having { aggregate, comparison, value } => {
                    let value = Value::of_literal(value);
                    groups
                        .retain(|group| self.sum(aggregate, group).is_some_and(|sum| sum.compare(*comparison, &value)));
                }
                Step::By(node) => groups = groups.into_iter().flat_map(|group| self.split(node, &group)).collect(),
                Step::Coalesce => groups = merged(groups).into_iter().collect(),
            }
            if groups.is_empty() {
                return groups;
            }
        }
        groups
    }

    /// Returns the spans, none where the trace does not have what is asked for. No spans are returned where that is to have
    /// none of some.
    fn spans(&self, spans: &Spans, within: &Set) -> Option<Set> {
        match spans {
            Spans::Leaf(leaf) => {
                let both: Set = self.leaf(*leaf).iter().zip(within).map(|(holds, is_in)| *holds && *is_in).collect();
                Some(both).filter(|both| !is_empty(both))
            }
            Spans::Pipeline(steps) => {
                merged(self.steps(steps, members(within).collect())).map(|group| self.set(&group))
            }
            Spans::Without(inner) => match self.spans(inner, within) {
                None => Some(vec![false; within.len()]),
                Some(_) => None,
            },
            Spans::Combined(Combine::And, left, right) => {
                let left = self.spans(left, within)?;
                Some(union(left, &self.spans(right, within)?))
            }
            Spans::Combined(Combine::Or, left, right) => match (self.spans(left, within), self.spans(right, within)) {
                (Some(left), Some(right)) => Some(union(left, &right)),
                (left, right) => left.or(right),
            },
            Spans::Combined(Combine::Structural { relation, mode }, left, right) => {
                let right = self.spans(right, within)?;
                let left = match self.spans(left, within) {
                    None if *mode == Mode::Not => vec![false; within.len()],
                    left => left?,
                };
                let links = self.links.get_or_init(|| Links::of(self.rows));
                Some(links.related(*relation, *mode, &left, &right)).filter(|found| !is_empty(found))
            }
        }
    }

    fn leaf(&self, leaf: usize) -> &Set {
        let find = || self.rows.spans.iter().map(|&(place, _)| (self.holds)(leaf, place)).collect();
        self.leaves[leaf].get_or_init(find)
    }

    fn subjects(&self, group: &Group) -> impl Iterator<Item = (usize, Subject<'r, 'a>)> {
        let of = |(at, &(place, row))| (at, Subject::with(self.hand, place, row));
        group.iter().map(|&at| (at, &self.rows.spans[at])).map(of)
    }

    fn set(&self, group: &Group) -> Set {
        let mut set = vec![false; self.rows.spans.len()];
        for &at in group {
            set[at] = true;
        }
        set
    }

    /// Returns nothing where no span has a number to sum up.
    fn sum(&self, aggregate: &Sum, group: &Group) -> Option<Value<'static>> {
        let Sum::Of(fold, node) = aggregate else { return Some(Value::number(group.len() as u64)) };
        let (mut sum, mut count) = (0.0, 0_u32);
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        for (_, subject) in self.subjects(group) {
            each_number(&subject.value(node), &mut |number| {
                sum += number;
                count += 1;
                min = min.min(number);
                max = max.max(number);
            });
        }
        let folded = match fold {
            Fold::Min => min,
            Fold::Max => max,
            Fold::Sum => sum,
            Fold::Avg => sum / f64::from(count),
        };
        (count > 0).then_some(Value::Float(folded))
    }

    /// Splits a group by a value; spans without one are a group too.
    fn split(&self, node: &Node, group: &Group) -> Vec<Group> {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        for (at, subject) in self.subjects(group) {
            let value = subject.value(node);
            // The kind of value tells 1 from "1".
            let mut key = format!("{:?}", std::mem::discriminant(&value));
            value.spell(&mut key);
            let number = *numbers.entry(key).or_insert_with(|| {
                groups.push(Group::new());
                groups.len() - 1
            });
            groups[number].push(at);
        }
        groups
    }
}

/// Calls `on` for each number that a value has.
pub(super) fn each_number(value: &Value, on: &mut dyn FnMut(f64)) {
    match value {
        Value::Many(values) | Value::Array(values) => values.iter().for_each(|value| each_number(value, on)),
        value => value.as_number().into_iter().filter(|number| !number.is_nan()).for_each(on),
    }
}

fn members(set: &Set) -> impl Iterator<Item = usize> {
    set.iter().enumerate().filter(|(_, is_in)| **is_in).map(|(at, _)| at)
}

fn is_empty(set: &Set) -> bool {
    !set.contains(&true)
}

fn union(mut set: Set, other: &Set) -> Set {
    set.iter_mut().zip(other).for_each(|(is_in, other)| *is_in |= other);
    set
}

/// Returns all groups as one, none where there is none.
pub(super) fn merged(groups: Vec<Group>) -> Option<Group> {
    let mut all = groups.into_iter().reduce(|mut all, mut other| {
        all.append(&mut other);
        all
    })?;
    all.sort_unstable();
    all.dedup();
    Some(all)
}
