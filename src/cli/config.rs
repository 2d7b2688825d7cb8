//! `spantop config show | example | check | path`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::error::CliError;
use super::{output, settings};
use crate::config;

pub(super) fn arguments(command: Command) -> Command {
    let check_file = Arg::new("FILE").value_parser(value_parser!(PathBuf)).help("The file to check instead");
    command
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(settings::arguments(
            Command::new("show").about("Print every setting in force and the layer it comes from"),
        ))
        .subcommand(Command::new("example").about("Print a configuration file with every setting and its default"))
        .subcommand(settings::config_argument(
            Command::new("check").about("Check the file and the environment, and print every problem").arg(check_file),
        ))
        .subcommand(settings::config_argument(
            Command::new("path").about("Print the path of the configuration file that would be read"),
        ))
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    match matches.subcommand() {
        Some(("show", matches)) => show(matches),
        Some(("check", matches)) => check(matches),
        Some(("path", matches)) => path(matches),
        _ => output::print(&config::example()),
    }
}

/// The output is a configuration file itself; comments say where values come from.
fn show(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let loaded = settings::load(matches)?;
    let rows: Vec<(String, String)> = loaded
        .settings()
        .map(|(setting, origin)| (format!("{} = {}", setting.key, setting.toml(&loaded.config)), origin.to_string()))
        .collect();
    let width = rows.iter().map(|(setting, _)| setting.chars().count()).max().unwrap_or(0);
    let lines = rows.iter().map(|(setting, origin)| format!("{setting:width$}  # {origin}\n"));
    output::print(&lines.collect::<String>())
}

fn check(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    if let Some(path) = matches.get_one::<PathBuf>("FILE") {
        let file = config::find(Some(path), &[], None)?;
        settings::check_searches(&config::Config::load(file.as_ref(), [], &[])?.config)?;
        return output::print(&format!("{} is valid\n", path.display()));
    }
    settings::load(matches)?;
    output::print("the configuration is valid\n")
}

fn path(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let named = matches.get_one::<PathBuf>("config").cloned();
    let variable = std::env::var_os(config::file::CONFIG_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    match named.or(variable).or_else(config::default_path) {
        Some(path) => output::print(&format!("{}\n", path.display())),
        None => Err(CliError::failed("this system names no directory for configuration")
            .hint("name a file with --config FILE or SPANTOP_CONFIG")),
    }
}
