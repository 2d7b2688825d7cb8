//! Why some traces differ: what sets those that were selected apart, over the screen that they were selected on.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::analysis::explain::{Cause, LEAST_TRACES, What};
use crate::query::Query;
use crate::source::{ExplainRequest, Explained, Progress, Reply, Request, SourceError};
use crate::tui::canvas::Canvas;
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::format;
use crate::tui::search;
use crate::tui::slots::{Slot, Wish};
use crate::tui::widgets::cursor::{Cursor, Motion};
use crate::tui::widgets::{face, gauge, wrap};

/// See the module. It is asked once: what is read does not change under the eyes.
#[derive(Debug)]
pub struct Why {
    request: ExplainRequest,
    /// What was selected, in words.
    title: String,
    found: Option<Explained>,
    is_complete: bool,
    failure: Option<String>,
    cursor: Cursor,
}

/// What is asked for: the selected spans, and what they are in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub request: ExplainRequest,
    pub title: String,
}

/// Lines of a cause: what it is, and the shares below.
const LINES: u16 = 2;

impl Why {
    pub fn new(asked: Asked) -> Self {
        let Asked { request, title } = asked;
        Self { request, title, found: None, is_complete: false, failure: None, cursor: Cursor::default() }
    }

    pub fn wish(&self) -> Wish {
        Wish { slot: Slot::Why, request: Request::Explain(self.request.clone()), version: 0 }
    }

    /// Takes an answer, or a part of one.
    pub fn receive(&mut self, reply: Reply) {
        match reply {
            Reply::Explained(found) => {
                self.is_complete = found.progress.is_complete();
                self.found = Some(*found);
            }
            _ => self.failure = Some("the source answered something else".into()),
        }
    }

    /// Takes note that no more comes.
    pub fn answered(&mut self, ended: Result<(), SourceError>) {
        self.failure = ended.err().map(|error| error.message);
    }

    fn causes(&self) -> &[Cause] {
        self.found.as_ref().filter(|_| self.is_complete).map_or(&[], |found| &found.explanation.causes)
    }

    pub fn step(&mut self, motion: Motion, area: Rect) {
        self.cursor.step(motion, self.causes().len(), rows(self.panel(area)));
    }

    /// Returns the query for the traces that have the selected cause, none where there is none.
    pub fn query(&self) -> Option<String> {
        let cause = self.causes().get(self.cursor.selected)?;
        Some(of_cause(self.request.of.query.as_deref(), cause))
    }

    /// A click selects a cause; returns whether it was selected before.
    pub fn click(&mut self, mouse: Mouse, area: Rect) -> bool {
        let list = list(self.panel(area));
        if mouse.action != MouseAction::Click || !list.contains((mouse.x, mouse.y).into()) {
            return false;
        }
        let line = usize::from((mouse.y - list.y) / LINES);
        let Some(row) = self.cursor.row_at(line, self.causes().len()) else { return false };
        std::mem::replace(&mut self.cursor.selected, row) == row
    }

    fn panel(&self, area: Rect) -> Rect {
        panel(area, self.causes().len())
    }

    /// Draws it over the screen.
    pub fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let panel = self.panel(area);
        super::frame(canvas, panel, " Why ");
        if panel.width < 8 || panel.height < 4 {
            return;
        }
        let theme = canvas.theme();
        let (x, width) = (panel.x + 2, panel.width - 4);
        canvas.text((x, panel.y + 1), width, &self.title, theme.accent());
        let list = list(panel);
        if let Some(failure) = &self.failure {
            return face::failing(canvas, list, failure);
        }
        let Some(found) = self.found.as_ref().filter(|_| self.is_complete) else {
            let progress: Option<Progress> = self.found.as_ref().map(|found| found.progress);
            return face::loading(canvas, list, "what sets them apart", progress);
        };
        let of = format!(
            "{} against {} with the same root",
            format::plural(found.selected, "trace"),
            format::count(found.rest)
        );
        canvas.text((x, panel.y + 2), width, &of, theme.dim());
        if self.causes().is_empty() {
            return nothing(canvas, list, found);
        }
        let first = self.cursor.first;
        let shown = self.causes().iter().enumerate().skip(first).take(rows(panel));
        for ((number, cause), y) in shown.zip((list.y..).step_by(LINES.into())) {
            let is_selected = number == self.cursor.selected;
            draw_cause(canvas, Rect { y, height: LINES, ..list }, cause, is_selected);
        }
    }
}

fn panel(area: Rect, causes: usize) -> Rect {
    let width = area.width.min(100);
    let height = area.height.min((causes as u16).saturating_mul(LINES).clamp(6, 20) + 5);
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// Returns where the causes are.
fn list(panel: Rect) -> Rect {
    let top = 4.min(panel.height);
    Rect {
        x: panel.x + 1,
        y: panel.y + top,
        width: panel.width.saturating_sub(2),
        height: panel.height.saturating_sub(top + 1),
    }
}

fn rows(panel: Rect) -> usize {
    usize::from(list(panel).height / LINES).max(1)
}

fn nothing(canvas: &mut Canvas, area: Rect, found: &Explained) {
    let theme = canvas.theme();
    let few = found.explanation.selected < LEAST_TRACES || found.explanation.rest < LEAST_TRACES;
    let help = if few {
        ["It takes five traces, and five others with the same root operation.", "A wider window (+) may have them."]
    } else {
        [
            "No operation is slower than its own spread explains, fails or is called more,",
            "and no attribute is more frequent, than chance makes it.",
        ]
    };
    let mut lines = vec![(theme.strong(), found.explanation.verdict())];
    let width = area.width.saturating_sub(4);
    lines.extend(help.iter().flat_map(|line| wrap::wrap(line, width.max(1))).map(|line| (theme.dim(), line)));
    face::draw(canvas, area, &lines);
}

/// Draws a cause: in words, and below them how many of these and of the others have it.
fn draw_cause(canvas: &mut Canvas, area: Rect, cause: &Cause, is_selected: bool) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let (x, width) = (area.x + 1, area.width.saturating_sub(2));
    let (what, style) = match &cause.what {
        What::Operation { of, .. } => (cause.what_it_is(), theme.service(&of.service)),
        What::Value { .. } => (cause.what_it_is(), theme.strong()),
    };
    canvas.text((x, area.y), width, &what, style);
    let share = |share: f64| format::percent(share * 100.0);
    let bar = width.saturating_sub(36).min(30);
    let y = area.y + 1;
    let mut at = x + 2;
    at = canvas.text(
        (at, y),
        area.right().saturating_sub(at),
        &format!("these {:>6} ", share(cause.association.selected)),
        Style::new(),
    );
    if bar >= 6 {
        gauge::bar(canvas, (at, y), bar / 2, cause.association.selected, theme.error());
        at += bar / 2 + 2;
    }
    at = canvas.text(
        (at, y),
        area.right().saturating_sub(at),
        &format!("others {:>6} ", share(cause.association.rest)),
        theme.dim(),
    );
    if bar >= 6 {
        gauge::bar(canvas, (at, y), bar / 2, cause.association.rest, theme.dim());
    }
    if is_selected {
        for y in area.y..area.bottom() {
            canvas.tint(Rect { y, height: 1, ..area }, theme.selected());
            canvas.symbol((area.x, y), symbols.pointer, theme.selected_bar());
        }
    }
}

/// Returns the query for the selected traces that also have a cause.
fn of_cause(selected: Option<&Query>, cause: &Cause) -> String {
    let own = match &cause.what {
        What::Operation { of, .. } => search::of_operation(None, (&of.service, &of.name), of.kind),
        What::Value { of, value } => search::of_value((&of.service, of.is_of_resource), &of.name, value),
    };
    search::with_also(selected, &own)
}
