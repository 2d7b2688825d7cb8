//! Files of blocks with damage of any kind: opening them never panics, and everything outside the damage is read.

use std::collections::BTreeMap;

use super::disk_tests::Kept;
use super::segment::Shelf;
use super::segment::folder::Folder;
use super::segment::simulated::SimFolder;
use super::*;
use crate::otlp;
use crate::otlp::fixture::{TestSpan, span};
use crate::testing::{Random, runs};

/// What is kept of each span: where it came from and all there is to know of it.
type Spans = BTreeMap<(u128, u64), String>;

fn spans(store: &Store) -> Spans {
    let mut spans = Spans::new();
    let snapshot = store.snapshot();
    for view in snapshot.views() {
        let mut reader = view.reader();
        for part in (0..).take_while(|&part| view.has_part(part)) {
            for index in view.part_rows(part) {
                let row = view.row(index);
                let names = [row.service, row.operation].map(|name| view.text(name).to_owned());
                let attributes = otlp::decode::span(reader.span(index)).attributes.len();
                let times = [row.start_ns, row.duration_ns, row.parent_id];
                let told = format!("{times:?} {names:?} {:?} {attributes}", row.facts);
                spans.insert((view.trace_id(part).unwrap(), row.span_id), told);
            }
        }
    }
    spans
}

fn limits() -> Limits {
    Limits { memory_bytes: 16 << 20, max_memory_traces: 60, retention_ns: 8_000, ..Limits::default() }
}

/// Three blocks of some traces each; one trace goes on through all of them.
fn written() -> (SimFolder, Spans) {
    let mut kept = Kept::open(SimFolder::new(1), limits());
    for block in 0..3_u8 {
        let of = |number: u64| TestSpan {
            duration: number * 37,
            service: ["shop", "cart", "mail"][number as usize % 3],
            name: ["GET /", "query", "send", "charge"][number as usize % 4],
            error: number.is_multiple_of(11),
            ..span(if number < 40 { 7 } else { block * 10 + 10 + (number % 9) as u8 }, 0, number / 2, number * 13)
        };
        let spans: Vec<TestSpan> =
            (0..900).map(|number| TestSpan { id: u64::from(block) * 1_000 + number + 1, ..of(number) }).collect();
        kept.append(&spans);
        kept.end_block(1_001);
    }
    let spans = spans(&kept.store);
    assert_eq!((kept.facts().segments.count, spans.len()), (3, 2_700));
    (kept.folder, spans)
}

/// Opens a damaged folder, verifies all of it and puts in again what could be saved.
fn opened(folder: SimFolder) -> Kept {
    let mut kept = Kept::open(folder, limits());
    let mut next = 0;
    while let Some(file) = kept.writer.file_from(next) {
        let verified = file.verify();
        next = verified.sequence + 1;
        if let Some(salvage) = &verified.salvage {
            kept.writer.take_out(&verified).unwrap();
            for request in &salvage.requests {
                kept.writer.recover(&otlp::scan(request.clone()).unwrap(), Timestamp(0));
            }
        }
    }
    kept
}

/// Damages a file in one of many ways; returns the first and the last byte that may be another.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) -> (usize, usize) {
    let len = bytes.len();
    let at = random.below(len);
    let end = (at + 1 + random.below(5_000)).min(len);
    match random.below(6) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at..end].fill(0),
        2 => {
            bytes.truncate(at);
            return (at, len);
        }
        3 => {
            let to = random.below(len - (end - at) + 1);
            bytes.copy_within(at..end, to);
            return (to, to + (end - at));
        }
        4 => {
            let (first, second) = (at / 4_096 * 4_096, random.below(len) / 4_096 * 4_096);
            let size = 4_096.min(len - first.max(second)).min(first.abs_diff(second));
            (0..size).for_each(|i| bytes.swap(first + i, second + i));
            return (first.min(second), first.max(second) + size);
        }
        _ => (at..end).for_each(|place| bytes[place] = random.below(256) as u8),
    }
    (at, end)
}

#[test]
fn everything_outside_the_damage_is_read() {
    let (folder, expected) = written();
    let names: Vec<String> = folder.list().unwrap().into_iter().map(|entry| entry.name).collect();
    for seed in 0..runs(400) {
        let mut random = Random::new(seed);
        let damaged = folder.kill();
        let name = &names[random.below(names.len())];
        let mut bytes = damaged.read(name).unwrap();
        let (from, to) = damage(&mut bytes, &mut random);
        damaged.put(name, &bytes);
        let kept = opened(damaged);
        let found = spans(&kept.store);
        assert!(kept.facts().counters.add_up(), "seed {seed}");
        let missing = expected.keys().filter(|id| !found.contains_key(id)).count();
        let other = found.iter().filter(|(id, told)| expected.get(id) != Some(told)).count();
        // A row takes at least a byte of a damaged stretch, and a page is no larger than this.
        let most = (to - from) + 2 * 4_096;
        assert!(missing <= 900 && missing <= most, "seed {seed}: {missing} spans of {from}..{to} of {name}");
        assert!(found.keys().all(|id| expected.contains_key(id)), "seed {seed}");
        assert!(other <= 900, "seed {seed}: {other} spans changed by {from}..{to} of {name}");
        for (id, told) in found.iter().filter(|(id, told)| expected.get(id) != Some(told)) {
            // All that may be missing of a span is what only its page had.
            let without = |told: &str| told.rsplit_once(' ').unwrap().0.to_owned();
            assert_eq!(without(told), without(&expected[id]), "seed {seed}: {from}..{to} of {name}");
        }
    }
}

#[test]
fn damage_to_one_copy_of_a_description_costs_nothing() {
    let (folder, expected) = written();
    for name in folder.list().unwrap().into_iter().map(|entry| entry.name) {
        let whole = folder.read(&name).unwrap();
        for place in [0, 20, 40, 400, whole.len() - 400, whole.len() - 40, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x55;
            let damaged = folder.kill();
            damaged.put(&name, &bytes);
            assert_eq!(spans(&opened(damaged).store), expected, "byte {place} of {name}");
        }
    }
}

#[test]
fn a_block_that_lost_a_column_gives_up_only_the_rows_in_the_damage() {
    let (folder, expected) = written();
    let name = folder.list().unwrap().into_iter().map(|entry| entry.name).min().unwrap();
    let mut bytes = folder.read(&name).unwrap();
    let middle = bytes.len() / 2;
    // Some of the columns: a stretch of them holds far less than all rows.
    bytes[middle - 3_000] ^= 1;
    folder.put(&name, &bytes);
    let kept = opened(folder);
    let found = spans(&kept.store);
    assert!(found.len() > expected.len() - 900 && found.iter().all(|(id, _)| expected.contains_key(id)));
}

#[test]
fn a_log_of_which_nothing_can_be_read_is_told_once_and_set_aside() {
    let folder = SimFolder::new(1);
    folder.put("log-0000000000000003.spl", b"\x89SPTLOG\n and then something that is no header of a log at all");
    let names = || folder.list().unwrap().into_iter().map(|entry| entry.name).collect::<Vec<_>>();
    let open = |now| {
        let shelf = Shelf::new(Arc::new(folder.clone()), true);
        open(limits(), &shelf, Opener::Owner(Timestamp(now)), |_, _| ()).unwrap()
    };
    assert_eq!(open(5_000_000_000).losses.damaged, 1);
    assert_eq!(names(), ["log-0000000000000003.spl.corrupt-5"]);
    let again = open(7_000_000_000);
    assert_eq!(again.losses, Losses::default());
    again.writer.remove_leftovers(&again.writer.leftovers(Timestamp(7_000_000_000)));
    assert!(names().is_empty(), "it goes when its time is over");
}

/// Returns the file of a block with another number in its region, so many bytes of data by its head, and right checksums.
fn forged(whole: &[u8], (place, number): (usize, u64), data: u64) -> Vec<u8> {
    let region = u32::from_le_bytes(*whole[12..].first_chunk().unwrap()) as usize;
    let mut head = whole[..32].to_vec();
    let (data_bytes, mut region) = (&whole[32 + region..whole.len() - 32 - region], whole[32..32 + region].to_vec());
    region[place..place + 8].copy_from_slice(&number.to_le_bytes());
    head[16..24].copy_from_slice(&data.to_le_bytes());
    head[24..28].copy_from_slice(&crc32c::crc32c(&region).to_le_bytes());
    let checksum = crc32c::crc32c(&head[..28]);
    head[28..].copy_from_slice(&checksum.to_le_bytes());
    [&head[..], &region, data_bytes, &region, &head].concat()
}

#[test]
fn a_file_that_claims_more_than_it_can_have_is_set_aside() {
    const ROWS: usize = 8;
    const RECEIVED_BYTES: usize = 12 * 8;
    const NAMES: usize = 13 * 8;
    let (folder, expected) = written();
    let name = folder.list().unwrap().into_iter().map(|entry| entry.name).min().unwrap();
    let whole = folder.read(&name).unwrap();
    let data = u64::from_le_bytes(*whole[16..].first_chunk().unwrap());
    let (number, most) = (u64::from_le_bytes(*whole[40..].first_chunk().unwrap()), u64::from(u32::MAX));
    assert_eq!((number, forged(&whole, (ROWS, number), data)), (900, whole.clone()), "it is known how a file is made");
    let claims = [(ROWS, most, data), (NAMES, most, data), (RECEIVED_BYTES, u64::MAX, data), (ROWS, number, 1 << 31)];
    for (place, number, data) in claims {
        let damaged = folder.kill();
        damaged.put(&name, &forged(&whole, (place, number), data));
        let shelf = Shelf::new(Arc::new(damaged.clone()), true);
        let found = open(limits(), &shelf, Opener::Owner(Timestamp(0)), |_, _| ()).unwrap();
        assert_eq!((found.losses.damaged, spans(&found.store).len()), (1, expected.len() - 900));
    }
}

#[test]
fn a_file_of_a_block_that_comes_after_all_others_is_none_of_ours() {
    let (folder, expected) = written();
    let name = folder.list().unwrap().into_iter().map(|entry| entry.name).min().unwrap();
    let whole = folder.read(&name).unwrap();
    folder.put("block-00000000ffffffff.spb", &forged(&whole, (0, u64::from(u32::MAX)), whole.len() as u64));
    let mut kept = Kept::open(folder, limits());
    kept.append(&[span(99, 1, 0, 1)]);
    kept.end_block(5_000);
    assert_eq!(spans(&kept.store).len(), expected.len() + 1);
}
