//! `spantop backup DEST`: copies a data directory, whether a spantop writes to it or not.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::error::CliError;
use super::progress::Progress;
use super::{data_dir, output, settings};
use crate::store::segment::folder::Folder;
use crate::store::segment::{Copied, Home, HomeError, Shelf, copy};
use crate::store::{Settled, settle};
use crate::tui::{format, sanitize};

pub(super) fn arguments(command: Command) -> Command {
    let destination = Arg::new("DEST")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("The directory to copy to; an earlier backup there is brought up to date");
    settings::config_argument(command.arg(destination).arg(directory("Copy this data directory")))
}

/// Returns `--data-dir` for commands that have no other settings.
pub(super) fn directory(help: &'static str) -> Arg {
    Arg::new("data-dir")
        .long("data-dir")
        .value_name("DIR")
        .value_parser(value_parser!(PathBuf))
        .help(format!("{help} [default: store.path of the configuration]"))
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let to = matches.get_one::<PathBuf>("DEST").cloned().unwrap_or_default();
    let from = source(matches)?;
    let source: Arc<dyn Folder> = Arc::new(Home::look(&from)?);
    refuse_same(&from, &to)?;
    let home = Home::claim(&to).map_err(|error| refused(&error))?;
    let (copied, settled) = copy_with_progress(&source, &home, &from)?;
    report(&copied, settled, "backed up", &to)
}

/// Says what to do where a directory cannot be copied to.
fn refused(error: &HomeError) -> CliError {
    let hint = match error {
        HomeError::Open { .. } => error.hint(),
        _ => "name another directory to copy to".into(),
    };
    CliError::failed(error.to_string()).hint(hint)
}

fn source(matches: &ArgMatches) -> Result<PathBuf, CliError> {
    if let Some(path) = matches.get_one::<PathBuf>("data-dir") {
        return Ok(path.clone());
    }
    data_dir::of(&settings::load(matches)?.config)?.ok_or_else(|| {
        CliError::usage("there is nothing to back up: store.ephemeral is set").hint("name it with --data-dir")
    })
}

/// Refuses to copy a directory into itself.
pub(super) fn refuse_same(from: &Path, to: &Path) -> Result<(), CliError> {
    // One that is not there yet is told by its parents.
    let real = |path: &Path| path.ancestors().find_map(|above| above.canonicalize().ok()).unwrap_or_default();
    let is_same = to.exists() && real(from) == real(to);
    if is_same || real(to).starts_with(real(from)) {
        let message = format!("cannot copy {} into itself", from.display());
        return Err(CliError::usage(message).hint("name a directory outside of it"));
    }
    Ok(())
}

/// Copies what a folder holds into a directory that is ours.
pub(super) fn copy_with_progress(
    from: &Arc<dyn Folder>,
    home: &Home,
    source: &Path,
) -> Result<(Copied, Settled), CliError> {
    let to: Arc<dyn Folder> = Arc::new(home.folder());
    let failed = |error: io::Error| {
        let message = format!("cannot copy {} to {}: {error}", source.display(), home.path().display());
        CliError::failed(message).hint("what was copied is whole: run it again to go on")
    };
    remove_unfinished(&to).map_err(failed)?;
    let mut progress = Progress::in_bytes("copying");
    let copied = copy(&**from, &*to, |done, all| progress.at(done, all)).map_err(failed)?;
    drop(progress);
    Ok((copied, settle(&to).map_err(failed)?))
}

/// Removes what an earlier copy did not end.
fn remove_unfinished(folder: &Arc<dyn Folder>) -> io::Result<()> {
    let unfinished = Shelf::new(Arc::clone(folder), true).unfinished()?;
    unfinished.iter().try_for_each(|file| folder.remove(&file.name))
}

/// Says what was copied, and fails where something was left out.
pub(super) fn report(copied: &Copied, settled: Settled, done: &str, to: &Path) -> Result<ExitCode, CliError> {
    let Copied { files, bytes, already, faults } = copied;
    let (files, bytes) = (format::plural(*files, "file"), format::bytes(*bytes));
    let held = format::plural(settled.spans, "span");
    let to = sanitize::clean(&to.display().to_string());
    output::print(&format!("{done} {files} ({already} were there), {bytes}; {held} in {to}\n"))?;
    if faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let lines = faults.iter().map(|fault| format!("cannot copy {fault}"));
    Err(CliError::failed(lines.collect::<Vec<_>>().join("\n"))
        .hint("everything else was copied; what is whole of damaged files a running spantop takes over by itself"))
}
