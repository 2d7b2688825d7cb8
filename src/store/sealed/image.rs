//! The bytes of a sealed block, the same in memory and in its file. A *region* has what is needed to find one's way: facts,
//! tables, page heads, the dictionary, checksums. The *data* are columns and pages. The region is small and is read when a
//! block is opened; of the data only what is looked at is read, and every place in it is looked at with its bounds checked.

use bytes::Bytes;

/// Data is checked in stretches of this many bytes.
pub(in crate::store) const STRETCH: usize = 4_096;

/// See the module. Whole numbers are little-endian.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Image {
    pub(in crate::store) region: Bytes,
    pub(in crate::store) data: Bytes,
}

/// A region that does not say what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the description of a block is damaged")]
pub(in crate::store) struct Damaged;

/// Writes an image from front to back; it is read in the same order.
#[derive(Debug, Default)]
pub(super) struct ImageBuilder {
    region: Vec<u8>,
    data: Vec<u8>,
}

/// Reads what an [`ImageBuilder`] wrote.
#[derive(Debug)]
pub(super) struct ImageReader<'a> {
    image: &'a Image,
    at: usize,
}

impl ImageBuilder {
    /// Returns an empty image with room for so many bytes of data.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { region: Vec::new(), data: Vec::with_capacity(bytes) }
    }

    /// Adds a number to the region.
    pub(super) fn number(&mut self, number: u64) {
        self.region.extend_from_slice(&number.to_le_bytes());
    }

    /// Adds bytes to the region.
    pub(super) fn table(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.region.extend_from_slice(bytes);
    }

    /// Adds bytes to the data.
    pub(super) fn section(&mut self, bytes: &[u8]) {
        self.number(self.data.len() as u64);
        self.number(bytes.len() as u64);
        self.data.extend_from_slice(bytes);
    }

    /// Adds whole numbers to the data.
    pub(super) fn section_of<const N: usize>(&mut self, items: impl Iterator<Item = [u8; N]>) {
        let start = self.data.len();
        self.number(start as u64);
        items.for_each(|item| self.data.extend_from_slice(&item));
        self.number((self.data.len() - start) as u64);
    }

    /// Ends the image with the checksums of its data.
    pub(super) fn finish(mut self) -> Image {
        let checksums: Vec<u8> = self.data.chunks(STRETCH).flat_map(|c| crc32c::crc32c(c).to_le_bytes()).collect();
        self.table(&checksums);
        Image { region: self.region.into_boxed_slice().into(), data: self.data.into_boxed_slice().into() }
    }
}

impl Image {
    /// Returns the bytes it takes.
    pub(in crate::store) fn bytes(&self) -> usize {
        self.region.len() + self.data.len()
    }

    pub(super) fn reader(&self) -> ImageReader<'_> {
        ImageReader { image: self, at: 0 }
    }
}

impl ImageReader<'_> {
    pub(super) fn number(&mut self) -> Result<u64, Damaged> {
        let bytes = self.image.region.get(self.at..).and_then(|rest| rest.first_chunk::<8>()).ok_or(Damaged)?;
        self.at += bytes.len();
        Ok(u64::from_le_bytes(*bytes))
    }

    /// Reads a number that fits into 32 bits.
    pub(super) fn small(&mut self) -> Result<u32, Damaged> {
        u32::try_from(self.number()?).map_err(|_| Damaged)
    }

    pub(super) fn table(&mut self) -> Result<Bytes, Damaged> {
        let len = usize::try_from(self.number()?).map_err(|_| Damaged)?;
        let end = self.at.checked_add(len).filter(|&end| end <= self.image.region.len()).ok_or(Damaged)?;
        let table = self.image.region.slice(self.at..end);
        self.at = end;
        Ok(table)
    }

    pub(super) fn section(&mut self) -> Result<Bytes, Damaged> {
        let [start, len] = [self.number()?, self.number()?].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let end = start.checked_add(len).filter(|&end| end <= self.image.data.len()).ok_or(Damaged)?;
        Ok(self.image.data.slice(start..end))
    }
}

/// Returns the item of `N` bytes at a place of a list.
#[inline]
pub(super) fn item<const N: usize>(list: &[u8], place: usize) -> Option<&[u8; N]> {
    list.get(place.checked_mul(N)?..)?.first_chunk::<N>()
}

#[inline]
pub(super) fn item_u32(list: &[u8], place: usize) -> Option<u32> {
    item(list, place).map(|bytes| u32::from_le_bytes(*bytes))
}

#[inline]
pub(super) fn item_u64(list: &[u8], place: usize) -> Option<u64> {
    item(list, place).map(|bytes| u64::from_le_bytes(*bytes))
}

/// Returns the number of 32 bits that begins at an offset of an item.
#[inline]
pub(super) fn u32_at<const N: usize>(item: &[u8; N], offset: usize) -> u32 {
    item.get(offset..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Likewise of 64 bits.
#[inline]
pub(super) fn u64_at<const N: usize>(item: &[u8; N], offset: usize) -> u64 {
    item.get(offset..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
