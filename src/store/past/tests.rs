use proptest::prelude::*;

use super::super::segment::Shelf;
use super::super::segment::folder::Folder;
use super::super::segment::simulated::SimFolder;
use super::super::{Losses, Opened, Opener, Store, Writer, open};
use super::*;
use crate::otlp::fixture::{TestSpan, batch, span};

const NOW: u64 = 1_000_000 * MINUTE_NS;
const HOUR_NS: u64 = 60 * MINUTE_NS;

fn limits(traces: usize) -> Limits {
    Limits { memory_bytes: 16 << 20, max_memory_traces: traces, retention_ns: 24 * HOUR_NS, ..Limits::default() }
}

/// Returns a request of a service that began so many minutes ago.
fn request(number: u64, service: &'static str, minutes_ago: u64, error: bool) -> TestSpan {
    let start = (NOW - minutes_ago * MINUTE_NS) / 1_000;
    TestSpan { service, duration: 10 + number, error, ..span(number as u8 + 1, number + 1, 0, start) }
}

/// Returns `service minute: spans errors sum` of all that is kept, minutes as how long ago they were.
fn told(past: &Past) -> Vec<String> {
    let mut all: BTreeMap<(Arc<str>, u64), Sum> = BTreeMap::new();
    for one in past.between(0, u32::MAX) {
        let ago = NOW / MINUTE_NS - u64::from(one.minute);
        all.entry((Arc::clone(&one.service), ago)).or_default().add(&one.entries);
    }
    let line = |((service, ago), sum): (&(Arc<str>, u64), &Sum)| {
        format!("{service} {ago}: {} {} {}", sum.spans, sum.errors, sum.sum_ns)
    };
    all.iter().map(line).collect()
}

/// Returns a writer of which only the last few traces are in memory, and nothing on disk.
fn evicting() -> (Arc<Store>, Writer) {
    let (store, mut writer) = Writer::new(limits(4));
    for number in 0..40 {
        let (service, minutes_ago) = if number % 2 == 0 { ("cart", 3) } else { ("mail", 5) };
        writer.append(&batch(&[request(number, service, minutes_ago, number % 5 == 0)]), Timestamp(NOW));
    }
    (store, writer)
}

#[test]
fn spans_that_are_gone_are_known_by_minute() {
    let (store, writer) = evicting();
    let evicted = store.snapshot().facts().counters.evicted;
    assert!((30..40).contains(&evicted), "{evicted}");
    let told = told(writer.past());
    assert_eq!(told.len(), 2, "{told:?}");
    let kept: u64 = writer.past().between(0, u32::MAX).map(|one| one.entries.spans).sum();
    assert_eq!(kept, evicted);
    assert_eq!(store.snapshot().past(), writer.past());
}

#[test]
fn what_is_past_the_retention_is_forgotten() {
    let (store, mut writer) = evicting();
    writer.tick(Timestamp(NOW + 24 * HOUR_NS - 4 * MINUTE_NS));
    assert_eq!(told(writer.past()).iter().filter(|line| line.starts_with("mail")).count(), 0);
    assert!(!told(writer.past()).is_empty());
    writer.tick(Timestamp(NOW + 25 * HOUR_NS));
    assert_eq!(store.snapshot().past().between(0, u32::MAX).count(), 0);
}

#[test]
fn clocks_that_say_nothing_are_left_out() {
    let (_, mut writer) = Writer::new(limits(4));
    for number in 0..20 {
        let start = [0, 1, (NOW - 25 * HOUR_NS) / 1_000, (NOW + HOUR_NS) / 1_000][number as usize % 4];
        let span = TestSpan { start, ..request(number, "cart", 0, false) };
        writer.append(&batch(&[span]), Timestamp(NOW));
    }
    assert_eq!(writer.past().between(0, u32::MAX).count(), 0);
}

#[test]
fn it_outlives_the_program_and_no_number_of_a_block_comes_again() {
    let shelf = Shelf::new(Arc::new(SimFolder::new(1)), true);
    let past = evicting().1.past().clone();
    assert!(past.next() > 1);
    shelf.write_past(&past).unwrap();
    shelf.write_past(&past).unwrap();
    let Opened { mut writer, losses, .. } = open(limits(0), &shelf, Opener::Owner(Timestamp(NOW)), |_, _| ()).unwrap();
    assert_eq!(losses, Losses::default());
    assert_eq!(told(writer.past()), told(&past));
    let stored = writer.append(&batch(&[request(90, "cart", 1, false)]), Timestamp(NOW));
    assert!(stored.blocks.unwrap().start() >= &past.next());
}

#[test]
fn a_damaged_file_is_set_aside_and_one_of_another_version_is_left_alone() {
    let folder = SimFolder::new(1);
    let shelf = Shelf::new(Arc::new(folder.clone()), true);
    let opened = |bytes: &[u8]| {
        folder.create(PAST_FILE).unwrap().append(bytes).unwrap();
        let opened = open(limits(0), &shelf, Opener::Owner(Timestamp(NOW)), |_, _| ()).unwrap();
        assert_eq!(told(opened.writer.past()), Vec::<String>::new());
        opened.losses
    };
    let mut bytes = evicting().1.past().to_bytes();
    bytes[40] ^= 1;
    assert_eq!(opened(&bytes), Losses { damaged: 1, ..Losses::default() });
    let names: Vec<String> = folder.list().unwrap().into_iter().map(|entry| entry.name).collect();
    assert!(names.iter().any(|name| name.starts_with("past.spp.corrupt-")), "{names:?}");
    bytes[40] ^= 1;
    bytes[8] = 9;
    let checksum = crc32c::crc32c(&bytes[..28]);
    bytes[28..32].copy_from_slice(&checksum.to_le_bytes());
    assert_eq!(opened(&bytes), Losses { left_alone: 1, ..Losses::default() });
    assert!(folder.list().unwrap().iter().any(|entry| entry.name == PAST_FILE));
}

fn any_minutes() -> impl Strategy<Value = Vec<PastMinute>> {
    let sum = || any::<[u64; 3]>().prop_map(|[spans, errors, sum_ns]| Sum { spans, errors, sum_ns });
    let one = ("[a-cß]{0,2}", 0..6_u32, sum(), sum()).prop_map(|(service, minute, entries, others)| PastMinute {
        service: service.into(),
        minute,
        entries,
        others,
    });
    prop::collection::vec(one, 0..40)
}

/// Puts each minute into a piece of its own first.
fn past_of(minutes: &[PastMinute], next: u32) -> Past {
    let mut past = Past { next, ..Past::default() };
    for one in minutes {
        past.push(vec![one.clone()]);
    }
    past
}

fn all_of(past: &Past) -> BTreeMap<(Arc<str>, u32), (Sum, Sum)> {
    let mut all: BTreeMap<_, (Sum, Sum)> = BTreeMap::new();
    for one in past.between(0, u32::MAX) {
        let sums = all.entry((Arc::clone(&one.service), one.minute)).or_default();
        sums.0.add(&one.entries);
        sums.1.add(&one.others);
    }
    all
}

proptest! {
    #[test]
    fn pieces_are_few_and_nothing_is_lost_in_them(minutes in any_minutes()) {
        let past = past_of(&minutes, 7);
        let mut all: BTreeMap<(Arc<str>, u32), (Sum, Sum)> = BTreeMap::new();
        for one in &minutes {
            let sums = all.entry((Arc::clone(&one.service), one.minute)).or_default();
            sums.0.add(&one.entries);
            sums.1.add(&one.others);
        }
        prop_assert_eq!(all_of(&past), all);
        prop_assert!(past.pieces.len() <= 7);
        prop_assert!(past.pieces.iter().all(|piece| piece.is_sorted_by(|a, b| a.key() < b.key())));
    }

    #[test]
    fn a_file_gives_back_what_was_written(minutes in any_minutes(), next in any::<u32>()) {
        let past = past_of(&minutes, next);
        let read = Past::from_bytes(&past.to_bytes()).unwrap();
        prop_assert_eq!(all_of(&read), all_of(&past));
        prop_assert_eq!(read.next, next);
    }

    #[test]
    fn a_file_that_is_not_whole_is_not_read(minutes in any_minutes(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut file = past_of(&minutes, 3).to_bytes();
        let at = at.index(file.len());
        prop_assert_eq!(Past::from_bytes(&file[..at]), Err(PastError::Damaged));
        file[at] ^= 1 << bit;
        prop_assert_eq!(Past::from_bytes(&file), Err(PastError::Damaged));
    }

    #[test]
    fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut file = Past::default().to_bytes();
        file[16..24].copy_from_slice(&(body.len() as u64).to_le_bytes());
        file[24..28].copy_from_slice(&crc32c::crc32c(&body).to_le_bytes());
        let checksum = crc32c::crc32c(&file[..28]);
        file[28..32].copy_from_slice(&checksum.to_le_bytes());
        file.extend_from_slice(&body);
        if let Ok(past) = Past::from_bytes(&file) {
            prop_assert_eq!(all_of(&Past::from_bytes(&past.to_bytes()).unwrap()), all_of(&past));
        }
    }

    #[test]
    fn there_is_never_more_than_there_may_be(minutes in any_minutes(), most in 0..30_usize) {
        let mut past = past_of(&minutes, 0);
        let newest = past.between(0, u32::MAX).map(|one| one.minute).max();
        let before = past.len();
        past.keep_within(most);
        prop_assert!(past.len() <= most);
        if before <= most {
            prop_assert_eq!(past.len(), before);
        } else if let Some(earliest) = past.between(0, u32::MAX).map(|one| one.minute).min() {
            // The earliest go first.
            prop_assert!(newest >= Some(earliest));
        }
    }
}
