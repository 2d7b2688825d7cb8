//! The OTLP trace messages as one table: field numbers, JSON names and types, walked by JSON reader and writer alike.
//!
//! The fields are those of opentelemetry-proto 0.33 (OTLP 1.11). Left out are `key_strindex` and
//! `string_value_strindex`, which belong to profiles and which every other signal is told to ignore.

use super::wire::Wire;

/// A protobuf message.
pub struct Message {
    pub name: &'static str,
    /// In the order of the `.proto` file, which is the order most senders write.
    pub fields: &'static [Field],
    /// All fields are members of one `oneof`: the last one counts, and a default value is a value.
    pub is_oneof: bool,
    /// An array or map of attribute values: counts as a level of `Value::MAX_DEPTH`.
    pub is_level: bool,
    /// How many bytes the varint of its length usually takes.
    pub length_width: usize,
}

/// A field of a message.
pub struct Field {
    pub number: u32,
    /// The lowerCamelCase name of OTLP/JSON.
    pub name: &'static str,
    pub kind: Kind,
    pub is_repeated: bool,
}

/// What a field holds, with its form in JSON where that is not plain.
#[derive(Clone, Copy)]
pub enum Kind {
    String,
    /// Base64 in JSON.
    Bytes,
    /// A trace or span id: bytes in protobuf, hex in JSON (not base64, as proto3 JSON would have it).
    Id,
    Bool,
    Uint32,
    Fixed32,
    /// A string of digits in JSON.
    Int64,
    /// A time: a string of digits in JSON.
    Fixed64,
    Double,
    /// An integer in JSON, never a name; holds the name of the enum.
    Enum(&'static str),
    Message(&'static Message),
}

impl Kind {
    /// Returns how protobuf frames this kind.
    pub const fn wire_type(self) -> Wire {
        match self {
            Self::String | Self::Bytes | Self::Id | Self::Message(_) => Wire::Bytes,
            Self::Bool | Self::Uint32 | Self::Int64 | Self::Enum(_) => Wire::Varint,
            Self::Fixed64 | Self::Double => Wire::Fixed64,
            Self::Fixed32 => Wire::Fixed32,
        }
    }
}

const fn one(number: u32, name: &'static str, kind: Kind) -> Field {
    Field { number, name, kind, is_repeated: false }
}

const fn many(number: u32, name: &'static str, kind: Kind) -> Field {
    Field { number, name, kind, is_repeated: true }
}

const fn message(name: &'static str, length_width: usize, fields: &'static [Field]) -> Message {
    Message { name, fields, is_oneof: false, is_level: false, length_width }
}

/// `ExportTraceServiceRequest`, and `TracesData`, which has the same shape.
pub static REQUEST: Message =
    message("ExportTraceServiceRequest", 3, &[many(1, "resourceSpans", Kind::Message(&RESOURCE_SPANS))]);

static RESOURCE_SPANS: Message = message(
    "ResourceSpans",
    3,
    &[
        one(1, "resource", Kind::Message(&RESOURCE)),
        many(2, "scopeSpans", Kind::Message(&SCOPE_SPANS)),
        one(3, "schemaUrl", Kind::String),
    ],
);

static RESOURCE: Message = message(
    "Resource",
    2,
    &[
        many(1, "attributes", Kind::Message(&KEY_VALUE)),
        one(2, "droppedAttributesCount", Kind::Uint32),
        many(3, "entityRefs", Kind::Message(&ENTITY_REF)),
    ],
);

static ENTITY_REF: Message = message(
    "EntityRef",
    1,
    &[
        one(1, "schemaUrl", Kind::String),
        one(2, "type", Kind::String),
        many(3, "idKeys", Kind::String),
        many(4, "descriptionKeys", Kind::String),
    ],
);

static SCOPE_SPANS: Message = message(
    "ScopeSpans",
    3,
    &[
        one(1, "scope", Kind::Message(&SCOPE)),
        many(2, "spans", Kind::Message(&SPAN)),
        one(3, "schemaUrl", Kind::String),
    ],
);

static SCOPE: Message = message(
    "InstrumentationScope",
    1,
    &[
        one(1, "name", Kind::String),
        one(2, "version", Kind::String),
        many(3, "attributes", Kind::Message(&KEY_VALUE)),
        one(4, "droppedAttributesCount", Kind::Uint32),
    ],
);

static SPAN: Message = message(
    "Span",
    2,
    &[
        one(1, "traceId", Kind::Id),
        one(2, "spanId", Kind::Id),
        one(3, "traceState", Kind::String),
        one(4, "parentSpanId", Kind::Id),
        one(16, "flags", Kind::Fixed32),
        one(5, "name", Kind::String),
        one(6, "kind", Kind::Enum("SpanKind")),
        one(7, "startTimeUnixNano", Kind::Fixed64),
        one(8, "endTimeUnixNano", Kind::Fixed64),
        many(9, "attributes", Kind::Message(&KEY_VALUE)),
        one(10, "droppedAttributesCount", Kind::Uint32),
        many(11, "events", Kind::Message(&EVENT)),
        one(12, "droppedEventsCount", Kind::Uint32),
        many(13, "links", Kind::Message(&LINK)),
        one(14, "droppedLinksCount", Kind::Uint32),
        one(15, "status", Kind::Message(&STATUS)),
    ],
);

static EVENT: Message = message(
    "Event",
    1,
    &[
        one(1, "timeUnixNano", Kind::Fixed64),
        one(2, "name", Kind::String),
        many(3, "attributes", Kind::Message(&KEY_VALUE)),
        one(4, "droppedAttributesCount", Kind::Uint32),
    ],
);

static LINK: Message = message(
    "Link",
    1,
    &[
        one(1, "traceId", Kind::Id),
        one(2, "spanId", Kind::Id),
        one(3, "traceState", Kind::String),
        many(4, "attributes", Kind::Message(&KEY_VALUE)),
        one(5, "droppedAttributesCount", Kind::Uint32),
        one(6, "flags", Kind::Fixed32),
    ],
);

static STATUS: Message =
    message("Status", 1, &[one(2, "message", Kind::String), one(3, "code", Kind::Enum("StatusCode"))]);

static KEY_VALUE: Message =
    message("KeyValue", 1, &[one(1, "key", Kind::String), one(2, "value", Kind::Message(&ANY_VALUE))]);

/// An attribute's value; without a member it is the empty value.
static ANY_VALUE: Message = Message {
    name: "AnyValue",
    fields: &[
        STRING_VALUE,
        one(2, "boolValue", Kind::Bool),
        one(3, "intValue", Kind::Int64),
        one(4, "doubleValue", Kind::Double),
        one(5, "arrayValue", Kind::Message(&ARRAY_VALUE)),
        one(6, "kvlistValue", Kind::Message(&KEY_VALUE_LIST)),
        one(7, "bytesValue", Kind::Bytes),
    ],
    is_oneof: true,
    is_level: false,
    length_width: 1,
};

/// `AnyValue.string_value`, which also takes the marker of a value that was cut.
pub const STRING_VALUE: Field = one(1, "stringValue", Kind::String);

static ARRAY_VALUE: Message = Message {
    name: "ArrayValue",
    fields: &[many(1, "values", Kind::Message(&ANY_VALUE))],
    is_oneof: false,
    is_level: true,
    length_width: 1,
};

static KEY_VALUE_LIST: Message = Message {
    name: "KeyValueList",
    fields: &[many(1, "values", Kind::Message(&KEY_VALUE))],
    is_oneof: false,
    is_level: true,
    length_width: 1,
};
