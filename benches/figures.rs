//! What figures take: over ten million spans in memory, and of what comes in.

#[path = "support/endless.rs"]
mod endless;
#[path = "support/filled.rs"]
#[expect(dead_code, reason = "some of it is for another bench")]
mod filled;
mod support;

use std::hint::black_box;
use std::time::Duration;

use filled::{Filled, clock, keep_to_cores};
use hdrhistogram::Histogram;
use spantop::analysis::Performance;
use spantop::model::Timestamp;
use spantop::source::{
    DensityRequest, DependenciesRequest, FiguresRequest, Reply, Request, Selection, SlowRequest, Window, answer,
};
use spantop::store::Snapshot;

/// How often each is asked; the median counts.
const TURNS: usize = 7;

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Returns the median of the times that something takes.
fn median(turns: usize, mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..turns)
        .map(|_| {
            let start = clock();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[turns / 2]
}

fn ask(request: &Request, snapshot: &Snapshot) -> Reply {
    black_box(answer(request, snapshot))
}

fn performance(snapshot: &Snapshot, is_quick: bool) -> Performance {
    let request = FiguresRequest { is_quick, with_operations: true, ..FiguresRequest::default() };
    match ask(&Request::Figures(request), snapshot) {
        Reply::Figures(figured) => figured.performance,
        other => panic!("{other:?}"),
    }
}

/// Returns what it takes to merge histograms of durations as many as blocks have, in the library's form.
fn merged_by_the_library(blocks: usize, operations: usize, durations: usize) -> Duration {
    let mut random = support::Random(7);
    let of_block = |random: &mut support::Random| {
        let mut histogram = Histogram::<u32>::new_with_max(1 << 40, 2).expect("these are possible bounds");
        for _ in 0..durations {
            histogram.saturating_record(100_000 + random.below(90_000_000));
        }
        histogram
    };
    let one = of_block(&mut random);
    median(TURNS, || {
        for _ in 0..operations {
            let mut sum = one.clone();
            for _ in 0..blocks {
                sum.add(&one).expect("they have the same bounds");
            }
            black_box(sum.value_at_quantile(0.99));
        }
    })
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let mut filled = Filled::new();
    filled.fill(if is_test { 200_000 } else { 10_000_000 });
    let snapshot = filled.store.snapshot();
    let exact = performance(&snapshot, false);
    let operations: usize = exact.services.iter().map(|service| service.operations.len()).sum();
    let requests: u64 = exact.services.iter().map(|service| service.figures.requests).sum();
    println!("{} services, {operations} operations, {requests} requests", exact.services.len());
    assert!(!exact.is_approximate, "percentiles are exact");
    let width = exact.to.zip(exact.from).map_or(0, |(to, from)| to.0 - from.0);
    let middle = exact.from.map_or(0, |from| from.0) + width / 2;
    let half = Selection { window: Window { from: Some(Timestamp(middle)), to: None }, ..Selection::default() };
    let everything = Selection::default;
    println!("{:48}{:>12}{:>12}", "ms", "one core", "all cores");
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let show = |name: &str, request: &Request| {
        let times = [1, all].map(|cores| {
            keep_to_cores(cores);
            milliseconds(median(TURNS, || drop(ask(request, &snapshot))))
        });
        println!("{name:48}{:12.2}{:12.2}", times[0], times[1]);
    };
    let figures = |of: Selection, is_quick| FiguresRequest { of, is_quick, ..FiguresRequest::default() };
    show("services, quick (under 10)", &Request::Figures(figures(everything(), true)));
    show("services, exact (under 150)", &Request::Figures(figures(everything(), false)));
    let screen = FiguresRequest { with_before: true, ticks: 20, ..figures(half.clone(), true) };
    show("the table of the screen, half of the time", &Request::Figures(screen));
    let with_operations = |is_quick| FiguresRequest { with_operations: true, ..figures(everything(), is_quick) };
    show("services and operations, quick", &Request::Figures(with_operations(true)));
    show("services and operations, exact", &Request::Figures(with_operations(false)));
    show("health", &Request::Health(everything()));
    let density = DensityRequest { columns: 120, rows: 30, ..DensityRequest::default() };
    show("density", &Request::Density(density.clone()));
    show(
        "density of a service",
        &Request::Density(DensityRequest {
            of: Selection { service: Some("service-3".to_owned()), ..everything() },
            ..density
        }),
    );
    show("slow operations", &Request::Slow(SlowRequest { limit: 100, ..SlowRequest::default() }));
    let dependencies = |is_quick| DependenciesRequest { is_quick, ..DependenciesRequest::default() };
    show("who calls whom, quick", &Request::Dependencies(dependencies(true)));
    show("who calls whom, exact", &Request::Dependencies(dependencies(false)));
    let of = half;
    show("who calls whom, half of the time", &Request::Dependencies(DependenciesRequest { of, is_quick: true }));
    show("what stands out", &Request::Findings(Selection::default()));
    let blocks = 153;
    let groups = 3 * exact.services.len();
    let merging = merged_by_the_library(blocks, groups, 65_536 / groups);
    println!(
        "hdrhistogram (2 digits) merges {groups} histograms of each of {blocks} blocks in {:.1} ms",
        milliseconds(merging)
    );
}
