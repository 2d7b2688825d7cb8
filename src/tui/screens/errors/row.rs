//! The rows of the table of errors.

use std::cmp::Ordering;

use ratatui::style::Style;

use crate::analysis::errors::ErrorGroup;
use crate::model::Timestamp;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::widgets::rows::{Row, Value};
use crate::tui::widgets::table::{Column, Place, Width};
use crate::tui::widgets::{chip, gauge};

/// What errors can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Count,
    Last,
    First,
    Service,
}

const COUNT: usize = 0;
const SERIES: usize = 1;
const SERVICE: usize = 2;
const TYPE: usize = 3;
const MESSAGE: usize = 4;
const NEW: usize = 5;
const FIRST: usize = 6;
const LAST: usize = 7;

const fn column(title: &'static str, sort: Option<Key>, width: Width, right: bool, from: u16) -> Column<Key> {
    Column { title, sort, width, right, from }
}

/// The columns, in the order of the constants above; what tells least goes first where it is narrow.
pub(super) const COLUMNS: [Column<Key>; 8] = [
    column("count", Some(Key::Count), Width::Fixed(6), true, 0),
    column("", None, Width::Share(8, 15, 1), false, 90),
    column("service", Some(Key::Service), Width::Share(10, 18, 2), false, 0),
    column("type", None, Width::Share(8, 26, 3), false, 64),
    column("message", None, Width::Share(10, 200, 8), false, 0),
    column("new in", None, Width::Fixed(10), false, 110),
    column("first", Some(Key::First), Width::Fixed(7), true, 100),
    column("last", Some(Key::Last), Width::Fixed(7), true, 46),
];

/// A group of errors as a row.
#[derive(Clone, Debug)]
pub(super) struct Group(pub(super) ErrorGroup);

impl Row for Group {
    type Key = Key;

    const KEYS: &'static [Key] = &[Key::Count, Key::Last, Key::First, Key::Service];

    fn value(&self, key: Key) -> Value<'_> {
        match key {
            Key::Count => Value::Number(Some(self.0.count as f64)),
            Key::Last => Value::Number(Some(self.0.last_seen.0 as f64)),
            Key::First => Value::Number(Some(self.0.first_seen.0 as f64)),
            Key::Service => Value::Text(&self.0.service),
        }
    }

    fn descends(key: Key) -> bool {
        key != Key::Service
    }

    fn tie(&self, other: &Self) -> Ordering {
        let of = |group: &Self| (group.0.count, group.0.last_seen, group.0.fingerprint);
        of(other).cmp(&of(self))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.0.fingerprint == other.0.fingerprint
    }
}

/// Draws a cell of a row.
pub(super) fn cell(canvas: &mut Canvas, at: (u16, u16), place: Place, (row, now): (&Group, Timestamp)) {
    let (theme, symbols, width) = (canvas.theme(), canvas.symbols(), place.width);
    let group = &row.0;
    match place.column {
        COUNT => canvas.text_right(at, width, &format::count(group.count), theme.strong()),
        SERIES => {
            let counts: Vec<u32> = shrunk(&group.series, width.into());
            canvas.text(at, width, &gauge::sparkline(&counts, width.into(), symbols), theme.error());
        }
        SERVICE => chip::draw(canvas, at, width, &group.service),
        TYPE => _ = canvas.text(at, width, short(&group.exception_type), Style::new()),
        MESSAGE => {
            let text = if group.pattern.is_empty() { &*group.operation } else { &*group.pattern };
            let style = if group.pattern.is_empty() { theme.dim() } else { Style::new() };
            canvas.text(at, width, text, style);
        }
        NEW => _ = canvas.text(at, width, group.new_in.as_deref().unwrap_or_default(), theme.warning()),
        FIRST => canvas.text_right(at, width, &format::age(group.first_seen, now), theme.dim()),
        LAST => canvas.text_right(at, width, &format::age(group.last_seen, now), Style::new()),
        _ => {}
    }
}

/// Returns the name of a type without what it is in: that of a Java class without its packages.
fn short(exception_type: &str) -> &str {
    let is_name = |part: &&str| part.starts_with(|first: char| first.is_alphabetic());
    exception_type.rsplit(['.', ':', '/']).next().filter(is_name).unwrap_or(exception_type)
}

/// Returns as many numbers as there is room for, each the sum of some.
fn shrunk(series: &[u64], room: usize) -> Vec<u32> {
    let room = room.clamp(1, series.len().max(1));
    let part = |number: usize| {
        let own = series.get(number * series.len() / room..(number + 1) * series.len() / room).unwrap_or_default();
        u32::try_from(own.iter().sum::<u64>()).unwrap_or(u32::MAX)
    };
    (0..room).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_their_names() {
        for (whole, name) in [
            ("example.shop.payments.PaymentDeclinedException", "PaymentDeclinedException"),
            ("std::io::Error", "Error"),
            ("TypeError", "TypeError"),
            ("HTTP 503", "HTTP 503"),
            ("v1.0", "v1.0"),
            ("", ""),
        ] {
            assert_eq!(short(whole), name);
        }
    }

    #[test]
    fn a_series_has_as_many_parts_as_there_is_room_for() {
        assert_eq!(shrunk(&[1, 2, 3, 4], 2), [3, 7]);
        assert_eq!(shrunk(&[1, 2, 3, 4], 9), [1, 2, 3, 4]);
        assert_eq!(shrunk(&[1, 2, 3], 2).iter().sum::<u32>(), 6);
        assert_eq!(shrunk(&[], 5), [0]);
    }
}
