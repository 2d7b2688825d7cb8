//! What is compared: the receivers as the program composes them, and two that take bodies in by the same code and then
//! do less with them, or something else.

use std::convert::Infallible;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spantop::config::Address;
use spantop::ingest::{self, Admission};
use spantop::net::{self, Listener};
use spantop::source::{Engine, Priority};
use spantop::store;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::load::Protocol;

/// What is done with the bytes of a request once they are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// They are scanned and stored.
    Ours,
    /// prost decodes them and drops the result.
    Prost,
    /// Nothing.
    Floor,
}

impl Work {
    pub(crate) const ALL: [Self; 3] = [Self::Ours, Self::Prost, Self::Floor];

    /// The name of the server's network threads; what the writer does is counted by its own.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Prost => "prost",
            Self::Floor => "floor",
        }
    }

    fn of(self, body: Option<Bytes>) {
        let body = body.expect("the requests are valid");
        match self {
            Self::Prost => drop(black_box(ExportTraceServiceRequest::decode(body))),
            Self::Ours | Self::Floor => drop(black_box(body)),
        }
    }
}

/// A server on a port of its own, with threads of its own.
pub(crate) struct Server {
    pub(crate) work: Work,
    pub(crate) address: SocketAddr,
    _runtime: Runtime,
    _stop: watch::Sender<bool>,
}

const LIMITS: net::Limits = net::Limits { connections: 64, streams: 128 };
const MESSAGE_BYTES: usize = 64 << 20;
/// Small enough that the store is full after a turn or two and evicts from then on, as it does for most of a server's
/// life.
const STORE: store::Limits = store::Limits {
    memory_bytes: 64 << 20,
    max_memory_traces: 1 << 30,
    max_traces: 0,
    memory_max_age_ns: 0,
    disk_bytes: u64::MAX,
    retention_ns: u64::MAX,
};

impl Server {
    pub(crate) fn start(protocol: Protocol, work: Work) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().thread_name(work.name()).enable_all().build();
        let runtime = runtime.expect("a runtime starts");
        let listener = runtime.block_on(net::bind(Address::Ip(([127, 0, 0, 1], 0).into())));
        let listener = listener.expect("a port is free").expect("it is not off");
        let address = listener.addresses()[0];
        let (engine, _) = Engine::start(STORE, Priority::Usual).expect("the engine starts");
        let limits = ingest::Limits { message_bytes: MESSAGE_BYTES, in_flight_bytes: 4 * MESSAGE_BYTES };
        let admission = Admission::new(engine, limits);
        let (stop, stopped) = watch::channel(false);
        let serve = Serve { listener, stopped };
        let _inside = runtime.enter();
        match (protocol, work) {
            (Protocol::Grpc, Work::Ours) => {
                serve.with(move |request| ingest::grpc::handle(admission.clone(), request));
            }
            (Protocol::Http, Work::Ours) => {
                serve.with(move |request| ingest::http::handle(admission.clone(), request));
            }
            (Protocol::Grpc, _) => serve.with(move |request| grpc(admission.clone(), work, request)),
            (Protocol::Http, _) => serve.with(move |request| http(admission.clone(), work, request)),
        }
        Self { work, address, _runtime: runtime, _stop: stop }
    }
}

struct Serve {
    listener: Listener,
    stopped: watch::Receiver<bool>,
}

impl Serve {
    fn with<F, B>(self, handler: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static)
    where
        F: Future<Output = Response<B>> + Send + 'static,
        B: hyper::body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        tokio::spawn(net::serve(self.listener, LIMITS, handler, Arc::new(|_| {}), self.stopped));
    }
}

async fn grpc(admission: Admission, work: Work, request: Request<Incoming>) -> Response<tonic::body::Body> {
    work.of(ingest::grpc::message(&admission, request).await);
    let trailers = HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
    let body = Full::new(Bytes::from_static(&[0; 5]));
    let body = body.with_trailers(std::future::ready(Some(Ok::<_, Infallible>(trailers))));
    let mut response = Response::new(tonic::body::Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

async fn http(admission: Admission, work: Work, request: Request<Incoming>) -> Response<Full<Bytes>> {
    work.of(ingest::http::message(&admission, request).await);
    let mut response = Response::new(Full::new(Bytes::new()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    response
}
