//! Unpacking a whole body, bounded while it is unpacked: a bomb costs no more than the limit.

use std::io::Read;

use super::refusal::Refusal;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    /// Reads the name that HTTP's Content-Encoding and gRPC's grpc-encoding share.
    pub(super) fn of(name: Option<&str>) -> Result<Self, Refusal> {
        match name.map(|name| name.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "identity") => Ok(Self::Identity),
            Some("gzip" | "x-gzip") => Ok(Self::Gzip),
            Some("zstd") => Ok(Self::Zstd),
            Some(other) => Err(Refusal::Coding(other.chars().take(40).collect())),
        }
    }
}

/// The most that is unpacked in one go: some milliseconds of work.
const ONE_GO_BYTES: usize = 4 << 20;
/// What a gzip member begins with (RFC 1952).
const GZIP_MAGIC: &[u8] = b"\x1f\x8b\x08";

/// Returns the unpacked size that a gzip body gives itself, where it is small enough for [`in_one_go`].
pub(super) fn stated_size(coding: Coding, packed: &[u8], limit: usize) -> Option<usize> {
    let size = u32::from_le_bytes(*packed.last_chunk::<4>()?) as usize;
    (coding == Coding::Gzip && size <= ONE_GO_BYTES.min(limit)).then_some(size)
}

/// Unpacks a gzip body of the stated size, in half the time that [`Inflater`] takes; none where it is anything else than
/// one member of that size, which may be valid all the same.
pub(super) fn in_one_go(packed: &[u8], size: usize) -> Option<Vec<u8>> {
    // libdeflate stops at the end of the first member and does not tell where that was. Further ones have their magic.
    if memchr::memmem::find(packed.get(1..)?, GZIP_MAGIC).is_some() {
        return None;
    }
    let mut unpacked = vec![0; size];
    let written = libdeflater::Decompressor::new().gzip_decompress(packed, &mut unpacked).ok()?;
    (written == size).then_some(unpacked)
}

/// A body that is being unpacked piece by piece, so that others get their turn in between.
pub(super) struct Inflater<'a> {
    reader: Box<dyn Read + Send + 'a>,
    limit: usize,
    pub(super) unpacked: Vec<u8>,
}

/// How much is unpacked in one turn: some milliseconds of work.
pub(super) const TURN_BYTES: usize = 1 << 20;

/// Windows of 8 MiB are the most that a content coding may need (RFC 9659).
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

impl<'a> Inflater<'a> {
    /// Begins to unpack `packed`, to at most `limit` bytes.
    pub(super) fn new(coding: Coding, packed: &'a [u8], limit: usize) -> Result<Self, Refusal> {
        let reader: Box<dyn Read + Send + 'a> = match coding {
            Coding::Identity => Box::new(packed),
            Coding::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            Coding::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(|e| damaged(&e))?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|e| damaged(&e))?;
                Box::new(decoder)
            }
        };
        Ok(Self { reader, limit, unpacked: Vec::with_capacity((packed.len() * 4).min(TURN_BYTES).min(limit)) })
    }

    /// Unpacks the next piece; returns whether that was the last.
    ///
    /// # Errors
    /// When the bytes are damaged or more than the limit.
    pub(super) fn turn(&mut self) -> Result<bool, Refusal> {
        let piece = TURN_BYTES.min(self.limit - self.unpacked.len() + 1);
        let read = self.reader.by_ref().take(piece as u64).read_to_end(&mut self.unpacked).map_err(|e| damaged(&e))?;
        if self.unpacked.len() > self.limit {
            return Err(Refusal::TooLarge { limit: self.limit, inflated: true });
        }
        Ok(read < piece)
    }
}

fn damaged(error: &std::io::Error) -> Refusal {
    Refusal::unreadable("unpack the body", error)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(coding: Coding, packed: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
        let at_once = stated_size(coding, packed, limit).and_then(|size| in_one_go(packed, size));
        let piecewise = unpack_piecewise(coding, packed, limit);
        if let Some(unpacked) = at_once {
            assert_eq!(piecewise.as_ref(), Ok(&unpacked), "both ways lead to the same");
        }
        piecewise
    }

    fn unpack_piecewise(coding: Coding, packed: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
        let mut inflater = Inflater::new(coding, packed, limit)?;
        while !inflater.turn()? {}
        Ok(inflater.unpacked)
    }

    #[test]
    fn bodies_come_out_as_they_went_in() {
        let body: Vec<u8> = (0..3_000_000_u32).map(|i| (i / 7) as u8).collect();
        assert_eq!(unpack(Coding::Gzip, &gzip(&body), 1 << 22), Ok(body.clone()));
        let packed = zstd::stream::encode_all(&body[..], 1).unwrap();
        assert_eq!(unpack(Coding::Zstd, &packed, 1 << 22), Ok(body));
        assert_eq!(unpack(Coding::Gzip, &gzip(b""), 10), Ok(Vec::new()));
    }

    #[test]
    fn a_gzip_file_of_two_members_is_one_body() {
        let packed = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(unpack(Coding::Gzip, &packed, 100), Ok(b"one two".to_vec()));
        let packed = [gzip(b"same"), gzip(b"same")].concat();
        assert_eq!(unpack(Coding::Gzip, &packed, 100), Ok(b"samesame".to_vec()));
    }

    #[test]
    fn one_member_of_the_size_it_states_is_unpacked_in_one_go() {
        let body = b"a body of some length ".repeat(50);
        let packed = gzip(&body);
        let size = stated_size(Coding::Gzip, &packed, body.len());
        assert_eq!(size, Some(body.len()));
        assert_eq!(in_one_go(&packed, body.len()), Some(body.clone()));
        assert_eq!(stated_size(Coding::Gzip, &packed, body.len() - 1), None, "over the limit");
        assert_eq!(stated_size(Coding::Zstd, &packed, body.len()), None);
        let lies = [in_one_go(&packed, body.len() - 1), in_one_go(&packed, body.len() + 1), in_one_go(b"", 0)];
        assert_eq!(lies, [None, None, None]);
        assert_eq!(in_one_go(&packed[..packed.len() - 1], body.len()), None);
    }

    #[test]
    fn bombs_stop_at_the_limit() {
        let bomb = vec![0; 50_000_000];
        for (coding, packed) in
            [(Coding::Gzip, gzip(&bomb)), (Coding::Zstd, zstd::stream::encode_all(&bomb[..], 1).unwrap())]
        {
            let mut inflater = Inflater::new(coding, &packed, 100_000).unwrap();
            let refusal = loop {
                match inflater.turn() {
                    Ok(done) => assert!(!done),
                    Err(refusal) => break refusal,
                }
            };
            assert_eq!(refusal, Refusal::TooLarge { limit: 100_000, inflated: true });
            assert!(inflater.unpacked.len() <= 100_001);
        }
        let exact = vec![0; 100_000];
        assert_eq!(unpack(Coding::Gzip, &gzip(&exact), 100_000), Ok(exact));
    }

    #[test]
    fn damaged_bodies_are_invalid() {
        let packed = gzip(b"a body of some length");
        for damaged in [&packed[..packed.len() - 3], &packed[..5], b"not gzip at all", b""] {
            assert!(matches!(unpack(Coding::Gzip, damaged, 100), Err(Refusal::Invalid { .. })), "{damaged:?}");
        }
        assert!(matches!(unpack(Coding::Zstd, b"not zstd", 100), Err(Refusal::Invalid { .. })));
    }

    #[test]
    fn codings_are_known_by_name() {
        assert_eq!(Coding::of(Some(" GZip ")), Ok(Coding::Gzip));
        assert_eq!(Coding::of(Some("x-gzip")), Ok(Coding::Gzip));
        assert_eq!(Coding::of(None), Ok(Coding::Identity));
        assert_eq!(Coding::of(Some("br")), Err(Refusal::Coding("br".into())));
    }
}
