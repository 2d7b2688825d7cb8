//! Where the parts of the trace screen are: a pure function of its area and of which part has the focus.

use ratatui::layout::Rect;

/// From this width on the detail stands beside the waterfall.
const BESIDE_WIDTH: u16 = 110;
/// Below this height there is room for one of them only, the one with the focus.
const BOTH_HEIGHT: u16 = 13;
/// Below this width of the waterfall its bars are left out.
const BARS_WIDTH: u16 = 46;
/// What a duration takes, with a cell before and after.
const DURATION_WIDTH: u16 = crate::tui::format::DURATION_WIDTH + 2;

/// Which part takes the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    #[default]
    Waterfall,
    Detail,
}

impl Focus {
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Waterfall => Self::Detail,
            Self::Detail => Self::Waterfall,
        }
    }
}

/// The parts. One that is not shown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Panes {
    pub title: Rect,
    /// Axis and rows together.
    pub waterfall: Rect,
    pub axis: Rect,
    pub rows: Rect,
    /// How the rows are divided: names, bars, and the rest for durations.
    pub names: u16,
    pub bars: u16,
    /// The line between waterfall and detail.
    pub line: Rect,
    /// The lines of the detail.
    pub detail: Rect,
}

/// Returns where things are in an area of any size.
pub fn panes(area: Rect, focus: Focus) -> Panes {
    let title_height = area.height.min(1);
    let rest = Rect { y: area.y + title_height, height: area.height - title_height, ..area };
    let mut panes = Panes { title: Rect { height: title_height, ..area }, ..Panes::default() };
    if area.width >= BESIDE_WIDTH {
        let detail = (area.width * 38 / 100).clamp(40, 84);
        let left = rest.width - detail - 1;
        panes.waterfall = Rect { width: left, ..rest };
        panes.line = Rect { x: rest.x + left, width: 1, ..rest };
        panes.detail = Rect { x: rest.x + left + 1, width: detail, ..rest };
    } else if rest.height >= BOTH_HEIGHT {
        let detail = match focus {
            Focus::Waterfall => (rest.height * 2 / 5).min(16),
            Focus::Detail => rest.height * 3 / 5,
        };
        let above = rest.height - detail - 1;
        panes.waterfall = Rect { height: above, ..rest };
        panes.line = Rect { y: rest.y + above, height: 1, ..rest };
        panes.detail = Rect { y: rest.y + above + 1, height: detail, ..rest };
    } else if focus == Focus::Detail {
        panes.detail = rest;
    } else {
        panes.waterfall = rest;
    }
    divide(panes)
}

fn divide(mut panes: Panes) -> Panes {
    let all = panes.waterfall;
    let axis_height = all.height.min(1);
    panes.axis = Rect { height: axis_height, ..all };
    panes.rows = Rect { y: all.y + axis_height, height: all.height - axis_height, ..all };
    let room = all.width.saturating_sub(DURATION_WIDTH);
    panes.names =
        if all.width < BARS_WIDTH { room } else { (room * if all.width < 100 { 50 } else { 44 } / 100).clamp(22, 64) };
    panes.bars = if all.width < BARS_WIDTH { 0 } else { room - panes.names };
    panes
}
