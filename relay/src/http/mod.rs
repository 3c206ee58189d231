//! Contract 3: the routes that the relay answers over HTTP.

pub(crate) mod accept;
mod compression;
mod headers;
mod metrics;
mod operator;
pub(crate) mod origin;
mod process;
mod rooms;
mod spectate;
mod upgrade;
mod websocket;
mod www;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use protocol::frame::{CloseCode, SUBPROTOCOL};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::close::Ending;
use crate::context::Context;
use crate::limits::admission::NoPlace;
use crate::metrics::{Limit, Refused, Who};
use crate::players::bridge;
use crate::players::outbox::Outbox;
use crate::players::transport::Transport as _;
use websocket::WebSocket;
use www::Www;
pub use www::require_client;

/// Letters of a refused origin that are logged: any real one, and little of what somebody makes up.
const MAX_LOGGED_ORIGIN: usize = 200;

/// Who is at the other end of the connection.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Make the routes.
pub(crate) fn router(context: Arc<Context>) -> anyhow::Result<Router> {
    let www = Arc::new(Www::new(context.config.www.as_deref())?);
    let compressed = compression::CompressedFiles::default();
    let viewer = {
        let www = Arc::clone(&www);
        get(move || www::serve_viewer(Arc::clone(&www)))
    };
    let page = get(move |request: Request| www::serve(Arc::clone(&www), request));
    let [viewer, page] = [viewer, page]
        .map(|files| headers::shared(compression::compressed(files, compressed.clone())));
    let metrics = match context.config.metrics_public {
        true => Router::new().route("/metrics", get(operator::metrics)),
        false => Router::new(),
    };
    let router = Router::new()
        .route("/ws", get(player))
        .route("/spectate/{room}", get(spectate::spectator))
        .route("/api/config", get(config))
        .route("/api/rooms", headers::shared(get(rooms::rooms)))
        .route("/api/{*unknown}", get(unknown))
        .route("/healthz", get(healthz))
        .route("/readyz", get(operator::readyz))
        .merge(metrics)
        .with_state(context)
        .route("/watch/{room}", viewer)
        .fallback_service(page);
    Ok(headers::guarded(router))
}

/// Make the routes of the operator's own port. They keep no relay alive.
pub(crate) fn operators_router(context: &Arc<Context>) -> Router {
    let router = Router::new()
        .route("/metrics", get(operator::metrics))
        .route("/readyz", get(operator::readyz))
        .with_state(operator::Operated::weak(context))
        .route("/healthz", get(healthz));
    headers::guarded(router)
}

async fn healthz() -> &'static str {
    "ok\n"
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

/// Tell a page what it needs. Those of other sites may read it where they may play.
async fn config(State(context): State<Arc<Context>>, request: HeaderMap) -> Response {
    let config = &context.config;
    let answer = Json(PageConfig {
        version: env!("CARGO_PKG_VERSION"),
        udp_secret: config.udp_secret.reveal(),
        update_hz: config.update_hz,
        insecure: config.is_insecure(),
        features: Features {
            spectate: context.hub.is_some(),
            ..Features::default()
        },
    });
    let answer = answer.into_response();
    match request.get(header::ORIGIN) {
        Some(origin) if origin::is_allowed(&request, &config.allow_origins) => {
            headers::shared_with(origin.clone(), answer)
        }
        _ => answer,
    }
}

async fn unknown() -> Response {
    plain(
        StatusCode::NOT_FOUND,
        "The relay has no such address; those here are /api/config and /api/rooms.\n",
    )
}

fn plain(status: StatusCode, text: impl Into<String>) -> Response {
    (status, text.into()).into_response()
}

/// Upgrade a player. Once the handshake is a proper one every refusal is a close code, since a browser shows a
/// page nothing of a refused handshake.
async fn player(
    State(context): State<Arc<Context>>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
) -> Response {
    let switch = match upgrade::accept(&request, SUBPROTOCOL) {
        Ok(switch) => switch,
        Err(refusal) => return *refusal,
    };
    let refusal = (!origin::is_allowed(request.headers(), &context.config.allow_origins))
        .then(|| origin_refused(&request));
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        // Who hangs up in between is gone.
        let Ok(upgraded) = upgraded.await else { return };
        let Ok(socket) = WebSocket::over(upgraded).await else {
            return;
        };
        match refusal {
            Some(ending) => {
                context.metrics.refused(Who::Player, Refused::Origin);
                refuse(socket, &ending, peer, &context).await;
            }
            None => admit(socket, peer, &context).await,
        }
    });
    switch
}

type Socket = WebSocket<TcpStream>;

async fn admit(socket: Socket, peer: IpAddr, context: &Context) {
    let (full, counted) = match context.players.enter(peer) {
        Ok(_place) => {
            context.metrics.players_admitted.inc();
            return bridge::run(socket, peer, context).await;
        }
        Err(NoPlace::Full) => ("The relay is full: try again later.", Refused::Full),
        Err(NoPlace::TooManyFromAddress) => (
            "Too many players are connected from this address: try again later.",
            Refused::Address,
        ),
    };
    context.metrics.refused(Who::Player, counted);
    refuse(socket, &Ending::new(CloseCode::Full, full), peer, context).await;
}

async fn refuse(mut socket: Socket, ending: &Ending, peer: IpAddr, context: &Context) {
    let Ok(_place) = context.refusals.enter(peer) else {
        return context.metrics.reached(Limit::Refusals);
    };
    let detail = ending.detail.as_deref().unwrap_or_default();
    tracing::info!(%peer, code = ending.code.number(), "{} {detail}", ending.reason());
    let mut nothing = Outbox::default();
    let close = socket.close(&mut nothing, ending);
    let _closed_or_not = timeout(context.config.patience.close, close).await;
}

fn origin_refused(request: &Request) -> Ending {
    let origin = request.headers().get(header::ORIGIN);
    let origin = origin
        .and_then(|origin| origin.to_str().ok())
        .unwrap_or("?");
    let shown: String = origin.chars().take(MAX_LOGGED_ORIGIN).collect();
    let ending = Ending::new(
        CloseCode::NotAllowed,
        "Pages of this site may not connect here: the relay's operator can allow it.",
    );
    ending.with_detail(format!("To allow it: --allow-origin {shown}"))
}
