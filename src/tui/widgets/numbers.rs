//! How figures stand in tables: a score with its bar, a change, a sparkline of requests. Meanings are told by signs as well
//! as by colours.

use ratatui::style::Style;

use crate::analysis::{Figures, HealthStatus, Tick};
use crate::tui::canvas::Canvas;
use crate::tui::format;

/// What a score with its sign takes, and what a bar beside it does.
pub const SCORE_WIDTH: u16 = 5;
const BAR_WIDTH: u16 = 6;
/// What a score with its bar takes.
pub const GAUGE_WIDTH: u16 = SCORE_WIDTH + 1 + BAR_WIDTH;
/// What a change takes.
pub const CHANGE_WIDTH: u16 = 6;

/// From this share of errors on a stretch of time counts as failing.
const MANY_ERRORS: f64 = 0.1;
/// Of fewer requests a change is most often chance.
const FEW: u64 = 20;
/// A smaller change is none.
const LEAST_CHANGE: f64 = 0.05;
/// A change that is to be noticed.
const GREAT_CHANGE: f64 = 0.2;

/// What a change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// More of it is worse.
    Worse,
    /// More of it is neither good nor bad.
    Neutral,
}

/// How something changed against the window before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Nothing is known of it before, or now.
    Unknown,
    /// It was not there.
    New,
    /// By this part of what it was.
    By { part: f64, is_sure: bool },
}

impl Change {
    /// Returns how a figure changed; nothing is known where nothing of anything is known of before.
    pub fn of(now: &Figures, before: Option<&Figures>, of: impl Fn(&Figures) -> Option<f64>) -> Self {
        let Some(before) = before else { return Self::Unknown };
        match (of(now), of(before)) {
            (Some(_), None) => Self::New,
            (Some(now_is), Some(was)) if was > 0.0 => {
                Self::By { part: now_is / was - 1.0, is_sure: now.requests >= FEW && before.requests >= FEW }
            }
            _ => Self::Unknown,
        }
    }

    /// Returns what it is sorted by: what is new like what became endless times as much.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Unknown => None,
            Self::New => Some(f64::MAX),
            Self::By { part, .. } => Some(part),
        }
    }
}

/// Returns the 95th percentile of figures.
pub fn p95(figures: &Figures) -> Option<f64> {
    figures.percentiles.map(|percentiles| percentiles.p95_ns as f64)
}

/// Draws a change, quietly where it is small or may be chance.
pub fn change(canvas: &mut Canvas, at: (u16, u16), width: u16, change: Change, more: More) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let (text, style) = match change {
        Change::Unknown => (symbols.nothing.to_owned(), theme.dim()),
        Change::New => ("new".into(), theme.accent()),
        Change::By { part, .. } if part.abs() < LEAST_CHANGE || part.is_nan() => {
            (symbols.separator.to_owned(), theme.faint())
        }
        Change::By { part, is_sure } => {
            let sign = if part > 0.0 { symbols.ascending } else { symbols.descending };
            let percent = (part.abs() * 100.0).round();
            let text = if percent < 999.5 { format!("{sign} {percent:.0}%") } else { format!("{sign}>999%") };
            let style = match more {
                _ if !is_sure || part.abs() < GREAT_CHANGE => theme.dim(),
                More::Neutral => Style::new(),
                More::Worse if part > 0.0 => theme.warning(),
                More::Worse => theme.good(),
            };
            (text, style)
        }
    };
    canvas.text_right(at, width, &text, style);
}

/// Draws text, or the sign of no data.
pub fn or_nothing(canvas: &mut Canvas, at: (u16, u16), width: u16, text: Option<String>, style: Style) {
    match text {
        Some(text) => canvas.text_right(at, width, &text, style),
        None => canvas.text_right(at, width, canvas.symbols().nothing, canvas.theme().dim()),
    }
}

/// Draws a duration.
pub fn duration(canvas: &mut Canvas, at: (u16, u16), width: u16, ns: Option<u64>) {
    or_nothing(canvas, at, width, ns.map(format::duration), Style::new());
}

/// Draws the share of errors, with a sign where there are some.
pub fn errors(canvas: &mut Canvas, at: (u16, u16), width: u16, figures: &Figures) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let sign = if figures.errors > 0 { format!("{} ", symbols.error) } else { String::new() };
    let style = if figures.errors > 0 { theme.error() } else { theme.dim() };
    let text = figures.error_rate_percent().map(|percent| format!("{sign}{}", format::percent(percent)));
    or_nothing(canvas, at, width, text, style);
}

/// Draws a score with its sign, and where there is room its bar.
pub fn score(canvas: &mut Canvas, at: (u16, u16), width: u16, score: Option<(f64, HealthStatus)>) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let Some((score, status)) = score else {
        return or_nothing(canvas, at, SCORE_WIDTH.min(width), None, Style::new());
    };
    let style = theme.health(Some(status));
    canvas.symbol(at, symbols.health(Some(status)), style);
    canvas.text_right((at.0 + 1, at.1), SCORE_WIDTH.min(width).saturating_sub(1), &format::score(score), style);
    if width >= GAUGE_WIDTH {
        let filled = (score / 100.0 * f64::from(BAR_WIDTH)).round() as u16;
        for i in 0..BAR_WIDTH {
            let (symbol, style) = if i < filled { (symbols.heavy, style) } else { (symbols.horizontal, theme.faint()) };
            canvas.symbol((at.0 + SCORE_WIDTH + 1 + i, at.1), symbol, style);
        }
    }
}

/// Draws requests over time, the newest at the right edge, each stretch as wide as there is room for all. Stretches with many
/// errors are red, those with some between. The highest leaves an eighth free, so that rows do not touch.
pub fn sparkline(canvas: &mut Canvas, at: (u16, u16), width: u16, ticks: &[Tick]) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let shown = ticks.get(ticks.len().saturating_sub(width.into())..).unwrap_or_default();
    let cells = usize::from(width) / shown.len().max(1);
    let most = shown.iter().map(|tick| tick.requests).max().unwrap_or(0).max(1);
    let left = at.0 + width.saturating_sub((shown.len() * cells) as u16);
    let ticks = shown.iter().flat_map(|tick| std::iter::repeat_n(tick, cells));
    for (x, tick) in (left..).zip(ticks) {
        let level = (u128::from(tick.requests) * 7).div_ceil(u128::from(most)).saturating_sub(1) as usize;
        let symbol = symbols.lower.get(level).unwrap_or(&symbols.ellipsis);
        let style = match tick.errors {
            _ if tick.requests == 0 => theme.faint(),
            0 => theme.accent(),
            errors if errors as f64 >= MANY_ERRORS * tick.requests as f64 => theme.error(),
            _ => theme.some_errors(),
        };
        canvas.symbol((x, at.1), symbol, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(requests: u64, p95_ns: u64) -> Figures {
        let percentiles = (requests > 0).then(|| crate::analysis::Percentiles { p95_ns, ..Default::default() });
        Figures { requests, percentiles, ..Figures::default() }
    }

    #[test]
    fn changes_are_against_what_was_there() {
        let of = |now, before: Option<Figures>| Change::of(&now, before.as_ref(), p95);
        assert_eq!(of(figures(30, 3), None), Change::Unknown);
        assert_eq!(of(figures(30, 3), Some(figures(0, 0))), Change::New);
        assert_eq!(of(figures(30, 3), Some(figures(30, 2))), Change::By { part: 0.5, is_sure: true });
        assert_eq!(of(figures(30, 1), Some(figures(3, 2))), Change::By { part: -0.5, is_sure: false });
        assert_eq!(of(figures(0, 0), Some(figures(3, 2))), Change::Unknown);
        assert_eq!(of(figures(3, 5), Some(figures(3, 0))), Change::Unknown, "times as much as nothing");
    }
}
