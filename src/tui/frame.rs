//! The lines around every screen: on top where one is and how the store does, below the keys that work here.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::Canvas;
use super::command::{Scope, TABLE};
use super::keymap::Keymap;
use super::widgets::gauge;
use super::world::{Pause, World};
use super::{format, sanitize};
use crate::source::Status;

/// The name at the left of the top line.
const NAME: &str = " spantop ";

/// A tab of the top line.
pub(super) struct Tab {
    pub(super) title: String,
    pub(super) active: bool,
}

/// What the top line tells of the screen below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    pub(super) pause: Option<Pause>,
    /// Whether the newest is followed.
    pub(super) following: bool,
    pub(super) window: Option<&'static str>,
}

/// Pieces of text that are shown together or not at all.
type Segment = Vec<(String, Style)>;

fn width(segment: &Segment) -> u16 {
    segment.iter().map(|(text, _)| sanitize::width(text, 500)).sum()
}

fn put(canvas: &mut Canvas, mut x: u16, y: u16, segment: &Segment) -> u16 {
    for (text, style) in segment {
        x = canvas.text((x, y), u16::MAX, text, *style);
    }
    x
}

/// Draws the top line.
pub(super) fn top(canvas: &mut Canvas, area: Rect, tabs: &[Tab], mode: Mode, world: &World) {
    let theme = canvas.theme();
    canvas.fill(area, theme.base().patch(theme.panel()));
    let mut x = put(canvas, area.x, area.y, &vec![(NAME.into(), theme.accent().patch(theme.strong()))]);
    for tab in tabs {
        let style = if tab.active { theme.active_tab() } else { theme.dim() };
        x = put(canvas, x, area.y, &vec![(format!(" {} ", tab.title), style)]);
    }
    let mut left = vec![state(canvas, mode, world)];
    if let Some(window) = mode.window {
        left.push(vec![(format!("  {window}"), theme.strong())]);
    }
    x += 1;
    for segment in &left {
        if x + width(segment) < area.right() {
            x = put(canvas, x, area.y, segment);
        }
    }
    let Some(status) = &world.status else { return };
    // The most telling first: the last ones go where the line is short.
    let mut room = area.right().saturating_sub(x + 2);
    let mut shown = Vec::new();
    for (place, segment) in health(canvas, status, area.width < WIDE) {
        let needed = width(&segment) + 2;
        if needed <= room {
            room -= needed;
            shown.push((place, segment));
        }
    }
    shown.sort_by_key(|(place, _)| *place);
    let total: u16 = shown.iter().map(|(_, segment)| width(segment) + 2).sum();
    let mut x = area.right().saturating_sub(total) + 1;
    for (_, segment) in &shown {
        x = put(canvas, x, area.y, segment) + 2;
    }
}

/// Whether it is live, follows or is paused, and what arrived meanwhile.
fn state(canvas: &Canvas, mode: Mode, world: &World) -> Segment {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let Some(pause) = mode.pause else {
        let following = if mode.following { format!(" {} following", symbols.separator) } else { String::new() };
        return vec![(format!("{} live{following}", symbols.live), theme.good())];
    };
    let (spans, traces) = pause.missed(world);
    let missed = match spans {
        0 => String::new(),
        _ => format!(" +{} +{}", format::plural(traces, "trace"), format::plural(spans, "span")),
    };
    let text = format!("{} paused{missed}", symbols.paused);
    vec![(text, theme.warning().patch(theme.strong()))]
}

/// From this width on the top line has room for words and long gauges.
const WIDE: u16 = 100;

/// The state of the store and the receivers: (place in the line, segment), the most telling first.
fn health(canvas: &Canvas, status: &Status, is_short: bool) -> Vec<(u8, Segment)> {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let mut segments = Vec::new();
    let counters = &status.counters;
    let mut count = |place, number: u64, what: &str| {
        if number > 0 {
            segments.push((place, vec![(format!("{} {what}", format::count(number)), theme.warning())]));
        }
    };
    count(5, status.refused_requests, "refused");
    count(4, counters.rejected, "rejected");
    count(3, counters.evicted, "evicted");
    let rate = status.spans_per_second.last().copied().unwrap_or(0);
    let (cells, unit) = if is_short { (8, "/s") } else { (16, " spans/s") };
    let spark = gauge::sparkline(&status.spans_per_second, cells, symbols);
    let rate = format!("{:>5}{unit} ", format::count(rate.into()));
    segments.push((0, vec![(rate, Style::new()), (spark, theme.accent())]));
    if status.memory_budget > 0 {
        segments.push((1, memory(canvas, status, cells / 2)));
    }
    segments.push((2, vec![(format::plural(status.total_traces, "trace"), theme.dim())]));
    segments
}

fn memory(canvas: &Canvas, status: &Status, cells: usize) -> Segment {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let share = status.memory_bytes as f64 / status.memory_budget as f64;
    let eighths = (share.clamp(0.0, 1.0) * (cells * 8) as f64).round() as usize;
    let style = if share > 0.9 { theme.warning() } else { theme.accent() };
    let mut filled = symbols.left[7].repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        filled.push_str(symbols.left[eighths % 8 - 1]);
    }
    let track = symbols.separator.repeat(cells - eighths.div_ceil(8));
    vec![
        ("mem ".into(), theme.dim()),
        (filled, style),
        (track, theme.faint()),
        (format!(" {:>3.0}%", share * 100.0), Style::new()),
    ]
}

/// What the bottom line says instead of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) is_error: bool,
}

/// Draws the bottom line: the message of the moment, or as many keys as fit. Help and quit are always among them.
pub(super) fn bottom(canvas: &mut Canvas, area: Rect, scope: Scope, keymap: &Keymap, message: Option<&Message>) {
    let theme = canvas.theme();
    canvas.fill(area, theme.base().patch(theme.panel()));
    if let Some(message) = message {
        let style = if message.is_error { theme.error() } else { theme.strong() };
        canvas.text((area.x + 1, area.y), area.width.saturating_sub(2), &message.text, style);
        return;
    }
    let keys = |scope| TABLE.iter().filter(move |entry| entry.scope == scope);
    let segment = |entry: &super::command::Entry| -> Option<Segment> {
        let key = keymap.keys(entry.scope, entry.command).first()?.label();
        Some(vec![(key, theme.key()), (format!(" {}", entry.label?), theme.dim())])
    };
    let always: Vec<Segment> = keys(Scope::Everywhere).filter_map(segment).collect();
    let reserved: u16 = always.iter().map(|segment| width(segment) + 2).sum();
    let end = area.right().saturating_sub(reserved) + 1;
    let mut x = area.x + 1;
    for segment in keys(scope).filter_map(segment) {
        if x + width(&segment) + 1 > end {
            break;
        }
        x = put(canvas, x, area.y, &segment) + 2;
    }
    let mut x = x.max(end);
    for segment in &always {
        x = put(canvas, x, area.y, segment) + 2;
    }
}

/// Returns the tab whose title is at `x`.
pub(super) fn tab_at(tabs: &[Tab], x: u16) -> Option<usize> {
    let mut end = NAME.len() as u16;
    tabs.iter().position(|tab| {
        let start = end;
        end += sanitize::width(&tab.title, 100) + 2;
        (start..end).contains(&x)
    })
}
