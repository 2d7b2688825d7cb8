//! The slope of a series by Theil (1950) and Sen (1968): the median of the slopes between all pairs of points, which a few
//! wild points do not turn.

use super::{Point, median, thinned};

/// A straight line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Line {
    /// Per unit of [`Point::at`].
    pub(crate) slope: f64,
    /// At 0.
    pub(crate) intercept: f64,
}

/// Returns the line; none of fewer than two points, or of points that are all at one place. Long series are thinned first.
pub(crate) fn line(points: &[Point]) -> Option<Line> {
    let points = thinned(points);
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (number, one) in points.iter().enumerate() {
        let later = points.get(number + 1..).unwrap_or_default().iter();
        slopes.extend(
            later.filter(|other| other.at > one.at).map(|other| (other.value - one.value) / (other.at - one.at)),
        );
    }
    let slope = median(&mut slopes)?;
    let mut at: Vec<f64> = points.iter().map(|point| point.at).collect();
    let mut values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let intercept = median(&mut values)? - slope * median(&mut at)?;
    (slope.is_finite() && intercept.is_finite()).then_some(Line { slope, intercept })
}
