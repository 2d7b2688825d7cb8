//! `compare({…})`: how often values of attributes are on the spans of a selection, and on the others.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::{Grid, Line};
use crate::query::ast::{Expr, Field, Item, Literal, Scope};
use crate::query::eval::Subject;
use crate::query::fields::Intrinsic;
use crate::query::node::Node;
use crate::query::search::literal;
use crate::query::space::Hand;

/// How many values of an attribute are shown where nothing is said.
const MOST: u32 = 10;
/// How many values of an attribute are counted: there may be one for each span.
const MAX_VALUES: usize = 1_000;
const MAX_ATTRIBUTES: usize = 1_000;
/// How many counts are kept, of all values and times together.
const MAX_COUNTS: usize = 8_000_000;

/// Beside all attributes of span and resource.
const INTRINSICS: [Intrinsic; 5] =
    [Intrinsic::Name, Intrinsic::Kind, Intrinsic::Status, Intrinsic::RootName, Intrinsic::RootService];

/// See the module.
#[derive(Debug)]
pub(super) struct Comparing {
    selection: Option<Node>,
    most: usize,
    grid: Grid,
    attributes: HashMap<Arc<str>, Attribute>,
    counts: usize,
}

/// The counts of baseline and selection, a number for each time.
type Counts = [Vec<u32>; 2];

#[derive(Debug)]
struct Attribute {
    totals: Counts,
    values: HashMap<String, (Literal, Counts)>,
}

const SIDES: [&str; 2] = ["baseline", "selection"];
const TOTALS: [&str; 2] = ["baseline_total", "selection_total"];

impl Comparing {
    pub(super) fn new(selection: Option<&Expr>, most: Option<u32>, grid: Grid) -> Self {
        let most = most.unwrap_or(MOST) as usize;
        Self { selection: selection.map(Node::of), most, grid, attributes: HashMap::new(), counts: 0 }
    }

    /// Takes in a span that began at the time of this number.
    pub(super) fn add(&mut self, hand: &Hand, subject: &Subject, at: usize) {
        let side = usize::from(self.selection.as_ref().is_none_or(|selection| subject.holds(selection)));
        let mut count = |name: &str, value: Literal| self.count(name, value, (side, at));
        for intrinsic in INTRINSICS {
            let field = Field::of_span(Item::Intrinsic(intrinsic));
            let value = literal(subject, &field);
            if value != Literal::Nil {
                count(intrinsic.info().name, value);
            }
        }
        for scope in [Scope::Span, Scope::Resource] {
            let mut names = Vec::new();
            match scope {
                Scope::Resource => {
                    let origin = hand.space.blocks[subject.place.position as usize].origin(subject.row().scope);
                    names.extend(
                        origin.into_iter().flat_map(|origin| &origin.resource.attributes).map(|a| a.key.clone()),
                    );
                }
                _ => subject.attribute_names(scope, &mut |name| names.push(name.to_owned())),
            }
            for name in names {
                let field = Field::of_span(Item::Attribute(scope, name.as_str().into()));
                count(&field.to_string(), literal(subject, &field));
            }
        }
    }

    fn count(&mut self, name: &str, value: Literal, (side, at): (usize, usize)) {
        let counts = || [0, 1].map(|_| vec![0; self.grid.samples()]);
        if !self.attributes.contains_key(name) {
            if self.attributes.len() >= MAX_ATTRIBUTES || !self.has_room() {
                return;
            }
            self.counts += 2 * self.grid.samples();
            let attribute = Attribute { totals: counts(), values: HashMap::new() };
            self.attributes.insert(name.into(), attribute);
        }
        let Some(attribute) = self.attributes.get_mut(name) else { return };
        attribute.totals[side][at] += 1;
        let key = format!("{value:?}");
        let samples = self.grid.samples();
        if !attribute.values.contains_key(&key) {
            if attribute.values.len() >= MAX_VALUES || self.counts >= MAX_COUNTS {
                return;
            }
            self.counts += 2 * samples;
        }
        let of_value = attribute.values.entry(key).or_insert_with(|| (value, [0, 1].map(|_| vec![0; samples])));
        of_value.1[side][at] += 1;
    }

    fn has_room(&self) -> bool {
        self.counts < MAX_COUNTS
    }

    /// Returns for each side and attribute the most frequent values, and how often it is there at all.
    pub(super) fn lines(&self) -> Vec<Line> {
        let line = |kind: &str, (name, value): (&Arc<str>, Literal), counts: &[u32]| {
            let kind = (Arc::from("__meta_type"), Literal::String(kind.into()));
            Line {
                labels: vec![kind, (Arc::clone(name), value)],
                values: counts.iter().map(|&count| Some(f64::from(count))).collect(),
            }
        };
        let mut lines = Vec::new();
        for (name, attribute) in &self.attributes {
            for side in [0, 1] {
                let total = |counts: &Counts| counts[side].iter().map(|&count| u64::from(count)).sum::<u64>();
                let mut values: Vec<_> = attribute.values.iter().filter(|(_, (_, counts))| total(counts) > 0).collect();
                values.sort_by_key(|(key, (_, counts))| (std::cmp::Reverse(total(counts)), *key));
                for (_, (value, counts)) in values.into_iter().take(self.most) {
                    lines.push(line(SIDES[side], (name, value.clone()), &counts[side]));
                }
                if total(&attribute.totals) > 0 {
                    lines.push(line(TOTALS[side], (name, Literal::Nil), &attribute.totals[side]));
                }
            }
        }
        lines
    }
}
