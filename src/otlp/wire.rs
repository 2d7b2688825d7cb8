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

/// A place in a message: the bytes of the whole request, and where this message goes on and ends in it.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

/// How deep unknown groups may be nested before a message is refused.
const MAX_GROUP_DEPTH: usize = 100;

impl<'a> Cursor<'a> {
    /// Returns a cursor over all of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len() }
    }

    /// Returns where the cursor stands, from the start of the request.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Returns where this message ends, from the start of the request.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Returns whether the whole message was read.
    pub fn is_done(&self) -> bool {
        self.at >= self.end
    }

    /// Returns the bytes of the whole request.
    pub fn whole(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the unread bytes of this message.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..self.end).unwrap_or_default()
    }

    /// Returns an error at the place where the cursor stands.
    pub fn error(&self, what: &'static str) -> WireError {
        WireError { what, offset: self.at }
    }

    /// Reads a varint of up to ten bytes.
    ///
    /// # Errors
    /// When the message ends inside it or it holds more than 64 bits.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, WireError> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 && self.at < self.end => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0;
        for (i, &byte) in self.rest().iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                if i == 9 && byte > 1 {
                    return Err(self.error("a varint of more than 64 bits"));
                }
                self.at += i + 1;
                return Ok(value);
            }
        }
        Err(self.error("an unfinished varint"))
    }

    /// Reads a field's number and layout.
    ///
    /// # Errors
    /// When the number is 0 or too great, or the layout is none that exists.
    #[inline]
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
        match u32::try_from(key) {
            Ok(key) if key >= 8 => Ok((key >> 3, wire)),
            _ => Err(self.error("an invalid field number")),
        }
    }

    /// Reads eight bytes, little-endian.
    ///
    /// # Errors
    /// When the message ends before.
    #[inline]
    pub fn fixed64(&mut self) -> Result<u64, WireError> {
        let bytes = self.rest().first_chunk::<8>().ok_or(self.error("an unfinished 64-bit number"))?;
        self.at += 8;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// Reads four bytes, little-endian.
    ///
    /// # Errors
    /// When the message ends before.
    #[inline]
    pub fn fixed32(&mut self) -> Result<u32, WireError> {
        let bytes = self.rest().first_chunk::<4>().ok_or(self.error("an unfinished 32-bit number"))?;
        self.at += 4;
        Ok(u32::from_le_bytes(*bytes))
    }

    /// Reads a length and returns a cursor over that many bytes, stepping over them.
    ///
    /// # Errors
    /// When the message ends before.
    #[inline]
    pub fn nested(&mut self) -> Result<Self, WireError> {
        let len = self.varint()?;
        if len > (self.end - self.at) as u64 {
            return Err(self.error("a length beyond the end of its message"));
        }
        let inner = Self { bytes: self.bytes, at: self.at, end: self.at + len as usize };
        self.at = inner.end;
        Ok(inner)
    }

    /// Reads a length and that many bytes.
    ///
    /// # Errors
    /// When the message ends before.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        Ok(self.nested()?.rest())
    }

    /// Reads a length and that many bytes of UTF-8.
    ///
    /// # Errors
    /// When the message ends before or the bytes are not UTF-8.
    #[inline]
    pub fn text(&mut self) -> Result<&'a str, WireError> {
        let inner = self.nested()?;
        std::str::from_utf8(inner.rest())
            .map_err(|e| WireError { what: "a string that is not UTF-8", offset: inner.at + e.valid_up_to() })
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
