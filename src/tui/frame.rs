//! The lines around every screen: on top where one is and how the store does, below the keys that work here.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::Canvas;
use super::command::{Scope, TABLE, Tab};
use super::keymap::Keymap;
use super::world::{Pause, World};
use super::{format, sanitize, vitals};

/// The name at the left of the top line.
const NAME: &str = " spantop ";

/// What stands in the top line for a screen.
pub(super) struct Title {
    pub(super) tab: Tab,
    pub(super) name: String,
    pub(super) is_active: bool,
}

/// What the top line tells of the screen below it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mode {
    pub(super) pause: Option<Pause>,
    /// Whether the newest is followed.
    pub(super) following: bool,
    /// Whether it is of the window in force.
    pub(super) has_window: bool,
}

/// Pieces of text that are shown together or not at all.
pub(super) type Segment = Vec<(String, Style)>;

/// Returns how many cells a segment takes.
pub(super) fn width(segment: &Segment) -> u16 {
    segment.iter().map(|(text, _)| sanitize::width(text, 500)).sum()
}

fn put(canvas: &mut Canvas, mut x: u16, y: u16, segment: &Segment) -> u16 {
    for (text, style) in segment {
        x = canvas.text((x, y), u16::MAX, text, *style);
    }
    x
}

/// Below this width the top line has no room for the name, and says in a word whether it is live.
const NARROW: u16 = 60;
/// Below this one what follows is not said to be live as well.
const WIDE: u16 = 100;

fn name(width: u16) -> &'static str {
    if width < NARROW { "" } else { NAME }
}

/// What the rest of the top line takes when it says everything in words.
const REST: u16 = 100;

/// Returns the cells from the left edge to the titles, and what each shows there in a line of that width. Where names would
/// take the room of the rest, only the active screen has one.
fn tabs(titles: &[Title], width: u16) -> (u16, Vec<String>) {
    let long = |title: &Title| format!(" {} {} ", title.tab.number(), title.name);
    let cells = |text: &String| sanitize::width(text, 100);
    let is_long = titles.iter().map(long).map(|text| cells(&text)).sum::<u16>() <= width.saturating_sub(REST);
    let text = |title: &Title| match title.is_active || is_long {
        true => long(title),
        false if width < NARROW => title.tab.number().to_string(),
        false => format!(" {} ", title.tab.number()),
    };
    let mut texts: Vec<String> = titles.iter().map(text).collect();
    if let Some(first) = texts.first_mut().filter(|first| !first.starts_with(' ')) {
        first.insert(0, ' ');
    }
    (name(width).len() as u16, texts)
}

/// Draws the top line.
pub(super) fn top(canvas: &mut Canvas, area: Rect, titles: &[Title], mode: Mode, world: &World) {
    let theme = canvas.theme();
    canvas.fill(area, theme.base().patch(theme.panel()));
    canvas.text((area.x, area.y), area.width, name(area.width), theme.accent().patch(theme.strong()));
    let (left, texts) = tabs(titles, area.width);
    let mut x = area.x + left;
    for (title, text) in titles.iter().zip(texts) {
        let style = if title.is_active { theme.active_tab() } else { theme.dim() };
        x = canvas.text((x, area.y), u16::MAX, &text, style);
    }
    x += 1;
    let is_narrow = area.width < NARROW;
    let state = if is_narrow { state_in_a_word(canvas, mode, world) } else { state(canvas, mode, world, area.width) };
    if x + width(&state) < area.right() {
        x = put(canvas, x, area.y, &state);
    }
    let window = mode.has_window.then(|| (format!("  {}", world.window.name()), theme.strong()));
    let window: Segment = window.into_iter().collect();
    // A narrow line has room for the window only where the store has nothing to tell.
    let reserved = if is_narrow { 0 } else { width(&window) };
    let room = area.right().saturating_sub(x + reserved + if is_narrow { 0 } else { 2 });
    let told = vitals::fitting(canvas, world, room);
    let total: u16 = told.iter().map(|segment| width(segment) + 2).sum();
    let start = area.right().saturating_sub(total);
    if x + width(&window) < start {
        put(canvas, x, area.y, &window);
    }
    let mut x = start + 1;
    for segment in &told {
        x = put(canvas, x, area.y, segment) + 2;
    }
}

/// Whether it is live, follows or is paused, and what arrived meanwhile.
fn state(canvas: &Canvas, mode: Mode, world: &World, width: u16) -> Segment {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let Some(pause) = mode.pause else {
        let text = match mode.following {
            true if width < WIDE => "following".into(),
            true => format!("live {} following", symbols.separator),
            false => "live".into(),
        };
        return vec![(format!("{} {text}", symbols.live), theme.good())];
    };
    let (spans, traces) = pause.missed(world);
    let missed = match spans {
        0 => String::new(),
        _ => format!(" +{} +{}", format::plural(traces, "trace"), format::plural(spans, "span")),
    };
    let text = format!("{} paused{missed}", symbols.paused);
    vec![(text, theme.warning().patch(theme.strong()))]
}

/// The same as [`state`] in the fewest cells; of what arrived the spans are counted.
fn state_in_a_word(canvas: &Canvas, mode: Mode, world: &World) -> Segment {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let Some(pause) = mode.pause else {
        let word = if mode.following { "follow" } else { "live" };
        return vec![(format!("{} {word}", symbols.live), theme.good())];
    };
    let text = match pause.missed(world).0 {
        0 => "paused".into(),
        spans => format!("+{}", format::count(spans)),
    };
    vec![(format!("{} {text}", symbols.paused), theme.warning().patch(theme.strong()))]
}

/// The fewest cells in which it is worth saying what was tried.
const LEAST_ATTEMPT: u16 = 20;

/// Draws the line that says why what comes in is not written to disk. Its end is the reason, which stays where the rest
/// is cut.
pub(super) fn banner(canvas: &mut Canvas, area: Rect, trouble: &str) {
    let (theme, sign) = (canvas.theme(), canvas.symbols().error);
    let style = theme.banner();
    canvas.fill(area, theme.base().patch(style));
    let (x, room) = (area.x + 1, area.width.saturating_sub(2));
    let cells = |text: &str| sanitize::width(text, room);
    let (attempt, reason) = trouble.rsplit_once(": ").unwrap_or(("", trouble));
    let lead = format!("{sign} kept in memory only: ");
    let end = format!(": {reason}");
    let for_attempt = room.saturating_sub(cells(&lead)).saturating_sub(cells(&end));
    if !attempt.is_empty() && for_attempt >= cells(attempt).min(LEAST_ATTEMPT) {
        let segment = [(lead.as_str(), room), (attempt, for_attempt), (end.as_str(), room)];
        segment.into_iter().fold(x, |x, (text, room)| canvas.text((x, area.y), room, text, style));
        return;
    }
    let long = format!("{lead}{reason}");
    let text = if cells(&long) <= room { long } else { format!("{sign} memory only: {reason}") };
    canvas.text((x, area.y), room, &text, style);
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
    // While one types, those of everywhere type.
    let always: Vec<Segment> = keys(Scope::Everywhere).filter(|_| scope != Scope::Search).filter_map(segment).collect();
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

/// Returns the screen whose title is at `x` of a top line of `width` cells.
pub(super) fn tab_at(titles: &[Title], width: u16, x: u16) -> Option<Tab> {
    let (mut end, texts) = tabs(titles, width);
    let place = texts.iter().position(|text| {
        let start = end;
        end += sanitize::width(text, 100);
        (start..end).contains(&x)
    });
    titles.get(place?).map(|title| title.tab)
}
