//! The file system as the store needs it: one flat folder of files that are written once, from front to back. A trait, so
//! that tests can lose what was not synced, tear sectors, fail any call and run full.

use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::Bytes;

/// A file of a [`Folder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub bytes: u64,
}

/// A folder with files in it; other folders and links in it are not seen.
pub trait Folder: Debug + Send + Sync {
    /// Returns its files, in no order.
    ///
    /// # Errors
    /// When the system cannot list them.
    fn list(&self) -> io::Result<Vec<Entry>>;

    /// Creates a file that only its owner may read.
    ///
    /// # Errors
    /// When there is one of this name, or the system cannot create it.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Reads a whole file that may still be written to.
    ///
    /// # Errors
    /// When there is none, or the system cannot read it.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Gives out the bytes of a file that nobody writes to any more, without reading them before they are looked at. They
    /// stay there when the file is removed.
    ///
    /// # Errors
    /// When there is none, or the system cannot read it.
    fn map(&self, name: &str) -> io::Result<Bytes>;

    /// Makes it certain that the bytes of a file that someone else wrote outlive a loss of power, as [`File::sync`] does.
    ///
    /// # Errors
    /// When there is none, or it is not certain.
    fn sync_file(&self, name: &str) -> io::Result<()>;

    /// Cuts a file to so many bytes.
    ///
    /// # Errors
    /// When there is none, or the system cannot cut it.
    fn cut(&self, name: &str, bytes: u64) -> io::Result<()>;

    /// Gives a file another name, in the place of a file that has it.
    ///
    /// # Errors
    /// When there is none, or the system cannot rename it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// When there is none, or the system cannot remove it.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes it certain that files that were created, renamed and removed stay so after a loss of power.
    ///
    /// # Errors
    /// When the system cannot.
    fn sync(&self) -> io::Result<()>;
}

/// A file that is being written.
pub trait File: Debug + Send + Sync {
    /// Appends pieces as if they were one, without copying them together; once this returns they outlive the process.
    ///
    /// # Errors
    /// When not all could be written; some of them may have been, from the first byte on.
    fn append_vectored(&self, pieces: &mut [IoSlice<'_>]) -> io::Result<()>;

    /// Appends bytes, as [`File::append_vectored`] does.
    ///
    /// # Errors
    /// When not all could be written; some of them may have been.
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.append_vectored(&mut [IoSlice::new(bytes)])
    }

    /// Makes it certain that what was appended outlives a loss of power.
    ///
    /// # Errors
    /// When that is not certain. What was appended since the last success may be lost then, even if a later call succeeds.
    fn sync(&self) -> io::Result<()>;

    /// Cuts the file to so many bytes; what is appended next follows them.
    ///
    /// # Errors
    /// When the system cannot.
    fn cut(&self, bytes: u64) -> io::Result<()>;
}
