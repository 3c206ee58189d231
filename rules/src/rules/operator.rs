//! The operator's commands: open and close rooms, end sessions, and see who is where.

use protocol::geometry::Vec3;
use protocol::id::{RoomId, SessionId};

use super::policy::SignIn;
use super::reply::Reply;
use super::room::Room;
use super::{Conn, Rules};

/// A connection's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Online<'a> {
    /// The session.
    pub id: SessionId,
    /// Its name; `Anonymous` before it has one.
    pub name: &'a str,
    /// The room it is in.
    pub room: Option<RoomId>,
}

/// A room and who is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomState<'a> {
    /// The room.
    pub id: RoomId,
    /// Its name.
    pub name: &'a str,
    /// The host. An empty room that is kept has none.
    pub host: Option<SessionId>,
    /// The race was started.
    pub is_active: bool,
    /// In the order they came.
    pub seats: Vec<Seat<'a>>,
}

/// A player of a room.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seat<'a> {
    /// The session.
    pub id: SessionId,
    /// Its name.
    pub name: &'a str,
    /// Where its car starts.
    pub start: Vec3,
}

impl Rules {
    /// Open a room that stays when it is empty. The first player who enters it is the host. `None`: there are too many.
    pub fn open_room(&mut self, name: &str, is_active: bool) -> Option<RoomId> {
        if !self.rooms.has_place_for(name) {
            return None;
        }
        let (seating, size) = (self.policy.seating, self.size(None));
        let mut room = Room::new((self.room_ids)(), name.to_owned(), None, seating, size);
        room.kept = true;
        room.started = is_active;
        let id = room.id;
        self.rooms.insert(room);
        Some(id)
    }

    /// Close a room. Its players learn of it by the answer to what they next ask about it.
    pub fn close_room(&mut self, room: &RoomId) {
        self.rooms.remove(room);
    }

    /// Note that a session is a bot's. It does not become the host of a room while somebody else is there, and needs no
    /// account: it is signed in where others need one, and only names itself.
    pub fn mark_bot(&mut self, session: &SessionId) {
        let Some(conn) = self.conn(session) else {
            return;
        };
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.is_bot = true;
        }
        if self.policy.sign_in == SignIn::Account {
            self.authenticate_session(conn);
        }
    }

    /// End a session, and tell it why.
    pub fn kick(&mut self, conn: Conn, message: &str) {
        if self.sessions.contains_key(&conn) {
            self.reply(conn, &Reply::ByeAdmin { message });
            self.close(conn);
        }
    }

    /// Show the session of a connection.
    pub fn online(&self, conn: Conn) -> Option<Online<'_>> {
        let session = self.sessions.get(&conn)?;
        Some(Online {
            id: session.id,
            name: &session.name,
            room: session.room,
        })
    }

    /// Say whether a connection has signed in.
    pub fn is_signed_in(&self, conn: Conn) -> bool {
        self.is_authenticated(conn)
    }

    /// Find the connection of a session.
    pub fn conn(&self, session: &SessionId) -> Option<Conn> {
        self.conns.get(session).copied()
    }

    /// Show a room.
    pub fn room(&self, id: &RoomId) -> Option<RoomState<'_>> {
        self.rooms.get(id).map(Room::state)
    }

    /// Show all rooms, the oldest first.
    pub fn rooms(&self) -> Vec<RoomState<'_>> {
        self.rooms.in_order().into_iter().map(Room::state).collect()
    }
}

impl Room {
    fn state(&self) -> RoomState<'_> {
        let seat = self.players().iter().map(|player| Seat {
            id: player.id,
            name: &player.name,
            start: player.starting_place(),
        });
        RoomState {
            id: self.id,
            name: &self.name,
            host: self.host,
            is_active: self.started,
            seats: seat.collect(),
        }
    }
}
