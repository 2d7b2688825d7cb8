//! Where a series last took another direction. What was before says nothing of where it goes, and smoothing that is fitted to
//! both learns of the turn too late.

use super::numbers::{Point, alike, without_line};

/// The least points on both sides of a turn.
const LEAST: usize = 10;
/// How much better a bent line has to fit than a straight one, in variances of the noise. Less than one in a hundred series of
/// noise has a place where it is 12 better (Andrews 1993, Econometrica 61); what is above that is for the noise being estimated.
const CLEAR: f64 = 20.0;

/// A line that bends at a point, and is best fitted so.
#[derive(Clone, Copy)]
struct Bend {
    number: usize,
    /// How much steeper it is from there on.
    slope: f64,
    /// By how much the squared distances are less than those of a straight line.
    gain: f64,
}

/// Returns the number of the point at which a line bends, where one bent there fits clearly better than a straight one.
pub(super) fn last(points: &[Point]) -> Option<usize> {
    let rest = without_line(points);
    let best = bends(points, &rest).into_iter().max_by(|a, b| a.gain.total_cmp(&b.gain))?;
    let from = points.get(best.number)?.at;
    let ramp = points.iter().map(|point| Point { at: point.at, value: (point.at - from).max(0.0) });
    let ramp = without_line(&ramp.collect::<Vec<Point>>());
    let noise: Vec<f64> = rest.iter().zip(ramp).map(|(rest, ramp)| rest - best.slope * ramp).collect();
    let variance = noise.iter().map(|one| one * one).sum::<f64>() / noise.len() as f64;
    let alike = alike(&noise).min(0.9);
    (best.gain > CLEAR * variance * (1.0 + alike) / (1.0 - alike)).then_some(best.number)
}

/// Fits a bend at each point by the sums over the points after it, of what a straight line leaves.
fn bends(points: &[Point], rest: &[f64]) -> Vec<Bend> {
    let count = points.len() as f64;
    let middle = points.iter().map(|point| point.at / count).sum::<f64>();
    let across: f64 = points.iter().map(|point| (point.at - middle).powi(2)).sum();
    let (mut after, mut places, mut squares, mut rests, mut together) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let mut bends = Vec::with_capacity(points.len());
    for (number, (point, rest)) in points.iter().zip(rest).enumerate().skip(LEAST).rev() {
        let at = point.at - middle;
        // The ramp is 0 up to here, and then the distance from here; a straight line explains a part of it.
        let ramp = places - at * after;
        let with_line = squares - at * places;
        let own = squares - 2.0 * at * places + at * at * after - ramp * ramp / count - with_line * with_line / across;
        let slope = (together - at * rests) / own;
        if number + LEAST < points.len() && own > 0.0 {
            bends.push(Bend { number, slope, gain: slope * slope * own });
        }
        after += 1.0;
        places += at;
        squares += at * at;
        rests += rest;
        together += at * rest;
    }
    bends
}
