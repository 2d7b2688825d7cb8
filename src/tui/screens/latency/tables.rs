//! Draws the tables: the slow operations, and the spans of a part of the heatmap.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::charts::noun;
use super::found;
use super::panes::Panes;
use super::slow;
use super::state::State;
use crate::model::Timestamp;
use crate::source::SlowOrder;
use crate::tui::canvas::Canvas;
use crate::tui::widgets::{durations, face, table};
use crate::tui::{format, sanitize};

/// Where fewer of a hundred are listed than are drawn it is said why.
const MOST_LEFT_OUT: u64 = 2;

/// Draws the slow operations.
pub(super) fn slow(state: &State, canvas: &mut Canvas, panes: &Panes) {
    let parts = &panes.table;
    let (theme, answer) = (canvas.theme(), state.slow_answer());
    if parts.rows.is_empty() {
        return;
    }
    let by = match state.slow.sorted().0 {
        SlowOrder::Total => "those that most time is spent in first",
        SlowOrder::P99 => "those with the longest P99 first",
        SlowOrder::Change => "those that became slower most surely first",
    };
    let x = canvas.text((parts.title.x, parts.title.y), parts.title.width, "slow operations", theme.strong());
    canvas.text((x + 2, parts.title.y), parts.title.right().saturating_sub(x + 2), by, theme.dim());
    match (answer.value(), answer.failure()) {
        (None, Some(failure)) => return face::failing(canvas, parts.rows, failure),
        (None, None) => return face::loading(canvas, parts.rows, "operations", answer.progress()),
        (Some(_), _) => {}
    }
    table::header(canvas, parts.header, &slow::COLUMNS, state.slow.sorted());
    let places = table::places(&slow::COLUMNS, parts.columns);
    for (y, (row, is_selected)) in (parts.rows.y..).zip(state.slow.visible(parts.rows.height)) {
        for place in &places {
            slow::cell(canvas, (place.x, y), *place, row);
        }
        if is_selected {
            table::select(canvas, parts.rows, y);
        }
    }
    let total = answer.value().map_or(0, |slow| slow.total);
    let count = state.slow.all().len();
    let text = match total {
        total if total > count => format!("the first {count} of {}", format::plural(total as u64, "operation")),
        total => format::plural(total as u64, "operation"),
    };
    note(state, canvas, panes, (&text, state.slow.cursor().selected, count));
}

/// Draws the spans of the part that is chosen.
pub(super) fn found(state: &State, canvas: &mut Canvas, panes: &Panes) {
    let parts = &panes.table;
    let (theme, answer) = (canvas.theme(), state.found_answer());
    told(state, canvas, parts.title);
    if parts.rows.is_empty() {
        return;
    }
    let list = match (answer.value(), answer.failure()) {
        (None, Some(failure)) => return face::failing(canvas, parts.rows, failure),
        (None, None) if state.part().is_none() => return,
        (None, None) => return face::loading(canvas, parts.rows, "spans", answer.progress()),
        (Some(list), _) => list,
    };
    let count = state.count().unwrap_or_default();
    let left_out = count.spans.saturating_sub(list.total as u64);
    // Which requests of such services are is not to be told by a query.
    let is_short = state.query().is_none() && left_out * 100 > count.spans * MOST_LEFT_OUT;
    let why = if is_short { format!("{left_out} more by services without server spans") } else { String::new() };
    if list.rows.is_empty() {
        let text = if is_short { why } else { "nothing began here and took so long".into() };
        return face::draw(canvas, parts.rows, &[(theme.dim(), text)]);
    }
    table::header(canvas, parts.header, &found::COLUMNS, state.found.sorted());
    let places = table::places(&found::COLUMNS, parts.columns);
    for (y, (row, is_selected)) in (parts.rows.y..).zip(state.found.visible(parts.rows.height)) {
        for place in &places {
            found::cell(canvas, (place.x, y), *place, row);
        }
        if is_selected {
            table::select(canvas, parts.rows, y);
        }
    }
    let shown = list.rows.len();
    let mut text = match list.total {
        total if total > shown => format!("the newest {shown} of {}", format::plural(total as u64, "span")),
        total => format::plural(total as u64, "span"),
    };
    if is_short {
        text = format!("{text}, {why}");
    }
    note(state, canvas, panes, (&text, state.found.cursor().selected, shown));
}

/// Says what is chosen: how many, how long they took, and when.
pub(super) fn told(state: &State, canvas: &mut Canvas, line: Rect) {
    let Some(part) = state.part().filter(|_| line.height > 0) else { return };
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let mut x = line.x;
    let mut piece =
        |text: &str, style: Style| x = canvas.text((x, line.y), line.right().saturating_sub(x), text, style);
    if let Some(count) = state.count() {
        piece(&format!("{}  ", format::plural(count.spans, noun(state))), theme.strong());
        if count.errors > 0 {
            piece(&format!("{} {} failed  ", symbols.error, format::grouped(count.errors)), theme.error());
        }
    }
    let label = durations::label;
    piece(&format!("{} to {}  ", label(part.least_ns), label(part.most_ns)), theme.base());
    let clock = |time: Option<Timestamp>| {
        let text = time.map(found::clock).unwrap_or_default();
        text.strip_suffix(".000").map_or(text.clone(), str::to_owned)
    };
    piece(&format!("{} to {}", clock(part.window.from), clock(part.window.to)), theme.dim());
}

/// The line below a table: how many rows there are, and what is wrong.
fn note(state: &State, canvas: &mut Canvas, panes: &Panes, (text, selected, rows): (&str, usize, usize)) {
    let (theme, area) = (canvas.theme(), panes.table.note);
    if area.height == 0 {
        return;
    }
    if let Some(failure) = state.failure() {
        let text = format!("{} no answer, what is shown is old: {failure}", canvas.symbols().error);
        canvas.text((area.x, area.y), area.width, &text, theme.error());
        return;
    }
    let place = format!("{}/{rows}", (selected + 1).min(rows));
    let room = area.width.saturating_sub(sanitize::width(&place, 20) + 1);
    canvas.text((area.x, area.y), room, text, theme.dim());
    if rows > 0 {
        canvas.text_right((area.x, area.y), area.width, &place, theme.dim());
    }
}
