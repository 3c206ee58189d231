//! What a server sends, with the members in the order of the recordings.

use std::sync::Arc;

use protocol::geometry::{Quat, Vec3};
use protocol::id::{RoomId, SessionId};
use serde::{Serialize, Serializer};

use super::json_format::to_json;
use super::room::{Listing, Member, Player};

/// A line, or the text of a datagram.
#[derive(Serialize)]
#[serde(
    tag = "command",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Reply<'a> {
    /// The welcome of later servers.
    Connected {
        session_id: SessionId,
    },
    /// Later servers say no more than the name.
    NameOk {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        authenticated: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        udp_encryption: Option<bool>,
    },
    AuthOk {
        name: &'a str,
    },
    AuthFailed {
        message: &'a str,
    },
    RegisterOk {
        user_id: i64,
        username: &'a str,
        token: &'a str,
    },
    RegisterFailed {
        message: &'a str,
    },
    LoginOk {
        user_id: i64,
        username: &'a str,
        token: &'a str,
    },
    LoginFailed {
        message: &'a str,
    },
    AutoAuthOk {
        user_id: i64,
        username: &'a str,
    },
    AutoAuthFailed {
        message: &'a str,
    },
    Error {
        message: &'a str,
    },
    /// Servers with envelopes say which line they refuse.
    #[serde(rename = "ERROR")]
    NotSignedIn {
        message: &'a str,
        ack_for: Option<&'a str>,
    },
    UnknownCommand {
        original_command: &'a str,
    },
    Ping,
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
        #[serde(skip_serializing_if = "Option::is_none")]
        max_players: Option<i32>,
    },
    JoinOk {
        room_id: RoomId,
        #[serde(skip_serializing_if = "Option::is_none")]
        auto_joined: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        players: Option<Vec<Member>>,
    },
    PlayerJoined {
        session_id: SessionId,
        name: &'a str,
        room_id: RoomId,
    },
    PlayerLeft {
        session_id: SessionId,
        name: &'a str,
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
        spawn_positions: Starts<'a>,
    },
    MessageOk,
    Chat {
        room_id: RoomId,
        sender_name: &'a str,
        message: &'a str,
        timestamp: &'a str,
    },
    HeartbeatAck {
        ack_for: Option<&'a str>,
        server_timestamp_ms: u64,
        session_id: SessionId,
    },
    Snapshot {
        ack_for: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        room_id: Option<RoomId>,
        players: &'a [Player],
    },
    PlayerKilled {
        killer_id: SessionId,
        killer_name: &'a str,
        victim_id: SessionId,
        victim_name: &'a str,
    },
    RespawnOk {
        spawn_index: usize,
    },
    PlayerRespawned {
        session_id: SessionId,
        player_name: &'a str,
        spawn_index: usize,
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
        /// The sender's count, on servers that pass it on.
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<i32>,
        position: Vec3,
        rotation: Quat,
    },
}

/// A session as `PLAYER_INFO` shows it.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum PlayerInfo<'a> {
    #[serde(rename_all = "PascalCase")]
    Pascal {
        id: SessionId,
        player_name: &'a str,
        current_room_id: Option<RoomId>,
    },
    #[serde(rename_all = "camelCase")]
    Camel {
        id: SessionId,
        player_name: &'a str,
        current_room_id: Option<RoomId>,
    },
}

/// Where each player starts, by id.
#[derive(Clone, Copy)]
pub(crate) enum Starts<'a> {
    /// In metres.
    Places(&'a [Player]),
    /// In a grid that the client knows.
    Numbers(&'a [Player]),
}

impl Serialize for Starts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Places(players) => {
                let places = players
                    .iter()
                    .map(|player| (player.id, player.starting_place()));
                serializer.collect_map(places)
            }
            Self::Numbers(players) => {
                let numbers = players
                    .iter()
                    .map(|player| (player.id, player.start_number()));
                serializer.collect_map(numbers)
            }
        }
    }
}

impl Reply<'_> {
    /// Write the line. It is shared, since some go to many.
    pub(crate) fn to_line(&self) -> Arc<str> {
        to_json(self).into()
    }
}
