//! Puts requests to the source, each kind on a thread of its own: a slow source never holds up a key, and a long search
//! never holds up what is quick to answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use anyhow::Context;

use super::event::Event;
use super::slots::{Slot, Ticket};
use crate::source::{Priority, Request, Source, SourceError};

/// The ways to the threads, one a slot. There is at most one request a slot under way, so the queues stay short.
pub(super) struct Asker(Vec<Line>);

struct Line {
    requests: Sender<(Ticket, Request)>,
    /// The number of the request whose answer is wanted.
    wanted: Arc<AtomicU64>,
}

impl Asker {
    pub(super) fn spawn(source: &Arc<dyn Source>, events: &Sender<Event>) -> anyhow::Result<Self> {
        let line = |slot: Slot| {
            let (sender, requests) = mpsc::channel();
            let wanted = Arc::new(AtomicU64::new(0));
            let line = Line { requests: sender, wanted: Arc::clone(&wanted) };
            let answering = Answering { source: Arc::clone(source), events: events.clone(), wanted };
            let name = format!("spantop-ask-{}", format!("{slot:?}").to_lowercase());
            // A search takes all cores that it gets; the one that draws goes first.
            let priority = if slot.is_search() { Priority::BehindScreen } else { Priority::Usual };
            let work = move || {
                priority.take();
                answering.run(&requests);
            };
            let thread = thread::Builder::new().name(name).spawn(work);
            thread.context("cannot start an asking thread").map(|_| line)
        };
        Slot::ALL.into_iter().map(line).collect::<anyhow::Result<_>>().map(Self)
    }

    pub(super) fn ask(&self, ticket: Ticket, request: Request) -> anyhow::Result<()> {
        let line = self.line(ticket)?;
        line.wanted.store(ticket.number, Ordering::Relaxed);
        line.requests.send((ticket, request)).context("an asking thread ended")
    }

    /// Lets a request end early if it is still under way.
    pub(super) fn cancel(&self, ticket: Ticket) -> anyhow::Result<()> {
        let wanted = &self.line(ticket)?.wanted;
        // Where another one was asked meanwhile this one is not wanted as it is.
        wanted.compare_exchange(ticket.number, 0, Ordering::Relaxed, Ordering::Relaxed).ok();
        Ok(())
    }

    fn line(&self, ticket: Ticket) -> anyhow::Result<&Line> {
        self.0.get(ticket.slot as usize).context("a slot has no asking thread")
    }
}

/// What a thread has.
struct Answering {
    source: Arc<dyn Source>,
    events: Sender<Event>,
    wanted: Arc<AtomicU64>,
}

impl Answering {
    fn run(&self, requests: &Receiver<(Ticket, Request)>) {
        for (ticket, request) in requests {
            // A source that breaks on one question is reported, not waited for.
            let ended = catch_unwind(AssertUnwindSafe(|| self.answer(ticket, &request)))
                .unwrap_or_else(|_| Err(SourceError { message: "the source broke on this question".into() }));
            if self.events.send(Event::Answered(ticket, ended)).is_err() {
                return;
            }
        }
    }

    fn answer(&self, ticket: Ticket, request: &Request) -> Result<(), SourceError> {
        let is_wanted = || self.wanted.load(Ordering::Relaxed) == ticket.number;
        if !is_wanted() {
            return Ok(());
        }
        self.source.ask_gradually(request, &mut |reply| {
            is_wanted() && self.events.send(Event::Reply(ticket, reply)).is_ok() && is_wanted()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::model::TraceId;
    use crate::source::{Progress, Reply, TraceList};

    /// Answers a list of traces step by step, each when it is told to, and everything else at once.
    struct Slow(Mutex<Receiver<()>>);

    impl Source for Slow {
        fn ask(&self, _: &Request) -> Result<Reply, SourceError> {
            Ok(Reply::Trace(None))
        }

        fn ask_gradually(&self, request: &Request, on: &mut dyn FnMut(Reply) -> bool) -> Result<(), SourceError> {
            if !matches!(request, Request::Traces(_)) {
                on(self.ask(request)?);
                return Ok(());
            }
            for searched in 1.. {
                self.0.lock().unwrap().recv().unwrap();
                let progress = Progress { searched, of: u64::MAX };
                if !on(Reply::Traces(TraceList { progress, ..TraceList::default() })) {
                    break;
                }
            }
            Ok(())
        }

        fn revision(&self) -> u64 {
            0
        }
    }

    #[test]
    fn a_long_search_holds_nothing_up_and_ends_when_it_is_told_to() {
        let (step, steps) = mpsc::channel();
        let (sender, events) = mpsc::channel();
        let source: Arc<dyn Source> = Arc::new(Slow(Mutex::new(steps)));
        let asker = Asker::spawn(&source, &sender).unwrap();
        let search = Ticket { slot: Slot::Traces, number: 1 };
        asker.ask(search, Request::Traces(crate::source::TracesRequest::default())).unwrap();
        step.send(()).unwrap();
        assert!(matches!(events.recv().unwrap(), Event::Reply(ticket, Reply::Traces(_)) if ticket == search));
        let quick = Ticket { slot: Slot::Trace, number: 2 };
        asker.ask(quick, Request::Trace(TraceId(1))).unwrap();
        assert!(matches!(events.recv().unwrap(), Event::Reply(ticket, _) if ticket == quick));
        assert!(matches!(events.recv().unwrap(), Event::Answered(ticket, Ok(())) if ticket == quick));
        asker.cancel(search).unwrap();
        step.send(()).unwrap();
        assert!(matches!(events.recv().unwrap(), Event::Answered(ticket, Ok(())) if ticket == search));
    }
}
