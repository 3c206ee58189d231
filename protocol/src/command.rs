//! What a client says over TCP: the commands of all generations (facts, section 2) as one line of JSON each.
//! Replies and pushes are in [`event`](crate::event).

use serde::{Serialize, Serializer};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::id::{Password, RoomId, SessionId, Token};
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
    /// Take a name. Without accounts this is the sign-in; with accounts it only renames.
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
    /// Make an account and sign in.
    Register {
        /// The name of the account, 3 to 50 UTF-16 units.
        username: String,
        /// The password, at least 6 UTF-16 units.
        #[serde(serialize_with = "reveal")]
        password: Password,
    },
    /// Sign in to an account.
    Login {
        /// The name of the account.
        username: String,
        /// Its password. Three wrong ones lock the account for 30 minutes (facts, section 4.2).
        #[serde(serialize_with = "reveal")]
        password: Password,
    },
    /// Sign in to an account with its token.
    AutoAuth {
        /// What the last sign-in with the password gave.
        #[serde(serialize_with = "reveal_token")]
        token: Token,
    },
    /// Make a room and enter it as its host.
    CreateRoom {
        /// The room's name; need not be unique.
        name: String,
        /// How many players it holds, 2 to 128. Only the token generation takes a number; the others hold 20.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_players: Option<u32>,
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
    /// Send a text to everybody in the room (chat generation and later).
    Message {
        /// The text. Without one the answer tells the generation (facts, section 11).
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// Start the race of the current room; only its host may.
    StartGame,
    /// Ask for a sign of life.
    Ping,
    /// Answer a `PING` of the server's. It is not answered.
    Pong,
    /// Say goodbye; the server closes after its answer.
    Bye,
}

impl Command {
    /// Make a room of the server's own size.
    pub fn create_room(name: impl Into<String>) -> Self {
        Self::CreateRoom {
            name: name.into(),
            max_players: None,
        }
    }

    /// Write the command as a line, without its newline.
    pub fn to_line(&self) -> String {
        json::to_string(self)
    }

    /// The command without its content.
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::Name { .. } => CommandKind::Name,
            Self::Authenticate { .. } => CommandKind::Authenticate,
            Self::Register { .. } => CommandKind::Register,
            Self::Login { .. } => CommandKind::Login,
            Self::AutoAuth { .. } => CommandKind::AutoAuth,
            Self::CreateRoom { .. } => CommandKind::CreateRoom,
            Self::JoinRoom { .. } => CommandKind::JoinRoom,
            Self::LeaveRoom => CommandKind::LeaveRoom,
            Self::ListRooms => CommandKind::ListRooms,
            Self::GetRoomPlayers => CommandKind::GetRoomPlayers,
            Self::PlayerInfo => CommandKind::PlayerInfo,
            Self::RelayMessage { .. } => CommandKind::RelayMessage,
            Self::Message { .. } => CommandKind::Message,
            Self::StartGame => CommandKind::StartGame,
            Self::Ping => CommandKind::Ping,
            Self::Pong => CommandKind::Pong,
            Self::Bye => CommandKind::Bye,
        }
    }
}

/// A command without its content, or a batch of commands. [`EventKind::answers`](crate::event::EventKind::answers) says which events
/// answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(
    missing_docs,
    reason = "each is described at the command of its name, a batch at `batch_line`"
)]
pub enum CommandKind {
    Name,
    Authenticate,
    Register,
    Login,
    AutoAuth,
    CreateRoom,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    GetRoomPlayers,
    PlayerInfo,
    RelayMessage,
    Message,
    StartGame,
    Ping,
    Pong,
    Bye,
    Batch,
}

impl CommandKind {
    /// All kinds.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Find the kind of a word as [`word`](Self::word) spells it.
    pub fn from_word(word: &str) -> Option<Self> {
        word.parse().ok()
    }

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Say whether some server takes the command before a sign-in (facts, section 2).
    pub fn is_open(self) -> bool {
        self.is_sign_in()
            || matches!(
                self,
                Self::Ping | Self::Bye | Self::PlayerInfo | Self::ListRooms
            )
    }

    /// Say whether the command signs in, on some server.
    pub fn is_sign_in(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Authenticate | Self::Register | Self::Login | Self::AutoAuth
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

fn reveal_token<S: Serializer>(token: &Token, serializer: S) -> Result<S::Ok, S::Error> {
    token.reveal().serialize(serializer)
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
                Command::create_room("R\n"),
                r#"{"command":"CREATE_ROOM","name":"R\n"}"#,
            ),
            (
                Command::CreateRoom {
                    name: "R".into(),
                    max_players: Some(2),
                },
                r#"{"command":"CREATE_ROOM","name":"R","maxPlayers":2}"#,
            ),
            (
                Command::Register {
                    username: "Ann".into(),
                    password: Password::new("secret"),
                },
                r#"{"command":"REGISTER","username":"Ann","password":"secret"}"#,
            ),
            (
                Command::Login {
                    username: "Ann".into(),
                    password: Password::new("secret"),
                },
                r#"{"command":"LOGIN","username":"Ann","password":"secret"}"#,
            ),
            (
                Command::AutoAuth {
                    token: Token::new("t"),
                },
                r#"{"command":"AUTO_AUTH","token":"t"}"#,
            ),
            (
                Command::Message {
                    message: Some("hi".into()),
                },
                r#"{"command":"MESSAGE","message":"hi"}"#,
            ),
            (
                Command::Message { message: None },
                r#"{"command":"MESSAGE"}"#,
            ),
            (Command::Pong, r#"{"command":"PONG"}"#),
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
