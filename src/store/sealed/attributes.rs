//! Which attributes the spans of a block have, as far as a filter tells: nearly always it says from one cache line that no
//! span has a key, or a key with a value; and in the same way which ones resources and scopes have.

use bytes::Bytes;
use hashbrown::HashTable;

use super::image::{Damaged, ImageBuilder, ImageReader, item};
use crate::otlp::wire::{Cursor, Wire};
use crate::store::ids::mix;
use crate::store::index::hash;
use crate::store::scan::{KeyHash, of_origin};

/// A Bloom filter whose bits for one fingerprint lie in one line.
#[derive(Debug)]
pub(super) struct AttributeFilter(Bytes);

/// The bytes of a line.
const LINE: usize = 64;
/// Bits for each fingerprint, of which it sets some: one of a thousand others then passes.
const BITS_EACH: usize = 16;
const BITS_SET: u32 = 7;
/// Where spans have very many different attributes, the filter has no more bits for each span than this.
const BITS_A_SPAN: usize = 24;
/// Bits of a hash that choose one bit of a line.
const CHOICE: u32 = 9;

impl AttributeFilter {
    fn write(attributes: &Attributes, image: &mut ImageBuilder) {
        let Attributes { fingerprints, spans, origins, .. } = attributes;
        let bits = (fingerprints.len() * BITS_EACH).min(spans * BITS_A_SPAN + origins * 2 * BITS_EACH);
        let mut lines = vec![[0_u8; LINE]; bits / 8 / LINE + 1];
        for &fingerprint in fingerprints {
            let at = line_of(fingerprint, lines.len());
            for bit in bits_of(fingerprint) {
                lines[at][bit / 8] |= 1 << (bit % 8);
            }
        }
        image.section(lines.as_flattened());
    }

    pub(super) fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        Ok(Self(image.section()?))
    }

    /// Returns whether there may be an attribute of this fingerprint.
    pub(super) fn may_have(&self, fingerprint: u64) -> bool {
        let line: Option<&[u8; LINE]> = item(&self.0, line_of(fingerprint, self.0.len() / LINE));
        // A filter that is not there says nothing.
        line.is_none_or(|line| bits_of(fingerprint).all(|bit| line[bit / 8] >> (bit % 8) & 1 == 1))
    }
}

fn line_of(fingerprint: u64, lines: usize) -> usize {
    (((fingerprint >> 32) * lines as u64) >> 32) as usize
}

fn bits_of(fingerprint: u64) -> impl Iterator<Item = usize> {
    let choices = mix(fingerprint, 0x9e37_79b9_7f4a_7c15);
    (0..BITS_SET).map(move |choice| (choices >> (choice * CHOICE)) as usize % (LINE * 8))
}

/// The attributes of a block's spans while it is sealed.
pub(super) struct Attributes {
    /// Hashes of `KeyValue` messages seen of late, each at the place that follows from it: most attributes come again and
    /// again. The hash is a secret of this process, so nobody can make up one that seems to have been seen.
    recent: Box<[u64]>,
    fingerprints: HashTable<u64>,
    spans: usize,
    /// How many attributes resources and scopes have.
    origins: usize,
}

const RECENT: usize = 2_048;

// Fields of opentelemetry.proto.trace.v1.Span, and those of what is in it.
const ATTRIBUTES: u32 = 9;
const EVENTS: u32 = 11;
const LINKS: u32 = 13;
const EVENT_ATTRIBUTES: u32 = 3;
const LINK_ATTRIBUTES: u32 = 4;
// Those of opentelemetry.proto.resource.v1.Resource and opentelemetry.proto.common.v1.InstrumentationScope.
pub(super) const RESOURCE_ATTRIBUTES: u32 = 1;
pub(super) const SCOPE_ATTRIBUTES: u32 = 3;

impl Attributes {
    /// Returns none yet, of so many spans.
    pub(super) fn of(spans: usize) -> Self {
        Self { recent: vec![0; RECENT].into(), fingerprints: HashTable::with_capacity(spans), spans, origins: 0 }
    }

    /// Adds those of a `Span` message.
    pub(super) fn add_span(&mut self, span: &[u8]) {
        each_message(span, |field, message| self.add_field(field, message));
    }

    /// Adds those in a field of a `Span` message that is bytes.
    #[inline]
    pub(super) fn add_field(&mut self, field: u32, message: &[u8]) {
        match field {
            ATTRIBUTES => self.add_attribute(message),
            EVENTS => self.add_of_part(message, EVENT_ATTRIBUTES),
            LINKS => self.add_of_part(message, LINK_ATTRIBUTES),
            _ => {}
        }
    }

    fn add_of_part(&mut self, message: &[u8], attributes: u32) {
        each_message(message, |field, message| {
            if field == attributes {
                self.add_attribute(message);
            }
        });
    }

    #[inline]
    fn add_attribute(&mut self, message: &[u8]) {
        let hash = hash(message);
        let recent = &mut self.recent[hash as usize % RECENT];
        if *recent != hash {
            *recent = hash;
            self.add_new(message, |fingerprint| fingerprint);
        }
    }

    /// Adds those under a field of a resource or a scope.
    pub(super) fn add_origin(&mut self, message: &[u8], attributes: u32) {
        each_message(message, |field, message| {
            if field == attributes {
                self.origins += 1;
                self.add_new(message, of_origin);
            }
        });
    }

    /// What is said twice is added twice: of some of it, it is not the last that counts.
    #[inline(never)]
    fn add_new(&mut self, message: &[u8], of: impl Fn(u64) -> u64) {
        let mut key = &[][..];
        each_message(message, |field, bytes| {
            if field == 1 {
                key = bytes;
            }
        });
        let key = KeyHash::of(key);
        let mut insert = |fingerprint| self.insert(of(fingerprint));
        insert(key.alone());
        each_message(message, |field, value| {
            if field == 2 {
                each_fingerprint(key, value, &mut insert);
            }
        });
    }

    fn insert(&mut self, fingerprint: u64) {
        self.fingerprints.entry(fingerprint, |&other| other == fingerprint, |&other| other).or_insert(fingerprint);
    }

    /// Writes their filter.
    pub(super) fn write(&self, image: &mut ImageBuilder) {
        AttributeFilter::write(self, image);
    }
}

/// Calls `on` with the fingerprint of an `AnyValue`, or if it is an array with those of its elements.
fn each_fingerprint(key: KeyHash, value: &[u8], on: &mut impl FnMut(u64)) {
    each_field(value, |field| match field {
        (ARRAY, Content::Bytes(array)) => each_message(array, |field, element| {
            if field == 1 {
                each_field(element, |field| scalar(key, field).into_iter().for_each(&mut *on));
            }
        }),
        field => scalar(key, field).into_iter().for_each(&mut *on),
    });
}

fn scalar(key: KeyHash, field: (u32, Content)) -> Option<u64> {
    match field {
        (1, Content::Bytes(text)) => Some(key.with_text(text)),
        (2, Content::Number(number)) => Some(key.with_bool(number != 0)),
        (3, Content::Number(number)) => Some(key.with_number(number as i64 as f64)),
        (4, Content::Number(number)) => Some(key.with_number(f64::from_bits(number))),
        _ => None,
    }
}

/// The field of an `AnyValue` that is an array.
const ARRAY: u32 = 5;

#[derive(Clone, Copy)]
enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Calls `on` for each field of a message that is bytes. The scanner has validated it; what is damaged all the same is the
/// end of it.
#[inline(always)]
fn each_message<'a>(message: &'a [u8], mut on: impl FnMut(u32, &'a [u8])) {
    each_field(message, |field| {
        if let (number, Content::Bytes(bytes)) = field {
            on(number, bytes);
        }
    });
}

#[inline(always)]
fn each_field<'a>(message: &'a [u8], mut on: impl FnMut((u32, Content<'a>))) {
    let mut cursor = Cursor::new(message);
    while let Ok((field, wire)) = cursor.key() {
        let content = match wire {
            Wire::Bytes => cursor.bytes().map(Content::Bytes),
            Wire::Varint => cursor.varint().map(Content::Number),
            Wire::Fixed64 => cursor.fixed64().map(Content::Number),
            _ if cursor.skip(field, wire).is_ok() => continue,
            _ => return,
        };
        let Ok(content) = content else { return };
        on((field, content));
    }
}
