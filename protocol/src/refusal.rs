//! What the server's refusals mean. The protocol gives them as English sentences without saying which command they
//! answer, so the sentences of the facts (section 2.1) are the only way to tell.

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Name and password do not go together.
    AuthFailed,
    /// The command needs a sign-in first.
    AuthRequired,
    /// There is no such room, or no longer.
    RoomNotFound,
    /// The room is full, or this session is in it already.
    RoomFull,
    /// Only the host may start the race.
    NotHost,
    /// The command needs a room, and this session is in none.
    NotInRoom,
    /// The player a text was for is not there.
    PlayerNotFound,
    /// The server could not read the command.
    InvalidCommand,
    /// The server does not know the command.
    UnknownCommand,
    /// A sentence not known here.
    Other,
}

/// The kinds of commands a refusal may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answers {
    Any,
    Words(&'static [&'static str]),
}

/// The sentences of the servers, by how they begin.
const SENTENCES: [(&str, Refusal, Answers); 17] = [
    (
        "Authentication required",
        Refusal::AuthRequired,
        Answers::Any,
    ),
    ("Invalid JSON format", Refusal::InvalidCommand, Answers::Any),
    (
        "Password is required",
        Refusal::AuthFailed,
        Answers::Words(&["AUTHENTICATE"]),
    ),
    (
        "Room not found",
        Refusal::RoomNotFound,
        Answers::Words(&["JOIN_ROOM"]),
    ),
    (
        "Failed to join room",
        Refusal::RoomFull,
        Answers::Words(&["JOIN_ROOM"]),
    ),
    (
        "Cannot leave room. Room not found",
        Refusal::RoomNotFound,
        Answers::Words(&["LEAVE_ROOM"]),
    ),
    (
        "Cannot leave room",
        Refusal::NotInRoom,
        Answers::Words(&["LEAVE_ROOM"]),
    ),
    (
        "Cannot get players. Room not found",
        Refusal::RoomNotFound,
        Answers::Words(&["GET_ROOM_PLAYERS"]),
    ),
    (
        "Cannot get players",
        Refusal::NotInRoom,
        Answers::Words(&["GET_ROOM_PLAYERS"]),
    ),
    (
        "Cannot start game. Only the host",
        Refusal::NotHost,
        Answers::Words(&["START_GAME"]),
    ),
    (
        "Cannot start game. Room not found",
        Refusal::RoomNotFound,
        Answers::Words(&["START_GAME"]),
    ),
    (
        "Cannot start game",
        Refusal::NotInRoom,
        Answers::Words(&["START_GAME"]),
    ),
    (
        "Target player not found",
        Refusal::PlayerNotFound,
        Answers::Words(&["RELAY_MESSAGE"]),
    ),
    (
        "Invalid message relay request",
        Refusal::InvalidCommand,
        Answers::Words(&["RELAY_MESSAGE"]),
    ),
    (
        "Invalid password",
        Refusal::AuthFailed,
        Answers::Words(&["NAME", "AUTHENTICATE"]),
    ),
    (
        "Please set your name first",
        Refusal::AuthFailed,
        Answers::Words(&["AUTHENTICATE"]),
    ),
    ("Line too long", Refusal::InvalidCommand, Answers::Any),
];

impl Refusal {
    /// Understand a sentence of an `ERROR`.
    pub fn of_message(message: &str) -> Self {
        find(message).map_or(Self::Other, |&(_, refusal, _)| refusal)
    }

    /// Say whether the refusal means that this session is in no room, whatever it thought.
    pub fn says_no_room(self, word: &str) -> bool {
        match self {
            Self::NotInRoom => true,
            Self::RoomNotFound => word != "JOIN_ROOM",
            _ => false,
        }
    }
}

/// Say whether a sentence of an `ERROR` can be the answer to the command `word`. A sentence not known here can
/// answer anything.
pub(crate) fn can_answer(message: &str, word: &str) -> bool {
    match find(message) {
        Some((_, _, Answers::Words(words))) => words.contains(&word),
        Some((_, _, Answers::Any)) | None => true,
    }
}

fn find(message: &str) -> Option<&'static (&'static str, Refusal, Answers)> {
    SENTENCES
        .iter()
        .find(|(start, _, _)| message.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_understood_and_told_apart_by_command() {
        for (message, refusal, word, other) in [
            (
                "Room not found.",
                Refusal::RoomNotFound,
                "JOIN_ROOM",
                "LEAVE_ROOM",
            ),
            (
                "Failed to join room. Room may be full or inactive.",
                Refusal::RoomFull,
                "JOIN_ROOM",
                "START_GAME",
            ),
            (
                "Cannot start game. Only the host can start the game.",
                Refusal::NotHost,
                "START_GAME",
                "JOIN_ROOM",
            ),
            (
                "Cannot leave room. No room joined.",
                Refusal::NotInRoom,
                "LEAVE_ROOM",
                "JOIN_ROOM",
            ),
            (
                "Cannot get players. Room not found.",
                Refusal::RoomNotFound,
                "GET_ROOM_PLAYERS",
                "JOIN_ROOM",
            ),
            (
                "Target player not found.",
                Refusal::PlayerNotFound,
                "RELAY_MESSAGE",
                "LIST_ROOMS",
            ),
        ] {
            assert_eq!(Refusal::of_message(message), refusal, "{message}");
            assert!(can_answer(message, word), "{message}");
            assert!(!can_answer(message, other), "{message}");
        }
    }

    #[test]
    fn an_unknown_sentence_may_answer_anything() {
        assert_eq!(Refusal::of_message("Something new."), Refusal::Other);
        assert!(can_answer("Something new.", "PING"));
    }
}
