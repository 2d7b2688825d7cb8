//! What takes long for a service: the P95 of its requests in the window.

use foldhash::{HashMap, HashMapExt, HashSet};
use hdrhistogram::Histogram;

use super::space::{Hand, Place, Space};
use crate::model::Kind;
use crate::store::Row;

/// See the module.
#[derive(Debug)]
pub(super) struct Slow {
    services: HashMap<Box<str>, Usual>,
}

/// What is usual for the requests of a service.
#[derive(Clone, Copy, Debug)]
struct Usual {
    p95_ns: u64,
    /// Whether its requests are its local roots, as it has no span that is a request by its kind.
    by_local_roots: bool,
}

/// Durations of requests; exact for up to [`EXACT`] of them over all services, then to three digits.
#[derive(Debug)]
enum Durations {
    Exact(Vec<u64>),
    Many(Box<Histogram<u64>>),
}

const EXACT: usize = 4_000_000;

impl Durations {
    /// Adds one, exactly while as many as are `left` may be kept so.
    fn push(&mut self, duration_ns: u64, left: &mut usize) {
        match self {
            Self::Exact(durations) if *left > 0 => {
                *left -= 1;
                durations.push(duration_ns);
            }
            Self::Exact(durations) => {
                if let Ok(mut histogram) = Histogram::new(3) {
                    for &duration in &*durations {
                        histogram.saturating_record(duration);
                    }
                    histogram.saturating_record(duration_ns);
                    *self = Self::Many(Box::new(histogram));
                }
            }
            Self::Many(histogram) => histogram.saturating_record(duration_ns),
        }
    }

    /// Returns the P95 by nearest rank.
    fn p95(&mut self) -> u64 {
        match self {
            Self::Exact(durations) if durations.is_empty() => u64::MAX,
            Self::Exact(durations) => {
                let rank = (durations.len() * 95).div_ceil(100).max(1);
                *durations.select_nth_unstable(rank - 1).1
            }
            Self::Many(histogram) => histogram.value_at_quantile(0.95),
        }
    }
}

pub(super) fn is_request_by_kind(kind: Kind) -> bool {
    matches!(kind, Kind::Server | Kind::Consumer)
}

impl Slow {
    /// Looks at all requests that begin in a window.
    pub(super) fn of(space: &Space, is_in_window: &dyn Fn(u64) -> bool, is_wanted: &dyn Fn() -> bool) -> Self {
        let by_kind = services_with_requests(space);
        let mut left = EXACT;
        let mut durations: HashMap<&str, Durations> = HashMap::new();
        let hand = Hand::new(space);
        for (position, block) in space.blocks.iter().enumerate() {
            let view = &block.view;
            let has_kind: Vec<bool> = (0..view.names()).map(|name| by_kind.contains(view.text(name))).collect();
            for index in 0..view.len() {
                let row = view.row(index);
                let has_kind = has_kind.get(row.service as usize).copied().unwrap_or_default();
                let is_request = if has_kind {
                    is_request_by_kind(row.facts.kind())
                } else {
                    is_local_root(&hand, Place { position: position as u32, row: index }, &row)
                };
                if is_request && is_in_window(row.start_ns) {
                    let of = durations.entry(view.text(row.service));
                    of.or_insert_with(|| Durations::Exact(Vec::new())).push(row.duration_ns, &mut left);
                }
            }
            if !is_wanted() {
                break;
            }
        }
        let usual = |(service, mut durations): (&str, Durations)| {
            let usual = Usual { p95_ns: durations.p95(), by_local_roots: !by_kind.contains(service) };
            (Box::from(service), usual)
        };
        Self { services: durations.into_iter().map(usual).collect() }
    }

    /// Returns whether a span is a request of its service that took long.
    pub(super) fn is_slow(&self, service: &str, row: &Row, is_local_root: impl Fn() -> bool) -> bool {
        self.services.get(service).is_some_and(|usual| {
            let is_long = row.duration_ns > usual.p95_ns;
            is_long && if usual.by_local_roots { is_local_root() } else { is_request_by_kind(row.facts.kind()) }
        })
    }
}

/// Returns the services of which a held span is a request by its kind.
fn services_with_requests<'a>(space: &Space<'a>) -> HashSet<&'a str> {
    let mut services = HashSet::default();
    for block in &space.blocks {
        let view = block.view;
        let mut numbers: HashSet<u32> = HashSet::default();
        view.served(|service, is_entry| {
            if is_entry {
                numbers.insert(service);
            }
        });
        services.extend(numbers.into_iter().map(|service| view.text(service)));
    }
    services
}

/// Returns whether the parent of a span is not a held span of the same service.
fn is_local_root(hand: &Hand, place: Place, row: &Row) -> bool {
    if row.parent_id == 0 {
        return true;
    }
    let view = hand.space.view(place);
    let service = |place: Place| hand.space.view(place).text(hand.space.view(place).row(place.row).service);
    if let Some(parent) = view.find_span(view.part_of_row(place.row), row.parent_id) {
        return service(Place { row: parent, ..place }) != view.text(row.service);
    }
    let rows = hand.rows(hand.newest_of(place));
    let parent = rows.ordinal(row.parent_id).and_then(|ordinal| rows.spans.get(ordinal as usize));
    parent.is_none_or(|&(parent, _)| service(parent) != view.text(row.service))
}
