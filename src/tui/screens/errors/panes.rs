//! Where the parts of the screen are: a pure function of its area and of what takes the keys.

use ratatui::layout::Rect;

/// What takes the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Focus {
    #[default]
    Table,
    /// The selected group.
    Group,
}

/// From this height on both are shown.
const TALL: u16 = 20;
/// The part of the height that the table takes, in percent.
const TABLE: u16 = 42;

/// The parts. One that is not shown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Panes {
    /// All but the search line: what lists over it cover.
    pub(super) above: Rect,
    pub(super) header: Rect,
    pub(super) rows: Rect,
    /// Columns, without the gutter at the left.
    pub(super) columns: Rect,
    /// What stands between the table and the group.
    pub(super) divider: Rect,
    pub(super) group: Rect,
    /// The search line.
    pub(super) line: Rect,
}

/// Returns where things are in an area of any size, with or without a search line.
pub(super) fn panes(area: Rect, has_line: bool, focus: Focus) -> Panes {
    let line_height = u16::from(has_line && area.height > 2);
    let above = Rect { height: area.height - line_height, ..area };
    let line = Rect { y: above.bottom(), height: line_height, ..area };
    let table_height = match focus {
        _ if above.height >= TALL => above.height * TABLE / 100,
        Focus::Table => above.height,
        Focus::Group => 0,
    };
    let table = Rect { height: table_height, ..above };
    let divider = Rect { y: table.bottom(), height: (above.height - table_height).min(1), ..above };
    let group = Rect { y: divider.bottom(), height: above.bottom() - divider.bottom(), ..above };
    let header = Rect { height: table.height.min(1), ..table };
    let rows = Rect { y: header.bottom(), height: table.height - header.height, ..table };
    let inner = |area: Rect| Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area };
    Panes { above, header: inner(header), rows, columns: inner(rows), divider, group: inner(group), line }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_lie_inside_and_apart(w in 0_u16..300, h in 0_u16..100, has_line: bool) {
            let area = Rect::new(0, 1, w, h);
            for focus in [Focus::Table, Focus::Group] {
                let panes = panes(area, has_line, focus);
                let mut parts = vec![panes.header, panes.rows, panes.divider, panes.group, panes.line];
                parts.retain(|part| !part.is_empty());
                for (i, part) in parts.iter().enumerate() {
                    prop_assert_eq!(part.intersection(area), *part);
                    prop_assert!(parts[..i].iter().all(|other| other.intersection(*part).is_empty()), "{:?}", panes);
                }
            }
        }
    }
}
