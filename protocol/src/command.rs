//! What a client says over TCP: every command of the first generation (facts, section 2.1) as one line of JSON.
//! Replies and pushes are in [`event`](crate::event).

use serde::{Serialize, Serializer};

use crate::id::{Password, RoomId, SessionId};
use crate::json;

/// How many commands one `BATCH` carries at most (guide, section 10.1).
pub const MAX_BATCH: usize = 10;

/// A command to the game server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "command",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Command {
    /// Take a name and sign in with it. The only sign-in of the first generation.
    Name {
        /// The name to be known by.
        name: String,
        /// The password that keeps others from the name while its owner is online (facts, section 4.1).
        #[serde(
            skip_serializing_if = "Option::is_none",
            serialize_with = "reveal_some"
        )]
        password: Option<Password>,
    },
    /// Check the password again. A failure signs out (facts, Q25): prefer `Name`.
    Authenticate {
        /// The password given with `Name`.
        #[serde(serialize_with = "reveal")]
        password: Password,
    },
    /// Make a room and enter it as its host.
    CreateRoom {
        /// The room's name; need not be unique.
        name: String,
    },
    /// Enter a room.
    JoinRoom {
        /// The room to enter.
        room_id: RoomId,
    },
    /// Leave the current room.
    LeaveRoom,
    /// Ask for all rooms.
    ListRooms,
    /// Ask who is in the current room.
    GetRoomPlayers,
    /// Ask what the server knows of this session.
    PlayerInfo,
    /// Send a text to one player, in whichever room.
    RelayMessage {
        /// The player to send it to.
        target_id: SessionId,
        /// The text.
        message: String,
    },
    /// Start the race of the current room; only its host may.
    StartGame,
    /// Ask for a sign of life.
    Ping,
    /// Say goodbye; the server closes after its answer.
    Bye,
}

impl Command {
    /// Write the command as a line, without its newline.
    pub fn to_line(&self) -> String {
        json::to_string(self)
    }

    /// The command without its content.
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::Name { .. } => CommandKind::Name,
            Self::Authenticate { .. } => CommandKind::Authenticate,
            Self::CreateRoom { .. } => CommandKind::CreateRoom,
            Self::JoinRoom { .. } => CommandKind::JoinRoom,
            Self::LeaveRoom => CommandKind::LeaveRoom,
            Self::ListRooms => CommandKind::ListRooms,
            Self::GetRoomPlayers => CommandKind::GetRoomPlayers,
            Self::PlayerInfo => CommandKind::PlayerInfo,
            Self::RelayMessage { .. } => CommandKind::RelayMessage,
            Self::StartGame => CommandKind::StartGame,
            Self::Ping => CommandKind::Ping,
            Self::Bye => CommandKind::Bye,
        }
    }
}

/// A command without its content, or a batch of commands. Which events answer it is in [`answer`](crate::answer).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each is described at the command of its name, a batch at `batch_line`"
)]
pub enum CommandKind {
    Name,
    Authenticate,
    CreateRoom,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    GetRoomPlayers,
    PlayerInfo,
    RelayMessage,
    StartGame,
    Ping,
    Bye,
    Batch,
}

impl CommandKind {
    /// All kinds.
    pub const ALL: [Self; 13] = [
        Self::Name,
        Self::Authenticate,
        Self::CreateRoom,
        Self::JoinRoom,
        Self::LeaveRoom,
        Self::ListRooms,
        Self::GetRoomPlayers,
        Self::PlayerInfo,
        Self::RelayMessage,
        Self::StartGame,
        Self::Ping,
        Self::Bye,
        Self::Batch,
    ];

    /// Find the kind of a word as [`word`](Self::word) spells it.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Authenticate => "AUTHENTICATE",
            Self::CreateRoom => "CREATE_ROOM",
            Self::JoinRoom => "JOIN_ROOM",
            Self::LeaveRoom => "LEAVE_ROOM",
            Self::ListRooms => "LIST_ROOMS",
            Self::GetRoomPlayers => "GET_ROOM_PLAYERS",
            Self::PlayerInfo => "PLAYER_INFO",
            Self::RelayMessage => "RELAY_MESSAGE",
            Self::StartGame => "START_GAME",
            Self::Ping => "PING",
            Self::Bye => "BYE",
            Self::Batch => "BATCH",
        }
    }

    /// Say whether the server takes the command before a sign-in (facts, section 2.1).
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::Authenticate
                | Self::Ping
                | Self::Bye
                | Self::PlayerInfo
                | Self::ListRooms
        )
    }

    /// Say whether the command may travel in a `BATCH`. A command that changes sign-in or room goes alone, because
    /// the next command depends on its answer.
    pub(crate) fn is_batchable(self) -> bool {
        matches!(
            self,
            Self::ListRooms
                | Self::GetRoomPlayers
                | Self::PlayerInfo
                | Self::RelayMessage
                | Self::Ping
        )
    }
}

/// Write several commands in one line (guide, section 10.1). No released server knows it; see
/// [`Config::batching`](crate::session::Config::batching).
pub(crate) fn batch_line<'a>(messages: impl Iterator<Item = &'a Command>) -> String {
    #[derive(Serialize)]
    struct Batch<'a> {
        command: &'static str,
        messages: Vec<&'a Command>,
    }
    json::to_string(&Batch {
        command: CommandKind::Batch.word(),
        messages: messages.collect(),
    })
}

// Only this function writes passwords: a `Serialize` of their own could leak them elsewhere.

fn reveal<S: Serializer>(password: &Password, serializer: S) -> Result<S::Ok, S::Error> {
    password.reveal().serialize(serializer)
}

fn reveal_some<S: Serializer>(
    password: &Option<Password>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let revealed = password.as_ref().map(Password::reveal);
    revealed.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_spelt_as_the_recordings_have_it() {
        let id: SessionId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let room: RoomId = "00112233445566778899aabbccddeeff".parse().unwrap();
        let cases = [
            (
                Command::Name {
                    name: "Ann".into(),
                    password: Some(Password::new("pw")),
                },
                r#"{"command":"NAME","name":"Ann","password":"pw"}"#,
            ),
            (
                Command::Name {
                    name: "Zoë \"1\"".into(),
                    password: None,
                },
                r#"{"command":"NAME","name":"Zoë \"1\""}"#,
            ),
            (
                Command::Authenticate {
                    password: Password::new("p"),
                },
                r#"{"command":"AUTHENTICATE","password":"p"}"#,
            ),
            (
                Command::CreateRoom { name: "R\n".into() },
                r#"{"command":"CREATE_ROOM","name":"R\n"}"#,
            ),
            (
                Command::JoinRoom { room_id: room },
                r#"{"command":"JOIN_ROOM","roomId":"00112233445566778899aabbccddeeff"}"#,
            ),
            (Command::LeaveRoom, r#"{"command":"LEAVE_ROOM"}"#),
            (Command::ListRooms, r#"{"command":"LIST_ROOMS"}"#),
            (Command::GetRoomPlayers, r#"{"command":"GET_ROOM_PLAYERS"}"#),
            (Command::PlayerInfo, r#"{"command":"PLAYER_INFO"}"#),
            (
                Command::RelayMessage {
                    target_id: id,
                    message: "hi".into(),
                },
                r#"{"command":"RELAY_MESSAGE","targetId":"0123456789abcdef0123456789abcdef","message":"hi"}"#,
            ),
            (Command::StartGame, r#"{"command":"START_GAME"}"#),
            (Command::Ping, r#"{"command":"PING"}"#),
            (Command::Bye, r#"{"command":"BYE"}"#),
        ];
        for (command, line) in cases {
            assert_eq!(command.to_line(), line);
            assert!(
                line.contains(&format!("{:?}", command.kind().word())),
                "{line}"
            );
        }
    }

    #[test]
    fn a_batch_is_one_line() {
        assert_eq!(
            batch_line([Command::Ping, Command::ListRooms].iter()),
            r#"{"command":"BATCH","messages":[{"command":"PING"},{"command":"LIST_ROOMS"}]}"#
        );
    }
}
