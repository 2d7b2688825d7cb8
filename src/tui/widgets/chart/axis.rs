//! The values at the left of a chart: a scale from a round number to another, and marks between them.

/// How values are spread over the height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly, from 0 on.
    #[default]
    Linear,
    /// By their logarithm, for what differs by factors.
    Log,
}

/// No value of ours is larger, and what is drawn of larger ones is the same.
const MOST: f64 = 1e18;
/// Less than this is nothing, and its logarithm tells nothing any more.
const LEAST: f64 = 1e-3;

/// A scale that holds all values.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    /// The values that are marked, the lowest first.
    pub marks: Vec<f64>,
}

impl Axis {
    /// Returns an axis of at most so many marks, 2 at least, that reaches to `least_top` at least; none where there are no
    /// values.
    pub fn of(values: impl Iterator<Item = f64>, scale: Scale, least_top: f64, marks: usize) -> Option<Self> {
        let marks = marks.max(2);
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            let value = value.clamp(0.0, MOST);
            (least, most) = (least.min(value), most.max(value));
        }
        if least > most {
            return None;
        }
        Some(match scale {
            Scale::Linear => linear(most.max(least_top.min(MOST)), marks),
            Scale::Log => log(least.max(LEAST), most.max(least_top).clamp(LEAST, MOST), marks),
        })
    }

    /// Returns where a value stands: 0 at the bottom, 1 on top.
    pub fn share(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value.max(LEAST) / self.low).ln() / (self.high / self.low).ln(),
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }
}

fn linear(most: f64, marks: usize) -> Axis {
    let most = if most < LEAST { 1.0 } else { most };
    let step = round_up(most / (marks - 1) as f64);
    let steps = (most / step - 1e-9).ceil().max(1.0);
    let marks = (0..=steps as usize).map(|i| i as f64 * step).collect();
    Axis { scale: Scale::Linear, low: 0.0, high: steps * step, marks }
}

fn log(least: f64, most: f64, marks: usize) -> Axis {
    let low = round_down(least);
    let mut high = round_up(most);
    if high <= low * 1.001 {
        high = round_up(low * 1.5);
    }
    let powers = all_round(low, high, &[1.0]);
    let mut all = if powers.len() >= 2 { powers } else { all_round(low, high, &[1.0, 2.0, 5.0]) };
    while all.len() > marks {
        all = all.into_iter().step_by(2).collect();
    }
    Axis { scale: Scale::Log, low, high, marks: all }
}

/// Returns the numbers between two that are a power of ten times one of `digits`.
fn all_round(low: f64, high: f64, digits: &[f64]) -> Vec<f64> {
    let exponents = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let all = exponents.flat_map(|exponent| digits.iter().map(move |digit| digit * 10_f64.powi(exponent)));
    all.filter(|value| (low * 0.999..=high * 1.001).contains(value)).collect()
}

const DIGITS: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

/// Returns the least of 1, 2, 5, 10, 20, … that is not less.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powi(value.log10().floor() as i32);
    let digit = DIGITS.into_iter().find(|digit| digit * power >= value * 0.999_999);
    digit.unwrap_or(10.0) * power
}

fn round_down(value: f64) -> f64 {
    let power = 10_f64.powi(value.log10().floor() as i32);
    let digit = DIGITS.into_iter().rev().find(|digit| digit * power <= value * 1.000_001);
    digit.unwrap_or(1.0) * power
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks(values: &[f64], scale: Scale) -> Vec<f64> {
        Axis::of(values.iter().copied(), scale, 0.0, 4).map_or(Vec::new(), |axis| axis.marks)
    }

    #[test]
    fn marks_are_round_numbers_around_the_values() {
        assert_eq!(marks(&[3.0, 117.0], Scale::Linear), [0.0, 50.0, 100.0, 150.0]);
        assert_eq!(marks(&[100.0], Scale::Linear), [0.0, 50.0, 100.0]);
        assert_eq!(marks(&[0.0], Scale::Linear), [0.0, 0.5, 1.0]);
        assert_eq!(marks(&[4e6, 3e9], Scale::Log), [1e7, 1e8, 1e9]);
        assert_eq!(marks(&[4e6, 9e6], Scale::Log), [2e6, 5e6, 1e7]);
        assert!(marks(&[f64::NAN, f64::INFINITY], Scale::Log).is_empty());
    }

    #[test]
    fn the_top_is_as_high_as_it_is_told() {
        let axis = Axis::of([0.0, 0.2].into_iter(), Scale::Linear, 100.0, 3).unwrap();
        assert_eq!((axis.marks.as_slice(), axis.share(50.0)), ([0.0, 50.0, 100.0].as_slice(), 0.5));
    }

    proptest! {
        #[test]
        fn everything_finite_has_a_place(values in proptest::collection::vec(any::<f64>(), 1..9), log: bool, marks in 0_usize..6) {
            let scale = if log { Scale::Log } else { Scale::Linear };
            let axis = Axis::of(values.iter().copied(), scale, 1.0, marks);
            prop_assert_eq!(axis.is_some(), values.iter().any(|value| value.is_finite()));
            if let Some(axis) = axis {
                prop_assert!(values.iter().all(|value| (0.0..=1.0).contains(&axis.share(*value))));
                prop_assert!((1..=marks.max(2) + 1).contains(&axis.marks.len()), "{:?}", axis);
                prop_assert!(axis.marks.windows(2).all(|pair| pair[0] < pair[1]));
            }
        }
    }
}
