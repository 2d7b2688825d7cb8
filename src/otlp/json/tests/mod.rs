//! OTLP/JSON rule by rule; `corpus` has what real SDKs sent, `laws` what holds for every message.

mod corpus;
mod laws;

use super::{TOO_DEEP, to_protobuf};
use crate::otlp::encode::to_json;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value::{
    ArrayValue, BoolValue, BytesValue, DoubleValue, IntValue, KvlistValue, StringValue,
};
use opentelemetry_proto::tonic::common::v1::{self as common, AnyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::span::Event;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use prost::Message;

fn read(body: &str) -> ExportTraceServiceRequest {
    let protobuf = to_protobuf(body.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{body}"));
    ExportTraceServiceRequest::decode(protobuf.as_slice()).unwrap()
}

fn error(body: impl AsRef<[u8]>) -> String {
    to_protobuf(body.as_ref()).unwrap_err().to_string()
}

fn in_span(members: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{members}}}]}}]}}]}}"#)
}

fn span(members: &str) -> Span {
    read(&in_span(members)).resource_spans.remove(0).scope_spans.remove(0).spans.remove(0)
}

/// The error of a span, without the path that leads to it.
fn span_error(members: &str) -> String {
    error(in_span(members)).replace("resourceSpans[0].scopeSpans[0].spans[0].", "")
}

fn value(json: &str) -> Option<any_value::Value> {
    span(&format!(r#""attributes":[{{"key":"k","value":{json}}}]"#)).attributes.remove(0).value.unwrap().value
}

fn value_error(json: &str) -> String {
    let error = span_error(&format!(r#""attributes":[{{"key":"k","value":{json}}}]"#));
    error.split_once("attributes[0].value").unwrap().1.trim_start_matches(['.', ':', ' ']).to_owned()
}

#[test]
fn j1_ids_are_hex_in_any_case_and_bytes_are_base64() {
    let read = span(
        r#""traceId":"5B8EFFF798038103d269b633813fc60c","spanId":"EEE19B7EC3C1B174","parentSpanId":"",
           "links":[{"traceId":"00ff","spanId":"0A"}]"#,
    );
    assert_eq!(read.trace_id, 0x5b8e_fff7_9803_8103_d269_b633_813f_c60c_u128.to_be_bytes());
    assert_eq!(read.span_id, 0xeee1_9b7e_c3c1_b174_u64.to_be_bytes());
    assert!(read.parent_span_id.is_empty());
    assert_eq!((read.links[0].trace_id.as_slice(), read.links[0].span_id.as_slice()), (&[0, 255][..], &[10][..]));
    for base64 in ["+/8B", r"+\/8B", "-_8B"] {
        assert_eq!(value(&format!(r#"{{"bytesValue":"{base64}"}}"#)), Some(BytesValue(vec![251, 255, 1])));
    }
    for (base64, bytes) in [("", ""), ("QQ==", "A"), ("QQ", "A"), ("QUI=", "AB"), ("QUI", "AB"), ("QUJD", "ABC")] {
        assert_eq!(value(&format!(r#"{{"bytesValue":"{base64}"}}"#)), Some(BytesValue(bytes.into())));
    }
}

#[test]
fn j2_enums_are_integers_and_unknown_ones_are_kept() {
    let read = span(r#""kind":77,"status":{"code":-2,"message":"m"}"#);
    assert_eq!((read.kind, read.status.unwrap().code), (77, -2));
    assert_eq!(span(r#""kind":"3""#).kind, 3);
    assert_eq!(
        span_error(r#""kind":"SPAN_KIND_SERVER""#),
        "line 1, column 52: kind: 'SPAN_KIND_SERVER' is no SpanKind: OTLP/JSON requires the integer, not the name"
    );
    assert!(span_error(r#""status":{"code":"STATUS_CODE_OK"}"#).contains("status.code: 'STATUS_CODE_OK' is no Statu"));
}

#[test]
fn j3_unknown_names_are_ignored_at_any_level() {
    let unknown = r#""later":{"a":[1,-2.5e3,"x\n",null,true,false,{},[],{"b":[[]]}],"traceId":"zz"},"kind2":"SERVER""#;
    let body = format!(
        r#"{{{unknown},"resourceSpans":[{{{unknown},"resource":{{{unknown}}},"scopeSpans":[{{{unknown},
        "spans":[{{{unknown},"name":"n",{unknown},"attributes":[{{"key":"k",{unknown},"value":{{{unknown}}}}}]}}]}}]}}],
        {unknown}}}"#
    );
    let read = read(&body).resource_spans.remove(0).scope_spans.remove(0).spans.remove(0);
    assert_eq!((read.name.as_str(), read.attributes[0].key.as_str()), ("n", "k"));
    assert_eq!(read.attributes[0].value, Some(AnyValue { value: None }));
}

#[test]
fn j4_names_are_lower_camel_case_only() {
    let read = span(r#""trace_id":"not hex","SpanId":7,"start_time_unix_nano":{},"n\u0061me":"n","name2":"x""#);
    assert_eq!(read, Span { name: "n".into(), ..Span::default() });
}

#[test]
fn j5_integers_of_64_bits_are_strings_or_numbers() {
    for (json, expected) in [
        (r#""9223372036854775807""#, i64::MAX),
        ("9223372036854775807", i64::MAX),
        (r#""-9223372036854775808""#, i64::MIN),
        ("1e3", 1000),
        ("-1.0", -1),
        (r#""1.5e1""#, 15),
        ("0", 0),
    ] {
        assert_eq!(value(&format!(r#"{{"intValue":{json}}}"#)), Some(IntValue(expected)), "{json}");
    }
    let read = span(r#""startTimeUnixNano":"18446744073709551615","endTimeUnixNano":18446744073709551615,"flags":257"#);
    assert_eq!((read.start_time_unix_nano, read.end_time_unix_nano, read.flags), (u64::MAX, u64::MAX, 257));
}

#[test]
fn j6_null_is_not_sent_and_doubles_may_be_words() {
    let nulls = ["traceId", "name", "kind", "startTimeUnixNano", "attributes", "flags", "status", "events"];
    let members: Vec<_> = nulls.iter().map(|name| format!(r#""{name}":null"#)).collect();
    assert_eq!(span(&members.join(",")), Span::default());
    assert_eq!(read(r#"{"resourceSpans":null}"#), ExportTraceServiceRequest::default());
    assert_eq!(value(r#"{"stringValue":null}"#), None);
    for (json, expected) in [
        (r#""NaN""#, f64::NAN),
        (r#""Infinity""#, f64::INFINITY),
        (r#""-Infinity""#, f64::NEG_INFINITY),
        (r#""-2.5e-3""#, -0.0025),
        ("-0.0", -0.0),
        ("3", 3.0),
        ("1e-400", 0.0),
    ] {
        let Some(DoubleValue(read)) = value(&format!(r#"{{"doubleValue":{json}}}"#)) else { panic!("{json}") };
        assert_eq!(read.to_bits(), expected.to_bits(), "{json}");
    }
}

#[test]
fn a_null_element_is_an_empty_element() {
    let values = vec![AnyValue { value: None }, AnyValue { value: Some(IntValue(1)) }];
    let read_values = value(r#"{"arrayValue":{"values":[null,{"intValue":1}]}}"#);
    assert_eq!(read_values, Some(ArrayValue(common::ArrayValue { values })));
    assert_eq!(span(r#""events":[null]"#).events, [Event::default()]);
    let body = r#"{"resourceSpans":[{"resource":{"entityRefs":[{"idKeys":[null,"a"]}]}}]}"#;
    assert_eq!(read(body).resource_spans[0].resource.as_ref().unwrap().entity_refs[0].id_keys, ["", "a"]);
}

#[test]
fn j7_one_document_of_utf_8_without_nan() {
    assert_eq!(error("{} {}"), "line 1, column 4: expected the end, found an object");
    assert_eq!(error("{}\n]"), "line 2, column 1: expected the end, found ']'");
    assert_eq!(error(b"{\"a\":\"\xc3\xa4\xff\"}"), "line 1, column 8: the body is not UTF-8");
    assert_eq!(value_error(r#"{"doubleValue":NaN}"#), "doubleValue: expected a number, found 'NaN'");
    assert_eq!(error("\u{feff}{}"), "line 1, column 1: expected an object, found '\u{feff}'");
    assert_eq!(read(" {\r\n\t} \n"), ExportTraceServiceRequest::default());
}

#[test]
fn strings_are_unescaped() {
    let read = value(r#"{"stringValue":"\"\\\/\b\f\n\r\t\u00e9\u20AC\uD83D\uDE80🚀\u0000"}"#);
    assert_eq!(read, Some(StringValue("\"\\/\u{8}\u{c}\n\r\té€🚀🚀\0".into())));
    let long = "line\n".repeat(50_000);
    let json = serde_json::to_string(&long).unwrap();
    assert_eq!(value(&format!(r#"{{"stringValue":{json}}}"#)), Some(StringValue(long)));
}

#[test]
fn a_value_without_a_member_is_empty_and_a_default_member_is_a_value() {
    assert_eq!(value("{}"), None);
    assert_eq!(value(r#"{"stringValue":""}"#), Some(StringValue(String::new())));
    assert_eq!(value(r#"{"boolValue":false}"#), Some(BoolValue(false)));
    assert_eq!(value(r#"{"doubleValue":0}"#), Some(DoubleValue(0.0)));
    assert_eq!(value(r#"{"arrayValue":{}}"#), Some(ArrayValue(common::ArrayValue::default())));
    assert_eq!(value(r#"{"kvlistValue":{"values":[]}}"#), Some(KvlistValue(common::KeyValueList::default())));
    assert_eq!(span(r#""attributes":[{"key":"k"}]"#).attributes[0].value, None);
    assert_eq!(span(r#""status":{}"#).status, Some(Status::default()));
}

#[test]
fn of_what_is_sent_twice_the_last_counts() {
    assert_eq!(span(r#""kind":2,"name":"a","kind":0,"name":"""#), Span::default());
    assert_eq!(value(r#"{"stringValue":"a","intValue":"7"}"#), Some(IntValue(7)));
    let read = span(r#""status":{"code":2},"status":{"message":"m"},"events":[{}],"events":[{}]"#);
    assert_eq!(
        (read.status.map(|status| (status.code, status.message)), read.events.len()),
        (Some((2, "m".into())), 2)
    );
}

#[test]
fn default_values_cost_no_bytes() {
    let defaults = in_span(
        r#""traceId":"","name":"","kind":0,"startTimeUnixNano":"0","attributes":[],"droppedEventsCount":0,"flags":0"#,
    );
    assert_eq!(to_protobuf(defaults.as_bytes()).unwrap(), [10, 4, 18, 2, 18, 0]);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let body = "{\n \"resourceSpans\": [{\n  \"scopeSpans\": [{}, {\"spans\": [{\"traceId\": \"xyz\"}]}]}]}";
    let error_text = "line 3, column 45: resourceSpans[0].scopeSpans[1].spans[0].traceId: 'xyz' is not hex";
    assert_eq!(error(body), error_text);
    let long = "ä".repeat(50);
    let quoted = "ä".repeat(40);
    assert!(span_error(&format!(r#""spanId":"{long}""#)).ends_with(&format!("spanId: '{quoted}…' is not hex")));
    for (members, expected) in [
        (r#""spanId":"abc""#, "spanId: 'abc' has an odd number of hex digits"),
        (r#""spanId":7"#, "spanId: expected a string of hex digits, found '7'"),
        (r#""name":{}"#, "name: expected a string, found an object"),
        (r#""name":["a"]"#, "name: expected a string, found an array"),
        (r#""name":true"#, "name: expected a string, found 'true'"),
        (r#""kind":2.5"#, "kind: '2.5' is no SpanKind: it is not a 32-bit integer"),
        (r#""kind":2147483648"#, "kind: '2147483648' is no SpanKind: it is not a 32-bit integer"),
        (r#""kind":[]"#, "kind: expected an integer, found an array"),
        (r#""flags":-1"#, "flags: '-1' is not between 0 and 4294967295"),
        (r#""droppedLinksCount":4294967296"#, "droppedLinksCount: '4294967296' is not between 0 and 4294967295"),
        (r#""endTimeUnixNano":"""#, "endTimeUnixNano: '' is not an integer"),
        (r#""endTimeUnixNano":"0x1f""#, "endTimeUnixNano: '0x1f' is not an integer"),
        (r#""endTimeUnixNano":" 1""#, "endTimeUnixNano: ' 1' is not an integer"),
        (r#""endTimeUnixNano":"01""#, "endTimeUnixNano: '01' is not an integer"),
        (r#""endTimeUnixNano":1e20"#, "endTimeUnixNano: '1e20' is not between 0 and 18446744073709551615"),
        (r#""endTimeUnixNano":false"#, "endTimeUnixNano: expected an integer, found 'false'"),
        (r#""attributes":{}"#, "attributes: expected an array, found an object"),
        (r#""attributes":["a"]"#, "attributes[0]: expected an object, found a string"),
        (r#""events":[{},{"name":1}]"#, "events[1].name: expected a string, found '1'"),
        (r#""name" "n""#, "name: expected ':', found a string"),
    ] {
        let error = span_error(members);
        assert_eq!(error.split_once(": ").unwrap().1, expected, "{members}");
    }
    for (json, expected) in [
        (r#"{"intValue":1.5}"#, "intValue: '1.5' is not an integer"),
        (
            r#"{"intValue":"9223372036854775808"}"#,
            "intValue: '9223372036854775808' is not between -9223372036854775808 and 9223372036854775807",
        ),
        (r#"{"boolValue":"true"}"#, "boolValue: expected true or false, found a string"),
        (r#"{"doubleValue":"inf"}"#, "doubleValue: 'inf' is not a number"),
        (r#"{"doubleValue":"nan"}"#, "doubleValue: 'nan' is not a number"),
        (r#"{"doubleValue":1e999}"#, "doubleValue: '1e999' is beyond a double"),
        (r#"{"bytesValue":"Q"}"#, "bytesValue: 'Q' is not base64"),
        (r#"{"bytesValue":"QQ="}"#, "bytesValue: 'QQ=' is not base64"),
        (r#"{"bytesValue":"Q Q="}"#, "bytesValue: 'Q Q=' is not base64"),
        (r#"{"bytesValue":"===="}"#, "bytesValue: '====' is not base64"),
        (r#"{"stringValue":"\ud83d"}"#, "stringValue: '\\ud83d' is half of a surrogate pair and no character"),
        (r#"{"stringValue":"\ude80\ud83d"}"#, "stringValue: '\\ude80' is half of a surrogate pair and no character"),
        (r#"{"stringValue":"\ud83dx"}"#, "stringValue: '\\ud83d' is half of a surrogate pair and no character"),
        (r#"{"stringValue":"\u12"}"#, "stringValue: '\\u' needs four hex digits"),
        (r#"{"stringValue":"\x41"}"#, "stringValue: '\\x' is no escape of JSON"),
        ("{\"stringValue\":\"a\u{1}\"}", "stringValue: control character 0x01 must be escaped"),
        (r#"{"kvlistValue":[]}"#, "kvlistValue: expected an object, found an array"),
        (r#"{"later":"\ud800"}"#, "'\\ud800' is half of a surrogate pair and no character"),
        (r#"{"later":[1,]}"#, "expected a value, found ']'"),
        (r#"{"later":{"a":1,}}"#, "expected a name in quotes, found '}'"),
        (r#"{"later":tru}"#, "expected a value, found 'tru'"),
        (r#"{"later":01}"#, "expected ',' or '}', found '1'"),
        (r#""text""#, "expected an object, found a string"),
    ] {
        assert_eq!(value_error(json), expected, "{json}");
    }
}

#[test]
fn what_is_no_object_or_has_no_end_is_refused() {
    for (body, expected) in [
        ("", "line 1, column 1: expected an object, found the end"),
        ("null", "line 1, column 1: expected an object, found 'null'"),
        ("[]", "line 1, column 1: expected an object, found an array"),
        ("{", "line 1, column 2: expected a name in quotes, found the end"),
        ("{\"a\":1,}", "line 1, column 8: expected a name in quotes, found '}'"),
        ("{\"a\":\"\\", "line 1, column 6: the string that begins here has no end"),
        ("{\"a", "line 1, column 2: the string that begins here has no end"),
        ("{'a':1}", "line 1, column 2: expected a name in quotes, found '''"),
        ("{\"resourceSpans\":[{}", "line 1, column 21: resourceSpans: expected ',' or ']', found the end"),
        ("{\"resourceSpans\":[,]}", "line 1, column 19: resourceSpans[0]: expected an object, found ','"),
    ] {
        assert_eq!(error(body), expected, "{body}");
    }
}

/// An attribute whose value is the integer 1 in `levels` arrays.
fn nested_value(levels: usize) -> String {
    nested_in(r#"{"arrayValue":{"values":["#, "]}}", levels)
}

fn nested_in(open: &str, close: &str, levels: usize) -> String {
    let (open, close) = (open.repeat(levels), close.repeat(levels));
    in_span(&format!(r#""attributes":[{{"key":"k","value":{open}{{"intValue":"1"}}{close}}}]"#))
}

fn json_again(body: &str) -> String {
    let mut json = String::new();
    to_json(&to_protobuf(body.as_bytes()).unwrap(), &mut json);
    json
}

/// Half of what a thread of the runtime has.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(1 << 20).spawn(test).unwrap().join().unwrap();
}

#[test]
fn values_are_read_128_levels_deep_and_the_rest_is_cut() {
    on_a_small_stack(|| {
        for (open, close) in
            [(r#"{"arrayValue":{"values":["#, "]}}"), (r#"{"kvlistValue":{"values":[{"key":"a","value":"#, "}]}}")]
        {
            let whole = nested_in(open, close, 128);
            assert_eq!(json_again(&whole), whole);
            for levels in [129, 10_000] {
                let cut = whole.replace(r#"{"intValue":"1"}"#, &format!(r#"{{"stringValue":"{TOO_DEEP}"}}"#));
                assert_eq!(json_again(&nested_in(open, close, levels)), cut);
            }
        }
    });
}

#[test]
fn unknown_values_may_be_as_deep_as_they_like() {
    on_a_small_stack(|| {
        let deep = 1_000_000;
        let body = format!(r#"{{"later":{}{}}}"#, "[".repeat(deep), "]".repeat(deep));
        assert_eq!(read(&body), ExportTraceServiceRequest::default());
        let body = format!(r#"{{"later":{}1{}}}"#, r#"{"a":"#.repeat(deep), "}".repeat(deep));
        assert_eq!(read(&body), ExportTraceServiceRequest::default());
        assert_eq!(error("[".repeat(deep)), "line 1, column 1: expected an object, found an array");
        let unclosed = error(format!(r#"{{"later":{}"#, "[".repeat(deep)));
        assert_eq!(unclosed, "line 1, column 1000010: expected a value, found the end");
    });
}

#[test]
fn the_path_of_a_deep_error_is_cut() {
    let error = to_protobuf(nested_value(100).replace("\"1\"", "{}").as_bytes()).unwrap_err();
    assert!(error.path.chars().count() <= 201 && error.path.ends_with('…'), "{}", error.path);
}

#[test]
fn output_is_never_much_longer_than_the_body() {
    let in_levels = |levels: usize, element: &str| {
        let elements = vec![element; 10_000].join(",");
        nested_value(levels).replace(r#"{"intValue":"1"}"#, &elements)
    };
    for (levels, element) in
        [(1, "{}"), (128, "{}"), (128, "null"), (128, r#"{"arrayValue":{}}"#), (128, r#"{"kvlistValue":{}}"#)]
    {
        let body = in_levels(levels, element);
        let protobuf = to_protobuf(body.as_bytes()).unwrap();
        assert!(protobuf.len() <= 2 * body.len(), "{levels} {element}: {} of {}", protobuf.len(), body.len());
    }
}
