//! What stands in the place of the waterfall.

use ratatui::layout::Rect;

use super::flame::Flame;
use super::operations::Operations;
use super::panes::Panes;
use super::state::State;
use super::view;
use crate::model::SpanId;
use crate::tui::canvas::Canvas;
use crate::tui::command::{Command, Scope};
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::findings::Findings;
use crate::tui::widgets::cursor::Motion;

/// See the module.
#[derive(Debug)]
pub(super) enum Face {
    /// The operations as a table.
    Operations(Operations),
    /// What stands out.
    Findings(Findings),
    /// Who calls whom, for how long.
    Flame(Flame),
}

/// What a key or a click led to.
pub(super) enum Led {
    /// It was for something else.
    Nowhere,
    Here,
    /// To the waterfall.
    Back,
    /// To a span, without leaving what is shown.
    Select(Option<SpanId>),
    /// To the time of the selected span.
    Zoom,
    /// To spans in the waterfall, the first of them first.
    ToSpans(Vec<SpanId>),
}

/// How many rows the wheel scrolls.
const WHEEL_ROWS: isize = 3;

impl Face {
    /// Returns what a command shows in place of the waterfall.
    pub(super) fn of(command: Command) -> Option<Self> {
        match command {
            Command::Operations => Some(Self::Operations(Operations::default())),
            Command::Findings => Some(Self::Findings(Findings::default())),
            Command::Flame => Some(Self::Flame(Flame::default())),
            _ => None,
        }
    }

    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Operations(_) => Scope::Operations,
            Self::Findings(_) => Scope::Findings,
            Self::Flame(_) => Scope::Flame,
        }
    }

    /// Returns whether a command, given while this is shown, hides it.
    fn is_hidden_by(&self, command: Command) -> bool {
        matches!(
            (self, command),
            (Self::Operations(_), Command::Operations)
                | (Self::Findings(_), Command::Findings)
                | (Self::Flame(_), Command::Flame)
        )
    }

    pub(super) fn command(&mut self, command: Command) -> Led {
        if self.is_hidden_by(command) {
            return Led::Back;
        }
        match (self, command) {
            (Self::Operations(operations), Command::SortNext) => operations.rows.sort_next(),
            (Self::Operations(operations), Command::SortReverse) => operations.rows.sort_reverse(),
            (Self::Findings(findings), Command::SortNext) => findings.rows_mut().sort_next(),
            (Self::Findings(findings), Command::SortReverse) => findings.rows_mut().sort_reverse(),
            (Self::Flame(flame), Command::Aggregate) => flame.next_mode(),
            (Self::Flame(flame), Command::Left) => return Led::Select(flame.step_aside(false)),
            (Self::Flame(flame), Command::Right) => return Led::Select(flame.step_aside(true)),
            (Self::Flame(flame), Command::Open | Command::ZoomSpan) if !flame.is_in_time() => flame.zoom_in(),
            (Self::Flame(flame), Command::ZoomReset) if !flame.is_in_time() => _ = flame.zoom_out(),
            (Self::Flame(_), Command::Open) => return Led::Zoom,
            (Self::Flame(_), _) => return Led::Nowhere,
            (face, Command::Open) => return face.open(),
            _ => return Led::Nowhere,
        }
        Led::Here
    }

    /// Goes to what is selected.
    fn open(&self) -> Led {
        let spans = match self {
            Self::Operations(operations) => operations.rows.selected().map(|row| vec![row.first]),
            Self::Findings(findings) => findings.spans().map(<[SpanId]>::to_vec),
            Self::Flame(_) => None,
        };
        spans.map_or(Led::Here, Led::ToSpans)
    }

    /// Goes back within what is shown; returns whether there was where to go.
    pub(super) fn back(&mut self) -> bool {
        match self {
            Self::Flame(flame) => flame.zoom_out(),
            Self::Operations(_) | Self::Findings(_) => false,
        }
    }

    pub(super) fn step(&mut self, motion: Motion, panes: &Panes) -> Led {
        match self {
            Self::Flame(flame) => return Led::Select(flame.step(motion)),
            Self::Operations(operations) => operations.rows.step(motion, panes.rows.height.into()),
            Self::Findings(findings) => {
                let height = findings.height(all(panes));
                findings.rows_mut().step(motion, height);
            }
        }
        Led::Here
    }

    /// Fits everything to the trace and the room there is.
    pub(super) fn settle(&mut self, state: &State, panes: &Panes) {
        match self {
            Self::Operations(operations) => operations.settle(state, panes.rows.height.into()),
            Self::Findings(findings) => findings.settle(all(panes)),
            Self::Flame(flame) => flame.settle(state, Flame::lanes(all(panes)).height),
        }
    }

    pub(super) fn mouse(&mut self, mouse: Mouse, panes: &Panes, state: &State) -> Led {
        if let Self::Flame(flame) = self {
            return flame_mouse(flame, mouse, panes, state);
        }
        let again = match (&mut *self, mouse.action) {
            (Self::Findings(findings), _) => findings.mouse(mouse, all(panes)),
            (Self::Flame(_), _) => false,
            (Self::Operations(operations), MouseAction::Click) => {
                operations.click((mouse.x, mouse.y), panes.axis, panes.rows)
            }
            (Self::Operations(operations), action) => {
                let by = if action == MouseAction::WheelUp { -WHEEL_ROWS } else { WHEEL_ROWS };
                operations.rows.scroll(by, panes.rows.height.into());
                false
            }
        };
        if again { self.open() } else { Led::Here }
    }

    pub(super) fn draw(&self, state: &State, canvas: &mut Canvas, panes: &Panes) {
        view::title(state, canvas, panes.title);
        match self {
            Self::Operations(operations) => operations.draw(canvas, panes.axis, panes.rows),
            Self::Findings(findings) => findings.draw(canvas, all(panes)),
            Self::Flame(flame) => flame.draw(state, canvas, all(panes)),
        }
    }
}

/// A click selects a block, one on the selected block gives it the whole width.
fn flame_mouse(flame: &mut Flame, mouse: Mouse, panes: &Panes, state: &State) -> Led {
    match mouse.action {
        MouseAction::WheelUp => flame.scroll(-3),
        MouseAction::WheelDown => flame.scroll(3),
        MouseAction::Click => {
            let (again, span) = flame.click(mouse, Flame::lanes(all(panes)), state);
            if again && !flame.is_in_time() {
                flame.zoom_in();
            }
            return Led::Select(span);
        }
    }
    Led::Here
}

/// Returns the place of the axis and the rows of the waterfall.
fn all(panes: &Panes) -> Rect {
    Rect { height: panes.axis.height + panes.rows.height, ..panes.axis }
}
