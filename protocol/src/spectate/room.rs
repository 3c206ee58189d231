//! The text frame that describes the room to a spectator. What is missing or odd in it is left out, so that a newer
//! relay may send more.

use serde::Serialize;

use crate::id::{RoomId, SessionId};
use crate::json::{self, Object, Value};
use crate::snapshot::MAX_CARS;

/// The longest text frame that is read: a room of all the players an index can name, with long names.
pub const MAX_ROOM_BYTES: usize = 256 * 1024;
/// The letters of a name that are kept.
pub const MAX_NAME_LETTERS: usize = 64;
/// The letters of a notice that are kept.
const MAX_NOTICE_LETTERS: usize = 256;

/// A room as the relay describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// The room's id.
    #[serde(rename = "room")]
    pub id: RoomId,
    /// Its name. Empty if the relay does not know it.
    pub name: String,
    /// Its host, if the relay knows it.
    pub host_id: Option<SessionId>,
    /// The race was started.
    pub is_active: bool,
    /// Why the relay cannot show the race, in words for spectators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Its players, at most one for each index.
    pub players: Vec<Player>,
}

/// A player of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Player {
    /// The number of the player's car in the snapshots.
    pub index: u8,
    /// The player's id.
    pub id: SessionId,
    /// The player's name. Empty if the relay does not know it.
    pub name: String,
}

impl Room {
    /// Write the text frame.
    pub fn to_frame(&self) -> String {
        json::to_string(self)
    }

    /// Read a text frame. `None` if it does not describe a room.
    pub fn parse(frame: &str) -> Option<Self> {
        if frame.len() > MAX_ROOM_BYTES {
            return None;
        }
        let fields = Object::parse(frame)?;
        Some(Self {
            id: fields.id("room")?,
            name: name(&fields),
            host_id: fields.id("hostId"),
            is_active: fields.bool("isActive").unwrap_or(false),
            notice: fields
                .str("notice")
                .map(|notice| notice.chars().take(MAX_NOTICE_LETTERS).collect()),
            players: players(&fields),
        })
    }
}

fn players(room: &Object<'_>) -> Vec<Player> {
    let mut players: Vec<Player> = Vec::new();
    let listed = room.list("players").unwrap_or_default();
    for player in listed.iter().filter_map(player) {
        let is_taken = players.iter().any(|other| other.index == player.index);
        if !is_taken && players.len() < MAX_CARS {
            players.push(player);
        }
    }
    players
}

fn player(value: &Value<'_>) -> Option<Player> {
    let fields = value.as_object()?;
    Some(Player {
        index: fields.integer("index")?,
        id: fields.id("id")?,
        name: name(fields),
    })
}

fn name(fields: &Object<'_>) -> String {
    let name = fields.str("name").unwrap_or_default();
    name.chars().take(MAX_NAME_LETTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn player(index: u8, id: &str, name: &str) -> Player {
        let (id, name) = (id.parse().unwrap(), name.into());
        Player { index, id, name }
    }

    #[test]
    fn a_room_is_read_as_the_contract_has_it() {
        let frame = r#"{"room":"r1","name":"go","hostId":"a","isActive":true,
            "players":[{"index":0,"id":"a","name":"Zoë \"1\""},{"index":7,"id":"b","name":""}]}"#;
        let expected = Room {
            id: "r1".parse().unwrap(),
            name: "go".into(),
            host_id: "a".parse().ok(),
            is_active: true,
            notice: None,
            players: vec![player(0, "a", "Zoë \"1\""), player(7, "b", "")],
        };
        assert_eq!(Room::parse(frame), Some(expected));
    }

    #[test]
    fn missing_and_malformed_fields_are_left_out() {
        let frame = r#"{"room":"r1","hostId":null,"isActive":1,"more":[],"players":[
            {"index":1,"id":"a"},{"index":1,"id":"b","name":"again"},{"index":256,"id":"c"},
            {"index":-1,"id":"c"},{"id":"c"},{"index":2},{"index":3,"id":"no id"},7,null]}"#;
        let room = Room::parse(frame).unwrap();
        assert_eq!(room.players, [player(1, "a", "")]);
        assert_eq!(
            (room.name.as_str(), room.host_id, room.is_active),
            ("", None, false)
        );
        assert_eq!(
            Room::parse(r#"{"room":"r1","players":{}}"#)
                .unwrap()
                .players,
            []
        );
    }

    #[test]
    fn a_frame_without_a_room_is_ignored() {
        for frame in [
            "",
            "[]",
            "{}",
            "null",
            r#"{"room":7}"#,
            r#"{"room":""}"#,
            r#"{"room":"r1""#,
        ] {
            assert_eq!(Room::parse(frame), None, "{frame:?}");
        }
    }

    #[test]
    fn players_and_letters_are_bounded() {
        let long = "ä".repeat(1000);
        let many: Vec<String> = (0..256)
            .map(|index| format!(r#"{{"index":{index},"id":"p{index}","name":"{long}"}}"#))
            .collect();
        let frame = |players: &str| format!(r#"{{"room":"r1","players":[{players}]}}"#);
        let room = Room::parse(&frame(&many[..100].join(","))).unwrap();
        assert_eq!(room.players[99].name.chars().count(), MAX_NAME_LETTERS);
        assert_eq!(Room::parse(&frame(&many.join(","))), None, "too long");
        let short: Vec<_> = many
            .iter()
            .map(|player| player.replace(&long, ""))
            .collect();
        let room = Room::parse(&frame(&short.join(","))).unwrap();
        assert_eq!(room.players.len(), MAX_CARS);
    }

    proptest! {
        #[test]
        fn no_text_panics(frame in ".{0,80}", players in ".{0,80}") {
            let _ = Room::parse(&frame);
            let _ = Room::parse(&format!(r#"{{"room":"r1","players":[{players}]}}"#));
        }
    }
}
