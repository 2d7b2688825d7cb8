//! Where traces are kept on disk.

use std::path::PathBuf;

use super::error::CliError;
use crate::config::{self, Config};

/// Returns the directory that the configuration names, or the platform's; none where nothing is to be kept on disk.
pub(super) fn of(config: &Config) -> Result<Option<PathBuf>, CliError> {
    if config.store.ephemeral {
        return Ok(None);
    }
    let named = config.store.path.clone().or_else(config::default_data_dir);
    named.map(Some).ok_or_else(|| {
        CliError::failed("cannot tell where to keep traces: there is no home directory")
            .hint("name a directory with --data-dir DIR, or keep nothing on disk with --ephemeral")
    })
}
