//! Where traces are kept on disk: in the directory that the configuration names, else in the platform's own.

use std::path::PathBuf;

use super::error::CliError;
use crate::config::{Config, Loaded, Origin};

/// Returns the data directory, none where nothing is kept on disk.
pub(super) fn of(config: &Config) -> Result<Option<PathBuf>, CliError> {
    if config.store.ephemeral {
        return Ok(None);
    }
    match config.store.path.clone().or_else(default) {
        Some(path) => Ok(Some(path)),
        None => Err(CliError::failed("cannot tell where to keep traces: this system names no home directory")
            .hint("name a directory with --data-dir DIR, or keep nothing on disk with --ephemeral")),
    }
}

/// Has nothing kept on disk unless a flag says where. A directory that a file or a variable names is meant for what
/// really happened.
pub(super) fn only_if_flagged(loaded: &mut Loaded) {
    let is_flagged = matches!(loaded.origin("store.path"), Some(Origin::Flag(_)));
    if !is_flagged || loaded.config.store.path.is_none() {
        loaded.config.store.ephemeral = true;
    }
}

/// Returns `spantop` in the platform's directory for state, or where it has none, for data of this machine:
/// `~/.local/state`, `~/Library/Application Support`, `%LOCALAPPDATA%`. None where there is no home directory.
pub(super) fn default() -> Option<PathBuf> {
    let directories = directories::BaseDirs::new()?;
    Some(directories.state_dir().unwrap_or(directories.data_local_dir()).join("spantop"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigFile, FlagValue, flags};

    /// What a file and flags make of the data directory.
    fn loaded(file: &str, given: &[(&str, &str)]) -> Loaded {
        let file = ConfigFile { path: "spantop.toml".into(), text: file.into() };
        let flag = |long: &str| flags().find(|flag| flag.long == long).unwrap();
        let given = given.iter().map(|(long, value)| FlagValue { flag: flag(long), value: (*value).into() });
        Config::load(Some(&file), [], &given.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn traces_are_kept_where_the_configuration_says() {
        let kept = |file: &str| of(&loaded(file, &[]).config).unwrap();
        assert_eq!(kept("store.path = '/data'"), Some("/data".into()));
        assert_eq!(kept("store = { path = '/data', ephemeral = true }"), None);
        if let Some(default) = default() {
            assert!(default.is_absolute() && default.ends_with("spantop"), "{}", default.display());
            assert_eq!(kept(""), Some(default));
        }
    }

    #[test]
    fn what_is_made_up_is_kept_only_where_a_flag_says() {
        let kept = |file: &str, given: &[(&str, &str)]| {
            let mut loaded = loaded(file, given);
            only_if_flagged(&mut loaded);
            of(&loaded.config).unwrap()
        };
        assert_eq!(kept("store.path = '/data'", &[]), None);
        assert_eq!(kept("store.path = '/data'", &[("data-dir", "")]), None);
        assert_eq!(kept("store.ephemeral = true", &[("data-dir", "/demo")]), Some("/demo".into()));
    }
}
