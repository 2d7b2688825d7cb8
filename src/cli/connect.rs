//! Reaching the spantop that runs here, or the one that is named.

use clap::{Arg, ArgMatches};

use super::error::CliError;
use crate::config::{Address, Config};
use crate::remote::{Client, RemoteError};

/// Returns `--connect`.
pub(super) fn argument() -> Arg {
    Arg::new("connect")
        .long("connect")
        .value_name("HOST:PORT")
        .help("Ask the spantop whose API listens there [default: listen.api of the configuration]")
}

/// Waits for an answer.
pub(super) fn wait<T>(answer: impl Future<Output = Result<T, RemoteError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("cannot start: {error}")))?;
    Ok(runtime.block_on(answer)?)
}

/// Waits for some time.
pub(super) fn pause(time: std::time::Duration) -> Result<(), CliError> {
    wait(async {
        tokio::time::sleep(time).await;
        Ok(())
    })
}

/// Returns the body of an answer as text.
pub(super) fn text(body: &[u8]) -> Result<String, CliError> {
    String::from_utf8(body.to_vec()).map_err(|_| CliError::failed("the answer is not UTF-8"))
}

/// Returns the spantop that `--connect` names, if it names one.
pub(super) fn named(matches: &ArgMatches) -> Result<Option<Client>, CliError> {
    let Some(given) = matches.get_one::<String>("connect") else { return Ok(None) };
    let target = given.strip_prefix("http://").unwrap_or(given).trim_end_matches('/');
    match target.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0) => {
            Ok(Some(Client::new(target)))
        }
        _ => Err(CliError::usage(format!("cannot connect to '{given}'")).hint("--connect takes HOST:PORT")),
    }
}

/// Returns the spantop that runs here, if it does.
pub(super) fn running(config: &Config) -> Result<Option<Client>, CliError> {
    let target = match config.listen.api {
        Address::Off | Address::Localhost(0) => return Ok(None),
        Address::Localhost(port) => format!("localhost:{port}"),
        Address::Ip(address) => address.to_string(),
    };
    let client = Client::new(target);
    let is_there = wait(async {
        match client.get(HEALTH).await {
            Err(RemoteError::Nobody { .. }) => Ok(false),
            // Whoever is there says what is wrong once it is asked what is wanted of it.
            _ => Ok(true),
        }
    })?;
    Ok(is_there.then_some(client))
}

const HEALTH: &str = "/healthz";
