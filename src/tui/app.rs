//! The whole screen as a value: events go in, effects come out, and drawing changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::canvas::{Canvas, Look};
use super::command::{Command, Scope};
use super::effect::Effect;
use super::event::{Event, Mouse, MouseAction};
use super::format;
use super::frame::{self, Message, Mode, Tab};
use super::keymap::{Key, Keymap};
use super::overlays::help::{self, Help};
use super::screens::Action;
use super::screens::trace::Trace;
use super::screens::traces::Traces;
use super::search::history::History;
use super::settings::TimeWindow;
use super::slots::{Slot, Slots, Ticket, Wish};
use super::world::World;
use crate::source::{Reply, Request, SourceError};

/// How many ticks a message stays.
const MESSAGE_TICKS: u64 = 4;
/// For how long what was found at the start is news.
const JUST_STARTED_NS: u64 = 10_000_000_000;
/// How many traces one can go back to.
const MAX_TRAIL: usize = 32;

/// Everything the screen knows and shows.
#[derive(Debug)]
pub(super) struct App {
    look: Look,
    keymap: Keymap,
    size: (u16, u16),
    world: World,
    slots: Slots,
    traces: Traces,
    /// The traces opened one from another; the last one is shown.
    trail: Vec<Trace>,
    tab: Scope,
    help: Option<Help>,
    message: Option<(Message, u64)>,
}

/// Where the frame and the screen are.
struct Panes {
    top: Rect,
    /// Without a row where there is nothing to warn of.
    banner: Rect,
    body: Rect,
    bottom: Rect,
}

fn panes((width, height): (u16, u16), has_banner: bool) -> Panes {
    let line = |y: u16, height: u16| Rect::new(0, y, width, height);
    let top = height.min(1);
    let bottom = (height - top).min(1);
    let banner = (height - top - bottom).min(u16::from(has_banner));
    let body = height - top - banner - bottom;
    Panes {
        top: line(0, top),
        banner: line(top, banner),
        body: line(top + banner, body),
        bottom: line(height - bottom, bottom),
    }
}

impl App {
    pub(super) fn new(look: Look, window: TimeWindow, history: History) -> Self {
        Self {
            look,
            keymap: Keymap::built_in(),
            size: (0, 0),
            world: World { history, ..World::default() },
            slots: Slots::default(),
            traces: Traces::new(window),
            trail: Vec::new(),
            tab: Scope::Traces,
            help: None,
            message: None,
        }
    }

    fn panes(&self) -> Panes {
        panes(self.size, self.world.trouble().is_some())
    }

    /// Takes an event, and returns what is to be done about it.
    pub(super) fn update(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = match event {
            Event::Key(key) => self.key(key),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Paste(text) => {
                self.paste(&text);
                Vec::new()
            }
            Event::Suspend => vec![Effect::Suspend],
            Event::Resume => vec![Effect::Retake],
            Event::Quit => vec![Effect::Quit],
            other => {
                self.take_note(other);
                Vec::new()
            }
        };
        let body = self.panes().body;
        self.traces.settle(body);
        if let Some(trace) = self.trail.last_mut() {
            trace.settle(body);
        }
        effects.extend(self.ask(body));
        effects
    }

    fn take_note(&mut self, event: Event) {
        match event {
            Event::Resize(width, height) => self.size = (width, height),
            Event::Tick(now) => self.tick(now),
            Event::Revision(revision) => self.world.revision = revision,
            Event::Reply(ticket, reply) => self.receive(ticket, reply),
            Event::Answered(ticket, ended) => self.answered(ticket, ended),
            Event::Notice(text) => self.say(text, true),
            _ => {}
        }
    }

    fn tick(&mut self, now: crate::model::Timestamp) {
        self.world.now = now;
        self.world.ticks += 1;
        self.world.steady_revision = self.world.revision;
        self.slots.retry();
        if self.message.as_ref().is_some_and(|(_, until)| *until <= self.world.ticks) {
            self.message = None;
        }
    }

    fn receive(&mut self, ticket: Ticket, reply: Reply) {
        if !self.slots.is_wanted(ticket) {
            return;
        }
        match &reply {
            Reply::Traces(list) => self.look.theme.learn_services(list.rows.iter().flat_map(|row| &row.services)),
            Reply::Trace(Some(trace)) => self.look.theme.learn_services(&trace.summary.services),
            Reply::Newer(_, spans) => self.look.theme.learn_services(spans.iter().map(|span| &span.service)),
            _ => {}
        }
        let body = self.panes().body;
        match (self.tab, self.trail.last_mut(), reply) {
            (_, _, Reply::Status(status)) => self.take_status(*status),
            (Scope::Trace, Some(trace), reply) => trace.receive(ticket.slot, reply),
            (_, _, reply) => self.traces.receive(ticket.slot, reply, body),
        }
    }

    fn answered(&mut self, ticket: Ticket, ended: Result<(), SourceError>) {
        if !self.slots.end(ticket, ended.is_err(), self.world.ticks) {
            return;
        }
        match (self.tab, self.trail.last_mut()) {
            (Scope::Trace, Some(trace)) => trace.answered(ticket.slot, ended),
            _ => self.traces.answered(ticket.slot, ended),
        }
    }

    fn take_status(&mut self, status: crate::source::Status) {
        let refused = self.world.status.as_ref().map(|old| old.refused_requests);
        if let Some(reason) = &status.last_refusal
            && refused.is_some_and(|before| status.refused_requests > before)
        {
            self.say(format!("refused: {reason}"), true);
        }
        if self.world.status.is_none() && status.counters.recovered > 0 && status.uptime_ns < JUST_STARTED_NS {
            self.say(format!("{} came back from disk", format::plural(status.counters.recovered, "span")), false);
        }
        self.world.status = Some(status);
    }

    /// Asks for what the shown screen wishes to know. What is not shown is not asked for.
    fn ask(&mut self, body: Rect) -> Vec<Effect> {
        let mut wishes = vec![Wish { slot: Slot::Status, request: Request::Status, version: self.world.ticks }];
        // Before the first tick there is no time, and so no window.
        if self.world.ticks == 0 {
            return Vec::new();
        }
        match (self.tab, self.trail.last()) {
            (Scope::Trace, Some(trace)) => wishes.extend(trace.wishes(&self.world)),
            _ => wishes.extend(self.traces.wishes(&self.world, body)),
        }
        self.slots.ask(&wishes, self.world.ticks)
    }

    /// Returns whose keys count.
    fn scope(&self) -> Scope {
        match (self.tab, self.trail.last()) {
            (Scope::Trace, Some(trace)) => trace.scope(),
            _ => self.traces.scope(),
        }
    }

    /// Types text where something is typed.
    fn insert(&mut self, text: &str) {
        match (self.tab, self.trail.last_mut()) {
            (Scope::Trace, Some(trace)) => trace.insert(text, &self.world),
            _ => self.traces.insert(text, &self.world),
        }
    }

    fn paste(&mut self, text: &str) {
        if self.help.is_none() && self.scope() == Scope::Search {
            self.insert(text);
        }
    }

    fn say(&mut self, text: String, is_error: bool) {
        self.message = Some((Message { text, is_error }, self.world.ticks + MESSAGE_TICKS));
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.message = None;
        let scope = self.scope();
        if let Some(typed) = key.typed().filter(|_| scope == Scope::Search && self.help.is_none()) {
            self.insert(typed.encode_utf8(&mut [0; 4]));
            return Vec::new();
        }
        let Some(command) = self.keymap.command(scope, key) else { return Vec::new() };
        match command {
            Command::Quit if self.help.is_none() || key.ctrl => return vec![Effect::Quit],
            Command::Redraw => return vec![Effect::Redraw],
            Command::Suspend => return vec![Effect::Suspend],
            _ => {}
        }
        if self.help.is_some() {
            self.help_command(command);
            return Vec::new();
        }
        self.command(command)
    }

    /// The help takes every key while it is open.
    fn help_command(&mut self, command: Command) {
        let by = match command {
            Command::Down => 1,
            Command::Up => -1,
            Command::HalfDown | Command::PageDown => 10,
            Command::HalfUp | Command::PageUp => -10,
            Command::First => isize::MIN,
            Command::Last => isize::MAX,
            Command::Back | Command::Cancel | Command::Help | Command::Quit | Command::Open | Command::Accept => {
                self.help = None;
                return;
            }
            _ => return,
        };
        self.scroll_help(by);
    }

    fn scroll_help(&mut self, by: isize) {
        let panes = self.panes();
        let scope = self.scope();
        if let Some(help) = &mut self.help {
            help.scroll(by, scope, &self.keymap, panes.body);
        }
    }

    fn command(&mut self, command: Command) -> Vec<Effect> {
        let body = self.panes().body;
        let action = match command {
            Command::Help => {
                self.help = Some(Help::default());
                None
            }
            Command::TracesTab => {
                self.tab = Scope::Traces;
                None
            }
            Command::TraceTab => {
                self.show_trace();
                None
            }
            Command::Back => {
                self.back();
                None
            }
            other => match (self.tab, self.trail.last_mut()) {
                (Scope::Trace, Some(trace)) => trace.command(other, &self.world, body),
                _ => self.traces.command(other, &self.world, body),
            },
        };
        self.perform(action)
    }

    fn perform(&mut self, action: Option<Action>) -> Vec<Effect> {
        match action {
            Some(Action::Say(text)) => self.say(text, false),
            Some(Action::Refuse(text)) => self.say(text, true),
            Some(Action::Remember(query)) if self.world.history.push(query.clone()) => {
                return vec![Effect::Remember(query)];
            }
            None | Some(Action::Remember(_)) => {}
            Some(Action::Open(id, span)) => {
                // A trace opened from the list begins a trail; one opened from a trace goes on with it.
                if self.tab == Scope::Traces {
                    self.trail.clear();
                }
                if self.trail.len() == MAX_TRAIL {
                    self.trail.remove(0);
                }
                self.trail.push(Trace::new(id, span));
                self.tab = Scope::Trace;
            }
        }
        Vec::new()
    }

    fn show_trace(&mut self) {
        if self.trail.is_empty() {
            self.say("no trace is open yet: Enter opens one".into(), false);
        } else {
            self.tab = Scope::Trace;
        }
    }

    /// Goes back: within a screen, from a trace to the one before, to the list.
    fn back(&mut self) {
        if self.tab != Scope::Trace {
            self.traces.back();
            return;
        }
        if self.trail.last_mut().is_some_and(Trace::back) {
            return;
        }
        self.trail.pop();
        if self.trail.is_empty() {
            self.tab = Scope::Traces;
        }
    }

    fn mouse(&mut self, mouse: Mouse) -> Vec<Effect> {
        let panes = self.panes();
        if self.help.is_some() {
            match mouse.action {
                MouseAction::WheelUp => self.scroll_help(-3),
                MouseAction::WheelDown => self.scroll_help(3),
                MouseAction::Click => self.help = None,
            }
            return Vec::new();
        }
        if mouse.action == MouseAction::Click && mouse.y == panes.top.y {
            self.click_tab(mouse.x);
        } else if panes.body.contains((mouse.x, mouse.y).into()) {
            let action = match (self.tab, self.trail.last_mut()) {
                (Scope::Trace, Some(trace)) => trace.mouse(mouse, panes.body),
                _ => self.traces.mouse(mouse, panes.body),
            };
            return self.perform(action);
        }
        Vec::new()
    }

    fn click_tab(&mut self, x: u16) {
        match frame::tab_at(&self.tabs(), self.size.0, x) {
            Some(0) => self.tab = Scope::Traces,
            Some(_) => self.show_trace(),
            None => {}
        }
    }

    /// The tabs there are: a trace has one once it is open.
    fn tabs(&self) -> Vec<Tab> {
        let mut tabs = vec![Tab { title: "1 Traces".into(), active: self.tab == Scope::Traces }];
        if !self.trail.is_empty() {
            let depth = if self.trail.len() > 1 { format!(" ({})", self.trail.len()) } else { String::new() };
            tabs.push(Tab { title: format!("2 Trace{depth}"), active: self.tab == Scope::Trace });
        }
        tabs
    }

    /// Draws everything as it is over whatever the buffer holds, which takes the size of the screen.
    pub(super) fn draw(&self, buffer: &mut Buffer) {
        let whole = Rect::new(0, 0, self.size.0, self.size.1);
        buffer.resize(whole);
        let canvas = &mut Canvas::new(buffer, &self.look);
        let panes = self.panes();
        canvas.fill(whole, canvas.theme().base());
        if whole.width < 24 || whole.height < 5 {
            canvas.text((0, 0), whole.width, "too small: 24×5 at least", canvas.theme().warning());
            return;
        }
        let trace = self.trail.last().filter(|_| self.tab == Scope::Trace);
        let mode = if let Some(trace) = trace {
            trace.view(canvas, panes.body);
            Mode { pause: trace.pause(), following: false, window: None }
        } else {
            self.traces.view(canvas, panes.body, &self.world);
            let state = &self.traces.state;
            let window = Some(state.window().name());
            Mode { pause: state.pause(), following: state.is_following(), window }
        };
        frame::top(canvas, panes.top, &self.tabs(), mode, &self.world);
        if let Some(trouble) = self.world.trouble() {
            frame::banner(canvas, panes.banner, trouble);
        }
        let problem = match trace {
            Some(trace) => trace.problem(),
            None => self.traces.problem(),
        };
        let problem = problem.map(|(text, is_error)| Message { text: text.into(), is_error });
        let message = self.message.as_ref().map(|(message, _)| message).or(problem.as_ref());
        frame::bottom(canvas, panes.bottom, self.scope(), &self.keymap, message);
        if let Some(help) = self.help {
            help::draw(help, self.scope(), &self.keymap, canvas, panes.body);
        }
    }

    #[cfg(test)]
    pub(super) fn selected_span(&self) -> Option<crate::model::SpanId> {
        self.trail.last().and_then(Trace::selected_span)
    }

    #[cfg(test)]
    pub(super) fn selected_trace(&self) -> Option<crate::model::TraceId> {
        self.traces.state.selected()
    }
}
