//! What the traffic of one bridged player says about rooms and cars. Pure: `player_tap` hands it every line of the game
//! server and, while they matter, datagrams. It ignores what it does not know.

use std::time::Duration;

use protocol::cipher::Cipher;
use protocol::datagram::{Datagram, Update};
use protocol::event::{Event, Player, Room};
use protocol::id::{RoomId, Secret, SessionId};

/// How long datagrams of the previous room may still be on their way after a player changed rooms.
const SETTLING: Duration = Duration::from_secs(1);

/// How servers of the first generation begin a position on the way down (facts, section 6.4).
const UPDATE_HEAD: &str = r#"{"command":"UPDATE","sessionId":""#;

/// One player's traffic so far.
pub(crate) struct Tap {
    secret: Secret,
    me: Option<Me>,
    name: Option<String>,
    room: Option<RoomId>,
    /// When the room was entered.
    entered: Duration,
    /// A room was entered without leaving the one before, whose cars still come down (facts, Q7).
    is_in_two_rooms: bool,
}

struct Me {
    id: SessionId,
    cipher: Cipher,
}

/// What a line says about rooms.
#[derive(Debug, PartialEq)]
pub(crate) enum RoomEvent {
    /// The player is in this room now, and in no other.
    Entered(RoomId),
    /// The player made this room, and is in it now as its host.
    Created(RoomId, String),
    /// The player is no longer in a room.
    Left,
    /// The player's name.
    Named(String),
    /// Who is in the player's room.
    Players(Vec<Player>),
    /// The name of a player of any room.
    Sender(SessionId, String),
    /// The race of the player's room begins.
    Started(Option<SessionId>),
    /// All rooms.
    Rooms(Vec<Room>),
}

impl Tap {
    pub(crate) fn new(secret: Secret) -> Self {
        Self {
            secret,
            me: None,
            name: None,
            room: None,
            entered: Duration::ZERO,
            is_in_two_rooms: false,
        }
    }

    /// The player's session, once welcomed.
    pub(crate) fn id(&self) -> Option<&SessionId> {
        self.me.as_ref().map(|me| &me.id)
    }

    /// The player's name, once signed in.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Say whether what comes down may be of another room. If so, only cars that are known to be in this room count.
    pub(crate) fn is_mixed(&self, now: Duration) -> bool {
        self.is_in_two_rooms || now.saturating_sub(self.entered) < SETTLING
    }

    /// Take a line of the game server.
    pub(crate) fn handle_event(&mut self, event: Event, now: Duration) -> Option<RoomEvent> {
        match event {
            Event::Connected { session_id } if self.me.is_none() => {
                let cipher = Cipher::new(&session_id, &self.secret);
                self.me = Some(Me {
                    id: session_id,
                    cipher,
                });
                None
            }
            Event::NameOk { name, .. } | Event::AuthOk { name } => {
                self.name = Some(name.clone());
                Some(RoomEvent::Named(name))
            }
            Event::RoomCreated { room_id, name } => {
                self.enter(room_id, now);
                Some(RoomEvent::Created(room_id, name))
            }
            Event::JoinOk { room_id } => {
                self.enter(room_id, now);
                Some(RoomEvent::Entered(room_id))
            }
            Event::LeaveOk { .. } => self.leave(),
            Event::Error { message } if means_no_room(&message) => self.leave(),
            Event::RoomPlayers { room_id, players } if self.is_in(&room_id) => {
                Some(RoomEvent::Players(players))
            }
            Event::GameStarted(started) if self.is_in(&started.room_id) => {
                Some(RoomEvent::Started(started.host_id))
            }
            Event::RelayedMessage {
                sender_id,
                sender_name,
                ..
            } => Some(RoomEvent::Sender(sender_id, sender_name)),
            Event::RoomList(rooms) => Some(RoomEvent::Rooms(rooms)),
            _ => None,
        }
    }

    /// Read the player's own position on its way up. One that claims to be another player's is ignored.
    pub(crate) fn read_up(&self, datagram: &[u8]) -> Option<Update> {
        let me = self.me.as_ref()?;
        self.read(datagram)
            .filter(|update| update.session_id == me.id)
    }

    /// Read another player's position on its way down.
    pub(crate) fn read_down(&self, datagram: &[u8]) -> Option<Update> {
        let me = self.me.as_ref()?;
        self.read(datagram)
            .filter(|update| update.session_id != me.id)
    }

    fn read(&self, datagram: &[u8]) -> Option<Update> {
        let me = self.me.as_ref()?;
        match Datagram::decode(datagram, Some(&me.cipher)) {
            Ok(Datagram::Update(update)) => Some(update),
            _ => None,
        }
    }

    fn enter(&mut self, room: RoomId, now: Duration) {
        self.is_in_two_rooms |= self.room.is_some();
        self.room = Some(room);
        self.entered = now;
    }

    fn leave(&mut self) -> Option<RoomEvent> {
        self.room.take().map(|_| RoomEvent::Left)
    }

    fn is_in(&self, room: &RoomId) -> bool {
        self.room.as_ref() == Some(room)
    }
}

/// Say whose position a plain datagram of a first-generation server is. Its head is enough for that.
pub(crate) fn peek(datagram: &[u8]) -> Option<SessionId> {
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
    use protocol::geometry::{Quat, Vec3};

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const R: &str = "11111111111111111111111111111111";
    const Q: &str = "22222222222222222222222222222222";

    fn handle(tap: &mut Tap, line: &str, seconds: u64) -> Option<RoomEvent> {
        let line = line.replace("$A", A).replace("$B", B);
        let line = line.replace("$R", R).replace("$Q", Q);
        tap.handle_event(Event::parse(&line), Duration::from_secs(seconds))
    }

    fn welcomed() -> Tap {
        let mut tap = Tap::new(Secret::default());
        assert_eq!(handle(&mut tap, "CONNECTED|$A", 0), None);
        tap
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

    #[test]
    fn a_player_is_followed_into_a_room_and_out_of_it() {
        let mut tap = welcomed();
        let named = handle(&mut tap, r#"{"command":"NAME_OK","name":"Ann"}"#, 0);
        assert_eq!(named, Some(RoomEvent::Named("Ann".into())));
        let join = r#"{"command":"JOIN_OK","roomId":"$R"}"#;
        assert_eq!(
            handle(&mut tap, join, 1),
            Some(RoomEvent::Entered(R.parse().unwrap()))
        );
        let leave = r#"{"command":"LEAVE_OK","roomId":"$R"}"#;
        assert_eq!(handle(&mut tap, leave, 2), Some(RoomEvent::Left));
        let create = r#"{"command":"ROOM_CREATED","roomId":"$Q","name":"go"}"#;
        assert_eq!(
            handle(&mut tap, create, 3),
            Some(RoomEvent::Created(Q.parse().unwrap(), "go".into()))
        );
        for refusal in [
            "Cannot leave room. Room not found.",
            "Cannot start game. You are not in this room.",
        ] {
            let line = format!(r#"{{"command":"ERROR","message":"{refusal}"}}"#);
            assert_eq!(
                handle(&mut tap, &line, 4),
                Some(RoomEvent::Left),
                "{refusal}"
            );
            assert_eq!(handle(&mut tap, &line, 4), None);
            handle(&mut tap, create, 5);
        }
    }

    #[test]
    fn events_of_other_rooms_are_ignored() {
        let mut tap = welcomed();
        handle(&mut tap, r#"{"command":"JOIN_OK","roomId":"$R"}"#, 0);
        for line in [
            r#"{"command":"GAME_STARTED","roomId":"$Q","hostId":"$B","spawnPositions":{}}"#,
            r#"{"command":"ROOM_PLAYERS","roomId":"$Q","players":[]}"#,
            r#"{"command":"ERROR","message":"Room not found."}"#,
            r#"{"command":"RELAYED_MESSAGE"}"#,
            "nonsense",
        ] {
            assert_eq!(handle(&mut tap, line, 0), None, "{line}");
        }
        let started = r#"{"command":"GAME_STARTED","roomId":"$R","spawnPositions":{}}"#;
        assert_eq!(handle(&mut tap, started, 0), Some(RoomEvent::Started(None)));
    }

    #[test]
    fn a_room_that_was_not_left_keeps_the_tap_mixed() {
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

    #[test]
    fn own_positions_are_read_on_the_way_up_and_others_on_the_way_down() {
        let tap = welcomed();
        let read = |id, read: Option<Update>| read.is_some_and(|u| u.session_id.as_str() == id);
        assert!(read(A, tap.read_up(&seal(A, &update(A)))));
        assert!(tap.read_up(&seal(A, &update(B))).is_none(), "a false claim");
        assert!(tap.read_up(&seal(B, &update(A))).is_none(), "another key");
        for down in [update(B).to_json().into_bytes(), seal(A, &update(B))] {
            assert!(read(B, tap.read_down(&down)));
        }
        assert!(tap.read_down(update(A).to_json().as_bytes()).is_none());
        assert!(
            Tap::new(Secret::default())
                .read_down(update(B).to_json().as_bytes())
                .is_none()
        );
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
