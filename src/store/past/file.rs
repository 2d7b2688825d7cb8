//! What is known of spans that are gone, in a file. It is written whole under another name, and takes the place of the one before.
//! Numbers are little-endian:
//!
//! | bytes | |
//! |---|---|
//! | 32 | head: `spantopP`, version u16, 0 u16, the first block that is not in it u32, length of the body u64, CRC32C of the body u32, CRC32C of the head so far u32 |
//! | | the body, of each service: length of its name u32, the name in UTF-8, how many minutes u32, and of each: its number since 1970 u32, then of spans of kind SERVER and CONSUMER and of others how many u64, how many failed u64, and their durations in nanoseconds u64 |

use std::sync::Arc;

use super::{Past, PastMinute, Sum};

/// The name of the file.
pub const PAST_FILE: &str = "past.spp";

/// Why a file is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PastError {
    #[error("it is of format {0}, and this spantop reads format {VERSION}")]
    OtherVersion(u16),
    #[error("it is damaged")]
    Damaged,
}

const MAGIC: &[u8; 8] = b"spantopP";
const VERSION: u16 = 1;
const HEAD: usize = 32;

impl Past {
    /// Returns the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for piece in &self.pieces {
            for minutes in piece.chunk_by(|a, b| a.service == b.service) {
                let service = minutes.first().map_or("", |one| &*one.service);
                put_u32(&mut body, service.len());
                body.extend_from_slice(service.as_bytes());
                put_u32(&mut body, minutes.len());
                for one in minutes {
                    body.extend_from_slice(&one.minute.to_le_bytes());
                    for sum in [&one.entries, &one.others] {
                        for number in [sum.spans, sum.errors, sum.sum_ns] {
                            body.extend_from_slice(&number.to_le_bytes());
                        }
                    }
                }
            }
        }
        let mut file = Vec::with_capacity(HEAD + body.len());
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(&[0; 2]);
        file.extend_from_slice(&self.next.to_le_bytes());
        file.extend_from_slice(&(body.len() as u64).to_le_bytes());
        file.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
        let checksum = crc32c::crc32c(&file);
        file.extend_from_slice(&checksum.to_le_bytes());
        file.extend_from_slice(&body);
        file
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is of another version, or not whole.
    pub fn from_bytes(file: &[u8]) -> Result<Self, PastError> {
        let mut head = Bytes(file.get(..HEAD).ok_or(PastError::Damaged)?);
        let checked = head.0.get(..HEAD - 4).map_or(0, crc32c::crc32c);
        if head.take(MAGIC.len()) != Some(MAGIC) {
            return Err(PastError::Damaged);
        }
        let read = |head: &mut Bytes| Some((head.u32()?, head.u32()?, head.u64()?, head.u32()?, head.u32()?));
        let (version, next, len, body_checksum, checksum) = read(&mut head).ok_or(PastError::Damaged)?;
        if checksum != checked {
            return Err(PastError::Damaged);
        }
        if version != u32::from(VERSION) {
            return Err(PastError::OtherVersion(version as u16));
        }
        let body = file.get(HEAD..).filter(|body| body.len() as u64 == len && crc32c::crc32c(body) == body_checksum);
        let minutes = body.and_then(|body| minutes(Bytes(body))).ok_or(PastError::Damaged)?;
        let mut past = Self { next, ..Self::default() };
        past.push(minutes);
        Ok(past)
    }
}

fn put_u32(to: &mut Vec<u8>, number: usize) {
    to.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

/// Bytes that are read from front to back.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    fn sum(&mut self) -> Option<Sum> {
        Some(Sum { spans: self.u64()?, errors: self.u64()?, sum_ns: self.u64()? })
    }
}

/// Reads all minutes, in order; none where that is not what the bytes are.
fn minutes(mut body: Bytes) -> Option<Vec<PastMinute>> {
    let mut all = Vec::new();
    while !body.0.is_empty() {
        let len = body.u32()? as usize;
        let service: Arc<str> = std::str::from_utf8(body.take(len)?).ok()?.into();
        for _ in 0..body.u32()? {
            let (minute, entries, others) = (body.u32()?, body.sum()?, body.sum()?);
            all.push(PastMinute { service: Arc::clone(&service), minute, entries, others });
        }
    }
    // Several pieces were written one after the other.
    all.sort_by(|a, b| a.key().cmp(&b.key()));
    Some(super::joined(&all, &[]))
}
