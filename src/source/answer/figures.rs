//! The figures of services and operations.

use super::Steps;
use super::selected::{Going, Selected, on_all_cores};
use crate::analysis::{
    Exact, Figures, Group, OperationFigures, Performance, Rules, ServiceFigures, Sought, Starts, Tick, Totals,
};
use crate::model::Timestamp;
use crate::query::Memory;
use crate::source::{Figured, FiguresRequest, Reply};
use crate::store::{MINUTE_NS, Snapshot};

/// Returns the figures.
pub(super) fn figures(
    request: &FiguresRequest,
    snapshot: &Snapshot,
    (memory, rules): (&Memory, &Rules),
    steps: Steps,
) -> Figured {
    let going = |progress| steps(&|| Reply::Figures(Box::new(Figured { progress, ..Figured::default() })));
    let selected = Selected::new(&request.of, snapshot, memory, &going);
    let made = selected.as_ref().and_then(|selected| make(request, selected, rules, &going));
    made.unwrap_or_default()
}

/// Returns none where that was ended.
fn make(request: &FiguresRequest, selected: &Selected, rules: &Rules, going: Going) -> Option<Figured> {
    let is_exact = !request.is_quick;
    let of = |starts, is_exact| Made::of(selected, starts, rules, (is_exact, request.with_operations), going);
    let starts = selected.starts();
    let made = of(starts, is_exact)?;
    let before = request.with_before.then(|| selected.before()).flatten();
    let before = if let Some(before) = before { Some(of(before, is_exact)?) } else { None };
    let mut performance = made.performance(before.as_ref(), rules);
    performance.is_approximate = !made.is_exact() || before.is_some_and(|before| !before.is_exact());
    let (from, to) = selected.window(starts);
    (performance.from, performance.to) = (from.map(Timestamp), to.map(Timestamp));
    if let (Some(from), Some(to), 1..) = (from, to, request.ticks) {
        made.services.tick(&mut performance, (from, to), request.ticks);
    }
    Some(Figured { performance, progress: selected.all_searched() })
}

/// The figures of a window.
pub(super) struct Made {
    pub(super) services: Told,
    /// None where nobody asks for them.
    pub(super) operations: Option<Told>,
}

/// Totals, and what was found out of each group exactly.
pub(super) struct Told {
    pub(super) totals: Totals,
    exact: Option<Vec<Exact>>,
    is_all_exact: bool,
}

impl Made {
    /// Adds up what began then, with or without a look at the durations, and with or without operations.
    pub(super) fn of(
        selected: &Selected,
        starts: Starts,
        rules: &Rules,
        (is_exact, with_operations): (bool, bool),
        going: Going,
    ) -> Option<Self> {
        let mut services = Told::roughly(selected.requests(starts, going)?);
        if is_exact {
            let spans = &selected.spans;
            services.look(selected, rules, |position, totals, each| {
                spans.each_request(position, starts, totals, each);
            });
        }
        if !going(selected.all_searched()) {
            return None;
        }
        let operations = with_operations.then(|| Told::operations(selected, starts, rules, is_exact));
        Some(Self { services, operations })
    }

    pub(super) fn is_exact(&self) -> bool {
        self.services.is_all_exact && self.operations.as_ref().is_none_or(|operations| operations.is_all_exact)
    }

    /// Returns everything's figures, with those of the window before.
    pub(super) fn performance(&self, before: Option<&Self>, rules: &Rules) -> Performance {
        let mut services: Vec<ServiceFigures> = Vec::new();
        for (group, of) in self.services.groups() {
            let service = self.services.totals.name(of.of.service);
            let satisfying_ns = rules.satisfying_ns(&service);
            let earlier = |before: &Self| before.services.figures_of(&service, None, satisfying_ns);
            services.push(ServiceFigures {
                figures: self.services.figures(group, satisfying_ns),
                before: before.map(earlier),
                ticks: Vec::new(),
                operations: Vec::new(),
                service,
            });
        }
        services.sort_by(|a, b| a.service.cmp(&b.service));
        for (group, of) in self.operations.iter().flat_map(Told::groups) {
            self.add_operation((group, of), before, rules, &mut services);
        }
        for service in &mut services {
            let order = |of: &OperationFigures| (std::cmp::Reverse(of.figures.sum_ns), of.operation.clone(), of.kind);
            service.operations.sort_by_cached_key(order);
        }
        Performance { services, ..Performance::default() }
    }

    fn add_operation(
        &self,
        (group, of): (u32, &Group),
        before: Option<&Self>,
        rules: &Rules,
        services: &mut [ServiceFigures],
    ) {
        let (Some(told), Some((name, kind))) = (&self.operations, of.of.operation) else { return };
        let (service, operation) = (told.totals.name(of.of.service), told.totals.name(name));
        let satisfying_ns = rules.satisfying_ns(&service);
        let earlier = |before: &Self| {
            let told = before.operations.as_ref();
            told.map_or_else(Figures::default, |told| {
                told.figures_of(&service, Some((&operation, kind)), satisfying_ns)
            })
        };
        let figures = OperationFigures {
            figures: told.figures(group, satisfying_ns),
            before: before.map(earlier),
            kind,
            operation,
        };
        if let Ok(at) = services.binary_search_by(|other| other.service.cmp(&service)) {
            services[at].operations.push(figures);
        }
    }
}

impl Told {
    fn roughly(totals: Totals) -> Self {
        Self { totals, exact: None, is_all_exact: false }
    }

    /// Adds up the spans of each operation.
    pub(super) fn operations(selected: &Selected, starts: Starts, rules: &Rules, is_exact: bool) -> Self {
        let spans = &selected.spans;
        let all = on_all_cores(spans.views.len(), |positions| {
            let mut totals = Totals::default();
            for position in positions {
                spans.add_operations(&mut totals, position, starts);
            }
            totals
        });
        let merged = |mut totals: Totals, others: Totals| {
            totals.merge(&others);
            totals
        };
        let mut told = Self::roughly(all.into_iter().reduce(merged).unwrap_or_default());
        if is_exact {
            told.look(selected, rules, |position, totals, each| {
                spans.each_of_operation(position, starts, totals, each);
            });
        }
        told
    }

    /// Finds out exactly what classes tell roughly. `visit` hands over the spans of a block with their groups.
    fn look(
        &mut self,
        selected: &Selected,
        rules: &Rules,
        visit: impl Fn(usize, &Totals, &mut dyn FnMut(u32, &crate::store::Timing)) + Sync,
    ) {
        let totals = &self.totals;
        let of_groups =
            totals.groups.iter().map(|group| (&group.sums, rules.satisfying_ns(&totals.name(group.of.service))));
        let (sought, is_all_exact) = Sought::of(of_groups);
        let all = on_all_cores(selected.spans.views.len(), |positions| {
            let mut kept = sought.kept();
            for position in positions {
                visit(position, totals, &mut |group, timing| sought.look(group, timing, &mut kept));
            }
            kept
        });
        let mut kept = sought.kept();
        for other in all {
            kept.merge(other);
        }
        self.exact = Some(sought.exact(totals.groups.iter().map(|group| &group.sums), kept));
        self.is_all_exact = is_all_exact;
    }

    pub(super) fn groups(&self) -> impl Iterator<Item = (u32, &Group)> {
        (0..).zip(&self.totals.groups)
    }

    pub(super) fn figures(&self, group: u32, satisfying_ns: u64) -> Figures {
        let exact = self.exact.as_ref().and_then(|exact| exact.get(group as usize));
        self.totals.sums(group).map(|sums| sums.figures(satisfying_ns, exact)).unwrap_or_default()
    }

    /// Returns the figures of what has these names; of nothing where it has no spans.
    fn figures_of(&self, service: &str, operation: Option<(&str, crate::model::Kind)>, satisfying_ns: u64) -> Figures {
        let group = self.totals.find(service, operation);
        group.map(|group| self.figures(group, satisfying_ns)).unwrap_or_default()
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
            let sums = self.totals.find(&service.service, None).and_then(|group| self.totals.sums(group));
            for (minute, counted) in sums.into_iter().flat_map(|sums| &sums.minutes) {
                let place = minute.checked_sub(first).map_or(usize::MAX, |after| (after / minutes) as usize);
                if let Some(tick) = service.ticks.get_mut(place) {
                    tick.requests += counted.spans;
                    tick.errors += counted.errors;
                    tick.sum_ns = tick.sum_ns.saturating_add(counted.sum_ns);
                }
            }
        }
    }
}
