//! The tap on one bridged player's traffic: what it says about rooms and cars goes to the player's room. It changes
//! nothing on the way, and ignores what it does not know.

use std::sync::Arc;
use std::time::Duration;

use protocol::cipher::Cipher;
use protocol::datagram::{Datagram, Update};
use protocol::event::Event;
use protocol::id::{RoomId, Secret, SessionId};

use super::live_room::LiveRoom;
use super::room::Room;
use super::rooms::Rooms;

/// How long datagrams of the previous room may still be on their way after a player changed rooms.
const SETTLING: Duration = Duration::from_secs(1);
/// How servers of the first generation begin a position on the way down (facts, section 6.4). Later ones seal it.
const UPDATE_HEAD: &str = r#"{"command":"UPDATE","sessionId":""#;

/// The tap. Dropping it takes the player out of its room.
pub(crate) struct PlayerTap {
    rooms: Arc<Rooms>,
    secret: Secret,
    /// The player's session, once welcomed.
    session: Option<Session>,
    /// The player's name, once signed in.
    name: Option<String>,
    /// The room the player is in. Only a welcomed player is in one.
    room: Option<Arc<LiveRoom>>,
    /// When the room was entered.
    entered: Duration,
    /// A room was entered without leaving the one before, whose cars still come down (facts, Q7).
    is_in_two_rooms: bool,
    /// The player has sent a position since it entered the room. Until then the game server sends it no positions, because
    /// entering a room clears the player's address (facts, section 6.3).
    is_driving: bool,
}

impl PlayerTap {
    pub(crate) fn new(rooms: Arc<Rooms>, secret: Secret) -> Self {
        Self {
            rooms,
            secret,
            session: None,
            name: None,
            room: None,
            entered: Duration::ZERO,
            is_in_two_rooms: false,
            is_driving: false,
        }
    }

    /// An event comes down from the game server.
    pub(crate) fn handle_event(&mut self, event: Event) {
        self.handle_event_at(event, self.rooms.clock.now());
    }

    fn handle_event_at(&mut self, event: Event, now: Duration) {
        match event {
            Event::Welcome { session_id: id, .. } if self.session.is_none() => {
                let cipher = Cipher::new(&id, &self.secret);
                self.session = Some(Session { id, cipher });
            }
            Event::NameOk { name, .. } | Event::AuthOk { name } => {
                self.change(|room, me| room.rename(me, &name));
                self.name = Some(name);
            }
            Event::RegisterOk(account) | Event::LoginOk(account) | Event::AutoAuthOk(account) => {
                self.name = Some(account.username);
            }
            Event::RoomCreated { room_id, name, .. } => {
                self.enter(&room_id, now);
                self.change(|room, me| room.describe(Some(&name), Some(me), false));
            }
            Event::JoinOk { room_id, players } => {
                // Later servers say it again to those who are in the room already.
                if !self.is_in(&room_id) {
                    self.enter(&room_id, now);
                }
                if let Some(players) = players {
                    self.change(|room, _| room.list(&players));
                }
            }
            Event::PlayerJoined { room_id, player } if self.is_in(&room_id) => {
                self.change(|room, _| room.join(&player));
            }
            Event::PlayerLeft { room_id, player } if self.is_in(&room_id) => {
                self.change(|room, _| room.part(&player.id));
            }
            Event::LeaveOk { .. } => self.leave(),
            Event::Error { message } if means_no_room(&message) => self.leave(),
            Event::RoomPlayers { room_id, players } if self.is_in(&room_id) => {
                self.change(|room, _| room.list(&players));
            }
            Event::GameStarted(started) if self.is_in(&started.room_id) => {
                self.change(|room, _| room.describe(None, started.host_id.as_ref(), true));
            }
            Event::RelayedMessage {
                sender_id,
                sender_name,
                ..
            } => self.change(|room, _| room.rename(&sender_id, &sender_name)),
            Event::RoomList(rooms) => self.rooms.describe(&rooms),
            _ => {}
        }
    }

    /// A datagram of the player's own goes up to the game server. It is open already.
    pub(crate) fn handle_datagram_up(&mut self, plaintext: &[u8]) {
        let (Some(room), Some(session)) = (&self.room, &self.session) else {
            return;
        };
        // Whether the player drives matters to later spectators too, so the position is read even if nobody watches.
        if self.is_driving && !room.is_watched() {
            return;
        }
        let Ok(Datagram::Update(update)) = Datagram::from_json(plaintext) else {
            return;
        };
        if !self.is_driving {
            self.is_driving = true;
            room.change(|room| room.drive(&session.id));
        }
        if room.is_watched() {
            room.handle_update(&update, &session.id, false);
        }
    }

    /// A datagram goes down to the player.
    pub(crate) fn handle_datagram_down(&self, datagram: &[u8]) {
        let (Some(room), Some(session)) = (&self.room, &self.session) else {
            return;
        };
        if !room.is_watched() {
            return;
        }
        let mixed = self.is_mixed(self.rooms.clock.now());
        // In a room full of bridged players almost no position is wanted, and opening them is most of the work.
        let is_wanted = match is_sealed(datagram) {
            true => room.reads(&session.id, mixed),
            false => peek(datagram).is_none_or(|car| room.wants(&car, &session.id, mixed)),
        };
        if !is_wanted {
            return;
        }
        self.rooms.metrics.spectators.opened_datagrams.inc();
        if let Some(update) = session.read_down(datagram) {
            room.handle_update(&update, &session.id, mixed);
        }
    }

    /// Say whether what comes down may be of another room. If so, only cars that are known to be in this room count.
    fn is_mixed(&self, now: Duration) -> bool {
        self.is_in_two_rooms || now.saturating_sub(self.entered) < SETTLING
    }

    fn is_in(&self, room: &RoomId) -> bool {
        self.room.as_ref().is_some_and(|here| here.id == *room)
    }

    fn enter(&mut self, room: &RoomId, now: Duration) {
        self.is_in_two_rooms |= self.room.is_some();
        self.leave();
        if self.session.is_some() {
            self.room = Some(self.rooms.find_or_make(room));
        }
        self.change(|room, me| room.enter(me, self.name.as_deref()));
        self.entered = now;
        self.is_driving = false;
    }

    fn leave(&mut self) {
        self.change(|room, me| room.leave(me));
        self.room = None;
    }

    /// Change what is known of the player's room.
    fn change(&self, change: impl FnOnce(&mut Room, &SessionId)) {
        if let (Some(room), Some(session)) = (&self.room, &self.session) {
            room.change(|room| change(room, &session.id));
        }
    }
}

impl Drop for PlayerTap {
    fn drop(&mut self) {
        self.leave();
    }
}

struct Session {
    id: SessionId,
    cipher: Cipher,
}

impl Session {
    /// Read another player's position on its way down.
    fn read_down(&self, datagram: &[u8]) -> Option<Update> {
        match Datagram::decode(datagram, Some(&self.cipher)) {
            Ok(Datagram::Update(update)) => {
                Some(update).filter(|update| update.session_id != self.id)
            }
            _ => None,
        }
    }
}

/// Say whether a datagram is sealed. Whose position it is shows only once it is open.
fn is_sealed(datagram: &[u8]) -> bool {
    datagram.first() != Some(&b'{')
}

/// Say whose position a plain datagram of a first-generation server is. Its head is enough for that.
fn peek(datagram: &[u8]) -> Option<SessionId> {
    let rest = datagram.strip_prefix(UPDATE_HEAD.as_bytes())?;
    let end = rest.iter().position(|&byte| byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

/// Say whether a refusal means that the server has reset the player's room (facts, section 2.1).
fn means_no_room(message: &str) -> bool {
    message.starts_with("Cannot leave room.")
        || message == "Cannot start game. You are not in this room."
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Timeouts;
    use crate::lifecycle::Lifecycle;
    use crate::metrics::Metrics;
    use crate::spectators::live_room::SnapshotClock;
    use crate::spectators::public_id::PublicIds;
    use crate::spectators::shard::Delivery;
    use protocol::geometry::{Quat, Vec3};
    use tokio::time::Instant;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const R: &str = "11111111111111111111111111111111";
    const Q: &str = "22222222222222222222222222222222";

    fn tap() -> PlayerTap {
        let clock = SnapshotClock {
            started: Instant::now(),
            tick: Duration::from_millis(50),
            delay: Duration::ZERO,
        };
        let metrics = Arc::new(Metrics::new());
        let lifecycle = Lifecycle::new(Duration::ZERO);
        let delivery = Delivery::new(&Timeouts::default(), Arc::clone(&metrics), lifecycle);
        let rooms = Rooms::new(
            clock,
            Arc::new(delivery),
            PublicIds::new().unwrap(),
            metrics,
        );
        PlayerTap::new(Arc::new(rooms), Secret::default())
    }

    fn welcomed() -> PlayerTap {
        let mut tap = tap();
        handle(&mut tap, "CONNECTED|$A", 0);
        tap
    }

    fn handle(tap: &mut PlayerTap, line: &str, seconds: u64) {
        let line = line.replace("$A", A).replace("$B", B);
        let line = line.replace("$R", R).replace("$Q", Q);
        tap.handle_event_at(Event::parse(&line), Duration::from_secs(seconds));
    }

    /// What spectators are told of the player's room.
    fn text(tap: &PlayerTap) -> Option<serde_json::Value> {
        let text = tap.room.as_ref()?.look(Room::text);
        Some(serde_json::from_str(&text).unwrap())
    }

    fn update(id: &str) -> Datagram {
        Datagram::Update(Update {
            session_id: id.parse().unwrap(),
            seq: None,
            position: Vec3::new(1.0, 2.0, 3.0),
            rotation: Quat::IDENTITY,
        })
    }

    fn seal(id: &str, datagram: &Datagram) -> Vec<u8> {
        let cipher = Cipher::new(&id.parse().unwrap(), &Secret::default());
        cipher.seal(datagram.to_json().as_bytes()).unwrap()
    }

    #[tokio::test]
    async fn a_player_is_followed_into_a_room_and_out_of_it() {
        let mut tap = welcomed();
        handle(&mut tap, r#"{"command":"NAME_OK","name":"Ann"}"#, 0);
        handle(&mut tap, r#"{"command":"JOIN_OK","roomId":"$R"}"#, 1);
        let joined = text(&tap).unwrap();
        assert_eq!(joined["room"], R);
        let public = tap.rooms.ids.of(&A.parse().unwrap()).unwrap();
        assert_eq!(joined["players"][0]["id"], public.as_str());
        assert_eq!(joined["players"][0]["name"], "Ann");
        handle(&mut tap, r#"{"command":"LEAVE_OK","roomId":"$R"}"#, 2);
        assert_eq!(text(&tap), None);
        let create = r#"{"command":"ROOM_CREATED","roomId":"$Q","name":"go"}"#;
        for refusal in [
            "Cannot leave room. Room not found.",
            "Cannot start game. You are not in this room.",
        ] {
            handle(&mut tap, create, 3);
            let created = text(&tap).unwrap();
            assert_eq!(
                (&created["room"], &created["name"]),
                (&Q.into(), &"go".into())
            );
            assert_eq!(created["hostId"], public.as_str());
            let line = format!(r#"{{"command":"ERROR","message":"{refusal}"}}"#);
            for _ in 0..2 {
                handle(&mut tap, &line, 4);
                assert_eq!(text(&tap), None, "{refusal}");
            }
        }
    }

    #[tokio::test]
    async fn events_of_other_rooms_are_ignored() {
        let mut tap = welcomed();
        handle(&mut tap, r#"{"command":"JOIN_OK","roomId":"$R"}"#, 0);
        let joined = text(&tap);
        for line in [
            r#"{"command":"GAME_STARTED","roomId":"$Q","hostId":"$B","spawnPositions":{}}"#,
            r#"{"command":"ROOM_PLAYERS","roomId":"$Q","players":[]}"#,
            r#"{"command":"ERROR","message":"Room not found."}"#,
            r#"{"command":"RELAYED_MESSAGE"}"#,
            "nonsense",
        ] {
            handle(&mut tap, line, 0);
            assert_eq!(text(&tap), joined, "{line}");
        }
        let started = r#"{"command":"GAME_STARTED","roomId":"$R","spawnPositions":{}}"#;
        handle(&mut tap, started, 0);
        let started = text(&tap).unwrap();
        assert_eq!(
            (&started["isActive"], &started["hostId"]),
            (&true.into(), &().into())
        );
    }

    #[tokio::test]
    async fn a_room_that_was_not_left_keeps_the_tap_mixed() {
        let mut tap = welcomed();
        let join = |room| format!(r#"{{"command":"JOIN_OK","roomId":"{room}"}}"#);
        let at = Duration::from_secs;
        handle(&mut tap, &join(R), 10);
        assert!(tap.is_mixed(at(10)), "datagrams may still be on their way");
        assert!(!tap.is_mixed(at(11)));
        handle(&mut tap, r#"{"command":"LEAVE_OK","roomId":"$R"}"#, 20);
        handle(&mut tap, &join(Q), 20);
        assert!(!tap.is_mixed(at(21)));
        handle(&mut tap, &join(R), 30);
        assert!(tap.is_mixed(at(3600)));
    }

    #[tokio::test]
    async fn positions_of_others_are_read_on_the_way_down() {
        assert!(
            tap().session.is_none(),
            "nothing is read before the welcome"
        );
        let tap = welcomed();
        let session = tap.session.as_ref().unwrap();
        let read = |id, read: Option<Update>| read.is_some_and(|u| u.session_id.as_str() == id);
        for down in [update(B).to_json().into_bytes(), seal(A, &update(B))] {
            assert!(read(B, session.read_down(&down)));
        }
        assert!(session.read_down(update(A).to_json().as_bytes()).is_none());
    }

    #[tokio::test]
    async fn of_sealed_positions_one_players_copies_are_opened() {
        let mut one = welcomed();
        let mut two = PlayerTap::new(Arc::clone(&one.rooms), Secret::default());
        handle(&mut two, "CONNECTED|$B", 0);
        for tap in [&mut one, &mut two] {
            handle(tap, r#"{"command":"JOIN_OK","roomId":"$R"}"#, 0);
        }
        let metrics = Arc::clone(&one.rooms.metrics);
        let opened = || metrics.spectators.opened_datagrams.get();
        let stranger = "cccccccccccccccccccccccccccccccc";
        let [first, second] = [A, B].map(|reader| seal(reader, &update(stranger)));
        one.handle_datagram_down(&first);
        assert_eq!(opened(), 0, "nobody watches");
        let room = Arc::clone(one.room.as_ref().unwrap());
        room.watch([127, 0, 0, 1].into());
        for _ in 0..3 {
            one.handle_datagram_down(&first);
            two.handle_datagram_down(&second);
        }
        assert_eq!(opened(), 3);
        drop(one);
        two.handle_datagram_down(&second);
        assert_eq!(opened(), 4, "it is handed over");
    }

    #[tokio::test]
    async fn the_pushes_of_the_token_generation_say_who_is_in_the_room() {
        let mut tap = tap();
        handle(&mut tap, r#"{"command":"CONNECTED","sessionId":"$A"}"#, 0);
        let names = |tap: &PlayerTap| {
            let text = text(tap).unwrap();
            let players = text["players"].as_array().unwrap().iter();
            let names = players.map(|player| player["name"].as_str().unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        let bob = r#"{"id":"$B","name":"Bob"}"#;
        let joined = format!(r#"{{"command":"JOIN_OK","roomId":"$R","players":[{bob}]}}"#);
        handle(&mut tap, &joined, 0);
        assert_eq!(names(&tap), ["", "Bob"]);
        let moved = |command: &str, room: &str| {
            format!(r#"{{"command":"{command}","sessionId":"$B","name":"Bob","roomId":"{room}"}}"#)
        };
        handle(&mut tap, &moved("PLAYER_LEFT", "$Q"), 0);
        assert_eq!(names(&tap), ["", "Bob"], "another room");
        handle(&mut tap, &moved("PLAYER_LEFT", "$R"), 0);
        assert_eq!(names(&tap), [""]);
        handle(&mut tap, &moved("PLAYER_JOINED", "$Q"), 0);
        assert_eq!(names(&tap), [""], "another room");
        handle(&mut tap, &moved("PLAYER_JOINED", "$R"), 0);
        assert_eq!(names(&tap), ["", "Bob"]);
        // AUTO_JOIN says it again.
        let again = r#"{"command":"JOIN_OK","roomId":"$R","autoJoined":true}"#;
        handle(&mut tap, again, 9);
        assert!(!tap.is_mixed(Duration::from_secs(9)));
        assert_eq!(names(&tap), ["", "Bob"]);
    }

    #[test]
    fn the_head_of_a_position_names_its_player() {
        let json = update(B).to_json();
        assert_eq!(peek(json.as_bytes()).unwrap().as_str(), B);
        for other in [&seal(A, &update(A))[..], b"", b"{}", UPDATE_HEAD.as_bytes()] {
            assert_eq!(peek(other), None);
        }
    }
}
