//! The history of health goes on where spans had to go.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::prelude::*;
use prost::Message;
use spantop::model::Timestamp;
use spantop::otlp;
use spantop::source::{Reply, Request, Selection, Window, answer};
use spantop::store::{Limits, Sealer, Snapshot, Writer};

const MINUTE_NS: u64 = 60_000_000_000;
const BEGIN: u64 = 28_000_000 * MINUTE_NS;
const SERVICES: [&str; 3] = ["shop", "cart", "cron"];

/// A request of a service; those of the last one are of no kind that says so.
#[derive(Clone, Debug)]
struct Made {
    service: usize,
    minute: u64,
    duration_ns: u64,
    is_error: bool,
}

fn made() -> impl Strategy<Value = Vec<Made>> {
    let one = (0..SERVICES.len(), 0..20_u64, 1..5_000_000_000_u64, any::<bool>());
    let one = one.prop_map(|(service, minute, duration_ns, is_error)| Made { service, minute, duration_ns, is_error });
    prop::collection::vec(one, 1..60)
}

fn request(number: usize, made: &Made) -> ExportTraceServiceRequest {
    let start = BEGIN + made.minute * MINUTE_NS + number as u64;
    let span = Span {
        trace_id: (number as u128 + 1).to_be_bytes().to_vec(),
        span_id: (number as u64 + 1).to_be_bytes().to_vec(),
        name: "work".into(),
        kind: if made.service == 2 { 1 } else { 2 },
        start_time_unix_nano: start,
        end_time_unix_nano: start + made.duration_ns,
        status: made.is_error.then(|| Status { code: 2, message: String::new() }),
        ..Span::default()
    };
    let value = AnyValue { value: Some(any_value::Value::StringValue(SERVICES[made.service].into())) };
    let attribute = KeyValue { key: "service.name".into(), value: Some(value), ..KeyValue::default() };
    let resource = Resource { attributes: vec![attribute], ..Resource::default() };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: Some(resource), scope_spans, ..ResourceSpans::default() }],
    }
}

/// Returns a store of these requests of which so many traces may be in memory, with how many spans are gone.
fn stored(all: &[Made], max_memory_traces: usize) -> (Snapshot, u64) {
    let (store, mut writer) = Writer::new(Limits { max_memory_traces, ..Limits::default() });
    let mut sealer = Sealer::default();
    for (number, made) in all.iter().enumerate() {
        let batch = otlp::scan(request(number, made).encode_to_vec().into()).unwrap();
        writer.append(&batch, Timestamp(BEGIN + 20 * MINUTE_NS));
        // Some blocks go before they are sealed.
        if number % 3 == 0 {
            while let Some(block) = writer.take_unsealed() {
                writer.put_sealed(block.seal(&mut sealer));
            }
        }
    }
    let snapshot = store.snapshot();
    let evicted = snapshot.facts().counters.evicted;
    (snapshot, evicted)
}

type Minutes = BTreeMap<(String, u64), (u64, u64, u128)>;

/// Returns requests, errors and durations of each service and minute.
fn minutes(snapshot: &Snapshot, of: Selection) -> Minutes {
    let Reply::Trends(trends) = answer(&Request::Trends(of), snapshot) else { panic!("trends were asked for") };
    let services = trends.services.iter();
    let all = services.flat_map(|of| of.minutes.iter().map(|minute| (of.service.to_string(), minute)));
    all.map(|(service, one)| ((service, one.at.0), (one.requests, one.errors, one.sum_ns))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_gone_counts_as_if_it_were_there(all in made(), ends in (0..21_u64, 0..21_u64)) {
        let (few, evicted) = stored(&all, 4);
        let (whole, none) = stored(&all, 0);
        prop_assert_eq!(none, 0);
        prop_assert_eq!(evicted > 0, all.len() > 4);
        let at = |minute: u64| Some(Timestamp(BEGIN + minute * MINUTE_NS));
        let window = Window { from: at(ends.0.min(ends.1)), to: at(ends.0.max(ends.1)) };
        for window in [Window::default(), window] {
            for service in [None, Some("cart"), Some("cron")] {
                let of = || Selection { window, service: service.map(Into::into), ..Selection::default() };
                prop_assert_eq!(minutes(&few, of()), minutes(&whole, of()));
            }
        }
        // What is gone cannot be searched.
        let query = spantop::query::parse("{ true }").unwrap().query;
        let found = minutes(&few, Selection { query: Some(query.into()), ..Selection::default() });
        prop_assert_eq!(found.values().map(|sums| sums.0).sum::<u64>() + evicted, all.len() as u64);
    }
}
