//! What comes again and again in a series: the mean of what is left of each phase, once a line is taken away.

/// The season of a series; of a series without one it is 0 everywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Season(Vec<f64>);

/// How alike numbers a period apart have to be for it to count, from 0 to 1.
const LIKENESS: f64 = 0.5;
/// How many times a period has to be seen, and its least length.
const TIMES: usize = 3;
const LEAST: usize = 4;

impl Season {
    /// Returns what the season adds to a number, by its place in the series; places after its end have one too.
    pub(crate) fn at(&self, place: usize) -> f64 {
        if self.0.is_empty() { 0.0 } else { self.0[place % self.0.len()] }
    }

    /// Returns after how many numbers it comes again; none where there is no season.
    #[cfg(test)]
    pub(crate) fn period(&self) -> Option<usize> {
        Some(self.0.len()).filter(|period| *period > 0)
    }
}

/// Finds the season: the period at which the differences of neighbours are most alike, if they are alike enough.
pub(crate) fn of(values: &[f64]) -> Season {
    // Differences have no trend, and no level that changes.
    let differences: Vec<f64> = values.iter().zip(values.get(1..).unwrap_or_default()).map(|(a, b)| b - a).collect();
    let spread: f64 = differences.iter().map(|difference| difference * difference).sum();
    if spread <= 0.0 {
        return Season::default();
    }
    let alike = |lag: usize| {
        let pairs = differences.iter().zip(differences.get(lag..).unwrap_or_default());
        let together = (differences.len() - lag) as f64 / differences.len() as f64;
        pairs.map(|(a, b)| a * b).sum::<f64>() / spread / together
    };
    let periods = LEAST..=values.len() / TIMES;
    let most = periods.map(|period| (alike(period), period)).max_by(|a, b| a.0.total_cmp(&b.0));
    match most {
        Some((likeness, period)) if likeness >= LIKENESS => phases(values, period),
        _ => Season::default(),
    }
}

fn phases(values: &[f64], period: usize) -> Season {
    // Over whole periods the mean of all is that of the level.
    let level = |at: usize| {
        let from = at.saturating_sub(period / 2).min(values.len() - period);
        values.get(from..from + period).unwrap_or_default().iter().sum::<f64>() / period as f64
    };
    let (mut sums, mut counts) = (vec![0.0; period], vec![0.0; period]);
    for (at, value) in values.iter().enumerate() {
        sums[at % period] += value - level(at);
        counts[at % period] += 1.0;
    }
    let mut means: Vec<f64> = sums.iter().zip(&counts).map(|(sum, count)| sum / count).collect();
    let mean = means.iter().sum::<f64>() / period as f64;
    for phase in &mut means {
        *phase -= mean;
    }
    Season(means)
}
