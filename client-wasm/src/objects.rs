//! The objects that JavaScript gets: answers, events and figures. `serde_json` writes them and `JSON.parse` reads
//! them, which adds the least to the module. The frame loop does without.

use js_sys::JSON;
use protocol::datagram::Input;
use protocol::event::{Event, GameStarted, Player, PlayerInfo, Room, Spawn};
use protocol::id::{SessionId, Token};
use protocol::json;
use protocol::spectate;
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;

/// An object for JavaScript. Its TypeScript types are in `session.rs` and `spectator.rs`.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(crate) enum Object<'a> {
    /// Members that are all texts.
    Texts(#[serde(serialize_with = "as_members")] Vec<(&'static str, &'a str)>),
    Draining {
        seconds: f64,
    },
    Car {
        slot: f64,
        id: &'a str,
    },
    Error {
        name: &'a str,
        code: &'a str,
        retryable: bool,
    },
    Close {
        number: f64,
        code: &'a str,
        reason: &'a str,
        retryable: bool,
        attempt: u32,
        retry_in_ms: Option<f64>,
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
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<&'a str>,
    },
    Player(&'a Player),
    PlayerInfo(&'a PlayerInfo),
    Rooms(&'a [Room]),
    RoomPlayers {
        room_id: &'a str,
        players: &'a [Player],
    },
    GameStarted {
        room_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        host_id: Option<&'a str>,
        spawn_positions: Vec<SpawnPosition<'a>>,
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
        players: &'a [spectate::Player],
        #[serde(skip_serializing_if = "Option::is_none")]
        notice: Option<&'a str>,
        at_ms: f64,
    },
    Metrics {
        round_trip_ms: Option<f64>,
        sent: f64,
        received: f64,
        refused: f64,
        lost: f64,
        loss_percent: f64,
        loss_estimated: bool,
        sent_per_second: f64,
        received_per_second: f64,
        bytes_sent: f64,
        bytes_received: f64,
    },
    SpectatorMetrics {
        received: f64,
        skipped: f64,
        refused: f64,
        bytes_received: f64,
        bytes_per_second: f64,
        snapshots_per_second: f64,
        delay_ms: f64,
        jitter_ms: f64,
        history_bytes: f64,
    },
}

/// Where a player starts: a place, or the number of one.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum SpawnPosition<'a> {
    Place { id: &'a str, x: f64, y: f64, z: f64 },
    Index { id: &'a str, index: f64 },
}

fn as_members<S: Serializer>(
    texts: &[(&'static str, &str)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(texts.iter().copied())
}

impl<'a> Object<'a> {
    /// Make the JavaScript value.
    pub(crate) fn to_js(&self) -> JsValue {
        // No call fails, because every key is a string.
        JSON::parse(&json::to_string(self)).unwrap_or_default()
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
                token: None,
            },
            Event::AuthOk { name } => Self::Texts(vec![("name", name)]),
            Event::PlayerInfo(info) => Self::PlayerInfo(info),
            Event::RoomList(rooms) => Self::Rooms(rooms),
            Event::RegisterOk(account) | Event::LoginOk(account) | Event::AutoAuthOk(account) => {
                Self::SignedIn {
                    name: &account.username,
                    authenticated: true,
                    udp_encryption: true,
                    token: account.token.as_ref().map(Token::reveal),
                }
            }
            Event::RoomCreated { room_id, name, .. } => {
                Self::Texts(vec![("roomId", room_id.as_str()), ("name", name)])
            }
            Event::JoinOk { room_id, .. } | Event::LeaveOk { room_id } => {
                Self::Texts(vec![("roomId", room_id.as_str())])
            }
            Event::RoomPlayers { room_id, players } => Self::RoomPlayers {
                room_id: room_id.as_str(),
                players,
            },
            Event::GameStarted(started) => started.into(),
            Event::RelayOk { target_id } => Self::Texts(vec![("targetId", target_id.as_str())]),
            _ => return None,
        })
    }

    /// Take a room as the relay shows it to spectators, valid from a moment of the timeline.
    pub(crate) fn from_spectated(room: &'a spectate::Room, at_ms: f64) -> Self {
        Self::SpectatedRoom {
            id: room.id.as_str(),
            name: &room.name,
            host_id: room.host_id.as_ref().map(SessionId::as_str),
            is_active: room.is_active,
            players: &room.players,
            notice: room.notice.as_deref(),
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
                        index: (*index).into(),
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
