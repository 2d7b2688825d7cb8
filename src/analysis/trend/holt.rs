//! Where a series will go: exponential smoothing with a damped trend (Holt 1957; Gardner and McKenzie 1985), and with additive
//! seasons (Winters 1960) where the series shows one.
//!
//! The smoothing is that of the innovations model ETS(A,Ad,N), with seasons ETS(A,Ad,A), of Hyndman, Koehler, Ord and Snyder
//! (2008, Forecasting with Exponential Smoothing). Its factors are those for which the squared errors of the next number
//! add up to the least: the best of a grid, then whatever is better near it in ever smaller steps. Level and trend to begin
//! with need no search, since errors depend on them by a straight line. A number that is missing changes nothing: level
//! and trend go on as foretold.

use super::numbers::{filled, finite, known, median, unit};
use super::season::{self, Season};

/// Numbers to come, one step after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    pub values: Vec<f64>,
    /// Each of the numbers lies between these with a probability of 80 %.
    pub low: Vec<f64>,
    pub high: Vec<f64>,
    /// After how many steps the season comes again, where there is one.
    pub period: Option<usize>,
}

/// The factors of smoothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoothing {
    /// How much the level follows each error, from 0 to 1.
    pub alpha: f64,
    /// How much the trend follows each change of the level (β* of the book: β = α β*), from 0 to 1.
    pub beta: f64,
    /// What is left of the trend after a step.
    pub phi: f64,
    /// How much the season follows each error, from 0 to 1 − `alpha`; of no meaning without a season.
    pub gamma: f64,
}

/// Fewer numbers than this foretell nothing.
pub const LEAST: usize = 10;
/// Below 0.8 a trend is forgotten at once, above 0.98 hardly ever (Hyndman and Athanasopoulos, Forecasting: Principles and
/// Practice, 2nd edition, section 7.2).
const DAMPING: (f64, f64) = (0.8, 0.98);
const FACTOR: (f64, f64) = (1e-4, 0.9999);
/// Four of five standard normal numbers are nearer to 0.
const EIGHTY_PERCENT: f64 = 1.281_551_565_544_600_4;

/// Returns the numbers to come after a series of one number a step, in which some may be missing. Of fewer than ten numbers
/// nothing follows, and the forecast is empty. Numbers that are not finite are taken as missing.
pub fn forecast(values: &[Option<f64>], horizon: usize) -> Forecast {
    let known: Vec<f64> = known(values).iter().map(|point| point.value).collect();
    let Some(middle) = median(known.iter().copied()).filter(|_| known.len() >= LEAST) else {
        return Forecast::default();
    };
    let unit = unit(known);
    let scaled =
        |value: &Option<f64>| value.filter(|value| value.is_finite()).map(|value| value / unit - middle / unit);
    let scaled: Vec<Option<f64>> = values.iter().map(scaled).collect();
    let season = season::find(&filled(&scaled));
    let fitted = Fitted::of(&scaled, season.as_ref());
    let steps = fitted.steps(horizon);
    let back = |value: f64| finite(finite(value * unit) + middle);
    Forecast {
        values: steps.iter().map(|(value, _)| back(*value)).collect(),
        low: steps.iter().map(|(value, width)| back(value - width)).collect(),
        high: steps.iter().map(|(value, width)| back(value + width)).collect(),
        period: season.map(|season| season.phases.len()),
    }
}

/// A number that depends on the level and the trend to begin with by a straight line: what it is when both are 0, and what is
/// added for each unit of them.
type Linear = [f64; 3];

fn add([a, b, c]: Linear, factor: f64, [x, y, z]: Linear) -> Linear {
    [a + factor * x, b + factor * y, c + factor * z]
}

/// Where the smoothing stands.
#[derive(Clone, Debug)]
struct State {
    level: Linear,
    trend: Linear,
    /// By phase; empty without a season.
    season: Vec<Linear>,
    /// The phase of the next number.
    phase: usize,
}

impl State {
    fn first(season: Option<&Season>) -> Self {
        let phases = season.map_or(&[][..], |season| &season.phases);
        let season = phases.iter().map(|phase| [*phase, 0.0, 0.0]).collect();
        Self { level: [0.0, 1.0, 0.0], trend: [0.0, 0.0, 1.0], season, phase: 0 }
    }

    /// Takes in the next number, and returns by how much it was foretold wrongly.
    fn take(&mut self, value: Option<f64>, smoothing: Smoothing) -> Option<Linear> {
        let Smoothing { alpha, beta, phi, gamma } = smoothing;
        self.level = add(self.level, phi, self.trend);
        self.trend = add([0.0; 3], phi, self.trend);
        let season = self.season.get_mut(self.phase);
        let error = value.map(|value| {
            let expected = season.as_deref().map_or(self.level, |season| add(self.level, 1.0, *season));
            add([value, 0.0, 0.0], -1.0, expected)
        });
        if let Some(error) = error {
            self.level = add(self.level, alpha, error);
            self.trend = add(self.trend, alpha * beta, error);
            if let Some(season) = season {
                *season = add(*season, gamma, error);
            }
        }
        self.phase = if self.phase + 1 < self.season.len() { self.phase + 1 } else { 0 };
        error
    }
}

/// A smoothing that went over a series.
pub(super) struct Fitted {
    smoothing: Smoothing,
    state: State,
    /// The level and the trend to begin with for which the errors are least.
    level: f64,
    trend: f64,
    /// The squared errors, added up, and their variance.
    pub(super) squares: f64,
    variance: f64,
}

impl Fitted {
    /// Goes over a series from this level and trend.
    #[cfg(test)]
    pub(super) fn starting(smoothing: Smoothing, values: &[Option<f64>], start: (f64, f64)) -> Self {
        Self::with(smoothing, values, None, Some(start))
    }

    /// Goes over a series with these factors, from the level and trend for which errors are least, or from those given.
    fn with(smoothing: Smoothing, values: &[Option<f64>], season: Option<&Season>, start: Option<(f64, f64)>) -> Self {
        let mut state = State::first(season);
        let mut products = [[0.0; 3]; 3];
        let mut count = 0_usize;
        for value in values {
            let Some(error) = state.take(*value, smoothing) else { continue };
            count += 1;
            let [fixed, level, trend] = error;
            let [fixed_sums, level_sums, trend_sums] = products;
            products = [add(fixed_sums, fixed, error), add(level_sums, level, error), add(trend_sums, trend, error)];
        }
        let (level, trend) = start.unwrap_or_else(|| least(&products));
        let at = [1.0, level, trend];
        let row = |sums: Linear| sums.iter().zip(at).map(|(sum, at)| sum * at).sum::<f64>();
        let squares = products.iter().zip(at).map(|(sums, at)| row(*sums) * at).sum::<f64>().max(0.0);
        // Three factors were chosen, the level and the trend; with a season one factor more, and its phases.
        let chosen = 5 + season.map_or(0, |season| season.phases.len());
        let variance = squares / count.saturating_sub(chosen).max(1) as f64;
        Self { smoothing, state, level, trend, squares, variance }
    }

    pub(super) fn of(values: &[Option<f64>], season: Option<&Season>) -> Self {
        let fit = |smoothing| Self::with(smoothing, values, season, None);
        let mut best = fit(Smoothing { alpha: 0.1, beta: 0.1, phi: 0.9, gamma: 0.05 });
        let better = |best: &mut Self, smoothing| {
            let found = fit(smoothing);
            let is_better = found.squares < best.squares * (1.0 - 1e-9);
            if is_better {
                *best = found;
            }
            is_better
        };
        for alpha in [0.05, 0.2, 0.5, 0.9] {
            for beta in [0.02, 0.1, 0.4] {
                for phi in [0.85, 0.98] {
                    better(&mut best, Smoothing { alpha, beta, phi, gamma: 0.05 });
                }
            }
        }
        let mut step = 0.1;
        while step > 0.01 {
            let near = best.smoothing.near(step, season.is_some());
            let found = near.into_iter().filter(|near| better(&mut best, *near)).count();
            step /= if found > 0 { 1.0 } else { 2.0 };
        }
        best
    }

    fn value(&self, linear: Linear) -> f64 {
        let [fixed, level, trend] = linear;
        fixed + level * self.level + trend * self.trend
    }

    /// Returns the numbers to come, and how far to either side of each 80 % lie. The variance after h steps is that of class 1
    /// in table 6.1 of the book: σ² (1 + Σ c²), over j from 1 to h − 1, with c = α (1 + β* (φ + … + φʲ)), and γ more where j
    /// is whole periods.
    pub(super) fn steps(&self, horizon: usize) -> Vec<(f64, f64)> {
        let Smoothing { alpha, beta, phi, gamma } = self.smoothing;
        let mut state = self.state.clone();
        let (mut sum, mut damped, mut reach) = (1.0, 1.0, 0.0);
        let step = |step: usize| {
            let phase = state.season.get(state.phase).copied().unwrap_or_default();
            state.take(None, self.smoothing);
            let width = EIGHTY_PERCENT * (self.variance * sum).sqrt();
            damped *= phi;
            reach += damped;
            let is_whole = !state.season.is_empty() && step.is_multiple_of(state.season.len());
            let weight: f64 = alpha * (1.0 + beta * reach) + if is_whole { gamma } else { 0.0 };
            sum += weight * weight;
            (self.value(add(state.level, 1.0, phase)), width)
        };
        (1..=horizon).map(step).collect()
    }
}

impl Smoothing {
    /// Returns those that differ by a step in one factor.
    fn near(self, step: f64, has_season: bool) -> Vec<Self> {
        let clamp = |value: f64, (low, high): (f64, f64)| value.clamp(low, high);
        let mut near = Vec::with_capacity(8);
        for step in [step, -step] {
            near.push(Self { alpha: clamp(self.alpha + step, FACTOR), ..self });
            near.push(Self { beta: clamp(self.beta + step, FACTOR), ..self });
            near.push(Self { phi: clamp(self.phi + step / 2.0, DAMPING), ..self });
            if has_season {
                near.push(Self { gamma: clamp(self.gamma + step, FACTOR), ..self });
            }
        }
        // A season that followed more of an error than the level leaves would swing.
        near.into_iter().map(|one| Self { gamma: one.gamma.min(1.0 - one.alpha), ..one }).collect()
    }
}

/// Returns the level and the trend for which (1, level, trend) makes the least of a quadratic form; 0 where it does not matter.
fn least(products: &[Linear; 3]) -> (f64, f64) {
    let [[_, to_level, to_trend], [_, level, both], [_, _, trend]] = *products;
    let determinant = level * trend - both * both;
    if determinant > 1e-12 * level * trend {
        let of = |one: f64, other: f64, mixed: f64| (both * mixed - other * one) / determinant;
        return (of(to_level, trend, to_trend), of(to_trend, level, to_level));
    }
    (if level > 0.0 { -to_level / level } else { 0.0 }, 0.0)
}
