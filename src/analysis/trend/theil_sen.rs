//! The line through a series by Theil (1950) and Sen (1968): the median of the slopes between all pairs of points, which stays
//! what it is while fewer than 29 % of the points are wild.

use super::numbers::{Point, finite, median, middle, of_rank, thinned, unit};

/// 19 of 20 standard normal numbers are nearer to 0.
const NINETY_FIVE_PERCENT: f64 = 1.959_963_984_540_054;

/// A straight line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    /// Per unit of [`Point::at`].
    pub slope: f64,
    /// The value at 0.
    pub intercept: f64,
}

/// The slopes between all pairs of points that are not at the same place.
pub struct Slopes {
    points: Vec<Point>,
    /// In no order.
    all: Vec<f64>,
    /// By what they were divided.
    unit: f64,
}

impl Slopes {
    /// Takes the slopes of a series. Of more than 720 points, medians of neighbours are taken.
    pub fn of(points: &[Point]) -> Self {
        let points = thinned(points);
        let [wide, high] =
            [|point: &Point| point.at, |point: &Point| point.value].map(|of| unit(points.iter().map(of)));
        let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
        for (number, one) in points.iter().enumerate() {
            let later = points.iter().skip(number + 1);
            slopes.extend(later.filter_map(|other| {
                let across = other.at / wide - one.at / wide;
                (across > 0.0).then(|| finite((other.value / high - one.value / high) / across))
            }));
        }
        Self { points, all: slopes, unit: high / wide }
    }

    /// Returns the line; none of fewer than two places.
    pub fn line(&mut self) -> Option<Line> {
        let slope = finite(middle(&mut self.all)? * self.unit);
        let value = median(self.points.iter().map(|point| point.value))?;
        let at = median(self.points.iter().map(|point| point.at))?;
        Some(Line { slope, intercept: finite(value - finite(slope * at)) })
    }

    /// Returns between which slopes the true one lies with a probability of 95 % (Sen 1968), by the standard deviation of
    /// Kendall's S.
    pub fn interval(&mut self, deviation: f64) -> Option<(f64, f64)> {
        let count = self.all.len() as f64;
        let reach = NINETY_FIVE_PERCENT * deviation;
        let last = self.all.len().checked_sub(1)?;
        let low = (f64::midpoint(count, -reach).round_ties_even() as usize).saturating_sub(1);
        let high = (f64::midpoint(count, reach).round_ties_even() as usize).min(last);
        let [low, high] = [low, high].map(|rank| of_rank(&mut self.all, rank));
        Some((finite(low? * self.unit), finite(high? * self.unit)))
    }
}

/// Returns the line through a series; none of fewer than two places.
pub fn line(points: &[Point]) -> Option<Line> {
    Slopes::of(points).line()
}
