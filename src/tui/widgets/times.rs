//! The times below a plot: round ones, as a clock in UTC tells them.

use ratatui::layout::Rect;

use crate::model::Timestamp;
use crate::tui::canvas::Canvas;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

/// How clocks divide time; beyond, days are doubled.
const STEPS: [u64; 17] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    60 * MINUTE,
    120 * MINUTE,
    360 * MINUTE,
    720 * MINUTE,
    DAY,
];

/// The cells between two marks at least.
const GAP: u16 = 4;

/// Returns the columns of the marks below a plot of so many cells, and what stands there from that column on.
pub fn marks(from: Timestamp, to: Timestamp, width: u16) -> Vec<(u16, String)> {
    let length = to.since(from).max(1);
    // A part of a mark would say another time.
    let most = u64::from(width / (5 + GAP)).max(1);
    let doubled = std::iter::successors(Some(2 * DAY), |step| step.checked_mul(2));
    let fits = |step: &u64| length / step < most && cells(*step, length, width) >= label_width(*step) + GAP;
    let Some(step) = STEPS.into_iter().chain(doubled).find(fits) else { return Vec::new() };
    let first = from.0.div_ceil(step);
    (0..=most)
        .map_while(|number| first.checked_add(number)?.checked_mul(step))
        .take_while(|time| *time < to.0)
        .map(|time| ((u128::from(time - from.0) * u128::from(width) / u128::from(length)) as u16, label(time, step)))
        .filter(|(column, text)| column + text.len() as u16 <= width)
        .collect()
}

fn cells(step: u64, length: u64, width: u16) -> u16 {
    (u128::from(step) * u128::from(width) / u128::from(length)).min(u128::from(u16::MAX)) as u16
}

fn label_width(step: u64) -> u16 {
    if step < MINUTE { 8 } else { 5 }
}

/// Returns the time of day, or at its beginning the day.
fn label(time: u64, step: u64) -> String {
    let text = Timestamp(time).to_string();
    let part = match step {
        _ if time.is_multiple_of(DAY) => text.get(5..10),
        step if step < MINUTE => text.get(11..19),
        _ => text.get(11..16),
    };
    part.unwrap_or_default().to_owned()
}

/// Draws the times in the line below a plot.
pub fn draw(canvas: &mut Canvas, line: Rect, from: Timestamp, to: Timestamp) {
    let marks = if line.height > 0 { marks(from, to, line.width) } else { Vec::new() };
    for (column, text) in marks {
        canvas.text((line.x + column, line.y), line.width - column, &text, canvas.theme().dim());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-22T15:11:58Z.
    const NOW: u64 = 1_795_360_318 * SECOND;

    fn marked(length: u64, width: u16) -> String {
        let marks = marks(Timestamp(NOW - length), Timestamp(NOW), width);
        marks.into_iter().map(|(column, text)| format!("{column} {text}")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn times_are_round() {
        assert_eq!(marked(15 * MINUTE, 60), "12 15:00, 32 15:05, 52 15:10");
        assert_eq!(marked(MINUTE, 60), "2 15:11:00, 17 15:11:15, 32 15:11:30, 47 15:11:45");
        assert_eq!(marked(24 * 60 * MINUTE, 60), "7 18:00, 22 11-22, 37 06:00, 52 12:00");
        assert_eq!(marked(15 * MINUTE, 5), "");
    }

    proptest! {
        #[test]
        fn marks_lie_apart_inside(from: u64, length: u64, width in 0_u16..400) {
            let marks = marks(Timestamp(from), Timestamp(from.saturating_add(length)), width);
            for (column, text) in &marks {
                prop_assert!(column + text.len() as u16 <= width);
            }
            for pair in marks.windows(2) {
                prop_assert!(pair[0].0 + (pair[0].1.len() as u16) < pair[1].0);
            }
        }
    }
}
