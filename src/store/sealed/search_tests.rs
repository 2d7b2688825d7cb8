use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::prelude::*;
use prost::Message;

use super::tests::{both, with_ids};
use crate::model::{Attribute, Value};
use crate::otlp::fixture::{TestSpan, batch, span};
use crate::otlp::{Batch, arbitrary, decode, scan};
use crate::store::{Bits, Column, FingerprintOf, Snapshot, Test, View, fingerprint};
use crate::testing::Random;

const COLUMNS: [Column; 10] = [
    Column::Start,
    Column::Duration,
    Column::Service,
    Column::Operation,
    Column::Scope,
    Column::Kind,
    Column::Status,
    Column::Events,
    Column::Links,
    Column::IsRoot,
];

fn snapshots(batches: &[Batch]) -> [Snapshot; 2] {
    both(batches).map(|store| store.snapshot())
}

/// Spans of many traces, more than one chunk and one page of them.
fn many() -> [Snapshot; 2] {
    let of = |number: u64| TestSpan {
        duration: number * number % 70_001,
        service: ["shop", "cart", "mail", "till", "bank"][number as usize % 5],
        name: ["GET /", "query", "send", "charge"][number as usize % 4],
        error: number.is_multiple_of(11),
        ..span((number / 7 % 100) as u8 + 1, number + 1, number / 3, number * 13)
    };
    snapshots(&[batch(&(0..3_000).map(of).collect::<Vec<_>>())])
}

/// Some of the rows, from very few of them to all.
fn some(rows: u32, random: &mut Random) -> Bits {
    let of = [1, 2, 9, 100][random.below(4)];
    let mut bits = Bits::all(rows);
    bits.retain(|_| random.below(of) == 0);
    bits
}

/// Tries tests of all columns against looking at each row.
fn keeps_what_passes(view: &View, random: &mut Random) -> Result<(), TestCaseError> {
    for column in COLUMNS {
        let (least, most) = view.bounds(column);
        let mut value = || column.of(&view.row(random.below(view.len() as usize) as u32));
        let (a, b) = (value(), value());
        prop_assert!((least..=most).contains(&a), "{column:?}: {a} in {least}..={most}");
        let table: Vec<bool> = (0..random.below(300)).map(|_| random.below(3) > 0).collect();
        let tests = [
            Test::Between(a.min(b), a.max(b)),
            Test::Between(a, a),
            Test::Between(0, a),
            Test::Between(a.saturating_add(1), u64::MAX),
            Test::Between(0, u64::MAX),
            Test::Between(2, 1),
            Test::OneOf(&table),
            Test::OneOf(&[false, true, true]),
            Test::OneOf(&[]),
        ];
        for test in tests {
            let wanted = some(view.len(), random);
            let (mut kept, mut expected) = (wanted.clone(), wanted);
            view.keep(column, &test, &mut kept);
            expected.retain(|row| test.passes(column.of(&view.row(row))));
            prop_assert_eq!(kept, expected, "{:?} {:?}", column, test);
        }
    }
    Ok(())
}

fn parts_and_rows_belong_together(view: &View, random: &mut Random) -> Result<(), TestCaseError> {
    let wanted = some(view.len(), random);
    let parts = view.parts_of(&wanted);
    let expected = |part: u32| wanted.iter().any(|row| view.part_of_row(row) == part);
    prop_assert!((0..view.parts()).all(|part| parts.has(part) == expected(part)));
    let rows = view.rows_of(&parts);
    prop_assert!((0..view.len()).all(|row| rows.has(row) == parts.has(view.part_of_row(row))));
    prop_assert!((0..view.parts()).all(|part| view.newest_rows(part).all(|row| view.part_of_row(row) == part)));
    Ok(())
}

fn has_bytes(bytes: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(bytes, needle).is_some()
}

/// Tries to find some bytes of a span, and others.
fn keeps_what_has_bytes(view: &View, random: &mut Random) -> Result<(), TestCaseError> {
    let mut reader = view.reader();
    let body = reader.body(random.below(view.len() as usize) as u32);
    let from = random.below(body.len() + 1);
    let needle = &body[from..(from + 1 + random.below(6)).min(body.len())];
    for needle in [needle, b"no such text", &needle[needle.len() / 2..]].map(<[u8]>::to_vec) {
        if needle.is_empty() {
            continue;
        }
        let wanted = some(view.len(), random);
        let mut kept = wanted.clone();
        let find = |bytes: &[u8], from: usize| Some(memchr::memmem::find(bytes.get(from..)?, &needle)? + from);
        view.keep_with_bytes(&find, |_, bytes| has_bytes(bytes, &needle), &mut kept);
        let mut every_third = wanted.clone();
        view.keep_with_bytes(&|_, from| Some(from), |row, _| row % 3 == 0, &mut every_third);
        let mut reader = view.reader();
        for row in 0..view.len() {
            prop_assert_eq!(kept.has(row), wanted.has(row) && has_bytes(reader.body(row), &needle));
            prop_assert_eq!(every_third.has(row), wanted.has(row) && row % 3 == 0);
        }
    }
    Ok(())
}

/// Returns the fingerprints by which an attribute is asked for.
fn fingerprints(Attribute { key, value }: &Attribute) -> Vec<u64> {
    let of = |value: &Value| match value {
        Value::String(text) => fingerprint(key, FingerprintOf::String(text)),
        Value::Bool(value) => fingerprint(key, FingerprintOf::Bool(*value)),
        Value::Int(number) => fingerprint(key, FingerprintOf::Number(*number as f64)),
        Value::Double(number) => fingerprint(key, FingerprintOf::Number(*number)),
        _ => fingerprint(key, FingerprintOf::Key),
    };
    let elements = if let Value::Array(elements) = value { &elements[..] } else { &[] };
    let key = fingerprint(key, FingerprintOf::Key);
    elements.iter().map(of).chain([key, of(value)]).collect()
}

/// Returns the attributes of all spans, their events and their links.
fn attributes(view: &View) -> Vec<Attribute> {
    let mut reader = view.reader();
    let mut all = Vec::new();
    for row in 0..view.len() {
        let body = decode::span(reader.body(row));
        all.extend(body.attributes);
        all.extend(body.events.into_iter().flat_map(|event| event.attributes));
        all.extend(body.links.into_iter().flat_map(|link| link.attributes));
    }
    all
}

fn finds_all_attributes(view: &View) -> Result<(), TestCaseError> {
    let mut reader = view.reader();
    for scope in 0..view.scopes() {
        let (message, schema_url) = reader.scope(scope);
        let mut all = decode::scope(message, schema_url).attributes;
        let (message, schema_url) = reader.resource(scope);
        all.extend(decode::resource(message, schema_url).attributes);
        for attribute in all {
            for fingerprint in fingerprints(&attribute) {
                prop_assert!(view.origin_may_have(fingerprint), "{attribute:?}");
            }
        }
    }
    for attribute in attributes(view) {
        for fingerprint in fingerprints(&attribute) {
            prop_assert!(view.may_have(fingerprint), "{attribute:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn searches_find_what_a_look_at_each_row_finds(
        requests in prop::collection::vec(arbitrary::request(), 1..6),
        seed in any::<u64>(),
    ) {
        let batches: Vec<Batch> =
            requests.into_iter().map(|request| scan(with_ids(request, seed).encode_to_vec().into()).unwrap()).collect();
        prop_assume!(batches.iter().any(|batch| !batch.spans.is_empty()));
        let mut random = Random::new(seed);
        for snapshot in snapshots(&batches) {
            let view = snapshot.view(0);
            keeps_what_passes(&view, &mut random)?;
            parts_and_rows_belong_together(&view, &mut random)?;
            keeps_what_has_bytes(&view, &mut random)?;
            finds_all_attributes(&view)?;
        }
    }
}

#[test]
fn searches_of_many_rows_find_what_a_look_at_each_finds() {
    for snapshot in many() {
        let view = snapshot.view(0);
        for seed in 0..20 {
            let mut random = Random::new(seed);
            keeps_what_passes(&view, &mut random).unwrap();
            parts_and_rows_belong_together(&view, &mut random).unwrap();
            keeps_what_has_bytes(&view, &mut random).unwrap();
        }
        finds_all_attributes(&view).unwrap();
    }
}

#[test]
fn names_and_scopes_are_those_of_the_rows() {
    for snapshot in many() {
        let view = snapshot.view(0);
        let names: Vec<(u32, &str)> = (0..view.names()).map(|name| (name, view.text(name))).collect();
        assert!((0..view.len()).all(|row| names.contains(&(view.service(row), view.text(view.service(row))))));
        assert!((0..view.len()).all(|row| view.row(row).scope < view.scopes()));
        assert!(names.iter().any(|&(_, name)| name == "charge"));
    }
}

#[test]
fn a_filter_of_attributes_passes_little_that_is_not_there() {
    let [open, sealed] = many();
    let other = |number: u32| fingerprint("id", FingerprintOf::Number(f64::from(number)));
    assert!(open.view(0).may_have(other(1)), "nothing is known of an open block");
    let passed = (0..10_000).filter(|&number| sealed.view(0).may_have(other(number))).count();
    assert!(passed < 40, "{passed} of 10,000 others");
    assert!(!sealed.view(0).may_have(fingerprint("no.such.key", FingerprintOf::Key)));
    let service = fingerprint("service.name", FingerprintOf::Key);
    assert!(sealed.view(0).origin_may_have(service) && !sealed.view(0).may_have(service));
    assert!(!sealed.view(0).origin_may_have(fingerprint("no.such.key", FingerprintOf::Key)));
}

#[test]
fn recorded_attributes_are_all_found() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut batches = Vec::new();
    for capture in ["python-grpc", "rust-proto"] {
        for entry in std::fs::read_dir(folder.join(capture)).unwrap() {
            let body = std::fs::read(entry.unwrap().path()).unwrap();
            // Logs and metrics are there as well.
            if ExportTraceServiceRequest::decode(&body[..]).is_ok() {
                batches.extend(scan(body.into()));
            }
        }
    }
    let [_, sealed] = snapshots(&batches);
    let view = sealed.view(0);
    assert!(attributes(&view).len() > 100, "spans were recorded");
    finds_all_attributes(&view).unwrap();
}
