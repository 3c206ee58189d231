//! What the server's refusals mean. They are English sentences that do not say which command they answer, so only the
//! sentences of the facts (section 2.1) tell.

use serde::Serialize;

use crate::command::CommandKind;
use crate::json;
use CommandKind::{
    Authenticate, GetRoomPlayers, JoinRoom, LeaveRoom, Name, RelayMessage, StartGame,
};
use Refusal::{
    AuthFailed, AuthRequired, InvalidCommand, NotHost, NotInRoom, PlayerNotFound, RoomFull,
    RoomNotFound,
};

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Name and password do not go together.
    AuthFailed,
    /// The command needs a sign-in first.
    AuthRequired,
    /// The room does not exist, or no longer.
    RoomNotFound,
    /// The room is full, or this session is in it already.
    RoomFull,
    /// Only the host may start the race.
    NotHost,
    /// The command needs a room, and this session is in no room.
    NotInRoom,
    /// The player to whom a text was sent is not there.
    PlayerNotFound,
    /// The server could not read the command.
    InvalidCommand,
    /// The server does not know the command.
    UnknownCommand,
    /// An unknown sentence.
    Other,
}

/// How a sentence begins, what it means, and which commands it can answer. An empty list means any command.
type Sentence = (&'static str, Refusal, &'static [CommandKind]);

/// The sentences of the servers. The first that fits counts.
const SENTENCES: [Sentence; 17] = [
    ("Authentication required", AuthRequired, &[]),
    ("Invalid JSON format", InvalidCommand, &[]),
    ("Password is required", AuthFailed, &[Authenticate]),
    ("Room not found", RoomNotFound, &[JoinRoom]),
    ("Failed to join room", RoomFull, &[JoinRoom]),
    (
        "Cannot leave room. Room not found",
        RoomNotFound,
        &[LeaveRoom],
    ),
    ("Cannot leave room", NotInRoom, &[LeaveRoom]),
    (
        "Cannot get players. Room not found",
        RoomNotFound,
        &[GetRoomPlayers],
    ),
    ("Cannot get players", NotInRoom, &[GetRoomPlayers]),
    ("Cannot start game. Only the host", NotHost, &[StartGame]),
    (
        "Cannot start game. Room not found",
        RoomNotFound,
        &[StartGame],
    ),
    ("Cannot start game", NotInRoom, &[StartGame]),
    ("Target player not found", PlayerNotFound, &[RelayMessage]),
    (
        "Invalid message relay request",
        InvalidCommand,
        &[RelayMessage],
    ),
    ("Invalid password", AuthFailed, &[Name, Authenticate]),
    ("Please set your name first", AuthFailed, &[Authenticate]),
    ("Line too long", InvalidCommand, &[]),
];

impl Refusal {
    /// Understand a sentence of an `ERROR`.
    pub fn of_message(message: &str) -> Self {
        find(message).map_or(Self::Other, |&(_, refusal, _)| refusal)
    }

    /// Say whether the refusal of such a command means that the session is in no room.
    pub fn means_no_room(self, kind: CommandKind) -> bool {
        match self {
            NotInRoom => true,
            RoomNotFound => kind != JoinRoom,
            _ => false,
        }
    }
}

/// Write the line that refuses a command with a sentence.
pub fn error_line(message: &str) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        command: &'static str,
        message: &'a str,
    }
    json::to_string(&Line {
        command: "ERROR",
        message,
    })
}

/// Say whether a sentence of an `ERROR` can answer a command of this kind. An unknown sentence can answer any.
pub(crate) fn can_answer(message: &str, kind: CommandKind) -> bool {
    find(message).is_none_or(|(_, _, kinds)| kinds.is_empty() || kinds.contains(&kind))
}

fn find(message: &str) -> Option<&'static Sentence> {
    SENTENCES
        .iter()
        .find(|(start, _, _)| message.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_understood_and_told_apart_by_command() {
        for (message, refusal, kind, other) in [
            (
                "Room not found.",
                Refusal::RoomNotFound,
                CommandKind::JoinRoom,
                CommandKind::LeaveRoom,
            ),
            (
                "Failed to join room. Room may be full or inactive.",
                Refusal::RoomFull,
                CommandKind::JoinRoom,
                CommandKind::StartGame,
            ),
            (
                "Cannot start game. Only the host can start the game.",
                Refusal::NotHost,
                CommandKind::StartGame,
                CommandKind::JoinRoom,
            ),
            (
                "Cannot leave room. No room joined.",
                Refusal::NotInRoom,
                CommandKind::LeaveRoom,
                CommandKind::JoinRoom,
            ),
            (
                "Cannot get players. Room not found.",
                Refusal::RoomNotFound,
                CommandKind::GetRoomPlayers,
                CommandKind::JoinRoom,
            ),
            (
                "Target player not found.",
                Refusal::PlayerNotFound,
                CommandKind::RelayMessage,
                CommandKind::ListRooms,
            ),
        ] {
            assert_eq!(Refusal::of_message(message), refusal, "{message}");
            assert!(can_answer(message, kind), "{message}");
            assert!(!can_answer(message, other), "{message}");
        }
    }

    #[test]
    fn an_unknown_sentence_may_answer_anything() {
        assert_eq!(Refusal::of_message("Something new."), Refusal::Other);
        assert!(can_answer("Something new.", CommandKind::Ping));
    }
}
