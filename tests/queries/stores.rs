//! The same spans in stores of every form.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spantop::model::Timestamp;
use spantop::otlp::{self, Batch};
use spantop::query::Memory;
use spantop::store::{Limits, Sealer, Snapshot, Store, Writer};

/// A store that does not change any more, with what earlier searches found.
pub(crate) struct Form {
    pub(crate) snapshot: Snapshot,
    pub(crate) memory: Memory,
    _store: Arc<Store>,
}

/// What becomes of a block.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Blocks {
    /// Everything stays in one open block.
    Open,
    /// Everything in one sealed block.
    Sealed,
    /// Each request in a sealed block of its own.
    Each,
    /// Some requests in sealed blocks, some in full ones, some in the open one.
    Mixed,
}

/// Past the age at which a block is ended, and before the one at which it is dropped.
const LATER: Timestamp = Timestamp(RETENTION_NS / 4);
const RETENTION_NS: u64 = 1 << 40;

/// Returns a store of these requests.
pub(crate) fn form(requests: &[ExportTraceServiceRequest], blocks: Blocks) -> Form {
    let batch = |request: &ExportTraceServiceRequest| otlp::scan(request.encode_to_vec().into()).unwrap();
    of_batches(&requests.iter().map(batch).collect::<Vec<_>>(), blocks)
}

/// Returns a store of these requests.
pub(crate) fn of_batches(batches: &[Batch], blocks: Blocks) -> Form {
    let (store, mut writer) = Writer::new(Limits { retention_ns: RETENTION_NS, ..Limits::default() });
    let mut sealer = Sealer::default();
    for (number, batch) in batches.iter().enumerate() {
        assert_eq!(writer.append(batch, Timestamp(0)).stored, batch.spans.len() as u64);
        let is_last = number + 1 == batches.len();
        match blocks {
            Blocks::Each => seal(&mut writer, &mut sealer),
            Blocks::Sealed if is_last => seal(&mut writer, &mut sealer),
            Blocks::Mixed if number % 3 != 0 => writer.tick(LATER),
            Blocks::Mixed if number % 2 == 0 => seal(&mut writer, &mut sealer),
            Blocks::Open | Blocks::Sealed | Blocks::Mixed => {}
        }
    }
    Form { snapshot: store.snapshot(), memory: Memory::default(), _store: store }
}

/// Returns a store of these requests, each in a sealed block of its own, to which something came a second time.
pub(crate) fn with_duplicates(requests: &[ExportTraceServiceRequest], again: &ExportTraceServiceRequest) -> Form {
    let (store, mut writer) = Writer::new(Limits { retention_ns: RETENTION_NS, ..Limits::default() });
    let mut sealer = Sealer::default();
    for request in requests {
        writer.append(&otlp::scan(request.encode_to_vec().into()).unwrap(), Timestamp(0));
        seal(&mut writer, &mut sealer);
        writer.append(&otlp::scan(request.encode_to_vec().into()).unwrap(), Timestamp(0));
    }
    assert_eq!(writer.append(&otlp::scan(again.encode_to_vec().into()).unwrap(), Timestamp(0)).stored, 0);
    Form { snapshot: store.snapshot(), memory: Memory::default(), _store: store }
}

/// Calls `look` after each request with a store that grows, of which two blocks are sealed on the way.
pub(crate) fn growing(requests: &[ExportTraceServiceRequest], look: &mut dyn FnMut(&Snapshot)) {
    let (store, mut writer) = Writer::new(Limits { retention_ns: RETENTION_NS, ..Limits::default() });
    for (number, request) in requests.iter().enumerate() {
        writer.append(&otlp::scan(request.encode_to_vec().into()).unwrap(), Timestamp(0));
        look(&store.snapshot());
        if number % 4 == 3 {
            seal(&mut writer, &mut Sealer::default());
            look(&store.snapshot());
        }
    }
}

/// Ends the open block and seals the oldest that is not sealed.
fn seal(writer: &mut Writer, sealer: &mut Sealer) {
    writer.tick(LATER);
    let block = writer.take_unsealed().expect("a block has ended");
    writer.put_sealed(block.seal(sealer));
}
