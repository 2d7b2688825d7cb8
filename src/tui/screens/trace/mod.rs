//! One trace: its waterfall, the detail of the selected span, and a line that searches in it.

pub mod axis;
pub mod detail;
mod detail_view;
mod face;
mod flame;
mod labels;
mod matches;
mod operations;
pub mod panes;
mod path;
pub mod state;
mod view;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ratatui::layout::Rect;

use self::detail::{Detail, Target};
use self::face::{Face, Led};
use self::panes::{Focus, Panes};
use self::state::State;
use super::traces::motion;
use super::{Action, Screen};
use crate::model::{SpanId, TraceId};
use crate::query::Query;
use crate::source::{Reply, Request, SourceError, Window};
use crate::tui::canvas::Canvas;
use crate::tui::command::{Command, Scope};
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::frame::{Mode, Segment};
use crate::tui::search::{self, Done, Search};
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
    /// What is shown in place of the waterfall.
    face: Option<Face>,
    pause: Option<Pause>,
    search: Search,
    /// What the matches are of.
    searched: Option<Arc<Query>>,
    /// Whether to go to the nearest match as soon as it is known.
    goes_to_match: bool,
}

impl Trace {
    pub fn new(id: TraceId, span: Option<SpanId>) -> Self {
        Self {
            state: State::new(id, span),
            detail: Detail::default(),
            focus: Focus::Waterfall,
            face: None,
            pause: None,
            search: Search::default(),
            searched: None,
            goes_to_match: false,
        }
    }

    #[cfg(test)]
    pub(in crate::tui) fn selected_span(&self) -> Option<SpanId> {
        self.state.selected_span().map(|span| span.id)
    }

    fn panes(&self, area: Rect) -> Panes {
        panes::panes(self.above(area), self.focus, self.state.label_need())
    }

    /// Returns where everything is but the search line.
    fn above(&self, area: Rect) -> Rect {
        let line = u16::from(self.search.is_shown() && area.height > 2);
        Rect { height: area.height - line, ..area }
    }

    fn line(&self, area: Rect) -> Rect {
        let above = self.above(area);
        Rect { y: above.bottom(), height: area.height - above.height, ..area }
    }

    fn type_command(&mut self, command: Command, world: &World) -> Option<Action> {
        let done = self.search.command(command, &world.history)?;
        self.goes_to_match |= matches!(done, Done::Accepted(_)) && self.search.query().is_some();
        Some(done.into())
    }

    fn go_to_match(&mut self, command: Command, height: usize) -> Option<Action> {
        if self.search.query().is_none() && self.state.matches().is_none() {
            return Some(Action::Say("nothing is searched for: / searches in this trace".into()));
        }
        self.focus = Focus::Waterfall;
        let is_next = command == Command::NextMatch;
        let found = if is_next { self.state.next_match(height) } else { self.state.previous_match(height) };
        let which = if is_next { "further" } else { "earlier" };
        (!found).then(|| Action::Say(format!("no {which} match in this trace")))
    }

    fn step(&mut self, motion: Motion, area: Rect) {
        let panes = self.panes(area);
        match (self.focus, &mut self.face) {
            (Focus::Waterfall, Some(face)) => {
                let led = face.step(motion, &panes);
                self.follow(led);
            }
            (Focus::Waterfall, None) => self.state.step(motion, usize::from(panes.rows.height)),
            (Focus::Detail, _) => self.detail.step(motion, usize::from(panes.detail.height)),
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

    /// Goes where what stands in the place of the waterfall leads to; returns whether that is anywhere.
    fn follow(&mut self, led: Led) -> bool {
        match led {
            Led::Nowhere => return false,
            Led::Here => {}
            Led::Back => self.face = None,
            Led::Zoom => self.state.zoom_to_span(),
            Led::Select(span) => _ = span.is_some_and(|span| self.state.go_to(span)),
            Led::ToSpans(spans) => {
                self.face = None;
                self.state.point_at(spans, self.search.query().is_some());
            }
        }
        true
    }

    /// Does what is meant for what stands in the place of the waterfall; returns whether that was so.
    fn command_of_face(&mut self, command: Command) -> bool {
        let Some(face) = self.face.as_mut() else { return false };
        if matches!(command, Command::NextMatch | Command::PreviousMatch | Command::NextError | Command::PreviousError)
        {
            // These lead to a span, which is in the waterfall.
            self.face = None;
            return false;
        }
        if self.focus == Focus::Detail && command == Command::Open {
            return false;
        }
        let led = face.command(command);
        self.follow(led)
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
}

impl Screen for Trace {
    /// Returns whose keys count.
    fn scope(&self) -> Scope {
        match (&self.face, self.focus) {
            _ if self.search.is_typing() => Scope::Search,
            (Some(face), Focus::Waterfall) => face.scope(),
            _ => Scope::Trace,
        }
    }

    fn mode(&self) -> Mode {
        Mode { pause: self.pause, following: false, has_window: false }
    }

    /// Returns what is wrong with what is typed, and whether it is more than that it has not ended yet.
    fn problem(&self) -> Option<(&str, bool)> {
        self.search.problem()
    }

    /// Returns what the screen wants to know: the trace, then what comes of it, and the selected span once.
    fn wishes(&mut self, world: &World, _: Rect) -> Vec<Wish> {
        let version = self.pause.map_or(world.revision, |pause| pause.revision);
        let id = self.state.id();
        let request = self.state.held().map_or(Request::Trace(id), |held| Request::Newer(id, held));
        let mut wishes = vec![Wish { slot: Slot::Trace, request, version }];
        if let Some(span) = self.state.selected_span() {
            // A span never changes. One that was not held is looked for again as data arrives.
            let version = if self.detail.is_missing() { version } else { 0 };
            wishes.push(Wish { slot: Slot::Span, request: Request::Span(id, span.id), version });
        }
        match &self.face {
            Some(Face::Findings(_)) => {
                let request = Request::TraceFindings(id);
                wishes.push(Wish { slot: Slot::Findings, request, version: self.state.changes() });
            }
            Some(Face::Flame(flame)) => {
                // Asked once: as more arrive, all traces do not change much.
                wishes.extend(flame.wish(&self.state).map(|request| Wish { slot: Slot::Flame, request, version: 0 }));
            }
            _ => {}
        }
        if let Some(query) = self.search.query() {
            let request = Request::Matches(id, Arc::clone(query));
            wishes.push(Wish { slot: Slot::Matches, request, version: self.state.changes() });
        }
        wishes.extend(self.search.wishes(Window::default()));
        wishes
    }

    /// Takes an answer.
    fn receive(&mut self, slot: Slot, reply: Reply, _: Rect) {
        match (slot, reply) {
            (Slot::Trace, Reply::Trace(trace)) => self.state.show(trace),
            (Slot::Trace, Reply::Newer(after, spans)) => self.state.grow(after, spans),
            (Slot::Span, Reply::Span(span)) => self.detail.show(span),
            (Slot::Matches, Reply::Matches(spans)) => self.state.show_matches(Some(spans)),
            (Slot::Findings, Reply::TraceFindings(found)) => {
                if let Some(Face::Findings(findings)) = &mut self.face {
                    findings.show_of_trace(found.unwrap_or_default());
                }
            }
            (Slot::Flame, reply) => {
                if let Some(Face::Flame(flame)) = &mut self.face {
                    flame.receive(reply);
                }
            }
            (slot, reply) => self.search.receive(slot, reply),
        }
    }

    /// Takes note that no more comes for a slot.
    fn answered(&mut self, slot: Slot, ended: Result<(), SourceError>) {
        match (slot, ended) {
            (Slot::Trace, Err(error)) => self.state.fail(error.message),
            (Slot::Span, Err(error)) => self.detail.fail(error.message),
            (Slot::Flame, Err(error)) => {
                if let Some(Face::Flame(flame)) = &mut self.face {
                    flame.fail(error.message);
                }
            }
            (Slot::Findings, Err(error)) => {
                if let Some(Face::Findings(findings)) = &mut self.face {
                    findings.fail(error.message);
                }
            }
            _ => {}
        }
    }

    /// Fits everything to the area and the newest data; after each event, before anything is drawn.
    fn settle(&mut self, _: &World, area: Rect) {
        if self.searched.as_ref() != self.search.query() {
            self.searched = self.search.query().cloned();
            self.state.show_matches(None);
        }
        let panes = self.panes(area);
        let height = usize::from(panes.rows.height);
        if self.goes_to_match && self.state.matches().is_some() {
            self.goes_to_match = false;
            self.state.nearest_match(height);
        }
        self.state.clamp(height);
        if let Some(face) = &mut self.face {
            face.settle(&self.state, &panes);
        }
        self.detail.settle(&self.state, panes.detail.width, usize::from(panes.detail.height));
    }

    /// Types text.
    fn insert(&mut self, text: &str, world: &World) {
        self.search.insert(text, &world.history);
    }

    /// Does what a key asks for.
    fn command(&mut self, command: Command, world: &World, area: Rect) -> Option<Action> {
        if self.search.is_typing() {
            return self.type_command(command, world);
        }
        let panes = self.panes(area);
        if let Some(motion) = motion(command) {
            self.step(motion, area);
            return None;
        }
        let height = usize::from(panes.rows.height);
        if self.command_of_face(command) {
            return None;
        }
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
            Command::Search => self.search.open(),
            Command::Explain => self.search.toggle_explanation(),
            Command::NextMatch | Command::PreviousMatch => return self.go_to_match(command, height),
            Command::NextError | Command::PreviousError => return self.go_to_error(command, height),
            Command::ZoomIn => self.state.zoom(0.5),
            Command::ZoomOut => self.state.zoom(2.0),
            Command::ZoomSpan => self.state.zoom_to_span(),
            Command::ZoomReset => self.state.axis_mut().reset(),
            Command::CriticalPath => self.state.toggle_path_only(),
            Command::PanLeft => self.state.pan(-1),
            Command::PanRight => self.state.pan(1),
            _ => self.face = Face::of(command).or(self.face.take()),
        }
        None
    }

    /// Goes back within the screen; returns whether there was where to go.
    fn back(&mut self) -> bool {
        self.search.hide_explanation()
            || std::mem::replace(&mut self.focus, Focus::Waterfall) == Focus::Detail
            || self.face.as_mut().is_some_and(Face::back)
            || self.face.take().is_some()
            || self.search.clear()
            || self.state.unmark()
    }

    /// Does what the mouse asks for: a click selects, a click on what is selected folds or opens.
    fn mouse(&mut self, mouse: Mouse, area: Rect) -> Option<Action> {
        let panes = self.panes(area);
        let at = (mouse.x, mouse.y).into();
        let in_detail = panes.detail.contains(at);
        let by = match mouse.action {
            MouseAction::WheelUp => -WHEEL_ROWS,
            MouseAction::WheelDown => WHEEL_ROWS,
            MouseAction::Click if self.search.is_typing() || self.line(area).contains(at) => {
                let text = search::text_area(self.line(area), &Segment::new());
                if self.line(area).contains(at) {
                    self.search.click(usize::from(mouse.x.saturating_sub(text.x)), text.width.into());
                }
                return None;
            }
            MouseAction::Click if in_detail => {
                self.focus = Focus::Detail;
                let again = self.detail.click(usize::from(mouse.y - panes.detail.y));
                return if again { self.activate() } else { None };
            }
            MouseAction::Click => {
                self.focus = Focus::Waterfall;
                if let Some(face) = &mut self.face {
                    let led = face.mouse(mouse, &panes, &self.state);
                    self.follow(led);
                    return None;
                }
                if panes.rows.contains(at) && self.state.click(usize::from(mouse.y - panes.rows.y)) {
                    self.state.toggle_fold();
                }
                return None;
            }
        };
        if in_detail {
            self.detail.scroll(by, usize::from(panes.detail.height));
        } else if let Some(face) = &mut self.face {
            face.mouse(mouse, &panes, &self.state);
        } else {
            self.state.scroll(by, usize::from(panes.rows.height));
        }
        None
    }

    /// Draws the screen.
    fn view(&self, canvas: &mut Canvas, area: Rect, _: &World) {
        let panes = self.panes(area);
        match &self.face {
            Some(face) if self.state.trace().is_some() => face.draw(&self.state, canvas, &panes),
            _ => view::draw(&self.state, canvas, &panes, self.focus),
        }
        detail_view::draw(&self.detail, &self.state, canvas, &panes, self.focus);
        let line = self.line(area);
        let aside = view::found(&self.state, canvas, self.search.is_typing());
        search::draw_line(&self.search, canvas, line, &aside);
        search::draw_over(&self.search, canvas, line, self.above(area), &aside);
    }
}
