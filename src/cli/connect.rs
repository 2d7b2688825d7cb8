//! Reaching the spantop that runs here, or the one that is named.

use clap::{Arg, ArgMatches, Command};

use super::error::CliError;
use super::settings;
use crate::config::Address;
use crate::remote::Client;

/// Adds `--connect` and `--config`.
pub(super) fn arguments(command: Command) -> Command {
    let target = Arg::new("connect")
        .long("connect")
        .value_name("HOST:PORT")
        .help("Ask the spantop whose API listens there [default: listen.api of the configuration]");
    settings::config_argument(command.arg(target))
}

/// Asks for a path of the API and returns the body.
pub(super) fn get(matches: &ArgMatches, path: &str) -> Result<String, CliError> {
    let client = Client::new(target(matches)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("cannot start: {error}")))?;
    let body = runtime.block_on(client.get(path))?;
    String::from_utf8(body.to_vec()).map_err(|_| CliError::failed("the answer is not UTF-8"))
}

fn target(matches: &ArgMatches) -> Result<String, CliError> {
    if let Some(given) = matches.get_one::<String>("connect") {
        let target = given.strip_prefix("http://").unwrap_or(given).trim_end_matches('/');
        return match target.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
                Ok(target.to_owned())
            }
            _ => Err(CliError::usage(format!("cannot connect to '{given}'")).hint("--connect takes HOST:PORT")),
        };
    }
    match settings::load(matches)?.config.listen.api {
        Address::Off | Address::Localhost(0) => {
            Err(CliError::usage("no spantop to ask: the configuration names no API")
                .hint("name it with --connect HOST:PORT"))
        }
        Address::Localhost(port) => Ok(format!("localhost:{port}")),
        Address::Ip(address) => Ok(address.to_string()),
    }
}
