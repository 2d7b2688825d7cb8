//! In which order things stand in a layer, so that lines cross seldom: each moves to where those stand that it is connected
//! with, to and fro, and the best order seen is taken.

use std::collections::HashMap;

use super::{Ends, Item};

/// How often all layers are gone over.
const SWEEPS: usize = 12;

/// Returns the items of each layer in order.
pub(super) fn order(items: Vec<Vec<Item>>, channels: &[Vec<Ends>], ranks: &[Option<usize>]) -> Vec<Vec<Item>> {
    let mut items = items;
    let rank = |item: &Item| match item {
        Item::Box(number) => ranks.get(*number).copied().flatten(),
        Item::Pass(_) => None,
    };
    for layer in &mut items {
        layer.sort();
        keep(layer, &rank);
    }
    let neighbours = Neighbours::of(channels);
    let mut best = (crossings(&items, channels), items.clone());
    for sweep in 0..SWEEPS {
        let count = items.len();
        let is_forward = sweep % 2 == 0;
        for step in 1..count {
            let (layer, beside) = if is_forward { (step, step - 1) } else { (count - 1 - step, count - step) };
            let places = places(&items[beside]);
            let mut own: Vec<(f64, usize, Item)> = items[layer]
                .iter()
                .enumerate()
                .map(|(at, item)| {
                    (neighbours.middle(*item, (layer, is_forward), &places).unwrap_or(at as f64), at, *item)
                })
                .collect();
            own.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            items[layer] = own.into_iter().map(|(_, _, item)| item).collect();
            keep(&mut items[layer], &rank);
        }
        let found = crossings(&items, channels);
        if found < best.0 {
            best = (found, items.clone());
        }
        if best.0 == 0 {
            break;
        }
    }
    best.1
}

/// Puts those that had an order before into it again, in the places that they have together.
fn keep(layer: &mut [Item], rank: &impl Fn(&Item) -> Option<usize>) {
    let places: Vec<usize> = (0..layer.len()).filter(|&at| rank(&layer[at]).is_some()).collect();
    let mut known: Vec<Item> = places.iter().map(|&at| layer[at]).collect();
    known.sort_by_key(rank);
    for (at, item) in places.into_iter().zip(known) {
        layer[at] = item;
    }
}

fn places(layer: &[Item]) -> HashMap<Item, usize> {
    layer.iter().enumerate().map(|(at, item)| (*item, at)).collect()
}

/// What each item is connected with, to the left and to the right.
struct Neighbours(HashMap<(usize, Item), [Vec<Item>; 2]>);

impl Neighbours {
    fn of(channels: &[Vec<Ends>]) -> Self {
        let mut all: HashMap<(usize, Item), [Vec<Item>; 2]> = HashMap::new();
        for (channel, ends) in channels.iter().enumerate() {
            for ends in ends {
                for &left in &ends.left {
                    for &right in &ends.right {
                        all.entry((channel, left)).or_default()[1].push(right);
                        all.entry((channel + 1, right)).or_default()[0].push(left);
                    }
                }
            }
        }
        Self(all)
    }

    /// Returns the mean of the places of those that an item is connected with on one side.
    fn middle(&self, item: Item, (layer, on_left): (usize, bool), places: &HashMap<Item, usize>) -> Option<f64> {
        let beside = &self.0.get(&(layer, item))?[usize::from(!on_left)];
        let known: Vec<f64> = beside.iter().filter_map(|other| places.get(other).map(|&at| at as f64)).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }
}

/// Counts how often lines cross between layers.
fn crossings(items: &[Vec<Item>], channels: &[Vec<Ends>]) -> usize {
    let in_channel = |(channel, ends): (usize, &Vec<Ends>)| {
        let (left, right) = (places(&items[channel]), places(&items[channel + 1]));
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for ends in ends {
            for one in &ends.left {
                pairs.extend(ends.right.iter().filter_map(|other| Some((*left.get(one)?, *right.get(other)?))));
            }
        }
        pairs.sort_unstable();
        inversions(&pairs, items[channel + 1].len())
    };
    channels.iter().enumerate().map(in_channel).sum()
}

/// Counts the pairs of which the second numbers are the other way round than the first (a Fenwick tree).
fn inversions(pairs: &[(usize, usize)], count: usize) -> usize {
    let mut tree = vec![0_usize; count + 1];
    let mut found = 0;
    for (seen, &(_, right)) in pairs.iter().enumerate() {
        let (mut at, mut up_to) = (right + 1, 0);
        while at > 0 {
            up_to += tree[at];
            at &= at - 1;
        }
        found += seen - up_to;
        at = right + 1;
        while at <= count {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    found
}
