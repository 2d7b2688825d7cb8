//! Everything that can be said in OTLP, for laws that hold for all of it.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Text with all that JSON has to escape, and with characters beyond the first plane.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z.]{1,12}",
        "\\PC{0,6}[\\x00-\\x1f\"\\\\/\u{7f}\u{2028}🚀é]{0,6}",
        any::<String>()
    ]
}

/// Doubles of every kind, with the one NaN that JSON can say.
fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_map(|value| if value.is_nan() { f64::NAN } else { value }),
        Just(f64::NAN),
        Just(-0.0)
    ]
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let scalar = prop_oneof![
        Just(None),
        text().prop_map(|value| Some(Any::StringValue(value))),
        any::<bool>().prop_map(|value| Some(Any::BoolValue(value))),
        any::<i64>().prop_map(|value| Some(Any::IntValue(value))),
        double().prop_map(|value| Some(Any::DoubleValue(value))),
        vec(any::<u8>(), 0..9).prop_map(|value| Some(Any::BytesValue(value))),
    ];
    scalar.prop_map(|value| AnyValue { value }).prop_recursive(5, 24, 4, |value| {
        let entry = (text(), option::of(value.clone()));
        let entry = entry.prop_map(|(key, value)| KeyValue { key, value, ..Default::default() });
        prop_oneof![
            vec(value, 0..4).prop_map(|values| Any::ArrayValue(ArrayValue { values })),
            vec(entry, 0..4).prop_map(|values| Any::KvlistValue(KeyValueList { values })),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let attribute = (text(), option::of(any_value()));
    vec(attribute.prop_map(|(key, value)| KeyValue { key, value, ..Default::default() }), 0..3)
}

fn id() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..18)
}

/// Zero as often as not.
fn count<T: Arbitrary + Clone + Default + 'static>() -> impl Strategy<Value = T> {
    prop_oneof![Just(T::default()), any::<T>()]
}

fn event() -> impl Strategy<Value = Event> {
    (count(), text(), attributes(), count()).prop_map(|(time_unix_nano, name, attributes, dropped_attributes_count)| {
        Event { time_unix_nano, name, attributes, dropped_attributes_count }
    })
}

fn link() -> impl Strategy<Value = Link> {
    (id(), id(), text(), attributes(), count(), count()).prop_map(
        |(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count,
            flags,
        },
    )
}

fn span() -> impl Strategy<Value = Span> {
    let status = (text(), count()).prop_map(|(message, code)| Status { message, code });
    let ids = (id(), id(), text(), id(), count::<u32>());
    let times = (text(), count::<i32>(), count::<u64>(), count::<u64>());
    let lists = (attributes(), vec(event(), 0..2), vec(link(), 0..2));
    let rest = (count::<u32>(), count::<u32>(), count::<u32>(), option::of(status));
    (ids, times, lists, rest).prop_map(|(ids, times, lists, rest)| Span {
        trace_id: ids.0,
        span_id: ids.1,
        trace_state: ids.2,
        parent_span_id: ids.3,
        flags: ids.4,
        name: times.0,
        kind: times.1,
        start_time_unix_nano: times.2,
        end_time_unix_nano: times.3,
        attributes: lists.0,
        events: lists.1,
        links: lists.2,
        dropped_attributes_count: rest.0,
        dropped_events_count: rest.1,
        dropped_links_count: rest.2,
        status: rest.3,
    })
}

fn resource() -> impl Strategy<Value = Resource> {
    let entity_ref = (text(), text(), vec(text(), 0..3), vec(text(), 0..3));
    let entity_ref = entity_ref.prop_map(|(schema_url, r#type, id_keys, description_keys)| EntityRef {
        schema_url,
        r#type,
        id_keys,
        description_keys,
    });
    (attributes(), count(), vec(entity_ref, 0..2)).prop_map(|(attributes, dropped_attributes_count, entity_refs)| {
        Resource { attributes, dropped_attributes_count, entity_refs }
    })
}

fn scope() -> impl Strategy<Value = InstrumentationScope> {
    (text(), text(), attributes(), count()).prop_map(|(name, version, attributes, dropped_attributes_count)| {
        InstrumentationScope { name, version, attributes, dropped_attributes_count }
    })
}

/// Requests with ids of any length.
pub(crate) fn request() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scope_spans = (option::of(scope()), vec(span(), 0..3), text());
    let scope_spans = scope_spans.prop_map(|(scope, spans, schema_url)| ScopeSpans { scope, spans, schema_url });
    let resource_spans = (option::of(resource()), vec(scope_spans, 0..2), text());
    let resource_spans = resource_spans.prop_map(|(resource, scope_spans, schema_url)| ResourceSpans {
        resource,
        scope_spans,
        schema_url,
    });
    vec(resource_spans, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}
