//! The class `Session` of a player. Each method hands its work to the [`SessionMachine`].

use std::rc::Rc;

use js_sys::{Float32Array, Function, Promise};
use protocol::command::Command;
use protocol::datagram::Controls;
use protocol::generation::Generation;
use protocol::geometry::{Quat, Vec3};
use protocol::id::{Password, RoomId, SessionId};
use wasm_bindgen::prelude::*;

use crate::clock::to_ms;
use crate::driver::{Deferred, Driver, Machine as _};
use crate::error::RaceError;
use crate::listeners::{LOG, Listeners};
use crate::objects::Object;
use crate::options::{SessionOptions, read_sign_in};
use crate::samples::STRIDE;
use crate::session_machine::{FRAME, SessionMachine, UNKNOWN, state_name};

#[wasm_bindgen(typescript_custom_section)]
const TYPESCRIPT: &str = r#"
/** A clock and its timers. A timer never calls back before `setTimeout` has returned. */
export interface Clock {
  /** Milliseconds since any moment; they never go back. */
  now(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}
/** A generation of the game server, from the oldest. */
export type Generation = "first" | "chat" | "accounts" | "token";
/** Who signs in. Where the server has accounts, `name` and `password` are those of the account; elsewhere a name is enough. */
export interface SignIn {
  name: string;
  password?: string;
  /** Make a new account, where there are accounts; default false. */
  create?: boolean;
  /** What an earlier sign-in gave: tried before the password, where there are accounts. */
  token?: string;
}
/** The options of a session. Each has a default. */
export interface SessionOptions {
  /** The secret of the datagrams' key; default: the first generation's, which is public. */
  secret?: string;
  /** The server's generation, if it is known; its welcome and its answers decide. */
  generation?: Generation;
  /** Positions and inputs a second at most, 1 to 60; default 20. */
  updateHz?: number;
  /** Send datagrams unencrypted, for the few servers that accept nothing else; default false. */
  plainDatagrams?: boolean;
  /** Always false: no released server reads compressed datagrams, and their code would be a tenth of this client. */
  gzip?: false;
  /** Gather commands into batches, for servers that understand them; default false. */
  batch?: boolean;
  /** How long a command may wait for its answer, in milliseconds; default 10000. */
  commandTimeoutMs?: number;
  /** The longest wait before the first attempt to reconnect, in milliseconds; it doubles with each attempt. */
  retryMinMs?: number;
  /** The longest wait before any attempt to reconnect, in milliseconds. */
  retryMaxMs?: number;
  /** How many attempts in a row may fail; default: any number. */
  retries?: number;
  /** What `save()` gave in a page that was left: go on with its session. Anything else, or a session that is over, begins a new one. */
  resume?: string;
  /** Makes the WebSocket instead of the browser: for a simulated network, or for Node. */
  webSocket?: (url: string, protocols: string[]) => WebSocket;
  /** Replaces the browser's time and timers: for tests, or for timers that a hidden page does not slow down. It must not throw. */
  clock?: Clock;
  /** What goes to the console and to `log` listeners; default "warn". */
  logLevel?: "off" | "error" | "warn" | "info" | "debug" | "trace";
}
/** The error of every rejection. */
export interface RaceError extends Error { code: string; retryable: boolean; }
export interface SignedIn {
  name: string; authenticated: boolean; udpEncryption: boolean;
  /** Signs in to the account for 30 days without the password: a secret. Only where there are accounts, and not after a sign-in by a token. */
  token?: string;
}
export interface Room {
  id: string; name: string; playerCount: number; isActive: boolean; hostId: string | null;
  /** How many players it holds, where the server says so. */
  maxPlayers?: number;
}
export interface Player { id: string; name: string; }
/** Where a player starts: a place in metres, or on some servers a number in the grid. */
export interface SpawnPosition { id: string; x?: number; y?: number; z?: number; index?: number; }
export interface GameStarted { roomId: string; hostId?: string; spawnPositions: SpawnPosition[]; }
export interface Metrics {
  /** The newest round trip of a ping in milliseconds; null before the first. */
  roundTripMs: number | null;
  sent: number; received: number; refused: number; lost: number; lossPercent: number;
  /** The server passes on no numbers to count by, so the loss is an estimate; false on the token generation. */
  lossEstimated: boolean;
  sentPerSecond: number; receivedPerSecond: number; bytesSent: number; bytesReceived: number;
}
/** The events of a session. */
export interface SessionEvents {
  state: { state: "disconnected" | "connected" | "authenticated" };
  /** The server's generation is known, or known better, now. */
  generation: { generation: Generation };
  gameStarted: GameStarted;
  message: { senderId: string; senderName: string; message: string };
  /** A text to the room (chat generation and later). The server does not say which player of that name sent it. */
  chat: { senderName: string; message: string };
  /** Somebody entered the room (token generation). */
  playerJoined: Player;
  /** Somebody left the room, or was cut off (token generation). */
  playerLeft: Player;
  /** A line that this client does not know, such as those about combat and inventory; `kind` is its `type`, `command` or `action`. */
  unknown: { kind: string; line: string };
  input: { id: string; steering: number; throttle: number; brake: number };
  carJoined: { slot: number; id: string };
  carLeft: { slot: number; id: string };
  roomLost: { roomId: string };
  draining: { seconds: number };
  kicked: { message: string };
  /** The WebSocket is gone, and another one will go on with the session in `retryInMs`; 0: it is being opened. Then comes `resumed`, or `close`. */
  interrupted: SessionEvents["close"];
  /** The session goes on. Nothing was lost but positions. */
  resumed: {};
  /** `retryInMs` is the wait before the next attempt, the `attempt`th in a row; null: there is none. */
  close: { code: string; number: number; reason: string; retryable: boolean; attempt: number; retryInMs: number | null };
  /** A line as it was received, or another car's `UPDATE`, opened: what a recorder keeps. */
  frame: string;
  log: { level: string; line: string };
}
export interface Session {
  /** Listen to an event; the function given back stops it. */
  on<K extends keyof SessionEvents>(type: K, listener: (event: SessionEvents[K]) => void): () => void;
}
"#;

/// The events of a session.
const EVENTS: [&str; 19] = [
    "state",
    "generation",
    "gameStarted",
    "message",
    "chat",
    "playerJoined",
    "playerLeft",
    UNKNOWN,
    "input",
    "carJoined",
    "carLeft",
    "roomLost",
    "draining",
    "kicked",
    "interrupted",
    "resumed",
    "close",
    FRAME,
    LOG,
];

/// A player's session with the game server, through the relay.
#[wasm_bindgen]
pub struct Session {
    driver: Rc<Driver<SessionMachine>>,
    listeners: Listeners,
}

#[wasm_bindgen]
impl Session {
    /// Make a session that is not connected yet.
    ///
    /// # Errors
    /// An option is unknown or out of its range (`invalid_argument`).
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_optional_param_type = "SessionOptions")] options: JsValue,
    ) -> Result<Self, JsValue> {
        let options = SessionOptions::read(&options)?;
        let listeners = Listeners::default();
        let machine = SessionMachine::new(
            options.config,
            options.reconnect,
            options.saved,
            options.level,
            listeners.clone(),
        );
        Ok(Self {
            driver: Driver::new(machine, options.opener, options.clock, listeners.clone()),
            listeners,
        })
    }

    /// Connect to a relay's `/ws`, given as `ws://` or `wss://` address; resolves with the session id.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn connect(&self, url: String) -> Promise {
        let (promise, deferred) = Deferred::new();
        self.driver
            .call(|machine, now| machine.connect(url, deferred, now));
        promise
    }

    /// Sign in with what the server takes: a name, an account with its password, or the token of an earlier sign-in. Without
    /// accounts a password keeps others from the name while this player is online.
    #[wasm_bindgen(js_name = signIn, unchecked_return_type = "Promise<SignedIn>")]
    pub fn sign_in(
        &self,
        #[wasm_bindgen(unchecked_param_type = "SignIn")] who: JsValue,
    ) -> Promise {
        let (promise, deferred) = Deferred::new();
        self.driver.call(|machine, now| match read_sign_in(&who) {
            Ok(sign_in) => machine.sign_in(sign_in, deferred, now),
            Err(error) => machine.queue().settle(deferred, Err(&error)),
        });
        promise
    }

    /// Check the password again. On servers of the first generation a failure signs out.
    #[wasm_bindgen(unchecked_return_type = "Promise<{ name: string }>")]
    pub fn authenticate(&self, password: String) -> Promise {
        self.command(Command::Authenticate {
            password: Password::new(password),
        })
    }

    /// Make a room and enter it as its host. The old room is left first. `max_players`, 2 to 128, counts only where rooms have a size
    /// of their own; elsewhere they hold 20.
    #[wasm_bindgen(js_name = createRoom, unchecked_return_type = "Promise<{ roomId: string, name: string }>")]
    pub fn create_room(&self, name: String, max_players: Option<u32>) -> Promise {
        self.command(Command::CreateRoom { name, max_players })
    }

    /// Enter a room. The old room is left first.
    #[wasm_bindgen(js_name = joinRoom, unchecked_return_type = "Promise<{ roomId: string }>")]
    pub fn join_room(&self, room_id: &str) -> Promise {
        match room_id.parse() {
            Ok(room_id) => self.command(Command::JoinRoom { room_id }),
            Err(_) => self.refused("room_not_found", "not a room id"),
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

    /// List the players of the current room, this one included. Players who are gone may be among them.
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
            Err(_) => self.refused("player_not_found", "not a player id"),
        }
    }

    /// Send a text to everybody in the room. The first generation does not know it (`unknown_command`).
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn chat(&self, text: String) -> Promise {
        self.command(Command::Message {
            message: Some(text),
        })
    }

    /// Find out the server's generation, if its welcome and its answers so far leave it open. `generation` tells it.
    #[wasm_bindgen(js_name = askGeneration)]
    pub fn ask_generation(&self) {
        self.driver.call(SessionMachine::ask_generation);
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
        let (promise, deferred) = Deferred::new();
        self.driver
            .call(|machine, now| machine.close(deferred, now));
        promise
    }

    /// Drop the connection without a goodbye, because nothing answers any more. Its `close` says when to connect again.
    pub fn abandon(&self) {
        self.driver.call(SessionMachine::abandon);
    }

    /// Listen to an event. The returned function stops it.
    ///
    /// # Errors
    /// There is no such event, or there are too many listeners (`invalid_argument`).
    #[wasm_bindgen(skip_typescript)]
    pub fn on(&self, kind: &str, listener: Function) -> Result<JsValue, JsValue> {
        Ok(self.listeners.add(&EVENTS, kind, listener)?)
    }

    /// While the session is interrupted: try again at once.
    #[wasm_bindgen(js_name = reconnectNow)]
    pub fn reconnect_now(&self) {
        self.driver.call(SessionMachine::reconnect_now);
    }

    /// Give the text for the option `resume` of another page, and leave the session to it; for a page that is being left.
    /// `undefined`: there is no session to go on with. The text is a secret.
    #[wasm_bindgen(unchecked_return_type = "string | undefined")]
    pub fn save(&self) -> JsValue {
        self.driver
            .call(SessionMachine::save)
            .map_or(JsValue::UNDEFINED, JsValue::from)
    }

    /// Offer the own car's position (metres) and rotation. Call it each frame: at most `updateHz` are sent in a
    /// second, and the newest wins. Says whether it was sent now.
    ///
    /// # Errors
    /// A number is not finite (`invalid_argument`). Outside a room nothing is sent, and that is no error.
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
        let (position, rotation) = (Vec3::new(x, y, z), Quat::new(qx, qy, qz, qw));
        let sent = self
            .driver
            .call(|machine, now| machine.send_update(position, rotation, now));
        Ok(sent?)
    }

    /// Offer the driver's controls, −1…1 and 0…1; like `sendUpdate`.
    ///
    /// # Errors
    /// A number is not finite (`invalid_argument`).
    #[wasm_bindgen(js_name = sendInput)]
    pub fn send_input(&self, steering: f32, throttle: f32, brake: f32) -> Result<bool, JsValue> {
        let controls = Controls {
            steering,
            throttle,
            brake,
        };
        let sent = self
            .driver
            .call(|machine, now| machine.send_input(controls, now));
        Ok(sent?)
    }

    /// Sample the remote cars now: `carCount()` rows of `carStride()` numbers in a view of the module's memory,
    /// valid until the next call. A row: slot, x, y, z (metres), qx, qy, qz, qw, speed (m/s), age of the newest
    /// datagram (ms), stale (0 or 1), yaw (radians, 0 along +Z, positive towards +X).
    pub fn sample(&self) -> Float32Array {
        let now = self.driver.now();
        self.driver.with(|machine| {
            let mut cars = machine.cars.sample(now);
            machine.samples.fill(&mut cars)
        })
    }

    /// The number of cars in the newest sample.
    #[wasm_bindgen(js_name = carCount)]
    pub fn car_count(&self) -> usize {
        self.driver.with(|machine| machine.samples.count())
    }

    /// How many numbers each car has in a sample.
    #[wasm_bindgen(js_name = carStride)]
    pub fn car_stride() -> usize {
        STRIDE
    }

    /// The player whose car is in a slot.
    #[wasm_bindgen(js_name = carId, unchecked_return_type = "string | undefined")]
    pub fn car_id(&self, slot: usize) -> JsValue {
        self.driver
            .with(|machine| text_or_undefined(machine.cars.id(slot).map(SessionId::as_str)))
    }

    /// Figures about the network.
    #[wasm_bindgen(unchecked_return_type = "Metrics")]
    pub fn metrics(&self) -> JsValue {
        let now = self.driver.now();
        let metrics = self.driver.with(|machine| {
            let (traffic, loss) = (machine.session.traffic(), machine.cars.loss());
            Object::Metrics {
                round_trip_ms: machine.session.round_trip().map(to_ms),
                sent: traffic.packets_sent as f64,
                received: traffic.packets_received as f64,
                refused: traffic.packets_refused as f64,
                lost: loss.lost as f64,
                loss_percent: loss.percent(),
                loss_estimated: !machine
                    .session
                    .generation()
                    .is_some_and(Generation::passes_on_numbers),
                sent_per_second: traffic.sent_rate.per_second(now).into(),
                received_per_second: traffic.received_rate.per_second(now).into(),
                bytes_sent: traffic.bytes_sent as f64,
                bytes_received: traffic.bytes_received as f64,
            }
        });
        metrics.to_js()
    }

    /// How far the session has come.
    #[wasm_bindgen(
        getter,
        unchecked_return_type = "\"disconnected\" | \"connected\" | \"authenticated\""
    )]
    pub fn state(&self) -> JsValue {
        state_name(self.driver.with(|machine| machine.session.state())).into()
    }

    /// The server's generation, as far as it is known.
    #[wasm_bindgen(getter, unchecked_return_type = "Generation | undefined")]
    pub fn generation(&self) -> JsValue {
        self.driver
            .with(|machine| text_or_undefined(machine.session.generation().map(Generation::name)))
    }

    /// The id the server gave.
    #[wasm_bindgen(getter, js_name = sessionId, unchecked_return_type = "string | undefined")]
    pub fn session_id(&self) -> JsValue {
        self.driver
            .with(|machine| text_or_undefined(machine.session.id().map(SessionId::as_str)))
    }

    /// The room this session is in.
    #[wasm_bindgen(getter, js_name = roomId, unchecked_return_type = "string | undefined")]
    pub fn room_id(&self) -> JsValue {
        self.driver
            .with(|machine| text_or_undefined(machine.session.room().map(RoomId::as_str)))
    }

    fn command(&self, command: Command) -> Promise {
        let (promise, deferred) = Deferred::new();
        self.driver
            .call(|machine, now| machine.command(command, deferred, now));
        promise
    }

    /// Reject a command that the server would refuse.
    fn refused(&self, code: &'static str, words: &'static str) -> Promise {
        let (promise, deferred) = Deferred::new();
        let error = RaceError::new(code, false, words);
        self.driver
            .call(|machine, _| machine.queue().settle(deferred, Err(&error)));
        promise
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.call(SessionMachine::end);
        self.listeners.clear();
    }
}

fn text_or_undefined(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::UNDEFINED, JsValue::from_str)
}
