//! The text for spectators: the room and its players, as contract 2 has it.

use protocol::id::{RoomId, SessionId};
use serde::Serialize;

use super::Room;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Text<'a> {
    room: &'a RoomId,
    name: &'a str,
    host_id: Option<&'a SessionId>,
    is_active: bool,
    players: Vec<Player<'a>>,
}

#[derive(Serialize)]
struct Player<'a> {
    index: u8,
    id: &'a SessionId,
    name: &'a str,
}

impl Room {
    /// Write the text for spectators.
    pub(crate) fn text(&self) -> String {
        let players = self.players.iter().map(|(id, player)| Player {
            index: player.index,
            id,
            name: &player.name,
        });
        let mut players: Vec<_> = players.collect();
        players.sort_by_key(|player| player.index);
        let text = Text {
            room: &self.id,
            name: &self.name,
            host_id: self.host.as_ref(),
            is_active: self.is_active,
            players,
        };
        // Serialising strings, ids and lists of them does not fail.
        serde_json::to_string(&text).unwrap_or_default()
    }
}
