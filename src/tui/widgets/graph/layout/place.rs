//! In which rows things stand: in their order, apart, and as near as can be to what they are connected with.

use super::{Ends, IN, IN_BACK, Item, Line, OUT, OUT_BACK};

/// How often all layers are gone over.
const SWEEPS: usize = 6;

/// Returns the row at which the line of some ends meets an item on its right side, in rows from its top.
pub(super) fn right_pin(item: Item, line: &Line) -> i32 {
    match item {
        Item::Box(_) if line.is_back => IN_BACK,
        Item::Box(_) => OUT,
        Item::Pass(_) => 0,
    }
}

/// Likewise on its left side.
pub(super) fn left_pin(item: Item, line: &Line) -> i32 {
    match item {
        Item::Box(_) if line.is_back => OUT_BACK,
        Item::Box(_) => IN,
        Item::Pass(_) => 1,
    }
}

/// Returns the row of each item of each layer. Those of a layer are all even, or all odd: by turns, so that lines can be straight.
pub(super) fn rows(items: &[Vec<Item>], channels: &[Vec<Ends>], lines: &[Line], gap: i32) -> Vec<Vec<i32>> {
    let begin = |(number, layer): (usize, &Vec<Item>)| {
        offsets(layer, gap).into_iter().map(|row| row + parity(number)).collect::<Vec<i32>>()
    };
    let mut rows: Vec<Vec<i32>> = items.iter().enumerate().map(begin).collect();
    for sweep in 0..SWEEPS {
        let count = items.len();
        let is_forward = sweep % 2 == 0;
        for step in 1..count {
            let layer = if is_forward { step } else { count - 1 - step };
            let wanted = wanted(layer, is_forward, (items, &rows), (channels, lines));
            rows[layer] = fitted(&items[layer], &wanted, (gap, parity(layer)));
        }
    }
    separate(&mut rows, items, (channels, lines));
    let least = rows.iter().flatten().copied().min().unwrap_or_default();
    rows.iter_mut().flatten().for_each(|row| *row -= least);
    rows
}

/// Returns 0 where the rows of a layer are even, 1 where they are odd.
fn parity(layer: usize) -> i32 {
    (layer % 2) as i32
}

/// Returns how far below the first item of a layer each is at least.
fn offsets(layer: &[Item], gap: i32) -> Vec<i32> {
    let mut offsets = Vec::with_capacity(layer.len());
    let mut at = 0;
    for (number, item) in layer.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|before| layer.get(before));
        if matches!((before, item), (Some(Item::Box(_)), Item::Box(_))) {
            at += gap;
        }
        offsets.push(at);
        at += item.height();
    }
    offsets
}

/// Returns the row that each item of a layer would best be in for straight lines to one side, and how much that counts.
fn wanted(
    layer: usize,
    on_left: bool,
    (items, rows): (&[Vec<Item>], &[Vec<i32>]),
    (channels, lines): (&[Vec<Ends>], &[Line]),
) -> Vec<(f64, f64)> {
    let channel = if on_left { layer - 1 } else { layer };
    let beside = if on_left { layer - 1 } else { layer + 1 };
    let row_of = |layer: usize, item: &Item| {
        items[layer].iter().position(|other| other == item).map(|at| rows[layer][at]).unwrap_or_default()
    };
    let of = |item: &Item| {
        let (mut sum, mut count) = (0.0, 0.0);
        for ends in &channels[channel] {
            let line = &lines[ends.line];
            let (own, others) = if on_left { (&ends.right, &ends.left) } else { (&ends.left, &ends.right) };
            if !own.contains(item) {
                continue;
            }
            for other in others {
                let (own_pin, other_pin) = if on_left {
                    (left_pin(*item, line), right_pin(*other, line))
                } else {
                    (right_pin(*item, line), left_pin(*other, line))
                };
                sum += f64::from(row_of(beside, other) + other_pin - own_pin);
                count += 1.0;
            }
        }
        (sum, count)
    };
    items[layer]
        .iter()
        .zip(&rows[layer])
        .map(|(item, row)| match of(item) {
            // What is connected with nothing there stays where it is if it can.
            (_, 0.0) => (f64::from(*row), 0.1),
            (sum, count) => (sum / count, if matches!(item, Item::Pass(_)) { 2.0 } else { 1.0 }),
        })
        .collect()
}

/// Returns rows in order and apart whose distance from those wanted is least: those that get in each other's way are moved
/// together (isotonic regression, by pooling of adjacent violators).
fn fitted(layer: &[Item], wanted: &[(f64, f64)], (gap, parity): (i32, i32)) -> Vec<i32> {
    let offsets = offsets(layer, gap);
    // Of each pool its mean, its weight and how many are in it.
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for ((row, weight), offset) in wanted.iter().zip(&offsets) {
        let mut pool = (row - f64::from(*offset), *weight, 1);
        while let Some(before) = pools.pop_if(|before| before.0 > pool.0) {
            let weight = before.1 + pool.1;
            pool = ((before.0 * before.1 + pool.0 * pool.1) / weight, weight, before.2 + pool.2);
        }
        pools.push(pool);
    }
    let means = pools.into_iter().flat_map(|(mean, _, count)| std::iter::repeat_n(mean, count));
    let row = |mean: f64| ((mean - f64::from(parity)) / 2.0).round() as i32 * 2 + parity;
    means.zip(&offsets).map(|(mean, offset)| row(mean) + offset).collect()
}

/// Moves layers down by a row where lines could not be told apart else: the sides of two layers that face each other then have
/// rows of different parity, so that no line comes in the row in which another goes.
fn separate(rows: &mut [Vec<i32>], items: &[Vec<Item>], (channels, lines): (&[Vec<Ends>], &[Line])) {
    for (layer, channel) in channels.iter().enumerate() {
        let pins = Pins::of((&items[layer], &rows[layer]), (&items[layer + 1], &rows[layer + 1]), (channel, lines));
        if pins.has_circle() {
            rows.iter_mut().skip(layer + 1).flatten().for_each(|row| *row += 1);
        }
    }
}

/// The rows at which lines meet the two layers beside a channel.
pub(super) struct Pins {
    /// Of each line of the channel.
    pub(super) left: Vec<Vec<i32>>,
    pub(super) right: Vec<Vec<i32>>,
}

impl Pins {
    pub(super) fn of(
        (left, left_rows): (&[Item], &[i32]),
        (right, right_rows): (&[Item], &[i32]),
        (channel, lines): (&[Ends], &[Line]),
    ) -> Self {
        let find = |layer: &[Item], rows: &[i32], item: &Item| {
            layer.iter().position(|other| other == item).and_then(|at| rows.get(at).copied()).unwrap_or_default()
        };
        let of = |ends: &Ends| {
            let line = &lines[ends.line];
            let left = ends.left.iter().map(|item| find(left, left_rows, item) + right_pin(*item, line)).collect();
            let right = ends.right.iter().map(|item| find(right, right_rows, item) + left_pin(*item, line)).collect();
            (left, right)
        };
        let (left, right) = channel.iter().map(of).unzip();
        Self { left, right }
    }

    /// Returns whether a line runs straight through the channel.
    pub(super) fn is_straight(&self, line: usize) -> bool {
        let mut all = self.left[line].iter().chain(&self.right[line]);
        let first = all.next();
        all.all(|row| Some(row) == first)
    }

    /// Returns for each line those whose tracks have to be right of its own: they end on the right in a row in which it ends on
    /// the left.
    pub(super) fn before(&self) -> Vec<Vec<usize>> {
        let meets =
            |one: usize, other: usize| one != other && self.left[one].iter().any(|row| self.right[other].contains(row));
        let turns = |line: &usize| !self.is_straight(*line);
        let lines = 0..self.left.len();
        lines
            .clone()
            .map(|one| lines.clone().filter(|&other| turns(&one) && turns(&other) && meets(one, other)).collect())
            .collect()
    }

    /// Returns whether lines would have to be right of one another in a circle.
    fn has_circle(&self) -> bool {
        super::routes::in_order(&self.before()).is_none()
    }
}
