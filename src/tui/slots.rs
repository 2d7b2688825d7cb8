//! Who asked what: one request in flight per slot, and only the newest answer lands. Screens say what they wish to know;
//! asking again when the wish or the data changed happens here, so no screen fetches anything.

use super::effect::Effect;
use crate::source::Request;

/// A place for one kind of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    Traces,
    Trace,
    Span,
    Status,
}

impl Slot {
    const ALL: [Self; 4] = [Self::Traces, Self::Trace, Self::Span, Self::Status];
}

/// Names one request in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub slot: Slot,
    pub number: u64,
}

/// What a screen wants to know. It is asked anew when the last answer does not serve the request, or the version differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    pub slot: Slot,
    pub request: Request,
    pub version: u64,
}

/// The state of all slots.
#[derive(Debug, Default)]
pub struct Slots {
    desks: [Desk; Slot::ALL.len()],
    numbers: u64,
}

#[derive(Debug, Default)]
struct Desk {
    /// The wish that was asked last, none where it must be asked again.
    asked: Option<Wish>,
    in_flight: Option<u64>,
    /// The request in flight whose answer is still wanted.
    newest: Option<u64>,
    failed: bool,
}

impl Slots {
    /// Takes the wishes of the moment and returns the requests to send for them.
    pub fn ask(&mut self, wishes: &[Wish]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for slot in Slot::ALL {
            let desk = &mut self.desks[slot as usize];
            let wish = wishes.iter().find(|wish| wish.slot == slot);
            let serves = |asked: &Wish| wish.is_some_and(|wish| wish.request.is_served_by(&asked.request));
            if !desk.asked.as_ref().is_some_and(serves) {
                desk.newest = None;
                desk.asked = None;
            }
            let is_known = |wish: &Wish| desk.asked.as_ref().is_some_and(|asked| asked.version == wish.version);
            let Some(wish) = wish.filter(|wish| desk.in_flight.is_none() && !is_known(wish)) else {
                continue;
            };
            self.numbers += 1;
            desk.in_flight = Some(self.numbers);
            desk.newest = desk.in_flight;
            desk.asked = Some(wish.clone());
            effects.push(Effect::Ask(Ticket { slot, number: self.numbers }, Box::new(wish.request.clone())));
        }
        effects
    }

    /// Takes note of an answer, and returns whether it is still wanted.
    pub fn land(&mut self, ticket: Ticket, failed: bool) -> bool {
        let desk = &mut self.desks[ticket.slot as usize];
        if desk.in_flight == Some(ticket.number) {
            desk.in_flight = None;
        }
        let wanted = desk.newest == Some(ticket.number);
        desk.failed = wanted && failed;
        wanted
    }

    /// Lets what failed be asked again.
    pub fn retry(&mut self) {
        for desk in self.desks.iter_mut().filter(|desk| desk.failed) {
            desk.failed = false;
            desk.asked = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TraceId;

    fn wish(id: u128, version: u64) -> Wish {
        Wish { slot: Slot::Trace, request: Request::Trace(TraceId(id)), version }
    }

    fn ticket(effects: &[Effect]) -> Option<Ticket> {
        effects.iter().find_map(|effect| if let Effect::Ask(ticket, _) = effect { Some(*ticket) } else { None })
    }

    #[test]
    fn the_same_wish_is_asked_once() {
        let mut slots = Slots::default();
        let first = ticket(&slots.ask(&[wish(1, 0)])).unwrap();
        assert_eq!(slots.ask(&[wish(1, 0)]), []);
        assert!(slots.land(first, false));
        assert_eq!(slots.ask(&[wish(1, 0)]), []);
        assert!(ticket(&slots.ask(&[wish(1, 1)])).is_some());
    }

    #[test]
    fn an_answer_to_an_older_question_does_not_land() {
        let mut slots = Slots::default();
        let first = ticket(&slots.ask(&[wish(1, 0)])).unwrap();
        assert_eq!(slots.ask(&[wish(2, 0)]), [], "one request in flight per slot");
        assert!(!slots.land(first, false));
        let second = ticket(&slots.ask(&[wish(2, 0)])).unwrap();
        assert!(slots.land(second, false));
    }

    #[test]
    fn a_new_version_waits_for_the_answer_in_flight() {
        let mut slots = Slots::default();
        let first = ticket(&slots.ask(&[wish(1, 0)])).unwrap();
        assert_eq!(slots.ask(&[wish(1, 1)]), []);
        assert!(slots.land(first, false));
        assert!(ticket(&slots.ask(&[wish(1, 1)])).is_some());
    }

    #[test]
    fn what_failed_is_asked_again_when_told() {
        let mut slots = Slots::default();
        let first = ticket(&slots.ask(&[wish(1, 0)])).unwrap();
        assert!(slots.land(first, true));
        assert_eq!(slots.ask(&[wish(1, 0)]), []);
        slots.retry();
        assert!(ticket(&slots.ask(&[wish(1, 0)])).is_some());
    }
}
