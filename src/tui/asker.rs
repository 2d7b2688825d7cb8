//! Puts requests to the source on a thread of its own, so that a slow source never holds up a key.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::Context;

use super::event::Event;
use super::slots::Ticket;
use crate::source::{Request, Source, SourceError};

/// The way to the thread. There is at most one request a slot under way, so the queue stays short.
pub(super) struct Asker(Sender<(Ticket, Request)>);

impl Asker {
    pub(super) fn spawn(source: Arc<dyn Source>, events: Sender<Event>) -> anyhow::Result<Self> {
        let (sender, requests) = mpsc::channel::<(Ticket, Request)>();
        let answer = move || {
            for (ticket, request) in requests {
                // A source that breaks on one question is reported, not waited for.
                let reply = catch_unwind(AssertUnwindSafe(|| source.ask(&request)))
                    .unwrap_or_else(|_| Err(SourceError { message: "the source broke on this question".into() }));
                if events.send(Event::Reply(ticket, reply)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("spantop-asker".into()).spawn(answer).context("cannot start the asking thread")?;
        Ok(Self(sender))
    }

    pub(super) fn ask(&self, ticket: Ticket, request: Request) -> anyhow::Result<()> {
        self.0.send((ticket, request)).context("the asking thread ended")
    }
}
