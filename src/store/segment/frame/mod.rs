//! The bytes of a log: a header, then a frame for each request. Checksums (CRC32C) begin with the file's own random id, so
//! that what another file left behind on the same sectors is not taken for a part of this one. All numbers are little-endian.
//!
//! The header, 40 bytes: magic (8), version u16, the header's length u16, checksum u32 of all its other bytes, the time of
//! the first request u64, id u64, number of the log u64. Of a newer version the first 16 bytes and the place of the checksum
//! stay as they are.
//!
//! A frame: marker u32, length of the payload u32, sequence number u64, kind u8, flags u8, two bytes of zero, checksum u32
//! of the payload, checksum u32 of the 24 bytes before it; then the payload: the time of arrival u64 in nanoseconds, and the
//! request as OTLP protobuf.

use std::ops::Range;

use crc32c::{crc32c, crc32c_append};
use memchr::memmem::Finder;

use crate::model::Timestamp;

pub const HEADER_BYTES: usize = 40;
/// What a frame takes beside the request.
pub const FRAME_BYTES: usize = HEAD_BYTES + TIME_BYTES;
/// The largest request that a frame holds.
pub const MAX_REQUEST_BYTES: usize = 1 << 30;

const HEAD_BYTES: usize = 28;
const TIME_BYTES: usize = 8;
/// The first byte is none of a text, the last one is spoilt by whoever takes the file for one.
const MAGIC: [u8; 8] = *b"\x89SPTLOG\n";
const VERSION: u16 = 1;
/// Four bytes that are in no text in UTF-8, so the search for a frame seldom stops in the text of a request.
const MARKER: [u8; 4] = [0xf5, 0xc1, 0xfa, 0xc0];
const REQUEST: u8 = 1;

/// What a log says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// When its first request arrived.
    pub created: Timestamp,
    /// Drawn at random for each file.
    pub id: u64,
    /// The number in its name.
    pub number: u64,
}

/// Why a file cannot be read as a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("it is not a log of spantop")]
    NotOurs,
    #[error("it is of version {0} of the format, and this spantop reads version {VERSION}; use a newer spantop")]
    Newer(u16),
    #[error("its header is damaged")]
    Damaged,
    /// Nothing but zeros or the beginning of a header is there: the power went before it was written.
    #[error("it ends within its header")]
    Torn,
}

impl Header {
    /// Returns the bytes that a log begins with.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[10..12].copy_from_slice(&(HEADER_BYTES as u16).to_le_bytes());
        bytes[16..24].copy_from_slice(&self.created.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.id.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.number.to_le_bytes());
        let checksum = header_checksum(&bytes);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the header of a log.
    ///
    /// # Errors
    /// When there is none that this version can read.
    pub fn read(bytes: &[u8]) -> Result<Self, HeaderError> {
        let begun = &bytes[..bytes.len().min(HEADER_BYTES)];
        if begun.iter().all(|&byte| byte == 0) {
            let is_empty = bytes.iter().all(|&byte| byte == 0);
            return Err(if is_empty { HeaderError::Torn } else { HeaderError::Damaged });
        }
        if !begun.iter().zip(&MAGIC).all(|(byte, magic)| byte == magic) {
            return Err(HeaderError::NotOurs);
        }
        if begun.len() < HEADER_BYTES {
            return Err(HeaderError::Torn);
        }
        let [version, length] = [8, 10].map(|at| u16::from_le_bytes(take(bytes, at)));
        let is_sound = |header: &[u8]| {
            header.len() >= HEADER_BYTES && header_checksum(header) == u32::from_le_bytes(take(header, 12))
        };
        if !bytes.get(..usize::from(length)).is_some_and(is_sound) {
            return Err(HeaderError::Damaged);
        }
        match version {
            VERSION => {
                let [created, id, number] = [16, 24, 32].map(|at| u64::from_le_bytes(take(bytes, at)));
                Ok(Self { created: Timestamp(created), id, number })
            }
            _ => Err(HeaderError::Newer(version)),
        }
    }

    /// Returns what a frame of this log has before the request.
    pub(super) fn frame_head(&self, sequence: u64, arrived: Timestamp, request: &[u8]) -> [u8; FRAME_BYTES] {
        let seed = self.seed();
        let mut head = [0; FRAME_BYTES];
        head[..4].copy_from_slice(&MARKER);
        head[4..8].copy_from_slice(&((TIME_BYTES + request.len()) as u32).to_le_bytes());
        head[8..16].copy_from_slice(&sequence.to_le_bytes());
        head[16] = REQUEST;
        head[HEAD_BYTES..].copy_from_slice(&arrived.0.to_le_bytes());
        let payload = crc32c_append(crc32c_append(seed, &head[HEAD_BYTES..]), request);
        head[20..24].copy_from_slice(&payload.to_le_bytes());
        let checksum = crc32c_append(seed, &head[..24]);
        head[24..HEAD_BYTES].copy_from_slice(&checksum.to_le_bytes());
        head
    }

    /// Appends a request's frame to the bytes of this log.
    pub fn put_frame(&self, log: &mut Vec<u8>, sequence: u64, arrived: Timestamp, request: &[u8]) {
        debug_assert!(request.len() <= MAX_REQUEST_BYTES);
        log.extend_from_slice(&self.frame_head(sequence, arrived, request));
        log.extend_from_slice(request);
    }

    fn seed(&self) -> u32 {
        crc32c(&self.id.to_le_bytes())
    }
}

fn header_checksum(header: &[u8]) -> u32 {
    crc32c_append(crc32c(&header[..12]), &header[16..])
}

/// Returns the bytes of a number; there are as many.
fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut number = [0; N];
    number.copy_from_slice(&bytes[at..at + N]);
    number
}

/// What is found in a log, from front to back. The pieces and the header are the whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Request(Frame),
    /// Bytes that are no frame, before one that is.
    Damaged(Range<usize>),
    /// What comes after the last frame: one that was not written to its end, or zeros.
    Torn(Range<usize>),
}

/// A request in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub sequence: u64,
    pub arrived: Timestamp,
    /// Where its bytes are.
    pub request: Range<usize>,
}

/// The pieces of a log. Takes a time in proportion to its length, whatever is in it, and nothing of the heap.
#[derive(Debug)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    seed: u32,
    at: usize,
    marker: Finder<'static>,
    /// A frame that was found after damage, and its end.
    next: Option<(Frame, usize)>,
}

/// What is at a place.
enum Found {
    Frame(Frame, usize),
    /// A frame of which only the head is sound, and its end.
    Unsound(usize),
    Nothing,
}

impl<'a> Frames<'a> {
    /// Returns the pieces of a log.
    ///
    /// # Errors
    /// When it has no header that this version can read.
    pub fn of(bytes: &'a [u8]) -> Result<Self, HeaderError> {
        let seed = Header::read(bytes)?.seed();
        Ok(Self { bytes, seed, at: HEADER_BYTES, marker: Finder::new(&MARKER), next: None })
    }

    fn look(&self, at: usize) -> Found {
        let Some(head) = self.bytes[at..].first_chunk::<HEAD_BYTES>() else { return Found::Nothing };
        let is_head =
            head.starts_with(&MARKER) && crc32c_append(self.seed, &head[..24]) == u32::from_le_bytes(take(head, 24));
        let length = u32::from_le_bytes(take(head, 4)) as usize;
        if !is_head || !(TIME_BYTES..=TIME_BYTES + MAX_REQUEST_BYTES).contains(&length) {
            return Found::Nothing;
        }
        let payload = at + HEAD_BYTES;
        let end = payload.saturating_add(length);
        let Some(bytes) = self.bytes.get(payload..end) else { return Found::Unsound(self.bytes.len()) };
        let is_sound = crc32c_append(self.seed, bytes) == u32::from_le_bytes(take(head, 20));
        if !is_sound || head[16..20] != [REQUEST, 0, 0, 0] {
            return Found::Unsound(end);
        }
        let frame = Frame {
            sequence: u64::from_le_bytes(take(head, 8)),
            arrived: Timestamp(u64::from_le_bytes(take(bytes, 0))),
            request: payload + TIME_BYTES..end,
        };
        Found::Frame(frame, end)
    }
}

impl Iterator for Frames<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if let Some((frame, end)) = self.next.take() {
            self.at = end;
            return Some(Piece::Request(frame));
        }
        let start = self.at;
        while self.at < self.bytes.len() {
            match self.look(self.at) {
                Found::Frame(frame, end) if self.at == start => {
                    self.at = end;
                    return Some(Piece::Request(frame));
                }
                Found::Frame(frame, end) => {
                    self.next = Some((frame, end));
                    return Some(Piece::Damaged(start..self.at));
                }
                // The head is sound and so is its length: the search goes on behind it, and no byte is looked at often.
                Found::Unsound(end) => self.at = end,
                Found::Nothing => {
                    let rest = self.at + 1;
                    self.at = self.marker.find(&self.bytes[rest..]).map_or(self.bytes.len(), |found| rest + found);
                }
            }
        }
        (start < self.at).then_some(Piece::Torn(start..self.at))
    }
}

#[cfg(test)]
mod tests;
