//! The layers put over one another: built-in, then the file, then the environment, then flags.

use std::path::Path;

use super::document::{self, Document, setting_hint};
use super::file::{CONFIG_VARIABLE, ConfigFile, VARIABLE_PREFIX};
use super::nearest::nearest_setting;
use super::problem::{Origin, Position, Problem};
use super::settings::{Config, Conflict, Search};
use super::table::{Flag, SETTINGS, Setting};

/// Most problems of one file that are told.
const MOST_PROBLEMS: usize = 100;

/// A flag as it was given; a switch that was given has the value `true`.
#[derive(Clone, Debug)]
pub struct FlagValue {
    pub flag: Flag,
    pub value: String,
}

/// A configuration, and where each of its values came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    pub config: Config,
    /// One for each row of [`SETTINGS`].
    origins: Vec<Origin>,
}

impl Loaded {
    /// Returns each setting with where its value came from, in the order of the table: the rows of `config show`.
    pub fn settings(&self) -> impl Iterator<Item = (&'static Setting, &Origin)> {
        SETTINGS.iter().zip(&self.origins)
    }

    /// Returns where the value of a setting came from, none for a key that there is not.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.settings().find(|(setting, _)| setting.key == key).map(|(_, origin)| origin)
    }

    fn set_origin(&mut self, key: &str, origin: Origin) {
        let mut rows = SETTINGS.iter().zip(&mut self.origins);
        if let Some((_, slot)) = rows.find(|(row, _)| row.key == key) {
            *slot = origin;
        }
    }
}

impl Config {
    /// Returns the configuration that a file, environment variables and flags give, each over the one before.
    /// Variables that do not start with `SPANTOP_` are none of ours; `SPANTOP_CONFIG` names the file and is left out here.
    ///
    /// # Errors
    /// With every problem of every layer: what is unknown, has the wrong type, a wrong value, or does not go together.
    pub fn load(
        file: Option<&ConfigFile>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[FlagValue],
    ) -> Result<Loaded, Vec<Problem>> {
        let mut loading = Loading::new();
        if let Some(file) = file {
            loading.file(file);
        }
        for (name, value) in environment {
            loading.variable(&name, &value);
        }
        for given in flags {
            loading.flag(given);
        }
        loading.settle_ephemeral();
        for conflict in loading.loaded.config.conflicts() {
            loading.conflict(conflict);
        }
        loading.finish()
    }
}

/// Checks the bytes of a configuration file by themselves; `path` is only for messages. Takes any bytes.
///
/// # Errors
/// With every problem found.
pub fn check_bytes(path: &Path, bytes: Vec<u8>) -> Result<Loaded, Vec<Problem>> {
    let file = ConfigFile::decode(path, bytes).map_err(|problem| vec![problem])?;
    Config::load(Some(&file), [], &[])
}

/// A configuration while its layers are put on.
struct Loading {
    loaded: Loaded,
    /// The settings for which a value was refused: what they conflict with is not known.
    refused: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl Loading {
    fn new() -> Self {
        let origins = SETTINGS.iter().map(|_| Origin::Default).collect();
        let loaded = Loaded { config: Config::default(), origins };
        Self { loaded, refused: Vec::new(), problems: Vec::new() }
    }

    fn file(&mut self, file: &ConfigFile) {
        let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text); // a byte order mark is no column
        let Document { entries, searches, mut faults, refused } = document::read(text);
        faults.sort_by_key(|fault| fault.range.start);
        let left_out = faults.len().saturating_sub(MOST_PROBLEMS);
        self.refused.extend(refused);
        for fault in faults.into_iter().take(MOST_PROBLEMS) {
            let origin = Origin::Line(Box::new(Position::of(&file.path, text, &fault.range)));
            self.problems.push(Problem { origin, message: fault.message, hint: fault.hint });
        }
        for entry in entries {
            let origin = Origin::Line(Box::new(Position::of(&file.path, text, &entry.range)));
            self.set(entry.setting, &entry.text, origin);
        }
        self.loaded.config.searches.extend(searches.into_iter().map(|search| Search {
            name: search.name,
            query: search.query,
            origin: Origin::Line(Box::new(Position::of(&file.path, text, &search.range))),
        }));
        self.problems.sort_by_key(|problem| match &problem.origin {
            Origin::Line(position) => (position.line, position.column),
            _ => (0, 0),
        });
        if left_out > 0 {
            let message = format!("{left_out} more problems are not listed");
            self.problems.push(Problem { origin: Origin::File(file.path.clone()), message, hint: String::new() });
        }
    }

    fn variable(&mut self, name: &str, value: &str) {
        let Some(rest) = name.strip_prefix(VARIABLE_PREFIX) else { return };
        if name == CONFIG_VARIABLE {
            return;
        }
        let origin = Origin::Variable(name.into());
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == name) {
            return self.set(setting, value, origin);
        }
        let hint = nearest_setting(rest).map_or_else(
            || format!("{}; SPANTOP_STORE_MEMORY sets memory in store", document::sections()),
            |setting| format!("did you mean '{}'?", setting.variable()),
        );
        self.problems.push(Problem { origin, message: "unknown environment variable".into(), hint });
    }

    fn flag(&mut self, given: &FlagValue) {
        let origin = Origin::Flag(format!("--{}", given.flag.long));
        if let Some(setting) = Setting::named(given.flag.key) {
            return self.set(setting, &given.value, origin);
        }
        let message = format!("unknown setting '{}'", given.flag.key);
        let hint = setting_hint(given.flag.key).unwrap_or_default();
        self.problems.push(Problem { origin, message, hint });
    }

    fn set(&mut self, setting: &'static Setting, text: &str, origin: Origin) {
        match setting.set(&mut self.loaded.config, text) {
            Ok(()) => self.loaded.set_origin(setting.key, origin),
            Err(invalid) => {
                let message = format!("cannot set {} to '{}': {}", setting.key, short(text), invalid.reason);
                self.problems.push(Problem { origin, message, hint: invalid.hint });
                self.refused.push(setting.key);
            }
        }
    }

    /// Where one layer says to keep nothing on disk and another where to keep it, the later of the two counts. Two flags were
    /// given in one breath, and cannot both be meant.
    fn settle_ephemeral(&mut self) {
        let store = &self.loaded.config.store;
        let Some(directory) = store.path.as_deref().filter(|_| store.ephemeral) else { return };
        let origin = |key| self.loaded.origin(key).cloned().unwrap_or(Origin::Default);
        let (path, ephemeral) = (origin("store.path"), origin("store.ephemeral"));
        if path.layer() > ephemeral.layer() {
            self.loaded.config.store.ephemeral = false;
            self.loaded.set_origin("store.ephemeral", path);
        } else if matches!((&path, &ephemeral), (Origin::Flag(_), Origin::Flag(_))) {
            let message = format!("cannot keep nothing on disk and keep traces in '{}'", directory.display());
            let hint = format!("leave out {ephemeral} or {path}");
            self.problems.push(Problem { origin: ephemeral, message, hint });
        }
    }

    /// Tells a conflict at the first of its settings that is not built in, unless it may come from a refused value.
    fn conflict(&mut self, conflict: Conflict) {
        if conflict.keys.iter().any(|key| self.refused.contains(key)) {
            return;
        }
        let mut origins = conflict.keys.iter().filter_map(|key| self.loaded.origin(key));
        let origin = origins.find(|origin| **origin != Origin::Default).unwrap_or(&Origin::Default).clone();
        self.problems.push(Problem { origin, message: conflict.message, hint: conflict.hint });
    }

    fn finish(self) -> Result<Loaded, Vec<Problem>> {
        if self.problems.is_empty() { Ok(self.loaded) } else { Err(self.problems) }
    }
}

/// Returns a value short enough to leave room for the reason after it.
fn short(text: &str) -> String {
    match text.char_indices().nth(80).and_then(|(end, _)| text.get(..end)) {
        Some(start) => format!("{start}…"),
        None => text.into(),
    }
}
