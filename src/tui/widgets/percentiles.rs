//! Percentiles of durations over time.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::chart::{Chart, Line, Scale, Stroke};
use crate::analysis::Percentiles;
use crate::source::Density;
use crate::tui::canvas::Canvas;
use crate::tui::theme::Theme;
use crate::tui::widgets::durations;

/// Returns what is drawn, as a legend.
pub fn legend(theme: &Theme) -> Vec<(&'static str, Style)> {
    vec![("  P50", theme.percentile(50)), ("  P95", theme.percentile(95)), ("  P99", theme.percentile(99))]
}

/// Draws them; where no span began there is a gap.
pub fn draw(density: &Density, canvas: &mut Canvas, area: Rect) {
    let theme = canvas.theme();
    let of = |percentile: fn(&Percentiles) -> u64| -> Vec<Option<f64>> {
        density.columns.iter().map(|column| column.percentiles.as_ref().map(|all| percentile(all) as f64)).collect()
    };
    let (p50, p95, p99) = (of(|all| all.p50_ns), of(|all| all.p95_ns), of(|all| all.p99_ns));
    let line = |name, sign, percent, values| Line {
        name,
        sign,
        style: theme.percentile(percent),
        values,
        stroke: Stroke::Line,
    };
    let lines = [line("P99", "*", 99, &p99), line("P95", "+", 95, &p95), line("P50", "o", 50, &p50)];
    let chart = Chart {
        lines: &lines,
        from: density.from,
        to: density.to,
        scale: Scale::Log,
        least_top: 1.0,
        limits: &[],
        label: |ns| durations::label(ns as u64),
    };
    chart.draw(canvas, area);
}
