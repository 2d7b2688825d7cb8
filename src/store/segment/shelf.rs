//! The files of sealed blocks. Each is written under another name, synced and renamed, and never changes after that. Its
//! layout, with whole numbers little-endian:
//!
//! | bytes | |
//! |---|---|
//! | 32 | head: `spantopB`, version u16, 0 u16, length of the region u32, length of the data u64, CRC32C of the region u32, CRC32C of the head so far u32 |
//! | | the region ([`crate::store::sealed`]'s image) |
//! | | the data, of which the region has a CRC32C for each 4 KiB |
//! | | the region once more, as everything hangs on it |
//! | 32 | the head once more |

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::folder::Folder;
use crate::store::sealed::{Image, STRETCH, SealedBlock};
use crate::store::view::Block;
use crate::store::{PAST_FILE, Past, PastError};

/// Where files of blocks are put.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: Arc<dyn Folder>,
    /// Whether files are synced before they count.
    is_synced: bool,
    /// Whether files went that may come back with the power.
    may_come_back: Arc<AtomicBool>,
}

/// A block in its file.
#[derive(Debug)]
pub struct Segment {
    block: Block,
    sealed: Arc<SealedBlock>,
    bytes: u64,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("cannot read it: {0}")]
    Io(#[from] io::Error),
    #[error("it is no block of spantop")]
    NotOurs,
    #[error("it is of format {0}, and this spantop reads format {VERSION}")]
    OtherVersion(u16),
    #[error("it is damaged")]
    Damaged,
}

const MAGIC: &[u8; 8] = b"spantopB";
/// Version 2 has a filter of attributes. Files of version 1, which no released spantop wrote, are left as they are.
const VERSION: u16 = 4;
const HEAD: usize = 32;
/// A file of a later block is none of ours: that many are never written, and after it there have to be numbers for others.
const LAST: u32 = u32::MAX / 2;
/// The bytes of a head before its checksum.
const CHECKED: usize = HEAD - 4;

/// Returns the name of a block's file.
pub(super) fn name_of(sequence: u32) -> String {
    format!("block-{sequence:016x}.spb")
}

/// Returns the block whose file has this name.
pub(super) fn sequence_of(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("block-")?.strip_suffix(".spb")?;
    let sequence = u32::from_str_radix(digits, 16).ok()?;
    (sequence <= LAST && name_of(sequence) == name).then_some(sequence)
}

/// What the name of a file ends with that is not whole yet.
pub(super) const UNFINISHED: &str = ".tmp";

impl Segment {
    pub(in crate::store) fn new(sealed: SealedBlock, bytes: u64) -> Self {
        let sealed = Arc::new(sealed);
        Self { block: Block::Sealed(Arc::clone(&sealed)), sealed, bytes }
    }

    pub(in crate::store) fn name(&self) -> String {
        name_of(self.sealed.facts.sequence)
    }

    pub(in crate::store) fn block(&self) -> &Block {
        &self.block
    }

    pub(in crate::store) fn sealed(&self) -> &Arc<SealedBlock> {
        &self.sealed
    }

    /// Returns the bytes of the file.
    pub(in crate::store) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Shelf {
    /// Returns the shelf in a folder. Unless files are synced, a loss of power may take those written last.
    pub fn new(folder: Arc<dyn Folder>, is_synced: bool) -> Self {
        Self { folder, is_synced, may_come_back: Arc::default() }
    }

    pub fn folder(&self) -> &Arc<dyn Folder> {
        &self.folder
    }

    /// Writes a block's file, and returns the block as it is read from there.
    pub(in crate::store) fn write(&self, block: &SealedBlock) -> io::Result<Segment> {
        let name = name_of(block.facts.sequence);
        let unfinished = format!("{name}{UNFINISHED}");
        let written = self
            .write_as(&unfinished, &block.image)
            .and_then(|()| self.sync_removals())
            .and_then(|()| self.folder.rename(&unfinished, &name));
        if let Err(error) = written {
            // It holds nothing that is not elsewhere; where it stays, the next start removes it.
            self.folder.remove(&unfinished).ok();
            return Err(io::Error::new(error.kind(), format!("cannot write {name}: {error}")));
        }
        self.sync()?;
        let file = self.folder.map(&name)?;
        let image = whole(&file).map_err(io::Error::other)?;
        let sealed = SealedBlock::read(image).map_err(io::Error::other)?;
        Ok(Segment::new(sealed.in_the_place_of(block), file.len() as u64))
    }

    fn write_as(&self, name: &str, image: &Image) -> io::Result<()> {
        let head = head_of(image);
        let pieces = [&head[..], &image.region, &image.data, &image.region, &head[..]];
        self.write_pieces(name, &mut pieces.map(io::IoSlice::new))
    }

    /// Writes a file, also in the place of one that was left unfinished.
    fn write_pieces(&self, name: &str, pieces: &mut [io::IoSlice]) -> io::Result<()> {
        let file = match self.folder.create(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.folder.remove(name)?;
                self.folder.create(name)?
            }
            created => created?,
        };
        file.append_vectored(pieces)?;
        if self.is_synced { file.sync() } else { Ok(()) }
    }

    /// Writes down what is known of spans that are gone, in the place of what was written before.
    ///
    /// # Errors
    /// When the system cannot; what was written before is there then.
    pub fn write_past(&self, past: &Past) -> io::Result<()> {
        let unfinished = format!("{PAST_FILE}{UNFINISHED}");
        let written = self.write_pieces(&unfinished, &mut [io::IoSlice::new(&past.to_bytes())]);
        if let Err(error) = written.and_then(|()| self.folder.rename(&unfinished, PAST_FILE)) {
            self.folder.remove(&unfinished).ok();
            return Err(io::Error::new(error.kind(), format!("cannot write {PAST_FILE}: {error}")));
        }
        self.sync()
    }

    /// Reads what is known of spans that are gone: nothing where there is no file, or the system cannot read it.
    ///
    /// # Errors
    /// When it is of another version, or damaged.
    pub(in crate::store) fn past(&self) -> Result<Past, PastError> {
        let Ok(file) = self.folder.read(PAST_FILE) else { return Ok(Past::default()) };
        Past::from_bytes(&file).and_then(|past| if past.next() <= LAST { Ok(past) } else { Err(PastError::Damaged) })
    }

    /// Makes it certain that the files that are there stay so after a loss of power, if that is wanted: an earlier run may
    /// have ended before it did so.
    ///
    /// # Errors
    /// When the system cannot.
    pub(in crate::store) fn sync(&self) -> io::Result<()> {
        if self.is_synced { self.folder.sync() } else { Ok(()) }
    }

    /// Makes it certain that files that went are gone. What a block says of the beginnings of traces holds beside those that
    /// were there when it was written: a file that comes back must not meet one that was written after it went.
    fn sync_removals(&self) -> io::Result<()> {
        if !self.may_come_back.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        self.sync().inspect_err(|_| self.may_come_back.store(true, Ordering::Release))
    }

    /// Opens a block's file; of its data nothing is read.
    ///
    /// # Errors
    /// When it is not ours, of another version, or its description is damaged.
    pub fn open(&self, name: &str) -> Result<Segment, Unreadable> {
        let file = self.folder.map(name)?;
        let image = image_of(&file)?;
        let sealed = SealedBlock::read(image).map_err(|_| Unreadable::Damaged)?;
        if sequence_of(name) != Some(sealed.facts.sequence) {
            return Err(Unreadable::Damaged);
        }
        Ok(Segment::new(sealed, file.len() as u64))
    }

    /// Removes a block's file; who reads it still can go on.
    ///
    /// # Errors
    /// When the system cannot.
    pub fn remove(&self, sequence: u32) -> io::Result<()> {
        self.folder.remove(&name_of(sequence))?;
        self.note_removal();
        Ok(())
    }

    /// Notes that the file of a block is gone from its place.
    pub(super) fn note_removal(&self) {
        self.may_come_back.store(true, Ordering::Release);
    }
}

/// Reads a block's file of that name whole: both descriptions and all data.
///
/// # Errors
/// When it is not ours, of another version, or damaged anywhere.
pub(super) fn verify(name: &str, file: &Bytes) -> Result<(), Unreadable> {
    let image = whole(file)?;
    let start = Head::read(file)?;
    if start.region(file, Some(HEAD)).as_ref() != Some(&image.region) {
        return Err(Unreadable::Damaged);
    }
    let sealed = SealedBlock::read(image).map_err(|_| Unreadable::Damaged)?;
    let is_whole = sequence_of(name) == Some(sealed.facts.sequence) && sealed.is_whole();
    if is_whole { Ok(()) } else { Err(Unreadable::Damaged) }
}

/// Returns the head of a file.
fn head_of(image: &Image) -> [u8; HEAD] {
    let mut head = Vec::with_capacity(HEAD);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(&[0; 2]);
    head.extend_from_slice(&(image.region.len() as u32).to_le_bytes());
    head.extend_from_slice(&(image.data.len() as u64).to_le_bytes());
    head.extend_from_slice(&crc32c::crc32c(&image.region).to_le_bytes());
    let checksum = crc32c::crc32c(&head);
    head.extend_from_slice(&checksum.to_le_bytes());
    let mut bytes = [0; HEAD];
    bytes.copy_from_slice(&head);
    bytes
}

/// What a head says.
struct Head {
    region: usize,
    data: usize,
    region_checksum: u32,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let head: &[u8; HEAD] = bytes.first_chunk().ok_or(Unreadable::NotOurs)?;
        if !head.starts_with(MAGIC) {
            return Err(Unreadable::NotOurs);
        }
        if crc32c::crc32c(&head[..CHECKED]) != u32_at(head, CHECKED) {
            return Err(Unreadable::Damaged);
        }
        let version = u32_at(head, 8) as u16;
        if version != VERSION {
            return Err(Unreadable::OtherVersion(version));
        }
        let data = u64::from(u32_at(head, 16)) | u64::from(u32_at(head, 20)) << 32;
        let data = usize::try_from(data).map_err(|_| Unreadable::Damaged)?;
        Ok(Self { region: u32_at(head, 12) as usize, data, region_checksum: u32_at(head, 24) })
    }

    /// Returns the region at a place of a file, if it is whole.
    fn region(&self, file: &Bytes, at: Option<usize>) -> Option<Bytes> {
        let end = at?.checked_add(self.region).filter(|&end| end <= file.len())?;
        let region = file.slice(at?..end);
        (crc32c::crc32c(&region) == self.region_checksum).then_some(region)
    }

    fn len(&self) -> Option<usize> {
        self.region.checked_add(HEAD)?.checked_mul(2)?.checked_add(self.data)
    }
}

fn u32_at(head: &[u8; HEAD], at: usize) -> u32 {
    head.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Returns the image in a file that is as long as it should be, by its end.
fn whole(file: &Bytes) -> Result<Image, Unreadable> {
    let end = file.len().checked_sub(HEAD).ok_or(Unreadable::NotOurs)?;
    let head = Head::read(&file[end..])?;
    if head.len() != Some(file.len()) {
        return Err(Unreadable::Damaged);
    }
    let region = head.region(file, end.checked_sub(head.region)).ok_or(Unreadable::Damaged)?;
    let data = HEAD + head.region;
    Ok(Image { region, data: file.slice(data..data + head.data) })
}

/// Returns the image in a file, also where a part of the file is damaged or missing: what is missing of the data is zero.
fn image_of(file: &Bytes) -> Result<Image, Unreadable> {
    let by_end = match whole(file) {
        Ok(image) => return Ok(image),
        Err(error) => error,
    };
    let head = match Head::read(file) {
        // The end tells more where the beginning is not even ours.
        Err(Unreadable::NotOurs) => return Err(by_end),
        head => head?,
    };
    let end = file.len().saturating_sub(HEAD);
    let regions = [Some(HEAD), end.checked_sub(head.region)];
    let region = regions.into_iter().find_map(|at| head.region(file, at)).ok_or(Unreadable::Damaged)?;
    let start = (HEAD + head.region).min(file.len());
    let data = file.slice(start..start.saturating_add(head.data).min(file.len()));
    if data.len() == head.data {
        return Ok(Image { region, data });
    }
    if head.data.div_ceil(STRETCH) > region.len() / size_of::<u32>() {
        // It would have a checksum of each stretch.
        return Err(Unreadable::Damaged);
    }
    let mut padded = data.to_vec();
    padded.resize(head.data, 0);
    Ok(Image { region, data: padded.into() })
}
