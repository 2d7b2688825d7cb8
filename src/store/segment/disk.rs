//! A folder of the file system, with the rights and the syncs that its kind needs. Holds the only `unsafe`: a view of a
//! sealed file's bytes without reading them.

use std::fs::{self, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::folder::{Entry, File, Folder};

/// A directory that is there already and that one process writes to.
#[derive(Clone, Debug)]
pub struct DiskFolder {
    path: PathBuf,
}

/// A file of it, open at its end.
#[derive(Debug)]
struct DiskFile(fs::File);

impl DiskFolder {
    /// Returns the folder at a path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of a file in it.
    ///
    /// # Errors
    /// When the name leads out of the folder.
    fn path_of(&self, name: &str) -> io::Result<PathBuf> {
        let mut components = Path::new(name).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(only)), None) if only == name => Ok(self.path.join(name)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("'{name}' is not the name of a file"))),
        }
    }

    /// Returns the path of a file that is there. What stands at a name and is no file is not there: opening a pipe would
    /// wait for its other end.
    ///
    /// # Errors
    /// When there is no such file.
    fn path_of_file(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path_of(name)?;
        if fs::symlink_metadata(&path)?.is_file() { Ok(path) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

impl Folder for DiskFolder {
    fn list(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // A file that went away since, and a name that is not ours as it is not even text.
            let (Ok(metadata), Ok(name)) = (entry.metadata(), entry.file_name().into_string()) else { continue };
            if metadata.is_file() {
                entries.push(Entry { name, bytes: metadata.len() });
            }
        }
        Ok(entries)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Arc::new(DiskFile(options.open(self.path_of(name)?)?)))
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path_of_file(name)?)
    }

    #[cfg(unix)]
    fn map(&self, name: &str) -> io::Result<Bytes> {
        let file = fs::File::open(self.path_of_file(name)?)?;
        if file.metadata()?.len() == 0 {
            return Ok(Bytes::new());
        }
        // SAFETY: the bytes of a mapping must not change and must stay while they are borrowed. The store gives a sealed
        // file its name when it is complete, and from then on never writes to it or cuts it: it only removes it, and what
        // is mapped outlives that. Files have mode 0600 in a directory of mode 0700 that one process owns by a lock of
        // the kernel, so no one but the same user could change one behind its back, who could as well change the process.
        #[expect(unsafe_code, reason = "what is on disk is looked at in place; the proof is above")]
        let mapping = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Bytes::from_owner(mapping))
    }

    /// Reads the file, as other systems do not let go of one that is mapped.
    #[cfg(not(unix))]
    fn map(&self, name: &str) -> io::Result<Bytes> {
        self.read(name).map(Bytes::from)
    }

    fn sync_file(&self, name: &str) -> io::Result<()> {
        // Some systems only sync what is open for writing.
        OpenOptions::new().append(true).open(self.path_of_file(name)?)?.sync_data()
    }

    fn cut(&self, name: &str, bytes: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.path_of_file(name)?)?.set_len(bytes)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path_of_file(from)?, self.path_of(to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path_of(name)?)
    }

    #[cfg(unix)]
    fn sync(&self) -> io::Result<()> {
        match fs::File::open(&self.path)?.sync_all() {
            // Some file systems cannot sync a directory, and do not need to.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
            result => result,
        }
    }

    /// Does nothing: where a directory is not a file, the system keeps its entries safe by itself.
    #[cfg(not(unix))]
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl File for DiskFile {
    fn append_vectored(&self, mut pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
        // Passes over empty pieces: a write of nothing would look like one that failed.
        IoSlice::advance_slices(&mut pieces, 0);
        while !pieces.is_empty() {
            match (&self.0).write_vectored(pieces) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut pieces, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of a test; goes with it.
    struct Scratch(DiskFolder);

    impl Scratch {
        fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("spantop-disk-{test}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Self(DiskFolder::new(path))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(self.0.path()).unwrap();
        }
    }

    fn names(folder: &DiskFolder) -> Vec<String> {
        let mut names: Vec<_> = folder.list().unwrap().into_iter().map(|entry| entry.name).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_appended_is_read_and_what_is_cut_is_gone() {
        let Scratch(folder) = &Scratch::new("append");
        let file = folder.create("one").unwrap();
        // More pieces than a system takes at once, some of them empty.
        let pieces: Vec<Vec<u8>> = (0..3_000_usize).map(|n| vec![n as u8; n % 3]).collect();
        let mut slices: Vec<IoSlice> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        file.append_vectored(&mut slices).unwrap();
        let all = pieces.concat();
        assert_eq!(folder.read("one").unwrap(), all);
        file.cut(5).unwrap();
        file.append(b"next").unwrap();
        file.append(b"").unwrap();
        file.sync().unwrap();
        assert_eq!(folder.read("one").unwrap(), [&all[..5], b"next"].concat());
        folder.cut("one", 2).unwrap();
        folder.sync_file("one").unwrap();
        assert_eq!(folder.list().unwrap(), [Entry { name: "one".into(), bytes: 2 }]);
    }

    #[test]
    fn a_mapped_file_stays_when_it_is_removed() {
        let Scratch(folder) = &Scratch::new("map");
        folder.create("sealed").unwrap().append(b"columns").unwrap();
        folder.create("empty").unwrap();
        let mapped = folder.map("sealed").unwrap();
        folder.remove("sealed").unwrap();
        folder.sync().unwrap();
        assert_eq!(mapped, &b"columns"[..]);
        assert_eq!(folder.map("empty").unwrap(), Bytes::new());
        assert_eq!(folder.map("sealed").unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_name_is_created_once_and_renamed_over() {
        let Scratch(folder) = &Scratch::new("names");
        folder.create("new").unwrap().append(b"new").unwrap();
        folder.create("old").unwrap().append(b"old").unwrap();
        assert_eq!(folder.create("old").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        folder.rename("new", "old").unwrap();
        assert_eq!((names(folder), folder.read("old").unwrap()), (vec!["old".to_owned()], b"new".to_vec()));
    }

    #[test]
    fn names_do_not_lead_out_of_the_folder() {
        let Scratch(folder) = &Scratch::new("outside");
        for name in ["", ".", "..", "../one", "a/b", "/one", "one/"] {
            assert_eq!(folder.create(name).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn files_are_private_and_only_files_are_seen() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let Scratch(folder) = &Scratch::new("rights");
        folder.create("one").unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        symlink(folder.path().join("one"), folder.path().join("link")).unwrap();
        assert_eq!(names(folder), ["one"]);
        assert_eq!(fs::metadata(folder.path().join("one")).unwrap().permissions().mode() & 0o777, 0o600);
        for name in ["folder", "link"] {
            assert_eq!(folder.read(name).unwrap_err().kind(), io::ErrorKind::NotFound, "{name}");
            assert_eq!(folder.map(name).unwrap_err().kind(), io::ErrorKind::NotFound, "{name}");
            assert_eq!(folder.cut(name, 0).unwrap_err().kind(), io::ErrorKind::NotFound, "{name}");
        }
    }
}
