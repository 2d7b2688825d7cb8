//! The configuration that the rest of the program reads: a field for each setting, in sections as in the file.

use std::path::PathBuf;
use std::time::Duration;

use super::address::Address;
use super::bytes::ByteSize;
use super::value::{Choice, Invalid, Kind, Value};

/// Everything that can be set. What the fields mean stands in their rows of [`super::SETTINGS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    pub listen: Listen,
    pub store: Store,
    pub ingest: Ingest,
    pub jobs: Jobs,
    pub ui: Ui,
    pub log: Log,
}

/// Where spantop listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    pub grpc: Address,
    pub http: Address,
    pub api: Address,
    pub insecure_bind: bool,
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    pub memory: ByteSize,
    /// 0 where only [`Store::memory`] limits.
    pub max_memory_traces: u64,
    /// Zero where only those limit.
    pub memory_max_age: Duration,
    /// None for [`super::default_data_dir`].
    pub path: Option<PathBuf>,
    pub ephemeral: bool,
    pub disk: ByteSize,
    /// 0 where only [`Store::disk`] and [`Store::retention`] limit.
    pub max_traces: u64,
    pub retention: Duration,
    pub sync: Sync,
    pub sync_interval: Duration,
    pub batch_size: u32,
}

/// When what was written to disk is made certain to outlive a loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// Before an export is acknowledged.
    Always,
    /// Within [`Store::sync_interval`].
    Interval,
    /// When the system does.
    Never,
}

impl Choice for Sync {
    const NAME: &'static str = "a sync policy";
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Always, "always"), (Self::Interval, "interval"), (Self::Never, "never")];
}

/// What is done from time to time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Zero for never.
    pub cleanup: Duration,
}

/// How much is taken in at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingest {
    /// As it was set; [`Config::max_message_bytes`] is what holds.
    pub max_message: ByteSize,
    pub in_flight: ByteSize,
    pub max_connections: u32,
}

/// How the screen looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ui {
    pub theme: Theme,
    pub window: Window,
    pub ascii: bool,
    pub fps: u16,
}

/// What spantop writes about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub file: Option<PathBuf>,
    pub level: LogLevel,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            grpc: Address::Localhost(4317),
            http: Address::Localhost(4318),
            api: Address::Localhost(4319),
            insecure_bind: false,
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            memory: ByteSize::mib(512),
            max_memory_traces: 0,
            memory_max_age: Duration::ZERO,
            path: None,
            ephemeral: false,
            disk: ByteSize::mib(2048),
            max_traces: 0,
            retention: Duration::from_hours(24),
            sync: Sync::Interval,
            sync_interval: Duration::from_secs(1),
            batch_size: 100,
        }
    }
}

impl Default for Ingest {
    fn default() -> Self {
        Self { max_message: ByteSize::mib(64), in_flight: ByteSize::mib(64), max_connections: 1024 }
    }
}

impl Default for Jobs {
    fn default() -> Self {
        Self { cleanup: Duration::from_hours(24) }
    }
}

impl Default for Ui {
    fn default() -> Self {
        Self { theme: Theme::Auto, window: Window::Last(Duration::from_mins(15)), ascii: false, fps: 30 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { file: None, level: LogLevel::Info }
    }
}

/// The colours of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// What suits the terminal.
    Auto,
    Dark,
    Light,
    HighContrast,
    /// Only the sixteen colours that the terminal itself names.
    Sixteen,
}

impl Choice for Theme {
    const NAME: &'static str = "a theme";
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Auto, "auto"),
        (Self::Dark, "dark"),
        (Self::Light, "light"),
        (Self::HighContrast, "high-contrast"),
        (Self::Sixteen, "16"),
    ];
}

/// How much is logged: this level and the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Choice for LogLevel {
    const NAME: &'static str = "a log level";
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Error, "error"),
        (Self::Warn, "warn"),
        (Self::Info, "info"),
        (Self::Debug, "debug"),
        (Self::Trace, "trace"),
    ];
}

/// The stretch of time, up to now, that the screen starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Everything held.
    All,
    Last(Duration),
}

impl Value for Window {
    const KIND: Kind = Kind::Text;
    const NAME: &'static str = "a window";

    fn accepted() -> String {
        "a duration such as 15m or 1h30m, or all".into()
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "all" => Ok(Self::All),
            _ => Duration::parse(text).map(Self::Last).map_err(|invalid| match invalid {
                not_at_all if not_at_all == Invalid::not::<Duration>() => Invalid::not::<Self>(),
                close => close,
            }),
        }
    }

    fn print(&self) -> String {
        match self {
            Self::All => "all".into(),
            Self::Last(duration) => duration.print(),
        }
    }
}

/// Settings that do not go together.
pub(super) struct Conflict {
    /// Those that were looked at; the problem is told where the first of them was set.
    pub(super) keys: Vec<&'static str>,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Config {
    /// Returns the greatest size of one export after decompression: `ingest.max_message`, but never more than a quarter of
    /// `store.memory`, so that one message cannot push out everything else.
    pub fn max_message_bytes(&self) -> u64 {
        self.ingest.max_message.0.min(self.store.memory.0 / 4)
    }

    /// Returns what no single setting can tell: values that are right by themselves and wrong together.
    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        self.open_addresses().chain(self.shared_addresses()).chain(self.small_budget()).collect()
    }

    fn addresses(&self) -> [(&'static str, Address); 3] {
        [("listen.grpc", self.listen.grpc), ("listen.http", self.listen.http), ("listen.api", self.listen.api)]
    }

    fn open_addresses(&self) -> impl Iterator<Item = Conflict> {
        let open = self.addresses().into_iter().filter(|(_, address)| !address.is_local());
        open.filter(|_| !self.listen.insecure_bind).map(|(key, address)| Conflict {
            keys: vec![key, "listen.insecure_bind"],
            message: format!("cannot set {key} to '{address}': it needs TLS, which this version does not have"),
            hint: "other machines could reach it: use localhost, or set listen.insecure_bind = true (--insecure-bind)"
                .into(),
        })
    }

    fn shared_addresses(&self) -> impl Iterator<Item = Conflict> {
        let addresses = self.addresses();
        let pairs = [(1, 0), (2, 0), (2, 1)].map(|(later, earlier)| (addresses[later], addresses[earlier]));
        pairs.into_iter().filter(|((_, later), (_, earlier))| later.collides_with(earlier)).map(|(later, earlier)| {
            Conflict {
                keys: vec![later.0, earlier.0],
                message: format!("cannot listen on {} for both {} and {}", later.1, earlier.0, later.0),
                hint: "give each a port of its own, or port 0 to pick one".into(),
            }
        })
    }

    /// One body may use all bytes in flight: a budget below the greatest body would refuse that body for ever.
    fn small_budget(&self) -> Option<Conflict> {
        let largest = ByteSize(self.max_message_bytes());
        let budget = self.ingest.in_flight;
        (budget < largest).then(|| Conflict {
            keys: vec!["ingest.in_flight", "ingest.max_message", "store.memory"],
            message: format!("cannot take a message of {largest} (ingest.max_message) with {budget} in flight"),
            hint: format!("set ingest.in_flight to at least {largest}, or ingest.max_message to at most {budget}"),
        })
    }
}
