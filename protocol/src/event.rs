//! What the server says over TCP: the replies and pushes of all generations (facts, sections 2 and 3), read from one line each, and
//! which commands they answer. An unknown line is kept whole, so that a newer server does no harm.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, EnumString};

use crate::command::CommandKind;
use crate::generation::Generation;
use crate::geometry::Vec3;
use crate::id::{RoomId, SessionId, Token};
use crate::json::{Object, Value};
use crate::refusal;

/// A line of the game server. Its kind is spelt as the line has it.
#[derive(Debug, Clone, PartialEq, EnumDiscriminants)]
#[strum_discriminants(
    name(EventKind),
    doc = "The kind of a line.",
    derive(EnumString, Hash, strum::IntoStaticStr),
    strum(serialize_all = "SCREAMING_SNAKE_CASE")
)]
pub enum Event {
    /// The welcome: the connection stands and this is its id.
    #[strum_discriminants(strum(serialize = "CONNECTED"))]
    Welcome {
        /// The id of this session.
        session_id: SessionId,
        /// The generation, or the first of those that welcome so.
        generation: Generation,
    },
    /// The name is accepted. Without accounts the player is signed in.
    NameOk {
        /// The name as the server has it.
        name: String,
        /// Signed in; always true.
        authenticated: bool,
        /// Datagrams up are sealed; always true.
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
    /// An account is made, and the player is signed in.
    RegisterOk(Account),
    /// No account was made.
    RegisterFailed {
        /// The server's reason.
        message: String,
    },
    /// The player is signed in to its account.
    LoginOk(Account),
    /// The account was refused.
    LoginFailed {
        /// The server's reason.
        message: String,
    },
    /// The player is signed in by a token.
    AutoAuthOk(Account),
    /// The token was refused.
    AutoAuthFailed {
        /// The server's reason.
        message: String,
    },
    /// The server asks for a sign of life (token generation).
    Ping,
    /// The answer to a ping.
    Pong,
    /// The answer to a heartbeat (token generation).
    HeartbeatAck {
        /// The `messageId` of the heartbeat.
        ack_for: Option<String>,
        /// The server's time in milliseconds since 1970.
        server_timestamp_ms: i64,
    },
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
        /// How many players it holds (token generation).
        max_players: Option<u32>,
    },
    /// The room is entered.
    JoinOk {
        /// The room.
        room_id: RoomId,
        /// Who was in it before (token generation).
        players: Option<Vec<Player>>,
    },
    /// Somebody entered the room (token generation).
    PlayerJoined {
        /// The room.
        room_id: RoomId,
        /// Who.
        player: Player,
    },
    /// Somebody left the room, or was cut off (token generation).
    PlayerLeft {
        /// The room.
        room_id: RoomId,
        /// Who.
        player: Player,
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
    /// The text was sent to the room (chat generation and later).
    MessageOk,
    /// Somebody sent a text to the room (chat generation and later).
    Chat {
        /// The room.
        room_id: RoomId,
        /// The name the sender goes by now. There is no id.
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
    /// A ban; the connection ends after this (facts, section 3).
    Banned {
        /// The server's reason.
        reason: String,
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
    #[strum_discriminants(strum(disabled))]
    Unknown {
        /// Its `type`, or else its `command` or its `action`; empty if it has none.
        kind: String,
        /// The line.
        line: String,
    },
}

/// An account, as its sign-in shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name as the server has it.
    pub username: String,
    /// What signs in again without the password. A sign-in by a token gives no new one.
    pub token: Option<Token>,
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
    /// How many it holds, if the server tells (token generation). Otherwise it is 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_players: Option<u32>,
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
            let generation = Generation::First;
            return Self::Welcome {
                session_id,
                generation,
            };
        }
        let unknown = |kind: &str| Self::Unknown {
            kind: kind.to_owned(),
            line: line.to_owned(),
        };
        let Some(fields) = Object::parse(line) else {
            return unknown("");
        };
        // Lines of the inventory have a `type` (facts, Q21).
        if let Some(kind) = fields.str("type") {
            return unknown(kind);
        }
        let Some(word) = fields.str("command") else {
            return unknown(fields.str("action").unwrap_or_default());
        };
        let known = word.parse().ok().and_then(|kind| read(kind, &fields));
        known.unwrap_or_else(|| unknown(word))
    }

    /// Say whether this can be the answer to a command of a kind.
    pub fn answers(&self, kind: CommandKind) -> bool {
        match self {
            Self::Error { message } => refusal::can_answer(message, kind),
            Self::UnknownCommand { original } => original == kind.word(),
            event => EventKind::from(event).answers().contains(&kind),
        }
    }

    /// The generation that a welcome or an answer tells of. Later servers give some of these answers too.
    pub fn tells_generation(&self) -> Option<Generation> {
        let says = |tells: fn(&str) -> bool| self.refused().is_some_and(tells);
        let message = CommandKind::Message;
        match self {
            // An old welcome is that of several generations.
            Self::Welcome { generation, .. } => {
                (*generation != Generation::First).then_some(*generation)
            }
            _ if says(refusal::tells_of_accounts) => Some(Generation::Accounts),
            Self::RegisterOk(_) | Self::LoginOk(_) | Self::AutoAuthOk(_) => {
                Some(Generation::Accounts)
            }
            Self::AutoAuthFailed { .. } => Some(Generation::Accounts),
            Self::UnknownCommand { .. } if self.answers(message) => Some(Generation::First),
            Self::MessageOk => Some(Generation::Chat),
            _ if says(refusal::tells_of_chat) => Some(Generation::Chat),
            _ => None,
        }
    }

    /// The server's words, if it refuses a command.
    pub fn refused(&self) -> Option<&str> {
        match self {
            Self::Error { message }
            | Self::AuthFailed { message }
            | Self::RegisterFailed { message }
            | Self::LoginFailed { message }
            | Self::AutoAuthFailed { message } => Some(message),
            _ => None,
        }
    }
}

impl EventKind {
    /// Read only the kind of a line, at no cost in memory however long it is. `None`: the line is of no known kind.
    pub fn of_line(line: &str) -> Option<Self> {
        /// Of two of the same member [`Event::parse`] takes the later. Such a line is of no kind here.
        #[derive(Deserialize)]
        struct Head<'a> {
            #[serde(borrow, default)]
            command: Option<Cow<'a, str>>,
            #[serde(borrow, default, rename = "type")]
            inventory: Option<Cow<'a, str>>,
        }
        let head: Head<'_> = serde_json::from_str(line).ok()?;
        head.command
            .filter(|_| head.inventory.is_none())?
            .parse()
            .ok()
    }

    /// The commands that such a line can answer. What `ERROR` and `UNKNOWN_COMMAND` answer, their words tell. The protocol has no request
    /// ids, so only this tells which line answers which command.
    pub fn answers(self) -> &'static [CommandKind] {
        use CommandKind as Command;
        match self {
            Self::NameOk => &[Command::Name],
            Self::AuthOk => &[Command::Authenticate],
            Self::AuthFailed => &[Command::Name, Command::Authenticate],
            Self::RegisterOk | Self::RegisterFailed => &[Command::Register],
            Self::LoginOk | Self::LoginFailed => &[Command::Login],
            Self::AutoAuthOk | Self::AutoAuthFailed => &[Command::AutoAuth],
            Self::Pong => &[Command::Ping],
            Self::PlayerInfo => &[Command::PlayerInfo],
            Self::RoomList => &[Command::ListRooms],
            Self::RoomCreated => &[Command::CreateRoom],
            Self::JoinOk => &[Command::JoinRoom],
            Self::LeaveOk => &[Command::LeaveRoom],
            Self::RoomPlayers => &[Command::GetRoomPlayers],
            Self::GameStarted => &[Command::StartGame],
            Self::RelayOk => &[Command::RelayMessage],
            Self::MessageOk => &[Command::Message],
            Self::ByeOk => &[Command::Bye],
            Self::Welcome
            | Self::Ping
            | Self::HeartbeatAck
            | Self::PlayerJoined
            | Self::PlayerLeft
            | Self::RelayedMessage
            | Self::Chat
            | Self::ByeAdmin
            | Self::Banned
            | Self::Error
            | Self::UnknownCommand
            | Self::Unknown => &[],
        }
    }
}

/// Read a line of a known kind. `None` if it lacks a member that its kind needs.
fn read(kind: EventKind, fields: &Object<'_>) -> Option<Event> {
    Some(match kind {
        EventKind::Welcome => Event::Welcome {
            session_id: fields.id("sessionId")?,
            generation: Generation::Token,
        },
        EventKind::NameOk => Event::NameOk {
            name: fields.string("name")?,
            authenticated: fields.bool("authenticated").unwrap_or(true),
            udp_encryption: fields.bool("udpEncryption").unwrap_or(true),
        },
        EventKind::AuthOk => Event::AuthOk {
            name: fields.string("name")?,
        },
        EventKind::AuthFailed => Event::AuthFailed {
            message: fields.string("message")?,
        },
        EventKind::RegisterOk => Event::RegisterOk(account(fields)?),
        EventKind::RegisterFailed => Event::RegisterFailed {
            message: fields.string("message")?,
        },
        EventKind::LoginOk => Event::LoginOk(account(fields)?),
        EventKind::LoginFailed => Event::LoginFailed {
            message: fields.string("message")?,
        },
        EventKind::AutoAuthOk => Event::AutoAuthOk(account(fields)?),
        EventKind::AutoAuthFailed => Event::AutoAuthFailed {
            message: fields.string("message")?,
        },
        EventKind::Ping => Event::Ping,
        EventKind::Pong => Event::Pong,
        EventKind::HeartbeatAck => Event::HeartbeatAck {
            ack_for: fields.string("ackFor"),
            server_timestamp_ms: fields.integer("serverTimestampMs")?,
        },
        EventKind::PlayerInfo => Event::PlayerInfo(player_info(fields.object("playerInfo")?)?),
        EventKind::RoomList => Event::RoomList(list(fields, "rooms", room)?),
        EventKind::RoomCreated => Event::RoomCreated {
            room_id: fields.id("roomId")?,
            name: fields.string("name")?,
            max_players: fields.integer("maxPlayers"),
        },
        EventKind::JoinOk => Event::JoinOk {
            room_id: fields.id("roomId")?,
            players: list(fields, "players", player),
        },
        EventKind::PlayerJoined => Event::PlayerJoined {
            room_id: fields.id("roomId")?,
            player: moved_player(fields)?,
        },
        EventKind::PlayerLeft => Event::PlayerLeft {
            room_id: fields.id("roomId")?,
            player: moved_player(fields)?,
        },
        EventKind::LeaveOk => Event::LeaveOk {
            room_id: fields.id("roomId")?,
        },
        EventKind::RoomPlayers => Event::RoomPlayers {
            room_id: fields.id("roomId")?,
            players: list(fields, "players", player)?,
        },
        EventKind::GameStarted => Event::GameStarted(GameStarted {
            room_id: fields.id("roomId")?,
            host_id: fields.id("hostId"),
            spawns: spawns(fields.object("spawnPositions"))?,
        }),
        EventKind::RelayOk => Event::RelayOk {
            target_id: fields.id("targetId")?,
        },
        EventKind::RelayedMessage => Event::RelayedMessage {
            sender_id: fields.id("senderId")?,
            sender_name: fields.string("senderName")?,
            message: fields.string("message")?,
        },
        EventKind::MessageOk => Event::MessageOk,
        EventKind::Chat => Event::Chat {
            room_id: fields.id("roomId")?,
            sender_name: fields.string("senderName")?,
            message: fields.string("message")?,
        },
        EventKind::ByeOk => Event::ByeOk,
        EventKind::ByeAdmin => Event::ByeAdmin {
            message: fields.string("message")?,
        },
        EventKind::Banned => Event::Banned {
            reason: fields.string("reason")?,
        },
        EventKind::Error => Event::Error {
            message: fields.string("message")?,
        },
        EventKind::UnknownCommand => Event::UnknownCommand {
            original: fields.string("originalCommand")?,
        },
        EventKind::Unknown => return None,
    })
}

fn account(fields: &Object<'_>) -> Option<Account> {
    Some(Account {
        username: fields.string("username")?,
        token: fields.string("token").map(Token::new),
    })
}

/// A player who comes or goes has other keys than one in a list.
fn moved_player(fields: &Object<'_>) -> Option<Player> {
    Some(Player {
        id: fields.id("sessionId")?,
        name: fields.string("name")?,
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
        max_players: fields.integer("maxPlayers"),
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
mod tests;
