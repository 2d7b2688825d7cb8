//! When the traces of a list began and how long they took, in cells. Durations are sorted into narrow classes first, as
//! which are the shortest and the longest is known only at the end.

use std::cell::RefCell;

use super::Steps;
use super::traces::{List, Matching, ground};
use crate::model::Timestamp;
use crate::query::Memory;
use crate::source::{Cell, Progress, Reply, Scatter, ScatterRequest, Window};
use crate::store::Snapshot;

/// Classes of durations within a doubling.
const PER_OCTAVE: u32 = 16;
const CLASSES: usize = 64 * PER_OCTAVE as usize;

/// Returns the cells of a list's traces.
pub(super) fn scatter(request: &ScatterRequest, snapshot: &Snapshot, memory: &Memory, steps: Steps) -> Scatter {
    let ground = ground(&request.filter, snapshot, &|| {
        steps(&|| Reply::Scatter(Scatter { progress: Progress::BEGUN, ..Scatter::default() }))
    });
    let list = List::new(&request.filter, snapshot, ground.as_ref(), memory);
    let (columns, rows) = (request.columns.clamp(1, 1_000), request.rows.clamp(1, 1_000));
    let points = RefCell::new(Points::new(list.starts(), columns));
    let finish = |progress| points.borrow().scatter(rows, progress);
    let progress = list.each_block(
        |_| false,
        |found| points.borrow_mut().add(&found),
        |progress| steps(&|| Reply::Scatter(finish(progress))),
    );
    finish(progress)
}

struct Points {
    window: Window,
    columns: u16,
    /// For each column and class the traces and those in error.
    counts: Vec<(u32, u32)>,
    durations_ns: Option<(u64, u64)>,
}

/// Returns the class of a duration: its octave, and its place in that.
fn class(duration_ns: u64) -> usize {
    let octave = duration_ns.max(1).ilog2();
    let within = (u128::from(duration_ns.max(1)) << 64 >> octave) as u64;
    octave as usize * PER_OCTAVE as usize + ((u128::from(within) * u128::from(PER_OCTAVE)) >> 64) as usize
}

/// Returns the least duration of a class or of one above it; of none there is the greatest of all.
fn least_of(class: usize) -> u64 {
    let (octave, place) = (class as u32 / PER_OCTAVE, class as u32 % PER_OCTAVE);
    match class {
        0 => 0,
        CLASSES.. => u64::MAX,
        _ => (u128::from(PER_OCTAVE + place) << octave).div_ceil(u128::from(PER_OCTAVE)) as u64,
    }
}

impl Scatter {
    /// Returns the least start that is in a column of so many, or right of it.
    pub fn column_start(&self, column: u16, columns: u16) -> Timestamp {
        let width = u128::from(self.to.since(self.from)) + 1;
        let from_left = (u128::from(column) * width).div_ceil(u128::from(columns.max(1)));
        self.from.plus(u64::try_from(from_left).unwrap_or(u64::MAX))
    }

    /// Returns the upper edge of a row of so many, counted from the top: all that is in it or below took less.
    pub fn row_top_ns(&self, row: u16, rows: u16) -> u64 {
        let (first, last) = (class(self.least_ns), class(self.most_ns));
        let from_top = (usize::from(row) * (last.saturating_sub(first) + 1)).div_ceil(usize::from(rows.max(1)));
        least_of((last + 1).saturating_sub(from_top))
    }
}

impl Points {
    fn new(window: Window, columns: u16) -> Self {
        let counts = vec![(0, 0); usize::from(columns) * CLASSES];
        Self { window, columns, counts, durations_ns: None }
    }

    fn add(&mut self, found: &Matching) {
        self.add_one(found.sums.start_ns, found.sums.duration_ns(), found.sums.errors > 0);
    }

    fn add_one(&mut self, start_ns: u64, duration_ns: u64, is_error: bool) {
        let (from, to) = self.ends();
        let width = u128::from(to.saturating_sub(from)) + 1;
        let from_left = u128::from(start_ns.clamp(from, to) - from);
        let column = (from_left * u128::from(self.columns) / width) as usize;
        if let Some((traces, errors)) = self.counts.get_mut(column * CLASSES + class(duration_ns)) {
            *traces += 1;
            *errors += u32::from(is_error);
        }
        let (least, most) = self.durations_ns.unwrap_or((duration_ns, duration_ns));
        self.durations_ns = Some((least.min(duration_ns), most.max(duration_ns)));
    }

    /// Returns the first and the last start.
    fn ends(&self) -> (u64, u64) {
        let from = self.window.from.unwrap_or_default().0;
        (from, self.window.to.map_or(u64::MAX, |to| to.0.saturating_sub(1)).max(from))
    }

    fn scatter(&self, rows: u16, progress: Progress) -> Scatter {
        let ((from, to), (least_ns, most_ns)) = (self.ends(), self.durations_ns.unwrap_or_default());
        let (first, last) = (class(least_ns), class(most_ns));
        let row = |class: usize| {
            let from_top = last.saturating_sub(class) * usize::from(rows) / (last - first + 1);
            from_top.min(usize::from(rows) - 1) as u16
        };
        let mut cells: Vec<Cell> = Vec::new();
        for (column, classes) in (0..).zip(self.counts.chunks(CLASSES)) {
            for (class, &(traces, errors)) in classes.iter().enumerate().rev().filter(|(_, counts)| counts.0 > 0) {
                let row = row(class);
                match cells.last_mut().filter(|cell| (cell.column, cell.row) == (column, row)) {
                    Some(cell) => (cell.traces, cell.errors) = (cell.traces + traces, cell.errors + errors),
                    None => cells.push(Cell { column, row, traces, errors }),
                }
            }
        }
        Scatter { from: Timestamp(from), to: Timestamp(to), least_ns, most_ns, cells, progress }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{CLASSES, Points, class, least_of};
    use crate::model::Timestamp;
    use crate::source::{Progress, Scatter, Window};

    #[test]
    fn classes_grow_with_the_duration_by_a_sixteenth_of_an_octave() {
        assert_eq!((class(0), class(1), class(2), class(4)), (0, 0, 16, 32));
        assert_eq!((class(1_024), class(1_024 + 64), class(2_047)), (160, 161, 175));
        assert_eq!(class(u64::MAX), CLASSES - 1);
    }

    #[test]
    fn the_least_duration_of_a_class_is_told() {
        assert_eq!([0, 16, 32, 160, 161].map(least_of), [0, 2, 4, 1_024, 1_024 + 64]);
        for at in 1..CLASSES {
            assert!(class(least_of(at)) >= at && class(least_of(at) - 1) < at, "{at}");
        }
        assert_eq!(least_of(CLASSES), u64::MAX);
    }

    proptest! {
        #[test]
        fn a_point_lies_within_the_edges_of_its_cell(
            durations in proptest::collection::vec(0_u64..u64::MAX / 2, 1..20), rows in 1_u16..60,
        ) {
            let window = Window { from: Some(Timestamp(0)), to: Some(Timestamp(10)) };
            let mut points = Points::new(window, 1);
            for &duration_ns in &durations {
                points.add_one(5, duration_ns, false);
            }
            let scatter: Scatter = points.scatter(rows, Progress::default());
            for cell in &scatter.cells {
                let (top, bottom) = (scatter.row_top_ns(cell.row, rows), scatter.row_top_ns(cell.row + 1, rows));
                let inside = durations.iter().filter(|duration| (bottom..top).contains(duration)).count();
                prop_assert_eq!(inside, cell.traces as usize);
            }
        }

        #[test]
        fn a_start_lies_within_the_edges_of_its_column(start in 1_000_u64..2_000, columns in 1_u16..300) {
            let window = Window { from: Some(Timestamp(1_000)), to: Some(Timestamp(2_000)) };
            let mut points = Points::new(window, columns);
            points.add_one(start, 5, true);
            let scatter = points.scatter(1, Progress::default());
            let column = scatter.cells[0].column;
            let edges = scatter.column_start(column, columns).0..scatter.column_start(column + 1, columns).0;
            prop_assert!(edges.contains(&start));
        }
    }
}
