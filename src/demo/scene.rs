//! A scene is one thing that happens in the shop: it collects the spans of its trace, or traces, as calls open them.

use opentelemetry_proto::tonic::trace::v1::{Span, span};

pub(super) use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use super::call::{Call, Reply};
use super::instrumentation::{Scope, Subject, scope_of};
use super::random::Random;
use super::services::{Process, Service};
use super::weather::Weather;

/// W3C's sampled flag, and OTLP's two bits that say whether the parent was in another process.
const FLAGS_LOCAL: u32 = 0x101;
const FLAGS_REMOTE: u32 = 0x301;

/// The vendors whose agents stand before the shop leave these in `tracestate`; most leave nothing.
const TRACE_STATES: [&str; 4] =
    ["ot=th:8", "dd=s:1;o:rum;t.dm:-1", "es=s:1.0,rojo=00f067aa0ba902b7", "congo=t61rcWkgMzE"];

/// A span and who exports it.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) process: Process,
    pub(super) scope: Scope,
    pub(super) span: Span,
}

/// What travels between processes: which trace, and which span is the parent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) state: &'static str,
}

/// A span about to begin.
pub(super) struct Opening {
    pub(super) process: Process,
    pub(super) parent: Parent,
    pub(super) name: String,
    pub(super) kind: SpanKind,
    pub(super) subject: Subject,
    pub(super) start: u64,
}

/// Whose child a span is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parent {
    None,
    Local(Context),
    Remote(Context),
}

/// Spans under construction, with the chance and the weather they depend on.
pub(super) struct Scene {
    pub(super) random: Random,
    pub(super) weather: Weather,
    /// When it begins, in nanoseconds since 1970.
    pub(super) start: u64,
    drafts: Vec<Draft>,
}

impl Scene {
    pub(super) fn new(random: Random, weather: Weather, start: u64) -> Self {
        Self { random, weather, start, drafts: Vec::new() }
    }

    /// Returns all spans, in the order they began to be told.
    pub(super) fn finish(self) -> Vec<Draft> {
        self.drafts
    }

    /// Forgets every span of `service`: it crashed before its batch was sent.
    pub(super) fn lose(&mut self, service: Service) {
        self.drafts.retain(|draft| draft.process.service != service);
    }

    /// Returns the instance of `service` that a load balancer picks at a time.
    pub(super) fn instance_of(&mut self, service: Service, at: u64) -> Process {
        let instance = self.random.bits() as usize % service.profile().hosts.len();
        self.weather.process(service, instance, at)
    }

    /// Begins a trace of its own at the scene's start, whose root is a span of `service`.
    pub(super) fn root(&mut self, service: Service, name: &str, kind: SpanKind, subject: Subject) -> Call<'_> {
        let start = self.start;
        let process = self.instance_of(service, start);
        self.open(Opening { process, parent: Parent::None, name: name.to_owned(), kind, subject, start })
    }

    /// Begins a span; it ends when its [`Call`] is closed.
    pub(super) fn open(&mut self, opening: Opening) -> Call<'_> {
        let (parent_id, trace, state, flags) = match opening.parent {
            Parent::None => (None, self.new_trace(), self.trace_state(), FLAGS_LOCAL),
            Parent::Local(parent) => (Some(parent.span), parent.trace, parent.state, FLAGS_LOCAL),
            Parent::Remote(parent) => (Some(parent.span), parent.trace, parent.state, FLAGS_REMOTE),
        };
        let context = Context { trace, span: self.random.id(), state };
        let span = Span {
            trace_id: trace.to_be_bytes().to_vec(),
            span_id: context.span.to_be_bytes().to_vec(),
            parent_span_id: parent_id.map_or_else(Vec::new, |id| id.to_be_bytes().to_vec()),
            trace_state: state.to_owned(),
            flags,
            name: opening.name,
            kind: opening.kind as i32,
            start_time_unix_nano: opening.start,
            ..Span::default()
        };
        let (process, now) = (opening.process, opening.start);
        self.drafts.push(Draft { process, scope: scope_of(process, opening.subject), span });
        let index = self.drafts.len() - 1;
        Call { scene: self, index, process, context, now, reply: Reply::Ok }
    }

    pub(super) fn span(&mut self, index: usize) -> &mut Span {
        &mut self.drafts[index].span
    }

    fn new_trace(&mut self) -> u128 {
        u128::from(self.random.id()) << 64 | u128::from(self.random.bits())
    }

    fn trace_state(&mut self) -> &'static str {
        if self.random.chance(0.12) { self.random.pick(&TRACE_STATES) } else { "" }
    }
}

impl Context {
    /// Returns a link to this span.
    pub(super) fn link(self) -> span::Link {
        span::Link {
            trace_id: self.trace.to_be_bytes().to_vec(),
            span_id: self.span.to_be_bytes().to_vec(),
            trace_state: self.state.to_owned(),
            flags: FLAGS_REMOTE,
            ..span::Link::default()
        }
    }
}
