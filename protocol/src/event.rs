//! What the server says over TCP: every reply and push of the first generation (facts, sections 2.1 and 3), read from
//! one line. An unknown line is kept whole, so that a newer server does no harm.

use serde::Serialize;

use crate::geometry::Vec3;
use crate::id::{RoomId, SessionId};
use crate::json::{Object, Value};

/// A line of the game server.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The welcome: the connection stands and this is its id.
    Connected {
        /// The id of this session.
        session_id: SessionId,
    },
    /// The name is accepted, and the player is signed in.
    NameOk {
        /// The name as the server has it.
        name: String,
        /// Signed in; always true on the first generation.
        authenticated: bool,
        /// Datagrams up are sealed; always true on the first generation.
        udp_encryption: bool,
    },
    /// The password was right.
    AuthOk {
        /// The name as the server has it.
        name: String,
    },
    /// Name or password were refused.
    AuthFailed {
        /// The server's reason.
        message: String,
    },
    /// The answer to a ping.
    Pong,
    /// What the server knows of this session.
    PlayerInfo(PlayerInfo),
    /// All rooms, in no particular order.
    RoomList(Vec<Room>),
    /// The room is made and entered.
    RoomCreated {
        /// The new room.
        room_id: RoomId,
        /// Its name as the server has it.
        name: String,
    },
    /// The room is entered.
    JoinOk {
        /// The room.
        room_id: RoomId,
    },
    /// The room is left.
    LeaveOk {
        /// The room that was left.
        room_id: RoomId,
    },
    /// The players of the room. Players that are gone may be among them (facts, Q6).
    RoomPlayers {
        /// The room.
        room_id: RoomId,
        /// Its players, in no particular order.
        players: Vec<Player>,
    },
    /// The race begins.
    GameStarted(GameStarted),
    /// The text was passed on.
    RelayOk {
        /// To whom.
        target_id: SessionId,
    },
    /// A player sent a text to this one.
    RelayedMessage {
        /// Who sent it.
        sender_id: SessionId,
        /// The name the sender goes by now.
        sender_name: String,
        /// The text.
        message: String,
    },
    /// Goodbye; the connection ends after this.
    ByeOk,
    /// An administrator ends the connection (facts, section 3).
    ByeAdmin {
        /// The server's reason.
        message: String,
    },
    /// A command was refused. The line does not say which.
    Error {
        /// The server's reason.
        message: String,
    },
    /// The server does not know a command.
    UnknownCommand {
        /// The command's word in upper case.
        original: String,
    },
    /// Anything else, kept whole.
    Unknown(String),
}

/// What the server knows of this session. Serialised as JavaScript gets it, like rooms and players.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayerInfo {
    /// The session's id.
    pub id: SessionId,
    /// The player's name.
    pub name: String,
    /// The current room.
    pub room_id: Option<RoomId>,
}

/// One room of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// The room's id.
    pub id: RoomId,
    /// Its name; need not be unique.
    pub name: String,
    /// The number of its players, including those that are gone (facts, Q6).
    pub player_count: u32,
    /// The race was started. It stays so for good.
    pub is_active: bool,
    /// The player that may start it. May be gone.
    pub host_id: Option<SessionId>,
}

/// One player of a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Player {
    /// The player's session.
    pub id: SessionId,
    /// The name the room knows the player by.
    pub name: String,
}

/// The race begins.
#[derive(Debug, Clone, PartialEq)]
pub struct GameStarted {
    /// The room.
    pub room_id: RoomId,
    /// Who started it; absent in the copy that only the host gets (facts, Q9).
    pub host_id: Option<SessionId>,
    /// Where each player starts, in order of their ids. Two may share a place (facts, Q10 and Q11).
    pub spawns: Vec<(SessionId, Spawn)>,
}

/// Where a player starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spawn {
    /// A place (first generation).
    Place(Vec3),
    /// A number in a grid the client knows (later servers).
    Index(u32),
}

/// The most spawns that are read. A race has twenty.
const MAX_SPAWNS: usize = 256;

/// The prefix of the welcome, the only line of the first generation that is not JSON.
const WELCOME: &str = "CONNECTED|";

impl Event {
    /// Read a line. An unknown line becomes [`Event::Unknown`], whole.
    pub fn parse(line: &str) -> Self {
        let welcome = line
            .strip_prefix(WELCOME)
            .and_then(|id| id.trim_ascii_end().parse().ok());
        if let Some(session_id) = welcome {
            return Self::Connected { session_id };
        }
        read(line).unwrap_or_else(|| Self::Unknown(line.to_owned()))
    }
}

/// Read a line of JSON. `None` if it is not a known line or lacks a member that its kind needs.
fn read(line: &str) -> Option<Event> {
    let fields = Object::parse(line)?;
    Some(match fields.str("command")? {
        "CONNECTED" => Event::Connected {
            session_id: fields.id("sessionId")?,
        },
        "NAME_OK" => Event::NameOk {
            name: fields.string("name")?,
            authenticated: fields.bool("authenticated").unwrap_or(true),
            udp_encryption: fields.bool("udpEncryption").unwrap_or(true),
        },
        "AUTH_OK" => Event::AuthOk {
            name: fields.string("name")?,
        },
        "AUTH_FAILED" => Event::AuthFailed {
            message: fields.string("message")?,
        },
        "PONG" => Event::Pong,
        "PLAYER_INFO" => Event::PlayerInfo(player_info(fields.object("playerInfo")?)?),
        "ROOM_LIST" => Event::RoomList(list(&fields, "rooms", room)?),
        "ROOM_CREATED" => Event::RoomCreated {
            room_id: fields.id("roomId")?,
            name: fields.string("name")?,
        },
        "JOIN_OK" => Event::JoinOk {
            room_id: fields.id("roomId")?,
        },
        "LEAVE_OK" => Event::LeaveOk {
            room_id: fields.id("roomId")?,
        },
        "ROOM_PLAYERS" => Event::RoomPlayers {
            room_id: fields.id("roomId")?,
            players: list(&fields, "players", player)?,
        },
        "GAME_STARTED" => Event::GameStarted(GameStarted {
            room_id: fields.id("roomId")?,
            host_id: fields.id("hostId"),
            spawns: spawns(fields.object("spawnPositions"))?,
        }),
        "RELAY_OK" => Event::RelayOk {
            target_id: fields.id("targetId")?,
        },
        "RELAYED_MESSAGE" => Event::RelayedMessage {
            sender_id: fields.id("senderId")?,
            sender_name: fields.string("senderName")?,
            message: fields.string("message")?,
        },
        "BYE_OK" => Event::ByeOk,
        "BYE_ADMIN" => Event::ByeAdmin {
            message: fields.string("message")?,
        },
        "ERROR" => Event::Error {
            message: fields.string("message")?,
        },
        "UNKNOWN_COMMAND" => Event::UnknownCommand {
            original: fields.string("originalCommand")?,
        },
        _ => return None,
    })
}

/// Read a list of objects with `read`. One that cannot be read is left out: the others are still worth showing.
fn list<T>(
    fields: &Object<'_>,
    name: &str,
    read: impl Fn(&Object<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let objects = fields.list(name)?.iter().filter_map(Value::as_object);
    Some(objects.filter_map(read).collect())
}

/// Servers write these in Pascal case, later ones and documents in camel case (facts, section 2.1).
fn player_info(fields: &Object<'_>) -> Option<PlayerInfo> {
    let names = ["PlayerName", "playerName", "name"];
    Some(PlayerInfo {
        id: fields.id("Id").or_else(|| fields.id("id"))?,
        name: names.into_iter().find_map(|name| fields.string(name))?,
        room_id: fields
            .id("CurrentRoomId")
            .or_else(|| fields.id("currentRoomId")),
    })
}

fn room(fields: &Object<'_>) -> Option<Room> {
    Some(Room {
        id: fields.id("id")?,
        name: fields.string("name")?,
        player_count: fields.integer("playerCount")?,
        is_active: fields.bool("isActive")?,
        host_id: fields.id("hostId"),
    })
}

fn player(fields: &Object<'_>) -> Option<Player> {
    Some(Player {
        id: fields.id("id")?,
        name: fields.string("name")?,
    })
}

fn spawns(positions: Option<&Object<'_>>) -> Option<Vec<(SessionId, Spawn)>> {
    let Some(positions) = positions else {
        return Some(Vec::new());
    };
    let mut spawns: Vec<(SessionId, Spawn)> = Vec::new();
    let objects = positions.0.iter();
    let objects = objects.filter_map(|(id, value)| Some((id, value.as_object()?)));
    for (id, fields) in objects.take(MAX_SPAWNS) {
        let spawn = match fields.integer("spawnIndex") {
            Some(index) => Spawn::Index(index),
            None => Spawn::Place(fields.vec3()?),
        };
        let id = id.parse().ok()?;
        let place = spawns.partition_point(|(other, _)| *other < id);
        spawns.insert(place, (id, spawn));
    }
    Some(spawns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const R: &str = "11111111111111111111111111111111";

    fn parse(line: &str) -> Event {
        Event::parse(&line.replace("$A", A).replace("$B", B).replace("$R", R))
    }

    fn a() -> SessionId {
        A.parse().unwrap()
    }

    fn room() -> RoomId {
        R.parse().unwrap()
    }

    #[test]
    fn replies_without_content_worth_a_type_are_read() {
        assert_eq!(parse("CONNECTED|$A"), Event::Connected { session_id: a() });
        assert_eq!(
            parse(r#"{"command":"CONNECTED","sessionId":"$A"}"#),
            Event::Connected { session_id: a() }
        );
        assert_eq!(parse(r#"{"command":"PONG"}"#), Event::Pong);
        assert_eq!(parse(r#"{"command":"BYE_OK"}"#), Event::ByeOk);
        assert_eq!(
            parse(r#"{"command":"JOIN_OK","roomId":"$R"}"#),
            Event::JoinOk { room_id: room() }
        );
        assert_eq!(
            parse(r#"{"command":"LEAVE_OK","roomId":"$R"}"#),
            Event::LeaveOk { room_id: room() }
        );
        assert_eq!(
            parse(r#"{"command":"RELAY_OK","targetId":"$A"}"#),
            Event::RelayOk { target_id: a() }
        );
        let unknown = Event::UnknownCommand {
            original: "BATCH".into(),
        };
        assert_eq!(
            parse(r#"{"command":"UNKNOWN_COMMAND","originalCommand":"BATCH"}"#),
            unknown
        );
    }

    #[test]
    fn texts_are_unescaped() {
        let line = r#"{"command":"RELAYED_MESSAGE","senderId":"$A","senderName":"Zo\u00EB","message":"\uD83C\uDFC1 \u002B"}"#;
        let message = Event::RelayedMessage {
            sender_id: a(),
            sender_name: "Zoë".into(),
            message: "🏁 +".into(),
        };
        assert_eq!(parse(line), message);
    }

    #[test]
    fn both_spellings_of_player_info_are_read() {
        let expected = |room_id| {
            Event::PlayerInfo(PlayerInfo {
                id: a(),
                name: "Ann".into(),
                room_id,
            })
        };
        for (line, room_id) in [
            (
                r#"{"command":"PLAYER_INFO","playerInfo":{"Id":"$A","PlayerName":"Ann","CurrentRoomId":null}}"#,
                None,
            ),
            (
                r#"{"command":"PLAYER_INFO","playerInfo":{"Id":"$A","PlayerName":"Ann","CurrentRoomId":"$R"}}"#,
                Some(room()),
            ),
            (
                r#"{"command":"PLAYER_INFO","playerInfo":{"id":"$A","playerName":"Ann","currentRoomId":"$R"}}"#,
                Some(room()),
            ),
            (
                r#"{"command":"PLAYER_INFO","playerInfo":{"id":"$A","name":"Ann","currentRoomId":null}}"#,
                None,
            ),
        ] {
            assert_eq!(parse(line), expected(room_id), "{line}");
        }
    }

    #[test]
    fn a_room_whose_host_is_no_id_is_listed_without_host() {
        let line = r#"{"command":"ROOM_LIST","rooms":[{"id":"$R","name":"go","playerCount":2,"isActive":true,"hostId":""}]}"#;
        let expected = Room {
            id: room(),
            name: "go".into(),
            player_count: 2,
            is_active: true,
            host_id: None,
        };
        assert_eq!(parse(line), Event::RoomList(vec![expected]));
    }

    #[test]
    fn an_entry_of_a_list_that_cannot_be_read_is_left_out_alone() {
        let good = r#"{"id":"$R","name":"go","playerCount":2,"isActive":true,"hostId":"$A"}"#;
        let Event::RoomList(expected) =
            parse(&format!(r#"{{"command":"ROOM_LIST","rooms":[{good}]}}"#))
        else {
            panic!("not read")
        };
        for odd in [
            "7",
            "null",
            "[]",
            "{}",
            &good.replace("$R", ""),
            &good.replace("\"go\"", "null"),
            &good.replace("2", "-1"),
            &good.replace("2", "1e300"),
            &good.replace("2", "\"2\""),
            &good.replace("true", "1"),
        ] {
            let line = format!(r#"{{"command":"ROOM_LIST","rooms":[{odd},{good},{odd}]}}"#);
            assert_eq!(parse(&line), Event::RoomList(expected.clone()), "{odd}");
        }
        let line = r#"{"command":"ROOM_PLAYERS","roomId":"$R","players":[{"id":5},{"id":"$A","name":"Ann"}]}"#;
        let players = vec![Player {
            id: a(),
            name: "Ann".into(),
        }];
        let room_id = room();
        assert_eq!(parse(line), Event::RoomPlayers { room_id, players });
    }

    #[test]
    fn spawns_come_in_order_of_ids_as_place_or_number() {
        let line = r#"{"command":"GAME_STARTED","roomId":"$R","hostId":"$A","spawnPositions":{"$B":{"x":60,"y":-2,"z":0.8},"$A":{"spawnIndex":3}}}"#;
        let Event::GameStarted(started) = parse(line) else {
            panic!("not read")
        };
        assert_eq!(started.host_id, Some(a()));
        let place = Spawn::Place(Vec3::new(60.0, -2.0, 0.8));
        assert_eq!(
            started.spawns,
            [(a(), Spawn::Index(3)), (B.parse().unwrap(), place)]
        );
    }

    #[test]
    fn an_unknown_line_is_kept_whole() {
        for line in [
            "",
            "nonsense",
            "CONNECTED|",
            "[]",
            r#"{"command":"PLAYER_JOINED","sessionId":"x"}"#,
            r#"{"slots":[],"type":"INV_STATE_FULL"}"#,
            r#"{"command":"JOIN_OK"}"#,
            r#"{"command":"JOIN_OK","roomId":5}"#,
        ] {
            assert_eq!(Event::parse(line), Event::Unknown(line.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "\\PC*|\\{\"command\":\"[A-Z_]{1,16}\",\"[a-zA-Z]{1,12}\":[0-9a-z\"{}\\[\\]:,]*\\}") {
            let _ = Event::parse(&line);
        }
    }
}
