//! What a server sends, with the members in the order of the recordings.

use std::sync::Arc;

use protocol::id::{RoomId, SessionId};
use serde::Serialize;

use super::json_format::to_json;
use super::room::{Listing, Player, StartingPlaces};

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
        spawn_positions: StartingPlaces<'a>,
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
    Update {
        session_id: &'a str,
        position: Position,
        rotation: Rotation,
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

/// A place in metres. It must be finite to be written.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Position {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) z: f32,
}

/// A rotation as a quaternion. It must be finite to be written.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Rotation {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) z: f32,
    pub(crate) w: f32,
}

impl Reply<'_> {
    /// Write the line. It is shared, since some go to many.
    pub(crate) fn to_line(&self) -> Arc<str> {
        to_json(self).into()
    }
}
