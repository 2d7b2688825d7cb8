//! When frames are drawn: seldom for what comes in, at once for who is at the keys.

use std::time::{Duration, Instant};

use super::event::Event;

/// How long after a key or click frames come as fast as they can: what one asked for is not held back by what came in.
const ATTENTION: Duration = Duration::from_millis(250);
/// The least time between two frames then; more events than that are drawn together.
const LEAST_FRAME_TIME: Duration = Duration::from_millis(4);

/// When the next frame is due.
#[derive(Debug)]
pub(super) struct Pace {
    /// The least time between two frames while nobody is at the keys.
    frame_time: Duration,
    last_frame: Instant,
    last_input: Option<Instant>,
    due: Option<Instant>,
}

impl Pace {
    /// Returns the pace of at most so many frames a second, 1 to 60; the first one is due.
    pub(super) fn new(fps: u16, now: Instant) -> Self {
        let frame_time = Duration::from_secs(1) / u32::from(fps.clamp(1, 60));
        Self { frame_time, last_frame: now, last_input: None, due: Some(now) }
    }

    /// Takes note of what is to be seen in the next frame.
    pub(super) fn want(&mut self, event: &Event, now: Instant) {
        if matches!(event, Event::Key(_) | Event::Mouse(_) | Event::Paste(_)) {
            self.last_input = Some(now);
        }
        let is_attended = self.last_input.is_some_and(|input| now.duration_since(input) < ATTENTION);
        let due = self.last_frame + if is_attended { LEAST_FRAME_TIME } else { self.frame_time };
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// Returns when the next frame is to be drawn, none where nothing happened since the last.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes note that a frame was shown.
    pub(super) fn shown(&mut self, now: Instant) {
        self.last_frame = now;
        self.due = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how many milliseconds after a frame the next is due when this happened, each so many after it.
    fn due(events: &[(u64, Event)]) -> Option<u128> {
        let start = crate::tui::now();
        let mut pace = Pace::new(20, start);
        pace.shown(start);
        for (at, event) in events {
            pace.want(event, start + Duration::from_millis(*at));
        }
        pace.due().map(|due| due.duration_since(start).as_millis())
    }

    fn key() -> Event {
        Event::Key("j".parse().unwrap())
    }

    #[test]
    fn what_comes_in_waits_for_its_turn() {
        assert_eq!(due(&[]), None);
        assert_eq!(due(&[(1, Event::Revision(1))]), Some(50));
        assert_eq!(due(&[(1, Event::Revision(1)), (40, Event::Revision(2))]), Some(50));
    }

    #[test]
    fn a_key_does_not_wait_for_it() {
        assert_eq!(due(&[(1, Event::Revision(1)), (10, key())]), Some(4));
        assert_eq!(due(&[(10, key()), (20, Event::Revision(1))]), Some(4));
    }

    #[test]
    fn the_first_frame_is_due_at_once() {
        let start = crate::tui::now();
        assert_eq!(Pace::new(30, start).due(), Some(start));
    }

    #[test]
    fn attention_ends() {
        let start = crate::tui::now();
        let mut pace = Pace::new(20, start);
        pace.want(&key(), start);
        let later = start + Duration::from_secs(1);
        pace.shown(later);
        pace.want(&Event::Revision(1), later);
        assert_eq!(pace.due(), Some(later + Duration::from_millis(50)));
    }
}
