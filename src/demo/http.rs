//! Calls over HTTP: the client's span, the server's below it, and what each says about the request.

use super::call::{Call, Reply};
use super::exceptions;
use super::instrumentation::Subject;
use super::scene::{Scene, SpanKind};
use super::services::{Language, Service};

/// The public name of the shop.
const SHOP: &str = "shop.example";

/// What a client asks for.
#[derive(Clone, Debug)]
pub(super) struct Http {
    method: &'static str,
    route: &'static str,
    path: String,
    query: Option<String>,
    timeout_ms: Option<u64>,
}

/// Somebody outside the shop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visitor {
    pub(super) address: &'static str,
    pub(super) user_agent: &'static str,
}

impl Http {
    pub(super) fn get(route: &'static str) -> Self {
        Self::new("GET", route)
    }

    pub(super) fn post(route: &'static str) -> Self {
        Self::new("POST", route)
    }

    fn new(method: &'static str, route: &'static str) -> Self {
        Self { method, route, path: route.to_owned(), query: None, timeout_ms: None }
    }

    /// Sets the path that was asked for, where the route has holes.
    pub(super) fn at(mut self, path: String) -> Self {
        self.path = path;
        self
    }

    pub(super) fn query(mut self, query: String) -> Self {
        self.query = Some(query);
        self
    }

    /// Sets how long the client waits.
    pub(super) fn within_ms(mut self, timeout_ms: u64) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }

    fn url(&self, host: &str, port: u16) -> String {
        let query = self.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
        format!("http://{host}:{port}{}{query}", self.path)
    }

    fn server_span_name(&self) -> String {
        format!("{} {}", self.method, self.route)
    }

    fn client_span_name(&self, language: Language, service: &str) -> String {
        match language {
            Language::Cpp => format!("router {service} egress"),
            Language::Go | Language::Ruby => format!("HTTP {}", self.method),
            _ => self.method.to_owned(),
        }
    }
}

impl Scene {
    /// Serves a request from outside the shop, as the root of a trace.
    pub(super) fn visit(&mut self, to: Service, visitor: Visitor, request: &Http, handler: impl FnOnce(&mut Call)) {
        let mut server = self.root(to, &request.server_span_name(), SpanKind::Server, Subject::HttpServer);
        server.set("client.address", visitor.address);
        server.set("user_agent.original", visitor.user_agent);
        server.set("url.scheme", "https");
        server.describe_served(request, SHOP, 443);
        server.serve(request, handler);
        server.answer();
        server.close();
    }
}

impl Call<'_> {
    /// Asks another service and waits for its answer, at most as long as the request says.
    pub(super) fn http(&mut self, to: Service, request: &Http, handler: impl FnOnce(&mut Call)) -> Reply {
        let name = request.client_span_name(self.process.language(), to.address());
        let mut client = self.begin(name, SpanKind::Client, Subject::HttpClient);
        let start = client.now;
        client.describe_asked(request, to.address(), to.port());
        client.hop();
        let mut server = client.arrive(to, request.server_span_name(), SpanKind::Server, Subject::HttpServer);
        server.set("url.scheme", "http");
        server.describe_served(request, to.address(), to.port());
        server.serve(request, handler);
        let reply = server.answer();
        client.now = server.close();
        client.hop();
        let reply = client.hear(reply, start, request.timeout_ms);
        self.now = client.close();
        reply
    }

    /// Asks somebody outside the shop, who sends no spans, and gets `status` after about `median_ms`.
    pub(super) fn http_outside(
        &mut self,
        host: &'static str,
        request: &Http,
        (status, median_ms): (u16, f64),
    ) -> Reply {
        let name = request.client_span_name(self.process.language(), host);
        let mut client = self.begin(name, SpanKind::Client, Subject::HttpClient);
        let start = client.now;
        client.describe_asked(request, host, 443);
        client.work(median_ms);
        let reply = if status == 200 { Reply::Ok } else { Reply::Status(status) };
        let reply = client.hear(reply, start, request.timeout_ms);
        self.now = client.close();
        reply
    }

    /// Ends a client's span with what it heard: the reply, or nothing before its patience ran out.
    fn hear(&mut self, reply: Reply, start: u64, timeout_ms: Option<u64>) -> Reply {
        let deadline = timeout_ms.map(|ms| start + ms * 1_000_000);
        if let Some(deadline) = deadline.filter(|&deadline| deadline < self.now) {
            self.now = deadline;
            let exception = exceptions::client_timeout(self.process.language());
            self.throw(exception);
            return Reply::TimedOut;
        }
        let status = status_of(reply);
        self.set("http.response.status_code", status);
        if status >= 400 {
            self.fail(&status.to_string(), "");
        }
        reply
    }

    fn describe_asked(&mut self, request: &Http, host: &str, port: u16) {
        self.set("http.request.method", request.method);
        self.set("server.address", host);
        self.set("server.port", port);
        self.set("url.full", request.url(host, port));
        if self.process.language() == Language::Cpp {
            self.set("upstream_cluster", host);
            self.set("component", "proxy");
        } else {
            self.set("network.protocol.version", "1.1");
        }
    }

    fn describe_served(&mut self, request: &Http, host: &str, port: u16) {
        self.set("http.request.method", request.method);
        self.set("url.path", request.path.as_str());
        if let Some(query) = &request.query {
            self.set("url.query", query.as_str());
        }
        self.set("http.route", request.route);
        self.set("server.address", host);
        self.set("server.port", port);
    }

    /// Runs a handler; FastAPI's instrumentation reports the two ends of the body as spans of their own.
    fn serve(&mut self, request: &Http, handler: impl FnOnce(&mut Call)) {
        if self.process.language() != Language::Python {
            return handler(self);
        }
        if request.method == "POST" {
            self.asgi(request, "receive", "http.request");
        }
        handler(self);
        self.asgi(request, "send", "http.response.start");
    }

    fn asgi(&mut self, request: &Http, direction: &str, event: &str) {
        let name = format!("{} http {direction}", request.server_span_name());
        let mut message = self.begin(name, SpanKind::Internal, Subject::HttpServer);
        message.set("asgi.event.type", event);
        message.work(0.06);
        self.now = message.close();
    }

    /// Adds a server's status; it is an error only when it is the server's (5xx), as the conventions ask.
    fn answer(&mut self) -> Reply {
        let status = status_of(self.reply);
        self.set("http.response.status_code", status);
        if status >= 500 && !self.has_failed() {
            self.fail(&status.to_string(), "");
        }
        self.reply
    }
}

fn status_of(reply: Reply) -> u16 {
    match reply {
        Reply::Ok => 200,
        Reply::Status(status) => status,
        Reply::TimedOut => 504,
    }
}
