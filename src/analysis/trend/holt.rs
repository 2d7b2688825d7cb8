//! Where a series will go: exponential smoothing with a damped trend (Gardner and McKenzie 1985), after the season is taken out
//! where there is one.

use super::season;

/// How smoothing is done: all from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Smoothing {
    /// How much the level follows each number.
    pub(crate) alpha: f64,
    /// How much the trend follows each change of the level.
    pub(crate) beta: f64,
    /// What is left of the trend at each step.
    pub(crate) phi: f64,
}

/// Where it stands after the last number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) level: f64,
    pub(crate) trend: f64,
    /// The sum of the squares of what was foretold wrongly by a step.
    pub(crate) errors: f64,
}

/// A number to come, and between which ones it lies with a probability of 80 %.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Foretold {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Fewer numbers than this foretell nothing.
const LEAST: usize = 10;
/// Of a standard normal number, four out of five are nearer to 0.
const EIGHTY_PERCENT: f64 = 1.281_551_565_544_6;

impl Smoothing {
    /// Goes over a series from a first level and trend.
    pub(crate) fn run(self, values: &[f64], (level, trend): (f64, f64)) -> State {
        let mut state = State { level, trend, errors: 0.0 };
        for value in values {
            let expected = state.level + self.phi * state.trend;
            let level = expected + self.alpha * (value - expected);
            let trend = self.phi * state.trend;
            state.errors += (value - expected).powi(2);
            state.trend = self.beta * (level - state.level) + (1.0 - self.beta) * trend;
            state.level = level;
        }
        state
    }

    /// Returns how far the trend has carried after so many steps, in trends of now.
    pub(super) fn reach(self, steps: usize) -> f64 {
        (1..=steps).map(|step| self.phi.powi(step as i32)).sum()
    }

    /// Returns the variance of the number so many steps on, in variances of the next one: that of the innovations model
    /// ETS(A,Ad,N) (Hyndman, Koehler, Ord and Snyder 2008, Forecasting with Exponential Smoothing, table 6.1), summed up.
    pub(super) fn variance(self, steps: usize) -> f64 {
        let beta = self.alpha * self.beta;
        let of = |step: usize| (self.alpha + beta * self.reach(step)).powi(2);
        1.0 + (1..steps).map(of).sum::<f64>()
    }
}

/// Returns the numbers to come; none of fewer than ten. Season and noise follow from the numbers that were.
pub(crate) fn foretell(values: &[f64], steps: usize) -> Option<Vec<Foretold>> {
    if values.len() < LEAST || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let season = season::of(values);
    let plain: Vec<f64> = values.iter().enumerate().map(|(at, value)| value - season.at(at)).collect();
    let start = start(&plain);
    let smoothing = fitted(&plain, start);
    let state = smoothing.run(&plain, start);
    // Three numbers were chosen to fit, and two to begin with.
    let deviation = (state.errors / (plain.len().saturating_sub(5).max(1)) as f64).sqrt();
    let one = |step: usize| {
        let value = state.level + smoothing.reach(step) * state.trend + season.at(values.len() + step - 1);
        let width = EIGHTY_PERCENT * deviation * smoothing.variance(step).sqrt();
        Foretold { value, low: value - width, high: value + width }
    };
    let all: Vec<Foretold> = (1..=steps).map(one).collect();
    all.iter().all(|one| one.low.is_finite() && one.high.is_finite()).then_some(all)
}

/// Returns the level and the trend to begin with: those of a line through the first numbers.
fn start(values: &[f64]) -> (f64, f64) {
    let first = values.get(..LEAST).unwrap_or(values);
    let n = first.len() as f64;
    let (middle, mean) = (f64::midpoint(n, 1.0), first.iter().sum::<f64>() / n);
    let (mut up, mut across) = (0.0, 0.0);
    for (at, value) in (1..).zip(first) {
        let distance = f64::from(at) - middle;
        up += distance * (value - mean);
        across += distance * distance;
    }
    let trend = if across > 0.0 { up / across } else { 0.0 };
    (mean - trend * middle, trend)
}

/// Returns the smoothing that foretells each number best by those before it: the best of a grid, and then whatever is better
/// near it, in ever smaller steps.
fn fitted(values: &[f64], start: (f64, f64)) -> Smoothing {
    let errors = |smoothing: Smoothing| smoothing.run(values, start).errors;
    let mut best = Smoothing { alpha: 0.1, beta: 0.1, phi: 0.95 };
    let mut least = errors(best);
    let mut try_out = |smoothing: Smoothing, best: &mut Smoothing| {
        let found = errors(smoothing);
        let is_better = found < least;
        if is_better {
            (least, *best) = (found, smoothing);
        }
        is_better
    };
    for alpha in [0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 0.98] {
        for beta in [0.01, 0.05, 0.1, 0.3, 0.6] {
            for phi in [0.8, 0.9, 0.95, 0.98] {
                try_out(Smoothing { alpha, beta, phi }, &mut best);
            }
        }
    }
    let mut step = 0.05;
    while step > 1e-3 {
        let mut is_better = false;
        for (alpha, beta, phi) in [
            (step, 0.0, 0.0),
            (-step, 0.0, 0.0),
            (0.0, step, 0.0),
            (0.0, -step, 0.0),
            (0.0, 0.0, step),
            (0.0, 0.0, -step),
        ] {
            let near = Smoothing {
                alpha: (best.alpha + alpha).clamp(1e-4, 0.999),
                beta: (best.beta + beta).clamp(1e-4, 0.999),
                // Less than 0.8 forgets the trend at once, more than 0.98 never (Hyndman and Athanasopoulos, 2018).
                phi: (best.phi + phi).clamp(0.8, 0.98),
            };
            is_better |= try_out(near, &mut best);
        }
        if !is_better {
            step /= 2.0;
        }
    }
    best
}
