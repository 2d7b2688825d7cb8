//! `spantop demo`: the screen, and a shop of a dozen services that sends it real OTLP over loopback.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use clap::{Arg, ArgMatches, Command, value_parser};
use prost::Message;

use super::error::CliError;
use super::exporter::Exporter;
use super::{data_dir, screen, settings};
use crate::demo::Shop;
use crate::source::now;

/// How much of the shop's past is there when the screen opens.
const PAST: Duration = Duration::from_mins(5);
/// The past is sent in steps, so that it is never all in memory at once; a busier shop takes shorter ones.
const PAST_STEP: Duration = Duration::from_secs(5);
/// How often the shop's services are asked for what they export.
const STEP: Duration = Duration::from_millis(200);
/// After a receiver that did not answer.
const PAUSE: Duration = Duration::from_secs(1);

const AFTER_HELP: &str = "The shop's traces are kept in memory only, unless --data-dir is given here.";

pub(super) fn arguments(command: Command) -> Command {
    let rate = Arg::new("rate")
        .long("rate")
        .value_name("FACTOR")
        .default_value("1")
        .value_parser(value_parser!(f64))
        .help("How busy the shop is: 1 is about 20 traces a second");
    let seed = Arg::new("seed")
        .long("seed")
        .value_name("NUMBER")
        .default_value("7")
        .value_parser(value_parser!(u64))
        .help("The same number makes the same shop");
    settings::arguments(command).arg(rate).arg(seed).after_help(AFTER_HELP)
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let rate = matches.get_one::<f64>("rate").copied().unwrap_or(1.0);
    if !(0.01..=100.0).contains(&rate) {
        return Err(CliError::usage(format!("cannot run a shop at a rate of {rate}")).hint("0.01 to 100 is possible"));
    }
    let shop = Shop::new(matches.get_one::<u64>("seed").copied().unwrap_or(7)).with_rate(rate);
    let mut loaded = settings::load(matches)?;
    data_dir::only_if_flagged(&mut loaded);
    screen::run_with(&loaded.config, |receivers| {
        let receiver = receivers.http.ok_or_else(|| {
            CliError::usage("the demo shop sends over OTLP/HTTP, which is off").hint("leave out '--http off'")
        })?;
        receivers.beside(sell(shop, PAST_STEP.div_f64(rate.max(1.0)), receiver));
        Ok(())
    })
}

/// Runs the shop for ever: its past first, then as time goes by.
async fn sell(mut shop: Shop, past_step: Duration, receiver: SocketAddr) {
    let mut exporter = Exporter::new(receiver);
    let opening = now().minus(PAST.as_nanos() as u64);
    shop.advance(opening);
    let mut at = opening;
    loop {
        let next = at.plus(past_step.as_nanos() as u64);
        let is_live = next >= now();
        at = if is_live { now() } else { next };
        for request in shop.advance(at) {
            sell_one(&mut exporter, request.encode_to_vec().into()).await;
        }
        if is_live {
            tokio::time::sleep(STEP).await;
        }
    }
}

/// Exports a request, however long that takes. What is refused once is refused again.
async fn sell_one(exporter: &mut Exporter, request: Bytes) {
    loop {
        match exporter.export(request.clone()).await {
            Ok(status) if status.is_success() => return,
            Ok(status) if status.is_client_error() => {
                return tracing::warn!("the receiver refused a request of the demo shop with {status}");
            }
            Ok(status) => tracing::warn!("the demo shop could not export: the receiver answered {status}"),
            Err(error) => tracing::warn!("the demo shop could not export: {error:#}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
