//! What sets traces apart, in words.

use super::{Cause, Explanation, How, LEAST_TRACES, What};
use crate::model::human::duration;

impl Cause {
    /// Says what it is, without how often.
    pub fn what_it_is(&self) -> String {
        match &self.what {
            What::Value { of, value } if of.is_of_resource => format!("{} runs with {} = {value}", of.service, of.name),
            What::Value { of, value } => format!("{} = {value}", of.name),
            What::Operation { of, how } => {
                let name = format!("{} of {}", of.name, of.service);
                match how {
                    How::Fails => format!("errors begin in {name}"),
                    How::Slow { selected_ns, ordinary_ns } => {
                        format!("{name} takes {} instead of {}", duration(*selected_ns), duration(*ordinary_ns))
                    }
                    How::Often { selected, ordinary } => {
                        format!("{name} is called {selected:.1} times instead of {ordinary:.1}, more often than usual")
                    }
                }
            }
        }
    }

    /// Says it as a sentence without its end: `POST /charge of payments takes 310 ms instead of 12.0 ms in 96 % of them, else in 0 %`.
    pub fn sentence(&self) -> String {
        let (these, others) = (percent(self.association.selected), percent(self.association.rest));
        format!("{} in {these} of them, else in {others}", self.what_it_is())
    }

    /// Returns how telling it is: from 0 to 1.
    pub fn score(&self) -> f64 {
        self.association.difference().clamp(0.0, 1.0)
    }
}

impl Explanation {
    /// Says what comes first, or why nothing does.
    pub fn verdict(&self) -> String {
        match self.causes.first() {
            Some(cause) => cause.sentence(),
            None if self.selected < LEAST_TRACES || self.rest < LEAST_TRACES => {
                format!("too few to tell: {} traces, and {} others like them", self.selected, self.rest)
            }
            None => "nothing sets them apart".to_owned(),
        }
    }
}

/// A share as a whole percent; what is not all is not told as all, and what is not nothing not as nothing.
fn percent(share: f64) -> String {
    let percent = (share * 100.0).clamp(0.0, 100.0);
    match percent {
        0.0 => "none".to_owned(),
        100.0 => "all".to_owned(),
        small if small < 1.0 => "less than 1 %".to_owned(),
        large if large > 99.0 => "more than 99 %".to_owned(),
        other => format!("{other:.0} %"),
    }
}
