//! Draws the screen.

use ratatui::layout::Rect;

use super::group;
use super::panes::{Focus, Panes};
use super::row::{COLUMNS, cell};
use super::state::State;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::screens::traces::welcome;
use crate::tui::widgets::{face, table};
use crate::tui::world::World;

/// Draws everything but the search line; the query in force is `text`.
pub(super) fn draw(state: &State, text: &str, canvas: &mut Canvas, panes: &Panes, world: &World) {
    let answer = state.answer();
    let Some(found) = answer.value() else {
        return match answer.failure() {
            Some(failure) => face::failing(canvas, panes.above, failure),
            None => face::loading(canvas, panes.above, "errors", answer.progress()),
        };
    };
    if found.groups.is_empty() {
        let is_without_traces = world.status.as_ref().is_some_and(|status| status.total_traces == 0);
        if is_without_traces && answer.failure().is_none() {
            return welcome::draw(canvas, panes.above, world);
        }
        return nothing(canvas, panes.above, text, world);
    }
    rows(state, canvas, panes, world);
    divider(state, canvas, panes.divider);
    group_lines(state, canvas, panes.group, world);
}

/// Nothing failed: that is good news, unless one searched for something else.
fn nothing(canvas: &mut Canvas, area: Rect, text: &str, world: &World) {
    if !text.is_empty() {
        return face::nothing(canvas, area, text, world.window.name());
    }
    let theme = canvas.theme();
    let lines = [
        (theme.strong(), format!("{} nothing failed in the last {}", canvas.symbols().dot, world.window.name())),
        (theme.dim(), "+ looks further back".to_owned()),
    ];
    face::draw(canvas, area, &lines);
}

fn rows(state: &State, canvas: &mut Canvas, panes: &Panes, world: &World) {
    if panes.rows.height == 0 {
        return;
    }
    if let Some(failure) = state.answer().failure() {
        let text = format!("{} no answer, what is shown is old: {failure}", canvas.symbols().error);
        canvas.text((panes.header.x, panes.header.y), panes.header.width, &text, canvas.theme().error());
    } else {
        table::header(canvas, panes.header, &COLUMNS, state.rows.sorted());
    }
    let places = table::places(&COLUMNS, panes.columns);
    for (y, (row, is_selected)) in (panes.rows.y..).zip(state.rows.visible(panes.rows.height)) {
        for place in &places {
            cell(canvas, (place.x, y), *place, (row, world.now));
        }
        if is_selected {
            table::select(canvas, panes.rows, y);
        }
    }
}

/// Says how many there are, and whether there is more of the group.
fn divider(state: &State, canvas: &mut Canvas, area: Rect) {
    let Some(found) = state.answer().value().filter(|_| area.height > 0) else { return };
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    for x in area.x..area.right() {
        canvas.symbol((x, area.y), symbols.horizontal, theme.faint());
    }
    let groups = format::plural(found.groups.len() as u64, "group");
    let left_out =
        if found.others > 0 { format!(", {} in none", format::grouped(found.others)) } else { String::new() };
    let text = format!(" {} in {groups}{left_out} ", format::plural(found.total, "failed span"));
    canvas.text((area.x + 2, area.y), area.width.saturating_sub(4), &text, theme.dim());
}

fn group_lines(state: &State, canvas: &mut Canvas, area: Rect, world: &World) {
    let Some(selected) = state.selected() else { return };
    let lines = group::lines(selected, world.now, canvas.theme());
    for (y, line) in (area.y..area.bottom()).zip(lines.into_iter().skip(state.scrolled())) {
        let mut x = area.x;
        for (text, style) in line {
            x = canvas.text((x, y), area.right().saturating_sub(x), &text, style);
        }
    }
    if state.focus == Focus::Group && area.height > 0 && area.x > 0 {
        for y in area.y..area.bottom() {
            canvas.symbol((area.x - 1, y), canvas.symbols().pointer, canvas.theme().accent());
        }
    }
}
