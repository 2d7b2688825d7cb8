//! A call is a span that is open, and the time within it: stories work, wait, note and branch on it.
//! How calls reach other processes is in `http`, `rpc`, `database` and `messaging`.

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::trace::v1::{Status, span, status::StatusCode};

use super::exceptions::Exception;
use super::instrumentation::{Subject, key_of};
use super::random::Random;
use super::scene::{Context, Opening, Parent, Scene, SpanKind};
use super::services::{Process, Service};
use super::value::{IntoValue, any, attribute};

/// How wide latencies scatter around their medians.
const SIGMA: f64 = 0.35;
/// Half of a round trip within the data centre.
const HOP_MS: f64 = 0.25;
/// What code does between two calls, and before it returns.
const GAP_MS: f64 = 0.04;

/// How a call to another process came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Ok,
    /// An HTTP status or a gRPC code other than the usual one.
    Status(u16),
    /// The caller hung up first.
    TimedOut,
}

impl Reply {
    pub(super) fn is_ok(self) -> bool {
        match self {
            Self::Ok => true,
            // gRPC's codes are below 17, and none but OK is a success.
            Self::Status(status) => (200..400).contains(&status),
            Self::TimedOut => false,
        }
    }
}

/// A span that is open. `now` moves as the story goes on; closing the call ends the span there.
pub(super) struct Call<'a> {
    pub(super) scene: &'a mut Scene,
    pub(super) index: usize,
    pub(super) process: Process,
    pub(super) context: Context,
    pub(super) now: u64,
    pub(super) reply: Reply,
}

impl Call<'_> {
    pub(super) fn random(&mut self) -> &mut Random {
        &mut self.scene.random
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.scene.random.chance(probability)
    }

    /// Lets time pass, about `median_ms`.
    pub(super) fn work(&mut self, median_ms: f64) {
        let ms = self.scene.random.log_normal(median_ms, SIGMA);
        self.now += (ms * 1e6) as u64;
    }

    /// Lets time pass while bytes travel one way.
    pub(super) fn hop(&mut self) {
        self.work(HOP_MS);
    }

    /// Adds an attribute.
    pub(super) fn set(&mut self, key: &'static str, value: impl IntoValue) {
        let key = key_of(self.process.service, key);
        self.scene.span(self.index).attributes.push(attribute(key, value));
    }

    /// Adds an event now.
    pub(super) fn event<const N: usize>(&mut self, name: &str, attributes: [(&str, AnyValue); N]) {
        let time = self.now;
        self.scene.span(self.index).events.push(span::Event {
            time_unix_nano: time,
            name: name.to_owned(),
            attributes: attributes.into_iter().map(|(key, value)| attribute(key, value)).collect(),
            ..span::Event::default()
        });
    }

    /// Marks the span as failed for a reason in the service's own words.
    pub(super) fn fail(&mut self, error_type: &str, message: &str) {
        self.set("error.type", error_type);
        let status = Status { code: StatusCode::Error as i32, message: message.to_owned() };
        self.scene.span(self.index).status = Some(status);
    }

    pub(super) fn has_failed(&mut self) -> bool {
        let status = self.scene.span(self.index).status.as_ref();
        status.is_some_and(|status| status.code == StatusCode::Error as i32)
    }

    /// Marks the span as good in so many words; most instrumentations leave it unset.
    pub(super) fn succeed(&mut self) {
        let status = Status { code: StatusCode::Ok as i32, message: String::new() };
        self.scene.span(self.index).status = Some(status);
    }

    /// Records an exception that left this span, with its stack trace, and fails the span.
    pub(super) fn throw(&mut self, exception: &Exception) {
        self.event(
            "exception",
            [
                ("exception.type", any(exception.kind)),
                ("exception.message", any(exception.message)),
                ("exception.stacktrace", any(exception.stack_trace)),
                ("exception.escaped", any("False")),
            ],
        );
        self.fail(exception.kind, exception.message);
    }

    /// Records that a feature flag was asked, by the conventions of OpenFeature.
    pub(super) fn feature_flag(&mut self, key: &'static str, share_on: f64) -> bool {
        let on = self.chance(share_on);
        self.event(
            "feature_flag.evaluation",
            [
                ("feature_flag.key", any(key)),
                ("feature_flag.provider.name", any("flagd")),
                ("feature_flag.result.variant", any(if on { "on" } else { "off" })),
                ("feature_flag.result.reason", any("targeting_match")),
            ],
        );
        on
    }

    /// Sets what the caller of this server will see.
    pub(super) fn respond(&mut self, status: u16) {
        self.reply = Reply::Status(status);
    }

    /// Does something in a span of the service's own.
    pub(super) fn step<R>(&mut self, name: &str, body: impl FnOnce(&mut Call) -> R) -> R {
        let mut step = self.begin(name.to_owned(), SpanKind::Internal, Subject::Own);
        let result = body(&mut step);
        self.now = step.close();
        result
    }

    /// Does several things at once; goes on when the last is done.
    pub(super) fn together(&mut self, body: impl FnOnce(&mut Fork<'_, '_>)) {
        let (start, end) = (self.now, self.now);
        let mut fork = Fork { start, end, call: self };
        body(&mut fork);
        self.now = fork.end;
    }

    /// Does something without waiting for it: it may outlive this span.
    pub(super) fn detached(&mut self, body: impl FnOnce(&mut Call)) {
        let now = self.now;
        body(self);
        self.now = now;
    }

    /// Opens a span below this one, in the same process.
    pub(super) fn begin(&mut self, name: String, kind: SpanKind, subject: Subject) -> Call<'_> {
        self.work(GAP_MS);
        let (process, start) = (self.process, self.now);
        self.scene.open(Opening { process, parent: Parent::Local(self.context), name, kind, subject, start })
    }

    /// Opens a span below this one, in an instance of another service.
    pub(super) fn arrive(&mut self, service: Service, name: String, kind: SpanKind, subject: Subject) -> Call<'_> {
        let start = self.now;
        let process = self.scene.instance_of(service, start);
        self.scene.open(Opening { process, parent: Parent::Remote(self.context), name, kind, subject, start })
    }

    /// Ends the span and returns when.
    pub(super) fn close(mut self) -> u64 {
        self.work(GAP_MS);
        self.scene.span(self.index).end_time_unix_nano = self.now;
        self.now
    }
}

/// Branches that begin together.
pub(super) struct Fork<'a, 'b> {
    call: &'a mut Call<'b>,
    start: u64,
    end: u64,
}

impl Fork<'_, '_> {
    pub(super) fn branch(&mut self, body: impl FnOnce(&mut Call)) {
        self.call.now = self.start;
        // Even what starts together is started one after the other.
        self.call.work(GAP_MS);
        self.start = self.call.now;
        body(self.call);
        self.end = self.end.max(self.call.now);
    }
}
