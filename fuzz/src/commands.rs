//! Commands of a client, with any content: each is one line that a JSON parser of others reads back as it was meant.

use protocol::command::{Command, CommandKind};
use protocol::goodbye::is_bye;
use protocol::id::{Password, RoomId, SessionId};
use serde_json::Value;

/// A command and two texts for it.
#[derive(Debug, arbitrary::Arbitrary)]
pub struct Input<'a> {
    kind: u8,
    first: &'a str,
    second: Option<&'a str>,
}

/// The line has exactly what was put in.
pub fn check(input: Input<'_>) {
    let Some((command, fields)) = command(&input) else {
        return;
    };
    let line = command.to_line();
    assert!(!line.bytes().any(|byte| byte < b' '), "{line:?}");
    let read: Value = serde_json::from_str(&line).expect("a command is JSON");
    let word = command.kind().word();
    assert_eq!(read["command"], word);
    assert_eq!(CommandKind::from_word(word), Some(command.kind()));
    assert_eq!(is_bye(&line), command == Command::Bye);
    for (key, value) in &fields {
        assert_eq!(read[key], *value, "{key}");
    }
    assert_eq!(
        read.as_object().map(|read| read.len()),
        Some(1 + fields.len())
    );
}

/// Make the command, and the fields that its line must have beside its word.
fn command<'a>(input: &Input<'a>) -> Option<(Command, Vec<(&'static str, &'a str)>)> {
    let first = input.first;
    let second = input.second;
    Some(match input.kind % 9 {
        0 => {
            let fields = [("name", Some(first)), ("password", second)];
            let fields = fields
                .into_iter()
                .filter_map(|(key, text)| Some((key, text?)));
            let password = second.map(Password::new);
            (
                Command::Name {
                    name: first.into(),
                    password,
                },
                fields.collect(),
            )
        }
        1 => (
            Command::Authenticate {
                password: Password::new(first),
            },
            vec![("password", first)],
        ),
        2 => (Command::create_room(first), vec![("name", first)]),
        3 => {
            let room_id: RoomId = first.parse().ok()?;
            (Command::JoinRoom { room_id }, vec![("roomId", first)])
        }
        4 => {
            let target_id: SessionId = first.parse().ok()?;
            let message = second?;
            let fields = vec![("targetId", first), ("message", message)];
            (
                Command::RelayMessage {
                    target_id,
                    message: message.into(),
                },
                fields,
            )
        }
        5 => (Command::LeaveRoom, Vec::new()),
        6 => (Command::ListRooms, Vec::new()),
        7 => (Command::Ping, Vec::new()),
        _ => (Command::Bye, Vec::new()),
    })
}
