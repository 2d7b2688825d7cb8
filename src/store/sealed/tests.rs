use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::otlp::{Batch, arbitrary, scan, wire};
use crate::store::open::PartRef;
use crate::store::{Limits, Sealer, Snapshot, Store, Writer};

/// A store whose block waits to be sealed, and the same with that done.
pub(in crate::store) fn both(batches: &[Batch]) -> [Arc<Store>; 2] {
    [false, true].map(|seals| {
        let (store, mut writer) = Writer::new(Limits { retention_ns: 8, ..Limits::default() });
        for batch in batches {
            writer.append(batch, Timestamp(0));
        }
        // The block is old and is ended, but not yet dropped.
        writer.tick(Timestamp(2));
        let unsealed = writer.take_unsealed().filter(|_| seals);
        if let Some(unsealed) = unsealed {
            writer.put_sealed(unsealed.seal(&mut Sealer::default()));
        }
        store
    })
}

/// Everything kept of a span, read with prost.
#[derive(Debug, PartialEq)]
struct Kept {
    span: Span,
    scope: (InstrumentationScope, String),
    resource: (Resource, String),
    names: [String; 2],
    columns: [u64; 8],
}

/// Returns everything kept, trace by trace, in order of arrival.
fn kept(snapshot: &Snapshot, parts: &[PartRef]) -> Vec<Kept> {
    let mut all = Vec::new();
    for at in parts {
        let view = snapshot.view(snapshot.position(at.block).unwrap());
        let mut reader = view.reader();
        for index in view.part_rows(at.part) {
            let row = view.row(index);
            assert_eq!(view.find_span(at.part, row.span_id), Some(index));
            let (facts, times) = (row.facts, [row.start_ns, row.duration_ns]);
            all.push(Kept {
                span: Span::decode(reader.span(index)).unwrap(),
                scope: decoded(reader.scope(row.scope)),
                resource: decoded(reader.resource(row.scope)),
                names: [row.service, row.operation].map(|name| view.name(name).to_string()),
                columns: [
                    row.span_id,
                    row.parent_id,
                    times[0],
                    times[1],
                    facts.kind() as u64,
                    facts.status() as u64,
                    u64::from(facts.events()) << 32 | u64::from(facts.links()),
                    u64::from(facts.ends_before_start()),
                ],
            });
        }
    }
    all
}

fn decoded<T: Message + Default>((message, schema_url): (&[u8], &str)) -> (T, String) {
    (T::decode(message).unwrap(), schema_url.to_owned())
}

fn check(batches: &[Batch]) -> Result<(), TestCaseError> {
    let [open, sealed] = both(batches);
    let snapshots = [open.snapshot(), sealed.snapshot()];
    let parts: Vec<Vec<PartRef>> = snapshots
        .iter()
        .map(|snapshot| {
            let view = snapshot.view(0);
            let parts = (0..).take_while(|&part| view.has_part(part));
            parts.map(|part| PartRef { block: view.sequence(), part }).collect()
        })
        .collect();
    prop_assert_eq!(&parts[0], &parts[1]);
    let [open, sealed] = &snapshots;
    // Bytes are compared, as NaN is not equal to itself.
    prop_assert_eq!(format!("{:?}", kept(open, &parts[0])), format!("{:?}", kept(sealed, &parts[0])));
    for part in parts[0].iter().map(|at| at.part) {
        let [open, sealed] = [open.view(0), sealed.view(0)];
        prop_assert_eq!(open.trace_id(part), sealed.trace_id(part));
        let (a, b) = (open.sums(), sealed.sums());
        prop_assert_eq!(a.part(part), b.part(part));
        prop_assert_eq!(a.root(part).map(|r| (r.start_ns, r.span_id)), b.root(part).map(|r| (r.start_ns, r.span_id)));
        let sorted = |mut ids: Vec<u64>| {
            ids.sort_unstable();
            ids
        };
        let foreign = [open, sealed].map(|view| sorted(view.foreign_parents(part).collect()));
        prop_assert_eq!(&foreign[0], &foreign[1]);
        let ids = [open, sealed].map(|view| sorted(view.span_ids(part).collect()));
        prop_assert_eq!(&ids[0], &ids[1]);
    }
    Ok(())
}

/// Gives the spans of a request ids that are taken, of a few traces, so that some are parents of others; some stay
/// without a parent, or with one that is all zero or not there.
pub(super) fn with_ids(mut request: ExportTraceServiceRequest, seed: u64) -> ExportTraceServiceRequest {
    let spans = request.resource_spans.iter_mut().flat_map(|r| &mut r.scope_spans).flat_map(|s| &mut s.spans);
    for (number, span) in spans.enumerate() {
        let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(number as u32 * 7);
        span.trace_id = vec![(random % 3) as u8 + 1; 16];
        span.span_id = (number as u64 + 1).to_be_bytes().to_vec();
        span.parent_span_id = match random % 5 {
            0 => Vec::new(),
            1 => vec![0; 8],
            _ => (random % 7 + 1).to_be_bytes().to_vec(),
        };
    }
    request
}

/// Adds to each span of a request fields that prost does not write: unknown ones, and known ones once more.
fn with_oddities(request: &ExportTraceServiceRequest, oddity: u8) -> Vec<u8> {
    let mut body = Vec::new();
    for resource_spans in &request.resource_spans {
        let mut resource = Vec::new();
        wire::put_bytes(&mut resource, 1, &resource_spans.resource.clone().unwrap_or_default().encode_to_vec());
        for scope_spans in &resource_spans.scope_spans {
            let mut scope = Vec::new();
            for span in &scope_spans.spans {
                wire::put_bytes(&mut scope, 2, &odd(span.encode_to_vec(), oddity));
            }
            wire::put_bytes(&mut scope, 1, &scope_spans.scope.clone().unwrap_or_default().encode_to_vec());
            wire::put_bytes(&mut resource, 2, &scope);
        }
        wire::put_bytes(&mut resource, 3, resource_spans.schema_url.as_bytes());
        wire::put_bytes(&mut body, 1, &resource);
    }
    body
}

fn odd(mut span: Vec<u8>, oddity: u8) -> Vec<u8> {
    match oddity {
        0 => wire::put_bytes(&mut span, 1_000, b"unknown"),
        1 => wire::put_bytes(&mut span, 5, b"another name"),
        2 => wire::put_bytes(&mut span, 15, &[3 << 3, 2]),
        3 => wire::put_bytes(&mut span, 15, &[3 << 3, 0]),
        4 => span.extend_from_slice(&[6 << 3, 0x83, 0x80, 0x80, 0x80, 0x10]),
        5 => span.extend_from_slice(&[6 << 3, 77]),
        6 => span.splice(0..0, [15 << 3 | 2, 2, 3 << 3, 1]).for_each(drop),
        7 => wire::put_bytes(&mut span, 4, &[0; 8]),
        _ => {}
    }
    span
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_sealed_means_the_same(
        requests in prop::collection::vec(arbitrary::request(), 1..4),
        seed in any::<u64>(),
        oddity in 0..12_u8,
    ) {
        let batches: Vec<Batch> = requests
            .into_iter()
            .map(|request| scan(with_oddities(&with_ids(request, seed), oddity).into()).unwrap())
            .collect();
        prop_assume!(batches.iter().any(|batch| !batch.spans.is_empty()));
        check(&batches)?;
    }
}

#[test]
fn a_part_too_large_to_be_searched_row_by_row_is_found() {
    use crate::otlp::fixture::{batch, span};
    let spans: Vec<_> = (1..=300).map(|id| span(id as u8 % 2 + 1, id, id / 2, id)).collect();
    check(&[batch(&spans)]).unwrap();
}

#[test]
fn an_ordinary_span_is_kept_byte_by_byte() {
    use crate::otlp::fixture::{TestSpan, batch, span};
    let spans = [span(1, 2, 1, 5), TestSpan { error: true, ..span(1, 3, 2, 6) }];
    let stores = both(&[batch(&spans)]);
    let [open, sealed] = stores.map(|store| {
        let snapshot = store.snapshot();
        let mut reader = snapshot.view(0).reader();
        [0, 1].map(|row| reader.span(row).to_vec())
    });
    assert_eq!(open, sealed);
}
