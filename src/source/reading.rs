//! What is in a data directory, as it was at one moment. Changes nothing there and takes nothing from its owner, who may go
//! on writing.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::answer::answer_gradually;
use super::{DiskStatus, Recovery, Reply, Request, Source, SourceError};
use crate::analysis::Rules;
use crate::query::Memory;
use crate::store::segment::Shelf;
use crate::store::segment::folder::Folder;
use crate::store::{Limits, Opened, Opener, Requests, Store, open};

/// See the module.
#[derive(Debug)]
pub struct Reading {
    store: Arc<Store>,
    /// Where it is, for people.
    path: PathBuf,
    log_bytes: u64,
    recovery: Recovery,
    rules: Rules,
}

impl Reading {
    /// Reads what a folder holds. Says from time to time how much of how much is read.
    ///
    /// # Errors
    /// When the folder cannot be listed. What cannot be read in it is no error, but told in the status.
    pub fn open(folder: Arc<dyn Folder>, path: PathBuf, progress: impl FnMut(u64, u64)) -> io::Result<Self> {
        let shelf = Shelf::new(folder, false);
        let Opened { store, log, losses, .. } = open(Limits::unlimited(), &shelf, Opener::Reader, progress)?;
        Ok(Self { store, path, log_bytes: log.bytes(), recovery: losses.into(), rules: Rules::default() })
    }

    /// Has figures made so.
    #[must_use]
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }
}

impl Reading {
    /// Returns how many spans there are.
    pub fn spans(&self) -> u64 {
        self.store.snapshot().facts().counters.stored
    }

    /// Returns all spans that are whole, as requests that they might have come in.
    pub fn requests(&self) -> Requests {
        Requests::of(self.store.snapshot())
    }
}

impl Source for Reading {
    fn ask(&self, request: &Request) -> Result<Reply, SourceError> {
        let known = (&Memory::default(), &self.rules);
        let mut reply = answer_gradually(request, &self.store.snapshot(), known, &|_| true);
        if let Reply::Status(status) = &mut reply {
            // Only the owner of the files has a budget.
            status.memory_budget = 0;
            let disk = DiskStatus::in_folder(&self.path, status.disk.take(), self.log_bytes);
            status.disk = Some(DiskStatus { recovery: self.recovery, ..disk });
        }
        Ok(reply)
    }

    fn revision(&self) -> u64 {
        self.store.revision()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::otlp::fixture::{batch, span};
    use crate::store::segment::simulated::SimFolder;
    use crate::store::segment::{Log, Record};
    use crate::store::{Sealer, Writer};

    /// Puts traces into a folder, a block with a file each, and the last one into a log.
    fn filled(folder: &SimFolder, traces: u8) {
        let shelf = Shelf::new(Arc::new(folder.clone()), true);
        let limits = Limits { max_memory_traces: 4, ..Limits::default() };
        let (_store, mut writer) = Writer::with_segments(limits, Some(shelf.clone()), Vec::new(), 0);
        let mut log = Log::new(Arc::new(folder.clone()), 0, 0);
        let mut sealer = Sealer::default();
        for trace in 1..=traces {
            let request = batch(&[span(trace, 1, 0, 1)]);
            let blocks = writer.append(&request, Timestamp(0)).blocks.unwrap();
            log.append(&[Record { bytes: request.bytes, arrived: Timestamp(0), blocks }]).unwrap();
            while let Some(block) = writer.take_unsealed() {
                let mut sealed = block.seal(&mut sealer);
                sealed.write(&shelf).unwrap();
                writer.put_sealed(sealed);
            }
            log.release(writer.first_without_file());
        }
    }

    fn files(folder: &SimFolder) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = folder.list().unwrap().into_iter().map(|entry| entry.name).collect();
        files.sort();
        files.into_iter().map(|name| (name.clone(), folder.read(&name).unwrap())).collect()
    }

    #[test]
    fn everything_is_read_and_nothing_is_changed() {
        let folder = SimFolder::new(1);
        filled(&folder, 9);
        folder.put("block-0000000000000007.spb.tmp", b"half");
        folder.put("block-0000000000000099.spb", b"spantopB and nonsense that is no block at all");
        let before = files(&folder);
        let reading = Reading::open(Arc::new(folder.clone()), "/kept".into(), |_, _| ()).unwrap();
        let Reply::Status(status) = reading.ask(&Request::Status).unwrap() else { panic!() };
        assert_eq!((status.total_traces, status.counters.recovered), (9, 9));
        let disk = status.disk.unwrap();
        let bytes: usize =
            before.iter().filter(|(name, _)| !name.contains("99") && !name.contains("tmp")).map(|f| f.1.len()).sum();
        assert_eq!((disk.path.as_str(), disk.bytes, disk.segments), ("/kept", bytes as u64, 8));
        assert_eq!(disk.recovery.damaged, 1);
        assert_eq!(files(&folder), before);
    }
}
