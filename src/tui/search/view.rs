//! Draws the search line, and above it what fits where the cursor is or what the query means.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use super::{Search, menu};
use crate::query::Class;
use crate::source::Progress;
use crate::tui::canvas::Canvas;
use crate::tui::frame::{self, Segment};
use crate::tui::theme::Theme;
use crate::tui::widgets::input::{self, Input};

/// What stands before the text.
const SIGN: u16 = 3;
/// What may be typed, for who does not know yet.
const EXAMPLES: &str = "a word, service=cart, duration>500ms, -healthz, or { status = error }";

/// Returns where the text of a line is that has so much beside it.
pub fn text_area(line: Rect, aside: &Segment) -> Rect {
    let beside = if aside.is_empty() { 0 } else { frame::width(aside) + 2 };
    Rect { x: line.x + SIGN.min(line.width), width: line.width.saturating_sub(SIGN + beside + 1), ..line }
}

/// Returns how many cells of the text are left out at the left so that its cursor is seen.
pub(super) fn left_out(input: &Input, room: usize) -> usize {
    let before = input.text().get(..input.cursor()).unwrap_or_default();
    input::scrolled(before.graphemes(true).map(input::width).sum(), room)
}

/// Returns what is told beside the query: how far a search has come.
pub fn told(progress: Option<Progress>, is_stopped: bool, canvas: &Canvas) -> Segment {
    let stopped = if is_stopped { ", stopped" } else { "" };
    let told = progress.map(|progress| {
        let percent = progress.searched.saturating_mul(100) / progress.of.max(1);
        (format!("  searched {percent} %{stopped}"), canvas.theme().warning())
    });
    told.into_iter().collect()
}

/// Draws the line, with what is told beside the query.
pub fn draw_line(search: &Search, canvas: &mut Canvas, line: Rect, aside: &Segment) {
    let theme = canvas.theme();
    if line.height == 0 {
        return;
    }
    canvas.fill(line, theme.base());
    canvas.text((line.x + 1, line.y), 1, "/", theme.key());
    let area = text_area(line, aside);
    let (text, problem) = (search.text(), search.reading.problem.as_ref().map(|problem| &problem.range));
    let painted = Painted { text, pieces: &search.reading.pieces, problem };
    let Some(editing) = &search.editing else {
        painted.draw(canvas, area, 0);
        return aside_of(canvas, line, aside);
    };
    let left_out = left_out(&editing.input, area.width.into());
    painted.draw(canvas, area, left_out);
    if text.is_empty() {
        let room = area.width.saturating_sub(2);
        canvas.text((area.x + 2, area.y), room, EXAMPLES, theme.dim());
    }
    if problem.is_some_and(|range| range.start >= text.len()) {
        let end = text.graphemes(true).map(input::width).sum::<usize>().saturating_sub(left_out) as u16;
        if end < area.width {
            canvas.tint(Rect { x: area.x + end, width: 1, ..area }, theme.problem());
        }
    }
    cursor(&editing.input, canvas, area);
    aside_of(canvas, line, aside);
}

/// Draws a line that is no query while it is typed.
pub fn draw_input(input: &Input, canvas: &mut Canvas, area: Rect) {
    Painted { text: input.text(), pieces: &[], problem: None }.draw(canvas, area, left_out(input, area.width.into()));
    cursor(input, canvas, area);
}

/// Draws the cursor of a line over its text.
fn cursor(input: &Input, canvas: &mut Canvas, area: Rect) {
    let before = input.text().get(..input.cursor()).unwrap_or_default();
    let column: usize = before.graphemes(true).map(input::width).sum();
    let column = column.saturating_sub(left_out(input, area.width.into())) as u16;
    canvas.tint(Rect { x: area.x + column.min(area.width), width: 1, ..area }, canvas.theme().cursor());
}

fn aside_of(canvas: &mut Canvas, line: Rect, aside: &Segment) {
    let mut x = line.right().saturating_sub(frame::width(aside) + 1).max(line.x + SIGN);
    for (text, style) in aside {
        x = canvas.text((x, line.y), line.right().saturating_sub(x), text, *style);
    }
}

/// A text of the language, with what its pieces are.
struct Painted<'a> {
    text: &'a str,
    pieces: &'a [(Range<usize>, Class)],
    problem: Option<&'a Range<usize>>,
}

impl Painted<'_> {
    fn style(&self, theme: &Theme, at: usize) -> Style {
        let place = self.pieces.partition_point(|(range, _)| range.end <= at);
        let class = self.pieces.get(place).filter(|(range, _)| range.contains(&at)).map(|(_, class)| *class);
        let style = class.map_or(Style::new(), |class| theme.syntax(class));
        if self.problem.is_some_and(|range| range.contains(&at)) { style.patch(theme.problem()) } else { style }
    }

    /// Draws as much as fits, without so many cells at the left.
    fn draw(&self, canvas: &mut Canvas, area: Rect, left_out: usize) {
        let theme = canvas.theme();
        let (mut column, end) = (0, left_out + usize::from(area.width));
        for (at, grapheme) in self.text.grapheme_indices(true) {
            let width = input::width(grapheme);
            if column + width > end {
                canvas.symbol((area.right().saturating_sub(1), area.y), canvas.symbols().ellipsis, theme.dim());
                return;
            }
            if column >= left_out {
                let x = area.x + (column - left_out) as u16;
                canvas.text((x, area.y), width as u16, grapheme, self.style(theme, at));
            }
            column += width;
        }
    }

    /// Returns the pieces of the text that fit into lines of `width` cells, broken at blanks where there are any.
    fn lines(&self, width: usize) -> Vec<Range<usize>> {
        let (mut lines, mut start, mut used, mut blank) = (Vec::new(), 0, 0, None);
        for (at, grapheme) in self.text.grapheme_indices(true) {
            used += input::width(grapheme);
            if used > width && at > start {
                let end = blank.take().filter(|blank| *blank > start).unwrap_or(at);
                lines.push(start..end);
                start = end;
                used = self.text.get(start..at).unwrap_or_default().graphemes(true).map(input::width).sum();
                used += input::width(grapheme);
            }
            if grapheme == " " {
                blank = Some(at + 1);
            }
        }
        lines.push(start..self.text.len());
        lines
    }
}

/// Draws what belongs to the line over the screen above it.
pub fn draw_over(search: &Search, canvas: &mut Canvas, line: Rect, over: Rect, aside: &Segment) {
    if search.is_explained {
        return explanation(search, canvas, over);
    }
    let Some((editing, menu)) = search.editing.as_ref().zip(search.menu()) else { return };
    let area = text_area(line, aside);
    let before = editing.input.text().get(..menu.start()).unwrap_or_default();
    let column: usize = before.graphemes(true).map(input::width).sum();
    let column = column.saturating_sub(left_out(&editing.input, area.width.into())) as u16;
    menu::draw(canvas, over, (area.x + column).saturating_sub(1), menu.items(), menu.cursor());
}

fn explanation(search: &Search, canvas: &mut Canvas, over: Rect) {
    let theme = canvas.theme();
    let reading = &search.reading;
    let room = over.width.saturating_sub(4);
    let (text, problem) = match &reading.problem {
        Some(problem) => (problem.text.as_str(), true),
        None if reading.query.is_none() => ("{ }", false),
        None => (reading.explanation.as_str(), false),
    };
    let pieces = if problem { Vec::new() } else { crate::query::highlight(text) };
    let painted = Painted { text, pieces: &pieces, problem: None };
    let lines = painted.lines(room.into());
    let height = (1 + lines.len() + reading.notes.len()).min(over.height.into()) as u16;
    let area = Rect { y: over.bottom() - height, height, ..over };
    canvas.fill(area, theme.base().patch(theme.panel()));
    let title = if problem { "this is no query:" } else { "as TraceQL:" };
    canvas.text((area.x + 1, area.y), room, title, theme.dim());
    let mut y = area.y + 1;
    for range in lines.into_iter().take(usize::from(area.height.saturating_sub(1))) {
        let shift = range.start;
        let text = text.get(range.clone()).unwrap_or_default();
        let pieces: Vec<_> = pieces
            .iter()
            .filter(|(piece, _)| piece.end > range.start && piece.start < range.end)
            .map(|(piece, class)| (piece.start.saturating_sub(shift)..piece.end - shift, *class))
            .collect();
        Painted { text, pieces: &pieces, problem: None }.draw(
            canvas,
            Rect { x: area.x + 3, y, width: room, height: 1 },
            0,
        );
        y += 1;
    }
    for (note, y) in reading.notes.iter().zip(y..area.bottom()) {
        canvas.text((area.x + 1, y), room, note, theme.dim());
    }
}
