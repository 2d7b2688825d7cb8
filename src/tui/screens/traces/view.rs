//! Draws the list of traces.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::panes::Panes;
use super::scatter::{self, Selection};
use super::state::State;
use super::welcome;
use crate::model::{Timestamp, TraceSummary};
use crate::source::{SortKey, TraceList};
use crate::tui::canvas::Canvas;
use crate::tui::frame::Segment;
use crate::tui::widgets::table::{Column, Place, Width};
use crate::tui::widgets::{face, gauge, table};
use crate::tui::world::World;
use crate::tui::{format, sanitize};

const AGE: usize = 0;
const STATUS: usize = 1;
const SERVICE: usize = 2;
const OPERATION: usize = 3;
const DURATION: usize = 4;
const BAR: usize = 5;
const SPANS: usize = 6;
const ERRORS: usize = 7;
const SERVICES: usize = 8;

const fn column(title: &'static str, sort: Option<SortKey>, width: Width, right: bool, from: u16) -> Column<SortKey> {
    Column { title, sort, width, right, from }
}

/// Returns the columns for a table of that width, in the order of the constants above. A narrow one is dealt to names.
pub(super) const fn columns(width: u16) -> [Column<SortKey>; 9] {
    let (service, operation, bar, services) = if width < 100 { (10, 20, 1, 1) } else { (2, 6, 2, 7) };
    [
        column("age", Some(SortKey::StartTime), Width::Fixed(format::AGE_WIDTH), true, 0),
        column("", None, Width::Fixed(1), false, 0),
        column("service", Some(SortKey::RootService), Width::Share(9, 22, service), false, 0),
        column("operation", Some(SortKey::RootOperation), Width::Share(10, 44, operation), false, 0),
        column("duration", Some(SortKey::Duration), Width::Fixed(format::DURATION_WIDTH), true, 0),
        column("", None, Width::Share(6, 24, bar), false, 74),
        column("spans", Some(SortKey::SpanCount), Width::Fixed(6), true, 50),
        column("errors", Some(SortKey::ErrorCount), Width::Fixed(7), true, 62),
        column("services", None, Width::Share(8, 90, services), false, 76),
    ]
}

/// From this width on the services of a trace are named, below they are dots.
const CHIP_WIDTH: u16 = 18;

/// Draws the list; the query in force is `text`.
pub(super) fn draw(state: &State, text: &str, canvas: &mut Canvas, panes: &Panes, world: &World) {
    match (state.list(), state.failure()) {
        (None, None) => face::loading(canvas, panes.list, "traces", None),
        (None, Some(failure)) => face::failing(canvas, panes.list, failure),
        (Some(list), None) if list.held == 0 => welcome::draw(canvas, panes.list, world),
        (Some(list), _) => {
            if list.total == 0 {
                nothing(state, text, list, canvas, panes.rows);
            }
            filled(state, list, canvas, panes, world);
        }
    }
}

fn filled(state: &State, list: &TraceList, canvas: &mut Canvas, panes: &Panes, world: &World) {
    let sort = state.sort();
    let columns = columns(panes.table.width);
    table::header(canvas, panes.header, &columns, (&sort.key, sort.descending));
    let places = table::places(&columns, panes.table);
    let cursor = state.cursor();
    for line in 0..panes.rows.height {
        let Some(place) = cursor.row_at(usize::from(line), list.total) else { break };
        let area = Rect { y: panes.rows.y + line, height: 1, ..panes.rows };
        let selected = place == cursor.selected;
        match state.row(place) {
            Some(row) => draw_row(canvas, area, &places, row, world),
            None => _ = canvas.text((panes.table.x, area.y), 5, canvas.symbols().ellipsis, canvas.theme().faint()),
        }
        if selected {
            table::select(canvas, panes.rows, area.y);
        }
    }
    note(state, list, canvas, panes.note);
}

fn draw_row(canvas: &mut Canvas, area: Rect, places: &[Place], row: &TraceSummary, world: &World) {
    for place in places {
        cell(canvas, (place.x, area.y), *place, row, world);
    }
}

fn cell(canvas: &mut Canvas, at: (u16, u16), place: Place, row: &TraceSummary, world: &World) {
    let (theme, width) = (canvas.theme(), place.width);
    let service = row.root.as_ref().map(|root| &*root.service);
    let failed = row.error_count > 0;
    match place.column {
        AGE => canvas.text_right(at, width, &format::age(row.start, world.now), theme.dim()),
        STATUS => status(canvas, at, row),
        SERVICE => match service {
            Some(name) => _ = canvas.text(at, width, name, theme.service(name)),
            None => _ = canvas.text(at, width, "no root", theme.dim()),
        },
        OPERATION => operation(canvas, at, width, row),
        DURATION => canvas.text_right(at, width, &format::duration(row.duration_ns), Style::new()),
        BAR => {
            gauge::bar(canvas, at, width, gauge::log_share(row.duration_ns), theme.bar(failed));
        }
        SPANS => canvas.text_right(at, width, &format::count(row.span_count.into()), theme.dim()),
        ERRORS if failed => {
            let text = format!("{} {}", canvas.symbols().error, format::count(row.error_count.into()));
            canvas.text_right(at, width, &text, theme.error());
        }
        SERVICES if width < CHIP_WIDTH => dots(canvas, at, width, &row.services),
        SERVICES => chips(canvas, at, width, row),
        _ => {}
    }
}

fn status(canvas: &mut Canvas, at: (u16, u16), row: &TraceSummary) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let (symbol, style) = if row.error_count > 0 {
        (symbols.error, theme.error())
    } else if !row.is_complete() || row.partial {
        (symbols.incomplete, theme.warning())
    } else {
        (symbols.dot, theme.good())
    };
    canvas.symbol(at, symbol, style);
}

fn operation(canvas: &mut Canvas, at: (u16, u16), width: u16, row: &TraceSummary) {
    let theme = canvas.theme();
    match &row.root {
        Some(root) => {
            let style = if row.error_count > 0 { theme.error() } else { Style::new() };
            canvas.text(at, width, &root.operation, style);
        }
        None => _ = canvas.text(at, width, &row.id.to_string(), theme.dim()),
    }
}

/// One dot a service, `+3` where there are more than fit.
fn dots(canvas: &mut Canvas, at: (u16, u16), width: u16, services: &[Arc<str>]) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let all = services.len();
    let shown = if all > usize::from(width) { usize::from(width.saturating_sub(3)) } else { all };
    for (x, service) in (at.0..).zip(services.iter().take(shown)) {
        canvas.symbol((x, at.1), symbols.dot, theme.service(service));
    }
    if shown < all {
        let used = shown as u16;
        canvas.text((at.0 + used, at.1), width - used, &format!("+{}", all - shown), theme.dim());
    }
}

/// One chip a service as long as they fit, then dots for the rest.
fn chips(canvas: &mut Canvas, at: (u16, u16), width: u16, row: &TraceSummary) {
    let theme = canvas.theme();
    let end = at.0 + width;
    let mut x = at.0;
    for (i, service) in row.services.iter().enumerate() {
        let rest = &row.services[i..];
        // Room for the dots of those that follow, or for how many they are.
        let reserve = if rest.len() > 1 { rest.len().min(5) as u16 } else { 0 };
        let name = sanitize::width(service, 16).min(16);
        if x + name + 2 + reserve > end {
            dots(canvas, (x, at.1), end - x, rest);
            return;
        }
        let style = theme.chip(service);
        canvas.text((x, at.1), 1, " ", style);
        let after = canvas.text((x + 1, at.1), name, service, style);
        canvas.text((after, at.1), 1, " ", style);
        x = after + 2;
    }
}

/// Says why nothing matches, and which key helps.
fn nothing(state: &State, text: &str, list: &TraceList, canvas: &mut Canvas, area: Rect) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let window = state.window().name();
    let what = if state.errors_only() { "no trace with an error" } else { "no trace" };
    let when = if window == "all" { String::new() } else { format!(" in the last {window}") };
    let part = if state.selection().is_some() { " in the part of the scatter" } else { "" };
    let under_way = state.progress().is_some_and(|(_, is_stopped)| !is_stopped);
    let yet = if under_way { " yet" } else { "" };
    let title =
        if text.is_empty() { format!("{what}{when}{part}") } else { format!("{what}{when}{part} matches{yet}") };
    let mut lines = vec![(theme.strong(), title)];
    if !text.is_empty() {
        let room = usize::from(area.width.saturating_sub(6)).min(70);
        let cut = text.char_indices().nth(room).and_then(|(end, _)| text.get(..end));
        let shown = cut.map_or(text.to_owned(), |cut| format!("{cut}{}", symbols.ellipsis));
        lines.push((theme.accent(), shown));
    }
    lines.push((theme.dim(), format!("{} held altogether", format::plural(list.held as u64, "trace"))));
    lines.push((theme.dim(), String::new()));
    if window != "all" && state.selection().is_none() {
        lines.push((theme.base(), "+    looks further back".into()));
    }
    if state.errors_only() {
        lines.push((theme.base(), "!    shows all, with and without errors".into()));
    }
    if state.selection().is_some() {
        lines.push((theme.base(), "Esc  shows all times and durations".into()));
    } else if !text.is_empty() {
        lines.push((theme.base(), "/    changes the query, Esc shows all".into()));
    }
    face::draw(canvas, area, &lines);
}

/// Returns what is told beside the query: the part of the scatter that is shown, and how far the search has come.
pub(super) fn aside(state: &State, canvas: &Canvas) -> Segment {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let mut aside = Segment::new();
    if let Some(Selection { window, min_ns, max_ns }) = state.selection() {
        let clock = |time: Option<Timestamp>| time.map(scatter::clock).unwrap_or_default();
        let times = format!("{} to {}", clock(window.from), clock(window.to));
        let durations = format!("{} to {}", format::duration(min_ns), format::duration(max_ns));
        aside.push((format!(" {times} {} {durations} ", symbols.separator), theme.part()));
    }
    if let Some((progress, is_stopped)) = state.progress() {
        let percent = progress.searched.saturating_mul(100) / progress.of.max(1);
        let stopped = if is_stopped { ", stopped" } else { "" };
        aside.push((format!("  searched {percent} %{stopped}"), theme.warning()));
    }
    aside
}

/// Draws the line right of the facets.
pub(super) fn divider(canvas: &mut Canvas, area: Rect) {
    canvas.fill(area, canvas.theme().base());
    for y in (area.top()..area.bottom()).filter(|_| area.width > 0) {
        canvas.symbol((area.x, y), canvas.symbols().vertical, canvas.theme().faint());
    }
}

/// The line below the list: how many of how many, and what is wrong.
fn note(state: &State, list: &TraceList, canvas: &mut Canvas, area: Rect) {
    if area.height == 0 {
        return;
    }
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let at = (area.x + 1, area.y);
    let width = area.width.saturating_sub(2);
    if let Some(failure) = state.failure() {
        let text = format!("{} no answer, what is shown is old: {failure}", symbols.error);
        canvas.text(at, width, &text, theme.error());
        return;
    }
    let of = format!("{} of {}", format::grouped(list.total as u64), format::plural(list.held as u64, "trace"));
    let mut after = canvas.text(at, width, &of, theme.dim());
    if state.errors_only() {
        let text = format!("  {} errors only", symbols.error);
        after = canvas.text((after, area.y), area.right().saturating_sub(after + 1), &text, theme.error());
    }
    if list.total > 0 {
        let place =
            format!("{}/{}", format::grouped(state.cursor().selected as u64 + 1), format::grouped(list.total as u64));
        let room = area.right().saturating_sub(after + 2);
        canvas.text_right((after + 1, area.y), room, &place, theme.dim());
    }
}
