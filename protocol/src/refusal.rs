//! What the server's refusals mean. They are English sentences that do not say which command they answer, so only the
//! sentences of the facts (section 2.1) tell.

use serde::Serialize;

use crate::command::CommandKind;
use crate::json;
use CommandKind::{
    Authenticate, AutoAuth, GetRoomPlayers, JoinRoom, LeaveRoom, Login, Message, Name, Register,
    RelayMessage, StartGame,
};
use Refusal::{
    AccountDisabled, AccountLocked, AuthFailed, AuthRequired, EmailTaken, InvalidCommand,
    NameLength, NameTaken, NotHost, NotInRoom, Other, PasswordMissing, PasswordTooShort,
    PlayerNotFound, RoomFull, RoomNotFound, RoomSize, TokenExpired,
};

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Name and password do not go together.
    AuthFailed,
    /// The command needs a sign-in first.
    AuthRequired,
    /// An account of this name exists already.
    NameTaken,
    /// An account with this e-mail address exists already.
    EmailTaken,
    /// The name of an account is too short or too long.
    NameLength,
    /// The password of a new account is too short.
    PasswordTooShort,
    /// An account needs a password.
    PasswordMissing,
    /// Too many wrong passwords: the account is locked for some time, which the sentence tells.
    AccountLocked,
    /// An operator has disabled the account.
    AccountDisabled,
    /// The token is not valid, or no longer.
    TokenExpired,
    /// The room does not exist, or no longer.
    RoomNotFound,
    /// The room is full, or this session is in it already.
    RoomFull,
    /// No room has this size.
    RoomSize,
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

/// The sentences of all generations, in `ERROR`s and in failures of their own (facts, section 2). The first that fits counts.
const SENTENCES: [Sentence; 30] = [
    (ACCOUNT_REQUIRED, AuthRequired, &[]),
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
    (MESSAGE_MISSING, InvalidCommand, &[Message]),
    ("Empty message or not in a room", NotInRoom, &[Message]),
    ("Invalid password", AuthFailed, &[Name, Authenticate]),
    ("Please set your name first", AuthFailed, &[Authenticate]),
    ("Display name cannot be empty", NameLength, &[Name]),
    ("Username must be", NameLength, &[Register]),
    ("Password must be", PasswordTooShort, &[Register]),
    ("Username already taken", NameTaken, &[Register]),
    ("Email already registered", EmailTaken, &[Register]),
    ("Invalid username or password", AuthFailed, &[Login]),
    ("Account locked", AccountLocked, &[Login]),
    ("Account is disabled", AccountDisabled, &[Login, AutoAuth]),
    ("Token ", TokenExpired, &[AutoAuth]),
    (
        "Too many players sign in",
        Other,
        &[Name, Authenticate, Register, Login, AutoAuth],
    ),
    ("Line too long", InvalidCommand, &[]),
];

/// What a server with accounts answers to any command before the sign-in (facts, section 2.2).
const ACCOUNT_REQUIRED: &str = "Authentication required. Use REGISTER";
/// What the chat generation answers to a `MESSAGE` without a text.
const MESSAGE_MISSING: &str = "Message content is required";

/// Say whether a refusal tells of a server with accounts although its welcome is an old one.
pub(crate) fn tells_of_accounts(message: &str) -> bool {
    message.starts_with(ACCOUNT_REQUIRED)
}

/// Say whether a sentence of an `ERROR` answers a sign-in. An unknown sentence does not.
pub fn may_answer_sign_in(message: &str) -> bool {
    let known = find(message).map(|(_, _, kinds)| *kinds);
    known.is_some_and(|kinds| kinds.iter().any(|kind| kind.is_sign_in()))
}

/// Say whether a refusal of a `MESSAGE` without a text tells of a server with chat.
pub(crate) fn tells_of_chat(message: &str) -> bool {
    message.starts_with(MESSAGE_MISSING)
}

impl Refusal {
    /// Understand a sentence.
    pub fn of_message(message: &str) -> Self {
        find(message).map_or(Self::Other, |&(_, refusal, _)| refusal)
    }

    /// Say what is wrong, for a command that is not sent because of it.
    pub fn words(self) -> &'static str {
        match self {
            NameLength => "the name of an account has 3 to 50 letters",
            PasswordTooShort => "the password of an account has at least 6 letters",
            PasswordMissing => "this game server has accounts: it needs a password",
            RoomSize => "a room holds 2 to 128 players",
            _ => "refused",
        }
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
                "Empty message or not in a room.",
                Refusal::NotInRoom,
                CommandKind::Message,
                CommandKind::RelayMessage,
            ),
            (
                "Username must be 3–50 characters.",
                Refusal::NameLength,
                CommandKind::Register,
                CommandKind::Login,
            ),
            (
                "Account locked. Try again after 14:05 UTC.",
                Refusal::AccountLocked,
                CommandKind::Login,
                CommandKind::AutoAuth,
            ),
            (
                "Token is required.",
                Refusal::TokenExpired,
                CommandKind::AutoAuth,
                CommandKind::Login,
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
