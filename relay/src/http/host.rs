//! Answers only requests for known host names. A site may let its own name lead to the relay's address (DNS rebinding). A browser takes the
//! site's page for one of the relay then, so a request by an unknown name is refused.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use super::{Services, plain};
use crate::config::{AllowedHost, is_beyond_rebinding};

/// Letters of a refused host that are logged and answered. Real names are shorter.
const MAX_SHOWN: usize = 253;

struct Hosts {
    allowed: Vec<AllowedHost>,
    services: Arc<Services>,
}

/// Refuse requests for hosts that the operator has not allowed.
pub(super) fn checked(router: Router, services: Arc<Services>) -> Router {
    let allowed = services.config.front.hosts();
    let hosts = Arc::new(Hosts { allowed, services });
    router.layer(from_fn_with_state(hosts, check))
}

async fn check(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let Some(host) = refused(request.headers(), &hosts.allowed) else {
        return next.run(request).await;
    };
    if let Some(left_out) = hosts.services.refusal_lines.next() {
        tracing::info!(
            left_out,
            "a request for the unknown host {host}; to allow it, use --allow-host"
        );
    }
    let text = format!(
        "This relay does not answer to the name {host}: its operator can allow it with --allow-host or --public-origin.\n"
    );
    plain(StatusCode::MISDIRECTED_REQUEST, text)
}

/// Give the host that is not allowed. Browsers always send one.
fn refused<'a>(headers: &'a HeaderMap, allowed: &[AllowedHost]) -> Option<&'a str> {
    let host = headers.get(header::HOST)?.to_str().unwrap_or_default();
    let is_allowed = host.is_empty()
        || is_beyond_rebinding(host)
        || allowed.iter().any(|allowed| allowed.matches(host));
    let shown = host.get(..MAX_SHOWN).unwrap_or(host);
    (!is_allowed).then_some(shown)
}
