//! Draws the head of a service and its operations.

use ratatui::style::Style;

use super::super::row::score;
use super::One;
use super::operation::{
    BAR, ERRORS, KIND, MEAN, MOST, OPERATION, Operation, P50, P95, P95_CHANGE, P99, SHARE, SPANS, columns,
};
use super::panes::Panes;
use crate::analysis::{Figures, Health};
use crate::tui::canvas::Canvas;
use crate::tui::widgets::numbers::{self, Change, GAUGE_WIDTH, More};
use crate::tui::widgets::table::{self, Place};
use crate::tui::widgets::{chip, face, gauge};
use crate::tui::{format, sanitize};

/// What a figure of the head takes.
const FIGURE_WIDTH: u16 = 9;

/// Draws the service with its score and why it is that, and its figures.
pub(super) fn head(one: &One, health: Option<&Health>, canvas: &mut Canvas, panes: &Panes) {
    let (theme, symbols, area) = (canvas.theme(), canvas.symbols(), panes.title);
    if area.height == 0 {
        return;
    }
    let name = (sanitize::width(one.service(), 40).min(40) + 2).min(area.width);
    chip::draw(canvas, (area.x, area.y), name, one.service());
    let x = area.x + name + 2;
    if x + GAUGE_WIDTH < area.right() {
        numbers::score(canvas, (x, area.y), GAUGE_WIDTH, health.and_then(score));
    }
    let reasons = health.map(|health| health.reasons.join(&format!("  {}  ", symbols.separator)));
    let reasons = reasons.filter(|reasons| !reasons.is_empty());
    // Beside the score where they fit there, as that is where one looks.
    let beside = x + GAUGE_WIDTH + 2;
    if let Some(reasons) = reasons {
        let fits = beside + sanitize::width(&reasons, area.width) <= area.right();
        let at = if fits || area.height < 2 { (beside, area.y) } else { (area.x, area.y + 1) };
        canvas.text(at, area.right().saturating_sub(at.0), &reasons, theme.dim());
    }
    figures(one, canvas, panes);
}

/// The names of figures and below them what they are; as many as fit, the most telling first.
fn figures(one: &One, canvas: &mut Canvas, panes: &Panes) {
    let (theme, area) = (canvas.theme(), panes.figures);
    if area.height < 2 {
        return;
    }
    let about = if is_approximate(one) { canvas.symbols().about } else { "" };
    let figures = &one.known.figures;
    let all = figures.percentiles;
    let count = Some(format::count(figures.requests));
    let mean = figures.mean_ns().map(|ns| format::duration(ns as u64));
    let duration = |ns: Option<u64>| ns.map(format::duration);
    let most = (figures.requests > 0).then_some(figures.max_ns);
    let told = [
        ("requests".to_owned(), count),
        ("req/min".to_owned(), figures.per_minute().map(format::rate)),
        ("errors".to_owned(), None),
        (format!("{about}P50"), duration(all.map(|all| all.p50_ns))),
        (format!("{about}P95"), duration(all.map(|all| all.p95_ns))),
        ("+/-".to_owned(), None),
        (format!("{about}P99"), duration(all.map(|all| all.p99_ns))),
        (format!("{about}Apdex"), figures.apdex.map(|apdex| format!("{apdex:.2}"))),
        ("mean".to_owned(), mean),
        ("max".to_owned(), duration(most)),
        (format!("{about}P90"), duration(all.map(|all| all.p90_ns))),
        (format!("{about}P99.9"), duration(all.map(|all| all.p999_ns))),
        ("peak/min".to_owned(), (figures.requests > 0).then(|| format::count(figures.peak_per_minute))),
    ];
    for (x, (name, value)) in (area.x..).step_by(usize::from(FIGURE_WIDTH) + 1).zip(told) {
        if x + FIGURE_WIDTH > area.right() {
            break;
        }
        let at = (x, area.y + 1);
        canvas.text_right((x, area.y), FIGURE_WIDTH, &name, theme.dim());
        match name.as_str() {
            "errors" => numbers::errors(canvas, at, FIGURE_WIDTH, figures),
            "+/-" => numbers::change(canvas, at, FIGURE_WIDTH, changed(one), More::Worse),
            _ => numbers::or_nothing(canvas, at, FIGURE_WIDTH, value, theme.strong()),
        }
    }
}

fn changed(one: &One) -> Change {
    let had_some = |before: &&Figures| before.requests > 0;
    Change::of(&one.known.figures, one.known.before.as_ref().filter(had_some), numbers::p95)
}

fn is_approximate(one: &One) -> bool {
    one.figured.value().is_none_or(|figured| figured.performance.is_approximate)
}

/// Draws the table of operations.
pub(super) fn operations(one: &One, canvas: &mut Canvas, panes: &Panes) {
    let table = &panes.operations;
    match (one.figured.value(), one.figured.failure()) {
        (None, Some(failure)) => return face::failing(canvas, table.rows, failure),
        (None, None) => return face::loading(canvas, table.rows, "operations", one.progress()),
        (Some(_), _) if one.rows.all().is_empty() => {
            let text = "nothing of this service is found".into();
            face::draw(canvas, table.rows, &[(canvas.theme().strong(), text)]);
        }
        (Some(_), _) => {}
    }
    let columns = columns(table.table.width);
    let about = if is_approximate(one) { canvas.symbols().about } else { "" };
    table::header_with(canvas, table.header, &columns, one.rows.sorted(), |column| {
        if matches!(column, P50 | P95 | P99) { about } else { "" }
    });
    let places = table::places(&columns, table.table);
    for (y, (row, is_selected)) in (table.rows.y..).zip(one.rows.visible(table.rows.height)) {
        for place in &places {
            cell(canvas, (place.x, y), *place, row);
        }
        if is_selected {
            table::select(canvas, table.rows, y);
        }
    }
    note(one, canvas, panes);
}

fn cell(canvas: &mut Canvas, at: (u16, u16), place: Place, row: &Operation) {
    let (theme, width) = (canvas.theme(), place.width);
    let figures = &row.of.figures;
    let percentiles = figures.percentiles;
    match place.column {
        OPERATION => {
            let style = if figures.errors > 0 { theme.error() } else { Style::new() };
            canvas.text(at, width, &row.of.operation, style);
        }
        KIND => _ = canvas.text(at, width, row.of.kind.name(), theme.dim()),
        SPANS => canvas.text_right(at, width, &format::count(figures.requests), theme.dim()),
        ERRORS => numbers::errors(canvas, at, width, figures),
        MEAN => numbers::duration(canvas, at, width, figures.mean_ns().map(|ns| ns as u64)),
        P50 => numbers::duration(canvas, at, width, percentiles.map(|percentiles| percentiles.p50_ns)),
        P95 => numbers::duration(canvas, at, width, percentiles.map(|percentiles| percentiles.p95_ns)),
        P95_CHANGE => numbers::change(canvas, at, width, row.change, More::Worse),
        P99 => numbers::duration(canvas, at, width, percentiles.map(|percentiles| percentiles.p99_ns)),
        MOST => numbers::duration(canvas, at, width, (figures.requests > 0).then_some(figures.max_ns)),
        SHARE => canvas.text_right(at, width, &format::percent(row.share), theme.dim()),
        BAR => gauge::bar(canvas, at, width, row.share / 100.0, theme.bar(figures.errors > 0)),
        _ => {}
    }
}

/// The line below the operations: how many there are, and what is wrong.
fn note(one: &One, canvas: &mut Canvas, panes: &Panes) {
    let (theme, symbols, area) = (canvas.theme(), canvas.symbols(), panes.operations.note);
    if area.height == 0 {
        return;
    }
    let (at, width) = ((area.x + 1, area.y), area.width.saturating_sub(2));
    if let Some(failure) = one.figured.failure().or(one.density.failure()) {
        let text = format!("{} no answer, what is shown is old: {failure}", symbols.error);
        canvas.text(at, width, &text, theme.error());
        return;
    }
    let total = one.rows.all().len();
    let mut text = format::plural(total as u64, "operation");
    if is_approximate(one) {
        text = format!("{text}  {} within 1 %", symbols.about);
    }
    let place = format!("{}/{total}", (one.rows.cursor().selected + 1).min(total));
    canvas.text(at, width.saturating_sub(sanitize::width(&place, 20) + 1), &text, theme.dim());
    if total > 0 {
        canvas.text_right(at, width, &place, theme.dim());
    }
}
