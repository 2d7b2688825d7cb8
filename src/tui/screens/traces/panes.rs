//! Where the parts of the list screen are: a pure function of its area and of what is open.

use ratatui::layout::Rect;

/// From this width on the facets stand beside the list; below they are shown over it while they have the focus.
const BESIDE_WIDTH: u16 = 100;
/// Below this height there is no room for the scatter.
const SCATTER_HEIGHT: u16 = 18;

/// What takes the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Focus {
    #[default]
    List,
    Facets,
    Scatter,
}

/// What is open, whether there is room for it or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    pub line: bool,
    pub facets: bool,
    pub scatter: bool,
    pub focus: Focus,
}

/// The parts. One that is not shown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Panes {
    /// All but the search line: what lists over it cover.
    pub above: Rect,
    pub scatter: Rect,
    pub facets: Rect,
    /// The line right of the facets.
    pub divider: Rect,
    /// The list with its header and note.
    pub list: Rect,
    /// Columns, without the gutter at the left.
    pub table: Rect,
    pub header: Rect,
    pub rows: Rect,
    pub note: Rect,
    /// The search line.
    pub line: Rect,
}

/// Returns where things are in an area of any size.
pub(super) fn panes(area: Rect, open: Open) -> Panes {
    let line_height = u16::from(open.line && area.height > 2);
    let above = Rect { height: area.height - line_height, ..area };
    let line = Rect { y: above.bottom(), height: line_height, ..area };
    let scatter_height = if open.scatter && area.height >= SCATTER_HEIGHT { (area.height / 4).clamp(6, 14) } else { 0 };
    let scatter = Rect { height: scatter_height, ..above };
    let below = Rect { y: scatter.bottom(), height: above.height - scatter_height, ..above };
    let (facets, divider, list) = beside(below, open);
    let part = |y: u16, height: u16| Rect { y: list.y + y, height, ..list };
    let header_height = list.height.min(1);
    let note_height = u16::from(list.height > 4);
    let rows = part(header_height, list.height - header_height - note_height);
    let table = Rect { x: list.x + list.width.min(1), width: list.width.saturating_sub(2), ..rows };
    Panes {
        above,
        scatter,
        facets,
        divider,
        list,
        table,
        header: Rect { height: header_height, y: list.y, ..table },
        rows,
        note: part(header_height + rows.height, note_height),
        line,
    }
}

fn beside(area: Rect, open: Open) -> (Rect, Rect, Rect) {
    if !open.facets {
        return (Rect::default(), Rect::default(), area);
    }
    if area.width < BESIDE_WIDTH {
        let width = if open.focus == Focus::Facets { area.width.min(44) } else { 0 };
        let line = u16::from(width > 0 && width < area.width);
        return (Rect { width, ..area }, Rect { x: area.x + width, width: line, ..area }, area);
    }
    let width = (area.width / 4).clamp(30, 44);
    let divider = Rect { x: area.x + width, width: 1, ..area };
    let list = Rect { x: divider.right(), width: area.width - width - 1, ..area };
    (Rect { width, ..area }, divider, list)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_lie_inside_and_apart(w in 0_u16..300, h in 0_u16..100, line: bool, facets: bool, scatter: bool) {
            let area = Rect::new(0, 1, w, h);
            for focus in [Focus::List, Focus::Facets, Focus::Scatter] {
                let panes = panes(area, Open { line, facets, scatter, focus });
                let parts = [panes.scatter, panes.facets, panes.divider, panes.rows, panes.header, panes.note, panes.line];
                for part in parts.iter().filter(|part| !part.is_empty()) {
                    prop_assert_eq!(part.intersection(area), *part);
                }
                for other in [panes.scatter, panes.line, panes.note] {
                    prop_assert!(panes.rows.intersection(other).is_empty());
                }
                let lie_over = w < BESIDE_WIDTH;
                prop_assert!(lie_over || panes.rows.intersection(panes.divider).is_empty());
            }
        }
    }
}
