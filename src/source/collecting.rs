//! Letting go what has to go by the limits, in a folder that no engine has.

use std::io;
use std::sync::Arc;

use super::{Collected, Reason, Removed};
use crate::model::Timestamp;
use crate::store::segment::Shelf;
use crate::store::segment::folder::{Entry, Folder};
use crate::store::{Expiring, Limit, Limits, Opened, Opener, open};

/// Whether files are removed, or only those named that would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collecting {
    /// The folder has to be owned.
    Really,
    DryRun,
}

/// Removes the files that have to go by these limits, and those that nothing needs; in a dry run it only names them. Says from
/// time to time how much of how much is read.
///
/// # Errors
/// When the folder cannot be listed, or a file cannot be removed.
pub fn collect(
    folder: &Arc<dyn Folder>,
    (limits, now): (&Limits, Timestamp),
    collecting: Collecting,
    progress: impl FnMut(u64, u64),
) -> io::Result<Collected> {
    let shelf = Shelf::new(Arc::clone(folder), false);
    let Opened { mut writer, log, .. } = open(Limits::unlimited(), &shelf, Opener::Reader, progress)?;
    writer.set_log_bytes(log.bytes());
    // What is in a log only is for the next start.
    let expiring = writer.expiring(limits, now);
    let mut removed: Vec<Removed> = expiring.iter().map(Removed::from).filter(|gone| gone.file.is_some()).collect();
    let set_aside = shelf.set_aside_before(now.minus(limits.retention_ns))?;
    removed.extend(set_aside.iter().map(|file| Removed::leftover(file, Reason::SetAside)));
    removed.extend(shelf.unfinished()?.iter().map(|file| Removed::leftover(file, Reason::Unfinished)));
    if collecting == Collecting::Really {
        for file in removed.iter().filter_map(|removed| removed.file.as_ref()) {
            folder
                .remove(file)
                .map_err(|error| io::Error::new(error.kind(), format!("cannot remove {file}: {error}")))?;
        }
        folder.sync()?;
    }
    Ok(Collected { is_dry_run: collecting == Collecting::DryRun, removed })
}

impl Removed {
    /// Returns what is said of a file that nothing needs.
    pub(super) fn leftover(file: &Entry, reason: Reason) -> Self {
        Self { file: Some(file.name.clone()), reason, spans: 0, bytes: file.bytes }
    }
}

impl From<&Expiring> for Removed {
    fn from(expiring: &Expiring) -> Self {
        let Expiring { file, bytes, spans, limit, .. } = expiring;
        let reason = match limit {
            Limit::Age => Reason::Age,
            Limit::Traces => Reason::Traces,
            Limit::Bytes => Reason::Bytes,
        };
        Self { file: file.clone(), reason, spans: *spans, bytes: *bytes }
    }
}
