//! What stands out, as a table with what helps below it: of one trace, or of many.

use std::cmp::Ordering;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::Canvas;
use super::event::{Mouse, MouseAction};
use super::format;
use super::widgets::rows::{Row, Rows, Value};
use super::widgets::table::{self, Column, Place, Width};
use super::widgets::{chip, face, wrap};
use crate::analysis::findings::{Finding, FindingGroup};
use crate::model::{SpanId, TraceId};
use crate::source::Progress;

/// What findings can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Cost,
    Times,
    Sure,
}

const TITLE: usize = 0;
const SERVICE: usize = 1;
const OPERATION: usize = 2;
const TIMES: usize = 3;
const SURE: usize = 4;
const COST: usize = 5;

const fn column(title: &'static str, sort: Option<Key>, width: Width, right: bool, from: u16) -> Column<Key> {
    Column { title, sort, width, right, from }
}

/// The columns, in the order of the constants above; what tells least goes first where it is narrow.
const COLUMNS: [Column<Key>; 6] = [
    column("finding", None, Width::Share(10, 24, 2), false, 0),
    column("service", None, Width::Share(8, 18, 1), false, 60),
    column("in", None, Width::Share(8, 60, 3), false, 30),
    column("times", Some(Key::Times), Width::Fixed(6), true, 70),
    column("sure", Some(Key::Sure), Width::Fixed(6), true, 50),
    column("cost", Some(Key::Cost), Width::Fixed(format::DURATION_WIDTH), true, 0),
];

/// A finding as a row.
#[derive(Clone, Debug)]
pub struct Found {
    worst: Finding,
    times: u64,
    cost_ns: u64,
    /// A trace that has it, where it is of many.
    trace: Option<TraceId>,
}

impl Row for Found {
    type Key = Key;

    const KEYS: &'static [Key] = &[Key::Cost, Key::Times, Key::Sure];

    fn value(&self, key: Key) -> Value<'_> {
        Value::Number(Some(match key {
            Key::Cost => self.cost_ns as f64,
            Key::Times => self.times as f64,
            Key::Sure => self.worst.confidence,
        }))
    }

    fn descends(_: Key) -> bool {
        true
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }

    fn is_same(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Found {
    fn place(&self) -> (crate::analysis::findings::FindingKind, &str, &str, &str) {
        let worst = &self.worst;
        (worst.kind, &worst.service, &worst.operation, &worst.subject)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Findings {
    rows: Rows<Found>,
    phase: Phase,
    /// Of how many traces they are.
    traces: u64,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Asked,
    Shown,
    Failed(String),
}

impl Default for Findings {
    fn default() -> Self {
        Self { rows: Rows::sorted_by(Key::Cost), phase: Phase::Asked, traces: 0 }
    }
}

/// Lines that the selected finding takes at most, and the fewest rows above them.
const TOLD: u16 = 8;
const LEAST_ROWS: u16 = 3;

impl Findings {
    /// Shows what stands out in one trace.
    pub fn show_of_trace(&mut self, findings: Vec<Finding>) {
        let row = |worst: Finding| Found { times: worst.times, cost_ns: worst.cost_ns, trace: None, worst };
        self.show(findings.into_iter().map(row).collect(), 1);
    }

    /// Shows what stands out in so many traces.
    pub fn show_of_many(&mut self, groups: Vec<FindingGroup>, traces: u64) {
        let row = |group: FindingGroup| Found {
            times: group.count,
            cost_ns: u64::try_from(group.cost_ns).unwrap_or(u64::MAX),
            trace: group.samples.first().copied(),
            worst: group.worst,
        };
        self.show(groups.into_iter().map(row).collect(), traces);
    }

    fn show(&mut self, rows: Vec<Found>, traces: u64) {
        self.phase = Phase::Shown;
        self.traces = traces;
        self.rows.show(rows);
    }

    /// Takes note that there is no answer.
    pub fn fail(&mut self, message: String) {
        self.phase = Phase::Failed(message);
    }

    pub fn rows_mut(&mut self) -> &mut Rows<Found> {
        &mut self.rows
    }

    /// Returns the spans of the selected finding, the one it is in first.
    pub fn spans(&self) -> Option<&[SpanId]> {
        self.rows.selected().map(|found| &found.worst.spans[..])
    }

    /// Returns a trace that has the selected finding, where it is of many, and the span that it is in.
    pub fn trace(&self) -> Option<(TraceId, Option<SpanId>)> {
        let found = self.rows.selected()?;
        // The trace in which it costs most is the one that its spans are of.
        Some((found.trace?, found.worst.spans.first().copied()))
    }

    /// Fits everything to an area.
    pub fn settle(&mut self, area: Rect) {
        self.rows.settle(self.split(area).1.height.into());
    }

    /// Returns how many rows there is room for.
    pub fn height(&self, area: Rect) -> usize {
        self.split(area).1.height.into()
    }

    /// Returns the places of the titles, the rows, and what is told of the selected one.
    fn split(&self, area: Rect) -> (Rect, Rect, Rect) {
        let header = Rect { height: area.height.min(1), ..area };
        let below = Rect { y: header.bottom(), height: area.height - header.height, ..area };
        let told = TOLD.min(below.height.saturating_sub(LEAST_ROWS));
        let rows = (self.rows.all().len() as u16).min(below.height - told).max(below.height.min(1));
        let rows = Rect { height: rows, ..below };
        (header, rows, Rect { y: rows.bottom(), height: below.height - rows.height, ..below })
    }

    /// Does what the mouse asks for; returns whether a click was on what was selected before.
    pub fn mouse(&mut self, mouse: Mouse, area: Rect) -> bool {
        const WHEEL_ROWS: isize = 3;
        let (header, rows, _) = self.split(area);
        let at = (mouse.x, mouse.y).into();
        match mouse.action {
            MouseAction::WheelUp => self.rows.scroll(-WHEEL_ROWS, rows.height.into()),
            MouseAction::WheelDown => self.rows.scroll(WHEEL_ROWS, rows.height.into()),
            MouseAction::Click if header.contains(at) => {
                let column = table::column_at(&COLUMNS, inner(header), mouse.x);
                if let Some(key) = column.and_then(|column| COLUMNS.get(column)?.sort) {
                    self.rows.sort_by(key);
                }
            }
            MouseAction::Click if rows.contains(at) => {
                return self.rows.click(usize::from(mouse.y - rows.y), rows.height.into());
            }
            MouseAction::Click => {}
        }
        false
    }

    /// Draws them, or why there are none.
    pub fn draw(&self, canvas: &mut Canvas, area: Rect) {
        match &self.phase {
            Phase::Asked => return face::loading(canvas, area, "what stands out", None::<Progress>),
            Phase::Failed(failure) => return face::failing(canvas, area, failure),
            Phase::Shown if self.rows.all().is_empty() => {
                let theme = canvas.theme();
                let of = if self.traces == 1 { "this trace".to_owned() } else { format!("{} traces", self.traces) };
                let lines = [
                    (theme.strong(), format!("nothing stands out in {of}")),
                    (theme.dim(), "looked for N+1 calls, retries, gaps, waits, lost errors".to_owned()),
                    (theme.dim(), "and more: docs/figures.md has the list".to_owned()),
                ];
                return face::draw(canvas, area, &lines);
            }
            Phase::Shown => {}
        }
        let (header, rows, told) = self.split(area);
        table::header(canvas, inner(header), &COLUMNS, self.rows.sorted());
        let places = table::places(&COLUMNS, inner(rows));
        for (y, (row, is_selected)) in (rows.y..).zip(self.rows.visible(rows.height)) {
            for place in &places {
                cell(canvas, (place.x, y), *place, row);
            }
            if is_selected {
                table::select(canvas, rows, y);
            }
        }
        if let Some(found) = self.rows.selected() {
            tell(canvas, inner(told), found);
        }
    }
}

/// Leaves the gutters.
fn inner(area: Rect) -> Rect {
    Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area }
}

fn cell(canvas: &mut Canvas, at: (u16, u16), place: Place, row: &Found) {
    let (theme, width) = (canvas.theme(), place.width);
    match place.column {
        TITLE => _ = canvas.text(at, width, row.worst.kind.finder().title, theme.strong()),
        SERVICE => chip::draw(canvas, at, width, &row.worst.service),
        OPERATION => _ = canvas.text(at, width, &row.worst.operation, Style::new()),
        TIMES => canvas.text_right(at, width, &format::count(row.times), theme.dim()),
        SURE => canvas.text_right(at, width, &format::percent((row.worst.confidence * 100.0).round()), theme.dim()),
        COST if row.cost_ns > 0 => {
            canvas.text_right(at, width, &format::duration(row.cost_ns), theme.strong());
        }
        COST => canvas.text_right(at, width, canvas.symbols().nothing, theme.faint()),
        _ => {}
    }
}

/// Draws what was seen and what helps.
fn tell(canvas: &mut Canvas, area: Rect, found: &Found) {
    let theme = canvas.theme();
    let finder = found.worst.kind.finder();
    let mut lines: Vec<(Style, String)> = Vec::new();
    let mut add = |style: Style, text: &str| {
        lines.extend(wrap::wrap(text, area.width.max(1)).into_iter().map(|line| (style, line)));
    };
    add(theme.faint(), &canvas.symbols().horizontal.repeat(area.width.into()));
    add(Style::new(), &found.worst.evidence);
    add(theme.good(), finder.advice);
    for (y, (style, line)) in (area.y..area.bottom()).zip(lines) {
        canvas.text((area.x, y), area.width, &line, style);
    }
}
