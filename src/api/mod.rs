//! The HTTP API: answers of the one door as JSON, for scripts and other programs. A file an endpoint.

mod compare;
mod dependencies;
mod error;
mod errors;
mod explain;
mod explained;
mod findings;
mod gc;
mod guard;
mod health;
mod parameters;
mod performance;
mod series;
mod spans;
mod stats;
mod trace;
mod traces;
mod trends;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use tokio::sync::Semaphore;
use tower_service::Service;

pub use compare::{CompareBody, CompareRow, SideRow, StepRow};
pub use dependencies::{DependenciesBody, EdgeRow, NodeRow};
pub use errors::{ErrorRow, ErrorsBody, PartRow, VersionRow};
pub use explain::{ExplainBody, FaultRow, ValueRow};
pub use explained::{Explained, Filter};
pub use findings::{FindingRow, FindingsBody};
pub use gc::Gc;
pub use health::{HealthBody, SystemHealthBody};
pub use performance::{FiguresRow, OperationRow, Performance, ServiceRow, SlowRow, WindowBody};
pub use series::{Metrics, Sample, SeriesRow};
pub use spans::{SpanRow, Spans};
pub use stats::{Disk, Stats};
pub use trace::trace_body;
pub use traces::{TraceRow, Traces};
pub use trends::{ForecastRow, MinuteRow, TrendRow, Trends, WarningRow};

use crate::query::ast::Literal;
use crate::source::{self, Reply, Source};
use error::ApiError;

/// The endpoints over one source.
#[derive(Clone, Debug)]
pub struct Api {
    router: Router,
}

/// What the endpoints share.
#[derive(Clone)]
struct Shared {
    source: Arc<dyn Source>,
    /// Places for searches: each keeps all cores busy, so that more at a time would only take more memory.
    places: Arc<Semaphore>,
}

/// How many searches run at a time; the others wait in line.
const SEARCHES: usize = 2;

impl Api {
    /// Returns the API of a source.
    pub fn new(source: Arc<dyn Source>) -> Self {
        let shared = Shared { source, places: Arc::new(Semaphore::new(SEARCHES)) };
        let router = Router::new()
            .route("/admin/tracing", get(traces::list))
            .route("/admin/tracing/spans", get(spans::list))
            .route("/admin/tracing/metrics", get(series::series))
            .route("/admin/tracing/query", get(explained::explained))
            .route("/admin/tracing/traces/{id}", get(trace::otlp))
            .route("/admin/tracing/analysis/performance", get(performance::performance))
            .route("/admin/tracing/analysis/errors", get(errors::errors))
            .route("/admin/tracing/analysis/compare", get(compare::compare))
            .route("/admin/tracing/analysis/explain", get(explain::explain))
            .route("/admin/tracing/analysis/findings", get(findings::findings))
            .route("/admin/tracing/analysis/services", get(dependencies::dependencies))
            .route("/admin/tracing/analysis/trends", get(trends::trends))
            .route("/admin/tracing/health", get(health::system))
            .route("/admin/tracing/health/{service}", get(health::service))
            .route("/admin/tracing/stats", get(stats::stats))
            .route("/admin/tracing/gc", post(gc::gc).fallback(only_post))
            .route("/healthz", get(healthz))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(axum::middleware::from_fn(guard::local_only))
            .with_state(shared);
        Self { router }
    }

    /// Answers one request.
    pub async fn handle<B>(mut self, request: hyper::Request<B>) -> Response
    where
        B: hyper::body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match self.router.call(request.map(Body::new)).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Up means that spans are taken in.
async fn healthz(State(source): State<Shared>) -> Result<Response, ApiError> {
    match ask(source, source::Request::Status).await? {
        Reply::Status(status) if status.is_taking => Ok(json(&serde_json::json!({ "status": "ok" }))),
        _ => Err(ApiError::unavailable("spans are not taken in any more".into())),
    }
}

async fn not_found(uri: Uri) -> ApiError {
    ApiError::not_found(
        format!("there is nothing at '{}'", shortened(uri.path())),
        "traces are listed at /admin/tracing, and one is at /admin/tracing/traces/{id}",
    )
}

async fn method_not_allowed(request: Request) -> ApiError {
    ApiError::method_not_allowed(not_taken(&request), "GET,HEAD")
}

/// What changes something is not for who only follows a link.
async fn only_post(request: Request) -> ApiError {
    ApiError::method_not_allowed(not_taken(&request), "POST")
}

fn not_taken(request: &Request) -> String {
    format!("{} is not taken here", shortened(request.method().as_str()))
}

/// Puts a request to the source off the network's threads: an answer over everything held takes milliseconds, a search
/// seconds. One whose client has gone ends.
async fn ask(Shared { source, places }: Shared, request: source::Request) -> Result<Reply, ApiError> {
    let place = if request.is_search() { places.acquire_owned().await.ok() } else { None };
    let waiting = Arc::new(());
    let asker = Arc::downgrade(&waiting);
    let asked = tokio::task::spawn_blocking(move || {
        let _place = place;
        source.ask_while(&request, &|| asker.strong_count() > 0)
    });
    let asked = asked.await;
    drop(waiting);
    match asked {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(error)) => Err(ApiError::internal(error.to_string())),
        Err(_) => Err(ApiError::internal("the answer was cut off".into())),
    }
}

fn json(body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => json_bytes(bytes),
        Err(error) => ApiError::internal(format!("cannot write the answer: {error}")).into_response(),
    }
}

fn json_bytes(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

/// What a client sent, short enough to be quoted back.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A value of a query as JSON; a duration as milliseconds.
fn literal(literal: &Literal) -> serde_json::Value {
    match literal {
        Literal::Nil => serde_json::Value::Null,
        Literal::Int(number) => (*number).into(),
        Literal::Float(number) => (*number).into(),
        Literal::Duration(ns) => (*ns as f64 / 1e6).into(),
        Literal::String(text) => (&**text).into(),
        Literal::Bool(value) => (*value).into(),
        Literal::Status(status) => status.name().into(),
        Literal::Kind(kind) => kind.name().into(),
    }
}

/// Milliseconds as the API has them: nanoseconds ÷ 10⁶, not rounded.
fn milliseconds(ns: u64) -> f64 {
    ns as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::{Context, Waker};

    use super::*;
    use crate::source::SourceError;

    /// Looks for something until nobody wants it any more, and tells.
    struct Endless {
        begun: mpsc::SyncSender<()>,
        ended: mpsc::SyncSender<()>,
    }

    impl Source for Endless {
        fn ask(&self, _: &source::Request) -> Result<Reply, SourceError> {
            Err(SourceError { message: "this never ends".into() })
        }

        fn ask_while(&self, request: &source::Request, is_wanted: &dyn Fn() -> bool) -> Result<Reply, SourceError> {
            self.begun.send(()).unwrap();
            while is_wanted() {
                std::thread::yield_now();
            }
            self.ended.send(()).unwrap();
            self.ask(request)
        }

        fn revision(&self) -> u64 {
            0
        }
    }

    #[tokio::test]
    async fn a_search_ends_when_its_client_goes_and_lets_the_next_one_in() {
        let ((begun, is_begun), (ended, is_ended)) = (mpsc::sync_channel(9), mpsc::sync_channel(9));
        let api = Api::new(Arc::new(Endless { begun, ended }));
        let request = || {
            let request = hyper::Request::get("/admin/tracing/spans?q=error");
            request.header(header::HOST, "localhost").body(Body::empty()).unwrap()
        };
        for _ in 0..=SEARCHES {
            let mut answer = Box::pin(api.clone().handle(request()));
            let mut poll = || pin!(&mut answer).poll(&mut Context::from_waker(Waker::noop()));
            // The one before may not have left its place yet.
            while is_begun.try_recv().is_err() {
                assert!(poll().is_pending());
            }
            drop(answer);
            is_ended.recv().unwrap();
        }
    }
}
