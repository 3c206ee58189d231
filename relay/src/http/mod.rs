//! Contract 3: the routes that the relay answers over HTTP.

pub(crate) mod accept;
mod client_address;
mod compression;
mod headers;
mod host;
mod metrics;
mod origin;
pub(crate) mod pending;
mod play;
pub(crate) mod port;
mod proxy_protocol;
mod rooms;
mod spectate;
pub(crate) mod tls;
mod upgrade;
mod www;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::config::Config;
use crate::lifecycle::Lifecycle;
use crate::limits::Admission;
use crate::log::Repeats;
use crate::metrics::Metrics;
use crate::players::Players;
use crate::spectators::Spectators;
use crate::upstream::{Dialer, Readiness};
use pending::Slots;
use tls::Tls;
use www::Www;
pub use www::require_client;

/// The parts of one relay. Only this floor knows all of them.
pub(crate) struct Services {
    pub(crate) config: Config,
    /// HTTP connections of the public port.
    pub(crate) connections: Slots,
    /// `None`: browsers or a proxy speak plain HTTP.
    pub(crate) tls: Option<Tls>,
    /// Clients that are being told why they are refused.
    pub(crate) refusals: Admission,
    /// Log lines about refusals.
    pub(crate) refusal_lines: Repeats,
    pub(crate) players: Players,
    /// `None`: nobody may watch.
    pub(crate) spectators: Option<Arc<Spectators>>,
    pub(crate) dialer: Arc<Dialer>,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) lifecycle: Lifecycle,
}

/// The address of the client. Behind a trusted proxy it is the one that the proxy names.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Say whether the page's files can be served.
pub(crate) fn check_files(config: &Config) -> anyhow::Result<()> {
    Www::new(config.www.as_deref(), config.track.as_deref()).map(|_www| ())
}

/// Make the routes.
pub(crate) fn router(services: Arc<Services>) -> anyhow::Result<Router> {
    let www = Arc::new(Www::new(
        services.config.www.as_deref(),
        services.config.track.as_deref(),
    )?);
    let compressed = compression::CompressedFiles::default();
    let files = [get(www::page), get(www::viewer)].map(|files| {
        let files = compression::compressed(files, compressed.clone());
        headers::shared(files).with_state(Arc::clone(&www))
    });
    let [page, viewer] = files;
    let public_metrics = match services.config.metrics_public {
        true => Router::new().route("/metrics", get(metrics::metrics)),
        false => Router::new(),
    };
    let router = Router::new()
        .route("/ws", get(play::player))
        .route("/spectate/{room}", get(spectate::spectator))
        .route("/api/config", get(config))
        .route("/api/rooms", headers::shared(get(rooms::rooms)))
        .route("/api/{*unknown}", get(unknown))
        .merge(public_metrics)
        .with_state(Arc::clone(&services))
        .route("/watch.html", get(www::races))
        .route("/watch/", viewer.clone())
        .route("/watch/{room}", viewer)
        .route("/join/{room}", get(www::invitation))
        .fallback_service(page);
    // What watches the relay may call it by any name.
    let probes = Router::new()
        .route("/readyz", get(readyz))
        .route("/healthz", get(healthz))
        .with_state(Arc::clone(&services));
    let router = host::checked(router, services).merge(probes);
    Ok(headers::guarded(router))
}

/// Make the routes of the operator's own port.
pub(crate) fn operators_router(services: Arc<Services>) -> Router {
    let router = Router::new()
        .route("/metrics", get(metrics::metrics))
        .route("/readyz", get(readyz))
        .route("/healthz", get(healthz))
        .with_state(services);
    headers::guarded(router)
}

/// Say that the process works: 200, or 503 with what it has lost. It ends then.
async fn healthz(State(services): State<Arc<Services>>) -> Response {
    match services.lifecycle.lost() {
        None => plain(StatusCode::OK, "ok\n"),
        Some(lost) => {
            let text = format!("The relay has failed: {lost} is no longer served.\n");
            plain(StatusCode::SERVICE_UNAVAILABLE, text)
        }
    }
}

/// Say whether players can be let in: 200, or 503 with the reason.
async fn readyz(State(services): State<Arc<Services>>) -> Response {
    match services.readiness.ask().await {
        Ok(()) => plain(StatusCode::OK, "ready\n"),
        Err(reason) => plain(StatusCode::SERVICE_UNAVAILABLE, reason + "\n"),
    }
}

/// What a page needs to start.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageConfig<'a> {
    version: &'a str,
    udp_secret: &'a str,
    update_hz: u32,
    insecure: bool,
    features: Features,
}

/// What this relay can do beyond bridging.
#[derive(Default, Serialize)]
struct Features {
    resume: bool,
    spectate: bool,
    gzip: bool,
    batch: bool,
}

/// Tell a page what it needs. A page of another site may read it if it may play here.
async fn config(State(services): State<Arc<Services>>, request: HeaderMap) -> Response {
    let config = &services.config;
    let answer = Json(PageConfig {
        version: env!("CARGO_PKG_VERSION"),
        udp_secret: config.udp_secret.reveal(),
        update_hz: config.update_hz,
        insecure: config.is_insecure(),
        features: Features {
            resume: !config.resume.is_zero(),
            spectate: services.spectators.is_some(),
            ..Features::default()
        },
    });
    let answer = answer.into_response();
    match request.get(header::ORIGIN) {
        Some(origin) if origin::is_allowed(&request, config) => {
            headers::shared_with(origin.clone(), answer)
        }
        _ => answer,
    }
}

async fn unknown() -> Response {
    plain(
        StatusCode::NOT_FOUND,
        "The relay has no such address; it has /api/config and /api/rooms.\n",
    )
}

fn plain(status: StatusCode, text: impl Into<String>) -> Response {
    (status, text.into()).into_response()
}
