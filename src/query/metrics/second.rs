//! What is done with the series of a metrics query once they are computed.

use super::Line;
use crate::query::ast::{Literal, Operator, Second};
use crate::query::value::Value;

/// Applies stages one after the other. A series of which no sample is left goes.
pub(super) fn apply(stages: &[Second], mut lines: Vec<Line>) -> Vec<Line> {
    for stage in stages {
        match stage {
            Second::TopK(count, _) => keep_ranked(&mut lines, *count, |a, b| b.total_cmp(a)),
            Second::BottomK(count, _) => keep_ranked(&mut lines, *count, f64::total_cmp),
            Second::Having(operator, value, _) => keep_holding(&mut lines, *operator, value),
        }
        lines.retain(|line| line.values.iter().any(Option::is_some));
    }
    lines
}

/// Keeps at each time the first so many samples in an order; of equal ones those of the first series.
fn keep_ranked(lines: &mut [Line], count: u32, order: impl Fn(&f64, &f64) -> std::cmp::Ordering) {
    let times = lines.iter().map(|line| line.values.len()).max().unwrap_or_default();
    for time in 0..times {
        let value = |line: &Line| line.values.get(time).copied().flatten();
        let mut ranked: Vec<(usize, f64)> =
            lines.iter().enumerate().filter_map(|(at, line)| Some((at, value(line)?))).collect();
        ranked.sort_by(|a, b| order(&a.1, &b.1).then(a.0.cmp(&b.0)));
        for (at, _) in ranked.into_iter().skip(count as usize) {
            if let Some(value) = lines[at].values.get_mut(time) {
                *value = None;
            }
        }
    }
}

fn keep_holding(lines: &mut [Line], operator: Operator, literal: &Literal) {
    let right = Value::of_literal(literal);
    for value in lines.iter_mut().flat_map(|line| &mut line.values) {
        *value = value.filter(|value| Value::Float(*value).compare(operator, &right));
    }
}
