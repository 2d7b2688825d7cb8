//! Where the parts of the screen are.

use ratatui::layout::Rect;

/// See the module. A part for which there is no room is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Panes {
    pub(super) all: Rect,
    /// The score of all services, and why.
    pub(super) system: Rect,
    pub(super) header: Rect,
    /// The services, a line each.
    pub(super) rows: Rect,
    /// The selected service: reasons, and where it is going.
    pub(super) detail: Rect,
    /// The state of spantop itself.
    pub(super) own: Rect,
}

/// From this width on the detail stands beside the services.
const WIDE: u16 = 120;
/// Lines of the state of spantop, with its title, and the least height at which there is room for it.
const OWN: u16 = 7;
const OWN_FROM: u16 = 20;
/// Lines of the detail below the services.
const DETAIL: u16 = 5;

/// Returns the parts for so many services and lines of the whole.
pub(super) fn panes(area: Rect, services: usize, system: usize) -> Panes {
    let own = if area.height >= OWN_FROM { OWN } else { 0 };
    let above = Rect { height: area.height - own, ..area };
    let own = Rect { y: above.bottom(), height: own, ..area };
    // Where it is low the services tell more than why.
    let lines = if area.height < OWN_FROM { 1 } else { system as u16 + 1 };
    let system_height = lines.min(above.height.saturating_sub(4)).max(1).min(above.height);
    let system = Rect { height: system_height, ..above };
    let below = Rect { y: system.bottom(), height: above.height - system_height, ..above };
    let header = Rect { height: below.height.min(1), ..below };
    let rest = Rect { y: header.bottom(), height: below.height - header.height, ..below };
    if area.width >= WIDE {
        let left = rest.width * 11 / 20;
        let rows = Rect { width: left, ..rest };
        let header = Rect { width: left, ..header };
        let detail = Rect { x: rest.x + left + 1, y: header.y, width: rest.width - left - 1, height: below.height };
        return Panes { all: area, system, header, rows, detail, own };
    }
    let wanted = services as u16;
    let detail = (rest.height.saturating_sub(wanted)).max(DETAIL).min(rest.height / 2);
    let rows = Rect { height: rest.height - detail, ..rest };
    let detail = Rect { y: rows.bottom(), height: detail, ..rest };
    Panes { all: area, system, header, rows, detail, own }
}
