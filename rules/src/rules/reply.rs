//! What a server sends, with the members in the order of the recordings.

use std::sync::Arc;

use protocol::geometry::{Quat, Vec3};
use protocol::id::{RoomId, SessionId};
use serde::Serialize;

use super::json_format::to_json;
use super::room::{Listing, Player, starting_places};

/// A line, or the text of a datagram.
#[derive(Serialize)]
#[serde(
    tag = "command",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Reply<'a> {
    NameOk {
        name: &'a str,
        authenticated: bool,
        udp_encryption: bool,
    },
    AuthOk {
        name: &'a str,
    },
    AuthFailed {
        message: &'a str,
    },
    Error {
        message: &'a str,
    },
    UnknownCommand {
        original_command: &'a str,
    },
    Pong,
    PlayerInfo {
        player_info: PlayerInfo<'a>,
    },
    RoomList {
        rooms: Vec<Listing<'a>>,
    },
    RoomCreated {
        room_id: RoomId,
        name: &'a str,
    },
    JoinOk {
        room_id: RoomId,
    },
    LeaveOk {
        room_id: RoomId,
    },
    RoomPlayers {
        room_id: RoomId,
        players: &'a [Player],
    },
    GameStarted {
        room_id: RoomId,
        #[serde(skip_serializing_if = "Option::is_none")]
        host_id: Option<SessionId>,
        #[serde(serialize_with = "starting_places")]
        spawn_positions: &'a [Player],
    },
    RelayedMessage {
        sender_id: SessionId,
        sender_name: &'a str,
        message: &'a str,
    },
    RelayOk {
        target_id: &'a str,
    },
    ByeOk,
    ByeAdmin {
        message: &'a str,
    },
    /// Place and rotation must be finite to be written.
    Update {
        session_id: &'a str,
        position: Vec3,
        rotation: Quat,
    },
}

/// A session as `PLAYER_INFO` shows it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlayerInfo<'a> {
    pub(crate) id: SessionId,
    pub(crate) player_name: &'a str,
    pub(crate) current_room_id: Option<RoomId>,
}

impl Reply<'_> {
    /// Write the line. It is shared, since some go to many.
    pub(crate) fn to_line(&self) -> Arc<str> {
        to_json(self).into()
    }
}
