//! The graph as a matrix: a row for each caller, a column for each callee, and in it how many calls a minute.

use std::collections::HashMap;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::state::State;
use crate::analysis::graph::{Edge, Node};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::theme::Failed;
use crate::tui::widgets::chip;

/// What the names at the left take, with their numbers, and a column.
const NAMES: u16 = 26;
const NUMBER: u16 = 5;
const COLUMN: u16 = 6;
/// The line of numbers above.
const HEADER: u16 = 1;

/// Returns how many rows and columns are to be seen.
pub(super) fn room(area: Rect) -> (usize, usize) {
    let names = names(area);
    (area.height.saturating_sub(HEADER).into(), (area.width.saturating_sub(names) / COLUMN).into())
}

/// Returns what the names take: less where it is narrow.
fn names(area: Rect) -> u16 {
    NAMES.min(area.width / 3)
}

/// Returns the caller and the callee at a cell.
pub(super) fn at(state: &State, area: Rect, (x, y): (u16, u16)) -> Option<(usize, Option<usize>)> {
    let row = usize::from(y.checked_sub(area.y + HEADER)?) + state.skipped.0;
    let column = x.checked_sub(area.x + names(area)).map(|x| usize::from(x / COLUMN) + state.skipped.1);
    let count = state.graph().nodes.len();
    (row < count).then_some((row, column.filter(|column| *column < count)))
}

/// Draws it.
pub(super) fn draw(state: &State, canvas: &mut Canvas, area: Rect) {
    let (theme, graph) = (canvas.theme(), state.graph());
    let (rows, columns) = room(area);
    let (top, left) = state.skipped;
    let names = names(area);
    let of: HashMap<(usize, usize), &Edge> =
        graph.edges.iter().map(|edge| ((edge.caller, edge.callee), edge)).collect();
    let most = graph.edges.iter().map(|edge| edge.calls.requests).max().unwrap_or(1).max(1);
    canvas.text((area.x + 1, area.y), names.saturating_sub(1), "caller \\ callee", theme.dim());
    let shown = || (left..graph.nodes.len()).take(columns);
    for (x, column) in (area.x + names..).step_by(COLUMN.into()).zip(shown()) {
        let style = if state.column() == Some(column) { theme.key() } else { theme.dim() };
        canvas.text_right((x, area.y), COLUMN - 1, &(column + 1).to_string(), style);
    }
    for (y, (row, node)) in (area.y + HEADER..).zip(graph.nodes.iter().enumerate().skip(top).take(rows)) {
        let style = if state.selected() == Some(row) { theme.key() } else { theme.dim() };
        canvas.text_right((area.x, y), NUMBER, &(row + 1).to_string(), style);
        label(canvas, (area.x + NUMBER + 1, y), names.saturating_sub(NUMBER + 2), node);
        for (x, column) in (area.x + names..).step_by(COLUMN.into()).zip(shown()) {
            let is_here = state.selected() == Some(row) && state.column() == Some(column);
            if let Some(edge) = of.get(&(row, column)) {
                cell(canvas, (x, y), edge, most);
            } else if row == column {
                canvas.text_right((x, y), COLUMN - 1, canvas.symbols().separator, theme.faint());
            }
            if is_here {
                canvas.tint(Rect { x, y, width: COLUMN - 1, height: 1 }, theme.selected());
            }
        }
    }
}

fn label(canvas: &mut Canvas, at: (u16, u16), width: u16, node: &Node) {
    match node.outside {
        None => chip::draw(canvas, at, width, &node.name),
        Some(_) => _ = canvas.text((at.0 + 1, at.1), width.saturating_sub(1), &node.name, Style::new()),
    }
}

fn cell(canvas: &mut Canvas, (x, y): (u16, u16), edge: &Edge, most: u64) {
    let (theme, calls) = (canvas.theme(), &edge.calls);
    let failed = Failed::of(calls.errors, calls.requests);
    let style = match failed {
        Failed::Little => theme.heat(heat(calls.requests, most), failed, false),
        _ => theme.error(),
    };
    let text = calls.per_minute().map(format::rate).unwrap_or_default();
    canvas.text_right((x, y), COLUMN - 2, &text, style);
    if failed != Failed::Little {
        canvas.symbol((x + COLUMN - 2, y), canvas.symbols().error, theme.error());
    }
}

/// Returns how much heat so many calls are: by the logarithm.
fn heat(calls: u64, most: u64) -> f64 {
    ((calls as f64).ln_1p() / (most as f64).ln_1p()).clamp(0.0, 0.999)
}
