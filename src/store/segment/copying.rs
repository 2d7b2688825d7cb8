//! Copying what a store keeps, also while it goes on writing: every file is copied under another name, verified and renamed,
//! so that what is in the other folder is whole at any time, and copying can be taken up again where it ended.

use std::io;
use std::sync::Arc;

use super::folder::Folder;
use super::log::{Contents, read_logs};
use super::shelf::{Shelf, UNFINISHED, Unreadable, sequence_of};

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Files that are in the other folder now, and the bytes of them.
    pub files: u64,
    pub bytes: u64,
    /// How many of the files were there already.
    pub already: u64,
    /// Files that are not copied: damaged, of a newer version, or unreadable, each with why.
    pub left_out: Vec<(String, String)>,
}

/// Copies logs and blocks from one folder to another, and says from time to time how many bytes of how many are done.
///
/// # Errors
/// When the system cannot list or write; what is copied until then stays.
pub fn copy(from: &Arc<dyn Folder>, to: &Arc<dyn Folder>, mut progress: impl FnMut(u64, u64)) -> io::Result<Copied> {
    let mut copied = Copied::default();
    // Logs first: what has left one meanwhile is in the file of a block, which is found after that.
    let logs = copy_logs(&**from, &**to, &mut copied)?;
    let [source, target] = [from, to].map(|folder| Shelf::new(Arc::clone(folder), true));
    let mut blocks: Vec<_> = from.list()?.into_iter().filter(|entry| sequence_of(&entry.name).is_some()).collect();
    blocks.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let all = blocks.iter().map(|entry| entry.bytes).sum::<u64>() + copied.bytes;
    for entry in blocks {
        progress(copied.bytes, all);
        match copy_block(&source, &target, &entry.name) {
            Ok(is_new) => {
                copied.files += 1;
                copied.bytes += entry.bytes;
                copied.already += u64::from(!is_new);
            }
            // It was dropped meanwhile, as there is a limit to what is kept.
            Err(Failure::Source(Unreadable::Io(error))) if error.kind() == io::ErrorKind::NotFound => {}
            Err(Failure::Source(error)) => copied.left_out.push((entry.name, error.to_string())),
            Err(Failure::Target(error)) => return Err(error),
        }
    }
    to.sync()?;
    // Logs of an earlier copy whose requests are in blocks by now.
    for log in read_logs(&**to)? {
        if !logs.contains(&log.name) && log.contents.is_ok() {
            to.remove(&log.name)?;
        }
    }
    to.sync()?;
    Ok(copied)
}

/// Who is to blame.
enum Failure {
    Source(Unreadable),
    Target(io::Error),
}

/// Copies logs as far as they hold whole requests; returns their names.
fn copy_logs(from: &dyn Folder, to: &dyn Folder, copied: &mut Copied) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for log in read_logs(from)? {
        let torn = match &log.contents {
            Ok(Contents { torn_bytes, .. }) => *torn_bytes,
            Err(error) => {
                copied.left_out.push((log.name, error.to_string()));
                continue;
            }
        };
        let mut bytes = match from.read(&log.name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            bytes => bytes?,
        };
        bytes.truncate(log.bytes.saturating_sub(torn) as usize);
        put(to, &log.name, &bytes)?;
        copied.files += 1;
        copied.bytes += bytes.len() as u64;
        names.push(log.name);
    }
    Ok(names)
}

/// Copies the file of a block unless it is there; returns whether it was not.
fn copy_block(source: &Shelf, target: &Shelf, name: &str) -> Result<bool, Failure> {
    let found = source.verified(name).map_err(Failure::Source)?;
    if target.verified(name).is_ok_and(|there| there == found) {
        return Ok(false);
    }
    put(&**target.folder(), name, &found).map_err(Failure::Target)?;
    let is_right = target.verified(name).is_ok_and(|there| there == found);
    let differs = || io::Error::new(io::ErrorKind::InvalidData, format!("{name} is not what was written"));
    if is_right { Ok(true) } else { Err(Failure::Target(differs())) }
}

/// Writes a file whole, or not at all.
fn put(to: &dyn Folder, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = format!("{name}{UNFINISHED}");
    match to.remove(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = to.create(&unfinished)?;
    let written = file.append(bytes).and_then(|()| file.sync()).and_then(|()| to.rename(&unfinished, name));
    if written.is_err() {
        // The next copy removes it where that fails.
        to.remove(&unfinished).ok();
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::otlp::fixture::{batch, span};
    use crate::store::segment::simulated::SimFolder;
    use crate::store::segment::{Log, Record};
    use crate::store::{Limits, Opener, Sealer, Store, Writer, open};

    /// A store with some blocks in files, and a log.
    fn kept(traces: u8) -> SimFolder {
        let folder = SimFolder::new(1);
        let shelf = Shelf::new(Arc::new(folder.clone()), true);
        let limits = Limits { max_memory_traces: 4, ..Limits::default() };
        let (_store, mut writer) = Writer::with_segments(limits, Some(shelf.clone()), Vec::new(), 0);
        let (mut log, mut sealer) = (Log::new(Arc::new(folder.clone()), 0, 0), Sealer::default());
        for trace in 1..=traces {
            let request = batch(&[span(trace, 1, 0, 1), span(trace, 2, 1, 1)]);
            let blocks = writer.append(&request, Timestamp(0)).blocks.unwrap();
            log.append(&[Record { bytes: request.bytes, arrived: Timestamp(0), blocks }]).unwrap();
            while let Some(block) = writer.take_unsealed() {
                let mut sealed = block.seal(&mut sealer);
                sealed.write(&shelf).unwrap();
                writer.put_sealed(sealed);
            }
            log.release(writer.first_without_file());
        }
        folder
    }

    fn spans(folder: &SimFolder) -> u64 {
        let shelf = Shelf::new(Arc::new(folder.clone()), true);
        let opened = open(Limits::default(), &shelf, Opener::Reader, |_, _| ()).unwrap();
        let store: &Store = &opened.store;
        store.snapshot().facts().counters.stored
    }

    fn shared(folder: &SimFolder) -> Arc<dyn Folder> {
        Arc::new(folder.clone())
    }

    #[test]
    fn a_copy_holds_what_the_store_held() {
        let (from, to) = (kept(9), SimFolder::new(2));
        let copied = copy(&shared(&from), &shared(&to), |_, _| ()).unwrap();
        assert_eq!((copied.files, copied.already, spans(&to)), (9, 0, 18));
        let again = copy(&shared(&from), &shared(&to), |_, _| ()).unwrap();
        assert_eq!((again.files, again.already, spans(&to)), (9, 8, 18));
    }

    #[test]
    fn a_copy_that_was_cut_off_is_whole_and_is_taken_up_again() {
        let from = kept(9);
        for call in 1..200 {
            let to = SimFolder::new(call);
            to.fail_from(call);
            let is_done = copy(&shared(&from), &shared(&to), |_, _| ()).is_ok();
            let to = to.crash(call);
            to.heal();
            assert!(spans(&to) <= 18);
            copy(&shared(&from), &shared(&to), |_, _| ()).unwrap();
            assert_eq!(spans(&to), 18);
            if is_done {
                return;
            }
        }
        panic!("a copy takes fewer calls");
    }

    #[test]
    fn a_damaged_file_is_left_out_and_told() {
        let (from, to) = (kept(9), SimFolder::new(2));
        let name = "block-0000000000000003.spb";
        let mut bytes = from.read(name).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        from.put(name, &bytes);
        let copied = copy(&shared(&from), &shared(&to), |_, _| ()).unwrap();
        assert_eq!((copied.files, copied.left_out.len(), spans(&to)), (8, 1, 16));
        assert_eq!(copied.left_out[0].0, name);
    }

    #[test]
    fn logs_of_an_earlier_copy_go_once_their_requests_are_in_blocks() {
        let to = SimFolder::new(2);
        copy(&shared(&kept(5)), &shared(&to), |_, _| ()).unwrap();
        copy(&shared(&kept(9)), &shared(&to), |_, _| ()).unwrap();
        assert_eq!(spans(&to), 18);
        let logs = to.list().unwrap().into_iter().filter(|entry| entry.name.starts_with("log-")).count();
        assert_eq!(logs, 1);
    }
}
