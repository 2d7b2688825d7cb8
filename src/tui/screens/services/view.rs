//! Draws the table of services.

use ratatui::style::Style;

use super::panes::Panes;
use super::row::{Key, Service};
use super::state::State;
use crate::analysis::Performance;
use crate::tui::canvas::Canvas;
use crate::tui::screens::traces::welcome;
use crate::tui::widgets::numbers::{self, CHANGE_WIDTH, GAUGE_WIDTH, More, SCORE_WIDTH};
use crate::tui::widgets::table::{Column, Place, Width};
use crate::tui::widgets::{chip, face, table};
use crate::tui::world::World;
use crate::tui::{format, sanitize};

const SERVICE: usize = 0;
const HEALTH: usize = 1;
const RATE: usize = 2;
const RATE_CHANGE: usize = 3;
const SPARKLINE: usize = 4;
const ERRORS: usize = 5;
const P50: usize = 6;
const P95: usize = 7;
const P95_CHANGE: usize = 8;
const P99: usize = 9;
const APDEX: usize = 10;

/// From this width on a score has its bar.
const BAR_FROM: u16 = 128;

const fn column(title: &'static str, sort: Option<Key>, width: Width, right: bool, from: u16) -> Column<Key> {
    Column { title, sort, width, right, from }
}

/// Returns the columns for a table of that width, in the order of the constants above. What tells least goes first where it
/// is narrow: that something is wrong is seen at any width.
pub(super) const fn columns(width: u16) -> [Column<Key>; 11] {
    let health = if width >= BAR_FROM { GAUGE_WIDTH } else { SCORE_WIDTH + 1 };
    let duration = Width::Fixed(format::DURATION_WIDTH);
    let change = Width::Fixed(CHANGE_WIDTH);
    [
        column("service", Some(Key::Service), Width::Share(11, 30, 5), false, 0),
        column("health", Some(Key::Health), Width::Fixed(health + 1), false, 0),
        column("req/min", Some(Key::Rate), Width::Fixed(8), true, 50),
        column("+/-", Some(Key::RateChange), change, true, 122),
        column("requests", None, Width::Share(10, 40, 3), true, 88),
        column("errors", Some(Key::Errors), Width::Fixed(8), true, 0),
        column("P50", Some(Key::P50), duration, true, 62),
        column("P95", Some(Key::P95), duration, true, 0),
        column("+/-", Some(Key::P95Change), change, true, 78),
        column("P99", Some(Key::P99), duration, true, 72),
        column("Apdex", Some(Key::Apdex), Width::Fixed(6), true, 108),
    ]
}

/// Returns how many ticks fit into the sparklines of a table.
pub(super) fn ticks(panes: &Panes) -> u16 {
    let places = table::places(&columns(panes.table.width), panes.table);
    places.iter().find(|place| place.column == SPARKLINE).map_or(0, |place| place.width)
}

/// Draws the table; the query in force is `text`.
pub(super) fn draw(state: &State, text: &str, canvas: &mut Canvas, panes: &Panes, world: &World) {
    let Some(performance) = state.performance() else {
        return match state.failure() {
            Some(failure) => face::failing(canvas, panes.above, failure),
            None => face::loading(canvas, panes.above, "services", state.progress()),
        };
    };
    if performance.services.is_empty() {
        let is_without_traces = world.status.as_ref().is_some_and(|status| status.total_traces == 0);
        if is_without_traces && state.failure().is_none() {
            return welcome::draw(canvas, panes.above, world);
        }
        face::nothing(canvas, panes.rows, text, world.window.name());
        return note(state, performance, canvas, panes);
    }
    let columns = columns(panes.table.width);
    let about = if performance.is_approximate { canvas.symbols().about } else { "" };
    table::header_with(canvas, panes.header, &columns, state.rows.sorted(), |column| {
        if matches!(column, P50 | P95 | P99 | APDEX) { about } else { "" }
    });
    let places = table::places(&columns, panes.table);
    for (y, (row, is_selected)) in (panes.rows.y..).zip(state.rows.visible(panes.rows.height)) {
        for place in &places {
            cell(canvas, (place.x, y), *place, row);
        }
        if is_selected {
            table::select(canvas, panes.rows, y);
        }
    }
    note(state, performance, canvas, panes);
}

fn cell(canvas: &mut Canvas, at: (u16, u16), place: Place, row: &Service) {
    let (theme, width) = (canvas.theme(), place.width);
    let figures = &row.of.figures;
    let percentiles = figures.percentiles;
    match place.column {
        SERVICE => chip::draw(canvas, at, width, row.name()),
        HEALTH => numbers::score(canvas, at, width, row.score),
        RATE => numbers::or_nothing(canvas, at, width, figures.per_minute().map(format::rate), Style::new()),
        RATE_CHANGE => numbers::change(canvas, at, width, row.rate_change, More::Neutral),
        SPARKLINE => numbers::sparkline(canvas, at, width, &row.of.ticks),
        ERRORS => numbers::errors(canvas, at, width, figures),
        P50 => numbers::duration(canvas, at, width, percentiles.map(|percentiles| percentiles.p50_ns)),
        P95 => numbers::duration(canvas, at, width, percentiles.map(|percentiles| percentiles.p95_ns)),
        P95_CHANGE => numbers::change(canvas, at, width, row.p95_change, More::Worse),
        P99 => numbers::duration(canvas, at, width, percentiles.map(|percentiles| percentiles.p99_ns)),
        APDEX => {
            let text = figures.apdex.map(|apdex| format!("{apdex:.2}"));
            numbers::or_nothing(canvas, at, width, text, theme.dim());
        }
        _ => {}
    }
}

/// The line below the table: all services together, and what is wrong.
fn note(state: &State, performance: &Performance, canvas: &mut Canvas, panes: &Panes) {
    let (theme, symbols, area) = (canvas.theme(), canvas.symbols(), panes.note);
    if area.height == 0 {
        return;
    }
    let room = |x: u16| area.right().saturating_sub(x + 1);
    if let Some(failure) = state.failure() {
        let text = format!("{} no answer, what is shown is old: {failure}", symbols.error);
        canvas.text((area.x + 1, area.y), room(area.x + 1), &text, theme.error());
        return;
    }
    let services = &performance.services;
    let requests: u64 = services.iter().map(|service| service.figures.requests).sum();
    let errors: u64 = services.iter().map(|service| service.figures.errors).sum();
    let per_minute: f64 = services.iter().filter_map(|service| service.figures.per_minute()).sum();
    let mut pieces = vec![(format::plural(services.len() as u64, "service"), theme.dim())];
    pieces.push((format!("{} requests/min", format::rate(per_minute)), theme.dim()));
    if requests > 0 {
        let percent = format::percent(errors as f64 * 100.0 / requests as f64);
        let (sign, style) = if errors > 0 { (symbols.error, theme.error()) } else { ("", theme.dim()) };
        pieces.push((format!("{sign} {percent} errors").trim_start().to_owned(), style));
    }
    if let Some((score, status)) = state.system() {
        let text = format!("health {} {}", symbols.health(Some(status)), format::score(score));
        pieces.push((text, theme.health(Some(status))));
    }
    if performance.is_approximate {
        pieces.push((format!("{} within 1 %", symbols.about), theme.dim()));
    }
    let total = services.len();
    let place = format!("{}/{total}", (state.rows.cursor().selected + 1).min(total));
    let end = area.right().saturating_sub(sanitize::width(&place, 20) + 2);
    let mut x = area.x + 1;
    for (text, style) in pieces {
        if x + sanitize::width(&text, 60) >= end {
            break;
        }
        x = canvas.text((x, area.y), room(x), &text, style) + 2;
    }
    if total > 0 {
        canvas.text((end + 1, area.y), room(end + 1), &place, theme.dim());
    }
}
