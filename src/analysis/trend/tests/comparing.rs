use proptest::prelude::*;

use super::super::rank_sum::{RankSum, test as rank_sum};
use super::assert_near;

fn test(first: &[(u64, u64)], second: &[(u64, u64)]) -> Option<RankSum> {
    rank_sum(first.iter().copied(), second.iter().copied())
}

fn counted(numbers: &[u64]) -> Vec<(u64, u64)> {
    numbers.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect()
}

#[test]
fn rank_sums_are_those_of_the_library() {
    // scipy: mannwhitneyu(second, first, alternative='two-sided', method='asymptotic')
    let (first, second) = (counted(&[1, 2, 2, 3, 5, 8, 8, 9]), counted(&[2, 4, 5, 5, 8, 9, 10, 12, 12]));
    let found = test(&first, &second).unwrap();
    assert_near(found.greater, 52.5 / 72.0);
    assert_near(found.p_value, 0.120_427_795_344_991_53);
    let (first, second) =
        ([(10, 100), (20, 300), (30, 200), (40, 50)], [(10, 80), (20, 220), (30, 260), (40, 90), (50, 10)]);
    let found = test(&first, &second).unwrap();
    assert_near(found.greater, 0.586_829_836_829_836_8);
    assert_near(found.p_value, 8.099_714_300_559_596e-9);
}

#[test]
fn what_is_the_same_does_not_differ() {
    assert_eq!(test(&[], &[(1, 1)]), None);
    assert_eq!(test(&[(1, 0)], &[(1, 1)]), None);
    let found = test(&[(7, 3)], &[(7, 9_000_000_000)]).unwrap();
    assert_eq!((found.greater, found.p_value), (0.5, 1.0));
}

fn histogram() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let counts =
        prop::collection::btree_map(prop_oneof![0..20_u64, any::<u64>()], prop_oneof![1..9_u64, any::<u64>()], 0..12);
    counts.prop_map(|counts| counts.into_iter().collect())
}

proptest! {
    #[test]
    fn sides_that_are_changed_turn_the_outcome(first in histogram(), second in histogram()) {
        let (one, other) = (test(&first, &second), test(&second, &first));
        prop_assert_eq!(one.is_some(), other.is_some());
        if let (Some(one), Some(other)) = (one, other) {
            prop_assert!((one.greater + other.greater - 1.0).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&one.p_value));
            prop_assert!((one.p_value - other.p_value).abs() < 1e-6);
        }
    }
}
