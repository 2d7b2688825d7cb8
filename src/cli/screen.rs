//! `spantop`: the receivers and the screen on them.

use std::process::ExitCode;
use std::sync::Arc;

use clap::ArgMatches;

use super::error::CliError;
use super::history::Kept;
use super::log::{self, Fallback};
use super::receivers::Receivers;
use super::settings;
use crate::config::{self, Config};
use crate::source::{Priority, Source};
use crate::tui::search::history::{History, Saved};
use crate::tui::{self, ThemeChoice, TimeWindow};

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    run_with(&settings::load(matches)?.config, |_| Ok(()))
}

/// Opens the screen once `prepare` has had the receivers.
pub(super) fn run_with(
    config: &Config,
    prepare: impl FnOnce(&mut Receivers) -> Result<(), CliError>,
) -> Result<ExitCode, CliError> {
    log::start(&config.log, Fallback::Nowhere)?;
    let mut receivers = Receivers::start(config, Priority::BehindScreen)?;
    prepare(&mut receivers)?;
    let source = Arc::clone(&receivers.engine) as Arc<dyn Source>;
    let kept = Kept::of_user();
    let history = History::new(saved(config), kept.load());
    let shown = tui::run(source, &screen(config, history), move |query| kept.remember(query));
    receivers.stop();
    shown
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| CliError::from(error).hint("without a terminal, 'spantop serve' receives just the same"))
}

fn screen(config: &Config, history: History) -> tui::Settings {
    tui::Settings {
        theme: match config.ui.theme {
            config::Theme::Auto => ThemeChoice::Auto,
            config::Theme::Dark => ThemeChoice::Dark,
            config::Theme::Light => ThemeChoice::Light,
            config::Theme::HighContrast => ThemeChoice::HighContrast,
            config::Theme::Sixteen => ThemeChoice::Sixteen,
        },
        ascii: config.ui.ascii,
        no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        window: window(config.ui.window),
        fps: config.ui.fps,
        history,
        ..tui::Settings::default()
    }
}

/// The screen's windows are steps; the configured one becomes the least that covers it.
fn window(window: config::Window) -> TimeWindow {
    match window {
        config::Window::All => TimeWindow::All,
        config::Window::Last(duration) => TimeWindow::covering(duration),
    }
}

fn saved(config: &Config) -> Vec<Saved> {
    let saved = |search: &config::Search| Saved { name: search.name.clone(), query: search.query.clone() };
    config.searches.iter().map(saved).collect()
}
