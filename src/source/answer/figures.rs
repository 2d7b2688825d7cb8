//! The figures of services and operations.

use super::Steps;
use super::selected::{Selected, on_all_cores};
use crate::analysis::{
    Exact, Figures, Group, OperationFigures, Performance, Rules, ServiceFigures, Sought, Starts, Tick, Together, Totals,
};
use crate::model::{Kind, Timestamp};
use crate::query::Memory;
use crate::source::{Figured, FiguresRequest, Progress, Reply};
use crate::store::{MINUTE_NS, Snapshot};

/// Returns the figures.
pub(super) fn figures(
    request: &FiguresRequest,
    snapshot: &Snapshot,
    (memory, rules): (&Memory, &Rules),
    steps: Steps,
) -> Figured {
    let looking = |progress| move || Reply::Figures(Box::new(Figured { progress, ..Figured::default() }));
    let Some(selected) = Selected::new(&request.of, snapshot, memory, &|progress| steps(&looking(progress))) else {
        return Figured::default();
    };
    let starts = selected.starts();
    let Some((totals, progress)) = selected.totals(starts, &|progress| steps(&looking(progress))) else {
        return Figured::default();
    };
    let mut made = Made::of(&totals, rules);
    if !request.is_quick {
        made.look(&selected, starts);
    }
    let before = request.with_before.then(|| selected.before()).flatten();
    let before = before.and_then(|before| selected.totals(before, &|progress| steps(&looking(progress))));
    let before = before.as_ref().map(|(totals, _)| Made::of(totals, rules));
    let mut performance = made.performance(before.as_ref());
    performance.is_approximate = request.is_quick || !made.is_exact;
    let (from, to) = selected.window(starts);
    (performance.from, performance.to) = (from.map(Timestamp), to.map(Timestamp));
    if let (Some(from), Some(to), 1..) = (from, to, request.ticks) {
        made.tick(&mut performance, (from, to), request.ticks);
    }
    Figured { performance, progress }
}

/// Totals with what they make together.
pub(super) struct Made<'t> {
    pub(super) totals: &'t Totals,
    rules: &'t Rules,
    /// By name; each with its operations.
    pub(super) services: Vec<Service<'t>>,
    is_exact: bool,
}

pub(super) struct Service<'t> {
    pub(super) number: u32,
    /// Its requests.
    pub(super) of: Sum<'t>,
    pub(super) operations: Vec<Operation<'t>>,
}

pub(super) struct Operation<'t> {
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) of: Sum<'t>,
}

/// Some groups, and what was found out exactly.
pub(super) struct Sum<'t> {
    pub(super) groups: Vec<u32>,
    pub(super) together: Together<'t>,
    pub(super) exact: Option<Exact>,
}

impl<'t> Sum<'t> {
    pub(super) fn of(totals: &'t Totals, groups: Vec<u32>) -> Self {
        let together = Together::of(groups.iter().filter_map(|&group| totals.groups.get(group as usize)));
        Self { groups, together, exact: None }
    }

    pub(super) fn figures(&self, satisfying_ns: u64) -> Figures {
        self.together.figures(satisfying_ns, self.exact.as_ref())
    }
}

impl<'t> Made<'t> {
    pub(super) fn of(totals: &'t Totals, rules: &'t Rules) -> Self {
        let mut groups: Vec<(u32, &Group)> = (0..).zip(&totals.groups).collect();
        groups.sort_by_cached_key(|(_, group)| {
            (totals.name(group.service), totals.name(group.operation), group.kind, group.is_request)
        });
        let of_service = |groups: &[(u32, &Group)]| {
            let requests = groups.iter().filter(|(_, group)| group.is_request).map(|(number, _)| *number).collect();
            let operation = |same: &[(u32, &Group)]| Operation {
                number: same.first().map_or(0, |(_, group)| group.operation),
                kind: same.first().map(|(_, group)| group.kind).unwrap_or_default(),
                of: Sum::of(totals, same.iter().map(|(number, _)| *number).collect()),
            };
            let same = |(_, a): &(u32, &Group), (_, b): &(u32, &Group)| (a.operation, a.kind) == (b.operation, b.kind);
            Service {
                number: groups.first().map_or(0, |(_, group)| group.service),
                of: Sum::of(totals, requests),
                operations: groups.chunk_by(same).map(operation).collect(),
            }
        };
        let services = groups.chunk_by(|(_, a), (_, b)| a.service == b.service).map(of_service).collect();
        Self { totals, rules, services, is_exact: false }
    }

    /// Finds out exactly what classes tell roughly.
    pub(super) fn look(&mut self, selected: &Selected, starts: Starts) {
        let totals = self.totals;
        let mut sought = Sought::nothing(totals.groups.len());
        self.is_exact = true;
        for service in &self.services {
            let bounds = self.rules.apdex_bounds(&totals.name(service.number));
            for sum in std::iter::once(&service.of).chain(service.operations.iter().map(|operation| &operation.of)) {
                self.is_exact &= sought.seek((&sum.groups, &sum.together), bounds);
            }
        }
        self.is_exact &= !sought.forgo(|group, class| {
            let in_class = |group: &Group| group.fine.classes.in_class(class) + group.failed.classes.in_class(class);
            totals.groups.get(group).map_or(0, in_class)
        });
        let all = on_all_cores(selected.spans.views.len(), |positions| {
            let mut kept = sought.kept();
            for position in positions {
                selected.spans.each_of(position, starts, totals, |group, timing| {
                    sought.look(group, (timing.duration_ns, timing.is_error), &mut kept);
                });
            }
            kept
        });
        let mut kept = sought.kept();
        for other in all {
            kept.merge(other);
        }
        kept.sort();
        for service in &mut self.services {
            let operations = service.operations.iter_mut().map(|operation| &mut operation.of);
            for sum in std::iter::once(&mut service.of).chain(operations) {
                sum.exact = Some(sought.exact((&sum.groups, &sum.together), &kept));
            }
        }
    }

    /// Returns everything's figures, with those of the window before.
    pub(super) fn performance(&self, before: Option<&Made>) -> Performance {
        let service = |service: &Service| {
            let name = self.totals.name(service.number);
            let satisfying = self.rules.satisfying_ns(&name);
            let earlier = before
                .map(|before| (before, before.services.iter().find(|other| before.totals.name(other.number) == name)));
            let mut operations: Vec<OperationFigures> =
                service.operations.iter().map(|operation| self.operation(operation, satisfying, earlier)).collect();
            operations.sort_by_key(|operation| std::cmp::Reverse(operation.figures.sum_ns));
            let figures_before = |(_, earlier): (&Made, Option<&Service>)| {
                earlier.map_or_else(Figures::default, |earlier| earlier.of.figures(satisfying))
            };
            ServiceFigures {
                figures: service.of.figures(satisfying),
                before: earlier.map(figures_before),
                ticks: Vec::new(),
                operations,
                service: name,
            }
        };
        Performance { services: self.services.iter().map(service).collect(), ..Performance::default() }
    }

    fn operation(
        &self,
        operation: &Operation,
        satisfying_ns: u64,
        earlier: Option<(&Made, Option<&Service>)>,
    ) -> OperationFigures {
        let name = self.totals.name(operation.number);
        let before = earlier.map(|(before, service)| {
            let is_it = |other: &&Operation| other.kind == operation.kind && before.totals.name(other.number) == name;
            let same = service.and_then(|service| service.operations.iter().find(is_it));
            same.map_or_else(Figures::default, |same| same.of.figures(satisfying_ns))
        });
        OperationFigures { figures: operation.of.figures(satisfying_ns), before, kind: operation.kind, operation: name }
    }

    /// Counts the requests of each service over the window.
    fn tick(&self, performance: &mut Performance, (from, to): (u64, u64), most: u16) {
        let (first, last) = (from / MINUTE_NS, to.saturating_sub(1).max(from) / MINUTE_NS);
        let minutes = (last - first + 1).div_ceil(u64::from(most)).max(1);
        let first = first / minutes * minutes;
        let ticks = ((last - first) / minutes + 1) as usize;
        performance.tick_ns = minutes.saturating_mul(MINUTE_NS);
        performance.first_tick = Timestamp(first.saturating_mul(MINUTE_NS));
        for service in &mut performance.services {
            service.ticks = vec![Tick::default(); ticks];
            let of = self.totals.known(&service.service).and_then(|number| self.totals.services.get(&number));
            for (minute, counted) in of.into_iter().flat_map(|of| &of.minutes) {
                let place = minute.checked_sub(first).map_or(usize::MAX, |after| (after / minutes) as usize);
                if let Some(tick) = service.ticks.get_mut(place) {
                    tick.requests += counted.requests;
                    tick.errors += counted.errors;
                    tick.sum_ns = tick.sum_ns.saturating_add(counted.sum_ns);
                }
            }
        }
    }
}

impl Progress {
    /// Returns the progress of who has looked at so many of so many spans.
    pub(super) fn of(searched: u64, of: u64) -> Self {
        Self { searched, of }
    }
}
