//! The series of a metrics query.

use std::cell::RefCell;

use super::Steps;
use super::spans::{Sink, Spans};
use crate::model::Timestamp;
use crate::query::{Grid, Ground, Memory, Meter, Place, Search};
use crate::source::{OneSeries, Progress, Reply, Series, SeriesRequest, Window};
use crate::store::{Snapshot, View};

/// How many samples a series has where no step is asked for, at most.
const SAMPLES: u64 = 240;
/// However small a step is asked for.
const MAX_SAMPLES: u64 = 11_000;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Steps that read well.
const STEPS: [u64; 28] = [
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    500 * MS,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    7 * DAY,
];

/// Returns the series; none where the query has no metrics.
pub(super) fn series(request: &SeriesRequest, snapshot: &Snapshot, memory: &Memory, steps: Steps) -> Series {
    let Some(metrics) = &request.query.metrics else { return Series::default() };
    let window = request.window;
    let is_wanted = || steps(&|| Reply::Series(Series { progress: Progress::BEGUN, ..Series::default() }));
    let is_in_window = |start| window.contains(Timestamp(start));
    let ground = Ground::new(&request.query, snapshot, &is_in_window, &is_wanted);
    let spans = Spans::new(&ground, snapshot, memory, (window, request.service.as_deref()));
    let grid = grid(request, snapshot);
    let meter = RefCell::new(Meter::new(metrics, grid));
    let mut progress = spans.nothing_searched();
    for position in (0..spans.views.len()).rev() {
        spans.in_block(position, &mut Metering { search: &spans.search, meter: &mut meter.borrow_mut() });
        progress.searched += u64::from(spans.views[position].len());
        if !steps(&|| Reply::Series(finish(&meter.borrow(), grid, progress))) {
            break;
        }
    }
    finish(&meter.borrow(), grid, progress)
}

struct Metering<'m, 'a, 'q> {
    search: &'m Search<'a>,
    meter: &'m mut Meter<'q>,
}

impl Sink for Metering<'_, '_, '_> {
    fn count(&mut self, _: u32) {}

    fn push(&mut self, _: &View, place: Place) {
        self.meter.add(self.search, place);
    }
}

fn finish(meter: &Meter, grid: Grid, progress: Progress) -> Series {
    let one = |line: crate::query::Line| {
        let samples = line.values.iter().enumerate();
        let samples = samples.filter_map(|(at, value)| Some((Timestamp(grid.time(at)), (*value)?)));
        // What JSON has no number for is none: a sum that is too large, an attribute that is infinite.
        let samples = samples.filter(|(_, value)| value.is_finite()).collect();
        OneSeries { labels: line.labels, samples }
    };
    let series = meter.lines().into_iter().map(one).collect();
    Series { step_ns: grid.step_ns, series, is_approximate: meter.is_approximate(), progress }
}

/// Returns the times of the samples: over the window, or where it is open, over the spans that are held.
fn grid(request: &SeriesRequest, snapshot: &Snapshot) -> Grid {
    let Window { from, to } = request.window;
    let (first, last) = if let (Some(from), Some(to)) = (from, to) {
        (from.0, to.0)
    } else {
        let (first, last) = starts(snapshot);
        (from.map_or(first, |from| from.0), to.map_or(last.saturating_add(1), |to| to.0))
    };
    let width = last.saturating_sub(first).max(1);
    let readable = STEPS.into_iter().find(|step| width.div_ceil(*step) <= SAMPLES).unwrap_or(7 * DAY);
    let step_ns = request.step_ns.unwrap_or(readable).max(width.div_ceil(MAX_SAMPLES));
    Grid::over(first, last, step_ns)
}

/// Returns the starts of the first and the last span held.
fn starts(snapshot: &Snapshot) -> (u64, u64) {
    let of_view = |view: View| (view.len() > 0).then(|| view.span_starts());
    let starts = || snapshot.views().filter_map(of_view);
    let first = starts().map(|(first, _)| first).min();
    first.zip(starts().map(|(_, last)| last).max()).unwrap_or_default()
}
