//! What players do between races: rooms, their host, the start, and messages to each other (facts, sections 2.1
//! and 5).

use std::sync::Arc;

use protocol::id::{RoomId, SessionId};

use super::reply::{Reply, error};
use super::room::{Room, list};
use super::{Conn, Rules};

/// How many rooms there may be. In the default mode every room has a player, so sessions are the limit; on the
/// original, started rooms stay for ever, and a list of this many still fits into one line.
pub const MAX_ROOMS: usize = 4_096;
/// The longest room name in the default mode; the original has no limit.
pub const MAX_ROOM_NAME_CHARS: usize = 64;

const DEFAULT_ROOM_NAME: &str = "Race Room";

/// Where a session stands that wants to do something in its room.
enum Place {
    NoRoom,
    RoomGone,
    NotListed,
    In(SessionId, RoomId),
}

impl Rules {
    pub(super) fn list_rooms(&mut self, conn: Conn) {
        let mut rooms: Vec<&Room> = self.rooms.values().collect();
        rooms.sort_unstable_by_key(|room| room.number);
        let rooms = list(rooms, '[', ']', |out, room| room.write_listing(out));
        self.send(conn, Reply::new("ROOM_LIST").json("rooms", &rooms).end());
    }

    pub(super) fn create_room(&mut self, conn: Conn, name: Option<String>) {
        let name = name.unwrap_or_else(|| DEFAULT_ROOM_NAME.to_owned());
        if !self.config.faithful {
            if name.chars().count() > MAX_ROOM_NAME_CHARS {
                let text = format!("A room name has at most {MAX_ROOM_NAME_CHARS} characters.");
                return self.error(conn, &text);
            }
            self.leave_quietly(conn);
        }
        if self.rooms.len() >= MAX_ROOMS {
            return self.error(conn, "This server cannot hold any more rooms.");
        }
        let (id, number, seating) = ((self.room_ids)(), self.rooms_made, self.seating());
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        let mut room = Room::new(id, name.clone(), session.id, number, seating);
        room.add(session.id, session.name.clone(), None);
        session.room = Some(id);
        self.rooms_made += 1;
        self.rooms.insert(id, room);
        let reply = Reply::new("ROOM_CREATED")
            .text("roomId", id.as_str())
            .text("name", &name);
        self.send(conn, reply.end());
    }

    pub(super) fn join_room(&mut self, conn: Conn, room: &str) {
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        let (player, name) = (session.id, session.name.clone());
        let found = room.parse::<RoomId>().ok();
        let Some(room) = found.and_then(|id| self.rooms.get(&id)) else {
            return self.error(conn, "Room not found.");
        };
        if !room.admits(&player) {
            return self.error(conn, "Failed to join room. Room may be full or inactive.");
        }
        let id = room.id;
        if !self.config.faithful {
            self.leave_quietly(conn);
        }
        if let Some(room) = self.rooms.get_mut(&id) {
            room.add(player, name, None);
        }
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.room = Some(id);
        }
        self.send(
            conn,
            Reply::new("JOIN_OK").text("roomId", id.as_str()).end(),
        );
    }

    pub(super) fn leave_room(&mut self, conn: Conn) {
        match self.place(conn) {
            Place::NoRoom => self.error(conn, "Cannot leave room. No room joined."),
            Place::RoomGone => {
                self.forget_room(conn);
                self.error(conn, "Cannot leave room. Room not found.");
            }
            Place::NotListed => {
                self.forget_room(conn);
                self.error(conn, "Cannot leave room. You are not in this room.");
            }
            Place::In(player, room) => {
                self.forget_room(conn);
                self.remove_player(&player, &room);
                self.send(
                    conn,
                    Reply::new("LEAVE_OK").text("roomId", room.as_str()).end(),
                );
            }
        }
    }

    pub(super) fn room_players(&mut self, conn: Conn) {
        let room = self
            .sessions
            .get(&conn)
            .and_then(|session| session.room.as_ref());
        let Some(room) = room else {
            return self.error(conn, "Cannot get players. No room joined.");
        };
        let Some(room) = self.rooms.get(room) else {
            return self.error(conn, "Cannot get players. Room not found.");
        };
        let reply = Reply::new("ROOM_PLAYERS").text("roomId", room.id.as_str());
        let reply = reply.json("players", &room.players_json());
        self.send(conn, reply.end());
    }

    pub(super) fn start_game(&mut self, conn: Conn) {
        match self.place(conn) {
            Place::NoRoom => self.error(conn, "Cannot start game. No room joined."),
            Place::RoomGone => self.error(conn, "Cannot start game. Room not found."),
            Place::NotListed => {
                self.forget_room(conn);
                self.error(conn, "Cannot start game. You are not in this room.");
            }
            Place::In(player, room) => self.start(conn, &player, &room),
        }
    }

    fn start(&mut self, conn: Conn, player: &SessionId, room: &RoomId) {
        let Some(room) = self.rooms.get_mut(room) else {
            return;
        };
        if room.host != *player {
            return self.error(conn, "Cannot start game. Only the host can start the game.");
        }
        room.started = true;
        let (id, spawns) = (room.id.as_str(), room.spawns_json());
        let started = || Reply::new("GAME_STARTED").text("roomId", id);
        let push = started()
            .text("hostId", room.host.as_str())
            .json("spawnPositions", &spawns)
            .end();
        let reply = started().json("spawnPositions", &spawns).end();
        let members = room
            .players()
            .iter()
            .filter_map(|player| self.conns.get(&player.id));
        let members: Vec<Conn> = members.copied().collect();
        for member in members {
            self.send(member, Arc::clone(&push));
        }
        // The host is told twice, the second time without the host's id (facts, section 3).
        self.send(conn, reply);
    }

    pub(super) fn relay_message(&mut self, conn: Conn, message: Option<(String, String)>) {
        let Some((target, message)) = message else {
            return self.error(conn, "Invalid message relay request.");
        };
        if target.is_empty() || message.is_empty() {
            return self.error(
                conn,
                "Invalid message relay request. Missing target or message.",
            );
        }
        let Some(receiver) = self.conn_of(&target) else {
            return self.send(conn, error("Target player not found."));
        };
        let Some(sender) = self.sessions.get(&conn) else {
            return;
        };
        let push = Reply::new("RELAYED_MESSAGE").text("senderId", sender.id.as_str());
        let push = push
            .text("senderName", &sender.name)
            .text("message", &message);
        self.send(receiver, push.end());
        self.send(conn, Reply::new("RELAY_OK").text("targetId", &target).end());
    }

    /// Find the connection of a live session.
    pub(super) fn conn_of(&self, session: &str) -> Option<Conn> {
        let id = session.parse::<SessionId>().ok()?;
        self.conns.get(&id).copied()
    }

    /// Take a session out of its room, if it is in one, without a word to it.
    pub(super) fn leave_quietly(&mut self, conn: Conn) {
        if let Place::In(player, room) = self.place(conn) {
            self.remove_player(&player, &room);
        }
        self.forget_room(conn);
    }

    fn place(&self, conn: Conn) -> Place {
        let Some(session) = self.sessions.get(&conn) else {
            return Place::NoRoom;
        };
        let Some(id) = &session.room else {
            return Place::NoRoom;
        };
        match self.rooms.get(id) {
            None => Place::RoomGone,
            Some(room) if room.holds(&session.id) => Place::In(session.id, *id),
            Some(_) => Place::NotListed,
        }
    }

    fn forget_room(&mut self, conn: Conn) {
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.room = None;
        }
    }

    /// Remove a player from a room, pass the host's part on, and drop the room when it is empty. The original
    /// drops it only if its host left it before it was ever started.
    fn remove_player(&mut self, player: &SessionId, id: &RoomId) {
        let Some(room) = self.rooms.get_mut(id) else {
            return;
        };
        room.remove(player);
        let abandoned = !self.config.faithful || (room.host == *player && !room.started);
        if room.players().is_empty() && abandoned {
            self.rooms.remove(id);
        } else {
            room.pass_host(player);
        }
    }
}
