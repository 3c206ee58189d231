//! `GET /api/rooms`: which rooms there are, which of them can be seen, and how many watch.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use protocol::event::Room;
use protocol::id::{RoomId, SessionId};
use serde::Serialize;

use super::{Services, plain};
use crate::spectators::{Spectators, room};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    id: &'a RoomId,
    name: &'a str,
    player_count: u32,
    /// An id of the relay's, as spectators know the player. Session ids are keys.
    host_id: Option<SessionId>,
    is_active: bool,
    /// Positions are known, since a player is connected through this relay.
    live: bool,
    spectators: usize,
    /// How much later than it happened everything is shown.
    delay_ms: u128,
}

/// List the rooms.
pub(super) async fn rooms(State(services): State<Arc<Services>>) -> Response {
    let Some(spectators) = &services.spectators else {
        let reason = "This relay shows no races: its operator can allow it.\n";
        return plain(StatusCode::NOT_FOUND, reason);
    };
    match spectators.list.ask().await {
        Ok(rooms) => {
            let listed = rooms.iter().map(|room| listed(room, spectators));
            Json(listed.collect::<Vec<_>>()).into_response()
        }
        Err(reason) => plain(StatusCode::BAD_GATEWAY, reason + "\n"),
    }
}

fn listed<'a>(room: &'a Room, spectators: &Spectators) -> Listed<'a> {
    let here = spectators.rooms.find(&room.id);
    Listed {
        id: &room.id,
        name: &room.name,
        player_count: room.player_count,
        host_id: room.host_id.and_then(|host| spectators.rooms.ids.of(&host)),
        is_active: room.is_active,
        live: here
            .as_ref()
            .is_some_and(|here| here.look(room::Room::is_live)),
        spectators: here.map_or(0, |here| here.spectators()),
        delay_ms: spectators.delay.as_millis(),
    }
}
