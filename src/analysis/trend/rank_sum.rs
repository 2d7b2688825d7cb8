//! Whether durations of one time are longer than those of another: the test of Mann and Whitney (1947), of histograms, with
//! ties and continuity.

use super::normal::two_sided;

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RankSum {
    /// How likely one of the second is greater than one of the first; ties count half.
    pub(crate) greater: f64,
    /// How likely so much of a difference is chance, in either direction.
    pub(crate) p_value: f64,
}

/// Compares numbers that are given with how often each is there, in order; none where there are none of one side.
pub(crate) fn test(
    first: impl Iterator<Item = (u64, u64)>,
    second: impl Iterator<Item = (u64, u64)>,
) -> Option<RankSum> {
    let (mut first, mut second) = (first.peekable(), second.peekable());
    let (mut before, mut wins, mut ties) = (0.0, 0.0, 0.0);
    let (mut n, mut m) = (0.0, 0.0);
    while let Some(next) =
        first.peek().map(|(number, _)| *number).into_iter().chain(second.peek().map(|(number, _)| *number)).min()
    {
        let a = first.next_if(|(number, _)| *number == next).map_or(0.0, |(_, count)| count as f64);
        let b = second.next_if(|(number, _)| *number == next).map_or(0.0, |(_, count)| count as f64);
        wins += b * (before + a / 2.0);
        before += a;
        ties += (a + b).powi(3) - (a + b);
        (n, m) = (n + a, m + b);
    }
    if n <= 0.0 || m <= 0.0 {
        return None;
    }
    let all = n + m;
    let variance = n * m / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)).max(1.0));
    let distance = ((wins - n * m / 2.0).abs() - 0.5).max(0.0);
    let p_value = if variance > 0.0 { two_sided(distance / variance.sqrt()) } else { 1.0 };
    Some(RankSum { greater: wins / (n * m), p_value })
}
