//! Where the parts of the trace screen are: a pure function of its area and of which part has the focus.

use ratatui::layout::Rect;

use super::labels::{LEAST_LABEL, MARGIN, Need};

/// From this width on the detail stands beside the waterfall.
const BESIDE_WIDTH: u16 = 110;
/// Below this height there is room for one of them only, the one with the focus.
const BOTH_HEIGHT: u16 = 13;
/// Below this width of the waterfall its bars are left out.
const BARS_WIDTH: u16 = 46;
/// The least width of names and bars where there are bars.
const LEAST_NAMES: u16 = 22;
const LEAST_BARS: u16 = 30;
/// How much of the waterfall names take at most, in percent.
const MOST_NAMES: u32 = 45;
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
    /// How far a level of the tree is indented, and how many levels there is room for.
    pub indent: u16,
    pub levels: u32,
    /// The line between waterfall and detail.
    pub line: Rect,
    /// The lines of the detail.
    pub detail: Rect,
}

/// Returns where things are in an area of any size, for labels that need so much.
pub fn panes(area: Rect, focus: Focus, need: Need) -> Panes {
    let title_height = area.height.min(1);
    let rest = Rect { y: area.y + title_height, height: area.height - title_height, ..area };
    let mut panes = Panes { title: Rect { height: title_height, ..area }, ..Panes::default() };
    if area.width >= BESIDE_WIDTH {
        let detail = percent(area.width, 38).clamp(40, 84);
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
    divide(panes, need)
}

fn divide(mut panes: Panes, need: Need) -> Panes {
    let all = panes.waterfall;
    let axis_height = all.height.min(1);
    panes.axis = Rect { height: axis_height, ..all };
    panes.rows = Rect { y: all.y + axis_height, height: all.height - axis_height, ..all };
    let room = all.width.saturating_sub(DURATION_WIDTH);
    let has_bars = all.width >= BARS_WIDTH;
    let most = if has_bars { percent(all.width, MOST_NAMES).min(room - LEAST_BARS).max(LEAST_NAMES) } else { room };
    // Levels stand close together where they would otherwise take room that names need.
    let wanted = if need.by_two <= most { need.by_two } else { need.by_one };
    panes.indent = if need.by_two <= most { 2 } else { 1 };
    panes.names = if has_bars { wanted.clamp(LEAST_NAMES, most) } else { room };
    panes.bars = room - panes.names;
    let label = MARGIN + LEAST_LABEL.max(panes.names * 2 / 5);
    let levels = if wanted <= panes.names { u16::MAX } else { panes.names.saturating_sub(label) };
    panes.levels = u32::from(levels.max(1));
    panes
}

fn percent(cells: u16, percent: u32) -> u16 {
    (u32::from(cells) * percent / 100) as u16
}
