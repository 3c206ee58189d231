//! Answers and events of the protocol as JavaScript objects.

use js_sys::{Array, Object, Reflect};
use protocol::datagram::Input;
use protocol::event::{Event, GameStarted, Player, Room, Spawn};
use protocol::geometry::Vec3;
use protocol::id::SessionId;
use protocol::spectate;
use wasm_bindgen::JsValue;

/// Make an object of its properties.
pub(crate) fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in properties {
        set(&object, name, value);
    }
    object.into()
}

/// Set a property of a plain object, which cannot fail.
pub(crate) fn set(object: &JsValue, name: &str, value: JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(name), &value);
}

fn array<T>(items: Vec<T>, convert: impl Fn(T) -> JsValue) -> JsValue {
    items.into_iter().map(convert).collect::<Array>().into()
}

/// Make what a command's promise resolves with. A ping resolves with its round trip instead.
pub(crate) fn answer(event: Event) -> JsValue {
    match event {
        Event::NameOk {
            name,
            authenticated,
            udp_encryption,
        } => object([
            ("name", name.into()),
            ("authenticated", authenticated.into()),
            ("udpEncryption", udp_encryption.into()),
        ]),
        Event::AuthOk { name } => object([("name", name.into())]),
        Event::PlayerInfo(info) => object([
            ("id", info.id.as_str().into()),
            ("name", info.name.into()),
            (
                "roomId",
                info.room_id.map_or(JsValue::NULL, |id| id.as_str().into()),
            ),
        ]),
        Event::RoomList(rooms) => array(rooms, room),
        Event::RoomCreated { room_id, name } => {
            object([("roomId", room_id.as_str().into()), ("name", name.into())])
        }
        Event::JoinOk { room_id } | Event::LeaveOk { room_id } => {
            object([("roomId", room_id.as_str().into())])
        }
        Event::RoomPlayers { room_id, players } => object([
            ("roomId", room_id.as_str().into()),
            ("players", array(players, player)),
        ]),
        Event::GameStarted(started) => game_started(started),
        Event::RelayOk { target_id } => object([("targetId", target_id.as_str().into())]),
        _ => JsValue::UNDEFINED,
    }
}

/// Make the event `gameStarted`. A spawn that is only a number has `index` instead of a place.
pub(crate) fn game_started(started: GameStarted) -> JsValue {
    let spawns = array(started.spawns, |(id, spawn)| match spawn {
        Spawn::Place(Vec3 { x, y, z }) => object([
            ("id", id.as_str().into()),
            ("x", x.into()),
            ("y", y.into()),
            ("z", z.into()),
        ]),
        Spawn::Index(index) => object([("id", id.as_str().into()), ("index", index.into())]),
    });
    object([
        ("roomId", started.room_id.as_str().into()),
        (
            "hostId",
            started
                .host_id
                .map_or(JsValue::UNDEFINED, |id| id.as_str().into()),
        ),
        ("spawnPositions", spawns),
    ])
}

/// Make the event `message`.
pub(crate) fn message(sender_id: &SessionId, sender_name: String, message: String) -> JsValue {
    object([
        ("senderId", sender_id.as_str().into()),
        ("senderName", sender_name.into()),
        ("message", message.into()),
    ])
}

/// Make the event `input`.
pub(crate) fn input(input: &Input) -> JsValue {
    object([
        ("id", input.session_id.as_str().into()),
        ("steering", input.controls.steering.into()),
        ("throttle", input.controls.throttle.into()),
        ("brake", input.controls.brake.into()),
    ])
}

/// Make a room as a spectator is told of it.
pub(crate) fn spectated_room(room: &spectate::Room, at_ms: f64) -> JsValue {
    let players = room.players.iter().map(|player| {
        object([
            ("index", player.index.into()),
            ("id", player.id.as_str().into()),
            ("name", player.name.as_str().into()),
        ])
    });
    let host_id = room.host_id.as_ref();
    object([
        ("id", room.id.as_str().into()),
        ("name", room.name.as_str().into()),
        (
            "hostId",
            host_id.map_or(JsValue::NULL, |id| id.as_str().into()),
        ),
        ("isActive", room.is_active.into()),
        ("players", players.collect::<Array>().into()),
        ("atMs", at_ms.into()),
    ])
}

fn room(room: Room) -> JsValue {
    object([
        ("id", room.id.as_str().into()),
        ("name", room.name.into()),
        ("playerCount", room.player_count.into()),
        ("isActive", room.is_active.into()),
        (
            "hostId",
            room.host_id.map_or(JsValue::NULL, |id| id.as_str().into()),
        ),
    ])
}

fn player(player: Player) -> JsValue {
    object([
        ("id", player.id.as_str().into()),
        ("name", player.name.into()),
    ])
}
