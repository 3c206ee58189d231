//! Datagrams: opened with the key of a session, believed or not, and sent on to the others in the room (facts, section 6).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use protocol::cipher::{BLOCK_BYTES, Cipher, HEADER_BYTES};
use protocol::compression;
use protocol::id::{RoomId, SessionId};

use super::json::{self, Object};
use super::json_format::to_json;
use super::packet::{Packet, Pose, filled};
use super::policy::{InputRoom, KeySearch, Receivers, Sender, Violations};
use super::reply::Reply;
use super::session::Session;
use super::validation::Verdict;
use super::{Conn, Output, Rules};

/// Somebody who gets what is sent to a room.
struct Receiver {
    id: SessionId,
    endpoint: SocketAddr,
}

impl Rules {
    /// Take one datagram. A bad one is not answered.
    pub fn handle_datagram(&mut self, from: SocketAddr, bytes: &[u8], now: Duration) {
        self.now = now;
        if bytes.len() > HEADER_BYTES + self.policy.max_ciphertext_bytes {
            return;
        }
        match self.policy.key_search {
            KeySearch::UntilJson => self.search_until_json(from, bytes),
            KeySearch::UntilPadding => self.search_until_padding(from, bytes),
        }
    }

    fn search_until_json(&mut self, from: SocketAddr, bytes: &[u8]) {
        let known = self.endpoints.get(&from).copied();
        if known.is_some_and(|conn| self.take_datagram(conn, from, bytes)) {
            return;
        }
        let others = self.sessions.iter();
        let others = others.filter(|(conn, session)| {
            Some(**conn) != known && self.may_be_from(session, from, bytes)
        });
        let others: Vec<Conn> = others.map(|(conn, _)| *conn).collect();
        for conn in others {
            if self.take_datagram(conn, from, bytes) {
                return;
            }
        }
    }

    /// The first session whose key gives a valid padding gets the datagram, in the order they connected. If it is another's, it
    /// is lost.
    fn search_until_padding(&mut self, from: SocketAddr, bytes: &[u8]) {
        let fits = |session: &Session| {
            let cipher = self.key_for(session, from);
            cipher.is_some_and(|cipher| cipher.may_open(bytes))
        };
        let fitting = self.sessions.iter().filter(|(_, session)| fits(session));
        if let Some(conn) = fitting.map(|(conn, _)| *conn).min() {
            self.take_datagram(conn, from, bytes);
        }
    }

    /// Say whether a datagram may be a session's. This opens only the first block, since nearly every key is the wrong one.
    pub(super) fn may_be_from(&self, session: &Session, from: SocketAddr, bytes: &[u8]) -> bool {
        let cipher = self.key_for(session, from);
        let first = cipher.and_then(|cipher| cipher.open_first_block(bytes).ok());
        let is_whole = bytes.len() == HEADER_BYTES + BLOCK_BYTES;
        first.is_some_and(|first| may_begin_a_text(&first, is_whole))
    }

    /// Lend the key of a session that has signed in. On the original a datagram may come from anywhere. By default it must
    /// come from the address of the session's lines: whoever shares a room knows the session id, and the secret is public.
    fn key_for<'a>(&self, session: &'a Session, from: SocketAddr) -> Option<&'a Cipher> {
        let is_near = !self.policy.own_address_only || from.ip().to_canonical() == session.address;
        let cipher = session.cipher.as_ref();
        cipher.filter(|_| session.authenticated && is_near)
    }

    /// Try a datagram with the key of one session; says whether it was made with that key.
    fn take_datagram(&mut self, conn: Conn, from: SocketAddr, bytes: &[u8]) -> bool {
        let session = self.sessions.get(&conn);
        let cipher = session.and_then(|session| self.key_for(session, from));
        let Some(text) = cipher.and_then(|cipher| self.open(cipher, bytes)) else {
            return false;
        };
        let Ok(object) = json::parse(&text) else {
            return false;
        };
        self.move_endpoint(conn, from);
        if let Some(object) = object {
            self.take_object(conn, from, &object, &text);
        }
        true
    }

    fn open(&self, cipher: &Cipher, bytes: &[u8]) -> Option<String> {
        let mut plaintext = cipher.open(bytes).ok()?;
        if self.policy.inflates && compression::is_compressed(&plaintext) {
            plaintext = compression::inflate(&plaintext).ok()?;
        }
        Some(match String::from_utf8(plaintext) {
            Ok(text) => text,
            Err(broken) => String::from_utf8_lossy(broken.as_bytes()).into_owned(),
        })
    }

    fn move_endpoint(&mut self, conn: Conn, from: SocketAddr) {
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        if session.endpoint == Some(from) && self.endpoints.get(&from) == Some(&conn) {
            return;
        }
        if let Some(old) = session.endpoint.replace(from)
            && self.endpoints.get(&old) == Some(&conn)
        {
            self.endpoints.remove(&old);
        }
        self.endpoints.insert(from, conn);
    }

    /// Find out whose datagram it is, judge it, and do what it asks for. On the original it is judged under the name it bears,
    /// so that others can spoil a session's record (facts, section 6.5).
    fn take_object(&mut self, opener: Conn, from: SocketAddr, object: &Object<'_>, text: &str) {
        let Some(own) = self.sessions.get(&opener).map(|session| session.id) else {
            return;
        };
        let named = filled(object, "sessionId");
        let is_own = match &named {
            Ok(Some(named)) => named == own.as_str(),
            Ok(None) => self.policy.sender == Sender::Key,
            Err(_) => false,
        };
        if self.policy.judges_own_only && !is_own {
            return;
        }
        let named = named.unwrap_or_default();
        if !self.judge(named.as_deref(), object) {
            return;
        }
        let sender = match (self.policy.sender, named) {
            (Sender::Named, Some(named)) => named,
            (Sender::NamedOwn | Sender::Key, _) if is_own => own.as_str().to_owned(),
            _ => return,
        };
        let Ok(packet) = Packet::read(object, text) else {
            return;
        };
        if self.policy.receivers == Receivers::Sessions
            && let Some(session) = self.sessions.get_mut(&opener)
        {
            session.receives_at = Some(from);
        }
        match packet {
            Packet::Update(pose) => self.update(&sender, from, pose),
            Packet::Input {
                room,
                is_whole,
                relayed,
            } if is_whole || self.policy.passes_bare_input => {
                self.input(opener, &sender, room.as_deref(), relayed);
            }
            Packet::Input { .. } => {}
        }
    }

    /// Say whether an object keeps the limits. A session that breaks them too often ends, if the policy says so.
    pub(super) fn judge(&mut self, named: Option<&str>, object: &Object<'_>) -> bool {
        let Some(limits) = &self.policy.limits else {
            return true;
        };
        let seconds = self.wall_clock().seconds_of_day();
        let verdict = self
            .validator
            .judge(limits, named, object, self.now, seconds);
        if verdict == Verdict::LastViolation
            && let Some(conn) = named.and_then(|named| self.conn_of(named))
        {
            match self.policy.violations {
                Violations::AreIgnored => {}
                Violations::End => self.close(conn),
                Violations::EndWithReason => {
                    self.kick(conn, "Too many positions that cannot be.");
                }
            }
        }
        verdict == Verdict::Accepted
    }

    fn update(&mut self, sender: &str, from: SocketAddr, pose: Pose) {
        let session = self
            .conn_of(sender)
            .and_then(|conn| self.sessions.get(&conn));
        let Some(session) = session else { return };
        let Some(room_id) = session.room else { return };
        if self.policy.reseats_on_update {
            let (id, name) = (session.id, session.name.clone());
            let Some(room) = self.rooms.get_mut(&room_id) else {
                return;
            };
            room.remove(&id);
            room.add(id, name, Some(from));
        } else if let Some(player) = self.rooms.player_mut(&room_id, &session.id) {
            player.endpoint = Some(from);
        } else {
            return;
        }
        self.show(sender, &room_id, pose);
    }

    /// Show a car to the others in a room. The original cannot write an overflow to infinity, nor a count that is not one: it
    /// notes the endpoint, but nobody gets the position.
    pub(super) fn show(&mut self, sender: &str, room: &RoomId, pose: Pose) {
        let Pose {
            position,
            rotation,
            count,
        } = pose;
        let is_writable = position.is_finite() && rotation.is_finite();
        let count = match self.policy.passes_count {
            true if count.is_none() => return,
            true => count,
            false => None,
        };
        if is_writable {
            let update = Reply::Update {
                session_id: sender,
                seq: count,
                position,
                rotation,
            };
            self.broadcast(room, sender, to_json(&update));
        }
    }

    pub(super) fn input(
        &mut self,
        opener: Conn,
        sender: &str,
        named: Option<&str>,
        relayed: String,
    ) {
        let session = self.sessions.get(&opener);
        let own = session.and_then(|session| session.room);
        let named = named.map(|room| room.parse::<RoomId>().ok());
        let room = match (self.policy.input_room, named) {
            (InputRoom::Named, Some(room)) => room,
            (InputRoom::NamedOrOwn, Some(room)) => own.and(room),
            (InputRoom::NamedOwn | InputRoom::Own, Some(room)) => own.filter(|_| own == room),
            (InputRoom::NamedOrOwn | InputRoom::Own, None) => own,
            (InputRoom::Named | InputRoom::NamedOwn, None) => None,
        };
        if let Some(room) = room {
            self.broadcast(&room, sender, relayed);
        }
    }

    /// Send a text to everybody in a room except the sender.
    pub(super) fn broadcast(&mut self, room: &RoomId, sender: &str, text: String) {
        let receivers = self.receivers(room, sender);
        let mut plain: Option<Arc<[u8]>> = None;
        for Receiver { id, endpoint } in receivers {
            let sealed = if self.policy.seals {
                let session = self.conns.get(&id).and_then(|conn| self.sessions.get(conn));
                let session = session.filter(|session| session.authenticated);
                session.and_then(|session| session.cipher.as_ref())
            } else {
                None
            };
            let payload = match sealed {
                // A text that fits into no datagram is lost.
                Some(cipher) => cipher.seal(text.as_bytes()).ok().map(Arc::from),
                // To a player without a session the original sends plain texts, whatever others get.
                None => {
                    Some(Arc::clone(plain.get_or_insert_with(|| {
                        format!("{text}\n").into_bytes().into()
                    })))
                }
            };
            if let Some(payload) = payload {
                let to = endpoint;
                self.outputs.push_back(Output::Datagram { to, payload });
            }
        }
    }

    fn receivers(&self, room: &RoomId, sender: &str) -> Vec<Receiver> {
        let Some(room) = self.rooms.get(room) else {
            return Vec::new();
        };
        let others = room.players().iter();
        let others = others.filter(|player| player.id.as_str() != sender);
        let receiver = |id, endpoint| Receiver { id, endpoint };
        match self.policy.receivers {
            Receivers::RoomEntries => others
                .filter_map(|player| Some(receiver(player.id, player.endpoint?)))
                .collect(),
            Receivers::Sessions => others
                .filter_map(|player| {
                    let session = self.sessions.get(self.conns.get(&player.id)?)?;
                    let endpoint = session.receives_at.filter(|_| session.authenticated)?;
                    Some(receiver(player.id, endpoint))
                })
                .collect(),
        }
    }
}

/// Say whether a plaintext that begins like this can be JSON or compressed. JSON has no control characters but white space.
/// A block that is the whole datagram ends in padding. One wrong key in 80 passes.
fn may_begin_a_text(first: &[u8; BLOCK_BYTES], is_whole: bool) -> bool {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let starts_value = |byte: &u8| {
        matches!(
            byte,
            b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'
        )
    };
    let value = first.iter().find(|byte| !is_space(byte));
    let is_plain = first.iter().all(|byte| *byte >= b' ' || is_space(byte));
    (value.is_none_or(starts_value) && (is_plain || is_whole)) || compression::is_compressed(first)
}
