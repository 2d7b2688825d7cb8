//! Keeps web pages of strangers out: a browser on this machine can reach loopback, so a foreign Host (DNS rebinding) or
//! Origin is refused. A name other than localhost in Host can only come from such a page; an address cannot be rebound.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::shortened;

/// Lets a request pass if its Host is an address or localhost and its Origin, if any, is of this machine.
pub(super) async fn local_only(request: Request, next: Next) -> Response {
    let host = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let host = host.or_else(|| text(request.headers(), &header::HOST));
    if let Some(host) = host
        && !is_address_or_localhost(&host)
    {
        return foreign("Host", &host);
    }
    match text(request.headers(), &header::ORIGIN) {
        Some(origin) if !is_local_origin(&origin) => foreign("Origin", &origin),
        _ => next.run(request).await,
    }
}

fn foreign(header: &str, value: &str) -> Response {
    let message = format!("a request with the foreign {header} '{}' is refused", shortened(value));
    ApiError::forbidden(message, "use localhost or the address itself").into_response()
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Returns the host of `host:port`, without the brackets of an IPv6 address.
fn host_of(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

fn is_address_or_localhost(authority: &str) -> bool {
    let host = host_of(authority);
    is_localhost(host) || host.parse::<IpAddr>().is_ok()
}

fn is_local_origin(origin: &str) -> bool {
    let authority = ["http://", "https://"].iter().find_map(|scheme| origin.strip_prefix(scheme));
    authority
        .map(host_of)
        .is_some_and(|host| is_localhost(host) || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()))
}
