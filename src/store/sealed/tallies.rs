//! The tallies of a sealed block as columns, and its rows as figures need them.

use std::ops::Range;

use super::image::{Damaged, ImageBuilder, ImageReader};
use super::packed::{CHUNK, Packed};
use super::{FOREIGN, ROOT, SealedBlock, unzigzag};
use crate::store::row::Facts;
use crate::store::scan::{Bits, WORD};
use crate::store::tally::{Call, Key, Minute, Tallies, Tally, Timing};

/// See the module.
#[derive(Debug)]
pub(super) struct TallyColumns {
    len: u32,
    service: Packed,
    /// The rest of the key.
    small: Packed,
    sum_ns: Wide,
    max_ns: Packed,
    first_ns: Packed,
    last_ns: Packed,
    /// The end of each tally's classes and minutes among all.
    class_ends: Packed,
    minute_ends: Packed,
    class: Packed,
    class_spans: Packed,
    minute: Packed,
    minute_spans: Packed,
    minute_sum_ns: Wide,
}

/// Numbers of 128 bits, of which the upper halves are mostly 0.
#[derive(Debug)]
struct Wide {
    low: Packed,
    high: Packed,
}

impl Wide {
    fn write(values: impl Iterator<Item = u128> + Clone, image: &mut ImageBuilder) {
        write(values.clone().map(|value| value as u64), image);
        write(values.map(|value| (value >> 64) as u64), image);
    }

    fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        Ok(Self { low: Packed::read(image)?, high: Packed::read(image)? })
    }

    fn get(&self, row: u32) -> u128 {
        u128::from(self.high.get(row)) << 64 | u128::from(self.low.get(row))
    }
}

fn write(values: impl Iterator<Item = u64>, image: &mut ImageBuilder) {
    Packed::write(&values.collect::<Vec<_>>(), image);
}

impl TallyColumns {
    pub(super) fn write(tallies: &Tallies, image: &mut ImageBuilder) {
        let all = || tallies.all.iter();
        image.number(tallies.all.len() as u64);
        write(all().map(|tally| tally.key.service.into()), image);
        write(all().map(|tally| tally.key.small()), image);
        Wide::write(all().map(|tally| tally.sum_ns), image);
        write(all().map(|tally| tally.max_ns), image);
        write(all().map(|tally| tally.starts_ns.0), image);
        write(all().map(|tally| tally.starts_ns.1), image);
        write(all().map(|tally| tally.classes.end as u64), image);
        write(all().map(|tally| tally.minutes.end as u64), image);
        write(tallies.classes.iter().map(|(class, _)| u64::from(*class)), image);
        write(tallies.classes.iter().map(|(_, spans)| u64::from(*spans)), image);
        write(tallies.minutes.iter().map(|minute| minute.number), image);
        write(tallies.minutes.iter().map(|minute| minute.spans), image);
        Wide::write(tallies.minutes.iter().map(|minute| minute.sum_ns), image);
    }

    pub(super) fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        let columns = Self {
            len: image.small()?,
            service: Packed::read(image)?,
            small: Packed::read(image)?,
            sum_ns: Wide::read(image)?,
            max_ns: Packed::read(image)?,
            first_ns: Packed::read(image)?,
            last_ns: Packed::read(image)?,
            class_ends: Packed::read(image)?,
            minute_ends: Packed::read(image)?,
            class: Packed::read(image)?,
            class_spans: Packed::read(image)?,
            minute: Packed::read(image)?,
            minute_spans: Packed::read(image)?,
            minute_sum_ns: Wide::read(image)?,
        };
        columns.service.has(columns.len).then_some(columns).ok_or(Damaged)
    }

    pub(super) fn tallies(&self) -> Tallies {
        let last = self.len.checked_sub(1);
        let count = |ends: &Packed, rows: &Packed| {
            let count = last.map_or(0, |last| ends.get(last)).min(u64::from(u32::MAX)) as u32;
            // A damaged end says what it likes.
            if rows.has(count) { count as usize } else { 0 }
        };
        let (classes, minutes) = (count(&self.class_ends, &self.class), count(&self.minute_ends, &self.minute));
        let mut found = Tallies { all: Vec::with_capacity(self.len as usize), ..Tallies::default() };
        let (mut class_end, mut minute_end) = (0, 0);
        for row in 0..self.len {
            let own_classes = after(&mut class_end, self.class_ends.get(row), classes);
            let own_minutes = after(&mut minute_end, self.minute_ends.get(row), minutes);
            found.all.push(self.tally(row, own_classes, own_minutes));
        }
        let mut numbers = Vec::new();
        self.class.unpack(classes, |class| found.classes.push((class as u16, 0)));
        self.class_spans.unpack(classes, |spans| numbers.push(spans as u32));
        found.classes.iter_mut().zip(&numbers).for_each(|(class, spans)| class.1 = *spans);
        for tally in &mut found.all {
            let own = numbers.get(tally.classes.clone()).unwrap_or_default();
            tally.spans = own.iter().map(|&spans| u64::from(spans)).sum();
        }
        let minute = |row: usize| Minute {
            number: self.minute.get(row as u32),
            spans: self.minute_spans.get(row as u32),
            sum_ns: self.minute_sum_ns.get(row as u32),
        };
        found.minutes = (0..minutes).map(minute).collect();
        found
    }

    fn tally(&self, row: u32, classes: Range<usize>, minutes: Range<usize>) -> Tally {
        let key = Key::from_small(self.service.get(row) as u32, self.small.get(row));
        let starts_ns = (self.first_ns.get(row), self.last_ns.get(row));
        let (sum_ns, max_ns) = (self.sum_ns.get(row), self.max_ns.get(row));
        Tally { key, spans: 0, sum_ns, max_ns, starts_ns, classes, minutes }
    }
}

/// Returns the range from the end of the one before, within what there is.
fn after(end: &mut usize, next: u64, len: usize) -> Range<usize> {
    let start = *end;
    *end = (next.min(len as u64) as usize).max(start);
    start..*end
}

impl SealedBlock {
    /// Returns what the spans come to.
    pub(in crate::store) fn tallies(&self) -> Tallies {
        self.tallies.tallies()
    }

    /// Hands over which services have spans, and whether by their kinds these are called from outside.
    pub(in crate::store) fn served(&self, mut each: impl FnMut(u32, bool)) {
        let TallyColumns { len, service, small, .. } = &self.tallies;
        (0..*len).map(|row| Key::from_small(service.get(row) as u32, small.get(row))).for_each(|key| {
            each(key.service, key.call == Call::Entry);
        });
    }

    /// Returns the starts of the first and the last span; none without spans.
    pub(in crate::store) fn starts_ns(&self) -> Option<(u64, u64)> {
        let TallyColumns { len, first_ns, last_ns, .. } = &self.tallies;
        let starts = (0..*len).map(|row| (first_ns.get(row), last_ns.get(row)));
        starts.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
    }

    /// Returns where a span was called from, as far as its part tells, whatever its kind says.
    pub(in crate::store) fn call(&self, row: u32) -> Call {
        match self.columns.parent.get(row) {
            ROOT => Call::Outside,
            FOREIGN => Call::Unknown,
            distance => {
                let parent = u32::try_from(i64::from(row).wrapping_add(unzigzag(distance - 2)));
                let is_same = parent.is_ok_and(|parent| self.service(parent) == self.service(row));
                if is_same { Call::Inside } else { Call::Outside }
            }
        }
    }

    /// Hands over the columns of rows that figures are made of: a chunk of each column is unpacked at a time.
    pub(in crate::store) fn timings(&self, rows: &Bits, mut each: impl FnMut(&Timing)) {
        let columns = &self.columns;
        let mut start = [0; CHUNK];
        let (mut duration, mut service, mut operation, mut small) = (start, start, start, start);
        for (chunk, words) in rows.words().chunks(CHUNK / WORD).enumerate() {
            if words.iter().all(|&word| word == 0) {
                continue;
            }
            columns.start_ns.chunk(chunk, &mut start);
            columns.duration_ns.chunk(chunk, &mut duration);
            columns.service.chunk(chunk, &mut service);
            columns.operation.chunk(chunk, &mut operation);
            columns.small.chunk(chunk, &mut small);
            for (first, &word) in (0..).step_by(WORD).zip(words) {
                let mut rest = word;
                while rest != 0 {
                    let place = first + rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    each(&Timing {
                        row: (chunk * CHUNK + place) as u32,
                        start_ns: start[place],
                        duration_ns: duration[place],
                        service: service[place] as u32,
                        operation: operation[place] as u32,
                        facts: Facts::from_parts(small[place] as u32, 0, 0),
                    });
                }
            }
        }
    }
}
