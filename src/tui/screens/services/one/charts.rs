//! The charts of a service over time: requests with errors, how many fail, percentiles of durations, and these as a heatmap.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::panes::Panes;
use crate::source::{Density, DensityColumn};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::theme::Theme;
use crate::tui::widgets::chart::{self, Chart, Line, Scale, Stroke};
use crate::tui::widgets::heatmap::{self, Heatmap};
use crate::tui::widgets::{face, percentiles};

const MINUTE_NS: f64 = 60e9;

/// What is drawn over time, in the order in which it is shown where there is not room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Percentiles,
    Requests,
    Errors,
    Heat,
}

/// Returns what stands where.
fn topics(panes: &Panes) -> Vec<(Topic, Rect)> {
    let beside: &[Topic] = match (panes.charts.len(), panes.heat.is_empty()) {
        (0 | 1, _) => &[Topic::Percentiles],
        (2, _) => &[Topic::Requests, Topic::Percentiles],
        (3, true) => &[Topic::Requests, Topic::Percentiles, Topic::Heat],
        (_, false) => &[Topic::Requests, Topic::Errors, Topic::Percentiles],
        (_, true) => &[Topic::Requests, Topic::Errors, Topic::Percentiles, Topic::Heat],
    };
    let below = (Topic::Heat, panes.heat);
    let charts = beside.iter().copied().zip(panes.charts.iter().copied());
    charts.chain((!panes.heat.is_empty()).then_some(below)).collect()
}

/// Returns how many columns the widest chart can show, and how many rows the heatmap; 0 where there is none.
pub(super) fn density(panes: &Panes) -> (u16, u16) {
    let topics = topics(panes);
    let columns = topics.iter().map(|(topic, area)| match topic {
        Topic::Heat => heatmap::plot(body(*area)).width,
        _ => chart::columns(*area),
    });
    let heat = topics.iter().find(|(topic, _)| *topic == Topic::Heat);
    (columns.max().unwrap_or(0), heat.map_or(0, |(_, area)| heatmap::plot(body(*area)).height.saturating_mul(2)))
}

/// Returns what is below the title.
fn body(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
}

/// Draws the charts.
pub(super) fn draw(density: Option<&Density>, failure: Option<&str>, canvas: &mut Canvas, panes: &Panes) {
    for (topic, area) in topics(panes) {
        let theme = canvas.theme();
        let (title, body) = (Rect { height: 1, ..area }, body(area));
        let mut x = title.x;
        for (text, style) in topic.title(theme) {
            x = canvas.text((x, title.y), title.right().saturating_sub(x), text, style);
        }
        if let Some(density) = density.filter(|_| topic == Topic::Heat) {
            heatmap::legend(canvas, (x + 3, title.y), title.right(), density, body);
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
            Self::Percentiles => [vec![("duration", theme.strong())], percentiles::legend(theme)].concat(),
            Self::Requests => vec![("requests/min", theme.strong()), ("  errors", theme.error())],
            Self::Errors => vec![("errors in percent", theme.strong())],
            Self::Heat => vec![("requests by time and duration", theme.strong())],
        }
    }

    fn draw(self, density: &Density, canvas: &mut Canvas, area: Rect) {
        match self {
            Self::Percentiles => percentiles::draw(density, canvas, area),
            Self::Requests => requests(density, canvas, area),
            Self::Errors => errors(density, canvas, area),
            Self::Heat => Heatmap { density, marked: None }.draw(canvas, area),
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
