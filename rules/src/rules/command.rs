//! Reads command lines. Case, types and missing fields count exactly as in the original. A line that the original does not
//! answer is [`Unanswered`] here (facts, section 2).

use protocol::id::{Password, Token};

use super::json::{self, NotJson, Object, WrongType};
use super::packet::{Pose, filled};
use super::policy::{Policy, SignIn};

/// How many commands one `BATCH` may hold (guide, section 10.1).
pub(crate) const MAX_BATCH: usize = 10;

/// The actions of envelopes. A command of such a name is known, and does nothing.
const ACTIONS: [&str; 6] = [
    "HEARTBEAT",
    "SNAPSHOT_SYNC",
    "PLAYER_KILL",
    "RESPAWN",
    "MOVE",
    "INPUT",
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
    /// In upper case.
    verb: String,
    is_action: bool,
    /// What the client calls the line.
    pub(crate) message_id: Option<String>,
    object: Object<'a>,
    line: &'a str,
}

/// What a line asks for. A field that is null is `None`, a password that is null is empty.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Name {
        name: Option<String>,
        password: Option<Password>,
    },
    Authenticate {
        password: Option<Password>,
    },
    Register {
        username: String,
        password: Password,
        email: Option<String>,
    },
    LogIn {
        username: String,
        password: Password,
    },
    AutoAuth(Token),
    Rename(String),
    Ping,
    Pong,
    PlayerInfo,
    ListRooms,
    CreateRoom {
        name: Option<String>,
        /// `None` if it is absent or no integer.
        max_players: Option<i32>,
    },
    JoinRoom {
        room: String,
    },
    AutoJoin(String),
    LeaveRoom,
    GetRoomPlayers,
    StartGame,
    /// Target and message; `None` if one of the fields is absent.
    RelayMessage(Option<(String, String)>),
    /// `None` if the field is absent.
    Message(Option<String>),
    Heartbeat,
    SnapshotSync,
    PlayerKill(String),
    Respawn,
    /// Show the own car; the place came by a line.
    Move(Pose),
    /// Send the own controls on.
    Input {
        room: Option<String>,
        relayed: String,
    },
    SyncInventory,
    /// From one slot to another; `None` if one is absent or no integer.
    MoveSlot(Option<(i32, i32)>),
    DropItem(Option<i32>),
    UseItem(Option<i32>),
    Bye,
    /// The raw lines of the batch; `None` if it is malformed.
    Batch(Option<Vec<String>>),
    Unknown(String),
    /// It is known, and nothing happens.
    Nothing,
}

impl<'a> Request<'a> {
    /// Read a line; `Ok(Err(Unanswered))` if the original does not answer it. Only with `envelopes` an action counts.
    pub(crate) fn read(
        line: &'a str,
        envelopes: bool,
    ) -> Result<Result<Self, Unanswered>, NotJson> {
        let Some(object) = json::parse(line)? else {
            return Ok(Err(Unanswered));
        };
        Ok(Self::of(object, line, envelopes))
    }

    fn of(object: Object<'a>, line: &'a str, envelopes: bool) -> Result<Self, Unanswered> {
        let (mut action, mut message_id) = (None, None);
        if envelopes {
            action = filled(&object, "action")?;
            message_id = object.text("messageId")?.flatten();
        }
        let is_action = action.is_some();
        let verb = match action {
            Some(action) => action,
            None => filled(&object, "command")?.ok_or(Unanswered)?,
        };
        Ok(Self {
            verb: upper_case(&verb),
            is_action,
            message_id,
            object,
            line,
        })
    }

    /// Say whether a session may send this before it has signed in.
    pub(crate) fn is_open(&self, policy: &Policy) -> bool {
        let is_pong = policy.pings && policy.takes_any_pong && self.verb == "PONG";
        !self.is_action && (is_pong || policy.open.contains(&self.verb.as_str()))
    }

    /// Read the fields.
    pub(crate) fn command(self, policy: &Policy) -> Result<Command, Unanswered> {
        if self.is_action {
            return self.action();
        }
        let Self { verb, object, .. } = self;
        let accounts = policy.sign_in == SignIn::Account;
        Ok(match verb.as_str() {
            "NAME" if accounts => {
                Command::Rename(object.text("name")?.ok_or(Unanswered)?.unwrap_or_default())
            }
            "NAME" => Command::Name {
                name: object.text("name")?.ok_or(Unanswered)?,
                password: password(&object)?,
            },
            "AUTHENTICATE" if !accounts => Command::Authenticate {
                password: password(&object)?,
            },
            "REGISTER" if accounts => Command::Register {
                username: text(&object, "username")?,
                password: Password::new(text(&object, "password")?),
                email: filled(&object, "email")?,
            },
            "LOGIN" if accounts => Command::LogIn {
                username: text(&object, "username")?,
                password: Password::new(text(&object, "password")?),
            },
            "AUTO_AUTH" if accounts => Command::AutoAuth(Token::new(text(&object, "token")?)),
            "PING" => Command::Ping,
            "PLAYER_INFO" => Command::PlayerInfo,
            "LIST_ROOMS" => Command::ListRooms,
            "CREATE_ROOM" => Command::CreateRoom {
                name: object.text("name")?.ok_or(Unanswered)?,
                max_players: match policy.chooses_room_size {
                    true => object.integer("maxPlayers")?.flatten(),
                    false => None,
                },
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
            "MESSAGE" if policy.has_chat => {
                let message = object.text("message")?;
                Command::Message(message.map(Option::unwrap_or_default))
            }
            "BYE" => Command::Bye,
            "BATCH" if policy.has_batches => Command::Batch(batch(&object, policy)),
            other if policy.has_envelopes => later(other, &object)?,
            _ => Command::Unknown(verb),
        })
    }

    fn action(self) -> Result<Command, Unanswered> {
        let Self {
            verb, object, line, ..
        } = self;
        Ok(match verb.as_str() {
            "HEARTBEAT" => Command::Heartbeat,
            "SNAPSHOT_SYNC" => Command::SnapshotSync,
            "PLAYER_KILL" => Command::PlayerKill(text(&object, "targetId")?),
            "RESPAWN" => Command::Respawn,
            "MOVE" => {
                // The place stands in the line itself, or in its payload.
                let inside = object.raw("payload").filter(|_| {
                    object.raw("position").is_none() && object.raw("rotation").is_none()
                });
                let inside = inside.map(Object::read).transpose()?;
                let pose = Pose::read(inside.as_ref().unwrap_or(&object))?;
                Command::Move(pose)
            }
            "INPUT" => Command::Input {
                room: filled(&object, "roomId")?,
                relayed: json::compact(line)?,
            },
            name if is_command(name) => Command::Nothing,
            _ => Command::Unknown(verb.to_lowercase()),
        })
    }
}

/// Read the commands that came with the envelopes.
fn later(verb: &str, object: &Object<'_>) -> Result<Command, Unanswered> {
    let slot = |key| object.integer(key).map(Option::flatten);
    Ok(match verb {
        "PONG" => Command::Pong,
        "AUTO_JOIN" => Command::AutoJoin(text(object, "token")?),
        "INV_REQUEST_SYNC" => Command::SyncInventory,
        "INV_MOVE_SLOT" => {
            let (from, to) = (slot("fromSlot")?, slot("toSlot")?);
            Command::MoveSlot(from.zip(to))
        }
        "INV_DROP_ITEM" => {
            let found = slot("slotId")?;
            slot("quantity")?;
            Command::DropItem(found)
        }
        "INV_USE_ITEM" => Command::UseItem(slot("slotId")?),
        action if ACTIONS.contains(&action) => Command::Nothing,
        _ => Command::Unknown(verb.to_owned()),
    })
}

/// Say whether an action has the name of a command. It is known then, and does nothing.
fn is_command(name: &str) -> bool {
    const COMMANDS: [&str; 21] = [
        "REGISTER",
        "LOGIN",
        "AUTO_AUTH",
        "NAME",
        "PING",
        "PONG",
        "BYE",
        "PLAYER_INFO",
        "LIST_ROOMS",
        "CREATE_ROOM",
        "JOIN_ROOM",
        "AUTO_JOIN",
        "LEAVE_ROOM",
        "GET_ROOM_PLAYERS",
        "START_GAME",
        "RELAY_MESSAGE",
        "MESSAGE",
        "INV_REQUEST_SYNC",
        "INV_MOVE_SLOT",
        "INV_DROP_ITEM",
        "INV_USE_ITEM",
    ];
    COMMANDS.contains(&name)
}

/// Read a text; one that is absent or null is empty.
fn text(object: &Object<'_>, key: &str) -> Result<String, WrongType> {
    Ok(object.text(key)?.flatten().unwrap_or_default())
}

fn password(object: &Object<'_>) -> Result<Option<Password>, WrongType> {
    let text = object.text("password")?;
    Ok(text.map(|text| Password::new(text.unwrap_or_default())))
}

fn relayed(object: &Object<'_>) -> Result<Option<(String, String)>, WrongType> {
    if object.raw("targetId").is_none() || object.raw("message").is_none() {
        return Ok(None);
    }
    Ok(Some((text(object, "targetId")?, text(object, "message")?)))
}

fn batch(object: &Object<'_>, policy: &Policy) -> Option<Vec<String>> {
    let lines = json::elements(object.raw("messages")?)?;
    let is_command = |line: &&str| {
        let request = Request::read(line, policy.has_envelopes);
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
    use protocol::generation::Generation;

    fn read_as(policy: &Policy, line: &str) -> Result<Command, Unanswered> {
        let request = Request::read(line, policy.has_envelopes).unwrap()?;
        request.command(policy)
    }

    fn read(line: &str) -> Result<Command, Unanswered> {
        read_as(&Policy::new(Generation::First, false), line)
    }

    #[test]
    fn an_action_or_command_of_the_other_kind_does_nothing() {
        let read = |line| read_as(&Policy::new(Generation::Token, true), line);
        for line in [
            r#"{"action":"list_rooms"}"#,
            r#"{"command":"heartbeat"}"#,
            r#"{"command":"MOVE"}"#,
            r#"{"action":"Inv_Use_Item"}"#,
        ] {
            assert_eq!(read(line), Ok(Command::Nothing), "{line}");
        }
        assert_eq!(
            read(r#"{"command":"PING","action":"Heartbeat"}"#),
            Ok(Command::Heartbeat)
        );
        for (line, shown) in [
            (r#"{"command":"batch"}"#, "BATCH"),
            (
                r#"{"command":"AUTHENTICATE","password":"p"}"#,
                "AUTHENTICATE",
            ),
            (r#"{"action":"END_game"}"#, "end_game"),
        ] {
            assert_eq!(read(line), Ok(Command::Unknown(shown.into())), "{line}");
        }
    }

    #[test]
    fn numbers_of_the_token_generation_are_integers_absent_or_unanswered() {
        let read = |line: &str| read_as(&Policy::new(Generation::Token, true), line);
        let create = |max_players| {
            Ok(Command::CreateRoom {
                name: Some("r".into()),
                max_players,
            })
        };
        for (spelled, max_players) in [("4", Some(4)), ("-1", Some(-1)), ("2.5", None)] {
            let line = format!(r#"{{"command":"CREATE_ROOM","name":"r","maxPlayers":{spelled}}}"#);
            assert_eq!(read(&line), create(max_players), "{line}");
        }
        let line = r#"{"command":"CREATE_ROOM","name":"r","maxPlayers":"4"}"#;
        assert_eq!(read(line), Err(Unanswered));
        let line = r#"{"command":"INV_MOVE_SLOT","fromSlot":1,"toSlot":2}"#;
        assert_eq!(read(line), Ok(Command::MoveSlot(Some((1, 2)))));
        let line = r#"{"command":"INV_MOVE_SLOT","fromSlot":1,"toSlot":2.5}"#;
        assert_eq!(read(line), Ok(Command::MoveSlot(None)));
        let line = r#"{"command":"INV_DROP_ITEM","slotId":1,"quantity":"1"}"#;
        assert_eq!(read(line), Err(Unanswered));
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
