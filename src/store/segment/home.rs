//! The directory that a store is kept in: one process owns it at a time, others may look.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::disk::DiskFolder;

/// A directory that this process owns for as long as this lives.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
    /// The kernel gives the lock back when the process ends, however it does.
    _lock: File,
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    #[error("cannot keep traces in {path}: it is used by another spantop{}", pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    Taken { path: PathBuf, pid: Option<u32> },
    #[error("cannot keep traces in {path}: it belongs to another user")]
    Foreign { path: PathBuf },
    #[error("cannot keep traces in {path}: other users may write there")]
    Open { path: PathBuf },
    #[error("cannot keep traces in {path}: {}", reason(error))]
    Unusable { path: PathBuf, error: io::Error },
    #[error("cannot read traces in {path}: {}", reason(error))]
    Unreadable { path: PathBuf, error: io::Error },
}

/// The file that is locked; its owner's process id stands in it.
const LOCK: &str = "LOCK";

impl HomeError {
    /// Returns what can be done.
    pub fn hint(&self) -> String {
        match self {
            Self::Taken { .. } => {
                "end that one, or keep traces elsewhere with --data-dir DIR, or nothing on disk with --ephemeral".into()
            }
            Self::Foreign { .. } => "keep traces elsewhere with --data-dir DIR, or run as that user".into(),
            Self::Open { path } => format!("take that right away: chmod go-w {}", path.display()),
            Self::Unusable { .. } => {
                "keep traces elsewhere with --data-dir DIR, or nothing on disk with --ephemeral".into()
            }
            Self::Unreadable { .. } => "name the directory with --data-dir DIR".into(),
        }
    }
}

/// Says in a few words what went wrong.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "it is not a directory".into(),
        io::ErrorKind::NotFound => "there is no such directory".into(),
        kind => kind.to_string(),
    }
}

impl Home {
    /// Makes a directory this process's own, and creates it where there is none.
    ///
    /// # Errors
    /// When another process has it, when others could change what is in it, or when the system lets nobody write there.
    pub fn claim(path: &Path) -> Result<Self, HomeError> {
        let unusable = |error| HomeError::Unusable { path: path.into(), error };
        create(path).map_err(unusable)?;
        check(path)?;
        let mut lock = open_lock(&path.join(LOCK)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(HomeError::Taken { path: path.into(), pid: read_pid(&mut lock) });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        // Only for people; on a full disk there may be no room for it.
        lock.set_len(0).and_then(|()| lock.write_all(std::process::id().to_string().as_bytes())).ok();
        Ok(Self { path: path.into(), _lock: lock })
    }

    /// Returns the folder of a directory, for reading only: another process may own it.
    ///
    /// # Errors
    /// When there is no such directory, or the system lets nobody read it.
    pub fn look(path: &Path) -> Result<DiskFolder, HomeError> {
        fs::read_dir(path).map_err(|error| HomeError::Unreadable { path: path.into(), error })?;
        Ok(DiskFolder::new(path))
    }

    pub fn folder(&self) -> DiskFolder {
        DiskFolder::new(&self.path)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Creates a directory that only its owner may look into, and sees to it that it outlives a loss of power.
fn create(path: &Path) -> io::Result<()> {
    let mut missing: Vec<&Path> =
        path.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    if missing.is_empty() {
        return if path.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) };
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    missing.reverse();
    for created in missing {
        let parent = created.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Where a directory cannot be synced it is as certain as it gets.
        File::open(parent).and_then(|parent| parent.sync_all()).ok();
    }
    Ok(())
}

/// Refuses a directory in which others could put something for us to read.
#[cfg(unix)]
fn check(path: &Path) -> Result<(), HomeError> {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path).map_err(|error| HomeError::Unusable { path: path.into(), error })?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(HomeError::Foreign { path: path.into() });
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(HomeError::Open { path: path.into() });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_path: &Path) -> Result<(), HomeError> {
    Ok(())
}

fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn read_pid(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    /// A directory of this test's own, gone with it.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("spantop-home-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn a_directory_that_is_missing_is_created_for_its_owner_alone() {
        let scratch = Scratch::new("missing");
        let path = scratch.0.join("a/b");
        let home = Home::claim(&path).unwrap();
        assert_eq!(fs::metadata(home.path()).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(path.join(LOCK)).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_second_owner_is_told_who_the_first_is() {
        let scratch = Scratch::new("second");
        let first = Home::claim(&scratch.0).unwrap();
        let error = Home::claim(&scratch.0).unwrap_err();
        let expected = format!(
            "cannot keep traces in {}: it is used by another spantop (pid {})",
            scratch.0.display(),
            std::process::id()
        );
        assert_eq!(error.to_string(), expected);
        Home::look(&scratch.0).unwrap();
        drop(first);
        Home::claim(&scratch.0).unwrap();
    }

    #[test]
    fn what_others_could_change_is_refused_and_left_as_it_is() {
        let scratch = Scratch::new("open");
        fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o770)).unwrap();
        assert!(matches!(Home::claim(&scratch.0), Err(HomeError::Open { .. })));
        assert_eq!(fs::read_dir(&scratch.0).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        let scratch = Scratch::new("file");
        let path = scratch.0.join("file");
        fs::write(&path, "mine").unwrap();
        for path in [path.clone(), path.join("below")] {
            let error = Home::claim(&path).unwrap_err().to_string();
            assert!(error.ends_with("it is not a directory"), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert!(Home::look(&scratch.0.join("none")).unwrap_err().to_string().ends_with("there is no such directory"));
    }
}
