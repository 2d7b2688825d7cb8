//! Draws the figures, percentiles over time, the histogram and the heatmap.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::panes::{Focus, Panes};
use super::state::State;
use super::tables;
use crate::analysis::Figures;
use crate::source::Density;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::widgets::bars::{Bars, Mark};
use crate::tui::widgets::heatmap::{self, Heatmap};
use crate::tui::widgets::{face, numbers, percentiles};

/// A figure, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    P50,
    P90,
    P95,
    P99,
    P999,
    Most,
    Requests,
    Rate,
    Errors,
    Mean,
    Apdex,
}

/// Every figure with its name, and how soon it goes where there is no room.
const FIGURES: [(Figure, &str, u8); super::panes::FIGURES as usize] = [
    (Figure::P50, "P50", 0),
    (Figure::P90, "P90", 8),
    (Figure::P95, "P95", 1),
    (Figure::P99, "P99", 2),
    (Figure::P999, "P99.9", 7),
    (Figure::Most, "max", 5),
    (Figure::Requests, "requests", 4),
    (Figure::Rate, "req/min", 9),
    (Figure::Errors, "errors", 3),
    (Figure::Mean, "mean", 6),
    (Figure::Apdex, "Apdex", 10),
];

/// Returns what is counted: of a search all that it returns.
pub(super) fn noun(state: &State) -> &'static str {
    if state.query().is_some() { "span" } else { "request" }
}

/// Draws the names of figures and below them what they are, on one line or two; the most telling ones where not all fit.
pub(super) fn figures(state: &State, figures: &Figures, canvas: &mut Canvas, panes: &Panes) {
    let (area, theme) = (panes.figures, canvas.theme());
    let in_line = (area.width / panes.figure).max(1);
    let lines = area.height / 2;
    let room = in_line * lines;
    let shown: Vec<(Figure, &str, u8)> = FIGURES.into_iter().filter(|(.., order)| u16::from(*order) < room).collect();
    // Percentiles stand on the first of two lines.
    let first = if lines > 1 && in_line >= 6 { 6 } else { usize::from(in_line) };
    for (number, (figure, name, _)) in shown.into_iter().enumerate() {
        let (column, line) = if number < first { (number, 0) } else { (number - first, 1) };
        let at = (area.x + column as u16 * panes.figure, area.y + line * 2);
        let width = panes.figure - 1;
        let name = match (figure, noun(state)) {
            (Figure::Requests, "span") => "spans",
            (Figure::Rate, "span") => "per min",
            _ => name,
        };
        canvas.text_right(at, width, name, theme.dim());
        value(figure, figures, canvas, (at.0, at.1 + 1), width);
    }
}

fn value(figure: Figure, figures: &Figures, canvas: &mut Canvas, at: (u16, u16), width: u16) {
    let all = figures.percentiles;
    let duration = |ns: Option<u64>| ns.map(format::duration);
    let text = match figure {
        Figure::P50 => duration(all.map(|all| all.p50_ns)),
        Figure::P90 => duration(all.map(|all| all.p90_ns)),
        Figure::P95 => duration(all.map(|all| all.p95_ns)),
        Figure::P99 => duration(all.map(|all| all.p99_ns)),
        Figure::P999 => duration(all.map(|all| all.p999_ns)),
        Figure::Most => duration((figures.requests > 0).then_some(figures.max_ns)),
        Figure::Requests => Some(format::count(figures.requests)),
        Figure::Rate => figures.per_minute().map(format::rate),
        Figure::Errors => return numbers::errors(canvas, at, width, figures),
        Figure::Mean => figures.mean_ns().map(|ns| format::duration(ns as u64)),
        Figure::Apdex => figures.apdex.map(|apdex| format!("{apdex:.2}")),
    };
    numbers::or_nothing(canvas, at, width, text, canvas.theme().strong());
}

/// Draws percentiles over time, and the histogram.
pub(super) fn charts(density: &Density, canvas: &mut Canvas, panes: &Panes) {
    let theme = canvas.theme();
    if panes.chart.height > 1 {
        let about = canvas.symbols().about;
        let title = [vec![("duration over time", theme.strong())], percentiles::legend(theme)].concat();
        let x = titled(canvas, panes.chart, &title);
        let long = format!("  {about} within 1 %");
        let text = if x + 14 <= panes.chart.right() { long } else { format!("  {about}") };
        canvas.text((x, panes.chart.y), panes.chart.right().saturating_sub(x), &text, theme.dim());
        percentiles::draw(density, canvas, below(panes.chart));
    }
    if panes.bars.height > 1 {
        titled(canvas, panes.bars, &[("how many took how long", theme.strong()), ("  failed", theme.error())]);
        let all = density
            .figures
            .percentiles
            .map(|all| [("P50", all.p50_ns, 50), ("P95", all.p95_ns, 95), ("P99", all.p99_ns, 99)]);
        let marks: Vec<Mark> = all
            .into_iter()
            .flatten()
            .map(|(name, ns, percent)| Mark { name, ns, style: theme.percentile(percent) })
            .collect();
        Bars { bars: &density.histogram, marks: &marks }.draw(canvas, below(panes.bars));
    }
}

fn titled(canvas: &mut Canvas, area: Rect, title: &[(&'static str, Style)]) -> u16 {
    title.iter().fold(area.x, |x, (text, style)| canvas.text((x, area.y), area.right().saturating_sub(x), text, *style))
}

fn below(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// Draws the heatmap, with its cursor where one is in it.
pub(super) fn heat(state: &State, canvas: &mut Canvas, panes: &Panes) {
    let Some((density, grid)) = state.shown().filter(|_| panes.heat.height > 0) else { return };
    let (theme, title) = (canvas.theme(), panes.heat_title);
    let is_in_it = matches!(state.focus, Focus::Heatmap | Focus::Found);
    if state.focus == Focus::Heatmap && panes.table.title.is_empty() {
        // There is no room for it above the spans.
        tables::told(state, canvas, title);
    } else {
        titled_heat(state, canvas, panes);
    }
    if grid.rows == 0 {
        return face::draw(canvas, panes.heat, &[(theme.dim(), "too low for the heatmap".into())]);
    }
    let marked = state.heat().marked(density, grid).filter(|_| is_in_it);
    Heatmap { density, marked }.draw(canvas, panes.heat);
}

fn titled_heat(state: &State, canvas: &mut Canvas, panes: &Panes) {
    let Some((density, _)) = state.shown() else { return };
    let (theme, title) = (canvas.theme(), panes.heat_title);
    let style = if state.focus == Focus::Heatmap { theme.key() } else { theme.strong() };
    let text = format!("{}s by time and duration", noun(state));
    let x = canvas.text((title.x, title.y), title.width, &text, style);
    heatmap::legend(canvas, (x + 3, title.y), title.right(), density, panes.heat);
}
