//! Runs a made-up system: request by request, span by span.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

use crate::random::Random;
use crate::systems::{Call, Fault, Kind, System};

/// When the traffic begins, in nanoseconds since 1970.
pub(crate) const BEGIN_NS: u64 = 1_795_000_000_000_000_000;
const SERVER: i32 = 2;
const CLIENT: i32 = 3;

/// One request with its spans.
#[derive(Debug)]
pub(crate) struct Trace {
    /// With the number of the service, its version and its instance.
    spans: Vec<(usize, &'static str, usize, Span)>,
    passed: Vec<usize>,
    /// Whether the fault struck it.
    pub(crate) is_struck: bool,
    pub(crate) root: usize,
    pub(crate) is_error: bool,
    start_ms: f64,
    end_ms: f64,
}

impl Trace {
    pub(crate) fn passed(&self, operation: usize) -> bool {
        self.passed.contains(&operation)
    }

    pub(crate) fn duration_ms(&self) -> f64 {
        self.end_ms - self.start_ms
    }
}

pub(crate) struct Running<'a> {
    system: &'a System,
    random: Random,
    next_id: u64,
    trace: Trace,
    /// The values of the request's attributes.
    values: Vec<String>,
    /// The version and the instance that each service takes for it.
    runs: Vec<(&'static str, usize)>,
    /// How much slower everything is just now.
    load: f64,
}

/// What became of a call, and when.
type Ended = (f64, bool);

impl<'a> Running<'a> {
    pub(crate) fn new(system: &'a System, seed: u64) -> Self {
        let trace = Trace {
            spans: vec![],
            passed: vec![],
            is_struck: false,
            root: 0,
            is_error: false,
            start_ms: 0.0,
            end_ms: 0.0,
        };
        let random = Random::new(seed ^ 0xfeed);
        Self { system, random, next_id: 0, trace, values: vec![], runs: vec![], load: 1.0 }
    }

    /// Makes a request that comes then, in milliseconds since the beginning.
    pub(crate) fn request(&mut self, start_ms: f64) -> Trace {
        let system = self.system;
        let root = self.choose_root();
        self.values = self.choose_values();
        self.runs = (0..system.services.len()).map(|service| self.choose_run(service, start_ms)).collect();
        self.load = system.peak.filter(|(from, to, _)| (*from..*to).contains(&start_ms)).map_or(1.0, |peak| peak.2);
        self.trace = Trace {
            spans: vec![],
            passed: vec![],
            is_struck: false,
            root,
            is_error: false,
            start_ms,
            end_ms: start_ms,
        };
        let (end_ms, is_error) = self.run(root, start_ms, None);
        (self.trace.end_ms, self.trace.is_error) = (end_ms, is_error);
        let trace_id = (u128::from(self.random.bits()) << 64 | u128::from(self.random.bits())).to_be_bytes().to_vec();
        for (_, _, _, span) in &mut self.trace.spans {
            span.trace_id.clone_from(&trace_id);
        }
        let next = Trace { spans: vec![], passed: vec![], is_struck: false, root, is_error, start_ms, end_ms };
        std::mem::replace(&mut self.trace, next)
    }

    fn choose_root(&mut self) -> usize {
        let roots = &self.system.roots;
        let mut left = self.random.unit() * roots.iter().map(|(_, weight)| weight).sum::<f64>();
        let found = roots.iter().find(|(_, weight)| {
            left -= weight;
            left < 0.0
        });
        found.map_or(0, |(root, _)| *root)
    }

    fn choose_values(&mut self) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for attribute in &self.system.attributes {
            let followed = attribute.follows.filter(|_| self.random.is(0.85)).map(|of| format!("z-{}", values[of]));
            let mut left = self.random.unit();
            let chosen = attribute.values.iter().find(|(_, share)| {
                left -= share;
                left < 0.0
            });
            let chosen = chosen.or(attribute.values.last()).map(|(value, _)| value.clone()).unwrap_or_default();
            values.push(followed.unwrap_or(chosen));
        }
        values
    }

    fn choose_run(&mut self, service: usize, now_ms: f64) -> (&'static str, usize) {
        let pod = self.random.below(3);
        let mine = self.system.deployments.iter().find(|one| one.service == service);
        let is_new = mine.is_some_and(|one| now_ms >= one.from_ms && self.random.is(one.share));
        (if is_new { "2.0.0" } else { "1.9.3" }, pod)
    }

    /// Returns the fault, where it strikes this operation now.
    fn strikes(&mut self, at: usize, now_ms: f64) -> Option<&'a Fault> {
        let fault = self.system.fault.as_ref()?;
        let is_at = match fault.kind {
            Kind::Pool => {
                let (own, broken) = (&self.system.operations[at], &self.system.operations[fault.at]);
                own.service == broken.service && own.calls.iter().any(|call| matches!(call, Call::Database { .. }))
            }
            _ => at == fault.at,
        };
        let is_version = fault.kind != Kind::Version || self.runs[self.system.operations[at].service].0 == "2.0.0";
        let is_value = fault.attribute.as_ref().is_none_or(|(key, value)| self.values[*key] == *value);
        let can = is_at && is_version && is_value && now_ms >= fault.from_ms;
        let strikes = can && self.random.is(fault.share);
        self.trace.is_struck |= strikes;
        strikes.then_some(fault)
    }

    /// Returns how long a piece of work takes.
    fn work(&mut self, ms: f64, sigma: f64) -> f64 {
        let hiccup = if self.random.is(0.003) { self.random.between(4.0, 10.0) } else { 1.0 };
        ms * self.load * hiccup * (sigma * self.random.normal()).exp()
    }

    fn push(&mut self, service: usize, (name, kind): (&str, i32), parent: Option<u64>, start_ms: f64) -> u64 {
        self.next_id += 1;
        let ns = |ms: f64| BEGIN_NS + (ms * 1e6) as u64;
        let span = Span {
            span_id: self.next_id.to_be_bytes().to_vec(),
            parent_span_id: parent.map_or_else(Vec::new, |parent| parent.to_be_bytes().to_vec()),
            name: name.to_owned(),
            kind,
            start_time_unix_nano: ns(start_ms),
            ..Span::default()
        };
        let (version, pod) = self.runs[service];
        self.trace.spans.push((service, version, pod, span));
        self.next_id
    }

    fn end(&mut self, id: u64, end_ms: f64, is_error: bool, attributes: Vec<KeyValue>) {
        let wanted = id.to_be_bytes();
        let Some((_, _, _, span)) = self.trace.spans.iter_mut().rfind(|(_, _, _, span)| span.span_id == wanted) else {
            return;
        };
        span.end_time_unix_nano = BEGIN_NS + (end_ms * 1e6) as u64;
        span.status = is_error.then(|| Status { code: 2, message: "failed".into() });
        span.attributes = attributes;
    }

    /// Runs an operation; `caller` is the span that calls it.
    fn run(&mut self, at: usize, start_ms: f64, caller: Option<u64>) -> Ended {
        let own = &self.system.operations[at];
        self.trace.passed.push(at);
        let id = self.push(own.service, (&own.name, SERVER), caller, start_ms);
        let fault = self.strikes(at, start_ms);
        let pieces = own.calls.len() as f64 + 1.0;
        let mut now = start_ms + self.work(own.work_ms / pieces, own.sigma);
        if let Some(fault) = fault {
            now += fault.slower_ms * (0.2 * self.random.normal()).exp();
        }
        let fails = fault.is_some_and(|fault| self.random.is(fault.fails)) || self.random.is(0.001);
        let mut is_error = fails;
        if !fails {
            let (end_ms, failed) = self.calls(at, id, now);
            (now, is_error) = (end_ms, failed);
        }
        let mut attributes = vec![text("http.route", own.name.split(' ').nth(1).unwrap_or_default())];
        attributes.push(text("http.request.method", own.name.split(' ').next().unwrap_or_default()));
        attributes.push(int("http.response.status_code", if is_error { 500 } else { 200 }));
        if caller.is_none() || own.service.is_multiple_of(3) {
            for (attribute, value) in self.system.attributes.iter().zip(&self.values) {
                attributes.push(text(attribute.key, value));
            }
            attributes.push(text("user.id", &format!("u{}", self.random.below(100_000))));
        }
        self.end(id, now, is_error, attributes);
        (now, is_error)
    }

    /// Makes the calls of an operation, with its own work between them.
    fn calls(&mut self, at: usize, id: u64, mut now: f64) -> Ended {
        let own = &self.system.operations[at];
        let pieces = own.calls.len() as f64 + 1.0;
        let mut latest = now;
        for call in &own.calls {
            let is_beside = own.is_parallel && matches!(call, Call::Operation { .. });
            let (end_ms, failed) = self.call(at, call, id, now);
            latest = latest.max(end_ms);
            if failed && !is_beside {
                return (latest, true);
            }
            if failed {
                return (latest, true);
            }
            if !is_beside {
                now = end_ms + self.work(own.work_ms / pieces, own.sigma);
                latest = latest.max(now);
            }
        }
        (latest, false)
    }

    fn call(&mut self, at: usize, call: &Call, id: u64, now: f64) -> Ended {
        let service = self.system.operations[at].service;
        match call {
            Call::Operation { share, .. } if !self.random.is(*share) => (now, false),
            Call::Operation { callee, is_optional, .. } => {
                let attempts = if self.is_retried(*callee) { 4 } else { 1 };
                let mut now = now;
                for attempt in 0..attempts {
                    let (end_ms, failed) = self.ask(service, *callee, id, now);
                    if !failed || attempt + 1 == attempts {
                        return (end_ms, failed && !is_optional);
                    }
                    now = end_ms + 40.0 * f64::from(1 << attempt) * self.random.between(0.8, 1.2);
                }
                (now, true)
            }
            Call::Database { name, ms } => (self.leaf(service, (name, "postgresql"), id, (now, *ms)), false),
            Call::Cache { name, hits, database, ms } => {
                let is_missing = self.strikes(at, now).is_some_and(|fault| fault.kind == Kind::Cache);
                let now = self.leaf(service, (name, "redis"), id, (now, 0.5));
                let is_hit = self.random.is(*hits) && !is_missing;
                (if is_hit { now } else { self.leaf(service, (database, "postgresql"), id, (now, *ms)) }, false)
            }
        }
    }

    fn is_retried(&self, callee: usize) -> bool {
        self.system.fault.as_ref().is_some_and(|fault| fault.kind == Kind::Retries && fault.at == callee)
    }

    /// Calls an operation of another service over the network.
    fn ask(&mut self, service: usize, callee: usize, parent: u64, now: f64) -> Ended {
        let other = &self.system.operations[callee];
        let id = self.push(service, (&other.name, CLIENT), Some(parent), now);
        let way = self.work(0.4, 0.3);
        let (end_ms, failed) = self.run(callee, now + way, Some(id));
        let end_ms = end_ms + self.work(0.4, 0.3);
        let address = self.system.services[other.service].clone();
        self.end(id, end_ms, failed, vec![text("server.address", &address)]);
        (end_ms, failed)
    }

    /// Calls something that sends no spans.
    fn leaf(&mut self, service: usize, (name, of): (&str, &str), parent: u64, (now, ms): (f64, f64)) -> f64 {
        let id = self.push(service, (name, CLIENT), Some(parent), now);
        let end_ms = now + self.work(ms, 0.35);
        self.end(id, end_ms, false, vec![text("db.system.name", of)]);
        end_ms
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn int(key: &str, value: i64) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::IntValue(value)) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

/// Returns traces as requests of an exporter, so many in each.
pub(crate) fn exported(system: &System, traces: &[Trace], each: usize) -> Vec<ExportTraceServiceRequest> {
    let one = |traces: &[Trace]| {
        let mut resources: BTreeMap<(usize, &str, usize), Vec<Span>> = BTreeMap::new();
        for (service, version, pod, span) in traces.iter().flat_map(|trace| &trace.spans) {
            resources.entry((*service, version, *pod)).or_default().push(span.clone());
        }
        let resource_spans = resources.into_iter().map(|((service, version, pod), spans)| {
            let name = &system.services[service];
            let attributes = vec![
                text("service.name", name),
                text("service.version", version),
                text("k8s.pod.name", &format!("{name}-{pod}")),
            ];
            ResourceSpans {
                resource: Some(Resource { attributes, ..Resource::default() }),
                scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
                ..ResourceSpans::default()
            }
        });
        ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
    };
    traces.chunks(each).map(one).collect()
}
