//! One trace: its waterfall, and the detail of the selected span.

pub mod axis;
pub mod detail;
mod detail_view;
mod labels;
pub mod panes;
pub mod state;
mod view;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

use self::detail::{Detail, Target};
use self::panes::{Focus, Panes};
use self::state::State;
use super::Action;
use super::traces::motion;
use crate::model::{SpanId, TraceId};
use crate::source::{Reply, Request, SourceError};
use crate::tui::canvas::Canvas;
use crate::tui::command::Command;
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::slots::{Slot, Wish};
use crate::tui::widgets::cursor::Motion;
use crate::tui::world::{Pause, World};

/// How many rows the wheel scrolls.
const WHEEL_ROWS: isize = 3;

/// The screen: the waterfall, the detail, and which of them takes the keys.
#[derive(Debug)]
pub struct Trace {
    state: State,
    detail: Detail,
    focus: Focus,
    pause: Option<Pause>,
}

impl Trace {
    pub fn new(id: TraceId, span: Option<SpanId>) -> Self {
        Self { state: State::new(id, span), detail: Detail::default(), focus: Focus::Waterfall, pause: None }
    }

    pub fn pause(&self) -> Option<Pause> {
        self.pause
    }

    #[cfg(test)]
    pub(in crate::tui) fn selected_span(&self) -> Option<SpanId> {
        self.state.selected_span().map(|span| span.id)
    }

    fn panes(&self, area: Rect) -> Panes {
        panes::panes(area, self.focus, self.state.label_need())
    }

    /// Returns what the screen wants to know: the trace, then what comes of it, and the selected span once.
    pub fn wishes(&self, world: &World) -> Vec<Wish> {
        let version = self.pause.map_or(world.revision, |pause| pause.revision);
        let id = self.state.id();
        let request = self.state.held().map_or(Request::Trace(id), |held| Request::Newer(id, held));
        let mut wishes = vec![Wish { slot: Slot::Trace, request, version }];
        if let Some(span) = self.state.selected_span() {
            // A span never changes. One that was not held is looked for again as data arrives.
            let version = if self.detail.is_missing() { version } else { 0 };
            wishes.push(Wish { slot: Slot::Span, request: Request::Span(id, span.id), version });
        }
        wishes
    }

    /// Takes an answer.
    pub fn receive(&mut self, slot: Slot, reply: Result<Reply, SourceError>) {
        match (slot, reply) {
            (Slot::Trace, Ok(Reply::Trace(trace))) => self.state.show(trace),
            (Slot::Trace, Ok(Reply::Newer(after, spans))) => self.state.grow(after, spans),
            (Slot::Trace, Err(error)) => self.state.fail(error.message),
            (Slot::Span, Ok(Reply::Span(span))) => self.detail.show(span),
            (Slot::Span, Err(error)) => self.detail.fail(error.message),
            _ => {}
        }
    }

    /// Fits everything to the area and the newest data; after each event, before anything is drawn.
    pub fn settle(&mut self, area: Rect) {
        let panes = self.panes(area);
        self.state.clamp(usize::from(panes.rows.height));
        self.detail.settle(&self.state, panes.detail.width, usize::from(panes.detail.height));
    }

    /// Goes back within the screen; returns whether there was where to go.
    pub fn back(&mut self) -> bool {
        std::mem::replace(&mut self.focus, Focus::Waterfall) == Focus::Detail
    }

    /// Does what a key asks for.
    pub fn command(&mut self, command: Command, world: &World, area: Rect) -> Option<Action> {
        let panes = self.panes(area);
        if let Some(motion) = motion(command) {
            self.step(motion, area);
            return None;
        }
        let height = usize::from(panes.rows.height);
        match command {
            Command::FocusNext => self.focus = self.focus.other(),
            Command::GroupAttributes => self.detail.toggle_groups(),
            Command::Pause => {
                self.pause = self.pause.is_none().then(|| Pause::begin(world, world.revision));
            }
            Command::Open if self.focus == Focus::Detail => return self.activate(),
            Command::Open => self.state.toggle_fold(),
            Command::Fold => self.state.fold(height),
            Command::Unfold => self.state.unfold(height),
            Command::FoldAll => self.state.fold_all(),
            Command::UnfoldAll => self.state.unfold_all(),
            Command::NextError | Command::PreviousError => return self.go_to_error(command, height),
            Command::ZoomIn => self.state.zoom(0.5),
            Command::ZoomOut => self.state.zoom(2.0),
            Command::ZoomSpan => self.state.zoom_to_span(),
            Command::ZoomReset => self.state.axis_mut().reset(),
            Command::PanLeft => self.state.pan(-1),
            Command::PanRight => self.state.pan(1),
            _ => {}
        }
        None
    }

    fn step(&mut self, motion: Motion, area: Rect) {
        let panes = self.panes(area);
        match self.focus {
            Focus::Waterfall => self.state.step(motion, usize::from(panes.rows.height)),
            Focus::Detail => self.detail.step(motion, usize::from(panes.detail.height)),
        }
    }

    fn go_to_error(&mut self, command: Command, height: usize) -> Option<Action> {
        let found = match command {
            Command::NextError => self.state.next_error(height),
            _ => self.state.previous_error(height),
        };
        let which = if command == Command::NextError { "further" } else { "earlier" };
        (!found).then(|| Action::Say(format!("no {which} error in this trace")))
    }

    /// Does what the selected line of the detail offers.
    fn activate(&mut self) -> Option<Action> {
        match self.detail.target()? {
            Target::Group(prefix) => {
                self.detail.toggle_group(&prefix);
                None
            }
            Target::Link(trace, Some(span)) if trace == self.state.id() => {
                self.focus = Focus::Waterfall;
                let found = self.state.go_to(span);
                (!found).then(|| Action::Say("the linked span of this trace is not held".into()))
            }
            Target::Link(trace, span) => Some(Action::Open(trace, span)),
        }
    }

    /// Does what the mouse asks for: a click selects, a click on what is selected folds or opens.
    pub fn mouse(&mut self, mouse: Mouse, area: Rect) -> Option<Action> {
        let panes = self.panes(area);
        let at = (mouse.x, mouse.y).into();
        let in_detail = panes.detail.contains(at);
        let by = match mouse.action {
            MouseAction::WheelUp => -WHEEL_ROWS,
            MouseAction::WheelDown => WHEEL_ROWS,
            MouseAction::Click if in_detail => {
                self.focus = Focus::Detail;
                let again = self.detail.click(usize::from(mouse.y - panes.detail.y));
                return if again { self.activate() } else { None };
            }
            MouseAction::Click => {
                self.focus = Focus::Waterfall;
                if panes.rows.contains(at) && self.state.click(usize::from(mouse.y - panes.rows.y)) {
                    self.state.toggle_fold();
                }
                return None;
            }
        };
        if in_detail {
            self.detail.scroll(by, usize::from(panes.detail.height));
        } else {
            self.state.scroll(by, usize::from(panes.rows.height));
        }
        None
    }

    /// Draws the screen.
    pub fn view(&self, canvas: &mut Canvas, area: Rect) {
        let panes = self.panes(area);
        view::draw(&self.state, canvas, &panes, self.focus);
        detail_view::draw(&self.detail, &self.state, canvas, &panes, self.focus);
    }
}
