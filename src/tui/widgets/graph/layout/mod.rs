//! Where boxes and lines of a graph go: layers from left to right, one line from each box that forks to those it leads to.
//! Knows no terminal; what it makes follows from the graph, and from the order of before where there is one.
//!
//! After Sugiyama, Tagawa and Toda, *Methods for visual understanding of hierarchical system structures* (1981): break cycles,
//! assign layers, order what is in each, place it, route lines. Every line turns only between layers, in a track of its own, so
//! that no line runs over another one except where both lead to the same box.

mod layers;
mod order;
mod place;
mod routes;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use routes::{Piece, Turns};

/// The rows of a box, with its borders.
pub const HEIGHT: i32 = 4;
/// The rows of a line that passes through a layer: it comes at the lower one and goes on at the upper one.
const PASS: i32 = 2;
/// Where lines end at a box, in rows from its top: on the left side those that come from the left and those that leave it
/// backwards, on the right side those that leave it and those that come backwards.
const IN: i32 = 1;
const OUT_BACK: i32 = 3;
const OUT: i32 = 2;
const IN_BACK: i32 = 0;

/// What is to be laid out: boxes by number, with what their text takes, and edges from one to another.
#[derive(Clone, Copy, Debug)]
pub struct Diagram<'a> {
    pub widths: &'a [u16],
    pub edges: &'a [(usize, usize)],
    /// The rank of each box in the order of before; none of one that is new. Those of a layer keep their order.
    pub ranks: &'a [Option<usize>],
    /// Free rows between boxes, an even number.
    pub gap: u16,
}

/// Where things are, in cells from the top left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Of each box its column, row, and width; all are [`HEIGHT`] high.
    pub boxes: Vec<Place>,
    /// The boxes of each layer, from top to bottom.
    pub layers: Vec<Vec<usize>>,
    pub size: (i32, i32),
    /// What lines are in a cell.
    pub cells: BTreeMap<(i32, i32), Vec<Piece>>,
    /// Of each line from which box it goes, and whether it goes back to the left.
    pub lines: Vec<Line>,
}

/// A box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub x: i32,
    pub y: i32,
    pub width: i32,
}

/// All edges from one box that go in the same direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub from: usize,
    pub to: Vec<usize>,
    pub is_back: bool,
}

/// What stands in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Item {
    Box(usize),
    /// A line, by number, on its way to layers beyond.
    Pass(usize),
}

impl Item {
    fn height(self) -> i32 {
        match self {
            Self::Box(_) => HEIGHT,
            Self::Pass(_) => PASS,
        }
    }
}

/// The ends of a line between two layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ends {
    line: usize,
    left: Vec<Item>,
    right: Vec<Item>,
}

impl Layout {
    /// Lays out a diagram. Edges from a box to itself, twice the same, or of boxes that are not there are left out.
    pub fn of(diagram: &Diagram) -> Self {
        let count = diagram.widths.len();
        let mut edges: Vec<(usize, usize)> =
            diagram.edges.iter().copied().filter(|&(a, b)| a != b && a < count && b < count).collect();
        edges.sort_unstable();
        edges.dedup();
        let layer_of = layers::assign(count, &edges);
        let lines = lines(count, &edges, &layer_of);
        let (items, channels) = items(&layer_of, &lines);
        let items = order::order(items, &channels, diagram.ranks);
        let rows = place::rows(&items, &channels, &lines, i32::from(diagram.gap));
        routes::route(diagram.widths, (&items, &rows), &channels, lines)
    }
}

/// Returns the lines of all edges: of each box one to the right and one back to the left.
fn lines(count: usize, edges: &[(usize, usize)], layer_of: &[usize]) -> Vec<Line> {
    let mut lines = Vec::new();
    for from in 0..count {
        for is_back in [false, true] {
            let goes = |to: &usize| (layer_of[*to] < layer_of[from]) == is_back;
            let own = edges.iter().filter(|(caller, _)| *caller == from).map(|&(_, to)| to);
            let to: Vec<usize> = own.filter(goes).collect();
            if !to.is_empty() {
                lines.push(Line { from, to, is_back });
            }
        }
    }
    lines
}

/// Returns what stands in each layer, and the lines between each and the next.
fn items(layer_of: &[usize], lines: &[Line]) -> (Vec<Vec<Item>>, Vec<Vec<Ends>>) {
    let count = layer_of.iter().max().map_or(0, |last| last + 1);
    let mut items: Vec<Vec<Item>> = vec![Vec::new(); count];
    for (number, &layer) in layer_of.iter().enumerate() {
        items[layer].push(Item::Box(number));
    }
    let mut channels: Vec<Vec<Ends>> = vec![Vec::new(); count.saturating_sub(1)];
    for (number, line) in lines.iter().enumerate() {
        let own = layer_of[line.from];
        let ends = || line.to.iter().map(|&to| layer_of[to]);
        let (first, last) =
            if line.is_back { (ends().min().unwrap_or(own), own) } else { (own, ends().max().unwrap_or(own)) };
        for between in items.iter_mut().take(last).skip(first + 1) {
            between.push(Item::Pass(number));
        }
        let at = |layer: usize| {
            let mut there: Vec<Item> = Vec::new();
            if layer == own {
                there.push(Item::Box(line.from));
            } else {
                there.extend(line.to.iter().filter(|&&to| layer_of[to] == layer).map(|&to| Item::Box(to)));
            }
            if first < layer && layer < last {
                there.push(Item::Pass(number));
            }
            there
        };
        for (layer, channel) in channels.iter_mut().enumerate().take(last).skip(first) {
            let (mut left, mut right) = (at(layer), at(layer + 1));
            // What is on the way stands for all that lies beyond; boxes of the layer itself were reached before.
            let is_way = |item: &Item| matches!(item, Item::Pass(_));
            if line.is_back && layer + 1 != own {
                right.retain(is_way);
            }
            if !line.is_back && layer != own {
                left.retain(is_way);
            }
            channel.push(Ends { line: number, left, right });
        }
    }
    (items, channels)
}
