//! The operations that time is spent in.

use std::cmp::Reverse;

use foldhash::{HashMap, HashMapExt};

use super::Steps;
use super::figures::Told;
use super::selected::{Going, Selected, on_all_cores};
use crate::analysis::trend::rank_sum;
use crate::analysis::{Change, Group, Lasting, Rows, Rules, SelfTimes, SlowOperation, Starts, Sums, Totals};
use crate::model::Kind;
use crate::query::Memory;
use crate::source::{Progress, Reply, Slow, SlowOrder, SlowRequest};
use crate::store::{PartRef, Row, Snapshot};

/// Returns them.
pub(super) fn slow(
    request: &SlowRequest,
    snapshot: &Snapshot,
    (memory, rules): (&Memory, &Rules),
    steps: Steps,
) -> Slow {
    let going = |progress| steps(&|| Reply::Slow(Slow { progress, ..Slow::default() }));
    let selected = Selected::new(&request.of, snapshot, memory, &going);
    let made = selected.as_ref().and_then(|selected| make(request, selected, (snapshot, rules), &going));
    made.unwrap_or_default()
}

/// Returns none where that was ended.
fn make(
    request: &SlowRequest,
    selected: &Selected,
    (snapshot, rules): (&Snapshot, &Rules),
    going: Going,
) -> Option<Slow> {
    let starts = selected.starts();
    let progress = |part: u64| Progress { searched: selected.all_searched().of * part / 3, ..selected.all_searched() };
    let told = Told::operations(selected, starts, rules, true);
    if !going(progress(1)) {
        return None;
    }
    let own_ns = self_times(selected, snapshot, (starts, &told.totals));
    if !going(progress(2)) {
        return None;
    }
    let before = request.with_before.then(|| selected.before()).flatten();
    let before = before.map(|before| Told::operations(selected, before, rules, false));
    let mut slow = list(&told, &own_ns, before.as_ref());
    slow.progress = progress(3);
    sort(&mut slow.operations, request.order);
    slow.operations.truncate(request.limit);
    Some(slow)
}

/// Returns all operations with their self times, which are given by group.
fn list(told: &Told, own_ns: &[u128], before: Option<&Told>) -> Slow {
    let all_ns: u128 = own_ns.iter().sum();
    let slow = |(number, group): (u32, &Group)| {
        let (name, kind) = group.of.operation?;
        let (service, operation) = (told.totals.name(group.of.service), told.totals.name(name));
        let self_ns = own_ns.get(number as usize).copied().unwrap_or_default();
        let figures = told.figures(number, 0);
        let percentiles = figures.percentiles.unwrap_or_default();
        let earlier = before.and_then(|before| {
            let group = before.totals.find(&service, Some((&operation, kind)))?;
            before.totals.sums(group)
        });
        Some(SlowOperation {
            kind,
            spans: figures.requests,
            p95_ns: percentiles.p95_ns,
            p99_ns: percentiles.p99_ns,
            self_ns,
            share_percent: if all_ns > 0 { self_ns as f64 * 100.0 / all_ns as f64 } else { 0.0 },
            change: earlier.and_then(|earlier| change_between(earlier, &group.sums)),
            service,
            operation,
        })
    };
    let mut operations: Vec<SlowOperation> = told.groups().filter_map(slow).collect();
    operations.sort_by(|a, b| (&a.service, &a.operation, a.kind).cmp(&(&b.service, &b.operation, b.kind)));
    Slow { total: operations.len(), operations, self_ns: all_ns, progress: Progress::default() }
}

fn change_between(earlier: &Sums, now: &Sums) -> Option<Change> {
    let counts =
        |sums: &Sums| sums.all.iter().map(|(class, count)| (u64::from(class), count)).collect::<Vec<_>>().into_iter();
    let test = rank_sum(counts(earlier), counts(now))?;
    let p95_before_ns = earlier.figures(0, None).percentiles?.p95_ns;
    Some(Change { p95_before_ns, slower: test.greater, p_value: test.p_value })
}

fn sort(operations: &mut [SlowOperation], order: SlowOrder) {
    match order {
        SlowOrder::Total => operations.sort_by_key(|slow| Reverse(slow.self_ns)),
        SlowOrder::P99 => operations.sort_by_key(|slow| Reverse(slow.p99_ns)),
        SlowOrder::Change => operations.sort_by(|a, b| {
            // What became faster, and what is not known, comes last.
            let order = |slow: &SlowOperation| {
                slow.change.filter(|change| change.slower > 0.5).map_or(f64::INFINITY, |change| change.p_value)
            };
            order(a).total_cmp(&order(b)).then(b.self_ns.cmp(&a.self_ns))
        }),
    }
}

/// Returns the self time of each group's spans.
fn self_times(selected: &Selected, snapshot: &Snapshot, (starts, totals): (Starts, &Totals)) -> Vec<u128> {
    let views = &selected.spans.views;
    let rows: Vec<Rows> = (0..views.len()).map(|position| selected.spans.rows(position, starts)).collect();
    let all = on_all_cores(views.len(), |positions| {
        let mut summing = Summing::new(selected, totals, &rows);
        for position in positions {
            let view = &views[position];
            for part in (0..view.parts()).take_while(|&part| view.has_part(part)) {
                if !snapshot.is_superseded(view, part) {
                    summing.add(&snapshot.parts(PartRef { block: view.sequence(), part }).0);
                }
            }
        }
        summing.own_ns
    });
    let sum = |mut sums: Vec<u128>, others: Vec<u128>| {
        sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
        sums
    };
    all.into_iter().reduce(sum).unwrap_or_default()
}

/// Sums up self times trace by trace.
struct Summing<'a> {
    selected: &'a Selected<'a>,
    totals: &'a Totals,
    /// Of each block those that count.
    rows: &'a [Rows],
    own_ns: Vec<u128>,
    groups: HashMap<(usize, u32, u32, Kind), Option<u32>>,
    // Of the trace at hand, used again for the next.
    spans: Vec<(usize, u32, Row)>,
    ids: Vec<(u64, u32)>,
    lasting: Vec<Lasting>,
    times: SelfTimes,
}

impl<'a> Summing<'a> {
    fn new(selected: &'a Selected<'a>, totals: &'a Totals, rows: &'a [Rows]) -> Self {
        Self {
            selected,
            totals,
            rows,
            own_ns: vec![0; totals.groups.len()],
            groups: HashMap::new(),
            spans: Vec::new(),
            ids: Vec::new(),
            lasting: Vec::new(),
            times: SelfTimes::default(),
        }
    }

    /// Adds the spans of a trace, which has these parts.
    fn add(&mut self, parts: &[(usize, u32)]) {
        if parts.iter().all(|(position, _)| self.rows[*position] == Rows::None) {
            return;
        }
        self.spans.clear();
        for &(position, part) in parts {
            let view = &self.selected.spans.views[position];
            self.spans.extend(view.newest_rows(part).map(|row| (position, row, view.row(row))));
        }
        self.ids.clear();
        self.ids.extend(self.spans.iter().map(|(_, _, row)| row.span_id).zip(0..));
        self.ids.sort_unstable();
        let ids = &self.ids;
        let place = |id: u64| {
            let at = ids.binary_search_by_key(&id, |(id, _)| *id).ok().filter(|_| id != 0)?;
            ids.get(at).map(|(_, place)| *place)
        };
        self.lasting.clear();
        self.lasting.extend(self.spans.iter().map(|(_, _, row)| Lasting {
            start_ns: row.start_ns,
            end_ns: row.end_ns(),
            parent: place(row.parent_id),
        }));
        for ((position, at, row), own_ns) in self.spans.iter().zip(self.times.of(&self.lasting)) {
            let counts = match &self.rows[*position] {
                Rows::None => false,
                Rows::All => true,
                Rows::Some(rows) => rows.has(*at),
            };
            let key = (*position, row.service, row.operation, row.facts.kind());
            if !counts {
                continue;
            }
            let group = *self.groups.entry(key).or_insert_with(|| group(self.selected, self.totals, key));
            if let Some(group) = group {
                self.own_ns[group as usize] += u128::from(*own_ns);
            }
        }
    }
}

/// Returns a group of the operation; none where it is of another service than is asked for.
fn group(
    selected: &Selected,
    totals: &Totals,
    (position, service, operation, kind): (usize, u32, u32, Kind),
) -> Option<u32> {
    let view = &selected.spans.views[position];
    if !selected.spans.is_of(view, service) {
        return None;
    }
    totals.find(view.text(service), Some((view.text(operation), kind)))
}
