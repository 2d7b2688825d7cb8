//! The one table of settings. A row names its field, its limits, its flag, and what it means in one line.

use std::time::Duration;

use super::bytes::ByteSize;
use super::settings::{Config, Window};
use super::value::{Invalid, Kind, Value};

/// A row of the table: everything there is to know about a setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Section and name, as in the file: `store.memory`.
    pub key: &'static str,
    /// What it means: one line, without a period.
    pub doc: &'static str,
    /// How it is written in a file.
    pub kind: Kind,
    /// What its type is called: `a size`.
    pub type_name: &'static str,
    flag: Option<(&'static str, &'static str)>,
    accepted: fn() -> String,
    set: fn(&mut Config, &str) -> Result<(), Invalid>,
    print: fn(&Config) -> String,
}

/// A flag of the command line that sets a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The name without its dashes: `memory`.
    pub long: &'static str,
    /// The setting: `store.memory`.
    pub key: &'static str,
    /// What stands for the value in the help, none for a switch, which sets `true`.
    pub value_name: Option<&'static str>,
    /// The line of the setting.
    pub doc: &'static str,
}

/// Returns the flags in the order of the table.
pub fn flags() -> impl Iterator<Item = Flag> {
    SETTINGS.iter().filter_map(Setting::flag)
}

impl Setting {
    /// Returns the row of a key, if there is one.
    pub fn named(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// Returns the section: `store` of `store.memory`.
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or("", |(section, _)| section)
    }

    /// Returns the name within the section: `memory` of `store.memory`.
    pub fn name(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(_, name)| name)
    }

    /// Returns the environment variable: `SPANTOP_STORE_MEMORY`.
    pub fn variable(&self) -> String {
        format!("SPANTOP_{}", self.key.replace('.', "_").to_uppercase())
    }

    /// Returns the flag that sets it, if there is one.
    pub fn flag(&self) -> Option<Flag> {
        let (long, value_name) = self.flag?;
        let value_name = (self.kind != Kind::Boolean).then_some(value_name);
        Some(Flag { long, key: self.key, value_name, doc: self.doc })
    }

    /// Returns what its type accepts, as a hint says it.
    pub fn accepted(&self) -> String {
        (self.accepted)()
    }

    /// Returns the value in `config`, as a flag or a variable would give it.
    pub fn print(&self, config: &Config) -> String {
        (self.print)(config)
    }

    /// Returns the value in `config` as it is written in a file.
    pub fn toml(&self, config: &Config) -> String {
        let text = self.print(config);
        match self.kind {
            Kind::Boolean | Kind::Integer => text,
            Kind::Text | Kind::Size => toml::Value::String(text).to_string(),
        }
    }

    /// Sets the value in `config`, which stays as it is when the text is refused.
    ///
    /// # Errors
    /// When the text does not parse or the value is out of the row's limits.
    pub fn set(&self, config: &mut Config, text: &str) -> Result<(), Invalid> {
        (self.set)(config, text)
    }

    const fn with_flag(mut self, long: &'static str, value_name: &'static str) -> Self {
        self.flag = Some((long, value_name));
        self
    }
}

/// Makes a row out of a field: the key is the field's path, so the two cannot differ.
macro_rules! setting {
    ($section:ident.$field:ident, $limits:expr, $doc:literal) => {
        Setting {
            key: concat!(stringify!($section), ".", stringify!($field)),
            doc: $doc,
            kind: kind_of(|config| &config.$section.$field),
            type_name: type_of(|config| &config.$section.$field),
            flag: None,
            accepted: accepted_of(|config| &config.$section.$field),
            set: |config, text| {
                config.$section.$field = $limits(Value::parse(text)?)?;
                Ok(())
            },
            print: |config| config.$section.$field.print(),
        }
    };
}

/// Every setting, in the order of the example file.
pub static SETTINGS: &[Setting] = &[
    setting!(listen.grpc, any, "OTLP/gRPC receiver: localhost:PORT, IP:PORT or off; port 0 picks one")
        .with_flag("grpc", "ADDR"),
    setting!(listen.http, any, "OTLP/HTTP receiver: localhost:PORT, IP:PORT or off; port 0 picks one")
        .with_flag("http", "ADDR"),
    setting!(listen.api, any, "HTTP API: localhost:PORT, IP:PORT or off; port 0 picks one").with_flag("api", "ADDR"),
    setting!(listen.insecure_bind, any, "Allow addresses that other machines can reach, without TLS or a token")
        .with_flag("insecure-bind", ""),
    setting!(store.path, any, "Data directory; empty for the platform's own: ~/.local/state/spantop on Linux")
        .with_flag("data-dir", "DIR"),
    setting!(store.ephemeral, any, "Keep nothing on disk: what has no room in memory is gone")
        .with_flag("ephemeral", ""),
    setting!(store.memory, memory, "Budget in memory, at least 16MiB; when it is full, the oldest stays on disk only")
        .with_flag("memory", "BYTES"),
    setting!(store.disk, disk, "Budget of the data directory, at least 32MiB; when it is full, the oldest goes")
        .with_flag("disk", "BYTES"),
    setting!(store.max_memory_traces, traces, "Most traces held in memory, at least 4; 0 leaves it to store.memory"),
    setting!(store.max_traces, traces, "Most traces held in memory and on disk together, at least 4; 0 for no limit"),
    setting!(store.memory_max_age, memory_age, "How long a trace stays in memory, at least 1s; off for while it fits"),
    setting!(store.retention, at_least_1s, "How long a trace is kept after it arrived, at least 1s")
        .with_flag("retention", "DURATION"),
    setting!(
        store.batch_size,
        batch,
        "Accepted spans written to disk at once, 1 to 65536; fewer wait some milliseconds at most"
    ),
    setting!(
        store.sync,
        any,
        "What is acknowledged survives a crash; a loss of power always, after an interval, or never"
    ),
    setting!(store.sync_interval, interval, "How often the disk is synced where store.sync is interval, at least 10ms"),
    setting!(
        ingest.max_message,
        message,
        "Largest export after decompression; at most a quarter of store.memory or store.disk counts"
    ),
    setting!(ingest.in_flight, message, "Bytes being received or unpacked at once, at least one largest export"),
    setting!(ingest.max_connections, connections, "Connections that each receiver and the API hold open, at least 1"),
    setting!(
        figures.apdex,
        apdex,
        "Up to how long a request satisfies, at least 1ms; up to four times that it is tolerated"
    ),
    setting!(figures.apdex_of, any, "The same of single services: cart=250ms, search=2s"),
    setting!(health.error_weight, weight, "How much errors weigh in a health score, 0 to 1000"),
    setting!(health.performance_weight, weight, "How much durations weigh in a health score, 0 to 1000"),
    setting!(health.points_per_error_percent, weight, "Points of 100 lost for each percent of errors, 0 to 1000"),
    setting!(health.duration_per_point, apdex, "Mean duration that costs a point of 100, at least 1ms"),
    setting!(health.warning_below, score, "A service with a lower score is shown with a warning, 0 to 100"),
    setting!(health.critical_below, score, "A service with a lower score is critical, 0 to 100"),
    setting!(jobs.cleanup, job, "How often files on disk are verified and leftovers removed, at least 1m; or off"),
    setting!(ui.theme, any, "Colours: auto, dark, light, high-contrast or 16").with_flag("theme", "THEME"),
    setting!(ui.window, window, "Time that the screen shows at first: a duration of at least 1s, or all"),
    setting!(ui.ascii, any, "Draw with ASCII characters only").with_flag("ascii", ""),
    setting!(ui.fps, fps, "Most frames drawn in a second for what comes in, 1 to 60; keys do not wait for them"),
    setting!(log.file, any, "File that spantop's own log is appended to; empty for none").with_flag("log", "FILE"),
    setting!(log.level, any, "Least severe level that is logged: error, warn, info, debug or trace")
        .with_flag("log-level", "LEVEL"),
];

const fn kind_of<V: Value>(_: fn(&Config) -> &V) -> Kind {
    V::KIND
}

const fn type_of<V: Value>(_: fn(&Config) -> &V) -> &'static str {
    V::NAME
}

const fn accepted_of<V: Value>(_: fn(&Config) -> &V) -> fn() -> String {
    V::accepted
}

#[expect(clippy::unnecessary_wraps, reason = "has the shape of the other limits")]
fn any<V: Value>(value: V) -> Result<V, Invalid> {
    Ok(value)
}

/// Lets a value pass if `holds`; else tells its limits.
fn within<V: Value>(value: V, holds: bool, limits: &str) -> Result<V, Invalid> {
    if holds { Ok(value) } else { Err(Invalid::new("out of limits", limits)) }
}

fn memory(size: ByteSize) -> Result<ByteSize, Invalid> {
    within(size, size >= ByteSize::mib(16), "at least 16MiB")
}

fn traces(count: u64) -> Result<u64, Invalid> {
    within(count, count == 0 || count >= 4, "at least 4, or 0 for no limit beside the budgets")
}

/// Leaves room for some blocks and the logs of those that are not sealed yet.
fn disk(size: ByteSize) -> Result<ByteSize, Invalid> {
    within(size, size >= ByteSize::mib(32), "at least 32MiB")
}

fn at_least_1s(duration: Duration) -> Result<Duration, Invalid> {
    within(duration, duration >= Duration::from_secs(1), "at least 1s")
}

fn memory_age(age: Option<Duration>) -> Result<Option<Duration>, Invalid> {
    within(age, age.is_none_or(|age| age >= Duration::from_secs(1)), "at least 1s, or off")
}

fn interval(duration: Duration) -> Result<Duration, Invalid> {
    within(duration, duration >= Duration::from_millis(10), "at least 10ms")
}

fn job(every: Option<Duration>) -> Result<Option<Duration>, Invalid> {
    within(every, every.is_none_or(|every| every >= Duration::from_mins(1)), "at least 1m, or off")
}

fn batch(spans: u32) -> Result<u32, Invalid> {
    within(spans, (1..=65_536).contains(&spans), "from 1 to 65536")
}

fn message(size: ByteSize) -> Result<ByteSize, Invalid> {
    // What is found in a message is noted in 32 bits.
    within(size, (ByteSize::kib(1)..=ByteSize::mib(1024)).contains(&size), "between 1KiB and 1GiB")
}

fn apdex(duration: Duration) -> Result<Duration, Invalid> {
    within(duration, duration >= Duration::from_millis(1), "at least 1ms")
}

fn weight(weight: u32) -> Result<u32, Invalid> {
    within(weight, weight <= 1_000, "from 0 to 1000")
}

fn score(score: u32) -> Result<u32, Invalid> {
    within(score, score <= 100, "from 0 to 100")
}

fn connections(count: u32) -> Result<u32, Invalid> {
    within(count, count >= 1, "at least 1")
}

fn window(window: Window) -> Result<Window, Invalid> {
    let holds = match window {
        Window::All => true,
        Window::Last(duration) => duration >= Duration::from_secs(1),
    };
    within(window, holds, "at least 1s, or all")
}

fn fps(fps: u16) -> Result<u16, Invalid> {
    within(fps, (1..=60).contains(&fps), "from 1 to 60")
}
