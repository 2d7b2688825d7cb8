//! `spantop gc`: lets go now what has to go by the limits, of a running spantop or a data directory.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::asked::{self, Asked};
use super::error::CliError;
use super::output::{self, Format};
use super::progress::Progress;
use super::{connect, receivers, settings};
use crate::api::Gc;
use crate::source::{Collecting, Reason, Removed, collect, now};
use crate::store::segment::folder::Folder;
use crate::store::segment::{Home, HomeError};
use crate::tui::{format, sanitize};

const AFTER_HELP: &str = "Goes: what came longer ago than store.retention; the oldest while there are more traces than \
store.max_traces or more bytes than store.disk; files that were set aside as damaged longer ago than the retention; files that \
an earlier run did not end. A running spantop goes by its own limits, and does all of that by itself.";

pub(super) fn arguments(command: Command) -> Command {
    let dry_run =
        Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue).help("Remove nothing, only say what would go");
    asked::arguments(command, "Clean up").arg(dry_run).arg(Format::argument()).after_help(AFTER_HELP)
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let is_dry_run = matches.get_flag("dry-run");
    let body = match Asked::of(matches)? {
        Asked::Running(client) => {
            let path = format!("/admin/tracing/gc?dry_run={is_dry_run}");
            connect::text(&connect::wait(client.post(&path))?)?
        }
        Asked::Directory(path) => {
            let collecting = if is_dry_run { Collecting::DryRun } else { Collecting::Really };
            let gc = in_directory(matches, &path, collecting)?;
            serde_json::to_string(&gc).map_err(|_| asked::no_answer())?
        }
    };
    if Format::of(matches) == Format::Json {
        return output::print_json(&body);
    }
    let gc: Gc =
        serde_json::from_str(&body).map_err(|error| CliError::failed(format!("cannot read the answer: {error}")))?;
    output::print(&table(&gc))
}

fn in_directory(matches: &ArgMatches, path: &Path, collecting: Collecting) -> Result<Gc, CliError> {
    let limits = receivers::limits(&settings::load(matches)?.config);
    // What is not there is not to be created.
    let folder: Arc<dyn Folder> = Arc::new(Home::look(path)?);
    let _home = match collecting {
        Collecting::Really => Some(Home::claim(path).map_err(|error| claimed(&error))?),
        Collecting::DryRun => None,
    };
    let mut progress = Progress::in_pieces("reading what was kept");
    collect(&folder, (&limits, now()), collecting, |done, all| progress.at(done, all))
        .map(Gc::of)
        .map_err(|error| CliError::failed(format!("cannot clean up {}: {error}", path.display())))
}

fn claimed(error: &HomeError) -> CliError {
    let hint = match error {
        HomeError::Owned { .. } => {
            "that one can do it: leave out --data-dir, or name it with --connect HOST:PORT".into()
        }
        _ => error.hint(),
    };
    CliError::failed(error.to_string()).hint(hint)
}

/// Returns the table for people.
fn table(gc: &Gc) -> String {
    let done = if gc.dry_run { "would remove" } else { "removed" };
    if gc.removed.is_empty() {
        return format!("{done} nothing: all that is there is within the limits\n");
    }
    let files = format::plural(gc.files as u64, "file");
    let mut table = format!("{done} {files}, {}, {}\n", format::plural(gc.spans, "span"), format::bytes(gc.bytes));
    let name = |removed: &Removed| sanitize::clean(removed.file.as_deref().unwrap_or("in memory only"));
    let width = gc.removed.iter().map(|removed| name(removed).chars().count()).max().unwrap_or(0);
    let row = |removed: &Removed| {
        let (spans, bytes) = (format::plural(removed.spans, "span"), format::bytes(removed.bytes));
        format!("  {:width$}  {spans:>13}  {bytes:>8}  {}\n", name(removed), reason(removed.reason))
    };
    table.extend(gc.removed.iter().map(row));
    table
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Age => "too old",
        Reason::Traces => "too many traces",
        Reason::Bytes => "too many bytes",
        Reason::SetAside => "damaged, and set aside long ago",
        Reason::Unfinished => "not ended by an earlier run",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Collected;

    #[test]
    fn what_went_is_listed_with_its_reason() {
        let removed =
            |file: Option<&str>, reason, spans, bytes| Removed { file: file.map(str::to_owned), reason, spans, bytes };
        let removed = vec![
            removed(Some("block-0000000000000000.spb"), Reason::Age, 65_536, 7 << 20),
            removed(None, Reason::Traces, 12, 0),
            removed(Some("block-0000000000000002.spb"), Reason::Bytes, 0, 6 << 20),
            removed(Some("block-0000000000000003.spb.tmp"), Reason::Unfinished, 0, 17),
        ];
        insta::assert_snapshot!(table(&Gc::of(Collected { is_dry_run: false, removed })), @"
        removed 3 files, 65,548 spans, 13.0 MiB
          block-0000000000000000.spb       65,536 spans  7.00 MiB  too old
          in memory only                       12 spans       0 B  too many traces
          block-0000000000000002.spb            0 spans  6.00 MiB  too many bytes
          block-0000000000000003.spb.tmp        0 spans      17 B  not ended by an earlier run
        ");
        let nothing = Gc::of(Collected { is_dry_run: true, removed: Vec::new() });
        assert_eq!(table(&nothing), "would remove nothing: all that is there is within the limits\n");
    }
}
