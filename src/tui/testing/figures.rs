//! How the made-up source counts: the figures of its traces, plainly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::search;
use crate::analysis::compare;
use crate::analysis::errors::{Collecting, Said, Seen};
use crate::analysis::explain::{Association, Cause, Explanation, How, Key, Operation, What};
use crate::analysis::figures::nearest_rank;
use crate::analysis::findings::{self, Finding, FindingKind};
use crate::analysis::graph::{Edge, Graph, Node};
use crate::analysis::trend::{self, InMinute};
use crate::analysis::{
    Change, Figures, HealthRule, OperationFigures, Percentiles, Performance, ServiceFigures, SlowOperation,
    SystemHealth, Tick,
};
use crate::model::{EdgeKind, Kind, Span, Timestamp, Trace};
use crate::source::{
    Bar, Cell, CompareRequest, CompareSide, Compared, Density, DensityColumn, DensityRequest, Dependencies, Errors,
    ExplainRequest, Explained, Figured, FiguresRequest, Findings, FoundSpan, Progress, Selection, ServiceTrend, Slow,
    SlowOrder, SlowRequest, SpanList, SpansRequest, Trends, Window,
};

const MINUTE: u64 = 60_000_000_000;
const SATISFYING_NS: u64 = 500_000_000;

/// A span that is counted, and whether it is a request.
#[derive(Clone, Copy)]
struct Counted<'a> {
    trace: &'a Trace,
    span: &'a Span,
    is_request: bool,
}

fn selected<'a>(of: &Selection, window: Window, traces: &'a [Arc<Trace>]) -> Vec<Counted<'a>> {
    let is_entry = |span: &Span| matches!(span.kind, Kind::Server | Kind::Consumer);
    let spans = || traces.iter().flat_map(|trace| trace.spans.iter().map(move |span| (trace, span)));
    let with_entries: BTreeSet<&str> = spans().filter(|(_, span)| is_entry(span)).map(|(_, s)| &*s.service).collect();
    let is_asked = |span: &Span| {
        window.contains(span.start) && of.service.as_ref().is_none_or(|service| **service == *span.service)
    };
    let counted = traces.iter().flat_map(|trace| {
        let found = of.query.as_ref().map(|query| search::found(query, trace));
        let is_found = move |span: &Span| found.as_ref().is_none_or(|found| found.contains(&span.id));
        trace.spans.iter().filter(move |span| is_asked(span) && is_found(span)).map(move |span| (trace, span))
    });
    let is_request = |trace: &Trace, span: &Span| {
        if with_entries.contains(&*span.service) {
            return is_entry(span);
        }
        let parent = span.parent.and_then(|parent| trace.spans.iter().find(|other| other.id == parent));
        parent.is_none_or(|parent| parent.service != span.service)
    };
    counted.map(|(trace, span)| Counted { trace, span, is_request: is_request(trace, span) }).collect()
}

/// Returns the ends of a window: those of the spans where it has none.
fn ends(window: Window, spans: &[Counted]) -> Option<(u64, u64)> {
    let starts = || spans.iter().map(|counted| counted.span.start.0);
    let from = window.from.map(|from| from.0).or_else(|| starts().min())?;
    Some((
        from,
        window
            .to
            .map(|to| to.0)
            .or_else(|| starts().max().map(|last| last.saturating_add(1)))?
            .max(from.saturating_add(1)),
    ))
}

fn before(window: Window, spans: &[Counted]) -> Option<Window> {
    let (from, to) = ends(window, spans)?;
    window.from.map(|end| Window { from: Some(Timestamp(from.saturating_sub(to - from))), to: Some(end) })
}

fn figures<'a>(spans: impl Iterator<Item = &'a Span>) -> Figures {
    let spans: Vec<&Span> = spans.collect();
    let mut durations: Vec<u64> = spans.iter().map(|span| span.duration_ns).collect();
    durations.sort_unstable();
    let count = durations.len() as u64;
    let rank = |part| durations[nearest_rank(part, count) as usize - 1];
    let worth = |span: &&Span| match span.duration_ns {
        _ if span.is_error() => 0.0,
        ns if ns <= SATISFYING_NS => 1.0,
        ns if ns <= 4 * SATISFYING_NS => 0.5,
        _ => 0.0,
    };
    let mut minutes: BTreeMap<u64, u64> = BTreeMap::new();
    for span in &spans {
        *minutes.entry(span.start.0 / MINUTE).or_default() += 1;
    }
    let starts = || spans.iter().map(|span| span.start);
    Figures {
        requests: count,
        errors: spans.iter().filter(|span| span.is_error()).count() as u64,
        sum_ns: durations.iter().map(|&ns| u128::from(ns)).sum(),
        max_ns: durations.last().copied().unwrap_or(0),
        percentiles: (count > 0).then(|| Percentiles::of(Percentiles::PARTS.map(rank))),
        apdex: (count > 0).then(|| spans.iter().map(worth).sum::<f64>() / count as f64),
        first: starts().min().unwrap_or_default(),
        last: starts().max().unwrap_or_default(),
        peak_per_minute: minutes.values().max().copied().unwrap_or(0),
    }
}

/// What sends no spans in this world.
const OUTSIDE: [(&str, EdgeKind); 3] =
    [("redis", EdgeKind::Database), ("postgres", EdgeKind::Database), ("kafka", EdgeKind::Messaging)];

/// A caller and a callee, by names and by spans.
type Ends = (Arc<str>, Arc<str>);
type Pairs<'a> = Vec<(&'a Span, &'a Span)>;

/// Returns who calls whom: a span of another service than its parent's was called by that.
pub(crate) fn dependencies(of: &Selection, traces: &[Arc<Trace>]) -> Dependencies {
    let mut called: BTreeMap<Ends, Pairs> = BTreeMap::new();
    let spans = selected(of, of.window, traces);
    for Counted { trace, span, .. } in &spans {
        let parent = trace.spans.iter().find(|other| Some(other.id) == span.parent);
        if let Some(parent) = parent.filter(|parent| parent.service != span.service) {
            called.entry((Arc::clone(&parent.service), Arc::clone(&span.service))).or_default().push((parent, span));
        }
    }
    let outside = |name: &str| OUTSIDE.iter().find(|(outside, _)| *outside == name).map(|(_, kind)| *kind);
    let mut names: Vec<Arc<str>> = spans.iter().map(|counted| Arc::clone(&counted.span.service)).collect();
    names.extend(called.keys().flat_map(|(caller, callee)| [Arc::clone(caller), Arc::clone(callee)]));
    names.sort_by_key(|name| (outside(name).is_some(), Arc::clone(name)));
    names.dedup();
    let node = |name: &Arc<str>| {
        let own = spans.iter().filter(|counted| counted.is_request && counted.span.service == *name);
        Node { name: Arc::clone(name), outside: outside(name), figures: figures(own.map(|counted| counted.span)) }
    };
    let place = |name: &Arc<str>| names.iter().position(|other| other == name).unwrap();
    let edge = |((caller, callee), spans): (&Ends, &Pairs)| Edge {
        caller: place(caller),
        callee: place(callee),
        kind: outside(callee).unwrap_or_default(),
        calls: figures(spans.iter().map(|(_, callee)| *callee)),
        by_caller: outside(callee).is_none().then(|| figures(spans.iter().map(|(caller, _)| *caller))),
    };
    let mut edges: Vec<Edge> = called.iter().map(edge).collect();
    edges.sort_by_key(|edge| (edge.caller, edge.callee));
    let graph = Graph { nodes: names.iter().map(node).collect(), edges, is_approximate: true };
    Dependencies { graph, progress: Progress::default() }
}

/// Returns which errors there are: spans tell of them by their operations.
pub(crate) fn errors(of: &Selection, traces: &[Arc<Trace>]) -> Errors {
    let spans = selected(of, of.window, traces);
    let (from, to) = ends(of.window, &spans).unwrap_or_default();
    let mut found = Collecting::new((from, to));
    for Counted { trace, span, .. } in spans.iter().filter(|counted| counted.span.is_error()) {
        let seen = Seen {
            service: &span.service,
            operation: &span.operation,
            version: "4.7.1",
            trace: trace.summary.id,
            span: span.id,
            start_ns: span.start.0,
        };
        let stack_trace = if span.event_count == 0 { "" } else { STACK_TRACE };
        let exception_type = if span.event_count == 0 { "HTTP 502" } else { "shop.payments.BankTimeoutException" };
        let message = format!("{} {} answered 502 Bad Gateway", span.operation, span.id.0);
        found.add(&seen, Said { exception_type: exception_type.into(), message, stack_trace: stack_trace.into() });
    }
    let (groups, others) = found.finish(|service| Some(("4.7.1".to_owned(), service == "payments")));
    let total = groups.iter().map(|group| group.count).sum();
    Errors { groups, total, others, window: (from, to), progress: Progress::default() }
}

const STACK_TRACE: &str = "shop.payments.BankTimeoutException: no answer from acquirer within 600 ms
\tat shop.payments.Bank.charge(Bank.java:118)
\tat shop.payments.Charge.run(Charge.java:57)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.net.SocketTimeoutException: Read timed out
\tat java.base/sun.nio.ch.NioSocketImpl.read(NioSocketImpl.java:288)
\t... 3 more";

/// Returns the spans of two sides by path.
pub(crate) fn compared(request: &CompareRequest, traces: &[Arc<Trace>]) -> Compared {
    let mut all = compare::Collecting::default();
    for (number, side) in request.sides.iter().enumerate() {
        let is_of = |trace: &&Arc<Trace>| match side {
            CompareSide::Trace(id) => trace.summary.id == *id,
            CompareSide::Selection(of) => of.query.as_ref().is_none_or(|query| !search::found(query, trace).is_empty()),
            CompareSide::Nothing => false,
        };
        for trace in traces.iter().filter(is_of) {
            all.add(number, trace);
        }
    }
    Compared { comparison: all.finish(), progress: Progress::default() }
}

/// Returns why traces differ: for a query, an operation and two values; of errors, nothing.
pub(crate) fn explained(request: &ExplainRequest) -> Explained {
    let text = request.of.query.as_ref().map(ToString::to_string).unwrap_or_default();
    let association = |selected, rest| Association { selected, rest, p_value: 1e-12, count: 40 };
    let key =
        |service: &str, name: &str, is_of_resource| Key { service: service.into(), name: name.into(), is_of_resource };
    let operation = Operation { service: "payments".into(), name: "POST /charge".into(), kind: Kind::Server };
    let how = How::Slow { selected_ns: 310_000_000, ordinary_ns: 12_000_000 };
    let causes = vec![
        Cause { what: What::Operation { of: operation, how }, association: association(0.96, 0.004) },
        Cause {
            what: What::Value { of: key("payments", "service.version", true), value: "4.7.1".into() },
            association: association(0.9, 0.21),
        },
        Cause {
            what: What::Value { of: key("gateway", "tenant.id", false), value: "Zoë 日本語\u{1b}[31m".into() },
            association: association(0.7, 0.1),
        },
    ];
    let causes = if text.contains("error") { Vec::new() } else { causes };
    Explained {
        explanation: Explanation { causes, selected: 52, rest: 900 },
        selected: 52,
        rest: 1_234,
        progress: Progress::default(),
    }
}

/// Returns what stands out in a trace: something in its first span, and something in its last one.
pub(crate) fn findings_of(trace: &Trace) -> Vec<Finding> {
    let [first, .., last] = &trace.spans[..] else { return Vec::new() };
    let of = |kind, span: &Span| Finding {
        kind,
        service: Arc::clone(&span.service),
        operation: Arc::clone(&span.operation),
        subject: "SELECT stock".into(),
        evidence: format!(
            "21 × SELECT stock beneath one {}, one after the other: 34.0 ms of its 80.0 ms",
            span.operation
        ),
        confidence: 0.88,
        cost_ns: 33_000_000,
        spans: vec![span.id],
        count: 21,
        times: 1,
    };
    let huge = format!("{} takes 72 KiB", last.operation);
    let huge = Finding { evidence: huge, cost_ns: 0, confidence: 1.0, count: 1, ..of(FindingKind::HugeSpan, last) };
    vec![of(FindingKind::NPlusOne, first), huge]
}

/// Returns what stands out in all traces.
pub(crate) fn findings(traces: &[Arc<Trace>]) -> Findings {
    let mut found = findings::Collecting::default();
    for trace in traces {
        found.add(trace, findings_of(trace));
    }
    Findings { groups: found.finish(), traces: traces.len() as u64, progress: Progress::default() }
}

/// Returns where the figures of services are going.
pub(crate) fn trends(of: &Selection, traces: &[Arc<Trace>]) -> Trends {
    let spans = selected(of, of.window, traces);
    let names: BTreeSet<&Arc<str>> = spans.iter().map(|counted| &counted.span.service).collect();
    let service = |name: &Arc<str>| {
        let mut minutes: BTreeMap<u64, InMinute> = BTreeMap::new();
        for counted in spans.iter().filter(|c| c.is_request && c.span.service == *name) {
            let number = counted.span.start.0 / MINUTE;
            let minute = minutes.entry(number).or_default();
            minute.at = Timestamp(number * MINUTE);
            minute.requests += 1;
            minute.errors += u64::from(counted.span.is_error());
            minute.sum_ns += u128::from(counted.span.duration_ns);
            minute.p95_ns = minute.p95_ns.max(Some(counted.span.duration_ns));
        }
        let minutes: Vec<InMinute> = minutes.into_values().collect();
        let trend = trend::of_service(&minutes, &HealthRule::default());
        ServiceTrend { service: Arc::clone(name), minutes, trend }
    };
    Trends { services: names.into_iter().map(service).collect(), ..Trends::default() }
}

/// Returns the figures of services and operations.
pub(crate) fn figured(request: &FiguresRequest, traces: &[Arc<Trace>]) -> Figured {
    let window = request.of.window;
    let now = selected(&request.of, window, traces);
    let Some((from, to)) = ends(window, &now) else { return Figured::default() };
    let earlier = before(window, &now).filter(|_| request.with_before);
    let earlier = earlier.map(|window| selected(&request.of, window, traces));
    let names: BTreeSet<&Arc<str>> = now.iter().map(|counted| &counted.span.service).collect();
    let of_service = |spans: &[Counted], name: &str| {
        figures(spans.iter().filter(|c| c.is_request && *c.span.service == *name).map(|c| c.span))
    };
    let minutes = (to / MINUTE - from / MINUTE + 1).div_ceil(u64::from(request.ticks.max(1)));
    let tick_ns = minutes.saturating_mul(MINUTE);
    let first_tick = from / tick_ns * tick_ns;
    let ticks = |name: &str| {
        let count = if request.ticks == 0 { 0 } else { ((to - 1 - first_tick) / tick_ns + 1) as usize };
        let mut ticks = vec![Tick::default(); count];
        for counted in now.iter().filter(|c| c.is_request && *c.span.service == *name) {
            if let Some(tick) = ticks.get_mut(((counted.span.start.0 - first_tick) / tick_ns) as usize) {
                tick.requests += 1;
                tick.errors += u64::from(counted.span.is_error());
                tick.sum_ns += u128::from(counted.span.duration_ns);
            }
        }
        ticks
    };
    let services = names.iter().map(|&service| ServiceFigures {
        service: Arc::clone(service),
        figures: of_service(&now, service),
        before: earlier.as_ref().map(|earlier| of_service(earlier, service)),
        ticks: ticks(service),
        operations: if request.with_operations { operations(service, &now, earlier.as_deref()) } else { Vec::new() },
    });
    let performance = Performance {
        from: Some(Timestamp(from)),
        to: Some(Timestamp(to)),
        is_approximate: request.is_quick,
        services: services.collect(),
        tick_ns,
        first_tick: Timestamp(first_tick),
    };
    Figured { performance, ..Figured::default() }
}

fn operations(service: &str, now: &[Counted], earlier: Option<&[Counted]>) -> Vec<OperationFigures> {
    let own = now.iter().filter(|counted| *counted.span.service == *service);
    let names: BTreeSet<(&Arc<str>, Kind)> = own.map(|c| (&c.span.operation, c.span.kind)).collect();
    let of = |spans: &[Counted], (operation, kind): (&Arc<str>, Kind)| {
        let is_it = |c: &&Counted| *c.span.service == *service && c.span.operation == *operation && c.span.kind == kind;
        figures(spans.iter().filter(is_it).map(|counted| counted.span))
    };
    let mut operations: Vec<OperationFigures> = names
        .into_iter()
        .map(|name| OperationFigures {
            operation: Arc::clone(name.0),
            kind: name.1,
            figures: of(now, name),
            before: earlier.map(|earlier| of(earlier, name)),
        })
        .collect();
    operations.sort_by_key(|operation| std::cmp::Reverse(operation.figures.sum_ns));
    operations
}

/// Returns the health of services.
pub(crate) fn health(of: &Selection, traces: &[Arc<Trace>]) -> SystemHealth {
    let request = FiguresRequest { of: of.clone(), with_operations: true, ..FiguresRequest::default() };
    HealthRule::default().of_system(&figured(&request, traces).performance.services)
}

/// Returns durations in cells.
pub(crate) fn density(request: &DensityRequest, traces: &[Arc<Trace>]) -> Density {
    let mut spans = selected(&request.of, request.of.window, traces);
    let Some((from, to)) = ends(request.of.window, &spans) else { return Density::default() };
    spans.retain(|counted| {
        (request.all_spans || counted.is_request)
            && request.operation.as_ref().is_none_or(|operation| **operation == *counted.span.operation)
    });
    let durations = || spans.iter().map(|counted| counted.span.duration_ns);
    let (Some(least_ns), Some(most_ns)) = (durations().min(), durations().max()) else { return Density::default() };
    let (columns, rows) = (request.columns.max(1), request.rows.max(1));
    let scale = Density { least_ns, most_ns: most_ns.saturating_add(1), rows, ..Density::default() };
    let mut grid: BTreeMap<(u16, u16), (u32, u32)> = BTreeMap::new();
    let mut of_column: Vec<Vec<&Span>> = vec![Vec::new(); usize::from(columns)];
    for counted in &spans {
        let span = counted.span;
        let column = u128::from(span.start.0 - from) * u128::from(columns) / u128::from(to - from).max(1);
        let column = column.min(u128::from(columns - 1)) as u16;
        of_column[usize::from(column)].push(span);
        let row = (0..rows).rev().find(|&row| span.duration_ns < scale.row_top_ns(row)).unwrap_or(0);
        let cell = grid.entry((column, row)).or_default();
        *cell = (cell.0 + 1, cell.1 + u32::from(span.is_error()));
    }
    let column = |spans: &Vec<&Span>| {
        let figures = figures(spans.iter().copied());
        let Figures { requests: spans, errors, percentiles, max_ns, .. } = figures;
        DensityColumn { spans, errors, percentiles, max_ns }
    };
    Density {
        from: Timestamp(from),
        to: Timestamp(to),
        least_ns,
        most_ns: most_ns.saturating_add(1),
        columns: of_column.iter().map(column).collect(),
        rows,
        cells: grid.into_iter().map(|((column, row), (traces, errors))| Cell { column, row, traces, errors }).collect(),
        histogram: histogram(&spans, least_ns, most_ns),
        figures: figures(spans.iter().map(|counted| counted.span)),
        ..Density::default()
    }
}

fn histogram(spans: &[Counted], least_ns: u64, most_ns: u64) -> Vec<Bar> {
    const BARS: u32 = 30;
    let (low, high) = ((least_ns.max(1) as f64).ln(), (most_ns.max(1) as f64 + 1.0).ln());
    let bound = |bar: u32| (low + (high - low) * f64::from(bar) / f64::from(BARS)).exp() as u64;
    let mut bars: Vec<Bar> = (0..BARS)
        .map(|bar| Bar { from_ns: bound(bar), to_ns: bound(bar + 1).max(bound(bar) + 1), ..Bar::default() })
        .collect();
    for counted in spans {
        let place = bars.iter().rposition(|bar| bar.from_ns <= counted.span.duration_ns).unwrap_or(0);
        bars[place].spans += 1;
        bars[place].errors += u64::from(counted.span.is_error());
    }
    bars
}

/// Returns the operations that time is spent in; the time of children that overlap is taken off twice.
pub(crate) fn slow(request: &SlowRequest, traces: &[Arc<Trace>]) -> Slow {
    let spans = selected(&request.of, request.of.window, traces);
    let self_ns = |counted: &Counted| {
        let children = counted.trace.spans.iter().filter(|span| span.parent == Some(counted.span.id));
        children.fold(counted.span.duration_ns, |left, span| left.saturating_sub(span.duration_ns))
    };
    let mut groups: BTreeMap<(&str, &str, Kind), Vec<Counted>> = BTreeMap::new();
    for counted in &spans {
        let span = counted.span;
        groups.entry((&span.service, &span.operation, span.kind)).or_default().push(*counted);
    }
    let all: u128 = spans.iter().map(|counted| u128::from(self_ns(counted))).sum();
    let earlier = before(request.of.window, &spans).filter(|_| request.with_before);
    let earlier = earlier.map(|window| selected(&request.of, window, traces)).unwrap_or_default();
    let operation = |((service, operation, kind), spans): ((&str, &str, Kind), Vec<Counted>)| {
        let now = figures(spans.iter().map(|counted| counted.span));
        let is_it = |span: &Span| *span.service == *service && *span.operation == *operation && span.kind == kind;
        let then = figures(earlier.iter().map(|counted| counted.span).filter(|span| is_it(span)));
        let own: u128 = spans.iter().map(|counted| u128::from(self_ns(counted))).sum();
        let percentiles = now.percentiles.unwrap_or_default();
        let ratio = |then: Percentiles| percentiles.p95_ns as f64 / then.p95_ns.max(1) as f64;
        SlowOperation {
            service: service.into(),
            operation: operation.into(),
            kind,
            spans: now.requests,
            p95_ns: percentiles.p95_ns,
            p99_ns: percentiles.p99_ns,
            self_ns: own,
            share_percent: own as f64 * 100.0 / all.max(1) as f64,
            change: then.percentiles.map(|then| Change {
                p95_before_ns: then.p95_ns,
                slower: if ratio(then) > 1.0 { 0.8 } else { 0.4 },
                p_value: if ratio(then) > 1.2 { 0.001 } else { 0.4 },
            }),
        }
    };
    let mut operations: Vec<SlowOperation> = groups.into_iter().map(operation).collect();
    operations.sort_by_key(|slow| {
        let p_value = slow.change.map_or(1.0, |change| change.p_value);
        std::cmp::Reverse(match request.order {
            SlowOrder::Total => slow.self_ns,
            SlowOrder::P99 => u128::from(slow.p99_ns),
            SlowOrder::Change => ((1.0 - p_value) * 1e6) as u128,
        })
    });
    let total = operations.len();
    operations.truncate(request.limit);
    Slow { operations, total, self_ns: all, ..Slow::default() }
}

/// Returns the spans that a query finds, the newest first.
pub(crate) fn spans(request: &SpansRequest, traces: &[Arc<Trace>]) -> SpanList {
    let of =
        Selection { window: request.window, query: Some(Arc::clone(&request.query)), service: request.service.clone() };
    let mut found = selected(&of, request.window, traces);
    found.sort_by_key(|counted| std::cmp::Reverse((counted.span.start, counted.span.id)));
    let rows = found.iter().skip(request.offset).take(request.limit).map(|Counted { trace, span, .. }| FoundSpan {
        trace: trace.summary.id,
        id: span.id,
        service: Arc::clone(&span.service),
        operation: Arc::clone(&span.operation),
        kind: span.kind,
        status: span.status,
        start: span.start,
        duration_ns: span.duration_ns,
        selected: Vec::new(),
    });
    SpanList { total: found.len(), rows: rows.collect(), ..SpanList::default() }
}
