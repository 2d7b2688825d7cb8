//! Where a series will go from its last turn on, and whether that is below a limit.

use super::holt::{self, Forecast};
use super::mann_kendall::{self, Noise};
use super::numbers::{Point, filled, known, median};
use super::{season, theil_sen, turn};

/// A series since its last turn, and what is to come.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// What is known since then, by step.
    since: Vec<Point>,
    pub forecast: Forecast,
}

/// A series that will fall below a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    pub limit: f64,
    /// The first step, counted from 1, of which the forecast is below the limit.
    pub steps: usize,
}

/// How many of the last numbers say where a series stands.
const NOW: usize = 5;
/// How many of the last have to go down, and how unlikely that may be chance.
const LATELY: usize = 30;
const SIGNIFICANT: f64 = 0.05;
/// How far a forecast is believed, in times of what it follows from.
const BELIEVED: f64 = 1.5;

/// Foretells a series of one number a step, in which some may be missing, from what followed its last turn. A season turns all
/// the time: a series that has one is taken as a whole.
pub fn outlook(values: &[Option<f64>], horizon: usize) -> Outlook {
    let all = known(values);
    let has_season = || season::find(&filled(values)).is_some();
    let turn = turn::last(&all).filter(|_| !has_season()).unwrap_or(0);
    let since = all.get(turn..).unwrap_or_default().to_vec();
    let from = since.first().map_or(0, |point| point.at as usize);
    Outlook { since, forecast: holt::forecast(values.get(from..).unwrap_or_default(), horizon) }
}

impl Outlook {
    /// Returns the crossing of a limit downwards, when all of this holds:
    ///
    /// - The series is not below the limit yet, by the median of its last five numbers.
    /// - At some step of the forecast its whole interval is below the limit. The interval holds 80 %, so that the series is below
    ///   the limit at that step with a probability of 90 %.
    /// - That step is not farther ahead than 1.5 times what the forecast follows from is long.
    /// - The last thirty numbers go down, by the test of Mann and Kendall for alike neighbours with p < 0.05: some wild
    ///   numbers at the end can turn a forecast, but are no trend.
    pub fn downwards(&self, limit: f64) -> Option<Crossing> {
        let lately = self.since.get(self.since.len().saturating_sub(LATELY)..)?;
        let now = median(self.since.iter().rev().take(NOW).map(|point| point.value))?;
        let (first, last) = (self.since.first()?, self.since.last()?);
        let believed = ((last.at - first.at + 1.0) * BELIEVED) as usize;
        let is_sure = self.forecast.high.iter().take(believed).any(|high| *high < limit);
        if now < limit || !is_sure {
            return None;
        }
        let slope = theil_sen::line(lately)?.slope;
        let trend = mann_kendall::test(lately, slope, Noise::Autocorrelated)?;
        let below = self.forecast.values.iter().position(|value| *value < limit)?;
        (trend.s < 0 && trend.p_value < SIGNIFICANT).then_some(Crossing { limit, steps: below + 1 })
    }
}
