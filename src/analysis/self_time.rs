//! Self time: how long a span took itself, without the time in which a child of it ran.

/// A span of a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lasting {
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    /// The place of its parent among the spans; none where that is not held.
    pub(crate) parent: Option<u32>,
}

/// Room for the spans of a trace, used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct SelfTimes {
    order: Vec<u32>,
    /// Of each span, up to where its children cover it.
    covered_ns: Vec<u64>,
    own_ns: Vec<u64>,
}

impl SelfTimes {
    /// Returns the self time of each span: its duration without the union of its children's, as far as they lie within it.
    /// A span that is its own parent takes nothing away. Costs O(n log n).
    pub(crate) fn of(&mut self, spans: &[Lasting]) -> &[u64] {
        let (starts, durations) = (spans.iter().map(|span| span.start_ns), spans.iter());
        self.covered_ns.clear();
        self.covered_ns.extend(starts);
        self.own_ns.clear();
        self.own_ns.extend(durations.map(|span| span.end_ns.saturating_sub(span.start_ns)));
        self.order.clear();
        self.order.extend(0..spans.len() as u32);
        // Children in order of their starts: what one covers and those before did not is what comes after their ends.
        self.order.sort_unstable_by_key(|&at| spans[at as usize].start_ns);
        for &at in &self.order {
            let child = spans[at as usize];
            let Some(parent) = child.parent.filter(|&parent| parent != at) else { continue };
            let Some(span) = spans.get(parent as usize) else { continue };
            let covered = &mut self.covered_ns[parent as usize];
            let (from, to) = (child.start_ns.max(*covered), child.end_ns.min(span.end_ns));
            if from < to {
                let own = &mut self.own_ns[parent as usize];
                *own = own.saturating_sub(to - from);
                *covered = to;
            }
        }
        &self.own_ns
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(start_ns: u64, end_ns: u64, parent: impl Into<Option<u32>>) -> Lasting {
        Lasting { start_ns, end_ns, parent: parent.into() }
    }

    fn of(spans: &[Lasting]) -> Vec<u64> {
        SelfTimes::default().of(spans).to_vec()
    }

    #[test]
    fn what_children_cover_is_not_a_spans_own() {
        // One after the other, overlapping, one within another.
        assert_eq!(of(&[span(0, 100, None), span(10, 20, 0), span(30, 50, 0)]), [70, 10, 20]);
        assert_eq!(of(&[span(0, 100, None), span(30, 60, 0), span(10, 40, 0)]), [50, 30, 30]);
        assert_eq!(of(&[span(0, 100, None), span(10, 80, 0), span(20, 30, 0), span(70, 90, 0)]), [20, 70, 10, 20]);
    }

    #[test]
    fn only_what_lies_within_the_parent_is_taken_away() {
        // Begins before, ends after, lies outside, and covers all of it.
        assert_eq!(of(&[span(100, 200, None), span(50, 120, 0), span(190, 900, 0), span(300, 400, 0)])[0], 70);
        assert_eq!(of(&[span(100, 200, None), span(0, 900, 0)])[0], 0);
        // Grandchildren take nothing from a span that their parent has left already.
        assert_eq!(of(&[span(0, 100, None), span(10, 20, 0), span(15, 90, 1)]), [90, 5, 75]);
    }

    #[test]
    fn orphans_circles_and_absurd_times_do_no_harm() {
        assert_eq!(of(&[span(0, 10, 0)]), [10]);
        assert_eq!(of(&[span(0, 10, 1), span(2, 8, 0)]), [4, 0]);
        assert_eq!(of(&[span(0, 10, 7)]), [10]);
        assert_eq!(of(&[span(10, 0, None), span(0, u64::MAX, 0)]), [0, u64::MAX]);
        assert_eq!(of(&[]), [0; 0]);
    }

    proptest! {
        #[test]
        fn it_is_what_marking_each_moment_gives(
            spans in prop::collection::vec((0..60_u64, 0..60_u64, prop::option::of(0..12_u32)), 1..12),
        ) {
            let spans: Vec<Lasting> = spans.into_iter().map(|(start, len, parent)| span(start, start + len, parent)).collect();
            let marked = |(at, one): (usize, &Lasting)| {
                let is_covered = |moment: u64| {
                    let mut children = (0_u32..).zip(&spans).filter(|(_, child)| child.parent == Some(at as u32));
                    children.any(|(own, child)| own != at as u32 && (child.start_ns..child.end_ns).contains(&moment))
                };
                (one.start_ns..one.end_ns).filter(|&moment| !is_covered(moment)).count() as u64
            };
            let expected: Vec<u64> = spans.iter().enumerate().map(marked).collect();
            prop_assert_eq!(of(&spans), expected);
        }
    }
}
