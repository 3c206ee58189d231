//! What a recorded client wrote, as what a session would send: a command if it is spelt to the letter as a session spells it, and the
//! place in a position.

use protocol::command::Command;
use protocol::geometry::{Quat, Vec3};
use protocol::id::{Password, Token};
use serde_json::Value;

/// The recorded clients gave an address with a new account; ours do not.
pub(crate) fn without_email(line: &str) -> String {
    match line.split_once(r#","email":""#) {
        Some((before, after)) => {
            let rest = after.split_once('"').map_or("", |(_, rest)| rest);
            format!("{before}{rest}")
        }
        None => line.to_owned(),
    }
}

/// The command of a line, if a session spells it so.
pub(crate) fn command(line: &str) -> Option<Command> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let password = || text("password").map(Password::new);
    let command = match value["command"].as_str()? {
        "NAME" => Command::Name {
            name: text("name")?,
            password: password(),
        },
        "AUTHENTICATE" => Command::Authenticate {
            password: password()?,
        },
        "REGISTER" => Command::Register {
            username: text("username")?,
            password: password()?,
        },
        "LOGIN" => Command::Login {
            username: text("username")?,
            password: password()?,
        },
        "AUTO_AUTH" => Command::AutoAuth {
            token: Token::new(text("token")?),
        },
        "CREATE_ROOM" => Command::CreateRoom {
            name: text("name")?,
            max_players: value["maxPlayers"].as_u64().map(|size| size as u32),
        },
        "JOIN_ROOM" => Command::JoinRoom {
            room_id: text("roomId")?.parse().ok()?,
        },
        "LEAVE_ROOM" => Command::LeaveRoom,
        "LIST_ROOMS" => Command::ListRooms,
        "GET_ROOM_PLAYERS" => Command::GetRoomPlayers,
        "PLAYER_INFO" => Command::PlayerInfo,
        "RELAY_MESSAGE" => Command::RelayMessage {
            target_id: text("targetId")?.parse().ok()?,
            message: text("message")?,
        },
        "MESSAGE" => Command::Message {
            message: text("message"),
        },
        "START_GAME" => Command::StartGame,
        "PING" => Command::Ping,
        "PONG" => Command::Pong,
        "BYE" => Command::Bye,
        _ => return None,
    };
    (command.to_line() == without_email(line)).then_some(command)
}

/// The place in a position of a client's own car.
pub(crate) fn own_place(text: &str, id: &str) -> Option<(Vec3, Quat)> {
    let value: Value = serde_json::from_str(text).ok()?;
    if value["command"] != "UPDATE" || value["sessionId"] != id {
        return None;
    }
    let number = |place: &str, axis: &str| Some(value[place][axis].as_f64()? as f32);
    let position = |axis| number("position", axis);
    let rotation = |axis| number("rotation", axis);
    Some((
        Vec3::new(position("x")?, position("y")?, position("z")?),
        Quat::new(
            rotation("x")?,
            rotation("y")?,
            rotation("z")?,
            rotation("w")?,
        ),
    ))
}
