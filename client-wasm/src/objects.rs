//! The objects that JavaScript gets: answers, events and figures. `serde_json` writes them and `JSON.parse` reads
//! them, which adds the least to the module. The frame loop does without.

use js_sys::JSON;
use protocol::datagram::Input;
use protocol::event::{Event, GameStarted, Spawn};
use protocol::id::SessionId;
use protocol::json::ServerNumbers;
use protocol::spectate;
use serde::Serialize;
use wasm_bindgen::JsValue;

/// An object for JavaScript. Its TypeScript types are in `session.rs` and `spectator.rs`.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(crate) enum Object<'a> {
    State {
        state: &'a str,
    },
    Draining {
        seconds: u32,
    },
    Kicked {
        message: &'a str,
    },
    RoomLost {
        room_id: &'a str,
    },
    Unknown {
        line: &'a str,
    },
    Log {
        level: &'a str,
        line: &'a str,
    },
    Car {
        slot: usize,
        id: &'a str,
    },
    Error {
        name: &'a str,
        code: &'a str,
        retryable: bool,
    },
    Close {
        number: u16,
        code: &'a str,
        reason: &'a str,
        retryable: bool,
    },
    SpectatorLost {
        state: &'a str,
        code: &'a str,
        reason: &'a str,
        retryable: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_in_ms: Option<f64>,
    },
    SignedIn {
        name: &'a str,
        authenticated: bool,
        udp_encryption: bool,
    },
    Authenticated {
        name: &'a str,
    },
    PlayerInfo {
        id: &'a str,
        name: &'a str,
        room_id: Option<&'a str>,
    },
    Rooms(Vec<Room<'a>>),
    RoomCreated {
        room_id: &'a str,
        name: &'a str,
    },
    InRoom {
        room_id: &'a str,
    },
    RoomPlayers {
        room_id: &'a str,
        players: Vec<Player<'a>>,
    },
    GameStarted {
        room_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        host_id: Option<&'a str>,
        spawn_positions: Vec<SpawnPosition<'a>>,
    },
    Relayed {
        target_id: &'a str,
    },
    Message {
        sender_id: &'a str,
        sender_name: &'a str,
        message: &'a str,
    },
    Input {
        id: &'a str,
        steering: f64,
        throttle: f64,
        brake: f64,
    },
    SpectatedRoom {
        id: &'a str,
        name: &'a str,
        host_id: Option<&'a str>,
        is_active: bool,
        players: Vec<Player<'a>>,
        at_ms: f64,
    },
    Metrics {
        round_trip_ms: Option<f64>,
        sent: u64,
        received: u64,
        refused: u64,
        lost: u64,
        loss_percent: f64,
        loss_estimated: bool,
        sent_per_second: u32,
        received_per_second: u32,
        bytes_sent: u64,
        bytes_received: u64,
    },
    SpectatorMetrics {
        received: u64,
        skipped: u64,
        refused: u64,
        bytes_received: u64,
        bytes_per_second: u32,
        snapshots_per_second: u32,
        delay_ms: f64,
        jitter_ms: f64,
        history_bytes: usize,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Room<'a> {
    id: &'a str,
    name: &'a str,
    player_count: u32,
    is_active: bool,
    host_id: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct Player<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u8>,
    id: &'a str,
    name: &'a str,
}

/// Where a player starts: a place, or the number of one.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum SpawnPosition<'a> {
    Place { id: &'a str, x: f64, y: f64, z: f64 },
    Index { id: &'a str, index: u32 },
}

impl<'a> Object<'a> {
    /// Make the JavaScript value.
    pub(crate) fn to_js(&self) -> JsValue {
        let mut json = Vec::new();
        // The protocol's spelling of numbers, so that the module holds one kind of serializer.
        let mut serializer = serde_json::Serializer::with_formatter(&mut json, ServerNumbers);
        // No call fails, because every key is a string.
        let written = self.serialize(&mut serializer).is_ok();
        let text = written.then(|| String::from_utf8(json).unwrap_or_default());
        JSON::parse(&text.unwrap_or_default()).unwrap_or_default()
    }

    /// Take the value that a command's promise resolves with. `None` for answers without a value.
    pub(crate) fn from_answer(event: &'a Event) -> Option<Self> {
        Some(match event {
            Event::NameOk {
                name,
                authenticated,
                udp_encryption,
            } => Self::SignedIn {
                name,
                authenticated: *authenticated,
                udp_encryption: *udp_encryption,
            },
            Event::AuthOk { name } => Self::Authenticated { name },
            Event::PlayerInfo(info) => Self::PlayerInfo {
                id: info.id.as_str(),
                name: &info.name,
                room_id: info.room_id.as_ref().map(|id| id.as_str()),
            },
            Event::RoomList(rooms) => Self::Rooms(
                rooms
                    .iter()
                    .map(|room| Room {
                        id: room.id.as_str(),
                        name: &room.name,
                        player_count: room.player_count,
                        is_active: room.is_active,
                        host_id: room.host_id.as_ref().map(SessionId::as_str),
                    })
                    .collect(),
            ),
            Event::RoomCreated { room_id, name } => Self::RoomCreated {
                room_id: room_id.as_str(),
                name,
            },
            Event::JoinOk { room_id } | Event::LeaveOk { room_id } => Self::InRoom {
                room_id: room_id.as_str(),
            },
            Event::RoomPlayers { room_id, players } => Self::RoomPlayers {
                room_id: room_id.as_str(),
                players: players
                    .iter()
                    .map(|player| Player {
                        index: None,
                        id: player.id.as_str(),
                        name: &player.name,
                    })
                    .collect(),
            },
            Event::GameStarted(started) => started.into(),
            Event::RelayOk { target_id } => Self::Relayed {
                target_id: target_id.as_str(),
            },
            _ => return None,
        })
    }

    /// Take a room as the relay shows it to spectators, valid from a moment of the timeline.
    pub(crate) fn from_spectated(room: &'a spectate::Room, at_ms: f64) -> Self {
        let players = room.players.iter();
        Self::SpectatedRoom {
            id: room.id.as_str(),
            name: &room.name,
            host_id: room.host_id.as_ref().map(SessionId::as_str),
            is_active: room.is_active,
            players: players
                .map(|player| Player {
                    index: Some(player.index),
                    id: player.id.as_str(),
                    name: &player.name,
                })
                .collect(),
            at_ms,
        }
    }
}

impl<'a> From<&'a GameStarted> for Object<'a> {
    fn from(started: &'a GameStarted) -> Self {
        let spawns = started.spawns.iter();
        Self::GameStarted {
            room_id: started.room_id.as_str(),
            host_id: started.host_id.as_ref().map(SessionId::as_str),
            spawn_positions: spawns
                .map(|(id, spawn)| match spawn {
                    Spawn::Place(place) => SpawnPosition::Place {
                        id: id.as_str(),
                        x: place.x.into(),
                        y: place.y.into(),
                        z: place.z.into(),
                    },
                    Spawn::Index(index) => SpawnPosition::Index {
                        id: id.as_str(),
                        index: *index,
                    },
                })
                .collect(),
        }
    }
}

impl<'a> From<&'a Input> for Object<'a> {
    fn from(input: &'a Input) -> Self {
        Self::Input {
            id: input.session_id.as_str(),
            steering: input.controls.steering.into(),
            throttle: input.controls.throttle.into(),
            brake: input.controls.brake.into(),
        }
    }
}
