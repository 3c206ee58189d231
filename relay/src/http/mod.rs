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

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use protocol::generation::Generation;
use serde::Serialize;

use crate::config::{Config, Label, ServerName, TelemetryUrl};
use crate::lifecycle::Lifecycle;
use crate::limits::Admission;
use crate::limits::rate::AddressRate;
use crate::log::Repeats;
use crate::metrics::Metrics;
use crate::players::Players;
use crate::servers::{Server, Servers, is_named};
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
    /// Limits the requests of each address. `None`: clients are not told apart.
    pub(crate) requests: Option<AddressRate>,
    pub(crate) players: Players,
    pub(crate) servers: Servers,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) lifecycle: Lifecycle,
}

/// The answer to a client that names an unknown game server.
const UNKNOWN_SERVER: &str = "This relay has no game server of this name: check the address.";

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
        .route("/watch", get(www::races))
        .route("/watch/", viewer.clone())
        .route("/watch/{room}", viewer)
        .route("/join/{room}", get(www::invitation))
        .fallback_service(page);
    // What watches the relay may call it by any name.
    let probes = Router::new()
        .route("/readyz", get(readyz))
        .route("/healthz", get(healthz))
        .with_state(Arc::clone(&services));
    let router = match services.config.telemetry_url.clone() {
        Some(collector) => headers::allow_collector(router, &collector)?,
        None => router,
    };
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
async fn readyz(State(services): State<Arc<Services>>, RawQuery(query): RawQuery) -> Response {
    let servers = &services.servers;
    let asked = match (
        is_named(query.as_deref()),
        servers.named_in(query.as_deref()),
    ) {
        (_, None) => return no_server(),
        (true, Some(server)) => vec![server],
        (false, Some(_default)) => servers.all().collect(),
    };
    let mut answers: FuturesUnordered<_> = asked.iter().copied().map(ask).collect();
    let mut reasons = String::new();
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(()) => return plain(StatusCode::OK, ready(&asked)),
            Err(reason) => reasons += &reason,
        }
    }
    plain(StatusCode::SERVICE_UNAVAILABLE, reasons)
}

/// Say that players can be let in, and of which generation the game servers are, as far as that is known.
fn ready(asked: &[&Arc<Server>]) -> String {
    let known = asked.iter().filter_map(|server| {
        let generation = server.generation.known()?;
        let name = server.name.as_ref().map(ServerName::as_str);
        let name = name.unwrap_or("the game server");
        Some(format!("{name} is of the {generation} generation"))
    });
    let known: Vec<_> = known.collect();
    match known.as_slice() {
        [] => "ready\n".to_owned(),
        known => format!("ready: {}\n", known.join(", ")),
    }
}

/// Ask whether a game server lets players in. The reason why not names it.
async fn ask(server: &Arc<Server>) -> Result<(), String> {
    let answer = server.readiness.ask().await;
    answer.map_err(|reason| match &server.name {
        Some(name) => format!("{name}: {reason}\n"),
        None => format!("{reason}\n"),
    })
}

/// What a page needs to start.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageConfig<'a> {
    version: &'a str,
    udp_secret: &'a str,
    update_hz: u32,
    insecure: bool,
    /// Left out while it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<&'static str>,
    features: Features,
    #[serde(skip_serializing_if = "Option::is_none")]
    telemetry_url: Option<String>,
    /// All game servers, if they have names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    servers: Vec<ListedServer<'a>>,
}

/// A game server that a player can choose.
#[derive(Serialize)]
struct ListedServer<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
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
async fn config(
    State(services): State<Arc<Services>>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> Response {
    let config = &services.config;
    let answer = match services.servers.named_in(query.as_deref()) {
        Some(server) => Json(page_config(&services, server)).into_response(),
        None => no_server(),
    };
    match request.get(header::ORIGIN) {
        Some(origin) if origin::is_allowed(&request, config) => {
            headers::shared_with(origin.clone(), answer)
        }
        _ => answer,
    }
}

fn page_config<'a>(services: &'a Services, server: &'a Server) -> PageConfig<'a> {
    let config = &services.config;
    let listed = services.servers.all().filter_map(|server| {
        Some(ListedServer {
            name: server.name.as_ref()?.as_str(),
            label: server.label.as_ref().map(Label::as_str),
        })
    });
    PageConfig {
        version: env!("CARGO_PKG_VERSION"),
        udp_secret: server.secret.reveal(),
        update_hz: config.update_hz,
        insecure: server.is_insecure,
        generation: server.generation.known().map(Generation::name),
        features: Features {
            resume: !config.resume.is_zero(),
            spectate: server.spectators.is_some(),
            ..Features::default()
        },
        telemetry_url: config.telemetry_url.as_ref().map(TelemetryUrl::address),
        servers: listed.collect(),
    }
}

/// Answer a request that names a game server which is not configured.
fn no_server() -> Response {
    plain(StatusCode::NOT_FOUND, format!("{UNKNOWN_SERVER}\n"))
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
