//! A source that holds made-up traces and answers at once: a small shop, the same on every run.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{NOW, figures, search};
use crate::model::span::{Event, Link, Resource, Scope, SpanBody};
use crate::model::{
    Attribute, Held, Kind, Span, SpanDetail, SpanId, StatusCode, Timestamp, Trace, TraceId, TraceSummary, Value,
};
use crate::source::{
    Collected, DiskStatus, Page, Plan, Progress, Reply, Request, Series, SortKey, Source, SourceError, Status,
    TraceFilter, TraceList, TraceStatus, TracesRequest,
};

pub(crate) const SECOND: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;

/// The source. Its traces can be changed at any time.
pub(crate) struct Fake {
    pub(crate) traces: Mutex<Vec<Arc<Trace>>>,
    pub(crate) status: Mutex<Status>,
    pub(crate) failure: Mutex<Option<String>>,
    pub(crate) revision: AtomicU64,
    /// How far a search for traces has come; where it is not complete it finds the first rows only, and goes on.
    pub(crate) progress: Mutex<Progress>,
}

impl Fake {
    pub(crate) fn new(traces: Vec<Trace>) -> Self {
        let spans: u64 = traces.iter().map(|trace| trace.spans.len() as u64).sum();
        let mut status = Status {
            total_traces: traces.len() as u64,
            memory_budget: 256 << 20,
            memory_bytes: 110 << 20,
            spans_per_second: (0..60).map(|i: u32| 800 + i * 37 % 400 + i * i % 91 * 6).collect(),
            listening: vec!["otlp/grpc 127.0.0.1:4317".into(), "otlp/http 127.0.0.1:4318".into()],
            ..Status::default()
        };
        status.counters.received = spans;
        status.counters.stored = spans;
        Self {
            traces: Mutex::new(traces.into_iter().map(Arc::new).collect()),
            status: Mutex::new(status),
            failure: Mutex::new(None),
            revision: AtomicU64::new(1),
            progress: Mutex::default(),
        }
    }

    pub(crate) fn add(&self, trace: Trace) {
        {
            let mut status = self.status.lock().unwrap();
            status.total_traces += 1;
            status.counters.stored += trace.spans.len() as u64;
        }
        self.traces.lock().unwrap().push(Arc::new(trace));
        self.revision.fetch_add(1, Ordering::SeqCst);
    }

    fn list(&self, request: &TracesRequest) -> TraceList {
        let traces = self.traces.lock().unwrap();
        let mut rows: Vec<&TraceSummary> =
            traces.iter().filter(|trace| matches(trace, &request.filter)).map(|trace| &trace.summary).collect();
        let progress =
            if request.filter.query.is_some() { *self.progress.lock().unwrap() } else { Progress::default() };
        rows.truncate(if progress.is_complete() { usize::MAX } else { rows.len() * 2 / 5 });
        let name = |row: &TraceSummary| row.root.clone().map(|root| (root.service, root.operation));
        rows.sort_by(|a, b| {
            let order = match request.sort.key {
                SortKey::StartTime => a.start.cmp(&b.start),
                SortKey::Duration => a.duration_ns.cmp(&b.duration_ns),
                SortKey::SpanCount => a.span_count.cmp(&b.span_count),
                SortKey::ErrorCount => a.error_count.cmp(&b.error_count),
                SortKey::RootService => name(a).cmp(&name(b)),
                SortKey::RootOperation => name(a).map(|n| n.1).cmp(&name(b).map(|n| n.1)),
            };
            if request.sort.descending { order.reverse() } else { order }.then(a.id.cmp(&b.id))
        });
        let total = rows.len();
        let offset = match request.page {
            Page::At(offset) => offset,
            Page::Around { trace, above, otherwise } => {
                rows.iter().position(|row| row.id == trace).map_or(otherwise, |place| place.saturating_sub(above))
            }
        };
        let offset = offset.min(total);
        let rows = rows.into_iter().skip(offset).take(request.limit).cloned().collect();
        TraceList { total, held: traces.len(), offset, rows, progress }
    }

    fn filtered<R>(&self, filter: &TraceFilter, of: impl FnOnce(&[&Trace]) -> R) -> R {
        let traces = self.traces.lock().unwrap();
        of(&traces.iter().map(|trace| &**trace).filter(|trace| matches(trace, filter)).collect::<Vec<_>>())
    }

    fn trace(&self, id: TraceId) -> Option<Arc<Trace>> {
        self.traces.lock().unwrap().iter().find(|trace| trace.summary.id == id).cloned()
    }
}

/// Returns a disk that is a good third full, with nothing wrong about it.
pub(crate) fn disk() -> DiskStatus {
    DiskStatus {
        path: "/home/zoe/.local/state/spantop".into(),
        bytes: 740 << 20,
        budget_bytes: 2 << 30,
        segments: 97,
        segment_spans: 6_357_000,
        segment_bytes: 700 << 20,
        received_bytes: 4_900 << 20,
        oldest_ns: Some(NOW.0 - 5 * 3600 * SECOND),
        ..DiskStatus::default()
    }
}

fn matches(trace: &Trace, filter: &TraceFilter) -> bool {
    let row = &trace.summary;
    filter.window.contains(row.start)
        && filter.query.as_ref().is_none_or(|query| !search::found(query, trace).is_empty())
        && filter.min_duration_ns.is_none_or(|least| least <= row.duration_ns)
        && filter.max_duration_ns.is_none_or(|most| row.duration_ns <= most)
        && filter.status.is_none_or(|status| (status == TraceStatus::Error) == (row.error_count > 0))
}

impl Source for Fake {
    fn ask(&self, request: &Request) -> Result<Reply, SourceError> {
        if let Some(message) = self.failure.lock().unwrap().clone() {
            return Err(SourceError { message });
        }
        Ok(match request {
            Request::Traces(request) => Reply::Traces(self.list(request)),
            Request::Trace(id) => Reply::Trace(self.trace(*id)),
            Request::Newer(id, held) => newer(self.trace(*id), *held),
            Request::TraceOtlp(_) => Reply::Otlp(None),
            Request::Span(id, span) => {
                let trace = self.trace(*id);
                let span = trace.as_ref().and_then(|trace| trace.spans.iter().find(|s| s.id == *span));
                Reply::Span(span.map(|span| Box::new(detail(*id, span))))
            }
            Request::Spans(request) => Reply::Spans(figures::spans(request, &self.traces.lock().unwrap())),
            Request::Series(_) => Reply::Series(Series::default()),
            Request::Matches(id, query) => {
                Reply::Matches(self.trace(*id).map(|trace| search::found(query, &trace)).unwrap_or_default())
            }
            Request::Facets(request) => {
                self.filtered(&request.filter, |traces| Reply::Facets(search::facets(request, traces)))
            }
            Request::Scatter(request) => self.filtered(&request.filter, |traces| {
                let rows: Vec<&TraceSummary> = traces.iter().map(|trace| &trace.summary).collect();
                Reply::Scatter(search::scatter(request, &rows))
            }),
            Request::Plan(_) => Reply::Plan(Plan::default()),
            Request::Attributes(request) => Reply::Attributes(search::attributes(&request.part, request.limit)),
            Request::Gc { .. } => Reply::Gc(Collected::default()),
            Request::Trends(of) => Reply::Trends(figures::trends(of, &self.traces.lock().unwrap())),
            Request::Figures(request) => {
                Reply::Figures(Box::new(figures::figured(request, &self.traces.lock().unwrap())))
            }
            Request::Density(request) => {
                Reply::Density(Box::new(figures::density(request, &self.traces.lock().unwrap())))
            }
            Request::Dependencies(request) => {
                Reply::Dependencies(Box::new(figures::dependencies(&request.of, &self.traces.lock().unwrap())))
            }
            Request::Errors(of) => Reply::Errors(Box::new(figures::errors(of, &self.traces.lock().unwrap()))),
            Request::Compare(request) => {
                Reply::Compared(Box::new(figures::compared(request, &self.traces.lock().unwrap())))
            }
            Request::Explain(request) => Reply::Explained(Box::new(figures::explained(request))),
            Request::Findings(_) => Reply::Findings(Box::new(figures::findings(&self.traces.lock().unwrap()))),
            Request::TraceFindings(id) => {
                Reply::TraceFindings(self.trace(*id).map(|trace| figures::findings_of(&trace)))
            }
            Request::Slow(request) => Reply::Slow(figures::slow(request, &self.traces.lock().unwrap())),
            Request::Health(of) => Reply::Health(figures::health(of, &self.traces.lock().unwrap())),
            Request::Status => Reply::Status(Box::new(self.status.lock().unwrap().clone())),
        })
    }

    fn revision(&self) -> u64 {
        self.revision.load(Ordering::SeqCst)
    }
}

/// Returns what came after what is held, or the whole trace where its beginning is another.
fn newer(trace: Option<Arc<Trace>>, held: Held) -> Reply {
    let known = trace.as_ref().filter(|trace| trace.spans[0].id == held.first);
    let last = known.and_then(|trace| trace.spans.iter().position(|span| span.id == held.last));
    match (known, last) {
        (Some(trace), Some(last)) => Reply::Newer(held, trace.spans[last + 1..].to_vec()),
        _ => Reply::Trace(trace),
    }
}

/// Returns the trace of these spans.
pub(crate) fn trace(id: u128, spans: Vec<Span>) -> Trace {
    Trace::of(TraceId(id), spans, false)
}

/// Returns a span without anything special; times in microseconds.
pub(crate) fn span(id: u64, parent: u64, (start_us, duration_us): (u64, u64), service: &str, operation: &str) -> Span {
    Span {
        id: SpanId(id),
        parent: (parent != 0).then_some(SpanId(parent)),
        start: Timestamp(start_us * 1000),
        duration_ns: duration_us * 1000,
        kind: Kind::Internal,
        status: StatusCode::Unset,
        service: service.into(),
        operation: operation.into(),
        event_times: Vec::new(),
        event_count: 0,
        link_count: 0,
        ends_before_start: false,
    }
}

/// A row of the shop's checkout: parent, depth is implied, start and duration in tenths of ms of a 412 ms trace.
const CHECKOUT: [(u64, u64, u64, &str, &str, bool); 38] = [
    (0, 0, 4120, "gateway", "POST /checkout", true),
    (1, 2, 21, "gateway", "rate-limit", false),
    (2, 5, 12, "redis", "INCR", false),
    (1, 40, 4050, "web-bff", "checkout.page", true),
    (4, 60, 310, "auth", "POST /verify", false),
    (5, 70, 15, "auth", "jwt.decode", false),
    (5, 90, 22, "redis", "GET session", false),
    (5, 120, 220, "postgres", "SELECT users", false),
    (4, 350, 440, "cart", "GET /cart", false),
    (9, 370, 30, "redis", "HGETALL", false),
    (9, 410, 360, "cart", "price.items", false),
    (11, 420, 42, "postgres", "SELECT price", false),
    (11, 470, 42, "postgres", "SELECT price", false),
    (11, 520, 42, "postgres", "SELECT price", false),
    (11, 570, 42, "postgres", "SELECT price", false),
    (11, 620, 75, "postgres", "SELECT price", false),
    (11, 700, 42, "postgres", "SELECT price", false),
    (11, 745, 22, "postgres", "SELECT price", false),
    (4, 820, 3200, "orders", "POST /orders", true),
    (19, 825, 60, "orders", "validate", false),
    (19, 890, 740, "inventory", "POST /reserve", false),
    (21, 895, 10, "postgres", "BEGIN", false),
    (21, 910, 520, "postgres", "SELECT stock FOR UPDATE", false),
    (21, 1440, 80, "postgres", "UPDATE stock", false),
    (21, 1530, 60, "postgres", "COMMIT", false),
    (19, 1640, 120, "postgres", "INSERT orders", false),
    (19, 1770, 2140, "payments", "POST /charge", true),
    (27, 1780, 260, "payments", "fraud.score", false),
    (28, 1790, 20, "redis", "GET velocity", false),
    (27, 2050, 600, "payments", "POST bank (try 1)", true),
    (27, 2660, 200, "payments", "backoff", false),
    (27, 2870, 600, "payments", "POST bank (try 2)", true),
    (27, 3480, 200, "payments", "backoff", false),
    (27, 3690, 220, "payments", "POST bank (try 3)", true),
    (19, 3930, 50, "orders", "outbox.publish", false),
    (35, 3940, 30, "orders", "kafka send", false),
    (4, 4020, 34, "web-bff", "render.error", false),
    (1, 4095, 20, "gateway", "access-log", false),
];

/// Returns the checkout that fails at the bank. `scale` is how many times slower it is, in percent.
pub(crate) fn checkout(id: u128, start: Timestamp, scale: u64) -> Trace {
    let mut spans = Vec::new();
    for (i, &(parent, at, long, service, operation, failed)) in CHECKOUT.iter().enumerate() {
        let mut span = span(i as u64 + 1, parent, (at * scale, long * scale), service, operation);
        span.start = Timestamp(start.0 + at * scale * 1000);
        span.kind =
            if operation.starts_with("POST") || operation.starts_with("GET /") { Kind::Server } else { Kind::Client };
        if failed {
            span.status = StatusCode::Error;
            span.event_times = vec![span.end().minus(span.duration_ns / 12)];
            span.event_count = 1;
        }
        spans.push(span);
    }
    spans[26].link_count = 1;
    trace(id, spans)
}

/// Returns traces of a shop that start within the last minutes before `now`, the newest first.
pub(crate) fn shop(count: u64, now: Timestamp) -> Vec<Trace> {
    /// Root service and operation, the calls it makes, how long it takes.
    type Shape = (&'static str, &'static str, &'static [(&'static str, &'static str)], u64);
    const SHAPES: [Shape; 7] = [
        (
            "gateway",
            "GET /products",
            &[("catalog", "list"), ("redis", "GET"), ("postgres", "SELECT products")],
            38 * MS,
        ),
        ("gateway", "GET /products/{id}", &[("catalog", "show"), ("redis", "GET")], 9 * MS),
        (
            "mobile-bff",
            "GET /home",
            &[("catalog", "list"), ("recommender", "rank"), ("redis", "MGET"), ("auth", "check")],
            121 * MS,
        ),
        ("web-bff", "GET /cart", &[("cart", "GET /cart"), ("redis", "HGETALL")], 14 * MS),
        ("orders", "outbox.publish", &[("kafka", "send"), ("shipping", "receive"), ("mailer", "POST /send")], 640 * MS),
        (
            "scheduler",
            "nightly.reindex",
            &[("search", "reindex"), ("postgres", "SELECT products"), ("opensearch", "_bulk")],
            42 * SECOND,
        ),
        ("gateway", "GET /health", &[], 180_000),
    ];
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mut at = now.minus(400 * MS);
    (0..count)
        .map(|i| {
            at = at.minus(random() % (3 * SECOND));
            let id = u128::from(random()) << 64 | u128::from(random());
            if i % 9 == 2 {
                return checkout(id, at.minus(SECOND), 60 + random() % 140);
            }
            let (service, operation, calls, typical) = SHAPES[(random() % 7) as usize];
            let long = typical / 2 + random() % typical;
            let failed = random() % 14 == 0;
            simple(id, at, (service, operation, calls), long, failed)
        })
        .collect()
}

fn simple(id: u128, start: Timestamp, shape: (&str, &str, &[(&str, &str)]), long: u64, failed: bool) -> Trace {
    let (service, operation, calls) = shape;
    let mut root = span(1, 0, (0, 0), service, operation);
    (root.start, root.duration_ns, root.kind) = (start, long, Kind::Server);
    let mut spans = vec![root];
    let part = long / (calls.len() as u64 + 1);
    for (i, (service, operation)) in calls.iter().enumerate() {
        let mut call = span(i as u64 + 2, 1, (0, 0), service, operation);
        (call.start, call.duration_ns) = (start.plus(part * i as u64 + part / 3), part);
        spans.push(call);
    }
    if failed {
        spans[0].status = StatusCode::Error;
        if let Some(last) = spans.last_mut() {
            last.status = StatusCode::Error;
        }
    }
    trace(id, spans)
}

fn attribute(key: &str, value: &str) -> Attribute {
    Attribute { key: key.into(), value: Value::String(value.into()) }
}

/// What a lifelike span carries.
fn detail(trace: TraceId, span: &Span) -> SpanDetail {
    let mut attributes = vec![
        attribute("http.request.method", "POST"),
        attribute("url.full", "https://shop.example/checkout?cart=81c2&coupon=SPRING&ref=newsletter-2026-11"),
        attribute("server.address", "shop.example"),
        attribute(
            "db.query.text",
            "SELECT p.id, p.price, p.currency\n  FROM prices p\n WHERE p.item_id = $1 AND p.valid_to > now()",
        ),
        attribute("user.name", "Zoë 日本語 👍\x1b[31m"),
    ];
    attributes.push(Attribute { key: "http.response.status_code".into(), value: Value::Int(502) });
    attributes.push(Attribute { key: "server.port".into(), value: Value::Int(443) });
    let exception = |time| Event {
        time,
        name: "exception".into(),
        attributes: vec![
            attribute("exception.type", "BankTimeoutException"),
            attribute("exception.message", "no answer from acquirer within 600 ms"),
            attribute(
                "exception.stacktrace",
                "BankTimeoutException: no answer\n\tat shop.payments.Bank.charge(Bank.java:118)\n\tat \
                 shop.payments.Charge.run(Charge.java:57)\n\tat java.base/java.lang.Thread.run(Thread.java:1583)",
            ),
        ],
        dropped_attributes: 0,
    };
    let resource = vec![
        attribute("service.name", &span.service),
        attribute("service.version", "4.7.1"),
        attribute("host.name", "ip-10-0-3-17"),
        attribute("telemetry.sdk.language", "java"),
    ];
    let links = (0..span.link_count).map(|_| Link {
        trace: Some(TraceId(0xbeef_0001)),
        span: Some(SpanId(1)),
        ..Link::default()
    });
    SpanDetail {
        trace,
        span: span.clone(),
        body: SpanBody {
            status_message: if span.is_error() { "upstream answered 502 Bad Gateway".into() } else { String::new() },
            flags: 0x101,
            attributes,
            events: span.event_times.iter().map(|&time| exception(time)).collect(),
            links: links.collect(),
            ..SpanBody::default()
        },
        scope: Scope { name: "io.opentelemetry.servlet".into(), version: "2.4.0".into(), ..Scope::default() },
        resource: Resource { attributes: resource, schema_url: String::new() },
        encoded_bytes: 1432,
    }
}
