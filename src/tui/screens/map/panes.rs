//! Where the parts of the screen are: a pure function of its area and of what takes the keys.

use ratatui::layout::Rect;

/// What takes the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Focus {
    /// The picture, or the matrix.
    #[default]
    Graph,
    /// The calls of the selected node.
    Calls,
}

/// From this height on the calls of what is selected stand below the graph.
const TALL: u16 = 30;
/// The rows of the table of calls, with its titles, and the least of the graph beside it.
const CALLS: u16 = 9;
const LEAST_GRAPH: u16 = 6;

/// The parts. One that is not shown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Panes {
    /// All but the search line: what lists over it cover.
    pub(super) above: Rect,
    pub(super) graph: Rect,
    /// What is selected, with its figures.
    pub(super) told: Rect,
    pub(super) header: Rect,
    pub(super) rows: Rect,
    /// Columns, without the gutter at the left.
    pub(super) columns: Rect,
    /// The search line.
    pub(super) line: Rect,
}

/// Returns where things are in an area of any size, with or without a search line.
pub(super) fn panes(area: Rect, has_line: bool, focus: Focus) -> Panes {
    let line_height = u16::from(has_line && area.height > 2);
    let above = Rect { height: area.height - line_height, ..area };
    let line = Rect { y: above.bottom(), height: line_height, ..area };
    let calls = match focus {
        _ if above.height >= TALL => CALLS,
        Focus::Calls if above.height >= LEAST_GRAPH + CALLS => CALLS,
        Focus::Calls => above.height.saturating_sub(1),
        Focus::Graph => 0,
    };
    let told_height = above.height.min(1);
    let graph = Rect { height: above.height - told_height - calls.min(above.height - told_height), ..above };
    let told = Rect { y: graph.bottom(), height: told_height, ..above };
    let below = Rect { y: told.bottom(), height: above.bottom() - told.bottom(), ..above };
    let header = Rect { height: below.height.min(1), ..below };
    let rows = Rect { y: header.bottom(), height: below.height - header.height, ..below };
    let inner = |area: Rect| Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area };
    Panes { above, graph, told: inner(told), header: inner(header), rows, columns: inner(rows), line }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_parts_lie_inside_and_apart(w in 0_u16..300, h in 0_u16..100, has_line: bool) {
            let area = Rect::new(0, 1, w, h);
            for focus in [Focus::Graph, Focus::Calls] {
                let panes = panes(area, has_line, focus);
                let mut parts = vec![panes.graph, panes.told, panes.header, panes.rows, panes.line];
                parts.retain(|part| !part.is_empty());
                for (i, part) in parts.iter().enumerate() {
                    prop_assert_eq!(part.intersection(area), *part);
                    prop_assert!(parts[..i].iter().all(|other| other.intersection(*part).is_empty()), "{:?}", panes);
                }
            }
        }
    }
}
