//! The command line: the composition root. A file a command, a row a command; everything else is below.

mod analyze;
mod asked;
mod backup;
mod config;
mod connect;
mod data_dir;
mod demo;
mod error;
mod exporter;
mod gc;
mod history;
mod log;
mod output;
mod progress;
mod query;
mod receivers;
mod restore;
mod rows;
mod screen;
mod serve;
mod settings;
mod stats;
mod tail;
mod trace;
mod url;
mod window;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, Command};

use error::CliError;

/// One subcommand.
struct Verb {
    name: &'static str,
    about: &'static str,
    arguments: fn(Command) -> Command,
    run: fn(&ArgMatches) -> Result<ExitCode, CliError>,
}

/// Every subcommand, in the order of the help text. Without one, the screen opens.
const VERBS: &[Verb] = &[
    Verb {
        name: "serve",
        about: "Receive and keep traces without a screen, as a daemon",
        arguments: settings::arguments,
        run: serve::run,
    },
    Verb {
        name: "demo",
        about: "Open the screen with a built-in shop of a dozen services sending real OTLP over loopback",
        arguments: demo::arguments,
        run: demo::run,
    },
    Verb {
        name: "query",
        about: "List the traces or spans that match a query, or the series of a metrics query",
        arguments: query::arguments,
        run: query::run,
    },
    Verb {
        name: "analyze",
        about: "Tell figures of services and operations, health, and where time goes",
        arguments: analyze::arguments,
        run: analyze::run,
    },
    Verb {
        name: "tail",
        about: "Print finished traces or spans as they come to a running spantop, one line each",
        arguments: tail::arguments,
        run: tail::run,
    },
    Verb {
        name: "trace",
        about: "Show one trace, of a running spantop or a data directory: a tree with bars on a terminal",
        arguments: trace::arguments,
        run: trace::run,
    },
    Verb {
        name: "stats",
        about: "Show what a running spantop or a data directory holds, and what became of every span",
        arguments: stats::arguments,
        run: stats::run,
    },
    Verb {
        name: "gc",
        about: "Let go now what has to go by age, size and number, and leftovers; or say what would go",
        arguments: gc::arguments,
        run: gc::run,
    },
    Verb {
        name: "backup",
        about: "Copy what is kept on disk to another directory, also while a spantop runs",
        arguments: backup::arguments,
        run: backup::run,
    },
    Verb {
        name: "restore",
        about: "Bring back a backup, also to a spantop that runs",
        arguments: restore::arguments,
        run: restore::run,
    },
    Verb {
        name: "config",
        about: "Show, check or find the configuration",
        arguments: config::arguments,
        run: config::run,
    },
];

const ABOUT: &str = "htop for distributed traces: receives OpenTelemetry traces and shows them live in the terminal";

const AFTER_HELP: &str = "Point an OpenTelemetry SDK here with OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317 and \
OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or try 'spantop demo'. The API lists \
traces at http://localhost:4319/admin/tracing.\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 found nothing, \
130 interrupted.";

/// Returns the whole command line, as help and its tests need it.
pub fn command() -> Command {
    let verbs = VERBS.iter().map(|verb| (verb.arguments)(Command::new(verb.name).about(verb.about)));
    settings::arguments(Command::new("spantop"))
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(AFTER_HELP)
        .args_conflicts_with_subcommands(true)
        .subcommands(verbs)
}

/// Runs the command line and reports an error on stderr.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version go to stdout and are no error; a closed pipe is none either.
            error.print().ok();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let chosen =
        matches.subcommand().and_then(|(name, matches)| Some((VERBS.iter().find(|verb| verb.name == name)?, matches)));
    let result = match chosen {
        Some((verb, matches)) => (verb.run)(matches),
        None => screen::run(&matches),
    };
    result.unwrap_or_else(|error| error.report())
}
