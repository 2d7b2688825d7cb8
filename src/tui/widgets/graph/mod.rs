//! Who calls whom, as a picture: boxes with a name and numbers, and lines between them.

pub mod layout;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;
use ratatui::style::Style;

pub use self::layout::{Diagram, Layout};
use self::layout::{HEIGHT, Line, Piece, Place, Turns};
use crate::tui::canvas::Canvas;

/// The signs of lines by the ways out of a cell: up 1, right 2, down 4, left 8.
const JOINTS: [&str; 16] = [" ", "│", "─", "╰", "│", "│", "╭", "├", "─", "╯", "─", "┴", "╮", "┤", "┬", "┼"];
const ASCII_JOINTS: [&str; 16] = [" ", "|", "-", "+", "|", "|", "+", "+", "-", "+", "-", "+", "+", "+", "+", "+"];

/// What stands in a box.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    pub name: &'a str,
    pub style: Style,
    /// Before the name, one cell.
    pub sign: (&'static str, Style),
    /// In the border, where the box is no service.
    pub title: Option<&'static str>,
    pub numbers: &'a str,
}

/// A picture.
pub struct Picture<'a> {
    pub layout: &'a Layout,
    pub contents: &'a [Content<'a>],
    pub selected: Option<usize>,
    /// Whether many calls of an edge fail.
    pub fails: &'a dyn Fn(usize, usize) -> bool,
    /// The cell of the picture that is at the top left.
    pub offset: (i32, i32),
}

/// Returns the cell of a picture that is to be at the top left, so that a box is seen and as little as can be moves; a
/// picture that is smaller than the area is in its middle.
pub fn offset(layout: &Layout, room: (u16, u16), selected: Option<usize>, before: (i32, i32)) -> (i32, i32) {
    let place = selected.and_then(|selected| layout.boxes.get(selected));
    let one = |size: i32, room: i32, before: i32, seen: Option<(i32, i32)>| {
        if size <= room {
            return -((room - size) / 2);
        }
        let (start, end) = seen.unwrap_or((before, before));
        // Some cells of what is beside it are seen as well.
        let margin = (room / 6).min(8);
        let least = (end + margin - room).min(size - room);
        let most = (start - margin).max(0);
        before.clamp(least.min(most), most).clamp(0, size - room)
    };
    let across = place.map(|place| (place.x, place.x + place.width));
    let down = place.map(|place| (place.y, place.y + HEIGHT));
    (one(layout.size.0, room.0.into(), before.0, across), one(layout.size.1, room.1.into(), before.1, down))
}

impl Picture<'_> {
    /// Draws the part that is in the area.
    pub fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let at = |x: i32, y: i32| {
            let (x, y) = (x - self.offset.0, y - self.offset.1);
            let is_inside = (0..i32::from(area.width)).contains(&x) && (0..i32::from(area.height)).contains(&y);
            is_inside.then(|| (area.x + x as u16, area.y + y as u16))
        };
        let (top, bottom) = (self.offset.1, self.offset.1 + i32::from(area.height));
        let (left, right) = (self.offset.0, self.offset.0 + i32::from(area.width));
        for (&(x, y), pieces) in &self.layout.cells {
            if (top..bottom).contains(&y)
                && (left..right).contains(&x)
                && let Some(at) = at(x, y)
            {
                self.line(canvas, at, (x, y), pieces);
            }
        }
        for (number, (place, content)) in self.layout.boxes.iter().zip(self.contents).enumerate() {
            let is_seen = place.y < bottom && place.y + HEIGHT > top && place.x < right && place.x + place.width > left;
            if is_seen {
                self.content(canvas, (number, *place, content), &at);
            }
        }
    }

    /// Returns whether a line has to do with what is selected: leaves it, or leads to it.
    fn is_of_selected(&self, line: &Line) -> bool {
        self.selected.is_some_and(|selected| line.from == selected)
    }

    fn line(&self, canvas: &mut Canvas, at: (u16, u16), cell: (i32, i32), pieces: &[Piece]) {
        let (theme, symbols, lines) = (canvas.theme(), canvas.symbols(), &self.layout.lines);
        let own = |piece: &&Piece| lines.get(piece.line).is_some_and(|line| self.is_of_selected(line));
        let head = pieces.iter().find(|piece| piece.is_head);
        let to = head.and_then(|head| self.beside(cell, lines.get(head.line)?.is_back));
        let fails = to.is_some_and(|to| {
            let from = pieces.iter().filter(|piece| piece.is_head).filter_map(|piece| lines.get(piece.line));
            from.into_iter().any(|line| (self.fails)(line.from, to))
        });
        let style = if fails {
            theme.error()
        } else if pieces.iter().any(|piece| own(&piece)) || (to.is_some() && to == self.selected) {
            theme.accent()
        } else {
            theme.dim()
        };
        let sign = if fails { symbols.error } else { sign(pieces, lines, symbols.ascii) };
        canvas.symbol(at, sign, style);
    }

    /// Returns the box right of a cell, or left of it.
    fn beside(&self, (x, y): (i32, i32), on_left: bool) -> Option<usize> {
        let is_it = |place: &Place| {
            let edge = if on_left { place.x + place.width - 1 == x - 1 } else { place.x == x + 1 };
            edge && (place.y..place.y + HEIGHT).contains(&y)
        };
        self.layout.boxes.iter().position(is_it)
    }

    fn content(
        &self,
        canvas: &mut Canvas,
        (number, place, content): (usize, Place, &Content),
        at: &impl Fn(i32, i32) -> Option<(u16, u16)>,
    ) {
        let (theme, symbols) = (canvas.theme(), canvas.symbols());
        let is_selected = self.selected == Some(number);
        let border = if is_selected { theme.accent() } else { theme.dim() };
        let Place { x, y, width } = place;
        let (right, bottom) = (x + width - 1, y + HEIGHT - 1);
        let mut put = |x: i32, y: i32, symbol: &str| {
            if let Some(at) = at(x, y) {
                canvas.symbol(at, symbol, border);
            }
        };
        for x in x + 1..right {
            put(x, y, symbols.horizontal);
            put(x, bottom, symbols.horizontal);
        }
        for y in y + 1..bottom {
            put(x, y, symbols.vertical);
            put(right, y, symbols.vertical);
        }
        for ((x, y), corner) in [(x, y), (right, y), (right, bottom), (x, bottom)].into_iter().zip(symbols.corners) {
            put(x, y, corner);
        }
        let inner = width - 2;
        let mut text = |(x, y): (i32, i32), room: i32, text: &str, style: Style| {
            clipped(canvas, at, (x, y), (room, text, style));
        };
        if let Some(title) = content.title {
            text((x + 2, y), inner - 2, title, theme.dim());
        }
        text((x + 1, y + 1), 1, content.sign.0, content.sign.1);
        text((x + 3, y + 1), inner - 2, content.name, content.style);
        text((x + 1, y + 2), inner, content.numbers, theme.dim());
        if is_selected {
            for y in y + 1..bottom {
                for x in x + 1..right {
                    if let Some((x, y)) = at(x, y) {
                        canvas.tint(Rect { x, y, width: 1, height: 1 }, theme.selected());
                    }
                }
            }
        }
    }
}

/// Draws text of which only a part may be in the area: that is left out as a whole where its beginning is not.
fn clipped(
    canvas: &mut Canvas,
    at: &impl Fn(i32, i32) -> Option<(u16, u16)>,
    (x, y): (i32, i32),
    (room, text, style): (i32, &str, Style),
) {
    let Some(start) = at(x, y) else { return };
    let seen = (0..room).take_while(|&by| at(x + by, y).is_some()).count();
    canvas.text(start, seen as u16, text, style);
}

/// Returns the sign for the lines in a cell. Lines that only cross are shown so; where one joins another on its way to the same
/// box, an arrow tells the way.
pub fn sign(pieces: &[Piece], lines: &[Line], is_ascii: bool) -> &'static str {
    let is_back = |piece: &Piece| lines.get(piece.line).is_some_and(|line| line.is_back);
    let arrow = |piece: &Piece| match (is_back(piece), is_ascii) {
        (true, false) => "◂",
        (true, true) => "<",
        (false, false) => "▸",
        (false, true) => ">",
    };
    let joints = if is_ascii { &ASCII_JOINTS } else { &JOINTS };
    let joint = |turns: Turns| joints.get(usize::from(turns.0)).copied().unwrap_or(" ");
    if let Some(head) = pieces.iter().find(|piece| piece.is_head) {
        return arrow(head);
    }
    match pieces {
        [] => " ",
        [one] => joint(one.turns),
        all => match all.iter().find(|piece| !piece.turns.is_level()) {
            None => joint(Turns(Turns::LEFT.0 | Turns::RIGHT.0)),
            Some(upright) if upright.turns.is_upright() => joint(upright.turns),
            Some(joining) => arrow(joining),
        },
    }
}
