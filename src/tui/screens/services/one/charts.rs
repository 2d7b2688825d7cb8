//! The charts of a service over time: requests with errors, how many fail, and percentiles of durations.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::panes::Panes;
use crate::source::{Density, DensityColumn};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::theme::Theme;
use crate::tui::widgets::chart::{self, Chart, Line, Scale, Stroke};
use crate::tui::widgets::face;

const MINUTE_NS: f64 = 60e9;

/// What is drawn over time, in the order in which it is shown where there is not room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Percentiles,
    Requests,
    Errors,
}

/// Returns what as many charts show, from left to right.
fn topics(charts: usize) -> &'static [Topic] {
    match charts {
        0 | 1 => &[Topic::Percentiles],
        2 => &[Topic::Requests, Topic::Percentiles],
        _ => &[Topic::Requests, Topic::Errors, Topic::Percentiles],
    }
}

/// Returns how many columns the widest chart can show.
pub(super) fn columns(panes: &Panes) -> u16 {
    panes.charts.iter().map(|area| chart::columns(*area)).max().unwrap_or(0)
}

/// Draws the charts.
pub(super) fn draw(density: Option<&Density>, failure: Option<&str>, canvas: &mut Canvas, panes: &Panes) {
    for (area, topic) in panes.charts.iter().zip(topics(panes.charts.len())) {
        let theme = canvas.theme();
        let (title, body) = (Rect { height: 1, ..*area }, Rect { y: area.y + 1, height: area.height - 1, ..*area });
        let mut x = title.x;
        for (text, style) in topic.title(theme) {
            x = canvas.text((x, title.y), title.right().saturating_sub(x), text, style);
        }
        match (density, failure) {
            (Some(density), _) if density.columns.iter().any(|column| column.spans > 0) => {
                topic.draw(density, canvas, body);
            }
            (Some(_), _) => face::draw(canvas, body, &[(theme.dim(), "no requests in the window".into())]),
            (None, Some(failure)) => face::draw(canvas, body, &[(theme.error(), failure.to_owned())]),
            (None, None) => face::loading(canvas, body, "requests", None),
        }
    }
}

impl Topic {
    /// Returns its title, which is its legend as well.
    fn title(self, theme: &Theme) -> Vec<(&'static str, Style)> {
        match self {
            Self::Percentiles => vec![
                ("duration", theme.strong()),
                ("  P50", theme.percentile(50)),
                ("  P95", theme.percentile(95)),
                ("  P99", theme.percentile(99)),
            ],
            Self::Requests => vec![("requests/min", theme.strong()), ("  errors", theme.error())],
            Self::Errors => vec![("errors in percent", theme.strong())],
        }
    }

    fn draw(self, density: &Density, canvas: &mut Canvas, area: Rect) {
        match self {
            Self::Percentiles => percentiles(density, canvas, area),
            Self::Requests => requests(density, canvas, area),
            Self::Errors => errors(density, canvas, area),
        }
    }
}

fn of_columns(density: &Density, of: impl Fn(&DensityColumn) -> Option<f64>) -> Vec<Option<f64>> {
    density.columns.iter().map(of).collect()
}

fn line<'a>(name: &'a str, sign: &'a str, style: Style, values: &'a [Option<f64>]) -> Line<'a> {
    Line { name, sign, style, values, stroke: Stroke::Line }
}

fn chart<'a>(density: &Density, lines: &'a [Line<'a>], label: fn(f64) -> String) -> Chart<'a> {
    let (from, to) = (density.from, density.to);
    Chart { lines, from, to, scale: Scale::Linear, least_top: 1.0, limits: &[], label }
}

fn percentiles(density: &Density, canvas: &mut Canvas, area: Rect) {
    let theme = canvas.theme();
    let of = |percentile: fn(&crate::analysis::Percentiles) -> u64| {
        of_columns(density, |column| column.percentiles.as_ref().map(|all| percentile(all) as f64))
    };
    let (p50, p95, p99) = (of(|all| all.p50_ns), of(|all| all.p95_ns), of(|all| all.p99_ns));
    let lines = [
        line("P99", "*", theme.percentile(99), &p99),
        line("P95", "+", theme.percentile(95), &p95),
        line("P50", "o", theme.percentile(50), &p50),
    ];
    let label = |ns: f64| format::tick(ns as u64);
    Chart { scale: Scale::Log, ..chart(density, &lines, label) }.draw(canvas, area);
}

/// Where none was received there were none: that is a number as well.
fn requests(density: &Density, canvas: &mut Canvas, area: Rect) {
    let theme = canvas.theme();
    let minutes = density.to.since(density.from).max(1) as f64 / MINUTE_NS / density.columns.len().max(1) as f64;
    let all = of_columns(density, |column| Some(column.spans as f64 / minutes));
    let failed = of_columns(density, |column| (column.errors > 0).then(|| column.errors as f64 / minutes));
    let lines = [
        Line { stroke: Stroke::Filled, ..line("", ":", theme.bar(false), &all) },
        Line { stroke: Stroke::Filled, ..line("", "x", theme.error(), &failed) },
    ];
    chart(density, &lines, format::rate_tick).draw(canvas, area);
}

fn errors(density: &Density, canvas: &mut Canvas, area: Rect) {
    let share = |column: &DensityColumn| (column.spans > 0).then(|| column.errors as f64 * 100.0 / column.spans as f64);
    let values = of_columns(density, share);
    let lines = [Line { stroke: Stroke::Filled, ..line("", "x", canvas.theme().error(), &values) }];
    chart(density, &lines, format::percent).draw(canvas, area);
}
