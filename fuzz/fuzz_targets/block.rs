//! A file of a block made of any bytes is opened, looked at and verified without harm, also where its checksums are right.

#![no_main]

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use spantop::model::Timestamp;
use spantop::otlp::{self, Batch};
use spantop::source::{Reply, Request, SortKey, TraceFilter, TracesRequest, answer};
use spantop::store::segment::Shelf;
use spantop::store::segment::folder::{Entry, File, Folder};
use spantop::store::{Limits, Opened, Opener, Sealer, Writer, open};

fuzz_target!(|input: &[u8]| {
    let Some(([kind, base], rest)) = input.split_first_chunk() else { return };
    let (name, whole) = BLOCKS[usize::from(*base) % BLOCKS.len()].clone();
    let file = match kind % 4 {
        0 => rest.to_vec(),
        1 => Parts::any(rest).file(),
        2 => Parts::of(&whole).changed(rest).file(),
        _ => {
            let mut file = Parts::of(&whole).changed(rest).file();
            file.truncate(file.len() * usize::from(kind / 4) / 64);
            file
        }
    };
    let folder = Memory::default();
    for (other, bytes) in BLOCKS.iter().filter(|(other, _)| *other != name) {
        folder.put(other, bytes.clone());
    }
    // Its name has to be that of the block that it says it is.
    let sequence = file.get(HEAD..HEAD + 4).and_then(|bytes| bytes.first_chunk()).map_or(0, |b| u32::from_le_bytes(*b));
    folder.put(&format!("block-{sequence:016x}.spb"), file);
    look_at(folder);
});

const HEAD: usize = 32;

fn limits() -> Limits {
    Limits { memory_bytes: 2 << 20, max_memory_traces: 40, retention_ns: 1_000, ..Limits::default() }
}

/// Reads everything that a store with such a file says, and lets it do all that it does with a block.
fn look_at(folder: Memory) {
    let shelf = Shelf::new(Arc::new(folder), true);
    let opened = open(limits(), &shelf, Opener::Owner(Timestamp(1)), |_, _| ()).unwrap();
    let Opened { store, mut writer, .. } = opened;
    read(&store.snapshot());
    writer.append(&REQUESTS[1], Timestamp(1));
    let mut next = 0;
    while let Some(file) = writer.file_from(next) {
        next = file.sequence().saturating_add(1);
        let verified = file.verify();
        let Some(salvage) = &verified.salvage else { continue };
        writer.take_out(&verified);
        for request in &salvage.requests {
            // With its checksum made right, a page may hold what is no span.
            if let Ok(batch) = otlp::scan(request.clone()) {
                writer.recover(&batch, salvage.arrived);
            }
        }
    }
    read(&store.snapshot());
    writer.tick(Timestamp(u64::MAX));
    assert!(store.snapshot().facts().counters.add_up());
}

fn read(snapshot: &spantop::store::Snapshot) {
    answer(&Request::Status, snapshot);
    let filter =
        TraceFilter { service: Some("cart".into()), operation: Some("query".into()), ..TraceFilter::default() };
    answer(&Request::Traces(TracesRequest { filter, limit: 5, ..TracesRequest::default() }), snapshot);
    let mut all = TracesRequest { limit: 1_000, ..TracesRequest::default() };
    all.sort.key = SortKey::RootService;
    let Reply::Traces(list) = answer(&Request::Traces(all), snapshot) else { panic!("traces were asked for") };
    for row in list.rows {
        answer(&Request::TraceOtlp(row.id), snapshot);
        let Reply::Trace(trace) = answer(&Request::Trace(row.id), snapshot) else { panic!("a trace was asked for") };
        for span in trace.iter().flat_map(|trace| &trace.spans).take(3) {
            answer(&Request::Span(row.id, span.id), snapshot);
        }
    }
}

/// What a file is made of beside its heads.
struct Parts {
    region: Vec<u8>,
    data: Vec<u8>,
}

impl Parts {
    fn any(bytes: &[u8]) -> Self {
        let Some((len, rest)) = bytes.split_first_chunk() else { return Self { region: Vec::new(), data: Vec::new() } };
        let (region, data) = rest.split_at(usize::from(u16::from_le_bytes(*len)).min(rest.len()));
        Self { region: region.to_vec(), data: data.to_vec() }
    }

    fn of(file: &[u8]) -> Self {
        let len = |at: usize| u32::from_le_bytes(*file[at..].first_chunk().unwrap()) as usize;
        let (region, data) = (len(12), len(16));
        let start = HEAD + region;
        Self { region: file[HEAD..start].to_vec(), data: file[start..start + data].to_vec() }
    }

    /// Changes some places: each takes eight bytes to say where, how, and to what.
    fn changed(mut self, changes: &[u8]) -> Self {
        let heads = self.page_heads();
        for change in changes.as_chunks::<8>().0 {
            let [a, b, how, value @ ..] = *change;
            let place = usize::from(u16::from_le_bytes([a, b]));
            let bytes = if how & 1 == 0 { &mut self.region } else { &mut self.data };
            let place = (place + usize::from(how >> 4) * 65_536) % bytes.len();
            let rest = &mut bytes[place..];
            match how >> 1 & 7 {
                0 => rest[0] = value[0],
                1 => rest.iter_mut().zip(value).for_each(|(byte, value)| *byte = value),
                2 => rest.iter_mut().take(8).for_each(|byte| *byte = value[0]),
                3 => rest.iter_mut().zip(u64::from(value[0]).to_le_bytes()).for_each(|(byte, value)| *byte = value),
                4 => rest.iter_mut().take(usize::from(value[0])).for_each(|byte| *byte = value[1]),
                5 => rest[0] = rest[0].wrapping_add(value[0]),
                6 => rest[0] ^= value[0],
                _ => {
                    let from = usize::from(value[0]) * 256 + usize::from(value[1]);
                    let len = usize::from(value[2]).min(rest.len());
                    let end = (from + len).min(rest.len());
                    rest.copy_within(from.min(end)..end, 0);
                }
            }
        }
        self.seal_pages(heads);
        self
    }

    /// Returns where the heads of pages are in the region, and how many; they come before the dictionary, of which there is
    /// none, the place of the pages, and the checksums.
    fn page_heads(&self) -> (usize, usize) {
        let checksums = self.data.len().div_ceil(4_096) * 4;
        let end = self.region.len() - checksums - 8 - 16 - 8;
        let is_len = |&count: &usize| {
            let at = end.checked_sub(count * 16 + 8);
            at.is_some_and(|at| self.region[at..at + 8] == (count as u64 * 16).to_le_bytes())
        };
        let count = (1..1_000).find(is_len).expect("there is a page");
        (end - count * 16, count)
    }

    /// Makes the checksums of pages right.
    fn seal_pages(&mut self, (heads, count): (usize, usize)) {
        let number = |at: usize| u32::from_le_bytes(*self.region[at..].first_chunk().unwrap()) as usize;
        let pages = number(heads + count * 16 + 8);
        let packed = self.data.get(pages..).unwrap_or_default();
        let page = |nth: usize| {
            let end = if nth + 1 < count { number(heads + nth * 16 + 20) } else { packed.len() };
            packed.get(number(heads + nth * 16 + 4)..end).unwrap_or_default()
        };
        let checksums: Vec<u32> = (0..count).map(|nth| crc32c::crc32c(page(nth))).collect();
        for (nth, checksum) in checksums.into_iter().enumerate() {
            let at = heads + nth * 16 + 12;
            self.region[at..at + 4].copy_from_slice(&checksum.to_le_bytes());
        }
    }

    fn file(&self) -> Vec<u8> {
        let mut head = b"spantopB\x02\0\0\0".to_vec();
        head.extend((self.region.len() as u32).to_le_bytes());
        head.extend((self.data.len() as u64).to_le_bytes());
        head.extend(crc32c::crc32c(&self.region).to_le_bytes());
        head.extend(crc32c::crc32c(&head).to_le_bytes());
        [&head[..], &self.region, &self.data, &self.region, &head].concat()
    }
}

/// Requests that end a block each: the second one goes on with traces of the first.
static REQUESTS: LazyLock<[Batch; 3]> = LazyLock::new(|| [request(0, 300), request(1, 60), request(2, 40)]);

fn text(key: &str, text: String) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(text)) };
    KeyValue { key: key.into(), value: Some(value), ..KeyValue::default() }
}

fn request(nth: u64, spans: u64) -> Batch {
    let of = |number: u64| {
        let id = nth * 1_000 + number + 1;
        let trace = if number < 150 { 7 } else { 8 + (nth * 5 + number % 9) as u8 };
        let noise = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let span = Span {
            trace_id: vec![trace; 16],
            span_id: id.to_be_bytes().to_vec(),
            parent_span_id: (id / 2 + number % 3).to_be_bytes().to_vec(),
            name: ["GET /", "query", "send", "charge"][number as usize % 4].into(),
            kind: (number % 6) as i32,
            start_time_unix_nano: number * 1_000,
            end_time_unix_nano: number * 1_000 + noise % 5_000,
            attributes: vec![text("id", format!("{noise:x}"))],
            status: number.is_multiple_of(11).then(|| Status { code: 2, message: "no".into() }),
            ..Span::default()
        };
        let service = ["shop", "cart", "mail"][number as usize % 3];
        ResourceSpans {
            resource: Some(Resource { attributes: vec![text("service.name", service.into())], ..Resource::default() }),
            scope_spans: vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }
    };
    let request = ExportTraceServiceRequest { resource_spans: (0..spans).map(of).collect() };
    otlp::scan(request.encode_to_vec().into()).unwrap()
}

/// Their files.
static BLOCKS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = Memory::default();
    let shelf = Shelf::new(Arc::new(folder.clone()), true);
    let (_store, mut writer) = Writer::with_segments(limits(), Some(shelf.clone()), Vec::new(), 0);
    for (request, now) in REQUESTS.iter().zip([0, 200, 400]) {
        writer.append(request, Timestamp(now));
        // The block is old and is ended, but not yet dropped.
        writer.tick(Timestamp(now + 150));
        while let Some(block) = writer.take_unsealed() {
            let mut sealed = block.seal(&mut Sealer::default());
            sealed.write(&shelf).unwrap();
            writer.put_sealed(sealed);
        }
    }
    let files = folder.0.lock().unwrap().clone();
    files.into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect()
});

/// A folder that forgets everything in the end.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, Bytes>>>);

impl Memory {
    fn put(&self, name: &str, bytes: Vec<u8>) {
        self.0.lock().unwrap().insert(name.into(), bytes.into());
    }

    fn get(&self, name: &str) -> io::Result<Bytes> {
        self.0.lock().unwrap().get(name).cloned().ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Folder for Memory {
    fn list(&self) -> io::Result<Vec<Entry>> {
        let files = self.0.lock().unwrap();
        Ok(files.iter().map(|(name, bytes)| Entry { name: name.clone(), bytes: bytes.len() as u64 }).collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.put(name, Vec::new());
        Ok(Arc::new(MemoryFile(self.clone(), name.into())))
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(self.get(name)?.to_vec())
    }

    fn map(&self, name: &str) -> io::Result<Bytes> {
        self.get(name)
    }

    fn sync_file(&self, _name: &str) -> io::Result<()> {
        Ok(())
    }

    fn cut(&self, name: &str, bytes: u64) -> io::Result<()> {
        let cut = self.get(name)?.slice(..bytes as usize);
        self.put(name, cut.to_vec());
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let bytes = self.get(from)?;
        self.remove(from)?;
        self.put(to, bytes.to_vec());
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.lock().unwrap().remove(name).map(drop).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryFile(Memory, String);

impl File for MemoryFile {
    fn append_vectored(&self, pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut bytes = self.0.get(&self.1)?.to_vec();
        pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
        self.0.put(&self.1, bytes);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        self.0.cut(&self.1, bytes)
    }
}
