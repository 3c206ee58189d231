//! What the relay knows of one player's session with the game server: its id and key, whether it is signed in, and whether it
//! may be in a room. So it forwards only datagrams that are the session's own, and leaves a room where the client forgets to.
//! No I/O here.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::num::NonZeroU32;

use protocol::cipher::Cipher;
use protocol::command::{Command, CommandKind};
use protocol::compression;
use protocol::event::Event;
use protocol::goodbye::shows_no_room;
use protocol::id::{RoomId, Secret, SessionId};
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use serde_json::value::RawValue;

use crate::limits::rate::escaped_bytes;

/// Unanswered `LEAVE_ROOM`s, and `PING`s, that a session may have. Our clients wait for each answer.
const MAX_DUE: usize = 64;

/// The longest name of a player or a room, as the game server may escape it: 64 letters of any script. It stands in every message and
/// every list.
const MAX_NAME_BYTES: u64 = 2 * 6 * 64;
/// How deeply a line may be nested. Game servers refuse lines with more than 64 levels, which then mean nothing.
const MAX_DEPTH: usize = 60;

/// What to do with a line of the player.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LineUp {
    /// Forward it.
    Forward,
    /// Send this command before it: the player would stay in its room as a ghost (facts, Q7).
    LeaveFirst(Command),
    /// `BYE` outside of rooms: forward it, and add no goodbye to it.
    Bye,
    /// `BYE` in a room. The relay says the whole goodbye itself.
    Goodbye,
    /// No game server should get it, for this reason.
    Refused(&'static str),
    /// So many answers are due that the relay cannot tell its own any more.
    TooManyUnanswered,
}

/// One player's session with the game server.
pub(super) struct PlayerSession {
    secret: Secret,
    identity: Option<(SessionId, Cipher)>,
    is_signed_in: bool,
    /// The room that the server named last.
    room: Option<RoomId>,
    /// The player has asked for a room and not left it since. It may have been refused.
    may_be_in_room: bool,
    /// Who sent the `LEAVE_ROOM`s whose answers are due, oldest first. Never more than `MAX_DUE`.
    leaves: VecDeque<Sender>,
    /// Who sent the `PING`s whose answers are due, in the same way.
    pings: VecDeque<Sender>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    Player,
    Relay,
}

/// Whose a datagram is, and of which room. Keys that come twice are refused: two readers could take different ones.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner<'a> {
    #[serde(borrow)]
    session_id: Cow<'a, str>,
    #[serde(borrow, default)]
    room_id: Option<Cow<'a, str>>,
}

impl PlayerSession {
    pub(super) fn new(secret: Secret) -> Self {
        Self {
            secret,
            identity: None,
            is_signed_in: false,
            room: None,
            may_be_in_room: false,
            leaves: VecDeque::new(),
            pings: VecDeque::new(),
        }
    }

    /// A line goes up to the game server.
    pub(super) fn handle_line(&mut self, line: &PlayerLine) -> LineUp {
        use CommandKind as Kind;
        if line.is_too_deep {
            return LineUp::Refused("This command is nested too deeply.");
        }
        if line.is_name_too_long {
            return LineUp::Refused(
                "This name is too long for a game server: take one of at most 64 letters.",
            );
        }
        let kind = line.kind;
        match kind {
            Some(Kind::Bye) if self.may_be_in_room => return LineUp::Goodbye,
            Some(Kind::Bye) => return LineUp::Bye,
            // A failed sign-in takes the session's rights to leave its room (facts, Q25).
            Some(Kind::JoinRoom | Kind::CreateRoom | Kind::Authenticate) if self.may_be_in_room => {
                self.may_be_in_room = !matches!(kind, Some(Kind::Authenticate));
                return match note_due(&mut self.leaves, Sender::Relay) {
                    true => LineUp::LeaveFirst(Command::LeaveRoom),
                    false => LineUp::TooManyUnanswered,
                };
            }
            Some(Kind::JoinRoom | Kind::CreateRoom) => self.may_be_in_room = true,
            Some(Kind::LeaveRoom) => {
                self.may_be_in_room = false;
                if !note_due(&mut self.leaves, Sender::Player) {
                    return LineUp::TooManyUnanswered;
                }
            }
            Some(Kind::Ping) if !note_due(&mut self.pings, Sender::Player) => {
                return LineUp::TooManyUnanswered;
            }
            _ => {}
        }
        LineUp::Forward
    }

    /// Say whether the player has signed in.
    pub(super) const fn is_signed_in(&self) -> bool {
        self.is_signed_in
    }

    /// Say whether the player may be in a room.
    pub(super) const fn may_be_in_room(&self) -> bool {
        self.may_be_in_room
    }

    /// Keep the session alive while the player says nothing. Gives the command to send, unless the game server answers none anyway.
    pub(super) fn keep_alive(&mut self) -> Option<Command> {
        note_due(&mut self.pings, Sender::Relay).then_some(Command::Ping)
    }

    /// An event comes down to the player. False: the player must not see it, since it answers a command of the relay's.
    pub(super) fn handle_event(&mut self, event: &Event) -> bool {
        match event {
            Event::Welcome { session_id, .. } if self.identity.is_none() => {
                let cipher = Cipher::new(session_id, &self.secret);
                self.identity = Some((*session_id, cipher));
            }
            Event::NameOk { authenticated, .. } => self.is_signed_in |= authenticated,
            Event::AuthOk { .. }
            | Event::RegisterOk(_)
            | Event::LoginOk(_)
            | Event::AutoAuthOk(_) => self.is_signed_in = true,
            Event::RoomCreated { room_id, .. } | Event::JoinOk { room_id, .. } => {
                self.room = Some(*room_id);
                self.may_be_in_room = true;
            }
            // Always passed on: the player has left the room.
            Event::LeaveOk { .. } => {
                self.room = None;
                self.leaves.pop_front();
            }
            Event::Error { .. } if shows_no_room(event) => {
                return self.leaves.pop_front() != Some(Sender::Relay);
            }
            Event::Pong => return self.pings.pop_front() != Some(Sender::Relay),
            _ => {}
        }
        true
    }

    /// Open a datagram on its way up. `None`: it is not this session's own, so it must not reach the game server, which
    /// believes the id that a datagram carries (facts, section 6.3).
    pub(super) fn open(&self, datagram: &[u8]) -> Option<Vec<u8>> {
        let (id, cipher) = self.identity.as_ref().filter(|_| self.is_signed_in)?;
        // A position that arrives while the relay leaves a room could put the player back into it (facts, section 6.6).
        if self.leaves.contains(&Sender::Relay) {
            return None;
        }
        let mut plaintext = cipher.open(datagram).ok()?;
        if compression::is_compressed(&plaintext) {
            plaintext = compression::inflate(&plaintext).ok()?;
        }
        let owner: Owner<'_> = serde_json::from_slice(&plaintext).ok()?;
        let is_own = owner.session_id == id.as_str();
        // The first generation passes a driver's input on to any room that it names (facts, section 6.2).
        let is_here = match (owner.room_id, &self.room) {
            (None, _) => true,
            (Some(named), Some(room)) => named == room.as_str(),
            (Some(_), None) => false,
        };
        (is_own && is_here).then_some(plaintext)
    }
}

/// Note that an answer is due for this one. False: too many are due already.
fn note_due(due: &mut VecDeque<Sender>, sender: Sender) -> bool {
    let is_noted = due.len() < MAX_DUE;
    if is_noted {
        due.push_back(sender);
    }
    is_noted
}

/// A key of an object. It may have half a surrogate, which game servers take and a text cannot hold.
#[derive(PartialEq, Eq, Hash)]
struct Key(Vec<u8>);

impl Key {
    /// Say whether this is its name. Some server may ignore its case.
    fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name.as_bytes())
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Key, E> {
                Ok(Key(bytes.to_owned()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                Ok(Key(text.into()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// A line of the player, read as game servers read it.
#[derive(Debug)]
pub(super) struct PlayerLine {
    /// Servers ignore the case of its word (facts, section 1.5).
    kind: Option<CommandKind>,
    /// How many commands in it cost the game server or the whole room much.
    costly: u32,
    /// How many of them are sign-ins.
    sign_ins: u32,
    /// One of these costs the game server a password hash, or a look at its accounts.
    is_hashed: bool,
    is_too_deep: bool,
    is_name_too_long: bool,
}

impl PlayerLine {
    pub(super) fn parse(line: &str) -> Self {
        use CommandKind as Kind;
        // Of two of the same key the last counts. Other values are not read, because servers take numbers that we refuse.
        let fields: HashMap<Key, &RawValue> = serde_json::from_str(line).unwrap_or_default();
        let text = |key: &str| {
            let value = fields.get(&Key(key.into()))?;
            serde_json::from_str::<String>(value.get()).ok()
        };
        let kind = text("command").and_then(|word| CommandKind::from_word(&word.to_uppercase()));
        let is_sign_in = kind.is_some_and(CommandKind::is_sign_in);
        let (mut costly, mut sign_ins) = (0, u32::from(is_sign_in));
        let mut is_hashed =
            is_sign_in && (kind != Some(Kind::Name) || fields.keys().any(|key| key.is("password")));
        match kind {
            Some(kind) if is_costly(kind) => costly = 1,
            // Each of its commands counts. One that cannot be read counts once, because servers may read it.
            Some(Kind::Batch) => {
                let messages = fields.get(&Key("messages".into()));
                let messages = messages.map(|messages| messages.get()).unwrap_or_default();
                let lines: Vec<&RawValue> = serde_json::from_str(messages).unwrap_or_default();
                for line in lines {
                    let line = Self::parse(line.get());
                    costly += line.costly;
                    sign_ins += line.sign_ins;
                    is_hashed |= line.is_hashed;
                }
                costly = costly.max(1);
            }
            _ => {}
        }
        let has_name = matches!(kind, Some(Kind::Name | Kind::CreateRoom));
        let name = has_name.then(|| text("name")).flatten();
        Self {
            kind,
            costly,
            sign_ins,
            is_hashed,
            is_too_deep: depth(line) > MAX_DEPTH,
            is_name_too_long: name.is_some_and(|name| escaped_bytes(&name) > MAX_NAME_BYTES),
        }
    }

    /// Give how many commands in the line cost the game server or the whole room much.
    pub(super) const fn costly(&self) -> u32 {
        self.costly
    }

    /// Give how many commands in the line sign in.
    pub(super) const fn sign_ins(&self) -> u32 {
        self.sign_ins
    }

    /// Give how many commands in the line sign in, if one of them needs a turn.
    pub(super) fn sign_ins_in_turn(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.sign_ins).filter(|_| self.is_hashed)
    }
}

fn is_costly(kind: CommandKind) -> bool {
    kind.is_sign_in() || kind == CommandKind::StartGame
}

/// Count the levels of nesting in a line.
fn depth(line: &str) -> usize {
    let (mut open, mut most, mut is_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in line.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                open += 1;
                most = most.max(open);
            }
            b']' | b'}' if !is_text => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const R: &str = "11111111111111111111111111111111";

    fn hear(session: &mut PlayerSession, line: &str) -> bool {
        session.handle_event(&Event::parse(&line.replace("$A", A).replace("$R", R)))
    }

    fn welcomed() -> PlayerSession {
        let mut session = PlayerSession::new(Secret::default());
        assert!(hear(&mut session, "CONNECTED|$A"));
        session
    }

    fn signed_in() -> PlayerSession {
        let mut session = welcomed();
        let name_ok =
            r#"{"command":"NAME_OK","name":"Ann","authenticated":true,"udpEncryption":true}"#;
        assert!(hear(&mut session, name_ok));
        session
    }

    fn seal(key: &str, json: &str) -> Vec<u8> {
        let cipher = Cipher::new(&key.parse().unwrap(), &Secret::default());
        let json = json.replace("$A", A).replace("$B", B).replace("$R", R);
        cipher.seal(json.as_bytes()).unwrap()
    }

    fn say(session: &mut PlayerSession, word: &str) -> LineUp {
        say_line(session, &format!(r#"{{"command":"{word}"}}"#))
    }

    fn say_line(session: &mut PlayerSession, line: &str) -> LineUp {
        session.handle_line(&PlayerLine::parse(line))
    }

    const UPDATE: &str = r#"{"command":"UPDATE","sessionId":"$A","position":{"x":1}}"#;

    #[test]
    fn only_a_datagram_of_the_session_itself_passes() {
        let session = signed_in();
        assert!(session.open(&seal(A, UPDATE)).is_some());
        for (key, json) in [
            (A, UPDATE.replace("$A", "$B")),
            (B, UPDATE.to_owned()),
            (B, UPDATE.replace("$A", "$B")),
            (
                A,
                UPDATE.replace(r#""sessionId""#, r#""sessionId":"$A","sessionId""#),
            ),
            (A, r#"{"command":"UPDATE"}"#.to_owned()),
            (A, "no JSON".to_owned()),
        ] {
            assert!(session.open(&seal(key, &json)).is_none(), "{json}");
        }
        let plain = UPDATE.replace("$A", A);
        assert!(session.open(plain.as_bytes()).is_none(), "not sealed");
        assert!(welcomed().open(&seal(A, UPDATE)).is_none(), "not signed in");
        let silent = PlayerSession::new(Secret::default());
        assert!(silent.open(&seal(A, UPDATE)).is_none(), "not welcomed");
    }

    #[test]
    fn an_input_passes_to_the_players_own_room_only() {
        let mut session = signed_in();
        let input =
            r#"{"command":"INPUT","sessionId":"$A","roomId":"$R","input":{"steering":1e400}}"#;
        assert!(session.open(&seal(A, input)).is_none(), "in no room");
        hear(&mut session, r#"{"command":"JOIN_OK","roomId":"$R"}"#);
        assert!(session.open(&seal(A, input)).is_some());
        let elsewhere = input.replace("$R", B);
        assert!(session.open(&seal(A, &elsewhere)).is_none());
        hear(&mut session, r#"{"command":"LEAVE_OK","roomId":"$R"}"#);
        assert!(session.open(&seal(A, input)).is_none(), "left");
    }

    #[test]
    fn the_room_is_left_before_another_one_is_entered() {
        let mut session = signed_in();
        let leave = || LineUp::LeaveFirst(Command::LeaveRoom);
        assert_eq!(say(&mut session, "JOIN_ROOM"), LineUp::Forward);
        // Without waiting for the answer, and in any spelling.
        assert_eq!(say(&mut session, r"join\u005froom"), leave());
        assert_eq!(say(&mut session, "Create_Room"), leave());
        let twice = r#"{"command":"PING","x":1e400,"command":"JOIN_ROOM"}"#;
        assert_eq!(say_line(&mut session, twice), leave());
        assert_eq!(say(&mut session, "LEAVE_ROOM"), LineUp::Forward);
        assert_eq!(say(&mut session, "CREATE_ROOM"), LineUp::Forward);
    }

    #[test]
    fn refusals_of_the_relays_own_command_stay_here() {
        let no_room = r#"{"command":"ERROR","message":"Cannot leave room. No room joined."}"#;
        let mut session = signed_in();
        say(&mut session, "JOIN_ROOM");
        assert!(hear(
            &mut session,
            r#"{"command":"ERROR","message":"Room not found."}"#
        ));
        say(&mut session, "JOIN_ROOM");
        assert!(session.open(&seal(A, UPDATE)).is_none(), "leaving");
        assert!(!hear(&mut session, no_room));
        assert!(session.open(&seal(A, UPDATE)).is_some());
        assert!(hear(&mut session, r#"{"command":"JOIN_OK","roomId":"$R"}"#));
        // What the player asked for it is told, and that it has left.
        say(&mut session, "CREATE_ROOM");
        assert!(hear(
            &mut session,
            r#"{"command":"LEAVE_OK","roomId":"$R"}"#
        ));
        for _ in 0..2 {
            say(&mut session, "LEAVE_ROOM");
            assert!(hear(&mut session, no_room));
        }
        assert!(hear(&mut session, no_room));
    }

    #[test]
    fn the_answer_to_a_sign_of_life_of_the_relays_stays_here() {
        let mut session = signed_in();
        let pong = r#"{"command":"PONG"}"#;
        say(&mut session, "PING");
        assert_eq!(session.keep_alive(), Some(Command::Ping));
        say(&mut session, "PING");
        let is_for_player: Vec<_> = (0..4).map(|_| hear(&mut session, pong)).collect();
        assert_eq!(is_for_player, [true, false, true, true]);
    }

    #[test]
    fn bye_in_a_room_takes_a_whole_goodbye() {
        let mut session = signed_in();
        assert_eq!(say(&mut session, "BYE"), LineUp::Bye);
        say(&mut session, "JOIN_ROOM");
        assert_eq!(say(&mut session, "bye"), LineUp::Goodbye);
        say(&mut session, "LEAVE_ROOM");
        assert_eq!(say(&mut session, "bye"), LineUp::Bye);
    }

    #[test]
    fn what_is_remembered_of_a_server_that_never_answers_is_bounded() {
        let mut session = signed_in();
        for _ in 0..MAX_DUE {
            assert_eq!(say(&mut session, "LEAVE_ROOM"), LineUp::Forward);
            assert_eq!(say(&mut session, "PING"), LineUp::Forward);
        }
        for word in ["LEAVE_ROOM", "PING"] {
            assert_eq!(say(&mut session, word), LineUp::TooManyUnanswered);
        }
        assert_eq!(session.keep_alive(), None);
        assert_eq!(session.leaves.len(), MAX_DUE);
        assert_eq!(session.pings.len(), MAX_DUE);
    }

    #[test]
    fn a_line_is_read_as_game_servers_read_it() {
        let mut session = signed_in();
        say(&mut session, "JOIN_ROOM");
        // Half a surrogate is no text, and no reason to overlook the command.
        let bye = r#"{"\ud800":1,"command":"BYE"}"#;
        assert_eq!(say_line(&mut session, bye), LineUp::Goodbye);
        let deep = |depth: usize| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!(r#"{{"command":"LEAVE_ROOM","x":"\"{{","y":{open}{close}}}"#)
        };
        assert!(matches!(
            say_line(&mut session, &deep(64)),
            LineUp::Refused(_)
        ));
        assert_eq!(say(&mut session, "BYE"), LineUp::Goodbye, "it has not left");
        assert_eq!(say_line(&mut session, &deep(50)), LineUp::Forward);
        assert_eq!(say(&mut session, "BYE"), LineUp::Bye);
    }

    #[test]
    fn a_sign_in_from_within_a_room_leaves_it_first() {
        let mut session = signed_in();
        say(&mut session, "JOIN_ROOM");
        let leave = LineUp::LeaveFirst(Command::LeaveRoom);
        assert_eq!(say(&mut session, "AUTHENTICATE"), leave);
        assert_eq!(say(&mut session, "AUTHENTICATE"), LineUp::Forward);
        assert_eq!(say(&mut session, "BYE"), LineUp::Bye);
    }

    #[test]
    fn names_are_limited_as_game_servers_spell_them() {
        let mut session = signed_in();
        for word in ["NAME", "CREATE_ROOM"] {
            let mut line = |name: String| {
                let line = format!(r#"{{"command":"{word}","name":"{name}"}}"#);
                matches!(say_line(&mut session, &line), LineUp::Refused(_))
            };
            assert!(!line("\u{1f3ce}".repeat(64)));
            assert!(line("\u{1f3ce}".repeat(65)));
            assert!(line("<".repeat(129)));
            assert!(line(r"\u003c".repeat(129)));
        }
    }

    #[test]
    fn each_costly_command_of_a_batch_counts() {
        let costly = |line: &str| PlayerLine::parse(line).costly();
        assert_eq!(costly(r#"{"command":"name","name":"a"}"#), 1);
        assert_eq!(costly(r#"{"command":"LIST_ROOMS"}"#), 0);
        let name = r#"{"command":"NAME","name":"a"}"#;
        let batch = |messages: &str| format!(r#"{{"command":"BATCH","messages":{messages}}}"#);
        assert_eq!(costly(&batch(&format!("[{name},{name},5]"))), 2);
        for once in ["[]", "5", r#"[{"command":"PING"}]"#] {
            assert_eq!(costly(&batch(once)), 1, "{once}");
        }
        assert_eq!(
            costly(&batch(&format!("[{}]", batch(&format!("[{name},{name}]"))))),
            2
        );
    }

    #[test]
    fn what_costs_a_password_hash_is_known() {
        let turn = |line: &str| {
            let line = PlayerLine::parse(line);
            (
                line.sign_ins(),
                line.sign_ins_in_turn().map_or(0, NonZeroU32::get),
            )
        };
        let name = r#"{"command":"name","name":"a"}"#;
        let with_password = r#"{"command":"NAME","name":"a","password":"x"}"#;
        assert_eq!(turn(name), (1, 0));
        assert_eq!(turn(with_password), (1, 1));
        for word in ["Authenticate", "REGISTER", "LOGIN", "AUTO_AUTH"] {
            assert_eq!(
                turn(&format!(r#"{{"command":"{word}"}}"#)),
                (1, 1),
                "{word}"
            );
        }
        assert_eq!(turn(r#"{"command":"START_GAME","password":"x"}"#), (0, 0));
        let batch = |lines: &str| format!(r#"{{"command":"BATCH","messages":[{lines}]}}"#);
        assert_eq!(turn(&batch(&format!("{name},5"))), (1, 0));
        assert_eq!(turn(&batch(&format!("{name},{with_password}"))), (2, 2));
    }

    #[test]
    fn no_flood_makes_the_relay_forget_that_it_leaves_a_room() {
        let mut session = signed_in();
        say(&mut session, "JOIN_ROOM");
        say(&mut session, "JOIN_ROOM");
        while say(&mut session, "LEAVE_ROOM") == LineUp::Forward {}
        assert!(session.open(&seal(A, UPDATE)).is_none(), "still leaving");
        assert_eq!(session.leaves.len(), MAX_DUE);
    }
}
