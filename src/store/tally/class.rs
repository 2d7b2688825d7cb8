//! Durations by class: each doubling has 64 classes, so a class tells a duration to within 1 %; up to 128 ns exactly.

/// How many classes each doubling has.
const PER_OCTAVE: u64 = 64;
/// The power of two that is the number of classes of a doubling.
const BITS: u32 = PER_OCTAVE.trailing_zeros();

/// How many classes there are.
pub(crate) const CLASSES: usize = ((u64::BITS - BITS + 1) as u64 * PER_OCTAVE) as usize;

/// Returns the class of a duration; a longer one is never in a lower class.
#[inline]
pub(crate) fn class(duration_ns: u64) -> u16 {
    if duration_ns < PER_OCTAVE {
        return duration_ns as u16;
    }
    let octave = duration_ns.ilog2() - BITS;
    // The highest bit, which is set, counts the octave up by one.
    ((u64::from(octave) << BITS) + (duration_ns >> octave)) as u16
}

/// Returns the shortest duration of a class; for one past the last class more than there is.
pub(crate) fn least_of(class: u16) -> u64 {
    let class = u64::from(class);
    match (class / PER_OCTAVE).checked_sub(1) {
        None | Some(0) => class,
        Some(octave) if octave < u64::from(u64::BITS - BITS) => (PER_OCTAVE + class % PER_OCTAVE) << octave,
        Some(_) => u64::MAX,
    }
}

/// Returns the duration that stands for a class: within 1 % of each that is in it.
pub(crate) fn middle_of(class: u16) -> u64 {
    let (least, next) = (least_of(class), least_of(class.saturating_add(1)));
    least + (next - least) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn classes_follow_one_another_without_a_gap() {
        for class in 0..CLASSES as u16 {
            let least = least_of(class);
            assert_eq!(super::class(least), class);
            if let Some(before) = least.checked_sub(1) {
                assert_eq!(super::class(before), class - 1);
            }
        }
        assert_eq!(super::class(u64::MAX) as usize, CLASSES - 1);
        assert_eq!(least_of(CLASSES as u16), u64::MAX);
    }

    proptest! {
        #[test]
        fn a_class_tells_a_duration_to_within_a_hundredth(bits in any::<u64>(), shift in 0..64_u32) {
            let duration = bits >> shift;
            let middle = middle_of(class(duration));
            prop_assert!(middle.abs_diff(duration) as f64 <= duration as f64 * 0.01);
        }
    }
}
