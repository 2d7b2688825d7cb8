//! How well every service does, why, and where that is going; and how spantop itself does.

mod own;
mod panes;
mod state;
mod view;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

use self::panes::Panes;
use self::state::State;
use super::traces::motion;
use super::{Action, Screen};
use crate::source::{Reply, Request, Selection, SourceError};
use crate::tui::canvas::Canvas;
use crate::tui::command::{Command, Scope};
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::findings::Findings;
use crate::tui::frame::Mode;
use crate::tui::slots::{Slot, Wish};
use crate::tui::watch::Watch;
use crate::tui::world::World;

/// How many rows the wheel scrolls.
const WHEEL_ROWS: isize = 3;

/// The screen.
#[derive(Debug, Default)]
pub struct Health {
    watch: Watch,
    state: State,
    /// What stands out, where that is shown in place of the services.
    findings: Option<Findings>,
}

impl Health {
    fn panes(&self, area: Rect) -> Panes {
        panes::panes(area, self.state.services().len(), self.state.system_lines())
    }

    /// Returns what lies between the health of everything and the state of spantop itself.
    fn below(&self, area: Rect) -> Rect {
        let panes = self.panes(area);
        let y = panes.system.bottom();
        Rect { y, height: area.bottom().saturating_sub(y + panes.own.height), ..area }
    }

    fn command_of_findings(&mut self, command: Command, area: Rect) -> Option<Action> {
        let below = self.below(area);
        let findings = self.findings.as_mut()?;
        let height = findings.height(below);
        match (command, motion(command)) {
            (_, Some(motion)) => findings.rows_mut().step(motion, height),
            (Command::Findings, _) => self.findings = None,
            (Command::SortNext, _) => findings.rows_mut().sort_next(),
            (Command::SortReverse, _) => findings.rows_mut().sort_reverse(),
            (Command::Open, _) => return open(findings),
            _ => {}
        }
        None
    }
}

/// Opens a trace that has the selected finding.
fn open(findings: &Findings) -> Option<Action> {
    findings.trace().map(|(trace, span)| Action::Open(trace, span))
}

impl Screen for Health {
    fn scope(&self) -> Scope {
        if self.findings.is_some() { Scope::Findings } else { Scope::Health }
    }

    fn mode(&self) -> Mode {
        Mode { pause: self.watch.pause(), following: false, has_window: true }
    }

    fn problem(&self) -> Option<(&str, bool)> {
        None
    }

    fn wishes(&mut self, world: &World, _: Rect) -> Vec<Wish> {
        let version = self.watch.version(world);
        let of = Selection { window: self.watch.window(world), ..Selection::default() };
        // What was comes from all that is held: a trend over a quarter of an hour is none.
        let held = Selection { window: self.watch.held(world), ..Selection::default() };
        let mut wishes = vec![
            Wish { slot: Slot::Health, request: Request::Health(of), version },
            Wish { slot: Slot::Trends, request: Request::Trends(held), version },
        ];
        if self.findings.is_some() {
            let of = Selection { window: self.watch.window(world), ..Selection::default() };
            wishes.push(Wish { slot: Slot::Findings, request: Request::Findings(of), version });
        }
        wishes
    }

    fn receive(&mut self, slot: Slot, reply: Reply, _: Rect) {
        match (slot, reply) {
            (Slot::Health, Reply::Health(health)) => self.state.receive_health(health),
            (Slot::Trends, Reply::Trends(trends)) => self.state.receive_trends(trends),
            (Slot::Findings, Reply::Findings(found)) => {
                if let Some(findings) = self.findings.as_mut().filter(|_| found.progress.is_complete()) {
                    findings.show_of_many(found.groups, found.traces);
                }
            }
            (slot, _) => self.answered(slot, Err(SourceError { message: "the source answered something else".into() })),
        }
    }

    fn answered(&mut self, slot: Slot, ended: Result<(), SourceError>) {
        match (slot, ended) {
            (Slot::Health, Ok(())) => self.state.end_health(),
            (Slot::Trends, Ok(())) => self.state.end_trends(),
            (Slot::Health, Err(error)) => self.state.fail(error.message),
            (Slot::Findings, Err(error)) => {
                if let Some(findings) = &mut self.findings {
                    findings.fail(error.message);
                }
            }
            _ => {}
        }
    }

    fn settle(&mut self, world: &World, area: Rect) {
        self.state.over(world.window.name());
        let height = self.panes(area).rows.height.into();
        self.state.settle(height);
        let below = self.below(area);
        if let Some(findings) = &mut self.findings {
            findings.settle(below);
        }
    }

    fn insert(&mut self, _: &str, _: &World) {}

    fn command(&mut self, command: Command, world: &World, area: Rect) -> Option<Action> {
        if self.findings.is_some() {
            return self.command_of_findings(command, area);
        }
        match (command, motion(command)) {
            (_, Some(motion)) => self.state.step(motion, self.panes(area).rows.height.into()),
            (Command::Findings, _) => self.findings = Some(Findings::default()),
            (Command::Pause, _) => self.watch.toggle_pause(world),
            (Command::Open, _) => return self.state.query().map(Action::List),
            _ => {}
        }
        None
    }

    fn back(&mut self) -> bool {
        self.findings.take().is_some()
    }

    fn mouse(&mut self, mouse: Mouse, area: Rect) -> Option<Action> {
        let below = self.below(area);
        if let Some(findings) = &mut self.findings {
            return if findings.mouse(mouse, below) { open(findings) } else { None };
        }
        let rows = self.panes(area).rows;
        match mouse.action {
            MouseAction::WheelUp => self.state.scroll(-WHEEL_ROWS, rows.height.into()),
            MouseAction::WheelDown => self.state.scroll(WHEEL_ROWS, rows.height.into()),
            MouseAction::Click if rows.contains((mouse.x, mouse.y).into()) => {
                if self.state.click(usize::from(mouse.y - rows.y)) {
                    return self.state.query().map(Action::List);
                }
            }
            MouseAction::Click => {}
        }
        None
    }

    fn view(&self, canvas: &mut Canvas, area: Rect, world: &World) {
        let panes = self.panes(area);
        match &self.findings {
            Some(findings) => {
                view::system(&self.state, canvas, panes.system);
                findings.draw(canvas, self.below(area));
            }
            None => view::draw(&self.state, canvas, &panes, world),
        }
        own::draw(canvas, panes.own, world);
    }
}
