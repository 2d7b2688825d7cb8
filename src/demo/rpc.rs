//! Calls over gRPC.

use super::call::{Call, Reply};
use super::instrumentation::Subject;
use super::scene::SpanKind;
use super::services::Service;

/// gRPC's codes, as far as the shop uses them.
pub(super) const INVALID_ARGUMENT: u16 = 3;
pub(super) const DEADLINE_EXCEEDED: u16 = 4;
pub(super) const RESOURCE_EXHAUSTED: u16 = 8;
pub(super) const UNAVAILABLE: u16 = 14;

impl Call<'_> {
    /// Calls `method`, written `package.Service/Method`, of another service and waits for its answer.
    pub(super) fn grpc(&mut self, to: Service, method: &'static str, handler: impl FnOnce(&mut Call)) -> Reply {
        let mut client = self.begin(method.to_owned(), SpanKind::Client, Subject::Rpc);
        client.describe_rpc(to, method);
        client.hop();
        let mut server = client.arrive(to, method.to_owned(), SpanKind::Server, Subject::Rpc);
        server.describe_rpc(to, method);
        handler(&mut server);
        let code = code_of(server.reply);
        server.set("rpc.grpc.status_code", code);
        // Of the client's mistakes the server's span says nothing.
        if matches!(code, DEADLINE_EXCEEDED | UNAVAILABLE) && !server.has_failed() {
            server.fail(&code.to_string(), "");
        }
        client.now = server.close();
        client.hop();
        client.set("rpc.grpc.status_code", code);
        if code != 0 {
            client.fail(&code.to_string(), message_of(code));
        }
        self.now = client.close();
        if code == 0 { Reply::Ok } else { Reply::Status(code) }
    }

    fn describe_rpc(&mut self, to: Service, method: &'static str) {
        let (service, name) = method.split_once('/').unwrap_or((method, ""));
        self.set("rpc.system", "grpc");
        self.set("rpc.service", service);
        self.set("rpc.method", name);
        self.set("server.address", to.address());
        self.set("server.port", to.port());
    }
}

fn code_of(reply: Reply) -> u16 {
    match reply {
        Reply::Ok => 0,
        Reply::Status(code) => code,
        Reply::TimedOut => DEADLINE_EXCEEDED,
    }
}

fn message_of(code: u16) -> &'static str {
    match code {
        INVALID_ARGUMENT => "rpc error: code = InvalidArgument desc = quantity must be between 1 and 99",
        DEADLINE_EXCEEDED => "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
        RESOURCE_EXHAUSTED => "rpc error: code = ResourceExhausted desc = out of stock",
        UNAVAILABLE => "rpc error: code = Unavailable desc = connection refused",
        _ => "",
    }
}
