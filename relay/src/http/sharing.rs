//! What pages of other sites may do with what the relay serves: the viewer may stand in their frames, the page's
//! files and the list of rooms may be read by their scripts. All of it is public and the same for everybody; nothing
//! here goes by a cookie.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// The content security policy: scripts and styles come from here only, wasm may be compiled, the page may connect
/// to any relay, and these may have it in a frame.
macro_rules! policy {
    ($ancestors:literal) => {
        concat!(
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws: wss:; \
             img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
             frame-ancestors ",
            $ancestors
        )
    };
}
/// For pages on which a player does something: a strange frame around them could guide clicks.
const POLICY: &str = policy!("'self'");
/// For the viewer, which has no secrets and no actions: every site may embed it.
const VIEWER_POLICY: &str = policy!("*");
/// Seconds for which a browser need not ask again what it may do.
const PREFLIGHT_LIFE: &str = "86400";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Give every answer the headers that keep it where it belongs, unless it has its own.
pub(super) async fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        let value = HeaderValue::from_static(value);
        headers.entry(name).or_insert(value);
    }
    response
}

/// Let scripts of every site read an answer.
pub(super) async fn shared(mut response: Response) -> Response {
    set(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(&mut response, RESOURCE_POLICY, "cross-origin");
    response
}

/// Let scripts of one site read an answer.
pub(super) fn shared_with(origin: HeaderValue, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    set(&mut response, RESOURCE_POLICY, "cross-origin");
    response
}

/// Let every site embed an answer in a frame.
pub(super) fn embeddable(mut response: Response) -> Response {
    set(
        &mut response,
        header::CONTENT_SECURITY_POLICY,
        VIEWER_POLICY,
    );
    response
}

/// Answer a browser that asks before a request with headers of the page's own. `shared` adds who may.
pub(super) async fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    for (name, value) in [
        (header::ALLOW, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_LIFE),
    ] {
        set(&mut response, name, value);
    }
    response
}

fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    let value = HeaderValue::from_static(value);
    response.headers_mut().insert(name, value);
}
