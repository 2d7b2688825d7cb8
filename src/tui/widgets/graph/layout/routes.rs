//! The way of each line: from a box to its track between two layers, there up and down, and from it to other boxes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::place::{Pins, left_pin};
use super::{Ends, Item, Layout, Line, Place};

/// The ways out of a cell, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turns(pub u8);

impl Turns {
    pub const UP: Self = Self(1);
    pub const RIGHT: Self = Self(2);
    pub const DOWN: Self = Self(4);
    pub const LEFT: Self = Self(8);

    /// Returns whether it has one of these.
    pub fn has(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Returns whether it goes to the left or right, and neither up nor down.
    pub fn is_level(self) -> bool {
        !self.has(Self::UP.with(Self::DOWN))
    }

    /// Returns whether it goes up or down, and neither to the left nor right.
    pub fn is_upright(self) -> bool {
        !self.has(Self::LEFT.with(Self::RIGHT))
    }
}

/// The part of a line that is in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// By number among [`Layout::lines`].
    pub line: usize,
    pub turns: Turns,
    /// Whether it ends here at a box.
    pub is_head: bool,
}

/// The cells of lines.
#[derive(Default)]
struct Cells(BTreeMap<(i32, i32), Vec<Piece>>);

impl Cells {
    fn add(&mut self, at: (i32, i32), line: usize, turns: Turns, is_head: bool) {
        let pieces = self.0.entry(at).or_default();
        match pieces.iter_mut().find(|piece| piece.line == line) {
            Some(piece) => {
                piece.turns = piece.turns.with(turns);
                piece.is_head |= is_head;
            }
            None => pieces.push(Piece { line, turns, is_head }),
        }
    }

    /// Draws from one column to another one, and out of the first or the last.
    fn level(&mut self, line: usize, y: i32, (from, to): (i32, i32), out: Turns) {
        for x in from..=to {
            let left = if x == from { Turns::LEFT.0 } else { 0 };
            let right = if x == to { Turns::RIGHT.0 } else { 0 };
            let mut turns = Turns(out.0 & (left | right));
            if x > from {
                turns = turns.with(Turns::LEFT);
            }
            if x < to {
                turns = turns.with(Turns::RIGHT);
            }
            self.add((x, y), line, turns, false);
        }
    }

    fn upright(&mut self, line: usize, x: i32, (from, to): (i32, i32)) {
        for y in from..=to {
            let mut turns = Turns::default();
            if y > from {
                turns = turns.with(Turns::UP);
            }
            if y < to {
                turns = turns.with(Turns::DOWN);
            }
            self.add((x, y), line, turns, false);
        }
    }
}

/// The least cells between two layers.
const LEAST_CHANNEL: i32 = 4;

/// Routes all lines, and says where everything is.
pub(super) fn route(
    widths: &[u16],
    (items, rows): (&[Vec<Item>], &[Vec<i32>]),
    channels: &[Vec<Ends>],
    lines: Vec<Line>,
) -> Layout {
    let mut cells = Cells::default();
    let mut boxes = vec![Place::default(); widths.len()];
    let mut layers = Vec::with_capacity(items.len());
    let mut x = 0;
    let mut height = 0;
    for (layer, (items_of, rows_of)) in items.iter().zip(rows).enumerate() {
        let number = |item: &Item| if let Item::Box(number) = item { Some(*number) } else { None };
        let own: Vec<usize> = items_of.iter().filter_map(number).collect();
        let width = own.iter().map(|&number| i32::from(widths[number])).max().unwrap_or(1).max(1);
        for (item, &y) in items_of.iter().zip(rows_of) {
            height = height.max(y + item.height());
            match item {
                Item::Box(number) => boxes[*number] = Place { x, y, width },
                Item::Pass(line) => pass(&mut cells, *line, (x, y), width),
            }
        }
        layers.push(own);
        x += width;
        if let Some(channel) = channels.get(layer) {
            let beside = (&items[layer + 1], &rows[layer + 1]);
            let pins = Pins::of((items_of, rows_of), (beside.0, beside.1), (channel, &lines));
            let tracks = tracks(&pins);
            let used = tracks.iter().flatten().max().map_or(0, |last| last + 1) as i32;
            let channel_width = (2 * used + 3).max(LEAST_CHANNEL);
            for (number, ends) in channel.iter().enumerate() {
                let track = tracks[number].map(|track| x + 1 + 2 * track as i32);
                through(&mut cells, (ends.line, number), &pins, (x, x + channel_width - 1, track));
                heads(&mut cells, (ends, &lines), (items_of, rows_of), beside, (x, x + channel_width - 1));
            }
            x += channel_width;
        }
    }
    Layout { boxes, layers, size: (x, height), cells: cells.0, lines }
}

/// Draws a line that passes through a layer: it comes in its lower row and goes on in its upper one.
fn pass(cells: &mut Cells, line: usize, (x, y): (i32, i32), width: i32) {
    cells.add((x, y + 1), line, Turns::LEFT.with(Turns::UP), false);
    cells.add((x, y), line, Turns::DOWN.with(Turns::RIGHT), false);
    if width > 1 {
        cells.level(line, y, (x + 1, x + width - 1), Turns::LEFT.with(Turns::RIGHT));
    }
}

/// Draws a line between two layers.
fn through(
    cells: &mut Cells,
    (line, number): (usize, usize),
    pins: &Pins,
    (first, last, track): (i32, i32, Option<i32>),
) {
    let (left, right) = (&pins.left[number], &pins.right[number]);
    let Some(track) = track else {
        for &y in left {
            cells.level(line, y, (first, last), Turns::LEFT.with(Turns::RIGHT));
        }
        return;
    };
    let rows = || left.iter().chain(right).copied();
    if let Some((top, bottom)) = rows().min().zip(rows().max()) {
        cells.upright(line, track, (top, bottom));
    }
    for &y in left {
        cells.level(line, y, (first, track), Turns::LEFT);
    }
    for &y in right {
        cells.level(line, y, (track, last), Turns::RIGHT);
    }
}

/// Notes where a line ends at boxes.
fn heads(
    cells: &mut Cells,
    (ends, lines): (&Ends, &[Line]),
    left: (&[Item], &[i32]),
    right: (&Vec<Item>, &Vec<i32>),
    (first, last): (i32, i32),
) {
    let line = &lines[ends.line];
    let (items, rows, own, x) = if line.is_back {
        (left.0, left.1, &ends.left, first)
    } else {
        (right.0.as_slice(), right.1.as_slice(), &ends.right, last)
    };
    for item in own.iter().filter(|item| matches!(item, Item::Box(_))) {
        let row = items.iter().position(|other| other == item).and_then(|at| rows.get(at)).copied().unwrap_or_default();
        let pin = if line.is_back { super::place::right_pin(*item, line) } else { left_pin(*item, line) };
        cells.add((x, row + pin), ends.line, Turns::default(), true);
    }
}

/// Returns the track of each line of a channel; none of one that is straight. In a track no two lines share a row.
fn tracks(pins: &Pins) -> Vec<Option<usize>> {
    let count = pins.left.len();
    let before = pins.before();
    let span = |line: usize| {
        let rows = || pins.left[line].iter().chain(&pins.right[line]).copied();
        rows().min().zip(rows().max()).unwrap_or_default()
    };
    let mut least = vec![0; count];
    let mut tracks = vec![None; count];
    let mut taken: Vec<Vec<(i32, i32)>> = Vec::new();
    // Without a circle there is an order, and there is none with one.
    for line in in_order_by(&before, |line| turning(pins, line)).unwrap_or_default() {
        if pins.is_straight(line) {
            continue;
        }
        let (top, bottom) = span(line);
        let is_free = |track: &Vec<(i32, i32)>| track.iter().all(|&(from, to)| bottom < from || to < top);
        let track =
            (least[line]..taken.len()).find(|&track| is_free(&taken[track])).unwrap_or(taken.len().max(least[line]));
        taken.resize(taken.len().max(track + 1), Vec::new());
        taken[track].push((top, bottom));
        tracks[line] = Some(track);
        for &after in &before[line] {
            least[after] = least[after].max(track + 1);
        }
    }
    tracks
}

/// Returns what a line is taken by: of those that go down the lowest first, of those that go up the highest, as they would cross
/// otherwise.
fn turning(pins: &Pins, line: usize) -> (bool, Reverse<i32>, i32) {
    let mean = |rows: &[i32]| rows.iter().sum::<i32>() / (rows.len() as i32).max(1);
    let (left, right) = (mean(&pins.left[line]), mean(&pins.right[line]));
    if right >= left { (false, Reverse(left), 0) } else { (true, Reverse(0), left) }
}

/// Returns an order in which each comes before those that have to be after it; none where there is a circle.
pub(super) fn in_order(before: &[Vec<usize>]) -> Option<Vec<usize>> {
    in_order_by(before, |_| 0)
}

fn in_order_by<K: Ord>(before: &[Vec<usize>], key: impl Fn(usize) -> K) -> Option<Vec<usize>> {
    let mut waits = vec![0; before.len()];
    for &after in before.iter().flatten() {
        waits[after] += 1;
    }
    let mut ready: Vec<usize> = (0..before.len()).filter(|&line| waits[line] == 0).collect();
    let mut order = Vec::with_capacity(before.len());
    while let Some((at, &line)) = ready.iter().enumerate().min_by_key(|(_, line)| (key(**line), **line)) {
        ready.swap_remove(at);
        order.push(line);
        for &after in &before[line] {
            waits[after] -= 1;
            if waits[after] == 0 {
                ready.push(after);
            }
        }
    }
    (order.len() == before.len()).then_some(order)
}
