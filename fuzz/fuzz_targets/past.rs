//! A file of what is known of spans that are gone, made of any bytes, is read or refused, also where its checksums are right; what
//! is read is the same when it is written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spantop::store::Past;

const HEAD: usize = 32;

fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else { return };
    let file = if kind % 2 == 0 { rest.to_vec() } else { with_head(rest) };
    let Ok(past) = Past::from_bytes(&file) else { return };
    let again = Past::from_bytes(&past.to_bytes()).expect("what was written can be read");
    assert_eq!(again, past);
});

/// Returns a file with this body, and a head that is right.
fn with_head(body: &[u8]) -> Vec<u8> {
    let mut file = Past::default().to_bytes();
    file.truncate(HEAD);
    file[16..24].copy_from_slice(&(body.len() as u64).to_le_bytes());
    file[24..28].copy_from_slice(&crc32c::crc32c(body).to_le_bytes());
    let checksum = crc32c::crc32c(&file[..28]);
    file[28..32].copy_from_slice(&checksum.to_le_bytes());
    file.extend_from_slice(body);
    file
}
