//! What a span calls that sends no spans itself, as the span's attributes name it.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::NO_TARGET;
use crate::model::{EdgeKind, Kind};
use crate::otlp::wire::{Cursor, Wire};

/// Something that sends no spans: a database, a queue, a third party.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) kind: EdgeKind,
    pub(crate) name: String,
}

/// Of more than this in a block the others of a kind are one, with no name of their own.
pub(crate) const MAX_TARGETS: usize = 4_096;
/// More bytes of a name are not kept.
const MAX_NAME: usize = 256;
/// Stands for the targets for which there is no room.
const OTHERS: &str = "(others)";

/// The attributes that name a target, the first present of them first (OpenTelemetry's semantic conventions, also those of before
/// 1.21).
const KEYS: [(&[u8], Names); 9] = [
    (b"peer.service", Names::Peer),
    (b"db.system.name", Names::System),
    (b"db.system", Names::OldSystem),
    (b"db.namespace", Names::Namespace),
    (b"db.name", Names::OldNamespace),
    (b"messaging.system", Names::Messaging),
    (b"server.address", Names::Address),
    (b"net.peer.name", Names::OldAddress),
    (b"", Names::Nothing),
];

/// What an attribute names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Peer,
    System,
    OldSystem,
    Namespace,
    OldNamespace,
    Messaging,
    Address,
    OldAddress,
    Nothing,
}

/// The values of a span's attributes that name its target, each in its place.
type Named<'a> = [&'a str; KEYS.len()];

/// Returns the text under `names`, or else under `old`; none where it is empty.
fn either<'a>(named: &Named<'a>, names: Names, old: Names) -> Option<&'a str> {
    [names, old].into_iter().map(|names| named[names as usize]).find(|text| !text.is_empty())
}

/// Returns what a span of this kind calls, as far as its `Span` message says.
pub(crate) fn target(kind: Kind, span: &[u8]) -> Option<(EdgeKind, String)> {
    let named = named(span);
    if let Some(peer) = either(&named, Names::Peer, Names::Nothing) {
        let is_message = kind == Kind::Producer;
        return Some((if is_message { EdgeKind::Messaging } else { EdgeKind::Rpc }, cut(peer).to_owned()));
    }
    if let Some(system) = either(&named, Names::System, Names::OldSystem) {
        let namespace = either(&named, Names::Namespace, Names::OldNamespace);
        let name = namespace.map_or_else(|| cut(system).to_owned(), |name| format!("{}/{}", cut(system), cut(name)));
        return Some((EdgeKind::Database, name));
    }
    if let Some(system) = either(&named, Names::Messaging, Names::Nothing) {
        return Some((EdgeKind::Messaging, cut(system).to_owned()));
    }
    let address = either(&named, Names::Address, Names::OldAddress)?;
    Some((EdgeKind::External, cut(address).to_owned()))
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_NAME)).unwrap_or_default()
}

/// The field of a `Span` message that has its attributes.
const ATTRIBUTES: u32 = 9;

/// Reads the attributes that name a target; of one that comes twice, the first counts.
fn named(span: &[u8]) -> Named<'_> {
    let mut named = Named::default();
    each_bytes(span, |field, attribute| {
        if field == ATTRIBUTES
            && let Some((names, text)) = read(attribute)
        {
            let place = &mut named[names as usize];
            if place.is_empty() {
                *place = text;
            }
        }
    });
    named
}

/// Reads a `KeyValue` message, if it is one that names something, and has a text.
#[inline]
fn read(attribute: &[u8]) -> Option<(Names, &str)> {
    let (key, value) = usual(attribute).unwrap_or_else(|| any(attribute));
    if LENGTHS.checked_shr(key.len() as u32).is_none_or(|lengths| lengths & 1 == 0) {
        return None;
    }
    let (_, names) = KEYS.iter().find(|(known, _)| *known == key && !key.is_empty())?;
    let mut text = &[][..];
    each_bytes(value, |field, bytes| {
        if field == 1 {
            text = bytes;
        }
    });
    Some((*names, std::str::from_utf8(text).ok()?))
}

/// Of each length that a key has the bit of that number: most attributes name nothing, and few of them are as long.
const LENGTHS: u64 = {
    let (mut lengths, mut at) = (0, 0);
    while at < KEYS.len() {
        lengths |= 1 << KEYS[at].0.len();
        at += 1;
    }
    lengths
};

/// Returns the key and the value of a `KeyValue` message as nearly all are written: the key, then the value, both short, and
/// nothing else.
#[inline]
fn usual(attribute: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[0x0a, key_len @ 0..0x80], rest) = attribute.split_first_chunk()? else { return None };
    let (key, rest) = rest.split_at_checked(key_len.into())?;
    let (&[0x12, value_len @ 0..0x80], value) = rest.split_first_chunk()? else { return None };
    (value.len() == usize::from(value_len)).then_some((key, value))
}

/// Returns the key and the value of any `KeyValue` message.
fn any(attribute: &[u8]) -> (&[u8], &[u8]) {
    let (mut key, mut value) = (&[][..], &[][..]);
    each_bytes(attribute, |field, bytes| match field {
        1 => key = bytes,
        2 => value = bytes,
        _ => {}
    });
    (key, value)
}

/// Calls `on` for each field of a message that is bytes, up to what is damaged.
#[inline(always)]
pub(super) fn each_bytes<'a>(message: &'a [u8], mut on: impl FnMut(u32, &'a [u8])) {
    let mut cursor = Cursor::new(message);
    while let Ok((field, wire)) = cursor.key() {
        if wire == Wire::Bytes {
            let Ok(bytes) = cursor.bytes() else { return };
            on(field, bytes);
        } else if cursor.skip(field, wire).is_err() {
            return;
        }
    }
}

/// Targets with their numbers.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    pub(super) all: Vec<Target>,
    numbers: HashMap<Target, u32, RandomState>,
}

impl Numbered {
    /// Returns the number of what a span of this kind calls.
    pub(super) fn of(&mut self, kind: Kind, span: &[u8]) -> u32 {
        let Some((kind, name)) = target(kind, span) else { return NO_TARGET };
        let mut target = Target { kind, name };
        if self.all.len() >= MAX_TARGETS && !self.numbers.contains_key(&target) {
            OTHERS.clone_into(&mut target.name);
        }
        *self.numbers.entry(target).or_insert_with_key(|target| {
            self.all.push(target.clone());
            self.all.len() as u32 - 1
        })
    }
}
