//! What stands in the place of the waterfall.

use ratatui::layout::Rect;

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
}

/// What a key or a click led to.
pub(super) enum Led {
    /// It was for something else.
    Nowhere,
    Here,
    /// To the waterfall.
    Back,
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
            _ => None,
        }
    }

    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Operations(_) => Scope::Operations,
            Self::Findings(_) => Scope::Findings,
        }
    }

    /// Returns whether a command, given while this is shown, hides it.
    fn is_hidden_by(&self, command: Command) -> bool {
        matches!((self, command), (Self::Operations(_), Command::Operations) | (Self::Findings(_), Command::Findings))
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
        };
        spans.map_or(Led::Here, Led::ToSpans)
    }

    pub(super) fn step(&mut self, motion: Motion, panes: &Panes) {
        match self {
            Self::Operations(operations) => operations.rows.step(motion, panes.rows.height.into()),
            Self::Findings(findings) => {
                let height = findings.height(all(panes));
                findings.rows_mut().step(motion, height);
            }
        }
    }

    /// Fits everything to the trace and the room there is.
    pub(super) fn settle(&mut self, state: &State, panes: &Panes) {
        match self {
            Self::Operations(operations) => operations.settle(state, panes.rows.height.into()),
            Self::Findings(findings) => findings.settle(all(panes)),
        }
    }

    pub(super) fn mouse(&mut self, mouse: Mouse, panes: &Panes) -> Led {
        let again = match (&mut *self, mouse.action) {
            (Self::Findings(findings), _) => findings.mouse(mouse, all(panes)),
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
        }
    }
}

/// Returns the place of the axis and the rows of the waterfall.
fn all(panes: &Panes) -> Rect {
    Rect { height: panes.axis.height + panes.rows.height, ..panes.axis }
}
