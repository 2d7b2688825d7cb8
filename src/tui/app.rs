//! The whole screen as a value: events go in, effects come out, and drawing changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::canvas::{Canvas, Look};
use super::command::{Command, Scope, Tab};
use super::effect::Effect;
use super::event::{Event, Mouse, MouseAction};
use super::format;
use super::frame::{self, Message};
use super::keymap::{Key, Keymap};
use super::overlays::help::{self, Help};
use super::overlays::why::Why;
use super::screens::Action;
use super::screens::traces::motion;
use super::search::history::History;
use super::settings::TimeWindow;
use super::shown::Screens;
use super::slots::{Slot, Slots, Ticket, Wish};
use super::world::World;
use crate::source::{Reply, Request, SourceError};

/// How many ticks a message stays.
const MESSAGE_TICKS: u64 = 4;
/// For how long what was found at the start is news.
const JUST_STARTED_NS: u64 = 10_000_000_000;
/// Everything the screen knows and shows.
#[derive(Debug)]
pub(super) struct App {
    look: Look,
    keymap: Keymap,
    size: (u16, u16),
    world: World,
    slots: Slots,
    screens: Screens,
    help: Option<Help>,
    why: Option<Why>,
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
            world: World { window, history, ..World::default() },
            slots: Slots::default(),
            screens: Screens::default(),
            help: None,
            why: None,
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
        self.screens.shown_mut().settle(&self.world, body);
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
        self.world.tick(now);
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
            Reply::Spans(list) => self.look.theme.learn_services(list.rows.iter().map(|span| &span.service)),
            Reply::Figures(figured) => {
                self.look.theme.learn_services(figured.performance.services.iter().map(|figures| &figures.service));
            }
            Reply::Slow(slow) => self.look.theme.learn_services(slow.operations.iter().map(|slow| &slow.service)),
            Reply::Health(health) => {
                self.look.theme.learn_services(health.services.iter().map(|health| &health.service));
            }
            _ => {}
        }
        let body = self.panes().body;
        match (ticket.slot, reply) {
            (_, Reply::Status(status)) => self.take_status(*status),
            (Slot::Why, reply) => {
                if let Some(why) = &mut self.why {
                    why.receive(reply);
                }
            }
            (Slot::System, Reply::Health(health)) => self.world.coming_health = Some(health),
            (slot, reply) => self.screens.shown_mut().receive(slot, reply, body),
        }
    }

    fn answered(&mut self, ticket: Ticket, ended: Result<(), SourceError>) {
        if !self.slots.end(ticket, ended.is_err(), self.world.ticks) {
            return;
        }
        match ticket.slot {
            Slot::System => self.world.take_health(),
            Slot::Why => {
                if let Some(why) = &mut self.why {
                    why.answered(ended);
                }
            }
            slot => self.screens.shown_mut().answered(slot, ended),
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
        // Before the first tick there is no time, and so no window.
        if self.world.ticks == 0 {
            return Vec::new();
        }
        let (health, version) = self.world.health_request();
        let mut wishes = vec![
            Wish { slot: Slot::Status, request: Request::Status, version: self.world.ticks },
            Wish { slot: Slot::System, request: health, version },
        ];
        wishes.extend(self.screens.shown_mut().wishes(&self.world, body));
        wishes.extend(self.why.as_ref().map(Why::wish));
        self.slots.ask(&wishes, self.world.ticks)
    }

    /// Returns whose keys count.
    fn scope(&self) -> Scope {
        if self.why.is_some() { Scope::Why } else { self.screens.shown().scope() }
    }

    fn paste(&mut self, text: &str) {
        if self.help.is_none() && self.scope() == Scope::Search {
            self.screens.shown_mut().insert(text, &self.world);
        }
    }

    fn say(&mut self, text: String, is_error: bool) {
        self.message = Some((Message { text, is_error }, self.world.ticks + MESSAGE_TICKS));
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.message = None;
        let scope = self.scope();
        if let Some(typed) = key.typed().filter(|_| scope == Scope::Search && self.help.is_none()) {
            self.screens.shown_mut().insert(typed.encode_utf8(&mut [0; 4]), &self.world);
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
        match command {
            Command::Help => self.help = Some(Help::default()),
            other if self.why.is_some() => self.why_command(other),
            Command::Show(tab) => self.show(tab),
            Command::Back => self.screens.back(),
            Command::WindowWider => self.world.window = self.world.window.wider(),
            Command::WindowNarrower => self.world.window = self.world.window.narrower(),
            other => {
                let action = self.screens.shown_mut().command(other, &self.world, body);
                return self.perform(action);
            }
        }
        Vec::new()
    }

    /// What lies over the screen takes every key while it is there.
    fn why_command(&mut self, command: Command) {
        let body = self.panes().body;
        let Some(why) = &mut self.why else { return };
        match (command, motion(command)) {
            (_, Some(motion)) => why.step(motion, body),
            (Command::Open, _) => self.list_why(),
            (Command::Back | Command::Cancel, _) => self.why = None,
            (Command::Show(tab), _) => {
                self.why = None;
                self.show(tab);
            }
            _ => {}
        }
    }

    /// Lists the traces that have the selected cause.
    fn list_why(&mut self) {
        if let Some(query) = self.why.as_ref().and_then(Why::query) {
            self.why = None;
            self.screens.list(query);
        }
    }

    fn perform(&mut self, action: Option<Action>) -> Vec<Effect> {
        match action {
            Some(Action::Say(text)) => self.say(text, false),
            Some(Action::Refuse(text)) => self.say(text, true),
            Some(Action::Remember(query)) if self.world.history.push(query.clone()) => {
                return vec![Effect::Remember(query)];
            }
            None | Some(Action::Remember(_)) => {}
            Some(Action::Open(id, span)) => self.screens.open(id, span),
            Some(Action::List(query)) => self.screens.list(query),
            Some(Action::Why(asked)) => self.why = Some(Why::new(asked)),
        }
        Vec::new()
    }

    fn show(&mut self, tab: Tab) {
        if !self.screens.show(tab) {
            self.say("no trace is open yet: Enter opens one".into(), false);
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
        if let Some(why) = &mut self.why {
            if why.click(mouse, panes.body) {
                self.list_why();
            }
            return Vec::new();
        }
        if mouse.action == MouseAction::Click && mouse.y == panes.top.y {
            self.click_tab(mouse.x);
        } else if panes.body.contains((mouse.x, mouse.y).into()) {
            let action = self.screens.shown_mut().mouse(mouse, panes.body);
            return self.perform(action);
        }
        Vec::new()
    }

    fn click_tab(&mut self, x: u16) {
        if let Some(tab) = frame::tab_at(&self.screens.titles(), self.size.0, x) {
            self.show(tab);
        }
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
        let screen = self.screens.shown();
        screen.view(canvas, panes.body, &self.world);
        frame::top(canvas, panes.top, &self.screens.titles(), screen.mode(), &self.world);
        if let Some(trouble) = self.world.trouble() {
            frame::banner(canvas, panes.banner, trouble);
        }
        let problem = screen.problem();
        let problem = problem.map(|(text, is_error)| Message { text: text.into(), is_error });
        let message = self.message.as_ref().map(|(message, _)| message).or(problem.as_ref());
        frame::bottom(canvas, panes.bottom, self.scope(), &self.keymap, message);
        if let Some(why) = &self.why {
            why.draw(canvas, panes.body);
        }
        if let Some(help) = self.help {
            help::draw(help, self.scope(), &self.keymap, canvas, panes.body);
        }
    }

    #[cfg(test)]
    pub(super) fn selected_span(&self) -> Option<crate::model::SpanId> {
        self.screens.trail.last().and_then(super::screens::trace::Trace::selected_span)
    }

    #[cfg(test)]
    pub(super) fn selected_trace(&self) -> Option<crate::model::TraceId> {
        self.screens.traces.state.selected()
    }
}
