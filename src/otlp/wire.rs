//! The protobuf wire format: a cursor over bytes that reads keys, numbers and byte ranges, and skips what it does not
//! know. Accepts what prost accepts (<https://protobuf.dev/programming-guides/encoding/>); copies nothing.

/// How a field's value is laid out; the numbers are the wire's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    GroupStart = 3,
    GroupEnd = 4,
    Fixed32 = 5,
}

/// Says where bytes are not protobuf of the message expected, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub struct WireError {
    pub what: &'static str,
    /// From the start of the request body.
    pub offset: usize,
}

/// A place in a message: its unread bytes, and where it ends in the request.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    end: usize,
}

/// How deep unknown groups may be nested before a message is refused.
const MAX_GROUP_DEPTH: usize = 100;

impl<'a> Cursor<'a> {
    /// Returns a cursor over all of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, end: bytes.len() }
    }

    /// Returns where the cursor stands, from the start of the request.
    #[inline]
    pub fn offset(&self) -> usize {
        self.end - self.rest.len()
    }

    /// Returns whether the whole message was read.
    #[inline]
    pub fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns the unread bytes of this message.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Steps over `len` bytes.
    #[inline(always)]
    pub fn advance(&mut self, len: usize) {
        self.rest = self.rest.get(len..).unwrap_or_default();
    }

    /// Steps over `key` and the `N` bytes after it and returns these, if just this comes next.
    #[inline(always)]
    pub fn take<const K: usize, const N: usize>(&mut self, key: [u8; K]) -> Option<&'a [u8; N]> {
        let (found, rest) = self.rest.split_first_chunk::<K>()?;
        let (bytes, rest) = rest.split_first_chunk::<N>()?;
        if *found != key {
            return None;
        }
        self.rest = rest;
        Some(bytes)
    }

    /// Steps over `key` and returns whether it came next.
    #[inline(always)]
    pub fn take_key(&mut self, key: u8) -> bool {
        self.take::<1, 0>([key]).is_some()
    }

    /// Returns an error at the place where the cursor stands.
    pub fn error(&self, what: &'static str) -> WireError {
        WireError { what, offset: self.offset() }
    }

    /// Reads a varint of up to ten bytes.
    ///
    /// # Errors
    /// When the message ends inside it or it holds more than 64 bits.
    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64, WireError> {
        match *self.rest {
            [byte, ref rest @ ..] if byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            [low, high, ref rest @ ..] if high < 0x80 => {
                self.rest = rest;
                Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    fn long_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0;
        for (i, &byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                if i == 9 && byte > 1 {
                    return Err(self.error("a varint of more than 64 bits"));
                }
                self.rest = self.rest.get(i + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(self.error("an unfinished varint"))
    }

    /// Reads a field's number and layout.
    ///
    /// # Errors
    /// When the number is 0 or too great, or the layout is none that exists.
    #[inline(always)]
    pub fn key(&mut self) -> Result<(u32, Wire), WireError> {
        let key = self.varint()?;
        let wire = match key & 7 {
            0 => Wire::Varint,
            1 => Wire::Fixed64,
            2 => Wire::Bytes,
            3 => Wire::GroupStart,
            4 => Wire::GroupEnd,
            5 => Wire::Fixed32,
            _ => return Err(self.error("an unknown wire type")),
        };
        if key < 8 || key > u64::from(u32::MAX) {
            return Err(self.error("an invalid field number"));
        }
        Ok((key as u32 >> 3, wire))
    }

    /// Reads eight bytes, little-endian.
    ///
    /// # Errors
    /// When the message ends before.
    #[inline]
    pub fn fixed64(&mut self) -> Result<u64, WireError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk::<8>() else {
            return Err(self.error("an unfinished 64-bit number"));
        };
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// Reads four bytes, little-endian.
    ///
    /// # Errors
    /// When the message ends before.
    #[inline]
    pub fn fixed32(&mut self) -> Result<u32, WireError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk::<4>() else {
            return Err(self.error("an unfinished 32-bit number"));
        };
        self.rest = rest;
        Ok(u32::from_le_bytes(*bytes))
    }

    /// Reads a length and returns a cursor over that many bytes, stepping over them.
    ///
    /// # Errors
    /// When the message ends before.
    #[inline(always)]
    pub fn nested(&mut self) -> Result<Self, WireError> {
        let len = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        let Some((inner, rest)) = self.rest.split_at_checked(len) else {
            return Err(self.error("a length beyond the end of its message"));
        };
        self.rest = rest;
        Ok(Self { rest: inner, end: self.end - rest.len() })
    }

    /// Reads a length and that many bytes.
    ///
    /// # Errors
    /// When the message ends before.
    #[inline(always)]
    pub fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        Ok(self.nested()?.rest)
    }

    /// Reads a length and that many bytes of UTF-8, and returns where they are.
    ///
    /// # Errors
    /// When the message ends before or the bytes are not UTF-8.
    #[inline(always)]
    pub fn text(&mut self) -> Result<Self, WireError> {
        let inner = self.nested()?;
        if is_ascii(inner.rest) { Ok(inner) } else { inner.checked_utf8() }
    }

    #[cold]
    fn checked_utf8(self) -> Result<Self, WireError> {
        match std::str::from_utf8(self.rest) {
            Ok(_) => Ok(self),
            Err(error) => {
                let offset = self.offset() + error.valid_up_to();
                Err(WireError { what: "a string that is not UTF-8", offset })
            }
        }
    }

    /// Steps over the value of an unknown field.
    ///
    /// # Errors
    /// When the message ends before, or groups do not match or are nested too deep.
    pub fn skip(&mut self, field: u32, wire: Wire) -> Result<(), WireError> {
        match wire {
            Wire::Varint => self.varint().map(drop),
            Wire::Fixed64 => self.fixed64().map(drop),
            Wire::Fixed32 => self.fixed32().map(drop),
            Wire::Bytes => self.nested().map(drop),
            Wire::GroupStart => self.skip_group(field),
            Wire::GroupEnd => Err(self.error("an end of a group that was not begun")),
        }
    }

    /// Groups are long deprecated, but legal in what is unknown; no recursion, as they come from outside.
    fn skip_group(&mut self, field: u32) -> Result<(), WireError> {
        let mut open = vec![field];
        while let Some(&innermost) = open.last() {
            match self.key()? {
                (field, Wire::GroupEnd) if field == innermost => drop(open.pop()),
                (_, Wire::GroupEnd) => return Err(self.error("an end of another group")),
                (field, Wire::GroupStart) if open.len() < MAX_GROUP_DEPTH => open.push(field),
                (_, Wire::GroupStart) => return Err(self.error("groups nested too deep")),
                (field, wire) => self.skip(field, wire)?,
            }
        }
        Ok(())
    }
}

/// Returns the key of a field below 16, as it is usually written.
pub const fn one_byte_key(field: u8, wire: Wire) -> u8 {
    field << 3 | wire as u8
}

/// Returns whether all bytes are ASCII. Most strings are short: eight bytes at a time, the last eight overlapping, beats
/// a call.
#[inline(always)]
pub fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let mut seen = 0;
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        seen |= u64::from_le_bytes(*chunk);
        rest = after;
    }
    match bytes.last_chunk::<8>() {
        Some(last) => seen |= u64::from_le_bytes(*last),
        None => bytes.iter().for_each(|&byte| seen |= u64::from(byte)),
    }
    seen & HIGH_BITS == 0
}

/// Appends `value` as a varint.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends field `number` holding `bytes`: a string, bytes or a message.
pub fn put_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    put_varint(out, u64::from(number) << 3 | Wire::Bytes as u64);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
