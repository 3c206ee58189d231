//! Reads command lines. Case, types and missing fields count exactly as in the original. A line that the original does not
//! answer is [`Unanswered`] here (facts, section 2).

use protocol::id::Password;

use super::json::{self, NotJson, Object, WrongType};

/// How many commands one `BATCH` may hold (guide, section 10.1).
pub(crate) const MAX_BATCH: usize = 10;

/// What a session may send before it has signed in.
const OPEN: [&str; 6] = [
    "NAME",
    "AUTHENTICATE",
    "PING",
    "BYE",
    "PLAYER_INFO",
    "LIST_ROOMS",
];

/// The original does not answer this line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unanswered;

impl From<WrongType> for Unanswered {
    fn from(_: WrongType) -> Self {
        Self
    }
}

/// A line whose command is known. Its fields are read only after the check that the session is signed in.
pub(crate) struct Request<'a> {
    verb: String,
    object: Object<'a>,
}

/// What a line asks for. A field that is null is `None`, a password that is null is empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Name {
        name: Option<String>,
        password: Option<Password>,
    },
    Authenticate {
        password: Option<Password>,
    },
    Ping,
    PlayerInfo,
    ListRooms,
    CreateRoom {
        name: Option<String>,
    },
    JoinRoom {
        room: String,
    },
    LeaveRoom,
    GetRoomPlayers,
    StartGame,
    /// Target and message; `None` if one of the fields is absent.
    RelayMessage(Option<(String, String)>),
    Bye,
    /// The raw lines of the batch; `None` if it is malformed.
    Batch(Option<Vec<String>>),
    Unknown(String),
}

impl<'a> Request<'a> {
    /// Read a line; `Ok(Err(Unanswered))` if the original does not answer it.
    pub(crate) fn read(line: &'a str) -> Result<Result<Self, Unanswered>, NotJson> {
        let Some(object) = json::parse(line)? else {
            return Ok(Err(Unanswered));
        };
        Ok(match object.text("command") {
            Ok(Some(Some(command))) if !command.is_empty() => Ok(Self {
                verb: upper_case(&command),
                object,
            }),
            _ => Err(Unanswered),
        })
    }

    /// Say whether a session may send this before it has signed in.
    pub(crate) fn is_open(&self) -> bool {
        OPEN.contains(&self.verb.as_str())
    }

    /// Read the fields. The original does not know `BATCH`; `batches` says whether it is understood.
    pub(crate) fn command(self, batches: bool) -> Result<Command, Unanswered> {
        let Self { verb, object } = self;
        Ok(match verb.as_str() {
            "NAME" => Command::Name {
                name: object.text("name")?.ok_or(Unanswered)?,
                password: password(&object)?,
            },
            "AUTHENTICATE" => Command::Authenticate {
                password: password(&object)?,
            },
            "PING" => Command::Ping,
            "PLAYER_INFO" => Command::PlayerInfo,
            "LIST_ROOMS" => Command::ListRooms,
            "CREATE_ROOM" => Command::CreateRoom {
                name: object.text("name")?.ok_or(Unanswered)?,
            },
            "JOIN_ROOM" => Command::JoinRoom {
                room: object
                    .text("roomId")?
                    .ok_or(Unanswered)?
                    .unwrap_or_default(),
            },
            "LEAVE_ROOM" => Command::LeaveRoom,
            "GET_ROOM_PLAYERS" => Command::GetRoomPlayers,
            "START_GAME" => Command::StartGame,
            "RELAY_MESSAGE" => Command::RelayMessage(relayed(&object)?),
            "BYE" => Command::Bye,
            "BATCH" if batches => Command::Batch(batch(&object)),
            _ => Command::Unknown(verb),
        })
    }
}

fn password(object: &Object<'_>) -> Result<Option<Password>, WrongType> {
    let text = object.text("password")?;
    Ok(text.map(|text| Password::new(text.unwrap_or_default())))
}

fn relayed(object: &Object<'_>) -> Result<Option<(String, String)>, WrongType> {
    if object.raw("targetId").is_none() || object.raw("message").is_none() {
        return Ok(None);
    }
    let text = |key| {
        object
            .text(key)
            .map(|text| text.flatten().unwrap_or_default())
    };
    Ok(Some((text("targetId")?, text("message")?)))
}

fn batch(object: &Object<'_>) -> Option<Vec<String>> {
    let lines = json::elements(object.raw("messages")?)?;
    let is_command = |line: &&str| {
        let request = Request::read(line);
        matches!(request, Ok(Ok(request)) if request.verb != "BATCH")
    };
    let whole = (1..=MAX_BATCH).contains(&lines.len()) && lines.iter().all(is_command);
    whole.then(|| lines.into_iter().map(str::to_owned).collect())
}

/// Upper-case character by character as .NET does: a character whose upper case has several characters stays.
pub(crate) fn upper_case(text: &str) -> String {
    text.chars().map(upper).collect()
}

/// Say whether two texts differ only in case, without making the upper-case texts.
pub(crate) fn is_same_in_any_case(one: &str, other: &str) -> bool {
    one.chars().map(upper).eq(other.chars().map(upper))
}

fn upper(char: char) -> char {
    let mut all = char.to_uppercase();
    match (all.next(), all.next()) {
        (Some(one), None) => one,
        _ => char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Result<Command, Unanswered> {
        Request::read(line).unwrap()?.command(true)
    }

    #[test]
    fn the_command_counts_in_any_case_but_its_key_does_not() {
        assert_eq!(read(r#"{"command":"list_Rooms"}"#), Ok(Command::ListRooms));
        assert_eq!(read(r#"{"Command":"PING"}"#), Err(Unanswered));
        assert_eq!(
            read(r#"{"command":" straße"}"#),
            Ok(Command::Unknown(" STRAßE".into()))
        );
    }

    proptest! {
        #[test]
        fn texts_are_the_same_in_any_case_if_their_upper_cases_are(one in "[a-cA-Cßéıİ]{0,3}", other in "[a-cA-Cßéıİ]{0,3}") {
            let same = upper_case(&one) == upper_case(&other);
            prop_assert_eq!(is_same_in_any_case(&one, &other), same);
        }
    }

    #[test]
    fn lines_that_the_original_does_not_answer() {
        for line in [
            "[]",
            "5",
            "null",
            "{}",
            r#"{"command":""}"#,
            r#"{"command":null}"#,
            r#"{"command":5}"#,
            r#"{"command":"NAME"}"#,
            r#"{"command":"NAME","name":5}"#,
            r#"{"command":"NAME","name":"a","password":5}"#,
            r#"{"command":"CREATE_ROOM"}"#,
            r#"{"command":"JOIN_ROOM"}"#,
            r#"{"command":"JOIN_ROOM","roomId":{}}"#,
            r#"{"command":"RELAY_MESSAGE","targetId":"x","message":5}"#,
            r#"{"command":"AUTHENTICATE","password":true}"#,
            r#"{"command":"NAME","name":"\ud800"}"#,
        ] {
            assert_eq!(read(line), Err(Unanswered), "{line}");
        }
    }

    #[test]
    fn null_is_empty_or_the_default() {
        let name = |name, password: Option<&str>| {
            let password = password.map(Password::new);
            Ok(Command::Name { name, password })
        };
        assert_eq!(
            read(r#"{"command":"NAME","name":null,"password":null}"#),
            name(None, Some(""))
        );
        assert_eq!(
            read(r#"{"command":"NAME","name":""}"#),
            name(Some(String::new()), None)
        );
        let nothing = Some((String::new(), String::new()));
        assert_eq!(
            read(r#"{"command":"RELAY_MESSAGE","targetId":null,"message":""}"#),
            Ok(Command::RelayMessage(nothing))
        );
        assert_eq!(
            read(r#"{"command":"RELAY_MESSAGE","message":5}"#),
            Ok(Command::RelayMessage(None))
        );
    }

    #[test]
    fn a_batch_holds_one_to_ten_commands_and_no_batch() {
        let batch =
            |messages: &str| match read(&format!(r#"{{"command":"BATCH","messages":{messages}}}"#))
            {
                Ok(Command::Batch(lines)) => lines.map(|lines| lines.len()),
                other => panic!("{other:?}"),
            };
        let ping = r#"{"command":"ping"}"#;
        assert_eq!(batch(&format!("[{ping}]")), Some(1));
        assert_eq!(
            batch(&format!("[{}]", [ping; MAX_BATCH].join(","))),
            Some(MAX_BATCH)
        );
        assert_eq!(
            batch(&format!("[{}]", [ping; MAX_BATCH + 1].join(","))),
            None
        );
        for bad in [
            "[]",
            "5",
            "null",
            "{}",
            "[5]",
            r#"[{"command":"Batch","messages":[]}]"#,
        ] {
            assert_eq!(batch(bad), None, "{bad}");
        }
    }
}
