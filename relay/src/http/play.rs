//! `GET /ws`: lets players in (contract 1). Once the WebSocket handshake is valid, every refusal is a close code, because a
//! browser does not tell a page why a handshake was refused.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::Response;
use protocol::frame::{CloseCode, SUBPROTOCOL};
use tokio::time::timeout;

use super::{Peer, Services, origin, upgrade};
use crate::close::CloseReason;
use crate::limits::{Full, Slot};
use crate::metrics::{ClientKind, Limit, Refusal};
use crate::players::Players;
use crate::players::outbox::Outbox;
use crate::players::websocket::WebSocket;

/// Letters of a refused origin that are logged. Real origins are shorter.
const MAX_LOGGED_ORIGIN: usize = 200;

/// Why a client is not let in: for the client, and for the count.
pub(super) type Refused = (CloseReason, Refusal);

/// Upgrade a player.
pub(super) async fn player(
    State(services): State<Arc<Services>>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
) -> Response {
    let switch = match upgrade::accept(&request, SUBPROTOCOL) {
        Ok(switch) => switch,
        Err(refusal) => return *refusal,
    };
    let is_allowed = origin::is_allowed(request.headers(), &services.config);
    let refused = (!is_allowed).then(|| origin_refused(&request));
    let upgraded = hyper::upgrade::on(&mut request);
    let lifecycle = services.lifecycle.clone();
    lifecycle.spawn_connection(async move {
        // It fails if the client has hung up meanwhile.
        let Ok(upgraded) = upgraded.await else { return };
        let Ok(socket) = WebSocket::over(upgraded).await else {
            return;
        };
        let slot = match refused {
            Some(refused) => Err(refused),
            None => enter(&services.players, peer),
        };
        match slot {
            // Only now it is a player's session, for which a drain waits.
            Ok(slot) => {
                let players = Arc::clone(&services);
                services.lifecycle.spawn(async move {
                    players.players.bridge(socket, peer).await;
                    drop(slot);
                });
            }
            Err(refused) => refuse(socket, ClientKind::Player, refused, peer, &services).await,
        }
    });
    switch
}

fn enter(players: &Players, peer: IpAddr) -> Result<Slot, Refused> {
    let attempts = players.attempts.as_ref();
    if attempts.is_some_and(|attempts| !attempts.allow(peer)) {
        let text = "Too many attempts to connect from this address: wait a moment.";
        return Err((CloseReason::new(CloseCode::Full, text), Refusal::Attempts));
    }
    players.slots.enter(peer).map_err(full)
}

fn full(which: Full) -> Refused {
    let (text, counted) = match which {
        Full::InAll => ("The relay is full: try again later.", Refusal::Full),
        Full::OfAddress => (
            "Too many players are connected from this address: try again later.",
            Refusal::Address,
        ),
    };
    (CloseReason::new(CloseCode::Full, text), counted)
}

/// Tell a client why it is refused. It holds a slot until it has been told, and is dropped if no slot is free.
pub(super) async fn refuse(
    mut socket: WebSocket,
    who: ClientKind,
    (reason, counted): Refused,
    peer: IpAddr,
    services: &Services,
) {
    services.metrics.refused(who, counted);
    let Ok(_slot) = services.refusals.enter(peer) else {
        return services.metrics.reached(Limit::Refusals);
    };
    if let Some(left_out) = services.refusal_lines.next() {
        tracing::info!(%peer, code = reason.code.number(), left_out, "{reason}");
    }
    let mut nothing = Outbox::default();
    let close = socket.close(&mut nothing, &reason);
    tokio::select! {
        _closed_or_not = timeout(services.config.timeouts.close, close) => {}
        () = services.lifecycle.closing.cancelled() => {}
    }
}

fn origin_refused(request: &Request) -> Refused {
    let origin = request.headers().get(header::ORIGIN);
    let origin = origin
        .and_then(|origin| origin.to_str().ok())
        .unwrap_or("?");
    let shown: String = origin.chars().take(MAX_LOGGED_ORIGIN).collect();
    let reason = CloseReason::new(
        CloseCode::NotAllowed,
        "Pages of this site may not connect here: the relay's operator can allow it.",
    );
    let cause = format!("to allow it, use --allow-origin {shown}");
    (reason.with_cause(cause), Refusal::Origin)
}
