//! The options that set configuration: one per row of its table that has a flag, and the layers put together.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::error::CliError;
use crate::config::{self, Config, FlagValue, Loaded, Problem, Setting};
use crate::query;

/// Adds every flag of the settings table, and `--config`.
pub(super) fn arguments(command: Command) -> Command {
    let flags = config::flags().map(|flag| {
        let argument = Arg::new(flag.long).long(flag.long).help(help(&flag));
        match flag.value_name {
            Some(name) => argument.value_name(name),
            None => argument.action(ArgAction::SetTrue),
        }
    });
    config_argument(command.args(flags))
}

/// Adds `--config`.
pub(super) fn config_argument(command: Command) -> Command {
    let file = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("Read settings from FILE instead of the default path, which 'spantop config path' tells");
    command.arg(file)
}

fn help(flag: &config::Flag) -> String {
    let default = Setting::named(flag.key).map(|setting| setting.print(&Config::default())).unwrap_or_default();
    match flag.value_name {
        Some(_) if !default.is_empty() => format!("{} [default: {default}]", flag.doc),
        _ => flag.doc.to_owned(),
    }
}

/// Puts the layers together: built-in, file, environment, flags.
pub(super) fn load(matches: &ArgMatches) -> Result<Loaded, CliError> {
    let environment = config::environment()?;
    let named = matches.get_one::<PathBuf>("config").map(PathBuf::as_path);
    let file = config::find(named, &environment, config::default_path().as_deref())?;
    let given: Vec<FlagValue> = config::flags().filter_map(|flag| given(flag, matches)).collect();
    let loaded = Config::load(file.as_ref(), environment, &given)?;
    check_searches(&loaded.config)?;
    Ok(loaded)
}

/// Says of each search with a name that it is no query, and where.
pub(super) fn check_searches(config: &Config) -> Result<(), Vec<Problem>> {
    let problem = |search: &config::Search| {
        let problem = query::parse(&search.query).err()?.0.into_iter().next()?;
        let column = search.query.get(..problem.at.range().start).map_or(0, |before| before.chars().count()) + 1;
        let message = format!("cannot search for '{}': {}, in column {column} of it", search.name, problem.message);
        Some(Problem { origin: search.origin.clone(), message, hint: problem.hint.unwrap_or_default() })
    };
    let problems: Vec<Problem> = config.searches.iter().filter_map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn given(flag: config::Flag, matches: &ArgMatches) -> Option<FlagValue> {
    // A command that does not have the flag cannot have been given it.
    let value = match flag.value_name {
        Some(_) => matches.try_get_one::<String>(flag.long).ok()??.clone(),
        None if *matches.try_get_one::<bool>(flag.long).ok()?? => "true".to_owned(),
        None => return None,
    };
    Some(FlagValue { flag, value })
}
