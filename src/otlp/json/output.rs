//! Protobuf being written: tags, varints, and lengths that are known only afterwards.

use crate::otlp::wire::Wire;

/// Values nested deeper than this get a length of fixed width, so that a long value in many levels is not moved once
/// for each of them.
const MOVED_LEVELS_MAX: usize = 8;

/// That width: enough for 256 MiB.
const FIXED_WIDTH: usize = 4;

pub(super) struct Output {
    bytes: Vec<u8>,
}

/// Where a length-delimited field begins whose length is still missing.
#[must_use]
pub(super) struct Mark {
    start: usize,
    width: usize,
    is_fixed: bool,
}

impl Output {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    #[inline]
    pub(super) fn tag(&mut self, number: u32, wire_type: Wire) {
        self.varint(u64::from(number << 3 | wire_type as u32));
    }

    #[inline]
    pub(super) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub(super) fn fixed64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn fixed32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    pub(super) fn text(&mut self, text: &str) {
        self.varint(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Leaves room for a length of `width` bytes; what is written until [`Output::finish`] is what it measures.
    #[inline]
    pub(super) fn begin(&mut self, width: usize, level: usize) -> Mark {
        let is_fixed = level > MOVED_LEVELS_MAX;
        let width = if is_fixed { FIXED_WIDTH } else { width };
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; FIXED_WIDTH][..width]);
        Mark { start, width, is_fixed }
    }

    /// Writes the length into the room left for it, making the room fit.
    #[inline]
    pub(super) fn finish(&mut self, mark: &Mark) {
        let Mark { start, width: room, is_fixed } = *mark;
        let length = self.bytes.len() - start - room;
        let mut width = varint_width(length);
        if is_fixed && width > 1 {
            width = width.max(room);
        }
        if width != room {
            self.move_content(start + room, start + width);
        }
        if width == 1 {
            self.bytes[start] = length as u8;
            return;
        }
        let mut rest = length;
        for byte in &mut self.bytes[start..start + width - 1] {
            *byte = rest as u8 | 0x80;
            rest >>= 7;
        }
        self.bytes[start + width - 1] = rest as u8;
    }

    /// Moves everything after `from` to `to`.
    fn move_content(&mut self, from: usize, to: usize) {
        let end = self.bytes.len();
        if to > from {
            self.bytes.resize(end + to - from, 0);
        }
        self.bytes.copy_within(from..end, to);
        self.bytes.truncate(end + to - from);
    }
}

fn varint_width(value: usize) -> usize {
    (usize::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        for (width, length) in [(1, 0), (1, 127), (1, 128), (2, 5), (3, 16_383), (3, 16_384), (1, 3_000_000)] {
            let mut output = Output::with_capacity(0);
            let mark = output.begin(width, 0);
            output.bytes_mut().extend(std::iter::repeat_n(7, length));
            output.finish(&mark);
            let mut expected = Vec::new();
            prost::encoding::encode_varint(length as u64, &mut expected);
            expected.extend(std::iter::repeat_n(7, length));
            assert_eq!(output.into_bytes(), expected, "{width} {length}");
        }
    }

    #[test]
    fn deep_inside_only_short_lengths_are_moved() {
        for (length, width) in [(0, 1), (127, 1), (128, 4), (20_000, 4)] {
            let mut output = Output::with_capacity(0);
            let mark = output.begin(1, 9);
            output.bytes_mut().extend(std::iter::repeat_n(7, length));
            output.finish(&mark);
            let bytes = output.into_bytes();
            assert_eq!(bytes.len(), width + length);
            assert_eq!(prost::encoding::decode_varint(&mut bytes.as_slice()).unwrap(), length as u64);
        }
    }
}
