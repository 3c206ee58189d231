//! Answers and events of the protocol as JavaScript objects.

use protocol::datagram::Input;
use protocol::event::{Event, GameStarted, Spawn};
use protocol::id::SessionId;
use protocol::spectate;
use wasm_bindgen::JsValue;

use crate::object::{Object, list};

/// Make what a command's promise resolves with. A ping resolves with its round trip instead.
pub(crate) fn answer(event: &Event) -> JsValue {
    let object = Object::new();
    let object = match event {
        Event::NameOk {
            name,
            authenticated,
            udp_encryption,
        } => object
            .text("name", name)
            .flag("authenticated", *authenticated)
            .flag("udpEncryption", *udp_encryption),
        Event::AuthOk { name } => object.text("name", name),
        Event::PlayerInfo(info) => object
            .text("id", info.id.as_str())
            .text("name", &info.name)
            .text_or_null("roomId", info.room_id.as_ref().map(|id| id.as_str())),
        Event::RoomList(rooms) => {
            return list(rooms.iter().map(|room| {
                named(room.id.as_str(), &room.name)
                    .number("playerCount", room.player_count.into())
                    .flag("isActive", room.is_active)
                    .text_or_null("hostId", room.host_id.as_ref().map(SessionId::as_str))
            }));
        }
        Event::RoomCreated { room_id, name } => {
            object.text("roomId", room_id.as_str()).text("name", name)
        }
        Event::JoinOk { room_id } | Event::LeaveOk { room_id } => {
            object.text("roomId", room_id.as_str())
        }
        Event::RoomPlayers { room_id, players } => {
            let players = players.iter();
            object.text("roomId", room_id.as_str()).list(
                "players",
                players.map(|player| named(player.id.as_str(), &player.name)),
            )
        }
        Event::GameStarted(started) => return game_started(started),
        Event::RelayOk { target_id } => object.text("targetId", target_id.as_str()),
        _ => return JsValue::UNDEFINED,
    };
    object.done()
}

/// Make the event `gameStarted`. A spawn that is only a number has `index` instead of a place.
pub(crate) fn game_started(started: &GameStarted) -> JsValue {
    let object = Object::new().text("roomId", started.room_id.as_str());
    let object = match &started.host_id {
        Some(id) => object.text("hostId", id.as_str()),
        None => object.value("hostId", &JsValue::UNDEFINED),
    };
    let spawns = started.spawns.iter().map(|(id, spawn)| {
        let object = Object::new().text("id", id.as_str());
        match spawn {
            Spawn::Place(place) => object
                .number("x", place.x.into())
                .number("y", place.y.into())
                .number("z", place.z.into()),
            Spawn::Index(index) => object.number("index", (*index).into()),
        }
    });
    object.list("spawnPositions", spawns).done()
}

/// Make the event `message`.
pub(crate) fn message(sender_id: &SessionId, sender_name: &str, message: &str) -> JsValue {
    Object::new()
        .text("senderId", sender_id.as_str())
        .text("senderName", sender_name)
        .text("message", message)
        .done()
}

/// Make the event `input`.
pub(crate) fn input(input: &Input) -> JsValue {
    Object::new()
        .text("id", input.session_id.as_str())
        .number("steering", input.controls.steering.into())
        .number("throttle", input.controls.throttle.into())
        .number("brake", input.controls.brake.into())
        .done()
}

/// Make a room as a spectator is told of it.
pub(crate) fn spectated_room(room: &spectate::Room, at_ms: f64) -> JsValue {
    let players = room.players.iter().map(|player| {
        Object::new()
            .number("index", player.index.into())
            .text("id", player.id.as_str())
            .text("name", &player.name)
    });
    named(room.id.as_str(), &room.name)
        .text_or_null("hostId", room.host_id.as_ref().map(SessionId::as_str))
        .flag("isActive", room.is_active)
        .list("players", players)
        .number("atMs", at_ms)
        .done()
}

fn named(id: &str, name: &str) -> Object {
    Object::new().text("id", id).text("name", name)
}
