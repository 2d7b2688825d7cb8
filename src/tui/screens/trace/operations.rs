//! The operations of the trace as a table, in place of the waterfall: how often each is there, and where time goes.

use std::cmp::Ordering;
use std::sync::Arc;

use foldhash::HashMap;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::state::State;
use crate::model::{Kind, SpanId};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::widgets::rows::{Row, Rows, Value};
use crate::tui::widgets::table::{self, Column, Place, Width};
use crate::tui::widgets::{chip, gauge};

/// What operations can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Count,
    Total,
    Own,
    Path,
}

const OPERATION: usize = 0;
const SERVICE: usize = 1;
const KIND: usize = 2;
const COUNT: usize = 3;
const ERRORS: usize = 4;
const TOTAL: usize = 5;
const OWN: usize = 6;
const SHARE: usize = 7;
const BAR: usize = 8;
const PATH: usize = 9;

const fn column(title: &'static str, sort: Option<Key>, width: Width, right: bool, from: u16) -> Column<Key> {
    Column { title, sort, width, right, from }
}

const DURATION: Width = Width::Fixed(format::DURATION_WIDTH);

/// The columns, in the order of the constants above; what tells least goes first where it is narrow.
const COLUMNS: [Column<Key>; 10] = [
    column("operation", None, Width::Share(10, 60, 3), false, 0),
    column("service", None, Width::Share(8, 20, 2), false, 50),
    column("kind", None, Width::Fixed(8), false, 104),
    column("count", Some(Key::Count), Width::Fixed(6), true, 0),
    column("errors", None, Width::Fixed(6), true, 70),
    column("total", Some(Key::Total), DURATION, true, 78),
    column("self", Some(Key::Own), DURATION, true, 36),
    column("share", None, Width::Fixed(6), true, 60),
    column("", None, Width::Share(6, 20, 1), false, 118),
    column("critical", Some(Key::Path), DURATION, true, 66),
];

/// The spans of a service with the same name and kind.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    service: Arc<str>,
    name: Arc<str>,
    kind: Kind,
    count: u64,
    errors: u64,
    total_ns: u64,
    own_ns: u64,
    on_path_ns: u64,
    /// Of the self times of all.
    share: f64,
    /// The first of them in the waterfall.
    pub(super) first: SpanId,
}

impl Row for Operation {
    type Key = Key;

    const KEYS: &'static [Key] = &[Key::Count, Key::Total, Key::Own, Key::Path];

    fn value(&self, key: Key) -> Value<'_> {
        Value::Number(Some(match key {
            Key::Count => self.count as f64,
            Key::Total => self.total_ns as f64,
            Key::Own => self.own_ns as f64,
            Key::Path => self.on_path_ns as f64,
        }))
    }

    fn descends(_: Key) -> bool {
        true
    }

    fn tie(&self, other: &Self) -> Ordering {
        let of = |one: &Self| (one.kind, one.first);
        (&self.service, &self.name).cmp(&(&other.service, &other.name)).then_with(|| of(self).cmp(&of(other)))
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.service, &self.name, self.kind) == (&other.service, &other.name, other.kind)
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Operations {
    pub(super) rows: Rows<Operation>,
    /// How often the trace had changed when the rows were made.
    made_of: Option<u64>,
}

impl Default for Operations {
    fn default() -> Self {
        Self { rows: Rows::sorted_by(Key::Own), made_of: None }
    }
}

impl Operations {
    /// Fits everything to the trace and the rows there is room for.
    pub(super) fn settle(&mut self, state: &State, height: usize) {
        if self.made_of != Some(state.changes()) {
            self.made_of = Some(state.changes());
            self.rows.show(all(state));
        }
        self.rows.settle(height);
    }

    /// A click on a title sorts, one on a row selects; returns whether that was selected before.
    pub(super) fn click(&mut self, (x, y): (u16, u16), header: Rect, rows: Rect) -> bool {
        if header.contains((x, y).into()) {
            let column = table::column_at(&COLUMNS, inner(header), x);
            if let Some(key) = column.and_then(|column| COLUMNS.get(column)?.sort) {
                self.rows.sort_by(key);
            }
        }
        rows.contains((x, y).into()) && self.rows.click(usize::from(y - rows.y), rows.height.into())
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, header: Rect, rows: Rect) {
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
    }
}

/// Leaves the gutters.
fn inner(area: Rect) -> Rect {
    Rect { x: area.x + area.width.min(1), width: area.width.saturating_sub(2), ..area }
}

fn all(state: &State) -> Vec<Operation> {
    let Some(trace) = state.trace() else { return Vec::new() };
    let mut found: HashMap<(&str, &str, Kind), Operation> = HashMap::default();
    for node in &trace.tree.nodes {
        let Some(span) = trace.spans.get(node.span as usize) else { continue };
        let (own_ns, on_path_ns) = state.path().times(node.span);
        let operation = found.entry((&span.service, &span.operation, span.kind)).or_insert_with(|| Operation {
            service: Arc::clone(&span.service),
            name: Arc::clone(&span.operation),
            kind: span.kind,
            count: 0,
            errors: 0,
            total_ns: 0,
            own_ns: 0,
            on_path_ns: 0,
            share: 0.0,
            first: span.id,
        });
        operation.count += 1;
        operation.errors += u64::from(span.is_error());
        operation.total_ns = operation.total_ns.saturating_add(span.duration_ns);
        operation.own_ns = operation.own_ns.saturating_add(own_ns);
        operation.on_path_ns = operation.on_path_ns.saturating_add(on_path_ns);
    }
    let whole = found.values().fold(0_u64, |sum, one| sum.saturating_add(one.own_ns)).max(1) as f64;
    found.into_values().map(|one| Operation { share: one.own_ns as f64 / whole, ..one }).collect()
}

fn cell(canvas: &mut Canvas, at: (u16, u16), place: Place, row: &Operation) {
    let (theme, width) = (canvas.theme(), place.width);
    match place.column {
        OPERATION => _ = canvas.text(at, width, &row.name, Style::new()),
        SERVICE => chip::draw(canvas, at, width, &row.service),
        KIND => _ = canvas.text(at, width, row.kind.name(), theme.dim()),
        COUNT => canvas.text_right(at, width, &format::count(row.count), Style::new()),
        ERRORS if row.errors > 0 => {
            let text = format!("{} {}", canvas.symbols().error, format::count(row.errors));
            canvas.text_right(at, width, &text, theme.error());
        }
        TOTAL => canvas.text_right(at, width, &format::duration(row.total_ns), theme.dim()),
        OWN => canvas.text_right(at, width, &format::duration(row.own_ns), theme.strong()),
        SHARE => canvas.text_right(at, width, &format::percent(row.share * 100.0), Style::new()),
        BAR => gauge::bar(canvas, at, width, row.share, theme.service(&row.service)),
        PATH if row.on_path_ns > 0 => canvas.text_right(at, width, &format::duration(row.on_path_ns), Style::new()),
        PATH => canvas.text_right(at, width, canvas.symbols().nothing, theme.faint()),
        _ => {}
    }
}
