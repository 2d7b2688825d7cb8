//! Counts spans one after the other, in any order.

use foldhash::fast::RandomState;
use std::collections::HashMap;

use super::{CLASSES, Key, MINUTE_NS, Minute, Tallies, Tally, class};

/// See the module.
#[derive(Debug, Default)]
pub(in crate::store) struct Counting {
    /// The number of each key's tally.
    numbers: HashMap<u64, u32, RandomState>,
    all: Vec<Tally>,
    /// The tally and the class of each span.
    marks: Vec<(u32, u16)>,
    minutes: Vec<(u32, Minute)>,
    /// The place among `minutes` of the minute last counted of each tally, and of each.
    last_minute: Vec<usize>,
    minute_places: HashMap<(u32, u64), usize, RandomState>,
}

impl Counting {
    /// Counts a span.
    #[inline]
    pub(in crate::store) fn add(&mut self, key: Key, start_ns: u64, duration_ns: u64) {
        let number = *self.numbers.entry(u64::from(key.service) << 8 | key.small()).or_insert_with(|| {
            let (classes, minutes) = (0..0, 0..0);
            let starts_ns = (u64::MAX, 0);
            self.all.push(Tally { key, spans: 0, sum_ns: 0, max_ns: 0, starts_ns, classes, minutes });
            self.last_minute.push(usize::MAX);
            self.all.len() as u32 - 1
        });
        let Some(tally) = self.all.get_mut(number as usize) else { return };
        tally.spans += 1;
        tally.sum_ns += u128::from(duration_ns);
        tally.max_ns = tally.max_ns.max(duration_ns);
        tally.starts_ns = (tally.starts_ns.0.min(start_ns), tally.starts_ns.1.max(start_ns));
        self.marks.push((number, class(duration_ns)));
        self.add_to_minute(number, start_ns / MINUTE_NS, duration_ns);
    }

    #[inline]
    fn add_to_minute(&mut self, tally: u32, minute: u64, duration_ns: u64) {
        let last = self.last_minute[tally as usize];
        let mut place = last;
        if self.minutes.get(last).is_none_or(|(_, known)| known.number != minute) {
            place = *self.minute_places.entry((tally, minute)).or_insert_with(|| {
                self.minutes.push((tally, Minute { number: minute, ..Minute::default() }));
                self.minutes.len() - 1
            });
            self.last_minute[tally as usize] = place;
        }
        if let Some((_, minute)) = self.minutes.get_mut(place) {
            minute.spans += 1;
            minute.sum_ns += u128::from(duration_ns);
        }
    }

    /// Returns what was counted.
    pub(in crate::store) fn finish(mut self) -> Tallies {
        let classes = self.classes();
        self.minutes.sort_unstable_by_key(|(tally, minute)| (*tally, minute.number));
        let mut rest = self.minutes.as_slice();
        for (number, tally) in (0..).zip(&mut self.all) {
            let own = rest.partition_point(|(of, _)| *of <= number);
            let start = self.minutes.len() - rest.len();
            tally.minutes = start..start + own;
            rest = rest.get(own..).unwrap_or_default();
        }
        let minutes = self.minutes.into_iter().map(|(_, minute)| minute).collect();
        Tallies { all: self.all, classes, minutes }
    }

    /// Counts the spans of each class: those of a tally side by side first, then by class.
    fn classes(&mut self) -> Vec<(u16, u32)> {
        let mut next = 0;
        let mut places: Vec<usize> = Vec::with_capacity(self.all.len());
        for tally in &self.all {
            places.push(next);
            next += tally.spans as usize;
        }
        let mut by_tally = vec![0_u16; self.marks.len()];
        for &(tally, class) in &self.marks {
            let place = &mut places[tally as usize];
            by_tally[*place] = class;
            *place += 1;
        }
        let (mut classes, mut counts) = (Vec::new(), vec![0_u32; CLASSES]);
        let mut rest = by_tally.as_mut_slice();
        for tally in &mut self.all {
            let (own, others) = rest.split_at_mut(tally.spans as usize);
            rest = others;
            let start = classes.len();
            count(own, &mut counts, &mut classes);
            tally.classes = start..classes.len();
        }
        classes
    }
}

/// Of more spans than this the classes are counted in a table.
const MANY: usize = 64;

fn count(own: &mut [u16], counts: &mut [u32], classes: &mut Vec<(u16, u32)>) {
    if own.len() <= MANY {
        own.sort_unstable();
        classes.extend(own.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)));
        return;
    }
    let (mut least, mut most) = (u16::MAX, 0);
    for &class in &*own {
        counts[class as usize] += 1;
        (least, most) = (least.min(class), most.max(class));
    }
    for class in least..=most {
        let count = std::mem::take(&mut counts[class as usize]);
        if count > 0 {
            classes.push((class, count));
        }
    }
}
