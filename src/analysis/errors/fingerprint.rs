//! What makes two errors the same.

use super::message::mask;
use super::{Fingerprint, Said, stack};

impl Fingerprint {
    /// Returns the fingerprint of an error of a service, and its message without what differs: FNV-1a with 64 bits over the
    /// service, the type, and the places in the program's own code where there is a stack trace that has some, else the
    /// message, each with a zero byte behind it.
    pub fn of(service: &str, said: &Said) -> (Self, String) {
        let pattern = mask(&said.message);
        let places = stack::own_places(&said.stack_trace);
        let mut hash = Fnv::default();
        hash.add(service);
        hash.add(&said.exception_type);
        if places.is_empty() {
            hash.add(&pattern);
        } else {
            for place in &places {
                hash.add(place);
            }
        }
        (Self(hash.0), pattern)
    }
}

/// Fowler, Noll and Vo's hash, variant 1a: simple, and the same everywhere.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
