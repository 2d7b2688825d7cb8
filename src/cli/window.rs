//! The options that say from when to when.

use clap::{Arg, ArgMatches, Command};

use super::url::Url;

/// Adds them to a command.
pub(super) fn arguments(command: Command) -> Command {
    let time = |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("TIME").help(help);
    let since = Arg::new("since")
        .long("since")
        .value_name("DURATION")
        .conflicts_with_all(["from", "to"])
        .help("Only what began so long ago at most, like 15m or 1h30m");
    command
        .arg(since)
        .arg(time("from", "Only what began then or later: a date, or a time as in RFC 3339"))
        .arg(time("to", "Only what began before that"))
}

/// Adds what they say to a path of the API.
pub(super) fn with(mut url: Url, matches: &ArgMatches) -> Url {
    for (option, parameter) in [("since", "since"), ("from", "start_date"), ("to", "end_date")] {
        url = url.with_some(parameter, matches.get_one::<String>(option));
    }
    url
}
