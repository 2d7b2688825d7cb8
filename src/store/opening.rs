//! Opening a folder of an earlier run: the blocks that have files, and the requests in the logs of those that have none yet.

use std::io;
use std::sync::Arc;

use super::segment::folder::Folder;
use super::segment::frame::HeaderError;
use super::segment::{Contents, FoundLog, Log, LogError, Shelf, in_order, read_logs};
use super::{Limits, PAST_FILE, PastError, Sealer, Store, Writer};
use crate::model::Timestamp;
use crate::otlp;

/// What a folder held.
#[derive(Debug)]
pub struct Opened {
    pub store: Arc<Store>,
    pub writer: Writer,
    pub log: Log,
    pub losses: Losses,
}

/// What could not be read of what an earlier run had kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Bytes at the ends of logs, of requests whose writing was cut off.
    pub torn_bytes: u64,
    /// Stretches of logs, and files, that were damaged.
    pub damaged: u64,
    /// Files that are of another version, or not ours.
    pub left_alone: u64,
}

/// Who opens a folder.
#[derive(Clone, Copy, Debug)]
pub enum Opener {
    /// Nobody else changes it, and it is this time now.
    Owner(Timestamp),
    /// Somebody else may own it; nothing is changed.
    Reader,
}

/// Blocks of logs are sealed as they are read where more than this many wait.
const MOST_UNSEALED: usize = 4;

/// Opens a folder. Says from time to time how much of how much is done.
///
/// # Errors
/// When the folder cannot be listed. What cannot be read in it is no error, but told.
pub fn open(limits: Limits, shelf: &Shelf, opener: Opener, mut progress: impl FnMut(u64, u64)) -> io::Result<Opened> {
    // Logs first: who does not own the folder finds in a file what has left a log meanwhile.
    let logs = read_logs(&**shelf.folder())?;
    let found = shelf.find(&mut progress)?;
    let mut losses = losses(&logs);
    losses.damaged += found.damaged.len() as u64;
    losses.left_alone += found.left_alone;
    let mut are_files_safe = true;
    if let Opener::Owner(now) = opener {
        tidy(shelf, &found, &logs, now);
        are_files_safe = shelf.sync().is_ok();
    }
    let kept = matches!(opener, Opener::Owner(_)).then(|| shelf.clone());
    // Without a shelf no limit takes a file away.
    let past = shelf.past();
    losses.damaged += u64::from(past == Err(PastError::Damaged));
    losses.left_alone += u64::from(matches!(past, Err(PastError::OtherVersion(_))));
    if let (Opener::Owner(now), Err(PastError::Damaged)) = (opener, &past) {
        shelf.set_aside(PAST_FILE, now).ok();
    }
    let past = past.unwrap_or_default();
    // No later block has the number of one that is in there.
    let next = found.next.max(past.next());
    let (store, mut writer) = Writer::with_segments(limits, kept.clone(), found.segments, next);
    writer.set_past(past);
    replay(&mut writer, &logs, kept.as_ref(), progress);
    let mut log = log_after(shelf.folder(), &logs);
    if are_files_safe {
        adopt(&mut log, &logs, writer.last_block());
    }
    Ok(Opened { store, writer, log, losses })
}

fn losses(logs: &[FoundLog]) -> Losses {
    let mut losses = Losses::default();
    for log in logs {
        match &log.contents {
            Ok(Contents { torn_bytes, damages, .. }) => {
                losses.torn_bytes += torn_bytes;
                losses.damaged += damages;
            }
            Err(LogError::Header(HeaderError::Damaged)) => losses.damaged += 1,
            Err(_) => losses.left_alone += 1,
        }
    }
    losses
}

/// Brings a folder in order: what was cut off goes, what is damaged is set aside. Where that fails, nothing is worse than
/// before, and the next start tries again.
fn tidy(shelf: &Shelf, found: &super::segment::Found, logs: &[FoundLog], now: Timestamp) {
    shelf.remove_unfinished(found);
    for name in &found.damaged {
        shelf.set_aside(name, now).ok();
    }
    for log in logs {
        match &log.contents {
            Ok(Contents { torn_bytes: torn_bytes @ 1.., .. }) => {
                shelf.folder().cut(&log.name, log.bytes.saturating_sub(*torn_bytes)).ok();
            }
            Err(LogError::Header(HeaderError::Damaged)) => {
                shelf.set_aside(&log.name, now).ok();
            }
            _ => {}
        }
    }
}

/// Appends the requests of logs. Where there are many blocks of them they are sealed at once.
fn replay(writer: &mut Writer, logs: &[FoundLog], kept: Option<&Shelf>, mut progress: impl FnMut(u64, u64)) {
    let requests = in_order(logs);
    let all = requests.len() as u64;
    let mut sealer = Sealer::default();
    for (done, request) in (0..).zip(requests) {
        progress(done, all);
        // It was scanned before it was accepted.
        let Ok(batch) = otlp::scan(request.bytes) else { continue };
        writer.recover(&batch, request.arrived);
        while writer.unsealed() > MOST_UNSEALED
            && let Some(block) = writer.take_unsealed()
        {
            let mut sealed = block.seal(&mut sealer);
            if let Some(shelf) = kept {
                // Without a file it is in memory, and its log stays.
                sealed.write(shelf).ok();
            }
            writer.put_sealed(sealed);
        }
    }
}

/// Returns the log that goes on where others ended.
fn log_after(folder: &Arc<dyn Folder>, logs: &[FoundLog]) -> Log {
    let contents = logs.iter().filter_map(|log| log.contents.as_ref().ok());
    let last = contents.flat_map(|contents| &contents.requests).map(|request| request.sequence).max();
    let number = logs.iter().map(|log| log.number + 1).max().unwrap_or_default();
    Log::new(Arc::clone(folder), number, last.map_or(0, |last| last.saturating_add(1)))
}

/// Has the log remove others when the blocks up to this one, in which all is that was replayed, are safe. Where it is not
/// certain that the files of blocks that were found outlive a loss of power, the logs stay until the next start instead.
fn adopt(log: &mut Log, logs: &[FoundLog], last_block: u32) {
    let readable = logs.iter().filter(|log| log.contents.is_ok());
    readable.for_each(|found| log.adopt(&*found.name, found.bytes, last_block));
}
