//! `GET /api/rooms`: which rooms there are, which of them can be seen, and how many watch.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use headers::authorization::Bearer;
use headers::{Authorization, HeaderMapExt as _};
use protocol::event::Room;
use protocol::id::{RoomId, SessionId};
use serde::Serialize;

use super::{Peer, Services, no_server, plain};
use crate::metrics::ClientKind;
use crate::spectators::{Denied, Spectators, room};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    id: &'a RoomId,
    name: &'a str,
    player_count: u32,
    /// Left out by servers that do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_players: Option<u32>,
    /// An id of the relay's, as spectators know the player. Session ids are keys.
    host_id: Option<SessionId>,
    is_active: bool,
    /// Positions are known, since a player is connected through this relay.
    live: bool,
    spectators: usize,
    /// How much later than it happened everything is shown.
    delay_ms: u128,
}

/// List the rooms for those who may watch them.
pub(super) async fn rooms(
    State(services): State<Arc<Services>>,
    Extension(Peer(peer)): Extension<Peer>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(server) = services.servers.named_in(query.as_deref()) else {
        return no_server();
    };
    let Some(spectators) = &server.spectators else {
        let reason = "This relay shows no races: its operator can allow it.\n";
        return plain(StatusCode::NOT_FOUND, reason);
    };
    let authorization: Option<Authorization<Bearer>> = headers.typed_get();
    let token = authorization.as_ref().map(Authorization::token);
    if let Err(denied) = spectators.authorization.check(token, peer) {
        let metrics = &services.metrics;
        metrics.refused(ClientKind::Spectator, denied.into());
        if let Some(left_out) = services.refusal_lines.next() {
            tracing::info!(%peer, left_out, "no list of rooms: {denied}");
        }
        return refusal(denied);
    }
    match spectators.list.ask().await {
        Ok(rooms) => {
            let listed = rooms.iter().map(|room| listed(room, spectators));
            Json(listed.collect::<Vec<_>>()).into_response()
        }
        Err(reason) => plain(StatusCode::BAD_GATEWAY, reason + "\n"),
    }
}

fn refusal(denied: Denied) -> Response {
    let (status, header) = match denied {
        Denied::TokenMissing | Denied::TokenWrong => (
            StatusCode::UNAUTHORIZED,
            (header::WWW_AUTHENTICATE, "Bearer".to_owned()),
        ),
        Denied::TooManyWrong { wait } => (
            StatusCode::TOO_MANY_REQUESTS,
            (header::RETRY_AFTER, (wait.as_secs() + 1).to_string()),
        ),
    };
    let how = match denied {
        Denied::TokenMissing => " A program sends it as `Authorization: Bearer TOKEN`.",
        Denied::TokenWrong | Denied::TooManyWrong { .. } => "",
    };
    (status, [header], format!("{denied}{how}\n")).into_response()
}

fn listed<'a>(room: &'a Room, spectators: &Spectators) -> Listed<'a> {
    let here = spectators.rooms.find(&room.id);
    Listed {
        id: &room.id,
        name: &room.name,
        player_count: room.player_count,
        max_players: room.max_players,
        host_id: room.host_id.and_then(|host| spectators.rooms.ids.of(&host)),
        is_active: room.is_active,
        live: here
            .as_ref()
            .is_some_and(|here| here.look(room::Room::is_live)),
        spectators: here.map_or(0, |here| here.spectators()),
        delay_ms: spectators.delay.as_millis(),
    }
}
