//! Draws the screen.

use super::panes::Panes;
use super::state::State;
use super::{charts, tables};
use crate::tui::canvas::Canvas;
use crate::tui::screens::traces::welcome;
use crate::tui::widgets::face;
use crate::tui::world::World;

/// Draws everything but the search line; the query in force is `text`.
pub(super) fn draw(state: &State, (text, is_in_slow): (&str, bool), canvas: &mut Canvas, panes: &Panes, world: &World) {
    let answer = state.density();
    let Some(density) = answer.value() else {
        return match answer.failure() {
            Some(failure) => face::failing(canvas, panes.above, failure),
            None => face::loading(canvas, panes.above, "durations", answer.progress()),
        };
    };
    if density.figures.requests == 0 {
        let is_without_traces = world.status.as_ref().is_some_and(|status| status.total_traces == 0);
        if is_without_traces && answer.failure().is_none() {
            return welcome::draw(canvas, panes.above, world);
        }
        return face::nothing(canvas, panes.above, text, world.window.name());
    }
    charts::figures(state, &density.figures, canvas, panes);
    charts::charts(density, canvas, panes);
    charts::heat(state, canvas, panes);
    if is_in_slow {
        tables::slow(state, canvas, panes);
    } else {
        tables::found(state, canvas, panes);
    }
    if panes.table.note.is_empty()
        && let Some(failure) = state.failure()
    {
        failing(canvas, panes, failure);
    }
}

/// Says over the last line that what is shown is old, where no table has room to say it.
fn failing(canvas: &mut Canvas, panes: &Panes, failure: &str) {
    let area = panes.above;
    let Some(y) = area.bottom().checked_sub(1).filter(|_| area.height > 0) else { return };
    let text = format!("{} no answer, what is shown is old: {failure}", canvas.symbols().error);
    canvas.fill(ratatui::layout::Rect { y, height: 1, ..area }, canvas.theme().base());
    canvas.text((area.x + 1, y), area.width.saturating_sub(2), &text, canvas.theme().error());
}
