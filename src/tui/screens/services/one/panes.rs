//! Where the parts of a service are: a pure function of its area.

use ratatui::layout::Rect;

use super::super::panes::{self, Panes as Table};

/// Fewer cells than this are no chart.
const LEAST_CHART: (u16, u16) = (34, 5);
/// A chart with its title is no higher than this.
const MOST_HEIGHT: u16 = 14;
/// From this height on charts leave room for the heatmap below them; both with their titles and a free line.
const TWO_BANDS: u16 = 16;
/// The rows that are kept for operations, with their titles.
const LEAST_OPERATIONS: u16 = 8;
/// The cells between two charts.
const GAP: u16 = 2;

/// The parts. One that is not shown is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Panes {
    /// The service, its score and why it is that.
    pub(super) title: Rect,
    /// The names of figures, and below them what they are.
    pub(super) figures: Rect,
    /// The charts, with their titles.
    pub(super) charts: Vec<Rect>,
    /// The heatmap, with its title, where it does not stand beside the charts.
    pub(super) heat: Rect,
    pub(super) operations: Table,
}

/// Returns where things are in an area of any size.
pub(super) fn panes(area: Rect) -> Panes {
    let line = |y: u16, height: u16| {
        let y = y.min(area.height);
        Rect {
            x: area.x + area.width.min(1),
            width: area.width.saturating_sub(2),
            y: area.y + y,
            height: height.min(area.height - y),
        }
    };
    let title = line(0, if area.height >= 14 { 2 } else { 1 });
    let figures = line(title.height, 2);
    let above = title.height + figures.height;
    let room = area.height.saturating_sub(above + LEAST_OPERATIONS);
    let of_charts = if room < TWO_BANDS { room } else { (room * 2 / 5).max(LEAST_CHART.1 + 2) };
    let (charts, charts_height) = charts(line(above, of_charts));
    let of_heat = if charts.is_empty() { 0 } else { (room - of_charts).min(MOST_HEIGHT + 1) };
    // A line stays free below it.
    let heat = line(above + charts_height, of_heat.saturating_sub(1));
    let top = above + charts_height + of_heat;
    let below = Rect { y: area.y + top, height: area.height - top, ..area };
    Panes { title, figures, charts, heat, operations: panes::table(below, area, Rect::default()) }
}

/// Returns where charts are at the top of an area, side by side and below one another as there is room, and how high they
/// are together.
fn charts(area: Rect) -> (Vec<Rect>, u16) {
    let columns = match area.width / (LEAST_CHART.0 + GAP) {
        0 if area.width >= LEAST_CHART.0 => 1,
        columns => columns.min(4),
    };
    if columns == 0 || area.height < LEAST_CHART.1 + 1 {
        return (Vec::new(), 0);
    }
    // A line stays free below them.
    let height = (area.height - 1).min(MOST_HEIGHT);
    let width = (area.width - GAP * (columns - 1)) / columns;
    let chart = |column: u16| Rect { x: area.x + column * (width + GAP), width, height, ..area };
    ((0..columns).map(chart).collect(), height + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_lie_inside_and_apart(w in 0_u16..300, h in 0_u16..100) {
            let area = Rect::new(0, 1, w, h);
            let panes = panes(area);
            let operations = &panes.operations;
            let mut parts = vec![panes.title, panes.figures, operations.header, operations.rows, operations.note];
            parts.extend(&panes.charts);
            parts.push(panes.heat);
            parts.retain(|part| !part.is_empty());
            for (i, part) in parts.iter().enumerate() {
                prop_assert_eq!(part.intersection(area), *part);
                prop_assert!(parts[..i].iter().all(|other| other.intersection(*part).is_empty()));
            }
        }
    }
}
