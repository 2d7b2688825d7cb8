//! What is known of an answer that may take long: the last whole one, how far the next has come, and what went wrong.

use crate::source::Progress;

/// See the module. An answer takes the place of the one before when it is whole.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    whole: Option<T>,
    coming: Option<T>,
    /// Whether what is whole answers another question than the one asked now.
    is_old: bool,
    progress: Option<Progress>,
    is_stopped: bool,
    failure: Option<String>,
}

impl<T> Default for Answer<T> {
    fn default() -> Self {
        Self { whole: None, coming: None, is_old: false, progress: None, is_stopped: false, failure: None }
    }
}

impl<T> Answer<T> {
    /// Returns the last whole answer.
    pub fn value(&self) -> Option<&T> {
        self.whole.as_ref()
    }

    /// Takes note that something else is asked from now on. What is shown stays until that is answered.
    pub fn restart(&mut self) {
        (self.is_old, self.is_stopped, self.progress, self.coming) = (true, false, None, None);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes an answer as far as it is known, and how far that is where it is told.
    pub fn receive(&mut self, answer: T, progress: Progress) {
        self.failure = None;
        self.progress = (!progress.is_complete()).then_some(progress);
        self.coming = Some(answer);
    }

    /// Takes note that no more comes: what came is whole. Returns whether there is something new to show.
    pub fn end(&mut self) -> bool {
        if self.is_stopped {
            return false;
        }
        self.progress = None;
        let came = self.coming.take();
        let is_new = came.is_some();
        if is_new {
            (self.whole, self.is_old) = (came, false);
        }
        is_new
    }

    /// Takes note that there was no answer; what is shown stays.
    pub fn fail(&mut self, message: String) {
        (self.failure, self.coming, self.progress) = (Some(message), None, None);
    }

    /// Stops a search that takes long; returns whether there was one to be seen.
    pub fn stop(&mut self) -> bool {
        let is_under_way = !self.is_stopped && self.progress().is_some();
        self.is_stopped |= is_under_way;
        is_under_way
    }

    pub fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Returns how far a search has come that somebody waits for: not one that only brings what is shown up to date.
    pub fn progress(&self) -> Option<Progress> {
        self.progress.filter(|_| self.is_old || self.whole.is_none())
    }

    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Progress = Progress { searched: 1, of: 2 };
    const ALL: Progress = Progress { searched: 2, of: 2 };

    #[test]
    fn an_answer_is_shown_when_it_is_whole() {
        let mut answer = Answer::default();
        answer.receive(1, HALF);
        assert_eq!((answer.value(), answer.progress()), (None, Some(HALF)));
        answer.receive(2, ALL);
        assert!(answer.end());
        assert_eq!((answer.value(), answer.progress()), (Some(&2), None));
        assert!(!answer.end(), "nothing came since");
    }

    #[test]
    fn progress_is_told_to_who_waits() {
        let mut answer = Answer::default();
        answer.receive(1, ALL);
        answer.end();
        answer.receive(2, HALF);
        assert_eq!((answer.value(), answer.progress()), (Some(&1), None));
        answer.restart();
        answer.receive(2, HALF);
        assert_eq!((answer.value(), answer.progress()), (Some(&1), Some(HALF)));
        assert!(answer.stop() && answer.is_stopped() && !answer.stop());
        answer.restart();
        assert!(!answer.is_stopped());
    }

    #[test]
    fn what_is_shown_outlives_a_failure() {
        let mut answer = Answer::default();
        answer.receive(1, ALL);
        answer.end();
        answer.fail("no".into());
        assert_eq!((answer.value(), answer.failure()), (Some(&1), Some("no")));
        answer.receive(2, ALL);
        answer.end();
        assert_eq!((answer.value(), answer.failure()), (Some(&2), None));
    }
}
