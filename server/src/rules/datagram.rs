//! Datagrams: opened with the key of a session, understood, and sent on plain to the others of a room (facts,
//! section 6).

use std::net::SocketAddr;

use protocol::cipher::Cipher;
use protocol::compression;

use super::json::{self, Object, WrongType};
use super::number::write_float;
use super::{Conn, Output, Rules, json::write_text};

/// What one datagram asks for.
enum Packet {
    /// Where the car of `sender` is.
    Update { sender: String, pose: Pose },
    /// What the driver `sender` does, ready to be sent on to `room`.
    Input {
        sender: String,
        room: String,
        relayed: String,
    },
}

/// Place and turn of a car, as 32-bit floats.
struct Pose {
    position: [f32; 3],
    rotation: [f32; 4],
}

impl Rules {
    /// Take one datagram. Whatever is wrong with it, nothing is answered.
    pub fn handle_datagram(&mut self, from: SocketAddr, bytes: &[u8]) {
        let known = self.endpoints.get(&from).copied();
        if known.is_some_and(|conn| self.take_datagram(conn, from, bytes)) {
            return;
        }
        let strangers = self
            .sessions
            .iter()
            .filter(|(_, session)| session.authenticated);
        let strangers: Vec<Conn> = strangers
            .map(|(conn, _)| *conn)
            .filter(|conn| Some(*conn) != known)
            .collect();
        for conn in strangers {
            if self.take_datagram(conn, from, bytes) {
                return;
            }
        }
    }

    /// Try a datagram with the key of one session; says whether it was made with that key.
    fn take_datagram(&mut self, conn: Conn, from: SocketAddr, bytes: &[u8]) -> bool {
        let Some(session) = self
            .sessions
            .get(&conn)
            .filter(|session| session.authenticated)
        else {
            return false;
        };
        let cipher = session.cipher.as_ref();
        let Some(text) = cipher.and_then(|cipher| self.open(cipher, bytes)) else {
            return false;
        };
        let Ok(object) = json::parse(&text) else {
            return false;
        };
        self.move_endpoint(conn, from);
        if let Some(object) = object
            && let Ok(packet) = Packet::read(&object, &text)
        {
            self.apply_packet(conn, from, packet);
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

    /// The original believes the id in the text, whoever's key opened it; the default mode does not.
    fn apply_packet(&mut self, opener: Conn, from: SocketAddr, packet: Packet) {
        let believed = self.config.faithful
            || self
                .sessions
                .get(&opener)
                .is_some_and(|session| session.id.as_str() == packet.sender());
        if !believed {
            return;
        }
        match packet {
            Packet::Update { sender, pose } => self.update(&sender, from, &pose),
            Packet::Input {
                sender,
                room,
                relayed,
            } => self.input(opener, &sender, &room, relayed),
        }
    }

    fn update(&mut self, sender: &str, from: SocketAddr, pose: &Pose) {
        let session = self
            .conn_of(sender)
            .and_then(|conn| self.sessions.get(&conn));
        let Some(session) = session else { return };
        let room = session
            .room
            .as_ref()
            .and_then(|room| self.rooms.get_mut(room));
        let Some(room) = room else { return };
        if self.config.faithful {
            // The original takes the player out and adds it again, which gives it the last starting place.
            room.remove(&session.id);
            room.add(session.id, session.name.clone(), Some(from));
        } else if let Some(player) = room.player_mut(&session.id) {
            player.endpoint = Some(from);
        } else {
            return;
        }
        if pose.is_finite() {
            let to = room.endpoints_except(sender);
            self.broadcast(to, pose.to_line(sender));
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
    /// Read the object of a datagram; `text` is the whole of it.
    fn read(object: &Object<'_>, text: &str) -> Result<Self, WrongType> {
        let required = |key| {
            object
                .text(key)?
                .flatten()
                .filter(|text| !text.is_empty())
                .ok_or(WrongType)
        };
        let (command, sender) = (required("command")?, required("sessionId")?);
        match command.as_str() {
            "UPDATE" => Ok(Self::Update {
                sender,
                pose: Pose::read(object)?,
            }),
            "INPUT" => {
                object.raw("input").ok_or(WrongType)?;
                Ok(Self::Input {
                    sender,
                    room: required("roomId")?,
                    relayed: json::compact(text)?,
                })
            }
            _ => Err(WrongType),
        }
    }

    fn sender(&self) -> &str {
        match self {
            Self::Update { sender, .. } | Self::Input { sender, .. } => sender,
        }
    }
}

impl Pose {
    /// Whatever is absent is at the origin, looking along +Z.
    fn read(object: &Object<'_>) -> Result<Self, WrongType> {
        let position = floats(object, "position", ["x", "y", "z"])?;
        let rotation = floats(object, "rotation", ["x", "y", "z", "w"])?;
        Ok(Self {
            position: position.map(Option::unwrap_or_default),
            rotation: [
                rotation[0].unwrap_or_default(),
                rotation[1].unwrap_or_default(),
                rotation[2].unwrap_or_default(),
                rotation[3].unwrap_or(1.0),
            ],
        })
    }

    /// The original cannot write what overflowed to infinity, so nobody gets it. It has told the endpoint by then.
    fn is_finite(&self) -> bool {
        self.position
            .iter()
            .chain(&self.rotation)
            .all(|value| value.is_finite())
    }

    fn to_line(&self, sender: &str) -> String {
        let mut out = String::with_capacity(192);
        out.push_str(r#"{"command":"UPDATE","sessionId":"#);
        write_text(&mut out, sender);
        out.push_str(r#","position":"#);
        write_floats(&mut out, ["x", "y", "z"], self.position);
        out.push_str(r#","rotation":"#);
        write_floats(&mut out, ["x", "y", "z", "w"], self.rotation);
        out.push('}');
        out
    }
}

fn floats<const N: usize>(
    object: &Object<'_>,
    key: &str,
    names: [&str; N],
) -> Result<[Option<f32>; N], WrongType> {
    let mut values = [None; N];
    if let Some(raw) = object.raw(key) {
        let inner = Object::read(raw)?;
        for (value, name) in values.iter_mut().zip(names) {
            *value = inner.float(name)?;
        }
    }
    Ok(values)
}

fn write_floats<const N: usize>(out: &mut String, names: [&str; N], values: [f32; N]) {
    let mut before = '{';
    for (name, value) in names.into_iter().zip(values) {
        out.push(before);
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        write_float(out, value);
        before = ',';
    }
    out.push('}');
}
