//! Everything that listens, and the engine behind it: bound first, then served, then stopped in order.

use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::asked;
use super::data_dir;
use super::error::CliError;
use super::progress::Progress;
use crate::api::Api;
use crate::config::{self, Address, Config};
use crate::ingest::{self, Admission};
use crate::net::{self, BindError, Listener};
use crate::source::{Engine, Keeping, Priority, Source, SyncPolicy, WriterThread};
use crate::store;
use crate::store::segment::Home;

/// A running spantop without its screen.
pub(super) struct Receivers {
    pub(super) engine: Arc<Engine>,
    /// One line for each bound address: `listening otlp/grpc 127.0.0.1:4317`.
    pub(super) addresses: Vec<String>,
    /// Where OTLP/HTTP can be reached over loopback, if it is on.
    pub(super) http: Option<std::net::SocketAddr>,
    runtime: Runtime,
    writer: WriterThread,
    /// Held for as long as anything may be written.
    home: Option<Home>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// The sockets of one protocol.
struct Bound {
    grpc: Option<Listener>,
    http: Option<Listener>,
    api: Option<Listener>,
}

/// HTTP/2 streams per connection: exporters keep a handful of calls under way.
const STREAMS: u32 = 128;

impl Receivers {
    /// Binds every address, then starts the engine and serves; all threads have this priority.
    pub(super) fn start(config: &Config, priority: Priority) -> Result<Self, CliError> {
        if config.listen.grpc == Address::Off && config.listen.http == Address::Off {
            return Err(CliError::usage("there is nothing to receive with: OTLP/gRPC and OTLP/HTTP are both off")
                .hint("leave out '--grpc off' or '--http off'"));
        }
        let cannot_start = |error: std::io::Error| CliError::failed(format!("cannot start: {error}"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .on_thread_start(move || priority.take())
            .build()
            .map_err(cannot_start)?;
        let bound = runtime.block_on(bind(config))?;
        let home = data_dir::of(config)?.map(|path| Home::claim(&path)).transpose()?;
        let (engine, writer) = match &home {
            Some(home) => {
                let mut progress = Progress::in_pieces("reading what was kept");
                Engine::start_kept(limits(config), priority, &keeping(home, config), |done, all| progress.at(done, all))
            }
            None => Engine::start(limits(config), priority),
        }
        .map_err(cannot_start)?;
        let addresses = bound.lines();
        let names = addresses.iter().map(|line| line.trim_start_matches("listening ").to_owned()).collect();
        engine.set_listening(names);
        engine.set_rules(asked::rules(config));
        let http = bound.http.as_ref().and_then(|listener| listener.addresses().first().copied());
        let (stop, stopped) = watch::channel(false);
        let mut receivers = Self { engine, addresses, http, runtime, writer, home, stop, tasks: JoinSet::new() };
        receivers.serve(bound, config, &stopped);
        Ok(receivers)
    }

    fn serve(&mut self, bound: Bound, config: &Config, stopped: &watch::Receiver<bool>) {
        let _inside = self.runtime.enter();
        let limits = net::Limits { connections: config.ingest.max_connections as usize, streams: STREAMS };
        let admission = Admission::new(
            Arc::clone(&self.engine),
            ingest::Limits {
                message_bytes: saturated(config.max_message_bytes()),
                in_flight_bytes: saturated(config.ingest.in_flight.0),
            },
        );
        let door = admission.clone();
        let notice: net::Notice = Arc::new(move |advice: &str| door.turned_away(advice));
        if let Some(listener) = bound.grpc {
            let admission = admission.clone();
            let handler = move |request: Request<Incoming>| ingest::grpc::handle(admission.clone(), request);
            self.tasks.spawn(net::serve(listener, limits, handler, Arc::clone(&notice), stopped.clone()));
        }
        if let Some(listener) = bound.http {
            let handler = move |request: Request<Incoming>| ingest::http::handle(admission.clone(), request);
            self.tasks.spawn(net::serve(listener, limits, handler, Arc::clone(&notice), stopped.clone()));
        }
        if let Some(listener) = bound.api {
            let api = Api::new(Arc::clone(&self.engine) as Arc<dyn Source>);
            let handler = move |request: Request<Incoming>| api.clone().handle(request);
            self.tasks.spawn(net::serve(listener, limits, handler, Arc::clone(&notice), stopped.clone()));
        }
        self.tasks.spawn(tick(Arc::clone(&self.engine), stopped.clone()));
    }

    /// Runs something beside the receivers until they stop.
    pub(super) fn beside(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        let mut stop = self.stop.subscribe();
        let task = async move {
            tokio::select! {
                () = task => {}
                () = net::stopped(&mut stop) => {}
            }
        };
        self.tasks.spawn_on(task, self.runtime.handle());
    }

    /// Runs something that outlives the receivers' stop.
    pub(super) fn beside_stop(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    /// Waits for `until` on the receivers' runtime.
    pub(super) fn wait<T>(&self, until: impl Future<Output = T>) -> T {
        self.runtime.block_on(until)
    }

    /// Takes no new request, finishes the running ones and stores everything accepted.
    pub(super) fn stop(self) {
        self.stop.send_replace(true);
        self.runtime.block_on(async {
            self.tasks.join_all().await;
            self.engine.stop().await;
        });
        self.writer.join();
        drop(self.home);
    }
}

impl Bound {
    fn lines(&self) -> Vec<String> {
        let protocols = [("otlp/grpc", &self.grpc), ("otlp/http", &self.http), ("api", &self.api)];
        let lines = protocols.into_iter().flat_map(|(name, listener)| {
            let addresses = listener.as_ref().map(Listener::addresses).unwrap_or_default();
            addresses.into_iter().map(move |address| format!("listening {name} {address}"))
        });
        lines.collect()
    }
}

async fn bind(config: &Config) -> Result<Bound, CliError> {
    let taken = |flag: &'static str| {
        move |error: BindError| {
            CliError::failed(error.to_string())
                .hint(format!("listen elsewhere with --{flag} ADDR (port 0 picks one), or nowhere with --{flag} off"))
        }
    };
    Ok(Bound {
        grpc: net::bind(config.listen.grpc).await.map_err(taken("grpc"))?,
        http: net::bind(config.listen.http).await.map_err(taken("http"))?,
        api: net::bind(config.listen.api).await.map_err(taken("api"))?,
    })
}

async fn tick(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = seconds.tick() => engine.tick().await,
            () = net::stopped(&mut stop) => return,
        }
    }
}

/// Returns the limits that the configuration sets.
pub(super) fn limits(config: &Config) -> store::Limits {
    store::Limits {
        memory_bytes: saturated(config.store.memory.0),
        max_memory_traces: saturated(config.store.max_memory_traces),
        memory_max_age_ns: config.store.memory_max_age.map_or(0, nanoseconds),
        disk_bytes: config.store.disk.0,
        max_traces: saturated(config.store.max_traces),
        retention_ns: nanoseconds(config.store.retention),
    }
}

/// Returns how the configuration wants a store kept.
pub(super) fn keeping(home: &Home, config: &Config) -> Keeping {
    let store = &config.store;
    Keeping {
        folder: Arc::new(home.folder()),
        path: home.path().into(),
        sync: match store.sync {
            config::SyncPolicy::Always => SyncPolicy::Always,
            config::SyncPolicy::Interval => SyncPolicy::Interval(store.sync_interval),
            config::SyncPolicy::Never => SyncPolicy::Never,
        },
        batch_spans: store.batch_size.into(),
        cleanup: config.jobs.cleanup,
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn saturated(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
