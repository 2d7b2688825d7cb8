//! Draws the health of services.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::panes::Panes;
use super::state::State;
use crate::analysis::{Health, HealthStatus};
use crate::model::Timestamp;
use crate::source::ServiceTrend;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::widgets::chart::{Chart, Line, Scale, Stroke};
use crate::tui::widgets::table::{self, Column, Place, Width};
use crate::tui::widgets::{face, gauge};
use crate::tui::world::World;

const SERVICE: usize = 0;
const SCORE: usize = 1;
const BAR: usize = 2;
const COMES: usize = 3;
const RATE: usize = 4;
const MEAN: usize = 5;
const REQUESTS: usize = 6;

const fn column(title: &'static str, width: Width, right: bool, from: u16) -> Column<()> {
    Column { title, sort: None, width, right, from }
}

/// The columns of the services; what tells least goes first where it is narrow.
const COLUMNS: [Column<()>; 7] = [
    column("service", Width::Share(11, 30, 2), false, 0),
    column("health", Width::Fixed(7), false, 0),
    column("left, and what took the rest", Width::Share(10, 50, 3), false, 56),
    column("in an hour", Width::Fixed(10), true, 74),
    column("errors", Width::Fixed(8), true, 0),
    column("mean", Width::Fixed(format::DURATION_WIDTH), true, 0),
    column("requests", Width::Fixed(9), true, 60),
];

/// Draws all but the state of spantop itself.
pub(super) fn draw(state: &State, canvas: &mut Canvas, panes: &Panes, world: &World) {
    let Some(health) = state.health() else {
        let above = Rect {
            height: panes.own.y.saturating_sub(panes.all.y).max(panes.all.height - panes.own.height),
            ..panes.all
        };
        let theme = canvas.theme();
        let line = match state.failure() {
            Some(failure) => (theme.error(), format!("{} {failure}", canvas.symbols().error)),
            None => (theme.dim(), "looking at the services ...".to_owned()),
        };
        return face::draw(canvas, above, &[line]);
    };
    if health.services.is_empty() {
        let theme = canvas.theme();
        let lines = [
            (theme.strong(), format!("no spans in the last {}", world.window.name())),
            (theme.dim(), "- and + look less and further back, 1 shows what is held".to_owned()),
        ];
        return face::draw(canvas, Rect { height: panes.all.height - panes.own.height, ..panes.all }, &lines);
    }
    system(state, canvas, panes.system);
    let places = table::places(&COLUMNS, panes.rows);
    table::header(canvas, panes.header, &COLUMNS, (&(), false));
    for (y, (row, is_selected)) in (panes.rows.y..).zip(state.visible(panes.rows.height)) {
        for place in &places {
            cell(state, canvas, (place.x, y), *place, row);
        }
        if is_selected {
            let (theme, symbols) = (canvas.theme(), canvas.symbols());
            canvas.tint(Rect { y, height: 1, ..panes.rows }, theme.selected());
            canvas.symbol((panes.rows.x, y), symbols.pointer, theme.selected_bar());
        }
    }
    detail(state, canvas, panes.detail);
}

/// Draws the score of all services together, and why it is not 100.
pub(super) fn system(state: &State, canvas: &mut Canvas, area: Rect) {
    let Some(health) = state.health() else { return };
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let style = theme.health(health.status);
    let mut x = canvas.text((area.x + 1, area.y), area.width.saturating_sub(1), "all services  ", theme.strong());
    x = canvas.text((x, area.y), area.right().saturating_sub(x), &score_text(health.score), style);
    x = canvas.text(
        (x, area.y),
        area.right().saturating_sub(x),
        &format!(" {} ", symbols.health(health.status)),
        style,
    );
    x = canvas.text((x, area.y), area.right().saturating_sub(x), word(health.status), style);
    let width = area.right().saturating_sub(x + 2).min(40);
    if width >= 10 {
        gauge::bar(canvas, (x + 2, area.y), width, health.score.unwrap_or_default() / 100.0, style);
    }
    for (y, reason) in (area.y + 1..area.bottom()).zip(state.reasons()) {
        canvas.text((area.x + 3, y), area.width.saturating_sub(4), reason, theme.dim());
    }
}

fn score_text(score: Option<f64>) -> String {
    score.map_or_else(|| format::NOTHING.to_owned(), format::score)
}

fn word(status: Option<HealthStatus>) -> &'static str {
    status.map_or("no requests", HealthStatus::name)
}

fn cell(state: &State, canvas: &mut Canvas, at: (u16, u16), place: Place, row: &Health) {
    let (theme, symbols, width) = (canvas.theme(), canvas.symbols(), place.width);
    let right = |canvas: &mut Canvas, text: Option<String>, style: Style| match text {
        Some(text) => canvas.text_right(at, width, &text, style),
        None => canvas.text_right(at, width, format::NOTHING, theme.faint()),
    };
    match place.column {
        SERVICE => {
            // The pointer of the selected row stands in the first cell.
            canvas.text((at.0 + 1, at.1), width.saturating_sub(1), &row.service, theme.service(&row.service));
        }
        SCORE => {
            let style = theme.health(row.status);
            canvas.text_right(at, 3, &score_text(row.score), style);
            canvas.symbol((at.0 + 4, at.1), symbols.health(row.status), style);
        }
        BAR => lost(canvas, at, width, row),
        COMES => {
            let trend = state.trend_of(&row.service).map(|trend| &trend.trend);
            let (text, style) = match trend {
                Some(trend) if trend.warning.is_some() => {
                    let minutes = trend.warning.map_or(0, |warning| warning.minutes);
                    (Some(format!("{} {minutes} min", symbols.warning)), theme.warning())
                }
                Some(trend) => (trend.forecast.last().map(|expected| format::score(expected.value)), theme.dim()),
                None => (None, theme.dim()),
            };
            right(canvas, text, style);
        }
        RATE => {
            let style = if row.error_rate_percent.unwrap_or_default() > 0.0 { theme.error() } else { theme.dim() };
            right(canvas, row.error_rate_percent.map(format::percent), style);
        }
        MEAN => right(canvas, row.mean_ns.map(|ns| format::duration(ns as u64)), Style::new()),
        REQUESTS => right(canvas, Some(format::grouped(row.requests)), theme.dim()),
        _ => {}
    }
}

/// Draws a score as what is left of 100, and what errors and durations took of it, each in its own style.
fn lost(canvas: &mut Canvas, at: (u16, u16), width: u16, row: &Health) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let Some((score, (errors, durations))) = row.score.zip(row.error_score.zip(row.performance_score)) else { return };
    // What is lost is divided as the parts of the score are below 100.
    let (by_errors, by_durations) = (100.0 - errors, 100.0 - durations);
    let all_lost = (by_errors + by_durations).max(f64::MIN_POSITIVE);
    let cells = |points: f64| (points / 100.0 * f64::from(width)).round() as u16;
    let filled = cells(score).min(width);
    let taken_by_errors = cells((100.0 - score) * by_errors / all_lost).min(width - filled);
    for x in 0..width {
        let (symbol, style) = if x < filled {
            (symbols.left[7], theme.health(row.status))
        } else if x < filled + taken_by_errors {
            (symbols.some_errors, theme.error())
        } else if score < 99.5 && by_durations > 0.5 {
            (symbols.separator, theme.warning())
        } else {
            (symbols.separator, theme.faint())
        };
        canvas.symbol((at.0 + x, at.1), symbol, style);
    }
}

/// Draws why the selected service is not at 100, and where it is going.
fn detail(state: &State, canvas: &mut Canvas, area: Rect) {
    let Some(health) = state.selected().filter(|_| area.height > 0) else { return };
    let theme = canvas.theme();
    let mut y = area.y;
    let mut line = |canvas: &mut Canvas, text: &str, style: Style| {
        if y < area.bottom() {
            canvas.text((area.x + 1, y), area.width.saturating_sub(2), text, style);
            y += 1;
        }
    };
    line(canvas, &health.service, theme.service(&health.service));
    if health.reasons.is_empty() {
        line(
            canvas,
            if health.score.is_some() { "nothing costs it points" } else { "no requests in the window" },
            theme.good(),
        );
    }
    for reason in &health.reasons {
        line(canvas, reason, Style::new());
    }
    let Some(trend) = state.trend() else { return };
    for (text, is_warning) in tendencies(trend) {
        line(canvas, &text, if is_warning { theme.warning() } else { theme.dim() });
    }
    let rest = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    if rest.height >= 4 {
        score_chart(trend, canvas, rest);
    }
}

/// Returns in words where a service is going, and whether that is a warning.
fn tendencies(trend: &ServiceTrend) -> Vec<(String, bool)> {
    /// What chance does less often than this is worth a word.
    const SURE: f64 = 0.01;
    let mut lines = Vec::new();
    if let Some(warning) = trend.trend.warning {
        lines.push((format!("health crosses {} in about {} min", warning.limit, warning.minutes), true));
    }
    let slopes = [
        ("P95", trend.trend.p95_ms, "ms"),
        ("errors", trend.trend.error_rate_percent, "%"),
        ("health", trend.trend.health_score, "points"),
    ];
    let sure = slopes.into_iter().filter_map(|(name, slope, unit)| {
        let slope = slope.filter(|slope| slope.p_value < SURE)?;
        Some(format!("{name} {:+.1} {unit}/h", slope.per_hour))
    });
    let sure: Vec<String> = sure.collect();
    if !sure.is_empty() {
        lines.push((sure.join("   "), false));
    }
    lines
}

/// Draws the score over time, and after now what is expected of it.
fn score_chart(trend: &ServiceTrend, canvas: &mut Canvas, area: Rect) {
    let theme = canvas.theme();
    let (health, forecast) = (&trend.trend.health, &trend.trend.forecast);
    let Some((first, _)) = health.iter().rev().take(RECENT).next_back() else { return };
    let last = forecast.last().map(|expected| expected.at).or(health.last().map(|(at, _)| *at));
    let Some(last) = last.filter(|last| last > first) else { return };
    let columns = usize::from(area.width) * 2;
    let width = (last.0 - first.0).max(1);
    let place = |at: Timestamp| {
        let share = u128::from(at.0.saturating_sub(first.0)) * (columns as u128 - 1) / u128::from(width);
        (share as usize).min(columns - 1)
    };
    let spread = |values: &mut dyn Iterator<Item = (Timestamp, f64)>| {
        let mut all: Vec<Option<f64>> = vec![None; columns];
        let mut before: Option<(usize, f64)> = None;
        for (at, value) in values {
            let now = place(at);
            // Between two minutes there is no gap.
            if let Some((earlier, from)) = before {
                for (step, cell) in all.iter_mut().enumerate().take(now).skip(earlier + 1) {
                    let share = (step - earlier) as f64 / (now - earlier) as f64;
                    *cell = Some(from + (value - from) * share);
                }
            }
            all[now] = Some(value);
            before = Some((now, value));
        }
        all
    };
    let was = spread(&mut health.iter().copied().filter(|(at, _)| at >= first));
    let low = spread(&mut forecast.iter().map(|expected| (expected.at, expected.low)));
    let high = spread(&mut forecast.iter().map(|expected| (expected.at, expected.high)));
    let comes = spread(&mut forecast.iter().map(|expected| (expected.at, expected.value)));
    let lines = [
        Line { name: "", style: theme.faint(), sign: ".", stroke: Stroke::Shade(&low), values: &high },
        Line { name: "", style: theme.warning(), sign: ":", stroke: Stroke::Dotted, values: &comes },
        Line { name: "", style: theme.accent(), sign: "*", stroke: Stroke::Line, values: &was },
    ];
    let chart = Chart {
        lines: &lines,
        from: *first,
        to: last,
        scale: Scale::Linear,
        least_top: 100.0,
        limits: &[40.0, 70.0],
        label: format::score,
    };
    chart.draw(canvas, area);
}

/// How many minutes of the past are shown beside an hour to come.
const RECENT: usize = 120;
