//! `GET /spectate/ROOM_ID`: lets spectators in (contract 2). Pages of every site may show a race: a browser sends nothing
//! by itself, such as a cookie, that grants access here.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use hyper::upgrade::Upgraded;
use protocol::frame::CloseCode;
use protocol::id::RoomId;
use protocol::spectate::{SUBPROTOCOL, TOKEN_PREFIX};

use super::play::{Refused, refuse, unknown_server};
use super::{Peer, Services, upgrade};
use crate::close::CloseReason;
use crate::limits::{Full, Slot};
use crate::log::ConnectionId;
use crate::metrics::{ClientKind, Refusal};
use crate::players::websocket::{WebSocket, raw};
use crate::servers::Server;
use crate::spectators::{Denied, Spectators};

/// Upgrade a spectator. Refusals are close codes, as for players.
pub(super) async fn spectator(
    State(services): State<Arc<Services>>,
    Extension(Peer(peer)): Extension<Peer>,
    Path(room): Path<String>,
    mut request: Request,
) -> Response {
    let switch = match upgrade::accept(&request, SUBPROTOCOL) {
        Ok(switch) => switch,
        Err(refusal) => return *refusal,
    };
    let token = upgrade::offered(request.headers(), TOKEN_PREFIX).map(str::to_owned);
    let server = services.servers.named_in(request.uri().query()).cloned();
    let upgraded = hyper::upgrade::on(&mut request);
    let lifecycle = services.lifecycle.clone();
    lifecycle.spawn_connection(async move {
        // It fails if the client has hung up meanwhile.
        if let Ok(upgraded) = upgraded.await {
            let server = server.as_deref();
            admit(upgraded, server, token.as_deref(), &room, peer, &services).await;
        }
    });
    switch
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::TokenMissing | Denied::TokenWrong => Self::Token,
            Denied::TooManyWrong { .. } => Self::Attempts,
        }
    }
}

/// Show the room to a client, or tell it why it may not watch.
async fn admit(
    upgraded: Upgraded,
    server: Option<&Server>,
    token: Option<&str>,
    room: &str,
    peer: IpAddr,
    services: &Services,
) {
    match check(server, token, room, peer) {
        Ok((spectators, room, slot)) => {
            if let Ok(connection) = raw(upgraded) {
                spectators.show(&room, connection, slot);
            }
        }
        Err(refused) => {
            if let Ok(socket) = WebSocket::over(upgraded, &services.metrics).await {
                let client = (peer, ConnectionId::next());
                refuse(socket, ClientKind::Spectator, refused, client, services).await;
            }
        }
    }
}

fn check<'a>(
    server: Option<&'a Server>,
    token: Option<&str>,
    room: &str,
    peer: IpAddr,
) -> Result<(&'a Spectators, RoomId, Slot), Refused> {
    let not_allowed = |text| CloseReason::new(CloseCode::NotAllowed, text);
    let full = |text| CloseReason::new(CloseCode::Full, text);
    let server = server.ok_or_else(unknown_server)?;
    let Some(spectators) = &server.spectators else {
        let text = "This relay shows no races: its operator can allow it.";
        return Err((not_allowed(text), Refusal::Off));
    };
    if let Err(denied) = spectators.authorization.check(token, peer) {
        let code = match denied {
            Denied::TokenMissing | Denied::TokenWrong => CloseCode::NotAllowed,
            // Clients try again by themselves after this code.
            Denied::TooManyWrong { .. } => CloseCode::Full,
        };
        return Err((CloseReason::new(code, denied.to_string()), denied.into()));
    }
    let no_room = CloseReason::malformed("The address names no room: /spectate/ROOM_ID.");
    let room = room.parse().map_err(|_| (no_room, Refusal::NoRoom))?;
    let slot = spectators.slots.enter(peer).map_err(|which| match which {
        Full::InAll => (
            full("There are too many spectators: try again later."),
            Refusal::Full,
        ),
        Full::OfAddress => (
            full("Too many spectators are connected from this address: try again later."),
            Refusal::Address,
        ),
    })?;
    Ok((spectators, room, slot))
}
