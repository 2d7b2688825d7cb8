//! From where on something is found: the constants of all findings.

const MS: u64 = 1_000_000;

/// N+1 and fan-out: similar calls beneath one span.
pub(super) const REPEATED: usize = 5;
/// A retry storm: attempts beneath one span.
pub(super) const ATTEMPTS: usize = 3;
/// A query that is repeated: the same statement in one trace.
pub(super) const SAME_QUERY: usize = 3;
/// A chatty pair: calls from one service to another one in a trace.
pub(super) const CHATTY: u64 = 20;
/// Calls one after the other to so many services, over such a part of their parent.
pub(super) const SERIAL: usize = 3;
pub(super) const SERIAL_SHARE: f64 = 0.3;
/// A gap: such a part of a span, at least so long, and so many times what is usual for the operation.
pub(super) const GAP_SHARE: f64 = 0.3;
pub(super) const GAP_NS: u64 = 100 * MS;
pub(super) const GAP_TIMES_USUAL: u64 = 3;
/// Of fewer spans of an operation nothing is usual.
pub(super) const USUAL_SPANS: u64 = 20;
/// A timeout chain: so many spans in error, of durations that differ by no more than this part, and are at least so long.
pub(super) const CHAIN: usize = 3;
pub(super) const CHAIN_DIFFERENCE: f64 = 0.1;
pub(super) const CHAIN_NS: u64 = 100 * MS;
/// No more spans of a chain are followed.
pub(super) const MOST_IN_CHAIN: usize = 1_000;
/// How far outside its caller a span may lie by what a network and a clock's own steps do.
pub(super) const SKEW_NS: u64 = MS;
/// A wait before a call: at least so long and such a part of the span, in so many traces, and in such a part of those that
/// make the call.
pub(super) const WAIT_NS: u64 = 10 * MS;
pub(super) const WAIT_SHARE: f64 = 0.2;
pub(super) const WAIT_TRACES: u64 = 10;
pub(super) const WAIT_TRACES_SHARE: f64 = 0.1;
/// Spans too fine: so many beneath one span, each shorter than this.
pub(super) const FINE: usize = 200;
pub(super) const FINE_NS: u64 = MS / 10;
/// A huge span, in bytes of OTLP protobuf.
pub(crate) const HUGE: usize = 64 << 10;
