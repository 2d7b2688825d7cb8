//! Where the figures of services are going.

use foldhash::{HashMap, HashMapExt, HashSet};

use super::Steps;
use super::selected::{Selected, on_all_cores};
use crate::analysis::{Classes, Rules, nearest_rank, trend};
use crate::model::Timestamp;
use crate::query::Memory;
use crate::source::{Progress, Reply, Selection, ServiceTrend, Trends};
use crate::store::{MINUTE_NS, PastMinute, Snapshot, Sum, Timing, class};

/// How many durations of a minute are kept singly; of more the P95 is within 1 %.
const FEW: usize = 1_000;

/// Returns them, by name.
pub(super) fn trends(of: &Selection, snapshot: &Snapshot, (memory, rules): (&Memory, &Rules), steps: Steps) -> Trends {
    let going = |progress| steps(&|| Reply::Trends(Trends { progress, ..Trends::default() }));
    let Some(selected) = Selected::new(of, snapshot, memory, &going) else { return Trends::default() };
    let all = on_all_cores(selected.spans.views.len(), |positions| {
        let mut found = Found::new();
        for position in positions {
            look(&selected, position, &mut found);
        }
        found
    });
    if !going(Progress { searched: 0, ..selected.all_searched() }) {
        return Trends::default();
    }
    let mut found = Found::new();
    for other in all {
        for ((service, minute), counted) in other {
            found.entry((service, minute)).or_default().merge(counted);
        }
    }
    if of.query.is_none() {
        add_past(of, snapshot, &selected, &mut found);
    }
    let mut minutes: Vec<_> = found.into_iter().collect();
    minutes.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let service = |minutes: &mut [((String, u64), Minute)]| {
        let of: Vec<trend::InMinute> = minutes.iter_mut().map(|((_, minute), counted)| counted.told(*minute)).collect();
        let name = minutes.first().map_or("", |((service, _), _)| service);
        ServiceTrend { service: name.into(), trend: trend::of_service(&of, &rules.health), minutes: of }
    };
    let services = minutes.chunk_by_mut(|((a, _), _), ((b, _), _)| a == b).map(service).collect();
    Trends { services, progress: selected.all_searched() }
}

/// By service, and the minute since 1970.
type Found = HashMap<(String, u64), Minute>;

/// The requests of a service in a minute.
#[derive(Debug, Default)]
struct Minute {
    errors: u64,
    sum_ns: u128,
    max_ns: u64,
    few: Vec<u64>,
    many: Classes,
    /// Requests of which the spans are gone.
    gone: u64,
}

impl Minute {
    fn add(&mut self, timing: &Timing) {
        self.errors += u64::from(timing.is_error());
        self.sum_ns += u128::from(timing.duration_ns);
        self.max_ns = self.max_ns.max(timing.duration_ns);
        self.keep(timing.duration_ns);
    }

    fn add_gone(&mut self, sum: &Sum) {
        self.gone = self.gone.saturating_add(sum.spans);
        self.errors = self.errors.saturating_add(sum.errors);
        self.sum_ns = self.sum_ns.saturating_add(sum.sum_ns.into());
    }

    fn keep(&mut self, duration_ns: u64) {
        if self.few.len() < FEW && self.many.count() == 0 {
            self.few.push(duration_ns);
            return;
        }
        for duration_ns in self.few.drain(..).chain([duration_ns]) {
            self.many.add(class(duration_ns), 1);
        }
    }

    fn merge(&mut self, other: Self) {
        self.errors += other.errors;
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        if other.many.count() > 0 {
            for duration_ns in self.few.drain(..) {
                self.many.add(class(duration_ns), 1);
            }
            self.many.merge(&other.many);
        }
        for duration_ns in other.few {
            self.keep(duration_ns);
        }
    }

    fn told(&mut self, minute: u64) -> trend::InMinute {
        let held = self.few.len() as u64 + self.many.count();
        let rank = nearest_rank(0.95, held);
        let place = (rank as usize).saturating_sub(1).min(self.few.len().saturating_sub(1));
        let exact = (!self.few.is_empty()).then(|| *self.few.select_nth_unstable(place).1);
        let p95_ns = exact.or_else(|| self.many.duration_at(rank, self.max_ns));
        let at = Timestamp(minute.saturating_mul(MINUTE_NS));
        trend::InMinute {
            at,
            requests: held.saturating_add(self.gone),
            errors: self.errors,
            sum_ns: self.sum_ns,
            p95_ns,
        }
    }
}

/// Adds the requests of which the spans are gone. Searched for they cannot be.
fn add_past(of: &Selection, snapshot: &Snapshot, selected: &Selected, found: &mut Found) {
    let (from, to) = selected.starts();
    // A minute is in the window where all of it is.
    let first = from.unwrap_or_default().div_ceil(MINUTE_NS);
    let Some(last) = (to.unwrap_or(u64::MAX) / MINUTE_NS).checked_sub(1) else { return };
    let number = |minute: u64| u32::try_from(minute).unwrap_or(u32::MAX);
    let is_wanted = |one: &&PastMinute| of.service.as_deref().is_none_or(|service| service == &*one.service);
    let all = || snapshot.past().between(number(first), number(last)).filter(is_wanted);
    let by_kind: HashSet<&str> = all().filter(|one| one.entries.spans > 0).map(|one| &*one.service).collect();
    for one in all() {
        let has_kinds = by_kind.contains(&*one.service) || selected.spans.has_entries(&one.service);
        let sum = if has_kinds { &one.entries } else { &one.others };
        if sum.spans > 0 {
            found.entry((one.service.to_string(), one.minute.into())).or_default().add_gone(sum);
        }
    }
}

fn look(selected: &Selected, position: usize, found: &mut Found) {
    let spans = &selected.spans;
    let view = &spans.views[position];
    let plain = spans.plain_in(view);
    let mut of_block: HashMap<(u32, u64), Minute> = HashMap::new();
    spans.each(position, selected.starts(), |timing| {
        if spans.is_request(position, timing, &plain) {
            of_block.entry((timing.service, timing.start_ns / MINUTE_NS)).or_default().add(timing);
        }
    });
    for ((service, minute), counted) in of_block {
        found.entry((view.text(service).to_owned(), minute)).or_default().merge(counted);
    }
}
