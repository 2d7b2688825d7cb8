//! What a span has that can be asked for: one table for parser, checker, completion, help and manual.

use super::ast::Scope;

/// What is known of every span, or of its trace, beside attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Intrinsic {
    Duration,
    Name,
    Kind,
    Status,
    StatusMessage,
    SpanId,
    ParentId,
    ChildCount,
    TraceDuration,
    RootName,
    RootService,
    TraceId,
    EventName,
    EventTimeSinceStart,
    LinkTraceId,
    LinkSpanId,
    InstrumentationName,
    InstrumentationVersion,
    /// Ours: any attribute value, service or operation.
    Any,
    /// Ours: whether a request took longer than the P95 of its service's requests.
    Slow,
}

/// The type of a value; of an attribute it is known only when it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    Nil,
    /// Integers, floats and durations compare with one another.
    Int,
    Float,
    Duration,
    String,
    Bool,
    Status,
    Kind,
    /// Of an attribute: known only when it is looked at.
    Unknown,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    pub intrinsic: Intrinsic,
    /// As it is printed: `span:duration`.
    pub name: &'static str,
    /// The old name without a scope; empty where there was none.
    pub old_name: &'static str,
    /// As the shorthand has it; empty where it has none.
    pub short_name: &'static str,
    pub value: Type,
    /// Whether a span can have several of it, one for each event or link: a comparison holds if it does for one.
    pub is_many: bool,
    /// Whether it is of the trace, the same for all of its spans.
    pub is_of_trace: bool,
    pub doc: &'static str,
    /// A query that finds something among the recorded traffic.
    pub example: &'static str,
}

const fn row(
    intrinsic: Intrinsic,
    (name, old_name, short_name): (&'static str, &'static str, &'static str),
    value: Type,
    (doc, example): (&'static str, &'static str),
) -> FieldInfo {
    FieldInfo { intrinsic, name, old_name, short_name, value, is_many: false, is_of_trace: false, doc, example }
}

const fn many(row: FieldInfo) -> FieldInfo {
    FieldInfo { is_many: true, ..row }
}

const fn of_trace(row: FieldInfo) -> FieldInfo {
    FieldInfo { is_of_trace: true, ..row }
}

/// See the module. In the order of [`Intrinsic`].
pub const FIELDS: [FieldInfo; 20] = [
    row(
        Intrinsic::Duration,
        ("span:duration", "duration", "duration"),
        Type::Duration,
        ("end minus start of the span", "{ span:duration > 50ms }"),
    ),
    row(
        Intrinsic::Name,
        ("span:name", "name", "operation"),
        Type::String,
        ("the operation: the span's name", "{ span:name =~ \"GET.*\" }"),
    ),
    row(
        Intrinsic::Kind,
        ("span:kind", "kind", "kind"),
        Type::Kind,
        ("internal, server, client, producer, consumer or unspecified", "{ span:kind = consumer }"),
    ),
    row(
        Intrinsic::Status,
        ("span:status", "status", "status"),
        Type::Status,
        ("ok, error or unset", "{ span:status = error }"),
    ),
    row(
        Intrinsic::StatusMessage,
        ("span:statusMessage", "statusMessage", ""),
        Type::String,
        ("what came with the status; empty where nothing did", "{ span:statusMessage != \"\" }"),
    ),
    row(
        Intrinsic::SpanId,
        ("span:id", "", ""),
        Type::String,
        ("16 hexadecimal digits, in any case", "{ span:id != \"0000000000000000\" }"),
    ),
    row(
        Intrinsic::ParentId,
        ("span:parentID", "", ""),
        Type::String,
        ("16 hexadecimal digits; empty at a root", "{ span:parentID = \"\" }"),
    ),
    row(
        Intrinsic::ChildCount,
        ("span:childCount", "childCount", ""),
        Type::Int,
        ("how many spans held are its children", "{ span:childCount > 5 }"),
    ),
    of_trace(row(
        Intrinsic::TraceDuration,
        ("trace:duration", "traceDuration", "trace.duration"),
        Type::Duration,
        ("greatest end minus least start of the trace's spans", "{ trace:duration >= 100ms }"),
    )),
    of_trace(row(
        Intrinsic::RootName,
        ("trace:rootName", "rootName", ""),
        Type::String,
        ("the operation of the root; nil without one", "{ trace:rootName = nil }"),
    )),
    of_trace(row(
        Intrinsic::RootService,
        ("trace:rootService", "rootServiceName", ""),
        Type::String,
        ("the service of the root; nil without one", "{ trace:rootService = \"gateway\" }"),
    )),
    of_trace(row(
        Intrinsic::TraceId,
        ("trace:id", "", ""),
        Type::String,
        ("32 hexadecimal digits, in any case", "{ trace:id = \"6413b15a62416d7f256f06f07ad01839\" }"),
    )),
    many(row(
        Intrinsic::EventName,
        ("event:name", "", ""),
        Type::String,
        ("the name of some event", "{ event:name = \"exception\" }"),
    )),
    many(row(
        Intrinsic::EventTimeSinceStart,
        ("event:timeSinceStart", "", ""),
        Type::Duration,
        ("from the start of the span to some event", "{ event:timeSinceStart > 1ms }"),
    )),
    many(row(
        Intrinsic::LinkTraceId,
        ("link:traceID", "", ""),
        Type::String,
        ("the trace that some link leads to", "{ link:traceID != nil }"),
    )),
    many(row(
        Intrinsic::LinkSpanId,
        ("link:spanID", "", ""),
        Type::String,
        ("the span that some link leads to", "{ link:spanID != nil }"),
    )),
    row(
        Intrinsic::InstrumentationName,
        ("instrumentation:name", "", ""),
        Type::String,
        ("the library that made the span", "{ instrumentation:name =~ \".*fastapi\" }"),
    ),
    row(
        Intrinsic::InstrumentationVersion,
        ("instrumentation:version", "", ""),
        Type::String,
        ("its version; empty where none was given", "{ instrumentation:version != \"\" }"),
    ),
    many(row(
        Intrinsic::Any,
        ("any", "", ""),
        Type::String,
        (
            "ours: service, operation, or the value of any attribute of span, resource, scope, event or link; numbers and \
             booleans as they are spelled",
            "{ any =~ \"(?i).*checkout.*\" }",
        ),
    )),
    row(
        Intrinsic::Slow,
        ("slow", "", "slow"),
        Type::Bool,
        ("ours: whether a request took longer than the P95 of its service's requests in the window", "{ slow }"),
    ),
];

/// A row of the table of scopes of attributes.
#[derive(Clone, Copy, Debug)]
pub struct ScopeInfo {
    pub scope: Scope,
    /// What stands before the attribute's name: `span.`.
    pub prefix: &'static str,
    /// Whether a span can have several of it, one for each event or link.
    pub is_many: bool,
    pub doc: &'static str,
    pub example: &'static str,
}

const fn scope(scope: Scope, prefix: &'static str, (doc, example): (&'static str, &'static str)) -> ScopeInfo {
    ScopeInfo { scope, prefix, is_many: matches!(scope, Scope::Event | Scope::Link), doc, example }
}

/// Where attributes are looked for. In the order of [`Scope`].
pub const SCOPES: [ScopeInfo; 6] = [
    scope(
        Scope::Either,
        ".",
        ("an attribute of the span, or where it has none of its resource", "{ .http.status_code = 500 }"),
    ),
    scope(Scope::Span, "span.", ("an attribute of the span", "{ span.http.method = \"GET\" }")),
    scope(
        Scope::Resource,
        "resource.",
        ("an attribute of what sent the span", "{ resource.service.name = \"gateway\" }"),
    ),
    scope(Scope::Event, "event.", ("an attribute of some event of the span", "{ event.exception.type != nil }")),
    scope(Scope::Link, "link.", ("an attribute of some link of the span", "{ link.messaging.operation = nil }")),
    scope(
        Scope::Instrumentation,
        "instrumentation.",
        ("an attribute of the scope that made the span", "{ instrumentation.x = nil }"),
    ),
];

impl Intrinsic {
    /// Returns its row of the table.
    pub fn info(self) -> &'static FieldInfo {
        &FIELDS[self as usize]
    }
}

impl Scope {
    /// Returns its row of the table.
    pub fn info(self) -> &'static ScopeInfo {
        &SCOPES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_the_order_of_their_kinds() {
        assert!(FIELDS.iter().enumerate().all(|(at, info)| info.intrinsic as usize == at));
        assert!(SCOPES.iter().enumerate().all(|(at, info)| info.scope as usize == at));
    }
}
