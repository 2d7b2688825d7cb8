//! Heatmaps, cells in and characters out.

use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell as Drawn};

use super::*;
use crate::model::Timestamp;
use crate::source::{Cell, DensityColumn};
use crate::tui::settings::ThemeChoice;
use crate::tui::testing::{NOW, look, text};

const SECOND: u64 = 1_000_000_000;
const COLUMNS: u16 = 60;
const ROWS: u16 = 28;

/// Returns a quarter of an hour in which a second, failing hump of slow spans comes and goes.
fn density() -> Density {
    let mut cells = Vec::new();
    for column in 0..COLUMNS {
        for row in 0..ROWS {
            let wave = 17.0 + 3.0 * (f64::from(column) / 9.0).sin();
            let fine = (-((f64::from(row) - wave) / 2.5).powi(2)).exp() * 300.0;
            let is_slow = (30..42).contains(&column) && (3..7).contains(&row);
            let failed = if is_slow { 12 + u32::from(column * row) % 7 } else { 0 };
            let rare = u32::from(row > 6 && row < 15 && (u32::from(column) * 31 + u32::from(row) * 17) % 11 == 0);
            let (traces, errors) = (fine as u32 + failed + rare, failed * 2 / 3 + rare * u32::from(column % 2));
            if traces > 0 {
                cells.push(Cell { column, row, traces, errors });
            }
        }
    }
    Density {
        from: NOW.minus(900 * SECOND),
        to: NOW,
        least_ns: 400_000,
        most_ns: 3 * SECOND,
        columns: vec![DensityColumn::default(); usize::from(COLUMNS)],
        rows: ROWS,
        cells,
        ..Density::default()
    }
}

fn drawn((width, height): At, marked: Option<Marked>, (choice, ascii): (ThemeChoice, bool)) -> Buffer {
    let look = look(choice, ascii);
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let density = density();
    let canvas = &mut Canvas::new(&mut buffer, &look);
    let below = Rect { y: 1, height: height.saturating_sub(1), ..area };
    legend(canvas, (LABELS, 0), width, &density, below);
    Heatmap { density: &density, marked }.draw(canvas, below);
    buffer
}

const PART: Option<Marked> = Some(Marked { cursor: (41, 3), selected: Some(((30, 1), (41, 3))) });

#[test]
fn cells_stand_over_times_beside_durations() {
    let dark = (ThemeChoice::Dark, false);
    insta::assert_snapshot!("halves", text(&drawn((72, 16), None, dark)));
    insta::assert_snapshot!("wide", text(&drawn((140, 10), PART, dark)));
    insta::assert_snapshot!("narrow", text(&drawn((40, 9), PART, dark)));
    insta::assert_snapshot!("sixteen", text(&drawn((72, 16), PART, (ThemeChoice::Sixteen, false))));
    insta::assert_snapshot!("mono", text(&drawn((72, 16), PART, (ThemeChoice::Mono, false))));
    insta::assert_snapshot!("ascii", text(&drawn((72, 16), PART, (ThemeChoice::Mono, true))));
}

#[test]
fn what_is_not_selected_fades() {
    let dark = (ThemeChoice::Dark, false);
    let (plain, marked) = (drawn((72, 16), None, dark), drawn((72, 16), PART, dark));
    let style = |buffer: &Buffer, at| buffer.cell(at).map(|cell: &Drawn| (cell.fg, cell.bg)).unwrap();
    let (inside, outside) = ((LABELS + 33, 3), (LABELS + 10, 10));
    assert_eq!(style(&plain, inside), style(&marked, inside));
    assert_ne!(style(&plain, outside), style(&marked, outside));
}

#[test]
fn failed_cells_have_another_colour() {
    let buffer = drawn((72, 16), None, (ThemeChoice::Dark, false));
    let theme = look(ThemeChoice::Dark, false).theme;
    let reds: Vec<_> = (0..100).map(|i| theme.heat(f64::from(i) / 100.0, Failed::Most, false).fg).collect();
    let color = |at| buffer.cell(at).map(|cell: &Drawn| cell.fg);
    assert!(reds.contains(&color((LABELS + 33, 3))));
    assert!(!reds.contains(&color((LABELS + 10, 10))));
}

#[test]
fn places_are_times_and_durations() {
    let density = density();
    let grid = Grid::of(&density, Rect::new(0, 0, 69, 15));
    assert_eq!((grid.columns, grid.rows, grid.plot.width), (60, 14, 60));
    let window = grid.window(&density, 0, 59);
    assert_eq!((window.from, window.to), (Some(density.from), Some(density.to)));
    assert_eq!(grid.durations(&density, 0, 13), (density.least_ns, density.most_ns));
    for at in [(0, 0), (7, 3), (59, 13)] {
        let (least, most) = grid.durations(&density, at.1, at.1);
        let from = grid.window(&density, at.0, at.0).from.unwrap();
        assert_eq!(grid.place(&density, from, least), at);
        assert_eq!(grid.place(&density, from.plus(SECOND), most - 1), at);
        assert_eq!(grid.at(grid.plot.x + at.0, grid.plot.y + at.1), Some(at));
    }
    assert_eq!(grid.at(3, 3), None);
}

#[test]
fn everything_is_counted_once_at_any_size() {
    let density = density();
    let all: u64 = density.cells.iter().map(|cell| u64::from(cell.traces)).sum();
    for (width, height) in [(20, 4), (39, 9), (69, 15), (69, 29)] {
        let grid = Grid::of(&density, Rect::new(0, 0, width, height));
        assert_eq!(count(&density, &grid, ((0, 0), (grid.columns - 1, grid.rows - 1))).spans, all, "{width}x{height}");
    }
}

#[test]
fn it_begins_at_the_longest_of_the_newest() {
    let density = density();
    let grid = Grid::of(&density, Rect::new(0, 0, 69, 15));
    assert_eq!(newest(&density, &grid).map(|at| at.0), Some(59));
    assert_eq!(newest(&Density::default(), &grid), None);
}

proptest! {
    #[test]
    fn it_never_draws_outside(
        cells in proptest::collection::vec((0_u16..80, 0_u16..40, 0_u32..u32::MAX, 0_u32..u32::MAX), 0..60),
        (x, y, width, height) in (0_u16..20, 0_u16..20, 0_u16..90, 0_u16..30),
        (columns, rows, ascii, theme) in (0_usize..200, 0_u16..60, any::<bool>(), 0_usize..6),
        (from, to, least_ns, most_ns) in (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>()),
        (a, b) in ((0_u16..300, 0_u16..300), (0_u16..300, 0_u16..300)),
    ) {
        let cells = cells.into_iter().map(|(column, row, traces, errors)| Cell { column, row, traces, errors });
        let density = Density {
            from: Timestamp(from),
            to: Timestamp(to),
            least_ns,
            most_ns,
            columns: vec![DensityColumn::default(); columns],
            rows,
            cells: cells.collect(),
            ..Density::default()
        };
        let look = look(ThemeChoice::ALL[theme].0, ascii);
        let area = Rect::new(x, y, width, height);
        let mut buffer = Buffer::filled(Rect::new(0, 0, 120, 60), Drawn::new("x"));
        let marked = Marked { cursor: a, selected: Some((a, b)) };
        Heatmap { density: &density, marked: Some(marked) }.draw(&mut Canvas::new(&mut buffer, &look), area);
        for (x, y) in (0..60).flat_map(|y| (0..120).map(move |x| (x, y))) {
            let is_outside = !area.contains((x, y).into());
            prop_assert!(!is_outside || buffer.cell((x, y)).is_some_and(|cell| cell.symbol() == "x"), "{x},{y}");
        }
        let grid = Grid::of(&density, area);
        let (column, row) = grid.place(&density, Timestamp(to), most_ns);
        prop_assert!(column < grid.columns.max(1) && row < grid.rows.max(1));
        grid.window(&density, column, column);
        grid.durations(&density, row, row);
    }
}
