//! The rows of the slow operations, and their columns.

use std::cmp::Ordering;

use ratatui::style::Style;

use crate::analysis::SlowOperation;
use crate::query::Query;
use crate::source::SlowOrder;
use crate::tui::canvas::Canvas;
use crate::tui::search;
use crate::tui::widgets::rows::{Row, Value};
use crate::tui::widgets::table::{Column, Place, Width};
use crate::tui::widgets::{chip, gauge, numbers};
use crate::tui::{format, sanitize};

/// A change that is likelier to be chance than this is not told.
const SURE: f64 = 0.01;
/// A change of P95 by less is not worth a number.
const LEAST_RATIO: f64 = 1.05;

const OPERATION: usize = 0;
const SERVICE: usize = 1;
const KIND: usize = 2;
const SPANS: usize = 3;
const SELF: usize = 4;
const SHARE: usize = 5;
const BAR: usize = 6;
const P95: usize = 7;
const P99: usize = 8;
const CHANGE: usize = 9;

const fn column(
    title: &'static str,
    sort: Option<SlowOrder>,
    width: Width,
    right: bool,
    from: u16,
) -> Column<SlowOrder> {
    Column { title, sort, width, right, from }
}

const DURATION: Width = Width::Fixed(format::DURATION_WIDTH);

/// The columns, in the order of the constants above; what tells least goes first where it is narrow.
pub(super) const COLUMNS: [Column<SlowOrder>; 10] = [
    column("operation", None, Width::Share(10, 60, 3), false, 0),
    column("service", None, Width::Share(11, 24, 2), false, 52),
    column("kind", None, Width::Fixed(8), false, 112),
    column("spans", None, Width::Fixed(6), true, 84),
    column("self time", Some(SlowOrder::Total), Width::Fixed(10), true, 62),
    column("share", None, Width::Fixed(7), true, 0),
    column("", None, Width::Share(6, 24, 1), false, 128),
    column("P95", None, DURATION, true, 96),
    column("P99", Some(SlowOrder::P99), DURATION, true, 0),
    column("against before", Some(SlowOrder::Change), Width::Fixed(15), true, 74),
];

/// An operation that time is spent in.
#[derive(Clone, Debug)]
pub(super) struct Slow(pub(super) SlowOperation);

/// How an operation does against the window before.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Against {
    Unknown,
    /// What there is of a difference may be chance.
    Same,
    /// Surely slower, and by how many times its P95 is longer where that tells it.
    Slower(Option<f64>),
    Faster(Option<f64>),
}

impl Slow {
    /// Returns the query that finds its spans, of those that a query returns where there is one.
    pub(super) fn query(&self, of: Option<&Query>) -> String {
        search::of_operation(of, (&self.0.service, &self.0.operation), self.0.kind)
    }

    fn against(&self) -> Against {
        let Some(change) = self.0.change else { return Against::Unknown };
        if change.p_value.is_nan() || change.p_value >= SURE || change.p95_before_ns == 0 || self.0.p95_ns == 0 {
            return Against::Same;
        }
        let ratio = self.0.p95_ns as f64 / change.p95_before_ns as f64;
        let worth_telling = |ratio: f64| Some(ratio).filter(|ratio| *ratio >= LEAST_RATIO);
        if change.slower > 0.5 {
            Against::Slower(worth_telling(ratio))
        } else {
            Against::Faster(worth_telling(1.0 / ratio))
        }
    }
}

impl Row for Slow {
    type Key = SlowOrder;

    const KEYS: &'static [SlowOrder] = &[SlowOrder::Total, SlowOrder::P99, SlowOrder::Change];

    fn value(&self, key: SlowOrder) -> Value<'_> {
        Value::Number(match key {
            SlowOrder::Total => Some(self.0.self_ns as f64),
            SlowOrder::P99 => Some(self.0.p99_ns as f64),
            // What became slower most surely comes first.
            SlowOrder::Change => self.0.change.filter(|change| change.slower > 0.5).map(|change| -change.p_value),
        })
    }

    fn descends(_: SlowOrder) -> bool {
        true
    }

    fn tie(&self, other: &Self) -> Ordering {
        fn names(row: &Slow) -> (&str, &str, crate::model::Kind) {
            (&row.0.service, &row.0.operation, row.0.kind)
        }
        other.0.self_ns.cmp(&self.0.self_ns).then_with(|| names(self).cmp(&names(other)))
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.0.service, &self.0.operation, self.0.kind) == (&other.0.service, &other.0.operation, other.0.kind)
    }
}

/// Draws a cell of a row.
pub(super) fn cell(canvas: &mut Canvas, at: (u16, u16), place: Place, row: &Slow) {
    let (theme, width, slow) = (canvas.theme(), place.width, &row.0);
    match place.column {
        OPERATION => _ = canvas.text(at, width, &slow.operation, Style::new()),
        SERVICE => chip::draw(canvas, at, width, &slow.service),
        KIND => _ = canvas.text(at, width, slow.kind.name(), theme.dim()),
        SPANS => canvas.text_right(at, width, &format::count(slow.spans), theme.dim()),
        SELF => {
            let ns = u64::try_from(slow.self_ns).unwrap_or(u64::MAX);
            canvas.text_right(at, width, &format::duration(ns), theme.strong());
        }
        SHARE => canvas.text_right(at, width, &format::percent(slow.share_percent), theme.dim()),
        BAR => gauge::bar(canvas, at, width, slow.share_percent / 100.0, theme.bar(false)),
        P95 => numbers::duration(canvas, at, width, (slow.spans > 0).then_some(slow.p95_ns)),
        P99 => numbers::duration(canvas, at, width, (slow.spans > 0).then_some(slow.p99_ns)),
        CHANGE => against(canvas, at, width, row.against()),
        _ => {}
    }
}

fn against(canvas: &mut Canvas, at: (u16, u16), width: u16, against: Against) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let told = |ratio: Option<f64>, word: &str| match ratio {
        Some(ratio) if ratio < 99.95 => format!("{ratio:.1}{} {word}", symbols.times),
        Some(_) => format!(">99{} {word}", symbols.times),
        None => word.to_owned(),
    };
    let (text, style) = match against {
        Against::Unknown => (symbols.nothing.to_owned(), theme.dim()),
        Against::Same => (symbols.separator.to_owned(), theme.faint()),
        Against::Slower(ratio) => (format!("{} {}", symbols.ascending, told(ratio, "slower")), theme.warning()),
        Against::Faster(ratio) => (told(ratio, "faster"), theme.dim()),
    };
    let shown = if sanitize::width(&text, width + 1) <= width { text } else { sanitize::fit(&text, width) };
    canvas.text_right(at, width, &shown, style);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Change;
    use crate::model::Kind;

    fn slow(p95_ns: u64, change: Option<Change>) -> Slow {
        Slow(SlowOperation {
            service: "till".into(),
            operation: "GET /".into(),
            kind: Kind::Server,
            spans: 100,
            p95_ns,
            p99_ns: p95_ns,
            self_ns: 1,
            share_percent: 1.0,
            change,
        })
    }

    #[test]
    fn only_what_is_surely_no_chance_is_told() {
        let against = |p95_ns, p95_before_ns, slower, p_value| {
            slow(p95_ns, Some(Change { p95_before_ns, slower, p_value })).against()
        };
        assert_eq!(against(180, 100, 0.8, 0.001), Against::Slower(Some(1.8)));
        assert_eq!(against(180, 100, 0.8, 0.01), Against::Same);
        assert_eq!(against(50, 100, 0.2, 0.001), Against::Faster(Some(2.0)));
        assert_eq!(against(99, 100, 0.7, 0.001), Against::Slower(None), "all of it but the slowest");
        assert_eq!(against(99, 100, 0.7, f64::NAN), Against::Same);
        assert_eq!(slow(7, None).against(), Against::Unknown);
    }
}
