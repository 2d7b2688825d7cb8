//! Whatever bytes a log has, its pieces are the whole of it, and its requests come back but for those that were changed.

#![no_main]

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use spantop::model::Timestamp;
use spantop::store::segment::frame::{FRAME_BYTES, Frames, HEADER_BYTES, Header, Piece};

fuzz_target!(|bytes: &[u8]| {
    // Who does not know a log's id cannot write a frame of it; one that stayed the same would be found out.
    let id = BuildHasherDefault::<DefaultHasher>::default().hash_one(bytes);
    let header = Header { created: Timestamp(1), id, number: 3 };
    if Frames::of(bytes).is_ok() {
        pieces(bytes);
    }
    pieces(&[&header.to_bytes()[..], bytes].concat());
    let Some((change, requests)) = bytes.split_first_chunk::<5>() else { return };
    let mut log = header.to_bytes().to_vec();
    for (sequence, request) in requests.split(|&byte| byte == b'\n').enumerate() {
        header.put_frame(&mut log, sequence as u64, Timestamp(0), request);
    }
    let [a, b, c, d, with] = *change;
    let place = HEADER_BYTES + u32::from_le_bytes([a, b, c, d]) as usize % (log.len() - HEADER_BYTES);
    let before = pieces(&log);
    log[place] ^= with;
    let after = pieces(&log);
    assert!(before.iter().all(|piece| range(piece).contains(&place) || after.contains(piece)));
});

/// Returns the pieces of a log, which follow each other without a gap.
fn pieces(log: &[u8]) -> Vec<Piece> {
    let pieces: Vec<Piece> = Frames::of(log).expect("it has a header").collect();
    let mut at = HEADER_BYTES;
    for range in pieces.iter().map(range) {
        assert!(range.start == at && range.end > at);
        at = range.end;
    }
    assert_eq!(at, log.len());
    pieces
}

fn range(piece: &Piece) -> Range<usize> {
    match piece {
        Piece::Request(frame) => frame.request.start - FRAME_BYTES..frame.request.end,
        Piece::Damaged(range) | Piece::Torn(range) => range.clone(),
    }
}
