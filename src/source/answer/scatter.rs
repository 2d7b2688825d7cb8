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
    let ground = ground(&request.filter, snapshot);
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

impl Points {
    fn new(window: Window, columns: u16) -> Self {
        let counts = vec![(0, 0); usize::from(columns) * CLASSES];
        Self { window, columns, counts, durations_ns: None }
    }

    fn add(&mut self, found: &Matching) {
        let (from, to) = self.ends();
        let duration_ns = found.sums.duration_ns();
        let width = u128::from(to.saturating_sub(from)) + 1;
        let from_left = u128::from(found.sums.start_ns.clamp(from, to) - from);
        let column = (from_left * u128::from(self.columns) / width) as usize;
        if let Some((traces, errors)) = self.counts.get_mut(column * CLASSES + class(duration_ns)) {
            *traces += 1;
            *errors += u32::from(found.sums.errors > 0);
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
    use super::class;

    #[test]
    fn classes_grow_with_the_duration_by_a_sixteenth_of_an_octave() {
        assert_eq!((class(0), class(1), class(2), class(4)), (0, 0, 16, 32));
        assert_eq!((class(1_024), class(1_024 + 64), class(2_047)), (160, 161, 175));
        assert_eq!(class(u64::MAX), super::CLASSES - 1);
    }
}
