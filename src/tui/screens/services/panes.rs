//! Where the parts of the screen are: a pure function of its area.

use ratatui::layout::Rect;

/// The parts. One that is not shown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Panes {
    /// All but the search line: what lists over it cover.
    pub(super) above: Rect,
    /// Columns, without the gutter at the left.
    pub(super) table: Rect,
    pub(super) header: Rect,
    pub(super) rows: Rect,
    /// The line with all services together.
    pub(super) note: Rect,
    /// The search line.
    pub(super) line: Rect,
}

/// Returns where things are in an area of any size, with or without a search line.
pub(super) fn panes(area: Rect, has_line: bool) -> Panes {
    let line_height = u16::from(has_line && area.height > 2);
    let above = Rect { height: area.height - line_height, ..area };
    let line = Rect { y: above.bottom(), height: line_height, ..area };
    table(above, above, line)
}

/// Returns the parts of a table in an area.
pub(super) fn table(area: Rect, above: Rect, line: Rect) -> Panes {
    let header_height = area.height.min(1);
    let note_height = u16::from(area.height > 4);
    let part = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
    let rows = part(header_height, area.height - header_height - note_height);
    let table = Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..rows };
    Panes {
        above,
        table,
        header: Rect { y: area.y, height: header_height, ..table },
        rows,
        note: part(header_height + rows.height, note_height),
        line,
    }
}
