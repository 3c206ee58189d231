//! Checks the headers of requests, and adds the headers that say which sites may use an answer. Pages of other sites
//! may show the viewer in a frame, and their scripts may read the page's files and the list of rooms: all of that is the
//! same for everybody who may watch, and a browser sends nothing by itself that grants access.

use axum::Router;
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, Version, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::validate_request::ValidateRequestHeaderLayer;

use super::plain;
use crate::config::TelemetryUrl;

/// The content security policy: scripts and styles come from here only, wasm may be compiled, the page may connect
/// to any relay, and these sites may have it in a frame.
macro_rules! policy {
    ($ancestors:literal) => {
        concat!(
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
             img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
             frame-ancestors ",
            $ancestors,
            // Last, because `allow_collector` adds to it.
            "; connect-src 'self' ws: wss:"
        )
    };
}
/// For pages on which a player does something. A frame of another site could guide clicks.
const POLICY: &str = policy!("'self'");
/// For the viewer, which has no secrets and no actions: every site may embed it.
const VIEWER_POLICY: &str = policy!("*");
/// Seconds for which a browser may reuse the answer to a preflight.
const PREFLIGHT_LIFE: &str = "86400";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Refuse requests whose headers contradict each other, and give every answer the headers it lacks.
pub(super) fn guarded(router: Router) -> Router {
    let unless_set =
        |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    router.layer((
        unless_set(header::CACHE_CONTROL, "no-store"),
        unless_set(header::CONTENT_SECURITY_POLICY, POLICY),
        unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        unless_set(header::REFERRER_POLICY, "no-referrer"),
        unless_set(RESOURCE_POLICY, "same-origin"),
        ValidateRequestHeaderLayer::custom(check),
    ))
}

/// Let the pages of a router send figures to a collector.
///
/// # Errors
/// Its address cannot be part of a header.
pub(super) fn allow_collector(router: Router, collector: &TelemetryUrl) -> anyhow::Result<Router> {
    let policy = HeaderValue::try_from(format!("{POLICY} {}", collector.origin()))?;
    let policy = SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, policy);
    Ok(router.layer(policy))
}

/// Refuse a request whose `Host` is missing, invalid or repeated (RFC 9112, section 3.2), or that repeats another header
/// that decides something. A proxy in front of the relay might read the other one.
#[expect(
    clippy::result_large_err,
    reason = "tower-http takes the answer unboxed"
)]
fn check<B>(request: &mut Request<B>) -> Result<(), Response> {
    let headers = request.headers();
    let is_repeated = |name: &HeaderName| headers.get_all(name).iter().count() > 1;
    let has_host = match headers.get(header::HOST) {
        None => request.version() < Version::HTTP_11,
        // It is empty if the address of the request has no host.
        Some(host) => {
            let is_host = !host.as_bytes().contains(&b'@');
            host.is_empty() || (is_host && Authority::try_from(host.as_bytes()).is_ok())
        }
    };
    if !has_host || is_repeated(&header::HOST) {
        let text = "A request must have exactly one valid Host header.\n";
        return Err(plain(StatusCode::BAD_REQUEST, text));
    }
    let once = [
        header::AUTHORIZATION,
        header::ORIGIN,
        header::SEC_WEBSOCKET_KEY,
        header::SEC_WEBSOCKET_VERSION,
    ];
    match once.into_iter().find(is_repeated) {
        Some(name) => {
            let text = format!("A request must not repeat the header {name}.\n");
            Err(plain(StatusCode::BAD_REQUEST, text))
        }
        None => Ok(()),
    }
}

/// Let scripts of every site read what a route answers, and answer preflights. tower-http's `CorsLayer` would answer
/// these with 200 instead of 204.
pub(super) fn shared<S: Clone + Send + Sync + 'static>(route: MethodRouter<S>) -> MethodRouter<S> {
    let set =
        |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    route.options(preflight).layer((
        set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        set(RESOURCE_POLICY, "cross-origin"),
    ))
}

async fn preflight() -> Response {
    let headers = [
        (header::ALLOW, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        // Browsers do not take the star for a token.
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*, authorization"),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_LIFE),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Let scripts of one site read an answer.
pub(super) fn shared_with(origin: HeaderValue, answer: Response) -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        (header::VARY, HeaderValue::from_static("origin")),
        (RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
    ];
    (headers, answer).into_response()
}

/// Let every site embed an answer in a frame.
pub(super) fn embeddable(answer: Response) -> Response {
    ([(header::CONTENT_SECURITY_POLICY, VIEWER_POLICY)], answer).into_response()
}
