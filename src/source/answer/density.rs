//! How durations are spread over time: columns of time, and in each how many spans are of each class of durations.

use super::Steps;
use super::selected::{Selected, on_all_cores};
use crate::analysis::{Classes, Exact, Percentiles, Rules, Sought, Sums, nearest_rank};
use crate::model::Timestamp;
use crate::query::Memory;
use crate::source::{Bar, Cell, Density, DensityColumn, DensityRequest, Reply};
use crate::store::{Snapshot, Timing, class, least_of, middle_of};

/// More columns than this are none that anyone sees.
const MAX_COLUMNS: u16 = 1_000;
/// Bars of the histogram at most.
const BARS: u16 = 60;

/// Returns them.
pub(super) fn density(
    request: &DensityRequest,
    snapshot: &Snapshot,
    (memory, rules): (&Memory, &Rules),
    steps: Steps,
) -> Density {
    let going = |progress| steps(&|| Reply::Density(Box::new(Density { progress, ..Density::default() })));
    let Some(selected) = Selected::new(&request.of, snapshot, memory, &going) else { return Density::default() };
    let (from, to) = selected.window(selected.starts());
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or(u64::MAX));
    let columns = usize::from(request.columns.clamp(1, MAX_COLUMNS));
    let grid = Grid { from, width: to.saturating_sub(from).max(1), columns };
    let (columns, sums) = look(&selected, request, grid);
    let progress = selected.all_searched();
    if sums.all.count() == 0 || !going(progress) {
        return Density { progress, ..Density::default() };
    }
    let satisfying_ns = rules.satisfying_ns(request.of.service.as_deref().unwrap_or_default());
    let exact = exact(&selected, request, &sums, satisfying_ns);
    let mut density = columns.density((from, to), request.rows);
    density.figures = sums.figures(satisfying_ns, Some(&exact));
    density.progress = progress;
    density
}

impl Density {
    /// Returns the least start that is in a column, or right of it.
    pub fn column_start(&self, column: u16) -> Timestamp {
        let width = u128::from(self.to.since(self.from).max(1));
        let from_left = (u128::from(column) * width).div_ceil(self.columns.len().max(1) as u128);
        self.from.plus(u64::try_from(from_left).unwrap_or(u64::MAX))
    }

    /// Returns the upper edge of a row, counted from the top: all that is in it or below took less.
    pub fn row_top_ns(&self, row: u16) -> u64 {
        Scale::of(self.least_ns, self.most_ns).bound(self.rows.saturating_sub(row), self.rows)
    }
}

/// The columns of time.
#[derive(Clone, Copy)]
struct Grid {
    from: u64,
    width: u64,
    columns: usize,
}

impl Grid {
    fn column(self, start_ns: u64) -> usize {
        let after = u128::from(start_ns.saturating_sub(self.from)) * self.columns as u128;
        ((after / u128::from(self.width)) as usize).min(self.columns - 1)
    }
}

/// What is found in a column.
#[derive(Clone, Default)]
struct Looked {
    fine: Classes,
    failed: Classes,
    max_ns: u64,
}

struct Columns(Vec<Looked>);

/// Hands over the spans of a block that are asked for.
fn each(selected: &Selected, position: usize, request: &DensityRequest, mut each: impl FnMut(&Timing)) {
    let spans = &selected.spans;
    let view = &spans.views[position];
    let plain = spans.plain_in(view);
    let operation = request.operation.as_ref().map(|name| view.find_name(name));
    if operation == Some(None) {
        return;
    }
    spans.each(position, selected.starts(), |timing| {
        let is_it = operation.is_none_or(|name| name == Some(timing.operation));
        if is_it && (request.all_spans || spans.is_request(position, timing, &plain)) {
            each(timing);
        }
    });
}

fn look(selected: &Selected, request: &DensityRequest, grid: Grid) -> (Columns, Sums) {
    let made = on_all_cores(selected.spans.views.len(), |positions| {
        let (mut columns, mut sums) = (vec![Looked::default(); grid.columns], Sums::default());
        for position in positions {
            each(selected, position, request, |timing| {
                sums.add(timing);
                if let Some(column) = columns.get_mut(grid.column(timing.start_ns)) {
                    let classes = if timing.is_error() { &mut column.failed } else { &mut column.fine };
                    classes.add(class(timing.duration_ns), 1);
                    column.max_ns = column.max_ns.max(timing.duration_ns);
                }
            });
        }
        (columns, sums)
    });
    let (mut columns, mut sums) = (vec![Looked::default(); grid.columns], Sums::default());
    for (others, other) in made {
        sums.merge(&other);
        for (column, other) in columns.iter_mut().zip(others) {
            column.fine.merge(&other.fine);
            column.failed.merge(&other.failed);
            column.max_ns = column.max_ns.max(other.max_ns);
        }
    }
    (Columns(columns), sums)
}

fn exact(selected: &Selected, request: &DensityRequest, sums: &Sums, satisfying_ns: u64) -> Exact {
    let (sought, _) = Sought::of(std::iter::once((sums, satisfying_ns)));
    let all = on_all_cores(selected.spans.views.len(), |positions| {
        let mut kept = sought.kept();
        for position in positions {
            each(selected, position, request, |timing| sought.look(0, timing, &mut kept));
        }
        kept
    });
    let mut kept = sought.kept();
    for other in all {
        kept.merge(other);
    }
    sought.exact(std::iter::once(sums), kept).first().copied().unwrap_or_default()
}

impl Looked {
    fn column(&self) -> DensityColumn {
        let mut all = self.fine.clone();
        all.merge(&self.failed);
        let spans = all.count();
        let percentile = |part| all.duration_at(nearest_rank(part, spans), self.max_ns).unwrap_or_default();
        DensityColumn {
            spans,
            errors: self.failed.count(),
            percentiles: (spans > 0).then(|| Percentiles::of(Percentiles::PARTS.map(percentile))),
            max_ns: self.max_ns,
        }
    }
}

impl Columns {
    fn density(&self, (from, to): (u64, u64), rows: u16) -> Density {
        let (mut fine, mut failed) = (Classes::default(), Classes::default());
        for column in &self.0 {
            fine.merge(&column.fine);
            failed.merge(&column.failed);
        }
        let classes = || fine.iter().chain(failed.iter()).map(|(class, _)| class);
        let (least, most) = (classes().min().unwrap_or_default(), classes().max().unwrap_or_default());
        let scale = Scale::of(least_of(least), least_of(most + 1));
        let mut cells = Vec::new();
        for (number, column) in (0..).zip(&self.0) {
            let mut of_rows = vec![(0_u64, 0_u64); usize::from(rows)];
            let mut count = |classes: &Classes, is_error: bool| {
                for (class, spans) in classes.iter() {
                    // The longest durations are on top.
                    let place = scale.place(middle_of(class), rows);
                    if let Some(row) = place.and_then(|place| of_rows.get_mut(usize::from(rows - 1 - place))) {
                        *row = (row.0 + spans, row.1 + if is_error { spans } else { 0 });
                    }
                }
            };
            count(&column.fine, false);
            count(&column.failed, true);
            let filled = (0..).zip(of_rows).filter(|(_, (spans, _))| *spans > 0);
            cells.extend(filled.map(|(row, (spans, errors))| Cell {
                column: number,
                row,
                traces: spans.min(u64::from(u32::MAX)) as u32,
                errors: errors.min(u64::from(u32::MAX)) as u32,
            }));
        }
        Density {
            from: Timestamp(from),
            to: Timestamp(to),
            least_ns: scale.least,
            most_ns: scale.most,
            columns: self.0.iter().map(Looked::column).collect(),
            rows,
            cells,
            histogram: scale.bars(&fine, &failed),
            ..Density::default()
        }
    }
}

/// A logarithmic scale of durations.
#[derive(Clone, Copy)]
struct Scale {
    least: u64,
    /// One past the longest.
    most: u64,
}

impl Scale {
    fn of(least: u64, most: u64) -> Self {
        Self { least, most: most.max(least.saturating_add(1)) }
    }

    /// Returns in which of so many equal pieces a duration lies, the shortest first; none where there are none.
    fn place(self, duration_ns: u64, pieces: u16) -> Option<u16> {
        let logarithm = |ns: u64| (ns.max(1) as f64).ln();
        let (least, most) = (logarithm(self.least), logarithm(self.most));
        let part = if most > least { (logarithm(duration_ns) - least) / (most - least) } else { 0.0 };
        let last = pieces.checked_sub(1)?;
        Some(((part * f64::from(pieces)).max(0.0) as u16).min(last))
    }

    /// Returns where a piece begins.
    fn bound(self, piece: u16, pieces: u16) -> u64 {
        if piece == 0 {
            return self.least;
        }
        if piece >= pieces {
            return self.most;
        }
        let logarithm = |ns: u64| (ns.max(1) as f64).ln();
        let (least, most) = (logarithm(self.least), logarithm(self.most));
        let bound = (least + (most - least) * f64::from(piece) / f64::from(pieces)).exp() as u64;
        bound.clamp(self.least, self.most)
    }

    fn bars(self, fine: &Classes, failed: &Classes) -> Vec<Bar> {
        let bar =
            |piece| Bar { from_ns: self.bound(piece, BARS), to_ns: self.bound(piece + 1, BARS), spans: 0, errors: 0 };
        let mut bars: Vec<Bar> = (0..BARS).map(bar).collect();
        for (classes, is_error) in [(fine, false), (failed, true)] {
            for (class, spans) in classes.iter() {
                let place = self.place(middle_of(class), BARS);
                if let Some(bar) = place.and_then(|place| bars.get_mut(usize::from(place))) {
                    bar.spans += spans;
                    bar.errors += if is_error { spans } else { 0 };
                }
            }
        }
        bars
    }
}
