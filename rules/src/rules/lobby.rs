//! What players do between races: rooms, their host, the start, and messages to each other (facts, sections 2.1 and 5).

use std::sync::Arc;

use protocol::id::{RoomId, SessionId};
use protocol::limits::ROOM_SIZES;
use protocol::line::MAX_LINE_BYTES;

use super::reply::{Reply, Starts};
use super::room::{ROOM_SEATS, Room, Size};
use super::session::Session;
use super::{Conn, Rules};

/// The longest room name in the default mode; the original has no limit.
pub const MAX_ROOM_NAME_CHARS: usize = 64;

/// The room of a session that wants to do something there.
enum Membership {
    NoRoom,
    RoomGone,
    NotListed,
    In(SessionId, RoomId),
}

impl Rules {
    pub(super) fn list_rooms(&mut self, conn: Conn) {
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.last_wanted = session.last_line;
        }
        let list = self.rooms.list();
        self.send(conn, list);
    }

    pub(super) fn create_room(
        &mut self,
        conn: Conn,
        name: Option<String>,
        max_players: Option<i32>,
    ) {
        let default = self.policy.default_room_name;
        let name = name.unwrap_or_else(|| default.to_owned());
        if self.policy.bounds_texts {
            if name.chars().count() > MAX_ROOM_NAME_CHARS {
                let text = format!("A room name has at most {MAX_ROOM_NAME_CHARS} characters.");
                return self.error(conn, &text);
            }
            if !names::is_visible(&name) {
                return self.error(conn, "A room name needs a letter that can be seen.");
            }
            if names::has_unseen(&name) {
                return self.error(conn, "A room name cannot have invisible characters.");
            }
            // The original takes any number.
            let is_size =
                |count: i32| u32::try_from(count).is_ok_and(|count| ROOM_SIZES.contains(&count));
            if !max_players.is_none_or(is_size) {
                return self.error(conn, "A room holds 2 to 128 players.");
            }
        }
        if self.policy.leaves_old_room {
            self.leave_quietly(conn);
        }
        if !self.rooms.has_place_for(&name) {
            return self.error(conn, "This server cannot hold any more rooms.");
        }
        let size = self.size(max_players);
        let (room_id, seating) = ((self.room_ids)(), self.policy.seating);
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        let mut room = Room::new(room_id, name.clone(), Some(session.id), seating, size);
        room.add(session.id, session.name.clone(), None);
        session.room = Some(room_id);
        self.rooms.insert(room);
        let created = Reply::RoomCreated {
            room_id,
            name: &name,
            max_players: size.is_listed.then_some(size.max_players),
        };
        self.reply(conn, &created);
    }

    /// Give the size of a new room.
    pub(super) fn size(&self, max_players: Option<i32>) -> Size {
        Size {
            max_players: max_players.unwrap_or(ROOM_SEATS as i32),
            is_listed: self.policy.chooses_room_size,
        }
    }

    pub(super) fn join_room(&mut self, conn: Conn, room: &str) {
        let Some(player) = self.sessions.get(&conn).map(|session| session.id) else {
            return;
        };
        let found = room.parse::<RoomId>().ok();
        let Some(room) = found.and_then(|id| self.rooms.get(&id)) else {
            return self.error(conn, "Room not found.");
        };
        if !room.admits(&player) {
            return self.error(conn, "Failed to join room. Room may be full or inactive.");
        }
        let room_id = room.id;
        self.enter(conn, room_id, None);
    }

    /// Put a session into a room that admits it. The answer says if it did not choose the room itself.
    pub(super) fn enter(&mut self, conn: Conn, room_id: RoomId, auto_joined: Option<bool>) {
        if self.policy.leaves_old_room {
            self.leave_quietly(conn);
        }
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        session.room = Some(room_id);
        let (player, name) = (session.id, session.name.clone());
        let Some(room) = self.rooms.get_mut(&room_id) else {
            return;
        };
        let others = self.policy.tells_members.then(|| room.members());
        room.add(player, name.clone(), None);
        let joined = Reply::JoinOk {
            room_id,
            auto_joined,
            players: others,
        };
        self.reply(conn, &joined);
        let joined = Reply::PlayerJoined {
            session_id: player,
            name: &name,
            room_id,
        };
        self.tell_others(conn, player, &room_id, &joined);
    }

    /// Tell the others in a room who has come or gone, if the policy says so. Telling them costs the one who does it.
    fn tell_others(&mut self, conn: Conn, player: SessionId, room: &RoomId, reply: &Reply<'_>) {
        if self.policy.tells_members {
            let members = self.members(room);
            let others = members.into_iter().filter(|(_, id)| *id != player);
            let others: Vec<Conn> = others.map(|(conn, _)| conn).collect();
            self.push(conn, &others, &reply.to_line());
        }
    }

    /// List the sessions of a room's players. A player without a session is left out.
    pub(super) fn members(&self, room: &RoomId) -> Vec<(Conn, SessionId)> {
        let players = self.rooms.get(room).map(Room::players).unwrap_or_default();
        let sessions = players.iter();
        let sessions =
            sessions.filter_map(|player| Some((*self.conns.get(&player.id)?, player.id)));
        sessions.collect()
    }

    /// Send what a session has caused to others. Who reads too slowly misses it.
    pub(super) fn push(&mut self, cause: Conn, receivers: &[Conn], line: &Arc<str>) {
        if let Some(session) = self.sessions.get_mut(&cause) {
            session.cost += receivers.len() as u32;
        }
        for receiver in receivers {
            let session = self.sessions.get(receiver);
            if session.is_some_and(|session| !session.lags()) {
                self.send(*receiver, Arc::clone(line));
            }
        }
    }

    pub(super) fn leave_room(&mut self, conn: Conn) {
        let membership = self.membership(conn);
        self.forget_room(conn);
        match membership {
            Membership::NoRoom => self.error(conn, "Cannot leave room. No room joined."),
            Membership::RoomGone => self.error(conn, "Cannot leave room. Room not found."),
            Membership::NotListed => {
                self.error(conn, "Cannot leave room. You are not in this room.")
            }
            Membership::In(player, room_id) => {
                self.reply(conn, &Reply::LeaveOk { room_id });
                self.remove_player(conn, &player, &room_id);
            }
        }
    }

    pub(super) fn room_players(&mut self, conn: Conn) {
        let room_id = self.sessions.get(&conn).and_then(|session| session.room);
        let Some(room_id) = room_id else {
            return self.error(conn, "Cannot get players. No room joined.");
        };
        let Some(room) = self.rooms.get(&room_id) else {
            return self.error(conn, "Cannot get players. Room not found.");
        };
        let players = room.players();
        let line = Reply::RoomPlayers { room_id, players }.to_line();
        self.send(conn, line);
    }

    pub(super) fn start_game(&mut self, conn: Conn) {
        match self.membership(conn) {
            Membership::NoRoom => self.error(conn, "Cannot start game. No room joined."),
            Membership::RoomGone => self.error(conn, "Cannot start game. Room not found."),
            Membership::NotListed => {
                self.forget_room(conn);
                self.error(conn, "Cannot start game. You are not in this room.");
            }
            Membership::In(player, room) => match self.rooms.get(&room) {
                Some(found) if found.host == Some(player) => self.start(conn, &room),
                _ => self.error(conn, "Cannot start game. Only the host can start the game."),
            },
        }
    }

    fn start(&mut self, host: Conn, room: &RoomId) {
        let is_repeated = self.rooms.get(room).is_some_and(|room| room.started);
        if !is_repeated && let Some(room) = self.rooms.get_mut(room) {
            room.started = true;
        }
        let Some(room) = self.rooms.get(room) else {
            return;
        };
        let numbers = self.policy.numbers_starts;
        let started = |host_id| {
            let started = Reply::GameStarted {
                room_id: room.id,
                host_id,
                spawn_positions: match numbers {
                    true => Starts::Numbers(room.players()),
                    false => Starts::Places(room.players()),
                },
            };
            started.to_line()
        };
        let push = started(room.host);
        let reply = started(room.host.filter(|_| numbers));
        let members = room.players().iter();
        let members = members.filter_map(|player| self.conns.get(&player.id));
        let needs_it = |conn: &&Conn| {
            let session = self.sessions.get(conn);
            // A host may say it again at any rate. Who does not read has been told before.
            session.is_some_and(|session| !(is_repeated && session.lags()))
        };
        let members: Vec<Conn> = members.filter(needs_it).copied().collect();
        if let Some(session) = self.sessions.get_mut(&host) {
            session.cost += members.len() as u32;
        }
        for member in members {
            self.send(member, Arc::clone(&push));
        }
        // The host is told twice (facts, section 3).
        self.send(host, reply);
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
            return self.error(conn, "Target player not found.");
        };
        let Some(sender) = self.sessions.get(&conn) else {
            return;
        };
        let push = Reply::RelayedMessage {
            sender_id: sender.id,
            sender_name: &sender.name,
            message: &message,
        };
        let push = push.to_line();
        if push.len() > MAX_LINE_BYTES {
            let text =
                format!("Message too long. At most {MAX_LINE_BYTES} bytes of JSON are sent.");
            return self.error(conn, &text);
        }
        if self.sessions.get(&receiver).is_some_and(Session::lags) {
            return self.error(
                conn,
                "Target player reads too slowly. Please try again later.",
            );
        }
        self.send(receiver, push);
        let target_id = &target;
        self.reply(conn, &Reply::RelayOk { target_id });
    }

    /// Find the connection of a live session.
    pub(super) fn conn_of(&self, session: &str) -> Option<Conn> {
        let id = session.parse::<SessionId>().ok()?;
        self.conns.get(&id).copied()
    }

    /// Take a session out of its room, if it is in one, without telling it.
    pub(super) fn leave_quietly(&mut self, conn: Conn) {
        if let Membership::In(player, room) = self.membership(conn) {
            self.remove_player(conn, &player, &room);
        }
        self.forget_room(conn);
    }

    /// Take a session that is gone out of its room and change nothing else there.
    pub(super) fn vanish(&mut self, conn: Conn) {
        if let Membership::In(player, room_id) = self.membership(conn)
            && let Some(room) = self.rooms.get_mut(&room_id)
        {
            room.remove(&player);
            self.tell_of_departure(conn, player, room_id);
        }
    }

    fn tell_of_departure(&mut self, conn: Conn, player: SessionId, room_id: RoomId) {
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        let name = session.name.clone();
        let left = Reply::PlayerLeft {
            session_id: player,
            name: &name,
            room_id,
        };
        self.tell_others(conn, player, &room_id, &left);
    }

    fn membership(&self, conn: Conn) -> Membership {
        let session = self.sessions.get(&conn);
        let Some((player, id)) = session.and_then(|session| Some((session.id, session.room?)))
        else {
            return Membership::NoRoom;
        };
        match self.rooms.get(&id) {
            None => Membership::RoomGone,
            Some(room) if room.holds(&player) => Membership::In(player, id),
            Some(_) => Membership::NotListed,
        }
    }

    fn forget_room(&mut self, conn: Conn) {
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.room = None;
        }
    }

    /// Remove a player from a room. If it was the host, the next player becomes it; an empty room is dropped. The original
    /// drops it only if its host left it before it was ever started, and makes anybody the host (facts, section 5).
    fn remove_player(&mut self, conn: Conn, player: &SessionId, id: &RoomId) {
        let Self {
            rooms,
            sessions,
            conns,
            policy,
            ..
        } = self;
        let Some(room) = rooms.get_mut(id) else {
            return;
        };
        room.remove(player);
        let abandoned = policy.drops_empty_rooms || (room.host == Some(*player) && !room.started);
        if room.players().is_empty() && abandoned && !room.kept {
            rooms.remove(id);
        } else {
            room.pass_host(player, |id| {
                let session = conns.get(id).and_then(|conn| sessions.get(conn));
                session.is_some_and(|session| session.is_bot)
            });
        }
        self.tell_of_departure(conn, *player, *id);
    }
}
