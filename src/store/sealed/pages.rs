//! Items of bytes, compressed in small pages, so that reading one costs microseconds. A dictionary trained on the items
//! makes small pages compress like large ones.

use std::cell::RefCell;
use std::hint::black_box;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use bytes::Bytes;
use zstd::zstd_safe::{CCtx, CDict, DCtx, DDict, compress_bound, get_frame_content_size};

use super::image::{Damaged, ImageBuilder, ImageReader, item, u32_at};
use crate::otlp::wire::{Cursor, put_varint};
use crate::store::scan::{Bits, Find};

/// A page is full at this many bytes; a larger item has one of its own.
const PAGE: usize = 16 << 10;
const LEVEL: i32 = 1;
const AHEAD: usize = 16;
const DICTIONARY: usize = 32 << 10;
/// A dictionary is trained on items of at most this many bytes, spread over a block, and at least so many.
const SAMPLES_MOST: usize = 2 << 20;
const SAMPLES_LEAST: usize = 256 << 10;

thread_local! {
    /// Making one takes longer than unpacking a page.
    static UNPACKER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

/// What the pages of several blocks have in common.
pub(in crate::store) struct Dictionary {
    bytes: Box<[u8]>,
    unpacking: DDict<'static>,
}

/// What pages are packed with.
pub(super) struct Learned {
    dictionary: Arc<Dictionary>,
    packing: CDict<'static>,
}

/// Those that blocks hold, so that blocks read from disk share them as they did when they were written.
static KNOWN: Mutex<Vec<Weak<Dictionary>>> = Mutex::new(Vec::new());

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dictionary").field("id", &self.unpacking.get_dict_id()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Learned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.dictionary.fmt(f)
    }
}

impl Dictionary {
    /// Returns the dictionary of these bytes, none where they are none.
    fn of(bytes: &[u8]) -> Option<Arc<Self>> {
        if bytes.is_empty() {
            return None;
        }
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|dictionary| dictionary.strong_count() > 0);
        if let Some(same) = known.iter().filter_map(Weak::upgrade).find(|known| *known.bytes == *bytes) {
            return Some(same);
        }
        let dictionary = Arc::new(Self { bytes: bytes.into(), unpacking: DDict::try_create(bytes)? });
        known.push(Arc::downgrade(&dictionary));
        Some(dictionary)
    }
}

impl Learned {
    /// Learns from items; none where they are too few to learn from.
    pub(super) fn train(items: &Items) -> Option<Self> {
        if !items.can_train() {
            return None;
        }
        let every = items.bytes.len().div_ceil(SAMPLES_MOST);
        let (mut samples, mut sizes) = (Vec::new(), Vec::new());
        for item in items.iter().step_by(every) {
            if samples.len() + item.len() <= SAMPLES_MOST {
                samples.extend_from_slice(item);
                sizes.push(item.len());
            }
        }
        let bytes = zstd::dict::from_continuous(&samples, &sizes, DICTIONARY).ok()?;
        Some(Self { dictionary: Dictionary::of(&bytes)?, packing: CDict::try_create(&bytes, LEVEL)? })
    }
}

/// Items to be packed, one after the other.
#[derive(Debug, Default)]
pub(super) struct Items {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Items {
    /// Returns no items yet, with room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::new() }
    }

    /// Returns whether they are enough to learn from.
    pub(super) fn can_train(&self) -> bool {
        self.bytes.len() >= SAMPLES_LEAST
    }

    /// Adds what `write` appends as the next item.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Returns the bytes of all items.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn len(&self) -> u32 {
        self.ends.len() as u32
    }

    fn get(&self, item: u32) -> &[u8] {
        let start = item.checked_sub(1).and_then(|before| self.ends.get(before as usize)).copied().unwrap_or_default();
        let end = self.ends.get(item as usize).copied().unwrap_or_default();
        self.bytes.get(start as usize..end as usize).unwrap_or_default()
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|item| self.get(item))
    }
}

/// See the module.
#[derive(Debug)]
pub(in crate::store) struct Pages {
    heads: Bytes,
    packed: Bytes,
    dictionary_bytes: Bytes,
    dictionary: OnceLock<Option<Arc<Dictionary>>>,
}

#[derive(Clone, Copy, Debug)]
struct PageHead {
    first_item: u32,
    /// Where its bytes begin.
    start: u32,
    /// Its bytes unpacked; as many as it has packed where it did not compress.
    unpacked: u32,
    /// Of its bytes packed.
    checksum: u32,
}

/// The bytes of a head in the region.
const HEAD: usize = 16;

impl PageHead {
    fn bytes(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        let numbers = [self.first_item, self.start, self.unpacked, self.checksum];
        for (bytes, number) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
            *bytes = number.to_le_bytes();
        }
        bytes
    }

    fn of(bytes: &[u8; HEAD]) -> Self {
        let [first_item, start, unpacked, checksum] = [0, 4, 8, 12].map(|offset| u32_at(bytes, offset));
        Self { first_item, start, unpacked, checksum }
    }
}

/// Packs pages; kept, as making one takes long.
pub(super) struct Packer {
    context: CCtx<'static>,
    page: Vec<u8>,
    out: Vec<u8>,
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer").finish_non_exhaustive()
    }
}

impl Default for Packer {
    fn default() -> Self {
        Self { context: CCtx::create(), page: Vec::new(), out: Vec::new() }
    }
}

impl Packer {
    /// Packs items in an order that numbers them anew, writes the pages, and returns their bytes.
    pub(super) fn pack(
        &mut self,
        items: &Items,
        order: impl Iterator<Item = u32> + Clone,
        dictionary: Option<&Learned>,
        image: &mut ImageBuilder,
    ) -> usize {
        let mut pages: Vec<PageHead> = Vec::new();
        let mut first_item = 0;
        let mut ahead = order.clone().skip(AHEAD);
        for (number, item) in order.enumerate() {
            // Items lie anywhere in memory: a byte of one that comes later is asked for now, and is there when it does.
            black_box(ahead.next().and_then(|later| items.get(later).first().copied()));
            let item = items.get(item);
            if !self.page.is_empty() && self.page.len() + item.len() > PAGE {
                pages.push(self.finish(first_item, dictionary));
                first_item = number as u32;
            }
            put_varint(&mut self.page, item.len() as u64);
            self.page.extend_from_slice(item);
        }
        if !self.page.is_empty() {
            pages.push(self.finish(first_item, dictionary));
        }
        // Nothing of an unusually large item stays here.
        self.page.shrink_to(2 * PAGE);
        let bytes = self.out.len() + pages.len() * HEAD;
        image.table(&pages.iter().flat_map(|head| head.bytes()).collect::<Vec<u8>>());
        image.table(dictionary.map_or(&[], |learned| &learned.dictionary.bytes));
        image.section(&self.out);
        self.out.clear();
        bytes
    }

    fn finish(&mut self, first_item: u32, dictionary: Option<&Learned>) -> PageHead {
        let (start, unpacked) = (self.out.len(), self.page.len());
        self.out.reserve(compress_bound(unpacked));
        let mut end = std::io::Cursor::new(&mut self.out);
        end.set_position(start as u64);
        let packed = match dictionary {
            Some(learned) => self.context.compress_using_cdict(&mut end, &self.page, &learned.packing),
            None => self.context.compress(&mut end, &self.page, LEVEL),
        };
        if packed.is_err() || self.out.len() - start >= unpacked {
            self.out.truncate(start);
            self.out.extend_from_slice(&self.page);
        }
        self.page.clear();
        let checksum = crc32c::crc32c(&self.out[start..]);
        PageHead { first_item, start: start as u32, unpacked: unpacked as u32, checksum }
    }
}

impl Pages {
    /// Reads what [`Packer::pack`] wrote.
    pub(super) fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        let (heads, dictionary_bytes) = (image.table()?, image.table()?);
        Ok(Self { heads, packed: image.section()?, dictionary_bytes, dictionary: OnceLock::new() })
    }

    /// Returns the bytes of all pages.
    pub(super) fn packed_bytes(&self) -> usize {
        self.packed.len()
    }

    fn head(&self, number: usize) -> Option<PageHead> {
        item(&self.heads, number).map(PageHead::of)
    }

    /// Returns the number of the page that holds an item.
    fn page_of(&self, item: u32) -> Option<usize> {
        let (mut low, mut high) = (0, self.heads.len() / HEAD);
        while low < high {
            let middle = low.midpoint(high);
            if self.head(middle).is_some_and(|page| page.first_item <= item) { low = middle + 1 } else { high = middle }
        }
        low.checked_sub(1)
    }

    /// Returns the items of a page.
    fn items_of(&self, number: usize) -> Range<u32> {
        let first_item = |number| self.head(number).map_or(u32::MAX, |page| page.first_item);
        first_item(number)..first_item(number + 1)
    }

    /// Returns the items that are alone in their page and take at least so many bytes. Those that do and are larger than a page
    /// are all of them.
    pub(super) fn larger_than_a_page(&self, bytes: usize) -> impl Iterator<Item = u32> {
        let pages = (0..self.heads.len() / HEAD).filter_map(|number| self.head(number));
        pages.filter(move |page| page.unpacked as usize >= bytes.max(PAGE)).map(|page| page.first_item)
    }

    /// Takes out of `items` those in which `find` finds nothing: given bytes and where to begin, it says where; and those for
    /// which `holds` is then false. Pages are searched as a whole, so it may be asked for an item that has only the beginning
    /// of what was found.
    pub(super) fn keep(&self, find: &Find, mut holds: impl FnMut(u32, &[u8]) -> bool, items: &mut Bits) {
        let mut page = Vec::new();
        let mut next = items.next_from(0);
        while let Some(item) = next
            && let Some(number) = self.page_of(item)
        {
            let Range { start, end } = self.items_of(number);
            self.unpack(number, &mut page);
            keep_in_page(&page, start..end.min(items.len()), find, &mut holds, items);
            // A damaged file may have pages in any order.
            next = items.next_from(end.max(item.saturating_add(1)));
        }
    }

    /// Unpacks a page into `out`; nothing where its bytes are damaged.
    fn unpack(&self, number: usize, out: &mut Vec<u8>) {
        out.clear();
        let Some(page) = self.head(number) else { return };
        let end = self.head(number + 1).map_or(self.packed.len(), |next| next.start as usize);
        let packed = self.packed.get(page.start as usize..end).unwrap_or_default();
        if crc32c::crc32c(packed) != page.checksum {
            return;
        }
        if packed.len() == page.unpacked as usize {
            out.extend_from_slice(packed);
            return;
        }
        if !get_frame_content_size(packed).is_ok_and(|bytes| bytes == Some(page.unpacked.into())) {
            return;
        }
        out.reserve(page.unpacked as usize);
        let dictionary = self.dictionary.get_or_init(|| Dictionary::of(&self.dictionary_bytes));
        let unpacked = UNPACKER.with_borrow_mut(|context| match dictionary {
            Some(dictionary) => context.decompress_using_ddict(out, packed, &dictionary.unpacking),
            None => context.decompress(out, packed),
        });
        if unpacked.is_err() {
            out.clear();
        }
    }
}

/// Takes out of `wanted` those items of a page in which nothing is found, or that do not hold.
fn keep_in_page(
    page: &[u8],
    items: Range<u32>,
    find: &Find,
    holds: &mut impl FnMut(u32, &[u8]) -> bool,
    wanted: &mut Bits,
) {
    let mut cursor = Cursor::new(page);
    // Every item comes after this.
    let mut found = Some(0);
    for item in items {
        let len = cursor.bytes().map_or(0, <[u8]>::len);
        let end = cursor.offset();
        if !wanted.has(item) {
            continue;
        }
        let start = end - len;
        if found.is_some_and(|at| at < start) {
            found = find(page, start);
        }
        if found.is_none_or(|at| at >= end) || !holds(item, page.get(start..end).unwrap_or_default()) {
            wanted.remove(item);
        }
    }
}

/// Reads items, and remembers where it was: the items of a trace lie side by side.
#[derive(Debug)]
pub(in crate::store) struct PageReader<'a> {
    pages: &'a Pages,
    /// The items of the page that was unpacked last.
    items: Range<u32>,
    page: Vec<u8>,
    /// The item that was not read yet, and where in the page it begins.
    next: (u32, usize),
}

impl<'a> PageReader<'a> {
    pub(in crate::store) fn new(pages: &'a Pages) -> Self {
        Self { pages, items: 0..0, page: Vec::new(), next: (0, 0) }
    }

    /// Returns an item; nothing where there is none, or its page is damaged.
    pub(in crate::store) fn item(&mut self, item: u32) -> &[u8] {
        if !self.items.contains(&item) {
            let Some(number) = self.pages.page_of(item) else { return &[] };
            self.items = self.pages.items_of(number);
            self.pages.unpack(number, &mut self.page);
            self.next = (self.items.start, 0);
        }
        if item < self.next.0 {
            self.next = (self.items.start, 0);
        }
        let (next, at) = self.next;
        let mut cursor = Cursor::new(self.page.get(at..).unwrap_or_default());
        for _ in next..item {
            if cursor.bytes().is_err() {
                return &[];
            }
        }
        let Ok(found) = cursor.bytes() else { return &[] };
        self.next = (item + 1, at + cursor.offset());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(count: u32, of: impl Fn(u32) -> Vec<u8>) -> Items {
        let mut items = Items::default();
        (0..count).for_each(|i| items.push(|out| out.extend_from_slice(&of(i))));
        items
    }

    fn check(items: &Items, dictionary: Option<&Learned>) -> Pages {
        let mut image = ImageBuilder::default();
        Packer::default().pack(items, 0..items.len(), dictionary, &mut image);
        let pages = Pages::read(&mut image.finish().reader()).unwrap();
        let mut reader = PageReader::new(&pages);
        let expected: Vec<&[u8]> = items.iter().collect();
        for (number, item) in expected.iter().enumerate().rev() {
            assert_eq!(reader.item(number as u32), *item, "item {number}");
        }
        assert_eq!(reader.item(expected.len() as u32), b"");
        pages
    }

    /// What spans of one of sixty-four operations have in common, and a number.
    fn span(i: u32) -> Vec<u8> {
        let operation = i.wrapping_mul(2_654_435_761) >> 16 & 63;
        let attribute = |key: u32| format!("key-{key}={:x};", (operation + 1).wrapping_mul(key * 40_503 + 7));
        let common: String = (0..20).map(attribute).collect();
        format!("{common}id={i}").into_bytes()
    }

    #[test]
    fn items_come_back_with_and_without_a_dictionary() {
        let items = items(4_000, span);
        let plain = check(&items, None);
        let learned = Learned::train(&items);
        assert!(learned.is_some());
        let trained = check(&items, learned.as_ref());
        assert!(trained.packed.len() < plain.packed.len());
    }

    #[test]
    fn large_empty_and_incompressible_items_come_back() {
        let noise = |i: u32| (0..i * 97).map(|n| (n.wrapping_mul(2_654_435_761) >> 13 ^ i) as u8).collect();
        check(&items(600, noise), None);
        check(&items(3, |i| vec![i as u8; i as usize * 100_000]), None);
        check(&Items::default(), None);
    }

    #[test]
    fn too_few_items_train_nothing() {
        assert!(Learned::train(&items(10, span)).is_none());
    }
}
