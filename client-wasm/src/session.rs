//! The class JavaScript sees. Every method is a thin door to [`Connection`].

use std::cell::RefCell;
use std::rc::Rc;

use protocol::command::Command;
use protocol::datagram::Controls;
use protocol::geometry::{Quat, Vec3};
use protocol::id::{Password, RoomId, SessionId};
use wasm_bindgen::prelude::*;

use crate::browser::{Float32Array, Function, Promise};
use crate::clock;
use crate::connection::{Connection, Effect, Waiting, perform, state_name};
use crate::failure::Failure;
use crate::listeners::{LOG, Listeners};
use crate::log::Log;
use crate::object::Object;
use crate::options;
use crate::view::STRIDE;

#[wasm_bindgen(typescript_custom_section)]
const TYPESCRIPT: &str = r#"
/** What a session may be told at its making; everything has a default. */
export interface SessionOptions {
  /** The secret of the datagrams' key; default: the first generation's, which is public. */
  secret?: string;
  /** Positions and inputs a second at most, 1 to 60; default 20. */
  updateHz?: number;
  /** Send datagrams plain, for the few servers that take nothing else; default false. */
  plainDatagrams?: boolean;
  /** Always false: no released server takes compressed datagrams, and the code for it would be a tenth of this client. */
  gzip?: false;
  /** Gather commands into batches, for servers that take it; default false. */
  batch?: boolean;
  /** How long a command may wait for its answer, in milliseconds; default 10000. */
  commandTimeoutMs?: number;
  /** Makes the WebSocket, where it is not to be the browser's own: for a network that is made up, or for Node. */
  webSocket?: (url: string, protocols: string[]) => WebSocket;
  /** What goes to the console and to `log` listeners; default "warn". */
  logLevel?: "off" | "error" | "warn" | "info" | "debug" | "trace";
}
/** What every rejection is. */
export interface RaceError extends Error { code: string; retryable: boolean; }
export interface SignedIn { name: string; authenticated: boolean; udpEncryption: boolean; }
export interface Room { id: string; name: string; playerCount: number; isActive: boolean; hostId: string | null; }
export interface Player { id: string; name: string; }
/** Where a player starts: a place in metres, or on some servers a number in the grid. */
export interface SpawnPosition { id: string; x?: number; y?: number; z?: number; index?: number; }
export interface GameStarted { roomId: string; hostId?: string; spawnPositions: SpawnPosition[]; }
export interface Metrics {
  /** The newest round trip of a ping in milliseconds; null before the first. */
  roundTripMs: number | null;
  sent: number; received: number; refused: number; lost: number; lossPercent: number;
  /** Always true: datagrams of the first generation carry no numbers to count by. */
  lossEstimated: boolean;
  sentPerSecond: number; receivedPerSecond: number; bytesSent: number; bytesReceived: number;
}
/** The events of a session. */
export interface SessionEvents {
  state: { state: "disconnected" | "connected" | "authenticated" };
  gameStarted: GameStarted;
  message: { senderId: string; senderName: string; message: string };
  input: { id: string; steering: number; throttle: number; brake: number };
  carJoined: { slot: number; id: string };
  carLeft: { slot: number; id: string };
  roomLost: { roomId: string };
  draining: { seconds: number };
  kicked: { message: string };
  close: { code: string; number: number; reason: string; retryable: boolean };
  unknown: { line: string };
  log: { level: string; line: string };
}
export interface Session {
  /** Listen to an event; the function given back stops it. */
  on<K extends keyof SessionEvents>(type: K, listener: (event: SessionEvents[K]) => void): () => void;
}
"#;

/// The events there are.
const TYPES: [&str; 12] = [
    "state",
    "gameStarted",
    "message",
    "input",
    "carJoined",
    "carLeft",
    "roomLost",
    "draining",
    "kicked",
    "close",
    "unknown",
    LOG,
];

/// A player's session with the game server, through the relay.
#[wasm_bindgen]
pub struct Session {
    connection: Rc<RefCell<Connection>>,
    listeners: Listeners,
}

#[wasm_bindgen]
impl Session {
    /// Make a session; nothing is connected yet.
    ///
    /// # Errors
    /// An option is unknown or out of its range (`invalid_argument`).
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_optional_param_type = "SessionOptions")] options: JsValue,
    ) -> Result<Self, JsValue> {
        let options::Play {
            config,
            opener,
            level,
        } = options::read(&options).map_err(|failure| failure.to_js())?;
        let listeners = Listeners::default();
        let log = Log::new(level, listeners.clone());
        Ok(Self {
            connection: Connection::new(config, opener, log, listeners.clone()),
            listeners,
        })
    }

    /// Connect to a relay's `/ws`, given as `ws://` or `wss://` address; resolves with the session id.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn connect(&self, url: &str) -> Promise {
        let (promise, waiting) = Waiting::new();
        let mut connection = self.connection.borrow_mut();
        self.perform_later(connection.connect(&self.connection, url, waiting));
        promise
    }

    /// Sign in by name, and with a password keep others from the name while online.
    #[wasm_bindgen(js_name = signIn, unchecked_return_type = "Promise<SignedIn>")]
    pub fn sign_in(&self, name: String, password: Option<String>) -> Promise {
        self.command(Command::Name {
            name,
            password: password.map(Password::new),
        })
    }

    /// Check the password again. On servers of the first generation a failure signs out.
    #[wasm_bindgen(unchecked_return_type = "Promise<{ name: string }>")]
    pub fn authenticate(&self, password: String) -> Promise {
        self.command(Command::Authenticate {
            password: Password::new(password),
        })
    }

    /// Make a room and enter it as host; the old room is left first.
    #[wasm_bindgen(js_name = createRoom, unchecked_return_type = "Promise<{ roomId: string, name: string }>")]
    pub fn create_room(&self, name: String) -> Promise {
        self.command(Command::CreateRoom { name })
    }

    /// Enter a room; the old room is left first.
    #[wasm_bindgen(js_name = joinRoom, unchecked_return_type = "Promise<{ roomId: string }>")]
    pub fn join_room(&self, room_id: &str) -> Promise {
        match room_id.parse() {
            Ok(room_id) => self.command(Command::JoinRoom { room_id }),
            Err(_) => self.refuse(&Failure::new("room_not_found", false, "that is no room id")),
        }
    }

    /// Leave the current room.
    #[wasm_bindgen(js_name = leaveRoom, unchecked_return_type = "Promise<{ roomId: string }>")]
    pub fn leave_room(&self) -> Promise {
        self.command(Command::LeaveRoom)
    }

    /// List all rooms.
    #[wasm_bindgen(js_name = listRooms, unchecked_return_type = "Promise<Room[]>")]
    pub fn list_rooms(&self) -> Promise {
        self.command(Command::ListRooms)
    }

    /// List who is in the current room, this player included. May name players who are gone.
    #[wasm_bindgen(js_name = roomPlayers, unchecked_return_type = "Promise<{ roomId: string, players: Player[] }>")]
    pub fn room_players(&self) -> Promise {
        self.command(Command::GetRoomPlayers)
    }

    /// Ask what the server knows of this session.
    #[wasm_bindgen(js_name = playerInfo, unchecked_return_type = "Promise<{ id: string, name: string, roomId: string | null }>")]
    pub fn player_info(&self) -> Promise {
        self.command(Command::PlayerInfo)
    }

    /// Send a text to one player.
    #[wasm_bindgen(js_name = relayMessage, unchecked_return_type = "Promise<{ targetId: string }>")]
    pub fn relay_message(&self, target_id: &str, text: String) -> Promise {
        match target_id.parse() {
            Ok(target_id) => self.command(Command::RelayMessage {
                target_id,
                message: text,
            }),
            Err(_) => self.refuse(&Failure::new(
                "player_not_found",
                false,
                "that is no player id",
            )),
        }
    }

    /// Start the race of the current room; only its host may.
    #[wasm_bindgen(js_name = startGame, unchecked_return_type = "Promise<GameStarted>")]
    pub fn start_game(&self) -> Promise {
        self.command(Command::StartGame)
    }

    /// Measure the round trip to the game server in milliseconds.
    #[wasm_bindgen(unchecked_return_type = "Promise<number>")]
    pub fn ping(&self) -> Promise {
        self.command(Command::Ping)
    }

    /// Leave the room, say goodbye and close; resolves when it is done.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn close(&self) -> Promise {
        let (promise, waiting) = Waiting::new();
        self.perform_later(self.connection.borrow_mut().close(waiting));
        promise
    }

    /// Listen to an event; the function given back stops it.
    ///
    /// # Errors
    /// There is no such event, or there are too many listeners (`invalid_argument`).
    #[wasm_bindgen(skip_typescript)]
    pub fn on(&self, kind: &str, listener: Function) -> Result<JsValue, JsValue> {
        self.listeners.add(&TYPES, kind, listener)
    }

    /// Offer the own car's place (metres) and turn. Call it each frame: it goes at most `updateHz` times a
    /// second, the newest wins. Says whether it went now.
    ///
    /// # Errors
    /// A number is not finite (`invalid_argument`). Outside of a room nothing is sent, which is no error.
    #[wasm_bindgen(js_name = sendUpdate)]
    #[allow(
        clippy::too_many_arguments,
        reason = "plain numbers make no garbage at 60 calls a second"
    )]
    pub fn send_update(
        &self,
        x: f32,
        y: f32,
        z: f32,
        qx: f32,
        qy: f32,
        qz: f32,
        qw: f32,
    ) -> Result<bool, JsValue> {
        let mut connection = self.connection.borrow_mut();
        let (position, rotation) = (Vec3::new(x, y, z), Quat::new(qx, qy, qz, qw));
        let sent = connection
            .session
            .send_update(position, rotation, clock::now());
        sent_or_not(&mut connection, sent)
    }

    /// Offer the driver's controls, −1…1 and 0…1; like `sendUpdate`.
    ///
    /// # Errors
    /// A number is not finite (`invalid_argument`).
    #[wasm_bindgen(js_name = sendInput)]
    pub fn send_input(&self, steering: f32, throttle: f32, brake: f32) -> Result<bool, JsValue> {
        let mut connection = self.connection.borrow_mut();
        let controls = Controls {
            steering,
            throttle,
            brake,
        };
        let sent = connection.session.send_input(controls, clock::now());
        sent_or_not(&mut connection, sent)
    }

    /// Sample the remote cars now: `carCount()` rows of `carStride()` numbers in a view of the module's memory,
    /// good until the next call. A row: slot, x, y, z (metres), qx, qy, qz, qw, speed (m/s), age of the newest
    /// datagram (ms), stale (0 or 1), yaw (radians, 0 along +Z, positive towards +X).
    pub fn sample(&self) -> Float32Array {
        let mut connection = self.connection.borrow_mut();
        let Connection { view, cars, .. } = &mut *connection;
        view.fill(&mut cars.sample(clock::now()))
    }

    /// How many cars the newest sample has.
    #[wasm_bindgen(js_name = carCount)]
    pub fn car_count(&self) -> usize {
        self.connection.borrow().view.count()
    }

    /// How many numbers each car has in a sample.
    #[wasm_bindgen(js_name = carStride)]
    pub fn car_stride() -> usize {
        STRIDE
    }

    /// Whose car a slot is.
    #[wasm_bindgen(js_name = carId, unchecked_return_type = "string | undefined")]
    pub fn car_id(&self, slot: usize) -> JsValue {
        let connection = self.connection.borrow();
        text_of(connection.cars.id(slot).map(SessionId::as_str))
    }

    /// Figures about the network.
    #[wasm_bindgen(unchecked_return_type = "Metrics")]
    pub fn metrics(&self) -> JsValue {
        let connection = self.connection.borrow();
        let now = clock::now();
        let (traffic, loss) = (connection.session.traffic(), connection.cars.loss());
        let object = Object::new();
        let object = match connection.session.round_trip() {
            Some(time) => object.number("roundTripMs", time.as_secs_f64() * 1000.0),
            None => object.value("roundTripMs", &JsValue::NULL),
        };
        object
            .number("sent", traffic.packets_sent as f64)
            .number("received", traffic.packets_received as f64)
            .number("refused", traffic.packets_refused as f64)
            .number("lost", loss.lost as f64)
            .number("lossPercent", loss.percent())
            .flag("lossEstimated", true)
            .number("sentPerSecond", traffic.sent_per_second(now).into())
            .number("receivedPerSecond", traffic.received_per_second(now).into())
            .number("bytesSent", traffic.bytes_sent as f64)
            .number("bytesReceived", traffic.bytes_received as f64)
            .done()
    }

    /// How far the session has come.
    #[wasm_bindgen(
        getter,
        unchecked_return_type = "\"disconnected\" | \"connected\" | \"authenticated\""
    )]
    pub fn state(&self) -> JsValue {
        text_of(Some(state_name(self.connection.borrow().session.state())))
    }

    /// The id the server gave.
    #[wasm_bindgen(getter, js_name = sessionId, unchecked_return_type = "string | undefined")]
    pub fn session_id(&self) -> JsValue {
        text_of(self.connection.borrow().session.id().map(SessionId::as_str))
    }

    /// The room this session is in.
    #[wasm_bindgen(getter, js_name = roomId, unchecked_return_type = "string | undefined")]
    pub fn room_id(&self) -> JsValue {
        text_of(self.connection.borrow().session.room().map(RoomId::as_str))
    }

    fn command(&self, command: Command) -> Promise {
        let (promise, waiting) = Waiting::new();
        let effects = self.connection.borrow_mut().command(command, waiting);
        self.perform_later(effects);
        promise
    }

    fn refuse(&self, failure: &Failure) -> Promise {
        let (promise, waiting) = Waiting::new();
        self.perform_later(vec![waiting.reject(failure)]);
        promise
    }

    /// Tell JavaScript after the call that caused it, so that a listener may even free this session.
    fn perform_later(&self, effects: Vec<Effect>) {
        if !effects.is_empty() {
            let listeners = self.listeners.clone();
            clock::call_soon(move || perform(effects, &listeners));
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let effects = self.connection.borrow_mut().abandon();
        self.listeners.clear();
        self.perform_later(effects);
    }
}

fn sent_or_not(
    connection: &mut Connection,
    sent: Result<bool, protocol::session::DatagramError>,
) -> Result<bool, JsValue> {
    match sent {
        Ok(sent) => {
            connection.flush();
            Ok(sent)
        }
        Err(protocol::session::DatagramError::NotInRoom) => Ok(false),
        Err(error) => Err(Failure::from(error).to_js()),
    }
}

/// A text, or `undefined`.
#[inline(never)]
fn text_of(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::UNDEFINED, JsValue::from_str)
}
