//! Charts, values in and characters out.

use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell};

use super::*;
use crate::tui::format;
use crate::tui::settings::ThemeChoice;
use crate::tui::testing::{NOW, look, text};

const SECOND: u64 = 1_000_000_000;

fn line<'a>(name: &'a str, sign: &'a str, values: &'a [Option<f64>]) -> Line<'a> {
    Line { name, sign, values, style: Style::new(), stroke: Stroke::Line }
}

fn chart<'a>(lines: &'a [Line<'a>], scale: Scale, label: fn(f64) -> String) -> Chart<'a> {
    Chart { lines, from: NOW.minus(900 * SECOND), to: NOW, scale, least_top: 0.0, limits: &[], label }
}

fn drawn(chart: &Chart, (width, height): (u16, u16), ascii: bool) -> String {
    let look = look(ThemeChoice::Dark, ascii);
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    chart.draw(&mut Canvas::new(&mut buffer, &look), area);
    text(&buffer)
}

fn duration(ns: f64) -> String {
    format::tick(ns as u64)
}

/// Returns percentiles that wander, with a gap and one that stands alone.
fn wandering(scale: f64) -> Vec<Option<f64>> {
    let value = |i: u32| scale * (2.0 + (f64::from(i) / 5.0).sin() + f64::from(i * 7 % 5) / 8.0);
    (0..60).map(|i| if (30..40).contains(&i) && i != 35 { None } else { Some(value(i)) }).collect()
}

#[test]
fn several_lines_have_their_names_at_the_end() {
    let (p50, p95, p99) = (wandering(4e6), wandering(4e7), wandering(2e8));
    let lines = [line("P50", ".", &p50), line("P95", "+", &p95), line("P99", "*", &p99)];
    let chart = chart(&lines, Scale::Log, duration);
    insta::assert_snapshot!("log", drawn(&chart, (72, 12), false));
    insta::assert_snapshot!("log_ascii", drawn(&chart, (72, 12), true));
}

#[test]
fn one_line_is_filled() {
    let values = wandering(40.0);
    let lines = [Line { stroke: Stroke::Filled, ..line("requests", "#", &values) }];
    let chart = chart(&lines, Scale::Linear, format::rate);
    insta::assert_snapshot!("filled", drawn(&chart, (60, 8), false));
    insta::assert_snapshot!("filled_low", drawn(&chart, (30, 3), false));
}

#[test]
fn what_is_expected_is_dotted_and_its_interval_shaded() {
    let known: Vec<Option<f64>> = (0..40).map(|i| (i < 25).then(|| 95.0 - f64::from(i))).collect();
    let expected: Vec<Option<f64>> = (0..40).map(|i| (i >= 24).then(|| 95.0 - f64::from(i))).collect();
    let shifted = |by: f64| -> Vec<Option<f64>> {
        let shift = |(i, value): (u32, &Option<f64>)| value.map(|value| value + by * f64::from(i - 24));
        (0..).zip(&expected).map(shift).collect()
    };
    let (low, high) = (shifted(-0.8), shifted(0.8));
    let lines = [
        Line { stroke: Stroke::Shade(&high), ..line("", ".", &low) },
        line("score", "*", &known),
        Line { stroke: Stroke::Dotted, ..line("expected", "o", &expected) },
    ];
    let chart = Chart { least_top: 100.0, limits: &[70.0, 40.0], ..chart(&lines, Scale::Linear, format::score) };
    insta::assert_snapshot!("forecast", drawn(&chart, (72, 10), false));
}

#[test]
fn without_values_nothing_is_drawn() {
    let none = [None, Some(f64::NAN)];
    assert_eq!(drawn(&chart(&[line("", "*", &none)], Scale::Linear, format::rate), (9, 3), false), "\n\n\n");
}

proptest! {
    #[test]
    fn it_never_draws_outside(
        values in proptest::collection::vec(proptest::option::of(any::<f64>()), 0..200),
        (x, y, width, height) in (0_u16..20, 0_u16..20, 0_u16..90, 0_u16..30),
        (is_log, ascii, stroke) in (any::<bool>(), any::<bool>(), 0_u8..4),
        (from, to) in (any::<u64>(), any::<u64>()),
    ) {
        let stroke = match stroke {
            0 => Stroke::Line,
            1 => Stroke::Filled,
            2 => Stroke::Dotted,
            _ => Stroke::Shade(&values),
        };
        let lines = [Line { stroke, ..line("P50", "*", &values) }, line("日本語", "+", &values)];
        let scale = if is_log { Scale::Log } else { Scale::Linear };
        let chart = Chart { from: Timestamp(from), to: Timestamp(to), limits: &[70.0, f64::NAN], ..chart(&lines, scale, duration) };
        let area = Rect::new(x, y, width, height);
        let mut buffer = Buffer::filled(Rect::new(0, 0, 120, 60), Cell::new("x"));
        let look = look(ThemeChoice::Sixteen, ascii);
        chart.draw(&mut Canvas::new(&mut buffer, &look), area);
        for y in 0..60 {
            for x in 0..120 {
                let is_outside = !area.contains((x, y).into());
                prop_assert!(!is_outside || buffer.cell((x, y)).is_some_and(|cell| cell.symbol() == "x"), "{x},{y}");
            }
        }
    }
}
