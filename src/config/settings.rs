//! The configuration that the rest of the program reads: a field for each setting, in sections as in the file.

use std::path::PathBuf;
use std::time::Duration;

use super::address::Address;
use super::bytes::ByteSize;
use super::duration::parse_in_place_of;
use super::problem::Origin;
use super::value::{Choice, Invalid, Kind, Value};

/// Everything that can be set. What the fields mean stands in their rows of [`super::SETTINGS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    pub listen: Listen,
    pub store: Store,
    pub ingest: Ingest,
    pub figures: Figures,
    pub health: Health,
    pub jobs: Jobs,
    pub ui: Ui,
    pub log: Log,
    /// In the order of the file.
    pub searches: Vec<Search>,
}

/// A search that has a name: `[[searches]]`, which only a file can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub name: String,
    /// In the search language. Whether it is a query is for those to say who know the language.
    pub query: String,
    /// Where the query stands.
    pub origin: Origin,
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
    /// None for the platform's.
    pub path: Option<PathBuf>,
    /// True where nothing is kept on disk, whatever [`Store::path`] says.
    pub ephemeral: bool,
    pub memory: ByteSize,
    pub disk: ByteSize,
    /// 0 where only [`Store::memory`] limits.
    pub max_memory_traces: u64,
    /// 0 where only the budgets limit.
    pub max_traces: u64,
    /// None where traces stay in memory as long as they fit.
    pub memory_max_age: Option<Duration>,
    pub retention: Duration,
    pub batch_size: u32,
    pub sync: SyncPolicy,
    pub sync_interval: Duration,
}

/// How much is taken in at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingest {
    /// As it was set; [`Config::max_message_bytes`] is what holds.
    pub max_message: ByteSize,
    pub in_flight: ByteSize,
    pub max_connections: u32,
}

/// How figures are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Up to how long a request satisfies; up to four times that it is tolerated.
    pub apdex: Duration,
    /// Other such times of single services.
    pub apdex_of: Times,
}

/// Times by names: `cart=250ms, search=2s`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times(pub Vec<(String, Duration)>);

/// What the health of a service is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub error_weight: u32,
    pub performance_weight: u32,
    pub points_per_error_percent: u32,
    pub duration_per_point: Duration,
    pub warning_below: u32,
    pub critical_below: u32,
}

/// What is done from time to time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// None for never.
    pub cleanup: Option<Duration>,
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
            path: None,
            ephemeral: false,
            memory: ByteSize::mib(512),
            disk: ByteSize::mib(2048),
            max_memory_traces: 0,
            max_traces: 0,
            memory_max_age: None,
            retention: Duration::from_hours(24),
            batch_size: 100,
            sync: SyncPolicy::Interval,
            sync_interval: Duration::from_secs(1),
        }
    }
}

impl Default for Ingest {
    fn default() -> Self {
        Self { max_message: ByteSize::mib(64), in_flight: ByteSize::mib(64), max_connections: 1024 }
    }
}

impl Default for Figures {
    fn default() -> Self {
        Self { apdex: Duration::from_millis(500), apdex_of: Times::default() }
    }
}

impl Default for Health {
    fn default() -> Self {
        Self {
            error_weight: 60,
            performance_weight: 40,
            points_per_error_percent: 10,
            duration_per_point: Duration::from_millis(10),
            warning_below: 70,
            critical_below: 40,
        }
    }
}

impl Default for Jobs {
    fn default() -> Self {
        Self { cleanup: Some(Duration::from_hours(24)) }
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

/// What an export survives once it was acknowledged. Whatever the policy, it survives that spantop is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncPolicy {
    /// A loss of power: it was on the disk before it was acknowledged.
    Always,
    /// A loss of power after [`Store::sync_interval`]: it is on the disk by then.
    Interval,
    /// A loss of power once the system has put it on the disk, which it does when it likes.
    Never,
}

impl Choice for SyncPolicy {
    const NAME: &'static str = "a policy";
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Always, "always"), (Self::Interval, "interval"), (Self::Never, "never")];
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
            _ => parse_in_place_of::<Self>(text).map(Self::Last),
        }
    }

    fn print(&self) -> String {
        match self {
            Self::All => "all".into(),
            Self::Last(duration) => duration.print(),
        }
    }
}

impl Value for Times {
    const KIND: Kind = Kind::Text;
    const NAME: &'static str = "a list of times";

    fn accepted() -> String {
        "names with times, such as cart=250ms, search=2s".into()
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        let one = |pair: &str| {
            let (name, time) = pair.rsplit_once('=').ok_or_else(Invalid::not::<Self>)?;
            let name = name.trim();
            if name.is_empty() {
                return Err(Invalid::not::<Self>());
            }
            Ok((name.to_owned(), <Duration as Value>::parse(time.trim())?))
        };
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        pairs.map(one).collect::<Result<_, _>>().map(Self)
    }

    fn print(&self) -> String {
        let pair = |(name, time): &(String, Duration)| format!("{name}={}", time.print());
        self.0.iter().map(pair).collect::<Vec<_>>().join(", ")
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
    /// `store.memory`, nor of `store.disk` where that is used, so that one message cannot push out everything else.
    pub fn max_message_bytes(&self) -> u64 {
        let disk = if self.store.ephemeral { u64::MAX } else { self.store.disk.0 };
        self.ingest.max_message.0.min(self.store.memory.0.min(disk) / 4)
    }

    /// Returns what no single setting can tell: values that are right by themselves and wrong together.
    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        self.open_addresses()
            .chain(self.shared_addresses())
            .chain(self.small_budget())
            .chain(self.odd_health())
            .collect()
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

    fn odd_health(&self) -> Option<Conflict> {
        let Health { error_weight, performance_weight, warning_below, critical_below, .. } = self.health;
        if error_weight + performance_weight == 0 {
            return Some(Conflict {
                keys: vec!["health.error_weight", "health.performance_weight"],
                message: "cannot make a score of what has no weight".into(),
                hint: "give health.error_weight or health.performance_weight more than 0".into(),
            });
        }
        (critical_below > warning_below).then(|| Conflict {
            keys: vec!["health.critical_below", "health.warning_below"],
            message: format!("cannot be critical below {critical_below} and only then warn below {warning_below}"),
            hint: "set health.critical_below to at most health.warning_below".into(),
        })
    }

    /// One body may use all bytes in flight: a budget below the greatest body would refuse that body for ever.
    fn small_budget(&self) -> Option<Conflict> {
        let largest = ByteSize(self.max_message_bytes());
        let budget = self.ingest.in_flight;
        (budget < largest).then(|| Conflict {
            keys: vec!["ingest.in_flight", "ingest.max_message", "store.memory", "store.disk", "store.ephemeral"],
            message: format!("cannot take a message of {largest} (ingest.max_message) with {budget} in flight"),
            hint: format!("set ingest.in_flight to at least {largest}, or ingest.max_message to at most {budget}"),
        })
    }
}
