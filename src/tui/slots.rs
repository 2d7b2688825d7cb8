//! Who asked what: one request in flight per slot, and only the newest answer lands. Screens say what they wish to know;
//! asking again when the wish or the data changed happens here, so no screen fetches anything.

use super::effect::Effect;
use crate::source::Request;

/// A place for one kind of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    Traces,
    Facets,
    Scatter,
    /// Names of attributes that may be completed.
    Names,
    /// Values of fields that may be completed.
    Values,
    Trace,
    Span,
    Matches,
    /// Spans that a query returns.
    Spans,
    Figures,
    Density,
    Slow,
    Dependencies,
    Errors,
    /// What stands out.
    Findings,
    /// What sets traces apart.
    Why,
    /// The spans of many traces by path.
    Flame,
    Health,
    Trends,
    /// The health of the whole system for the top line.
    System,
    Status,
}

impl Slot {
    pub const ALL: [Self; 21] = [
        Self::Traces,
        Self::Facets,
        Self::Scatter,
        Self::Names,
        Self::Values,
        Self::Trace,
        Self::Span,
        Self::Matches,
        Self::Spans,
        Self::Figures,
        Self::Density,
        Self::Slow,
        Self::Dependencies,
        Self::Errors,
        Self::Findings,
        Self::Why,
        Self::Flame,
        Self::Health,
        Self::Trends,
        Self::System,
        Self::Status,
    ];

    /// Returns whether an answer may take seconds.
    pub fn is_search(self) -> bool {
        !matches!(self, Self::Trace | Self::Span | Self::Status)
    }
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

/// How many times as long as it took a search rests before it is asked again only because there is newer data.
const REST: u64 = 3;

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
    /// The ticks at which the last request was sent, and until which the same is not asked again.
    began: u64,
    rests_until: u64,
}

impl Slots {
    /// Takes the wishes of the moment, so many ticks after the start, and returns the requests to send for them, and those
    /// in flight that nobody waits for any more.
    pub fn ask(&mut self, wishes: &[Wish], ticks: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (slot, desk) in Slot::ALL.into_iter().zip(&mut self.desks) {
            let wish = wishes.iter().find(|wish| wish.slot == slot);
            let serves = |asked: &Wish| wish.is_some_and(|wish| wish.request.is_served_by(&asked.request));
            if !desk.asked.as_ref().is_some_and(serves) {
                let unwanted = desk.newest.take().filter(|number| desk.in_flight == Some(*number));
                effects.extend(unwanted.map(|number| Effect::Cancel(Ticket { slot, number })));
                desk.asked = None;
            }
            let is_known = |wish: &Wish| {
                let same = |asked: &Wish| asked.version == wish.version || ticks < desk.rests_until;
                desk.asked.as_ref().is_some_and(same)
            };
            let Some(wish) = wish.filter(|wish| desk.in_flight.is_none() && !is_known(wish)) else {
                continue;
            };
            self.numbers += 1;
            desk.in_flight = Some(self.numbers);
            desk.newest = desk.in_flight;
            desk.asked = Some(wish.clone());
            desk.began = ticks;
            effects.push(Effect::Ask(Ticket { slot, number: self.numbers }, Box::new(wish.request.clone())));
        }
        effects
    }

    /// Returns whether an answer to a request is still wanted.
    pub fn is_wanted(&self, ticket: Ticket) -> bool {
        self.desk(ticket.slot).is_some_and(|desk| desk.newest == Some(ticket.number))
    }

    /// Returns whether a request is in flight.
    pub fn is_waiting(&self, slot: Slot) -> bool {
        self.desk(slot).is_some_and(|desk| desk.newest.is_some() && desk.newest == desk.in_flight)
    }

    /// Takes note that a request has its answer, or none, and returns whether it was still wanted.
    pub fn end(&mut self, ticket: Ticket, failed: bool, ticks: u64) -> bool {
        let wanted = self.is_wanted(ticket);
        let Some(desk) = self.desks.get_mut(ticket.slot as usize) else { return false };
        if desk.in_flight == Some(ticket.number) {
            desk.in_flight = None;
            let took = if ticket.slot.is_search() { ticks.saturating_sub(desk.began) } else { 0 };
            desk.rests_until = ticks + took * REST;
        }
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

    fn desk(&self, slot: Slot) -> Option<&Desk> {
        self.desks.get(slot as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TraceId;
    use crate::source::{FacetsRequest, TraceFilter};

    fn wish(id: u128, version: u64) -> Wish {
        Wish { slot: Slot::Trace, request: Request::Trace(TraceId(id)), version }
    }

    fn facets(prefix: &str, version: u64) -> Wish {
        let request =
            FacetsRequest { filter: TraceFilter::default(), fields: Vec::new(), prefix: prefix.into(), limit: 1 };
        Wish { slot: Slot::Facets, request: Request::Facets(request), version }
    }

    fn ticket(effects: &[Effect]) -> Option<Ticket> {
        effects.iter().find_map(|effect| if let Effect::Ask(ticket, _) = effect { Some(*ticket) } else { None })
    }

    #[test]
    fn the_same_wish_is_asked_once() {
        let mut slots = Slots::default();
        let first = ticket(&slots.ask(&[wish(1, 0)], 1)).unwrap();
        assert_eq!(slots.ask(&[wish(1, 0)], 1), []);
        assert!(slots.end(first, false, 1));
        assert_eq!(slots.ask(&[wish(1, 0)], 1), []);
        assert!(ticket(&slots.ask(&[wish(1, 1)], 1)).is_some());
    }

    #[test]
    fn an_answer_to_an_older_question_does_not_land() {
        let mut slots = Slots::default();
        let first = ticket(&slots.ask(&[wish(1, 0)], 1)).unwrap();
        assert_eq!(slots.ask(&[wish(2, 0)], 1), [Effect::Cancel(first)], "one request in flight per slot");
        assert_eq!(slots.ask(&[wish(3, 0)], 1), [], "it is told once");
        assert!(!slots.is_wanted(first) && !slots.is_waiting(Slot::Trace));
        assert!(!slots.end(first, false, 1));
        let third = ticket(&slots.ask(&[wish(3, 0)], 1)).unwrap();
        assert!(slots.is_wanted(third) && slots.is_waiting(Slot::Trace));
        assert!(slots.end(third, false, 1));
        assert!(!slots.is_waiting(Slot::Trace));
    }

    #[test]
    fn a_new_version_waits_for_the_answer_in_flight() {
        let mut slots = Slots::default();
        let first = ticket(&slots.ask(&[wish(1, 0)], 1)).unwrap();
        assert_eq!(slots.ask(&[wish(1, 1)], 1), []);
        assert!(slots.end(first, false, 1));
        assert!(ticket(&slots.ask(&[wish(1, 1)], 1)).is_some());
    }

    #[test]
    fn what_is_not_wished_for_any_more_is_told_off() {
        let mut slots = Slots::default();
        let first = ticket(&slots.ask(&[wish(1, 0)], 1)).unwrap();
        assert_eq!(slots.ask(&[], 1), [Effect::Cancel(first)]);
        slots.end(first, false, 1);
        assert!(ticket(&slots.ask(&[wish(1, 0)], 1)).is_some());
    }

    #[test]
    fn a_long_search_rests_before_newer_data_is_searched() {
        let mut slots = Slots::default();
        let first = ticket(&slots.ask(&[facets("a", 0)], 10)).unwrap();
        slots.end(first, false, 12);
        assert_eq!(slots.ask(&[facets("a", 1)], 17), []);
        let again = ticket(&slots.ask(&[facets("a", 1)], 18)).unwrap();
        slots.end(again, false, 20);
        assert!(ticket(&slots.ask(&[facets("b", 1)], 21)).is_some(), "another question does not wait");
    }

    #[test]
    fn what_failed_is_asked_again_when_told() {
        let mut slots = Slots::default();
        let first = ticket(&slots.ask(&[wish(1, 0)], 1)).unwrap();
        assert!(slots.end(first, true, 1));
        assert_eq!(slots.ask(&[wish(1, 0)], 1), []);
        slots.retry();
        assert!(ticket(&slots.ask(&[wish(1, 0)], 1)).is_some());
    }
}
