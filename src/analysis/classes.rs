//! How many durations there are of each class: what percentiles are told from where not every duration is looked at.

use crate::store::{CLASSES, class, least_of, middle_of};

/// Classes of a page: those of a doubling.
const PAGE: usize = 64;

/// See the module. Takes memory only for the doublings in which there are durations.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Classes {
    /// In order of the doublings.
    pages: Vec<(u16, Box<[u64; PAGE]>)>,
    count: u64,
}

impl Classes {
    /// Adds so many durations of a class.
    pub(crate) fn add(&mut self, class: u16, durations: u64) {
        let (page, place) = (class / PAGE as u16, class as usize % PAGE);
        if class as usize >= CLASSES {
            // A damaged file may say so.
            return;
        }
        let at = match self.pages.iter().rposition(|(number, _)| *number <= page) {
            Some(at) if self.pages[at].0 == page => at,
            before => {
                let at = before.map_or(0, |before| before + 1);
                self.pages.insert(at, (page, Box::new([0; PAGE])));
                at
            }
        };
        let count = &mut self.pages[at].1[place];
        *count = count.saturating_add(durations);
        self.count = self.count.saturating_add(durations);
    }

    /// Adds durations of several classes, which are in order.
    pub(crate) fn add_all(&mut self, classes: &[(u16, u32)]) {
        for of_page in classes.chunk_by(|(a, _), (b, _)| *a as usize / PAGE == *b as usize / PAGE) {
            let [(first, count), rest @ ..] = of_page else { continue };
            self.add(*first, (*count).into());
            let Some((_, page)) = self.pages.iter_mut().rfind(|(page, _)| *page == first / PAGE as u16) else {
                continue;
            };
            for (class, count) in rest {
                page[*class as usize % PAGE] += u64::from(*count);
                self.count += u64::from(*count);
            }
        }
    }

    /// Adds what another one has.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (class, count) in other.iter() {
            self.add(class, count);
        }
    }

    /// Takes away what is also in another one.
    pub(crate) fn take_away(&mut self, other: &Self) {
        for (class, count) in other.iter() {
            let page = self.pages.iter_mut().find(|(page, _)| *page == class / PAGE as u16);
            if let Some(own) = page.and_then(|(_, counts)| counts.get_mut(class as usize % PAGE)) {
                let gone = count.min(*own);
                *own -= gone;
                self.count -= gone;
            }
        }
    }

    /// Returns how many durations there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Returns the classes that have durations, in order, and how many.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, u64)> {
        self.pages.iter().flat_map(|(page, counts)| {
            let class = page * PAGE as u16;
            (class..).zip(counts.iter().copied()).filter(|(_, count)| *count > 0)
        })
    }

    /// Returns the class of the duration of a rank, counted from 1, and how many durations are in lower classes.
    pub(crate) fn at_rank(&self, rank: u64) -> Option<(u16, u64)> {
        let mut before = 0;
        for (page, counts) in &self.pages {
            let in_page: u64 = counts.iter().sum();
            if before + in_page < rank {
                before += in_page;
                continue;
            }
            for (class, count) in (page * PAGE as u16..).zip(&**counts) {
                if before + count >= rank && *count > 0 {
                    return Some((class, before));
                }
                before += count;
            }
        }
        None
    }

    /// Returns how many durations are at most so long: exactly, where no other is in the same class.
    pub(crate) fn up_to(&self, duration_ns: u64) -> u64 {
        let last = class(duration_ns);
        let counted = self.iter().take_while(|(class, _)| *class <= last);
        // Of the class itself, those below its middle are taken to be as likely as those above.
        counted.map(|(class, count)| if class == last && duration_ns < middle_of(class) { 0 } else { count }).sum()
    }

    /// Returns how many durations are in lower classes than this.
    pub(crate) fn below(&self, class: u16) -> u64 {
        self.iter().take_while(|(of, _)| *of < class).map(|(_, count)| count).sum()
    }

    /// Returns how many durations are in a class.
    pub(crate) fn in_class(&self, class: u16) -> u64 {
        let page = self.pages.iter().find(|(page, _)| *page == class / PAGE as u16);
        page.map_or(0, |(_, counts)| counts[class as usize % PAGE])
    }

    /// Returns the duration of a rank to within 1 %, at most `max_ns`, the longest of all.
    pub(crate) fn duration_at(&self, rank: u64, max_ns: u64) -> Option<u64> {
        let (class, _) = self.at_rank(rank)?;
        // The last one is the longest, which is known.
        let middle = if rank >= self.count { max_ns } else { middle_of(class) };
        Some(middle.min(max_ns).max(least_of(class).min(max_ns)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn classes(durations: &[u64]) -> Classes {
        let mut classes = Classes::default();
        for &duration in durations {
            classes.add(class(duration), 1);
        }
        classes
    }

    #[test]
    fn a_class_that_does_not_exist_is_not_counted() {
        let mut damaged = Classes::default();
        damaged.add(u16::MAX, 1);
        damaged.add_all(&[(60_000, 3)]);
        assert_eq!((damaged.count(), damaged.at_rank(1), damaged.duration_at(1, 7)), (0, None, None));
    }

    fn durations() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((any::<u64>(), 0..64_u32).prop_map(|(bits, shift)| bits >> shift), 1..200)
    }

    proptest! {
        #[test]
        fn a_rank_is_found_to_within_a_hundredth(mut all in durations(), rank in 1..200_u64) {
            let classes = classes(&all);
            all.sort_unstable();
            let rank = rank.min(all.len() as u64);
            let (exact, longest) = (all[rank as usize - 1], all[all.len() - 1]);
            let found = classes.duration_at(rank, longest).unwrap();
            prop_assert!(found.abs_diff(exact) as f64 <= exact as f64 * 0.01);
            let (class_found, before) = classes.at_rank(rank).unwrap();
            prop_assert_eq!(class_found, class(exact));
            prop_assert_eq!(before, all.iter().filter(|&&duration| class(duration) < class_found).count() as u64);
            prop_assert_eq!(before, classes.below(class_found));
            prop_assert_eq!(classes.at_rank(all.len() as u64 + 1), None);
        }

        #[test]
        fn it_does_not_matter_in_which_order_and_how_they_come(all in durations(), at in any::<prop::sample::Index>()) {
            let (some, others) = all.split_at(at.index(all.len()));
            let mut merged = classes(others);
            merged.merge(&classes(some));
            let whole = classes(&all);
            prop_assert_eq!(&merged, &whole);
            let list: Vec<(u16, u32)> = whole.iter().map(|(class, count)| (class, count as u32)).collect();
            let mut of_list = Classes::default();
            of_list.add_all(&list);
            prop_assert_eq!(&of_list, &whole);
            of_list.take_away(&classes(some));
            let rest: Vec<_> = of_list.iter().collect();
            prop_assert_eq!((rest, of_list.count()), (classes(others).iter().collect(), others.len() as u64));
        }
    }
}
