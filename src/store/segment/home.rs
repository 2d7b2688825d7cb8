//! The directory that the store's files are in: created for one user, and owned by one process at a time. Who only reads
//! it takes nothing from the owner.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::disk::DiskFolder;

/// The file that is locked; it holds the process id of the owner. It stays when the owner is gone: were it removed, two
/// processes could each lock a file of this name.
pub(super) const LOCK: &str = "LOCK";

/// Rights to write of those who are not the owner of a file.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// A data directory that is ours, until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
    /// Closing it gives up the lock.
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Another process has it.
    #[error("cannot use the data directory {}: it is in use by {}", path.display(), owner_name(*owner))]
    Owned {
        path: PathBuf,
        /// The process id, where the owner could write it down.
        owner: Option<u32>,
    },
    /// It belongs to another user, who could change what is in it.
    #[error("cannot use the data directory {}: it belongs to user {owner}, and this is user {user}", path.display())]
    Foreign { path: PathBuf, owner: u32, user: u32 },
    /// Others could change what is in it.
    #[error("cannot use the data directory {}: users other than its owner may write to it (mode {mode:04o})", path.display())]
    Open { path: PathBuf, mode: u32 },
    /// Something else has the name of the directory, or of the lock in it.
    #[error("cannot use {}: it is not {expected}", path.display())]
    Mistaken { path: PathBuf, expected: &'static str },
    /// There is nothing to read.
    #[error("cannot read the data directory {}: there is none", path.display())]
    Missing { path: PathBuf },
    /// The system refused.
    #[error("cannot {attempt} {}: {source}", path.display())]
    Refused { attempt: &'static str, path: PathBuf, source: io::Error },
}

fn owner_name(owner: Option<u32>) -> String {
    owner.map_or("another process".into(), |pid| format!("another spantop (pid {pid})"))
}

impl Home {
    /// Takes a directory for this process alone, and creates it and what is missing above it. A directory that is there
    /// stays as it is, with its rights and the files in it: others may have been given the right to read it.
    ///
    /// # Errors
    /// When another process has it, it belongs to another user, others may write to it, it is no directory, or the system
    /// refuses, as it does where nothing can be written.
    pub fn claim(path: &Path) -> Result<Self, HomeError> {
        create(path)?;
        let metadata = fs::metadata(path).map_err(refused("read the data directory", path))?;
        check(path, &metadata, rustix::process::geteuid().as_raw())?;
        let lock = lock(path)?;
        Ok(Self { path: path.into(), _lock: lock })
    }

    /// Looks at a directory without taking or creating anything; its owner may go on writing.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn look(path: &Path) -> Result<DiskFolder, HomeError> {
        match fs::read_dir(path) {
            Ok(_) => Ok(DiskFolder::new(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(HomeError::Missing { path: path.into() }),
            Err(error) if error.kind() == ErrorKind::NotADirectory => Err(not_a_directory(path)),
            Err(error) => Err(refused("read the data directory", path)(error)),
        }
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the files in it.
    pub fn folder(&self) -> DiskFolder {
        DiskFolder::new(&self.path)
    }
}

impl HomeError {
    /// Returns what to do.
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Open { path, .. } => return format!("take that right away with: chmod go-w {}", path.display()),
            Self::Owned { .. } => {
                "ask it with 'spantop stats', take another with --data-dir DIR, or none with --ephemeral"
            }
            Self::Missing { .. } => "name the one that spantop was started with: --data-dir DIR",
            Self::Foreign { .. } | Self::Mistaken { .. } | Self::Refused { .. } => {
                "name another with --data-dir DIR, or keep nothing on disk with --ephemeral"
            }
        };
        hint.into()
    }
}

fn refused(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> HomeError {
    let path = path.to_owned();
    move |source| HomeError::Refused { attempt, path, source }
}

fn not_a_directory(path: &Path) -> HomeError {
    HomeError::Mistaken { path: path.into(), expected: "a directory" }
}

/// Creates a directory and what is missing above it, for this user alone, so that it outlives a loss of power.
fn create(path: &Path) -> Result<(), HomeError> {
    let missing: Vec<&Path> =
        path.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists()).collect();
    for directory in missing.into_iter().rev() {
        match DirBuilder::new().mode(0o700).create(directory) {
            // Another process may be as far; what is no directory is found out later.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(refused("create the data directory", directory)(error)),
            Ok(()) => sync(directory.parent().unwrap_or(directory))?,
        }
    }
    Ok(())
}

fn sync(directory: &Path) -> Result<(), HomeError> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    match File::open(directory).and_then(|opened| opened.sync_all()) {
        // Some file systems cannot sync a directory, and do not need to.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced.map_err(refused("sync", directory)),
    }
}

/// Refuses a directory that somebody else could put something into, or take something out of.
fn check(path: &Path, metadata: &Metadata, user: u32) -> Result<(), HomeError> {
    let path = || path.to_owned();
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if !metadata.is_dir() {
        Err(not_a_directory(&path()))
    } else if owner != user {
        Err(HomeError::Foreign { path: path(), owner, user })
    } else if mode & WRITABLE_BY_OTHERS != 0 {
        Err(HomeError::Open { path: path(), mode })
    } else {
        Ok(())
    }
}

/// Takes the lock of a directory. The kernel gives it up with the process, so that none is left behind.
fn lock(directory: &Path) -> Result<File, HomeError> {
    let path = directory.join(LOCK);
    let mistaken = || HomeError::Mistaken { path: path.clone(), expected: "a file that can be locked" };
    let mut options = OpenOptions::new();
    // Neither cut, as it may hold another owner's id, nor looked for behind a link.
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits() as i32);
    let mut file = options.open(&path).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::LOOP | Errno::ISDIR) => mistaken(),
        _ => refused("lock the data directory with", &path)(error),
    })?;
    if !file.metadata().map_err(refused("read", &path))?.is_file() {
        return Err(mistaken());
    }
    match file.try_lock() {
        Ok(()) => {
            note_owner(&mut file);
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => Err(HomeError::Owned { path: directory.into(), owner: noted_owner(&file) }),
        Err(TryLockError::Error(error)) => Err(refused("lock the data directory with", &path)(error)),
    }
}

/// Writes down whose the directory is. Where that fails, as on a full disk, nobody is told who has the lock; it holds.
fn note_owner(file: &mut File) {
    let pid = format!("{}\n", std::process::id());
    // First over the old id, in the place that this has on the disk, and then cut.
    let noted = file.rewind().and_then(|()| file.write_all(pid.as_bytes())).map_or(0, |()| pid.len() as u64);
    file.set_len(noted).ok();
}

fn noted_owner(file: &File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.strip_suffix('\n')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A place for a data directory; goes with the test.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("spantop-home-{test}-{}", std::process::id()));
            DirBuilder::new().mode(0o700).create(&path).unwrap();
            Self(path)
        }

        fn with_mode(test: &str, mode: u32) -> Self {
            let scratch = Self::new(test);
            fs::set_permissions(&scratch.0, PermissionsExt::from_mode(mode)).unwrap();
            scratch
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }

        /// The error of a claim, with the scratch directory left out.
        fn refusal(&self, name: &str) -> String {
            let error = Home::claim(&self.path(name)).unwrap_err();
            error.to_string().replace(self.0.to_str().unwrap(), "SCRATCH")
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    fn user() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    #[test]
    fn what_is_missing_is_created_for_this_user_alone() {
        let scratch = Scratch::new("create");
        let home = Home::claim(&scratch.path("state/spantop/")).unwrap();
        for name in ["state", "state/spantop"] {
            assert_eq!(mode(&scratch.path(name)), 0o700, "{name}");
        }
        assert_eq!(mode(&home.path().join(LOCK)), 0o600);
    }

    #[test]
    fn a_directory_has_one_owner_who_is_named() {
        let scratch = Scratch::new("owner");
        let home = Home::claim(&scratch.0).unwrap();
        let pid = std::process::id();
        assert_eq!(
            scratch.refusal(""),
            format!("cannot use the data directory SCRATCH/: it is in use by another spantop (pid {pid})")
        );
        drop(home);
        Home::claim(&scratch.0).unwrap();
    }

    #[test]
    fn an_owner_who_could_write_nothing_down_still_is_one() {
        let scratch = Scratch::new("nameless");
        let mut lock = lock(&scratch.0).unwrap();
        lock.set_len(0).unwrap();
        assert_eq!(scratch.refusal(""), "cannot use the data directory SCRATCH/: it is in use by another process");
        let mut unwritable = File::open(scratch.path(LOCK)).unwrap();
        note_owner(&mut unwritable);
        assert_eq!(noted_owner(&unwritable), None);
        note_owner(&mut lock);
        assert_eq!(noted_owner(&unwritable), Some(std::process::id()));
    }

    #[test]
    fn the_owner_before_is_written_over() {
        let scratch = Scratch::new("stale");
        fs::write(scratch.path(LOCK), "4000000000000000000 and more").unwrap();
        let _home = Home::claim(&scratch.0).unwrap();
        assert_eq!(fs::read_to_string(scratch.path(LOCK)).unwrap(), format!("{}\n", std::process::id()));
    }

    #[test]
    fn what_is_there_stays_as_it_is() {
        let scratch = Scratch::with_mode("strange", 0o755);
        fs::write(scratch.path("notes.txt"), "mine").unwrap();
        fs::create_dir(scratch.path("folder")).unwrap();
        drop(Home::claim(&scratch.0).unwrap());
        assert_eq!(scratch.names(), [LOCK, "folder", "notes.txt"]);
        assert_eq!((mode(&scratch.0), fs::read(scratch.path("notes.txt")).unwrap()), (0o755, b"mine".to_vec()));
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_refused_untouched() {
        for rights in [0o770, 0o702, 0o777] {
            let scratch = Scratch::with_mode(&format!("open-{rights:o}"), rights);
            assert_eq!(
                scratch.refusal(""),
                format!(
                    "cannot use the data directory SCRATCH/: users other than its owner may write to it (mode {rights:04o})"
                )
            );
            assert_eq!((mode(&scratch.0), scratch.names()), (rights, Vec::new()));
        }
    }

    #[test]
    fn a_directory_of_another_user_is_refused() {
        let scratch = Scratch::new("foreign");
        let error = check(&scratch.0, &fs::metadata(&scratch.0).unwrap(), user() + 1).unwrap_err();
        assert!(
            matches!(error, HomeError::Foreign { owner, user: other, .. } if owner == user() && other == user() + 1)
        );
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        let scratch = Scratch::new("file");
        fs::write(scratch.path("file"), "").unwrap();
        assert_eq!(scratch.refusal("file"), "cannot use SCRATCH/file: it is not a directory");
        assert!(scratch.refusal("file/below").starts_with("cannot create the data directory SCRATCH/file/below: "));
        symlink(scratch.path("nowhere"), scratch.path("dangling")).unwrap();
        assert!(scratch.refusal("dangling").starts_with("cannot read the data directory SCRATCH/dangling: "));
        assert_eq!(scratch.names(), ["dangling", "file"]);
    }

    #[test]
    fn a_lock_is_a_file_and_no_link_to_one() {
        let scratch = Scratch::new("link");
        fs::write(scratch.path("precious"), "kept").unwrap();
        for name in ["linked", "folder"] {
            DirBuilder::new().mode(0o700).create(scratch.path(name)).unwrap();
        }
        symlink(scratch.path("precious"), scratch.path("linked/LOCK")).unwrap();
        fs::create_dir(scratch.path("folder/LOCK")).unwrap();
        for name in ["linked", "folder"] {
            let expected = format!("cannot use SCRATCH/{name}/LOCK: it is not a file that can be locked");
            assert_eq!(scratch.refusal(name), expected);
        }
        assert_eq!(fs::read(scratch.path("precious")).unwrap(), b"kept");
    }

    #[test]
    fn who_looks_takes_and_creates_nothing() {
        let scratch = Scratch::new("look");
        let visit = Home::look(&scratch.0).unwrap();
        assert_eq!((visit.path(), scratch.names()), (&*scratch.0, Vec::new()));
        let _home = Home::claim(&scratch.0).unwrap();
        Home::look(&scratch.0).unwrap();
        assert!(matches!(Home::look(&scratch.path("none")), Err(HomeError::Missing { .. })));
        assert!(matches!(Home::look(&scratch.path(LOCK)), Err(HomeError::Mistaken { .. })));
        assert_eq!(scratch.names(), [LOCK]);
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        let path = PathBuf::from("/data");
        let full = || io::Error::from(ErrorKind::StorageFull);
        let hint = |error: HomeError| error.hint();
        assert!(hint(HomeError::Owned { path: path.clone(), owner: Some(1) }).contains("--ephemeral"));
        assert!(hint(refused("create the data directory", &path)(full())).contains("--ephemeral"));
        assert!(hint(HomeError::Open { path: path.clone(), mode: 0o777 }).contains("chmod go-w /data"));
        assert!(hint(HomeError::Missing { path }).contains("--data-dir"));
    }
}
