//! Datagrams: opened with the key of a session, understood, and sent on plain to the others in its room (facts, section 6).

use std::net::SocketAddr;

use protocol::cipher::{BLOCK_BYTES, Cipher, HEADER_BYTES};
use protocol::compression;
use protocol::geometry::{Quat, Vec3};

use super::json::{self, Object, WrongType};
use super::json_format::to_json;
use super::reply::Reply;
use super::session::Session;
use super::{Conn, Output, Rules};

/// What a datagram asks for.
enum Packet {
    /// Show the sender's car here.
    Update { position: Vec3, rotation: Quat },
    /// Send the sender's controls on to `room`.
    Input { room: String, relayed: String },
}

impl Rules {
    /// Take one datagram. A bad one is not answered.
    pub fn handle_datagram(&mut self, from: SocketAddr, bytes: &[u8]) {
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
        let is_near = self.config.faithful || from.ip().to_canonical() == session.address;
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
        if let Some(object) = object
            && let Ok((sender, packet)) = Packet::read(&object, &text)
        {
            self.apply_packet(conn, from, &sender, packet);
        }
        true
    }

    fn open(&self, cipher: &Cipher, bytes: &[u8]) -> Option<String> {
        let mut plaintext = cipher.open(bytes).ok()?;
        if !self.config.faithful && compression::is_compressed(&plaintext) {
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

    /// The original believes the id in the text whichever key opened it; the default mode does not.
    fn apply_packet(&mut self, opener: Conn, from: SocketAddr, sender: &str, packet: Packet) {
        let session = self.sessions.get(&opener);
        let is_its_own = session.is_some_and(|session| session.id.as_str() == sender);
        if !(is_its_own || self.config.faithful) {
            return;
        }
        match packet {
            Packet::Update { position, rotation } => self.update(sender, from, position, rotation),
            Packet::Input { room, relayed } => self.input(opener, sender, &room, relayed),
        }
    }

    fn update(&mut self, sender: &str, from: SocketAddr, position: Vec3, rotation: Quat) {
        let session = self
            .conn_of(sender)
            .and_then(|conn| self.sessions.get(&conn));
        let Some(session) = session else { return };
        let Some(room_id) = &session.room else { return };
        if self.config.faithful {
            let Some(room) = self.rooms.get_mut(room_id) else {
                return;
            };
            // The original takes the player out and adds it again, which gives it the last starting place.
            room.remove(&session.id);
            room.add(session.id, session.name.clone(), Some(from));
        } else if let Some(player) = self.rooms.player_mut(room_id, &session.id) {
            player.endpoint = Some(from);
        } else {
            return;
        }
        // The original cannot write an overflow to infinity. It notes the endpoint, but nobody gets the position.
        if let Some(room) = self.rooms.get(room_id)
            && position.is_finite()
            && rotation.is_finite()
        {
            let to = room.endpoints_except(sender);
            let update = Reply::Update {
                session_id: sender,
                position,
                rotation,
            };
            self.broadcast(to, to_json(&update));
        }
    }

    fn input(&mut self, opener: Conn, sender: &str, room: &str, relayed: String) {
        let own = self
            .sessions
            .get(&opener)
            .and_then(|session| session.room.as_ref());
        if !self.config.faithful && own.is_none_or(|own| own.as_str() != room) {
            return;
        }
        if let Some(room) = room.parse().ok().and_then(|room| self.rooms.get(&room)) {
            let to = room.endpoints_except(sender);
            self.broadcast(to, relayed);
        }
    }

    fn broadcast(&mut self, to: Vec<SocketAddr>, mut line: String) {
        if !to.is_empty() {
            line.push('\n');
            let payload = line.into_bytes();
            self.outputs.push_back(Output::Datagram { to, payload });
        }
    }
}

impl Packet {
    /// Read the object of a datagram, and the id of its sender; `text` is the whole of it.
    fn read(object: &Object<'_>, text: &str) -> Result<(String, Self), WrongType> {
        let required = |key| {
            let text = object.text(key)?.flatten();
            text.filter(|text| !text.is_empty()).ok_or(WrongType)
        };
        let (command, sender) = (required("command")?, required("sessionId")?);
        let packet = match command.as_str() {
            // What is absent is at the origin and looks along +Z.
            "UPDATE" => {
                let origin = [("x", 0.0), ("y", 0.0), ("z", 0.0)];
                let [x, y, z] = floats(object, "position", origin)?;
                let position = Vec3::new(x, y, z);
                let ahead = [("x", 0.0), ("y", 0.0), ("z", 0.0), ("w", 1.0)];
                let [x, y, z, w] = floats(object, "rotation", ahead)?;
                let rotation = Quat::new(x, y, z, w);
                Self::Update { position, rotation }
            }
            "INPUT" => {
                object.raw("input").ok_or(WrongType)?;
                Self::Input {
                    room: required("roomId")?,
                    relayed: json::compact(text)?,
                }
            }
            _ => return Err(WrongType),
        };
        Ok((sender, packet))
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

/// Read the numbers of a vector. What is absent is as in `default`.
fn floats<const N: usize>(
    object: &Object<'_>,
    key: &str,
    default: [(&str, f32); N],
) -> Result<[f32; N], WrongType> {
    let mut numbers = default.map(|(_, number)| number);
    if let Some(raw) = object.raw(key) {
        let inner = Object::read(raw)?;
        for (number, (name, _)) in numbers.iter_mut().zip(default) {
            *number = inner.float(name)?.unwrap_or(*number);
        }
    }
    Ok(numbers)
}
