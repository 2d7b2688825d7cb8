//! Which file is read, and reading it: this module's only contact with the system.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::problem::{Origin, Position, Problem};

/// What every variable that is ours begins with.
pub const VARIABLE_PREFIX: &str = "SPANTOP_";

/// The variable that names the file.
pub const CONFIG_VARIABLE: &str = "SPANTOP_CONFIG";

/// Largest configuration file, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// The text of a configuration file, and its path for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    pub path: PathBuf,
    pub text: String,
}

/// Returns where the file is when none is named: `spantop/config.toml` in the platform's directory for configuration
/// (`~/.config`, `~/Library/Application Support`, `%APPDATA%`). None where there is no home directory.
pub fn default_path() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|directories| directories.config_dir().join("spantop").join("config.toml"))
}

/// Returns the variables that begin with [`VARIABLE_PREFIX`].
///
/// # Errors
/// With each of them whose value is not UTF-8.
pub fn environment() -> Result<Vec<(String, String)>, Vec<Problem>> {
    let named = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let mut variables = Vec::new();
    let mut problems = Vec::new();
    for (name, value) in named.filter(|(name, _)| name.starts_with(VARIABLE_PREFIX)) {
        match value.into_string() {
            Ok(value) => variables.push((name, value)),
            Err(value) => problems.push(Problem {
                origin: Origin::Variable(name),
                message: format!("cannot read '{}': not UTF-8", value.to_string_lossy()),
                hint: String::new(),
            }),
        }
    }
    if problems.is_empty() { Ok(variables) } else { Err(problems) }
}

/// Finds and reads the file: the one that `--config` names, else the one in `SPANTOP_CONFIG` (unless that is empty), else
/// the one at `default`, for which see [`default_path`]. None where only the last is left and does not exist.
///
/// # Errors
/// When a named file does not exist, or any of them cannot be read, is too large or is not UTF-8.
pub fn find(
    flag: Option<&Path>,
    environment: &[(String, String)],
    default: Option<&Path>,
) -> Result<Option<ConfigFile>, Problem> {
    let variable = environment.iter().find(|(name, value)| name == CONFIG_VARIABLE && !value.is_empty());
    let named = flag.or_else(|| variable.map(|(_, path)| Path::new(path)));
    match (named, default) {
        (Some(path), _) => read(path).map(Some).map_err(|error| error.into_problem(path)),
        (None, Some(path)) => match read(path) {
            Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some).map_err(|error| error.into_problem(path)),
        },
        (None, None) => Ok(None),
    }
}

impl ConfigFile {
    /// Takes bytes as the text of a file; `path` is only for messages.
    ///
    /// # Errors
    /// When the bytes are more than 1 MiB, or not UTF-8.
    pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<Self, Problem> {
        if bytes.len() > MOST_BYTES {
            return Err(Problem {
                origin: Origin::File(path.into()),
                message: "cannot take a configuration file of more than 1MiB".into(),
                hint: "is this the file you meant?".into(),
            });
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { path: path.into(), text }),
            Err(error) => Err(not_utf8(path, error.as_bytes(), error.utf8_error().valid_up_to())),
        }
    }
}

enum Unreadable {
    Io(io::Error),
    Content(Problem),
}

impl Unreadable {
    fn into_problem(self, path: &Path) -> Problem {
        match self {
            Self::Content(problem) => problem,
            Self::Io(error) => Problem {
                origin: Origin::File(path.into()),
                message: match error.kind() {
                    io::ErrorKind::NotFound => "cannot read the configuration file: there is none".into(),
                    kind => format!("cannot read the configuration file: {kind}"),
                },
                hint: "--config names the file, or else SPANTOP_CONFIG".into(),
            },
        }
    }
}

fn read(path: &Path) -> Result<ConfigFile, Unreadable> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Unreadable::Io)?;
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(Unreadable::Io)?;
    ConfigFile::decode(path, bytes).map_err(Unreadable::Content)
}

fn not_utf8(path: &Path, bytes: &[u8], valid: usize) -> Problem {
    let text = String::from_utf8_lossy(bytes);
    let byte = bytes.get(valid).copied().unwrap_or_default();
    Problem {
        // Up to the first invalid byte the lossy text is the same, byte for byte.
        origin: Origin::Line(Box::new(Position::of(path, &text, &(valid..valid + '\u{fffd}'.len_utf8())))),
        message: format!("cannot read byte 0x{byte:02x} here: not UTF-8"),
        hint: "save the file as UTF-8".into(),
    }
}
