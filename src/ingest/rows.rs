//! How much the scanner makes of a request, known before it does: a body of the smallest spans and scopes becomes several
//! times its size in rows.

use crate::otlp::wire::{Cursor, Wire, WireError};
use crate::otlp::{ResourceRow, ScopeRow, SpanRow};

/// The fields that lead from a request to its spans, and the row that each becomes.
const LEVELS: &[(u32, usize)] = &[(1, size_of::<ResourceRow>()), (2, size_of::<ScopeRow>()), (2, size_of::<SpanRow>())];

/// Returns the most that the rows of an encoded request take while they are a batch. Only lengths are looked at; what is
/// damaged the scanner refuses, at the latest where this stops.
pub(super) fn bytes(request: &[u8]) -> usize {
    let mut bytes = 0;
    add(Cursor::new(request), LEVELS, &mut bytes).ok();
    // A list that grows has room for up to twice what is in it.
    bytes * 2
}

/// The recursion is as deep as there are levels.
fn add(mut message: Cursor, levels: &[(u32, usize)], bytes: &mut usize) -> Result<(), WireError> {
    let Some(((number, row), below)) = levels.split_first() else { return Ok(()) };
    while !message.is_done() {
        match message.key()? {
            (field, Wire::Bytes) if field == *number => {
                *bytes += row;
                add(message.nested()?, below, bytes)?;
            }
            (field, wire) => message.skip(field, wire)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp;

    fn check(request: &[u8]) {
        let batch = otlp::scan(request.to_vec().into()).unwrap();
        let rows = batch.resources.capacity() * size_of::<ResourceRow>()
            + batch.scopes.capacity() * size_of::<ScopeRow>()
            + batch.spans.capacity() * size_of::<SpanRow>();
        // The least that a list makes room for is four.
        assert!(bytes(request) + 4 * 256 >= rows, "{} are fewer than {rows}", bytes(request));
    }

    #[test]
    fn no_request_makes_more_rows_than_is_told() {
        let span = [&[0x12, 30, 0x0a, 16][..], &[1; 16], &[0x12, 8], &[1; 8], &[0x18, 0]].concat();
        let span = [&[0x12, 28][..], &span[2..30]].concat();
        let nested = |field: u8, inner: &[u8]| {
            let len = inner.len();
            [&[field << 3 | 2, len as u8 | 0x80, (len >> 7) as u8 | 0x80, (len >> 14) as u8], inner].concat()
        };
        for count in [0, 1, 5, 1_000] {
            check(&nested(1, &nested(2, &span.repeat(count))));
            check(&nested(1, &nested(2, &span).repeat(count)));
            check(&nested(1, &nested(2, &span)).repeat(count));
            check(&[0x0a, 0].repeat(count));
            check(&nested(1, &[0x12, 0].repeat(count)));
        }
    }

    #[test]
    fn what_is_damaged_is_counted_up_to_the_damage() {
        assert_eq!(bytes(b"\x0a"), 2 * size_of::<ResourceRow>());
        assert_eq!(bytes(b"\xff\xff"), 0);
        assert!(bytes(&[0x0a, 2, 0x12, 0, 0x0a, 99]) >= 4 * size_of::<ResourceRow>());
    }
}
