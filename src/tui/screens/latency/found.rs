//! The rows of the spans of a part of the heatmap, and their columns.

use std::cmp::Ordering;

use ratatui::style::Style;

use crate::model::StatusCode;
use crate::source::FoundSpan;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::widgets::rows::{Row, Value};
use crate::tui::widgets::table::{Column, Place, Width};
use crate::tui::widgets::{chip, gauge};

/// What the spans can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Start,
    Duration,
    Service,
    Operation,
}

const START: usize = 0;
const STATUS: usize = 1;
const DURATION: usize = 2;
const BAR: usize = 3;
const SERVICE: usize = 4;
const OPERATION: usize = 5;
const KIND: usize = 6;
const TRACE: usize = 7;

const fn column(title: &'static str, sort: Option<Key>, width: Width, right: bool, from: u16) -> Column<Key> {
    Column { title, sort, width, right, from }
}

/// The columns, in the order of the constants above.
pub(super) const COLUMNS: [Column<Key>; 8] = [
    column("began", Some(Key::Start), Width::Fixed(12), false, 50),
    column("", None, Width::Fixed(1), false, 0),
    column("duration", Some(Key::Duration), Width::Fixed(format::DURATION_WIDTH), true, 0),
    column("", None, Width::Share(8, 30, 1), false, 100),
    column("service", Some(Key::Service), Width::Share(11, 24, 2), false, 44),
    column("operation", Some(Key::Operation), Width::Share(10, 60, 3), false, 0),
    column("kind", None, Width::Fixed(8), false, 90),
    column("trace", None, Width::Fixed(9), false, 78),
];

/// A span that began then and took so long.
#[derive(Clone, Debug)]
pub(super) struct Found(pub(super) FoundSpan);

impl Row for Found {
    type Key = Key;

    const KEYS: &'static [Key] = &[Key::Start, Key::Duration, Key::Service, Key::Operation];

    fn value(&self, key: Key) -> Value<'_> {
        match key {
            Key::Start => Value::Number(Some(self.0.start.0 as f64)),
            Key::Duration => Value::Number(Some(self.0.duration_ns as f64)),
            Key::Service => Value::Text(&self.0.service),
            Key::Operation => Value::Text(&self.0.operation),
        }
    }

    fn descends(key: Key) -> bool {
        matches!(key, Key::Start | Key::Duration)
    }

    fn tie(&self, other: &Self) -> Ordering {
        let order = |row: &Self| (row.0.start, row.0.trace, row.0.id);
        order(other).cmp(&order(self))
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.0.trace, self.0.id) == (other.0.trace, other.0.id)
    }
}

/// Draws a cell of a row.
pub(super) fn cell(canvas: &mut Canvas, at: (u16, u16), place: Place, row: &Found) {
    let (theme, symbols, width, span) = (canvas.theme(), canvas.symbols(), place.width, &row.0);
    let has_failed = span.status == StatusCode::Error;
    match place.column {
        START => _ = canvas.text(at, width, &clock(span.start), theme.dim()),
        STATUS => {
            let (sign, style) = if has_failed { (symbols.error, theme.error()) } else { (symbols.dot, theme.good()) };
            canvas.symbol(at, sign, style);
        }
        DURATION => canvas.text_right(at, width, &format::duration(span.duration_ns), Style::new()),
        BAR => gauge::bar(canvas, at, width, gauge::log_share(span.duration_ns), theme.bar(has_failed)),
        SERVICE => chip::draw(canvas, at, width, &span.service),
        OPERATION => {
            let style = if has_failed { theme.error() } else { Style::new() };
            canvas.text(at, width, &span.operation, style);
        }
        KIND => _ = canvas.text(at, width, span.kind.name(), theme.dim()),
        TRACE => _ = canvas.text(at, width, &span.trace.to_string(), theme.dim()),
        _ => {}
    }
}

/// Returns the time of day of a time, in UTC, with thousandths of a second.
pub(super) fn clock(time: crate::model::Timestamp) -> String {
    let text = time.to_string();
    text.get(11..23).unwrap_or(&text).to_owned()
}
