//! A folder that files were copied to: what it holds, and which of its logs nothing needs any more.

use std::io;
use std::sync::Arc;

use super::segment::folder::Folder;
use super::segment::{Contents, Logged, Shelf, read_logs};
use super::{Limits, Writer};
use crate::otlp;

/// What is held in a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub spans: u64,
    pub traces: u64,
    /// Logs that were removed.
    pub removed: u64,
}

/// Removes the logs of a folder of which every span is in a block, as it is once the block of a log that was copied earlier
/// is copied as well. The folder has to be owned.
///
/// # Errors
/// When the folder cannot be listed, or a log cannot be removed.
pub fn settle(folder: &Arc<dyn Folder>) -> io::Result<Settled> {
    let shelf = Shelf::new(Arc::clone(folder), true);
    let found = shelf.find(|_, _| ())?;
    let (store, mut writer) = Writer::with_segments(Limits::unlimited(), None, found.segments, found.next);
    let mut removed = 0;
    for log in read_logs(&**folder)? {
        // What cannot be read is for somebody to look at.
        let Ok(Contents { requests, damages: 0, torn_bytes: 0, .. }) = log.contents else { continue };
        let mut store_all = |request: Logged| {
            // It was scanned before it was accepted.
            otlp::scan(request.bytes).map_or(0, |batch| writer.recover(&batch, request.arrived).stored)
        };
        if requests.into_iter().map(&mut store_all).sum::<u64>() == 0 {
            folder.remove(&log.name)?;
            removed += 1;
        }
    }
    if removed > 0 {
        folder.sync()?;
    }
    let facts = *store.snapshot().facts();
    Ok(Settled { spans: facts.counters.recovered, traces: facts.traces, removed })
}
