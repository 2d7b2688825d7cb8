//! Small bars: sparklines, fill gauges and bars on a log scale, with eighths of a cell.

use ratatui::style::Style;

use crate::tui::canvas::Canvas;
use crate::tui::symbols::Symbols;

/// Returns the symbols of a sparkline of the last `width` values, scaled to their greatest; before the first there was
/// nothing, so that an idle screen is still from its first second.
pub fn sparkline(values: &[u32], width: usize, symbols: &Symbols) -> String {
    let shown = &values[values.len().saturating_sub(width)..];
    let most = shown.iter().copied().max().unwrap_or(0).max(1);
    let level = |value: u32| (u64::from(value) * 8).div_ceil(u64::from(most)) as usize;
    let mut text = symbols.lower[0].repeat(width - shown.len());
    for &value in shown {
        text.push_str(if value == 0 { symbols.lower[0] } else { symbols.lower[level(value) - 1] });
    }
    text
}

/// Returns what is filled of a gauge of `width` cells, and its track beyond.
pub fn fill(share: f64, width: usize, symbols: &Symbols) -> (String, String) {
    let eighths = (share.clamp(0.0, 1.0) * (width * 8) as f64).round() as usize;
    let mut filled = symbols.left[7].repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        filled.push_str(symbols.left[eighths % 8 - 1]);
    }
    (filled, symbols.separator.repeat(width - eighths.div_ceil(8)))
}

/// Draws a bar that fills `share` (0 to 1) of `width` cells; something above nothing is always seen.
pub fn bar(canvas: &mut Canvas, at: (u16, u16), width: u16, share: f64, style: Style) {
    let mut eighths = (share.clamp(0.0, 1.0) * f64::from(width) * 8.0).round() as u16;
    if share > 0.0 {
        eighths = eighths.max(1);
    }
    let symbols = canvas.symbols();
    for i in 0..width {
        let filled = eighths.saturating_sub(i * 8).min(8);
        if filled > 0 {
            canvas.symbol((at.0 + i, at.1), symbols.left[usize::from(filled) - 1], style);
        }
    }
}

/// Returns where a duration stands between 100 µs (0) and 100 s (1) on a log scale: a bar of the same length means the
/// same duration on every page.
pub fn log_share(duration_ns: u64) -> f64 {
    const LEAST: f64 = 5.0;
    const MOST: f64 = 11.0;
    if duration_ns == 0 {
        return 0.0;
    }
    (((duration_ns as f64).log10() - LEAST) / (MOST - LEAST)).clamp(0.001, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::symbols::UNICODE;

    #[test]
    fn a_sparkline_shows_the_newest_values() {
        assert_eq!(sparkline(&[0, 1, 4, 8], 6, &UNICODE), "▁▁▁▁▄█");
        assert_eq!(sparkline(&[9, 0, 1, 4, 8], 3, &UNICODE), "▁▄█");
        assert_eq!(sparkline(&[], 2, &UNICODE), "▁▁");
        assert_eq!(sparkline(&[u32::MAX], 1, &UNICODE), "█");
    }

    #[test]
    fn a_gauge_is_filled_in_eighths() {
        let fill = |share| {
            let (filled, track) = fill(share, 4, &UNICODE);
            filled + &track
        };
        assert_eq!([0.0, 0.03, 0.43, 1.0, 7.0, f64::NAN].map(fill), ["····", "▏···", "█▊··", "████", "████", "····"]);
    }

    #[test]
    fn durations_stand_on_a_log_scale() {
        assert!(log_share(0) == 0.0 && log_share(1) > 0.0 && log_share(u64::MAX) <= 1.0);
        assert!((log_share(100_000_000) - 0.5).abs() < 1e-9);
    }
}
