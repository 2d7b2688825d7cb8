use proptest::prelude::*;

use super::*;

const HEADER: Header = Header { created: Timestamp(7), id: 0x0123_4567_89ab_cdef, number: 3 };

/// Returns a log of these requests and where each frame is.
fn log(requests: &[Vec<u8>]) -> (Vec<u8>, Vec<Range<usize>>) {
    let mut bytes = HEADER.to_bytes().to_vec();
    let mut frames = Vec::new();
    for (sequence, request) in requests.iter().enumerate() {
        let start = bytes.len();
        HEADER.put_frame(&mut bytes, sequence as u64, Timestamp(100 + sequence as u64), request);
        frames.push(start..bytes.len());
    }
    (bytes, frames)
}

fn pieces(bytes: &[u8]) -> Vec<Piece> {
    Frames::of(bytes).unwrap().collect()
}

/// Draws the pieces of a log: `seq:bytes` for a request, the length with a sign for what is damaged and torn.
fn drawn(bytes: &[u8]) -> String {
    let draw = |piece: Piece| match piece {
        Piece::Request(frame) => format!("{}:{}", frame.sequence, frame.request.len()),
        Piece::Damaged(range) => format!("!{}", range.len()),
        Piece::Torn(range) => format!("~{}", range.len()),
    };
    pieces(bytes).into_iter().map(draw).collect::<Vec<_>>().join(" ")
}

/// The pieces follow each other without a gap from the header to the end, torn ones last.
fn check_cover(bytes: &[u8]) {
    let mut at = HEADER_BYTES;
    for piece in pieces(bytes) {
        assert!(at < bytes.len(), "something comes after what is torn");
        let range = match piece {
            Piece::Request(frame) => frame.request.start - FRAME_BYTES..frame.request.end,
            Piece::Damaged(range) => range,
            Piece::Torn(range) => {
                assert_eq!(range.end, bytes.len());
                range
            }
        };
        assert_eq!(range.start, at);
        at = range.end;
    }
    assert_eq!(at, bytes.len());
}

/// Requests, some of them with bytes in them that a frame begins with.
fn requests() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let byte = prop_oneof![4 => any::<u8>(), 1 => prop::sample::select(MARKER.to_vec())];
    let text = prop::collection::vec(byte, 0..80);
    let looks_like_frames = (0..4_usize).prop_map(|times| {
        let (mut bytes, _) = log(&vec![b"inner".to_vec(); times]);
        bytes[24] ^= 1;
        bytes
    });
    let marker = Just(MARKER.repeat(5));
    prop::collection::vec(prop_oneof![6 => text, 1 => looks_like_frames, 1 => marker], 0..8)
}

proptest! {
    #[test]
    fn any_requests_come_back(requests in requests()) {
        let (bytes, frames) = log(&requests);
        let expected = requests.iter().zip(&frames).enumerate().map(|(sequence, (request, frame))| {
            let request = frame.end - request.len()..frame.end;
            Piece::Request(Frame { sequence: sequence as u64, arrived: Timestamp(100 + sequence as u64), request })
        });
        let pieces = pieces(&bytes);
        prop_assert!(pieces.iter().cloned().eq(expected));
        for (piece, request) in pieces.iter().zip(&requests) {
            let Piece::Request(frame) = piece else { unreachable!() };
            prop_assert_eq!(&bytes[frame.request.clone()], &request[..]);
        }
    }

    #[test]
    fn requests_outside_a_damage_come_back(
        requests in requests(),
        place in any::<prop::sample::Index>(),
        garbage in prop::collection::vec(any::<u8>(), 1..60),
    ) {
        let (mut bytes, frames) = log(&requests);
        prop_assume!(!frames.is_empty());
        let start = HEADER_BYTES + place.index(bytes.len() - HEADER_BYTES);
        let damage = start..(start + garbage.len()).min(bytes.len());
        let before = bytes.clone();
        bytes[damage.clone()].copy_from_slice(&garbage[..damage.len()]);
        check_cover(&bytes);
        let found = pieces(&bytes);
        for piece in pieces(&before) {
            let Piece::Request(frame) = &piece else { unreachable!() };
            let is_outside = frame.request.end <= damage.start || frame.request.start - FRAME_BYTES >= damage.end;
            prop_assert!(!is_outside || found.contains(&piece), "{piece:?}");
        }
    }

    #[test]
    fn of_a_log_that_was_cut_all_whole_requests_come_back(requests in requests(), place in any::<prop::sample::Index>()) {
        let (bytes, frames) = log(&requests);
        let cut = HEADER_BYTES + place.index(bytes.len() - HEADER_BYTES + 1);
        check_cover(&bytes[..cut]);
        let whole = frames.iter().filter(|frame| frame.end <= cut).count();
        let found = pieces(&bytes[..cut]);
        prop_assert_eq!(found.iter().filter(|piece| matches!(piece, Piece::Request(_))).count(), whole);
        prop_assert!(!found.iter().any(|piece| matches!(piece, Piece::Damaged(_))));
    }

    #[test]
    fn any_bytes_after_a_header_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check_cover(&[&HEADER.to_bytes()[..], &bytes].concat());
    }

    #[test]
    fn any_change_of_a_header_is_noticed(at in 0..HEADER_BYTES, change in 1..=u8::MAX) {
        let mut bytes = log(&[b"request".to_vec()]).0;
        bytes[at] ^= change;
        let error = Header::read(&bytes).unwrap_err();
        prop_assert_eq!(error, if at < 8 { HeaderError::NotOurs } else { HeaderError::Damaged });
    }
}

#[test]
fn damage_is_passed_over_and_what_is_torn_ends_the_log() {
    let (bytes, frames) = log(&[vec![1; 4], vec![2; 5], vec![3; 6]]);
    assert_eq!(drawn(&bytes), "0:4 1:5 2:6");
    let changed = |change: fn(&mut Vec<u8>, &[Range<usize>])| {
        let mut bytes = bytes.clone();
        change(&mut bytes, &frames);
        drawn(&bytes)
    };
    assert_eq!(changed(|bytes, frames| bytes[frames[1].start] = 0), "0:4 !41 2:6", "a marker");
    assert_eq!(changed(|bytes, frames| bytes[frames[1].start + 5] ^= 1), "0:4 !41 2:6", "a length");
    assert_eq!(changed(|bytes, frames| bytes[frames[1].end - 1] = 0), "0:4 !41 2:6", "a request");
    assert_eq!(changed(|bytes, frames| drop(bytes.splice(frames[1].clone(), []))), "0:4 2:6", "a frame that is gone");
    assert_eq!(changed(|bytes, frames| drop(bytes.splice(frames[1].start..frames[1].start, [9; 3]))), "0:4 !3 1:5 2:6");
    assert_eq!(changed(|bytes, frames| bytes[frames[2].start] = 0), "0:4 1:5 ~42", "the last one");
    assert_eq!(changed(|bytes, _| bytes.truncate(bytes.len() - 1)), "0:4 1:5 ~41");
    assert_eq!(changed(|bytes, _| bytes.extend([0; 9_000])), "0:4 1:5 2:6 ~9000");
    assert_eq!(changed(|bytes, frames| bytes[HEADER_BYTES..frames[2].end].fill(0)), "~123");
}

#[test]
fn what_another_log_left_behind_is_no_part_of_this_one() {
    let (mut bytes, _) = log(&[b"ours".to_vec()]);
    Header { id: 1, ..HEADER }.put_frame(&mut bytes, 1, Timestamp(0), b"theirs");
    HEADER.put_frame(&mut bytes, 2, Timestamp(0), b"ours again");
    assert_eq!(drawn(&bytes), "0:4 !42 2:10");
}

#[test]
fn frames_of_a_kind_or_a_length_that_is_not_known_are_passed_over() {
    for (at, value) in [(16, 2), (17, 1), (19, 1), (7, 0x40), (7, 0x80)] {
        let mut bytes = log(&[b"first".to_vec()]).0;
        let mut head = HEADER.frame_head(1, Timestamp(0), b"");
        head[at] = value;
        let checksum = crc32c_append(HEADER.seed(), &head[..24]);
        head[24..HEAD_BYTES].copy_from_slice(&checksum.to_le_bytes());
        bytes.extend_from_slice(&head);
        let length = u32::from_le_bytes(take(&head, 4)) as usize;
        assert_eq!(drawn(&bytes), "0:5 ~36", "{at} {length}");
    }
}

#[test]
fn a_header_says_what_it_is_not() {
    let check = |bytes: &[u8], expected: HeaderError| assert_eq!(Header::read(bytes), Err(expected), "{bytes:?}");
    assert_eq!(Header::read(&HEADER.to_bytes()), Ok(HEADER));
    for length in 0..HEADER_BYTES {
        check(&HEADER.to_bytes()[..length], HeaderError::Torn);
        check(&[0; HEADER_BYTES][..length], HeaderError::Torn);
    }
    check(&[0; 4_096], HeaderError::Torn);
    check(&[&[0; 512][..], b"a frame"].concat(), HeaderError::Damaged);
    check(b"PK", HeaderError::NotOurs);
    check(&[b'a'; 100], HeaderError::NotOurs);
    let mut newer = [&HEADER.to_bytes()[..], b"more of it"].concat();
    newer[8] = 2;
    newer[10] = 50;
    let checksum = header_checksum(&newer);
    newer[12..16].copy_from_slice(&checksum.to_le_bytes());
    check(&newer, HeaderError::Newer(2));
    check(&newer[..45], HeaderError::Damaged);
}
