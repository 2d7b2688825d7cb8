//! Draws the flame graph: a line for each lane, and below them what the selected block is.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{Block, Flame, Mode};
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::screens::trace::state::State;
use crate::tui::widgets::face;
use crate::tui::widgets::waterfall::{self, Scale};

/// A label takes at least so many cells, with one before it.
const LEAST_LABEL: u16 = 3;
/// A block is red from one error in so many spans on: of thousands nearly always one has an error.
const NOTABLE: u64 = 10;

impl Flame {
    /// Returns where the lanes are: all but the line above them and the one below.
    pub(in super::super) fn lanes(area: Rect) -> Rect {
        let height = area.height.saturating_sub(2);
        Rect {
            y: area.y + area.height.min(1),
            height,
            x: area.x + area.width.min(1),
            width: area.width.saturating_sub(2),
        }
    }

    pub(in super::super) fn draw(&self, state: &State, canvas: &mut Canvas, area: Rect) {
        let theme = canvas.theme();
        if self.mode == Mode::AllTraces && self.all.is_none() {
            let has_root = state.trace().is_some_and(|trace| trace.summary.root.is_some());
            return match &self.failure {
                _ if !has_root => face::failing(canvas, area, "This trace has no root that others could share."),
                Some(failure) => face::failing(canvas, area, failure),
                None => face::loading(canvas, area, "all traces that begin as this one", None),
            };
        }
        let (rows, range) = (Self::lanes(area), self.range(state));
        let scale = Scale { from: range.0, to: range.1, width: rows.width };
        if self.mode == Mode::InTime {
            waterfall::axis(canvas, (rows.x, area.y), scale, &scale.ticks());
        } else {
            let of = match (self.mode, &self.all) {
                (Mode::AllTraces, Some(all)) => format!("{} with this root", format::plural(all.traces[0], "trace")),
                _ => "this trace".to_owned(),
            };
            canvas.text((rows.x, area.y), rows.width, &format!("{of}, by path and self time"), theme.dim());
        }
        for (y, lane) in (rows.y..rows.bottom()).zip(self.first_lane..) {
            self.lane(canvas, Rect { y, height: 1, ..rows }, lane, scale);
        }
        self.told(canvas, Rect { y: rows.bottom(), height: 1.min(area.height), ..rows });
        if self.blocks.lanes > self.first_lane + u32::from(rows.height) {
            let more = self.blocks.lanes - self.first_lane - u32::from(rows.height);
            canvas.text_right((rows.x, area.y), rows.width, &format!("{more} deeper"), theme.dim());
        }
    }

    fn lane(&self, canvas: &mut Canvas, area: Rect, lane: u32, scale: Scale) {
        let mut free = 0;
        for &at in self.blocks.lane(lane) {
            let Some(block) = self.blocks.all.get(at as usize) else { continue };
            let (from, to) = (scale.column(block.from), scale.column(block.to));
            if to < 0.0 || from >= f64::from(area.width) {
                continue;
            }
            // Blocks that lie within one cell are drawn as one.
            let x = (from.max(0.0) as u16).max(free);
            let end = (to.min(f64::from(area.width)).floor() as u16).max(x + 1);
            if x >= area.width {
                break;
            }
            let end = end.min(area.width);
            if free > x || (free == x && x + 1 > end) {
                continue;
            }
            free = end;
            block_at(canvas, Rect { x: area.x + x, width: end - x, ..area }, block, at == self.selected);
        }
    }

    /// Tells what the selected block is.
    fn told(&self, canvas: &mut Canvas, area: Rect) {
        let Some(block) = self.blocks.all.get(self.selected as usize).filter(|_| area.height > 0) else { return };
        let theme = canvas.theme();
        let (from, to) = self.blocks.range();
        let took = block.to - block.from;
        let mut x = canvas.text((area.x, area.y), area.width, &block.service, theme.service(&block.service));
        let mut say = |canvas: &mut Canvas, text: &str, style: Style| {
            x = canvas.text((x, area.y), area.right().saturating_sub(x), text, style);
        };
        say(canvas, &format!("  {}", block.operation), theme.strong());
        let share = format::percent(took as f64 * 100.0 / (to - from).max(1) as f64);
        let times = if block.count > 1 {
            format!("  {}{}", canvas.symbols().times, format::count(block.count))
        } else {
            String::new()
        };
        let in_a = if self.mode == Mode::AllTraces { " a trace" } else { "" };
        say(
            canvas,
            &format!("{times}  {}{in_a}  self {}  {share}", format::duration(took), format::duration(block.own_ns)),
            theme.dim(),
        );
        if block.errors > 0 {
            say(canvas, &format!("  {} {}", canvas.symbols().error, format::count(block.errors)), theme.error());
        }
    }
}

fn block_at(canvas: &mut Canvas, area: Rect, block: &Block, is_selected: bool) {
    let theme = canvas.theme();
    let mut style = theme.chip(&block.service);
    if block.errors > 0 && block.errors.saturating_mul(NOTABLE) >= block.count {
        style = style.patch(theme.error());
    }
    if is_selected {
        style = style.add_modifier(Modifier::REVERSED | Modifier::BOLD);
    }
    // Where there is room the last cell stays free, so that neighbours of one service are told apart.
    let width = if area.width > 2 { area.width - 1 } else { area.width };
    canvas.fill(Rect { width, ..area }, style);
    if area.width == 1 || canvas.symbols().ascii {
        // Without colours a block is told by what it is drawn with.
        for x in area.x..area.x + width {
            canvas.symbol(
                (x, area.y),
                canvas.symbols().left[if area.width == 1 { 3 } else { 7 }],
                theme.service(&block.service),
            );
        }
    }
    if width >= LEAST_LABEL {
        let label = if block.count > 1 {
            format!("{} {}{}", block.operation, canvas.symbols().times, format::count(block.count))
        } else {
            block.operation.to_string()
        };
        canvas.text((area.x + 1, area.y), width - 2, &label, style);
    }
}
