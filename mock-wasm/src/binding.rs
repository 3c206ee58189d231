//! The relay's API for JavaScript. Times are milliseconds since the relay was made. A refusal throws its code.

use std::time::Duration;

use drivers::Track;
use js_sys::{Array, Uint8Array};
use protocol::id::RoomId;
use rules::Conn;
use wasm_bindgen::prelude::*;

use crate::relay::{Content, Refused, Relay};

/// The track of the demo.
const DEMO_TRACK: &str = include_str!("../../www/track.json");

/// A relay with its game server. After every call that changes something, empty `poll()` and look at `wakeAt()`.
#[wasm_bindgen]
pub struct MockServer(Relay);

#[wasm_bindgen]
impl MockServer {
    /// Make a relay. Without a track, bots drive the demo's.
    ///
    /// # Errors
    /// `track` is not the JSON of a track; the text says why.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: u32, track: Option<String>) -> Result<Self, JsValue> {
        let track = Track::parse(track.as_deref().unwrap_or(DEMO_TRACK));
        let track = track.map_err(|error| error.to_string())?;
        Ok(Self(Relay::new(seed, track)))
    }

    /// Set the clock and do what is due.
    pub fn advance(&mut self, #[wasm_bindgen(js_name = nowMs)] now_ms: f64) {
        // Whole microseconds; the cast saturates.
        self.0
            .advance(Duration::from_micros((now_ms * 1000.0).round() as u64));
    }

    /// When `advance()` has something to do; `Infinity`: never, if nothing else comes.
    #[wasm_bindgen(js_name = wakeAt)]
    pub fn wake_at(&self) -> f64 {
        let wake_at = self.0.wake_at();
        wake_at.map_or(f64::INFINITY, |at| at.as_micros() as f64 / 1000.0)
    }

    /// The next frame for a socket: its number, then a text, bytes, or a close code with its reason.
    #[wasm_bindgen(
        unchecked_return_type = "[conn: number, data: string | Uint8Array | number, reason?: string] | undefined"
    )]
    pub fn poll(&mut self) -> Option<Array> {
        let (conn, content) = self.0.poll()?;
        let frame = Array::of1(&(conn.0 as f64).into());
        match content {
            Content::Text(text) => _ = frame.push(&text.into()),
            Content::Binary(bytes) => _ = frame.push(&Uint8Array::from(bytes.as_slice()).into()),
            Content::Close(code, reason) => {
                frame.push(&code.number().into());
                frame.push(&reason.into());
            }
        }
        Some(frame)
    }

    /// Open a player's connection. Gives its number.
    pub fn connect(&mut self) -> f64 {
        self.0.connect().0 as f64
    }

    /// Open a connection that watches a room. Gives its number.
    pub fn spectate(&mut self, room: &str) -> f64 {
        self.0.spectate(room).0 as f64
    }

    /// A text frame came.
    pub fn text(&mut self, conn: f64, line: String) {
        self.0.text(number(conn), line);
    }

    /// A binary frame came.
    pub fn binary(&mut self, conn: f64, datagram: &[u8]) {
        self.0.binary(number(conn), datagram);
    }

    /// A socket is gone.
    pub fn disconnect(&mut self, conn: f64) {
        self.0.disconnect(number(conn));
    }

    /// Open a room that stays when it is empty.
    ///
    /// # Errors
    /// `server_error` or `room_full`.
    #[wasm_bindgen(js_name = openRoom)]
    pub fn open_room(
        &mut self,
        name: &str,
        bots: u32,
        #[wasm_bindgen(js_name = isActive)] is_active: bool,
    ) -> Result<(), JsValue> {
        let opened = self.0.open_room(name, bots as usize, is_active);
        opened.map(|_| ()).map_err(thrown)
    }

    /// Put a bot into a room. Gives the player as JSON.
    ///
    /// # Errors
    /// `room_not_found`, `room_full` or `auth_failed`.
    #[wasm_bindgen(js_name = addBot)]
    pub fn add_bot(&mut self, room: &str, name: Option<String>) -> Result<String, JsValue> {
        let conn = self.0.add_bot(&room_id(room)?, name.as_deref());
        Ok(self.0.player(conn.map_err(thrown)?))
    }

    /// A bot leaves.
    ///
    /// # Errors
    /// `invalid_argument`: it is not a bot.
    #[wasm_bindgen(js_name = removeBot)]
    pub fn remove_bot(&mut self, conn: f64) -> Result<(), JsValue> {
        self.0.remove_bot(number(conn)).map_err(thrown)
    }

    /// A bot says something to one player, or to all others in its room.
    ///
    /// # Errors
    /// `invalid_argument`: it is not a bot. `player_not_found`: no such target.
    pub fn say(&mut self, conn: f64, text: &str, target: Option<String>) -> Result<(), JsValue> {
        let target = target.map(|id| id.parse().map_err(|_| "player_not_found"));
        self.0
            .say(number(conn), text, target.transpose()?)
            .map_err(thrown)
    }

    /// The host of a room starts its race.
    ///
    /// # Errors
    /// `room_not_found`, or `not_host`: nobody is in it.
    #[wasm_bindgen(js_name = startRace)]
    pub fn start_race(&mut self, room: &str) -> Result<(), JsValue> {
        self.0.start_race(&room_id(room)?).map_err(thrown)
    }

    /// Close a room.
    ///
    /// # Errors
    /// `room_not_found`.
    #[wasm_bindgen(js_name = closeRoom)]
    pub fn close_room(&mut self, room: &str) -> Result<(), JsValue> {
        self.0.close_room(&room_id(room)?).map_err(thrown)
    }

    /// An administrator ends a session.
    pub fn kick(&mut self, conn: f64, message: &str) {
        self.0.kick(number(conn), message);
    }

    /// The relay restarts.
    pub fn drain(&mut self, seconds: u32) {
        self.0.drain(seconds);
    }

    /// Find a player's connection by id or name.
    pub fn find(&self, player: &str) -> Option<f64> {
        self.0.find(player).map(|conn| conn.0 as f64)
    }

    /// Say whether a connection is a bot's.
    #[wasm_bindgen(js_name = isBot)]
    pub fn is_bot(&self, conn: f64) -> bool {
        self.0.is_bot(number(conn))
    }

    /// All rooms as JSON.
    pub fn rooms(&self) -> String {
        self.0.rooms()
    }
}

/// JavaScript has no other whole numbers; the cast saturates.
fn number(conn: f64) -> Conn {
    Conn(conn as u64)
}

fn room_id(room: &str) -> Result<RoomId, JsValue> {
    room.parse().map_err(|_| thrown(Refused::NoRoom))
}

fn thrown(refused: Refused) -> JsValue {
    let code = match refused {
        Refused::NoRoom => "room_not_found",
        Refused::Full => "room_full",
        Refused::Name => "auth_failed",
        Refused::NoHost => "not_host",
        Refused::NoBot => "invalid_argument",
    };
    code.into()
}
