//! Where the parts of the screen are: a pure function of its area and of what takes the keys.

use ratatui::layout::Rect;

use crate::tui::widgets::heatmap;

/// What takes the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Focus {
    /// The slow operations below the charts, where there is room for them.
    #[default]
    Overview,
    Heatmap,
    /// The spans of a part of the heatmap.
    Found,
    /// The slow operations in place of the charts.
    Slow,
}

/// How many figures there are.
pub(super) const FIGURES: u16 = 11;
/// From this height on there is a table below everything.
const TALL: u16 = 31;
/// A chart with its title is this high at least.
const LEAST_CHART: u16 = 6;
/// From this width on two charts stand side by side.
const TWO_CHARTS: u16 = 70;
/// A heatmap with its title and its times is this high at least, and a table with its titles.
const LEAST_HEATMAP: u16 = 5;
const LEAST_TABLE: u16 = 5;
const GAP: u16 = 2;

/// The parts. One that is not shown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Panes {
    /// All but the search line: what lists over it cover.
    pub(super) above: Rect,
    /// The names of figures and below them what they are, once or twice.
    pub(super) figures: Rect,
    /// What a figure takes.
    pub(super) figure: u16,
    /// Percentiles over time, with a title.
    pub(super) chart: Rect,
    /// The histogram, with a title.
    pub(super) bars: Rect,
    pub(super) heat_title: Rect,
    /// The heatmap with its durations and times.
    pub(super) heat: Rect,
    pub(super) table: Table,
    /// The search line.
    pub(super) line: Rect,
}

/// The parts of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) title: Rect,
    pub(super) header: Rect,
    pub(super) rows: Rect,
    /// Columns, without the gutter at the left.
    pub(super) columns: Rect,
    pub(super) note: Rect,
}

/// Returns where things are in an area of any size, with or without a search line.
pub(super) fn panes(area: Rect, has_line: bool, focus: Focus) -> Panes {
    let line_height = u16::from(has_line && area.height > 2);
    let above = Rect { height: area.height - line_height, ..area };
    let line = Rect { y: above.bottom(), height: line_height, ..area };
    let figure = if above.width >= FIGURES * 10 + 2 { 10 } else { 9 };
    let is_tall = above.height >= TALL;
    let lines = figure_lines(above, figure, is_tall || focus == Focus::Overview);
    let (figures, rest) = split(above, lines);
    let panes = Panes { above, figures: inner(figures), figure, line, ..Panes::default() };
    let heights = heights(rest.height, overview(above, figure), is_tall, focus);
    let (charts, rest) = split(rest, heights.charts);
    let (heat, table) = split(rest, heights.heat);
    let (heat_title, heat) = split(heat, 1);
    let (chart, bars) = side_by_side(inner(charts));
    let table = parts(Rect { height: heights.table, ..table });
    Panes { chart, bars, heat_title: inner(heat_title), heat: inner(heat), table, ..panes }
}

/// Returns how many columns and rows a heatmap of the overview shows, whatever is shown in its place.
pub(super) fn density(area: Rect, has_line: bool, focus: Focus) -> (u16, u16) {
    let shown = panes(area, has_line, focus).heat;
    let heat = if shown.is_empty() { panes(area, has_line, Focus::Overview).heat } else { shown };
    let plot = heatmap::plot(heat);
    (plot.width.max(1), plot.height.saturating_mul(2).max(1))
}

fn split(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

fn inner(area: Rect) -> Rect {
    Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area }
}

fn figure_lines(above: Rect, figure: u16, may_be_two: bool) -> u16 {
    let fits = (above.width.saturating_sub(2) / figure).max(1);
    let two = above.height >= 20 && may_be_two && fits < FIGURES;
    if two { 4 } else { 2 }
}

struct Heights {
    charts: u16,
    heat: u16,
    table: u16,
}

/// Returns the heights where everything is shown but a table, for what is below the figures.
fn overview(above: Rect, figure: u16) -> Heights {
    let room = above.height.saturating_sub(figure_lines(above, figure, true));
    let charts = if room >= LEAST_CHART + LEAST_HEATMAP + 3 { (room * 2 / 5).max(LEAST_CHART) } else { 0 };
    let heat = if room - charts >= LEAST_HEATMAP { room - charts } else { 0 };
    Heights { charts, heat, table: 0 }
}

/// The heatmap keeps its height where one goes into it, so that it stays as it is.
fn heights(room: u16, overview: Heights, is_tall: bool, focus: Focus) -> Heights {
    match focus {
        Focus::Slow => Heights { charts: 0, heat: 0, table: room },
        _ if is_tall => {
            let table = (room * 3 / 10).clamp(LEAST_TABLE + 3, 16);
            let charts = ((room - table) * 2 / 5).max(LEAST_CHART);
            Heights { charts, heat: room - table - charts, table }
        }
        Focus::Overview => overview,
        Focus::Heatmap | Focus::Found => {
            let heat = overview.heat.min(room.saturating_sub(LEAST_TABLE));
            if heat >= LEAST_HEATMAP {
                return Heights { charts: 0, heat, table: room - heat };
            }
            // There is room for one of them only.
            let heat = if focus == Focus::Heatmap { room } else { 0 };
            Heights { charts: 0, heat, table: room - heat }
        }
    }
}

fn side_by_side(area: Rect) -> (Rect, Rect) {
    // A line stays free below them.
    let area = Rect { height: area.height.saturating_sub(1), ..area };
    if area.width < TWO_CHARTS {
        return (area, Rect::default());
    }
    let width = (area.width - GAP) * 11 / 20;
    let bars = Rect { x: area.x + width + GAP, width: area.width - width - GAP, ..area };
    (Rect { width, ..area }, bars)
}

fn parts(area: Rect) -> Table {
    let (title, rest) = split(area, 1);
    let (header, rest) = split(rest, 1);
    let note_height = u16::from(rest.height > 3);
    let (rows, note) = split(rest, rest.height - note_height);
    Table { title: inner(title), header: inner(header), rows, columns: inner(rows), note: inner(note) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_lie_inside_and_apart(w in 0_u16..300, h in 0_u16..100, has_line: bool) {
            let area = Rect::new(0, 1, w, h);
            for focus in [Focus::Overview, Focus::Heatmap, Focus::Found, Focus::Slow] {
                let panes = panes(area, has_line, focus);
                let table = panes.table;
                let mut parts = vec![panes.figures, panes.chart, panes.bars, panes.heat_title, panes.heat, panes.line];
                parts.extend([table.title, table.header, table.rows, table.note]);
                parts.retain(|part| !part.is_empty());
                for (i, part) in parts.iter().enumerate() {
                    prop_assert_eq!(part.intersection(area), *part);
                    prop_assert!(parts[..i].iter().all(|other| other.intersection(*part).is_empty()), "{:?} {:?}", focus, panes);
                }
                let (columns, rows) = density(area, has_line, focus);
                prop_assert!(columns > 0 && rows > 0);
            }
        }
    }
}
