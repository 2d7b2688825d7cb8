//! Metrics queries: numbers over time of the spans that a pipeline gives. Spans come one by one, in any order; what is kept of
//! them does not grow with their number, but for exact percentiles up to a bound.

mod compare;
mod fold;
mod second;

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::ast::{Expr, Field, FieldAt, Function, Item, Literal, Metrics};
use super::eval::Subject;
use super::fields::Type;
use super::node::{Needs, Node};
use super::search::{Search, literal};
use super::space::Place;
use super::traces::each_number;
use compare::Comparing;
use fold::Fold;

/// The most samples that series have together; where there are more series than that allows, the rest become one.
const MAX_SAMPLES: usize = 2_000_000;
const MAX_SERIES: usize = 1_000;
/// Stands for the values of a label for which there is no room.
pub(super) const OTHER: &str = "(other)";

/// The times of samples: multiples of a step.
#[expect(clippy::struct_field_names, reason = "the unit is part of each name")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    /// The first sample's, and one after the last.
    pub(crate) from_ns: u64,
    pub(crate) to_ns: u64,
    pub(crate) step_ns: u64,
}

impl Grid {
    /// Returns the grid over a stretch of time that ends before `to_ns`.
    pub(crate) fn over(from_ns: u64, to_ns: u64, step_ns: u64) -> Self {
        let step_ns = step_ns.max(1);
        let from_ns = from_ns / step_ns * step_ns;
        let to_ns = to_ns.max(from_ns.saturating_add(1)).div_ceil(step_ns).saturating_mul(step_ns);
        Self { from_ns, to_ns, step_ns }
    }

    pub(crate) fn samples(&self) -> usize {
        ((self.to_ns - self.from_ns) / self.step_ns) as usize
    }

    fn place(&self, time_ns: u64) -> Option<usize> {
        let place = (time_ns.checked_sub(self.from_ns)? / self.step_ns) as usize;
        (place < self.samples()).then_some(place)
    }

    pub(crate) fn time(&self, place: usize) -> u64 {
        self.from_ns + place as u64 * self.step_ns
    }
}

/// A series: what it is of, and a number for each time, none where there was nothing to compute from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) labels: Vec<(Arc<str>, Literal)>,
    pub(crate) values: Vec<Option<f64>>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Meter<'q> {
    metrics: &'q Metrics,
    grid: Grid,
    by: Vec<Field>,
    /// What numbers are taken from.
    of: Option<Node>,
    groups: Vec<Group>,
    /// Which group has these values.
    by_values: HashMap<Vec<Key>, usize>,
    /// Which group is that of spans which have this in their columns, where labels depend on nothing else.
    by_columns: HashMap<Columns, usize>,
    /// Of which block those are.
    block: u32,
    needs: Needs,
    most_groups: usize,
    comparing: Option<Comparing>,
    /// How many single values are kept for percentiles, and whether that became too many.
    kept: usize,
    is_approximate: bool,
}

/// A block, and what a row has there that labels can be made of.
type Columns = (u32, [u32; 5]);

/// A label's value as a key: floats have no order and no hash.
type Key = (std::mem::Discriminant<Literal>, Arc<str>);

#[derive(Debug)]
struct Group {
    values: Vec<Literal>,
    samples: Vec<Fold>,
}

impl<'q> Meter<'q> {
    pub(crate) fn new(metrics: &'q Metrics, grid: Grid) -> Self {
        let of = field_of(&metrics.function).map(|field| Node::of(&Expr::Field(field.clone())));
        let comparing = match &metrics.function {
            Function::Compare(selection, most) => Some(Comparing::new(selection.as_ref(), *most, grid)),
            _ => None,
        };
        let by: Vec<Field> = metrics.by.iter().map(|field| field.field.clone()).collect();
        Self {
            metrics,
            grid,
            needs: by.iter().fold(Needs::NOTHING, |needs, field| needs.and(Node::Field(field.clone()).needs())),
            by,
            of,
            groups: Vec::new(),
            by_values: HashMap::new(),
            by_columns: HashMap::new(),
            block: u32::MAX,
            most_groups: (MAX_SAMPLES / grid.samples().max(1)).clamp(1, MAX_SERIES),
            comparing,
            kept: 0,
            is_approximate: false,
        }
    }

    /// Takes a span in.
    pub(crate) fn add(&mut self, search: &Search, place: Place) {
        let subject = Subject::at(search.hand(), place);
        let Some(at) = self.grid.place(subject.row().start_ns) else { return };
        if let Some(comparing) = &mut self.comparing {
            comparing.add(search.hand(), &subject, at);
            return;
        }
        if let Some(of) = self.of.take() {
            // Where there is no number there is no group.
            let mut group = None;
            each_number(&subject.value(&of), &mut |number| {
                let group = *group.get_or_insert_with(|| self.group(&subject));
                let fold = self.groups.get_mut(group).and_then(|group| group.samples.get_mut(at));
                self.kept += usize::from(fold.is_some_and(|fold| fold.add(number)));
            });
            self.of = Some(of);
        } else {
            let group = self.group(&subject);
            let fold = self.groups.get_mut(group).and_then(|group| group.samples.get_mut(at));
            fold.into_iter().for_each(Fold::count);
        }
        if self.kept > fold::EXACT && !self.is_approximate {
            self.is_approximate = true;
            self.groups.iter_mut().flat_map(|group| &mut group.samples).for_each(Fold::classify);
        }
    }

    fn group(&mut self, subject: &Subject) -> usize {
        let Some(columns) = self.columns(subject) else { return self.group_by_values(subject) };
        if std::mem::replace(&mut self.block, columns.0) != columns.0 {
            // Blocks come one after the other: what is known of one is not asked for again.
            self.by_columns.clear();
        }
        if let Some(&group) = self.by_columns.get(&columns) {
            return group;
        }
        let group = self.group_by_values(subject);
        self.by_columns.insert(columns, group);
        group
    }

    /// Returns those that labels are made of, none where there are others.
    fn columns(&self, subject: &Subject) -> Option<Columns> {
        let row = subject.row();
        let columns = [
            (Needs::SERVICE.and(Needs::SCOPE), row.scope),
            (Needs::SERVICE, row.service),
            (Needs::OPERATION, row.operation),
            (Needs::KIND, row.facts.kind() as u32),
            (Needs::STATUS, row.facts.status() as u32),
        ];
        let known = columns.iter().fold(Needs::NOTHING, |known, (needs, _)| known.and(*needs));
        let of_columns = columns.map(|(needs, value)| if self.needs.has(needs) { value } else { 0 });
        self.needs.only(known).then_some((subject.place.position, of_columns))
    }

    fn group_by_values(&mut self, subject: &Subject) -> usize {
        let mut values: Vec<Literal> = self.by.iter().map(|field| literal(subject, field)).collect();
        let mut key: Vec<Key> = values.iter().map(key).collect();
        if self.groups.len() >= self.most_groups && !self.by_values.contains_key(&key) {
            values = self.by.iter().map(|_| Literal::String(OTHER.into())).collect();
            key = values.iter().map(self::key).collect();
        }
        let (function, samples, is_approximate) = (&self.metrics.function, self.grid.samples(), self.is_approximate);
        *self.by_values.entry(key).or_insert_with(|| {
            let mut fold = Fold::of(function);
            if is_approximate {
                fold.classify();
            }
            self.groups.push(Group { values, samples: vec![fold; samples] });
            self.groups.len() - 1
        })
    }

    /// Returns whether percentiles are within a hundredth only.
    pub(crate) fn is_approximate(&self) -> bool {
        self.is_approximate
    }

    /// Returns the series of the spans so far, in order of their labels.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut lines = match &self.comparing {
            Some(comparing) => comparing.lines(),
            None => self.groups.iter().flat_map(|group| self.lines_of(group)).collect(),
        };
        // Without spans there is one series of nothing, not none, where no label could name others.
        if lines.is_empty() && self.by.is_empty() && self.counts() {
            lines.push(Line { labels: Vec::new(), values: vec![Some(0.0); self.grid.samples()] });
        }
        lines.sort_by_cached_key(|line| format!("{:?}", line.labels));
        let lines = second::apply(&self.metrics.seconds, lines);
        let scale = if self.is_of_duration() { 1e-9 } else { 1.0 };
        lines.into_iter().map(|line| line.scaled(scale)).collect()
    }

    fn counts(&self) -> bool {
        matches!(self.metrics.function, Function::Rate | Function::Count)
    }

    /// Durations are given in seconds, as those who draw them expect.
    fn is_of_duration(&self) -> bool {
        let is_histogram = matches!(self.metrics.function, Function::Histogram(_));
        let of = field_of(&self.metrics.function).filter(|_| !is_histogram);
        of.is_some_and(|field| is_duration(&field.field))
    }

    fn lines_of(&self, group: &Group) -> Vec<Line> {
        let by = || self.by.iter().map(|field| Arc::from(field.to_string()));
        let labels: Vec<(Arc<str>, Literal)> = by().zip(group.values.iter().cloned()).collect();
        let with = |label: Option<(&str, Literal)>, value: &dyn Fn(&Fold) -> Option<f64>| {
            let mut labels = labels.clone();
            labels.extend(label.map(|(name, value)| (Arc::from(name), value)));
            Line { labels, values: group.samples.iter().map(value).collect() }
        };
        match &self.metrics.function {
            Function::Rate => {
                let seconds = self.grid.step_ns as f64 / 1e9;
                vec![with(None, &|fold| Some(fold.number()? / seconds))]
            }
            Function::Quantile(_, wanted) => {
                let line = |&q: &f64| with(Some(("p", Literal::Float(q))), &|fold| fold.quantile(q));
                wanted.iter().map(line).collect()
            }
            Function::Histogram(field) => {
                let mut bounds: Vec<u64> = group.samples.iter().flat_map(Fold::bounds).collect();
                bounds.sort_unstable();
                bounds.dedup();
                let unit = if is_duration(&field.field) { 1e-9 } else { 1.0 };
                let label = |bound: u64| ("__bucket", Literal::Float(bound as f64 * unit));
                let line = |bound| with(Some(label(bound)), &|fold| Some(fold.in_bucket(bound)));
                bounds.into_iter().map(line).collect()
            }
            _ => vec![with(None, &Fold::number)],
        }
    }
}

impl Line {
    fn scaled(mut self, scale: f64) -> Self {
        self.values.iter_mut().flatten().for_each(|value| *value *= scale);
        self
    }
}

fn key(literal: &Literal) -> Key {
    (std::mem::discriminant(literal), format!("{literal:?}").into())
}

fn is_duration(field: &Field) -> bool {
    matches!(&field.item, Item::Intrinsic(intrinsic) if intrinsic.info().value == Type::Duration)
}

/// Returns the field whose numbers a function is of.
fn field_of(function: &Function) -> Option<&FieldAt> {
    match function {
        Function::Min(field)
        | Function::Max(field)
        | Function::Avg(field)
        | Function::Sum(field)
        | Function::Histogram(field)
        | Function::Quantile(field, _) => Some(field),
        Function::Rate | Function::Count | Function::Compare(..) => None,
    }
}

#[cfg(test)]
mod tests;
