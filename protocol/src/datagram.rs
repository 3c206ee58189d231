//! Datagrams: what a car does, as JSON in one UDP packet (facts, sections 6.2 and 6.4). They are sealed on the way
//! up. On the way down the server chooses, and the first byte tells plain from sealed.

use serde::Serialize;

use crate::cipher::{Cipher, OpenError};
use crate::geometry::{Quat, Vec3};
use crate::id::{RoomId, SessionId};
use crate::json::{self, Object};

/// One datagram of the protocol.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "command", rename_all = "UPPERCASE")]
pub enum Datagram {
    /// Where a car is.
    Update(Update),
    /// What a driver does.
    Input(Input),
}

/// Where a car is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// Whose car.
    pub session_id: SessionId,
    /// The sender's count, on servers that pass it on (the first generation does not). 0 means that none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i32>,
    /// Place in metres.
    pub position: Vec3,
    /// Turn, normalised by careful senders.
    pub rotation: Quat,
}

/// What a driver does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// Whose car.
    pub session_id: SessionId,
    /// The room it is for; required by the first generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<RoomId>,
    /// The controls.
    #[serde(rename = "input")]
    pub controls: Controls,
}

/// The controls of a car.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Controls {
    /// −1 full left to 1 full right.
    pub steering: f32,
    /// 0 to 1.
    pub throttle: f32,
    /// 0 to 1.
    pub brake: f32,
}

impl Controls {
    /// Say whether all three numbers are finite.
    pub fn is_finite(self) -> bool {
        self.steering.is_finite() && self.throttle.is_finite() && self.brake.is_finite()
    }
}

/// A datagram could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is sealed, but there is no key yet.
    #[error("a sealed datagram before the session has a key")]
    NoKey,
    /// It could not be decompressed, or would become larger than any datagram may be.
    #[error("damaged or oversized compression")]
    Compression,
    /// It is not a JSON object of a known command with an id.
    #[error("not a known datagram")]
    Unknown,
    /// A number is infinite or not a number.
    #[error("a number that is not finite")]
    NotFinite,
}

impl Datagram {
    /// Write the datagram's JSON as the servers spell it.
    pub fn to_json(&self) -> String {
        json::to_string(self)
    }

    /// Read a datagram as it came: plain if it starts with `{`, otherwise opened with `cipher`, then decompressed if
    /// it is compressed.
    ///
    /// # Errors
    /// It is not ours, damaged, or holds numbers that are not finite.
    pub fn decode(bytes: &[u8], cipher: Option<&Cipher>) -> Result<Self, DecodeError> {
        if bytes.first() == Some(&b'{') {
            return Self::from_json(bytes);
        }
        let plaintext = cipher.ok_or(DecodeError::NoKey)?.open(bytes)?;
        if crate::compression::is_compressed(&plaintext) {
            let json =
                crate::compression::inflate(&plaintext).map_err(|_| DecodeError::Compression)?;
            return Self::from_json(&json);
        }
        Self::from_json(&plaintext)
    }

    /// Read a datagram that is open already.
    ///
    /// # Errors
    /// It is not ours, or holds numbers that are not finite.
    pub fn from_json(json: &[u8]) -> Result<Self, DecodeError> {
        let text = std::str::from_utf8(json).map_err(|_| DecodeError::Unknown)?;
        let fields = Object::parse(text).ok_or(DecodeError::Unknown)?;
        // On UDP the command is case-sensitive (facts, section 1.5).
        let datagram = match fields.str("command") {
            Some("UPDATE") => Update::read(&fields).map(Self::Update),
            Some("INPUT") => Input::read(&fields).map(Self::Input),
            _ => None,
        };
        let datagram = datagram.ok_or(DecodeError::Unknown)?;
        if datagram.is_finite() {
            Ok(datagram)
        } else {
            Err(DecodeError::NotFinite)
        }
    }

    fn is_finite(&self) -> bool {
        match self {
            Self::Update(update) => update.position.is_finite() && update.rotation.is_finite(),
            Self::Input(input) => input.controls.is_finite(),
        }
    }
}

impl Update {
    fn read(fields: &Object<'_>) -> Option<Self> {
        Some(Self {
            session_id: fields.id("sessionId")?,
            seq: fields.integer("seq"),
            position: fields.vec3_or_origin("position")?,
            rotation: fields.quat_or_identity("rotation")?,
        })
    }
}

impl Input {
    fn read(fields: &Object<'_>) -> Option<Self> {
        let input = fields.object("input")?;
        let number = |name| input.number_or(name, 0.0);
        Some(Self {
            session_id: fields.id("sessionId")?,
            room_id: fields.id("roomId"),
            controls: Controls {
                steering: number("steering")?,
                throttle: number("throttle")?,
                brake: number("brake")?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Secret;
    use proptest::prelude::*;

    fn id() -> SessionId {
        "0123456789abcdef0123456789abcdef".parse().unwrap()
    }

    fn cipher() -> Cipher {
        Cipher::new(&id(), &Secret::default())
    }

    fn update() -> Update {
        Update {
            session_id: id(),
            seq: None,
            position: Vec3::new(66.0, -2.0, 0.8),
            rotation: Quat::IDENTITY,
        }
    }

    #[test]
    fn q20_an_update_is_spelt_as_the_servers_spell_it() {
        let json = r#"{"command":"UPDATE","sessionId":"0123456789abcdef0123456789abcdef","position":{"x":66,"y":-2,"z":0.8},"rotation":{"x":0,"y":0,"z":0,"w":1}}"#;
        assert_eq!(Datagram::Update(update()).to_json(), json);
    }

    #[test]
    fn q18_an_input_is_spelt_as_the_servers_take_it() {
        let input = Input {
            session_id: id(),
            room_id: Some("00112233445566778899aabbccddeeff".parse().unwrap()),
            controls: Controls {
                steering: -0.25,
                throttle: 1.0,
                brake: 0.0,
            },
        };
        let json = r#"{"command":"INPUT","sessionId":"0123456789abcdef0123456789abcdef","roomId":"00112233445566778899aabbccddeeff","input":{"steering":-0.25,"throttle":1,"brake":0}}"#;
        let datagram = Datagram::Input(input);
        assert_eq!(datagram.to_json(), json);
        assert_eq!(Datagram::decode(json.as_bytes(), None), Ok(datagram));
    }

    #[test]
    fn q12_plain_and_sealed_are_told_apart() {
        let datagram = Datagram::Update(update());
        let json = datagram.to_json() + "\n";
        assert_eq!(
            Datagram::decode(json.as_bytes(), None).as_ref(),
            Ok(&datagram)
        );
        let sealed = cipher().seal(json.as_bytes()).unwrap();
        assert_eq!(
            Datagram::decode(&sealed, Some(&cipher())).as_ref(),
            Ok(&datagram)
        );
        assert_eq!(Datagram::decode(&sealed, None), Err(DecodeError::NoKey));
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn compressed_is_told_apart() {
        let datagram = Datagram::Update(update());
        let packed = crate::compression::deflate(datagram.to_json().as_bytes());
        let sealed = cipher().seal(&packed).unwrap();
        assert_eq!(Datagram::decode(&sealed, Some(&cipher())), Ok(datagram));
    }

    #[test]
    fn numbers_of_the_servers_are_read_and_infinite_ones_refused() {
        let json = |x: &str| {
            format!(
                r#"{{"command":"UPDATE","sessionId":"a","position":{{"x":{x},"y":1E-07,"z":-0}}}}"#
            )
        };
        let Ok(Datagram::Update(read)) = Datagram::decode(json("1E+20").as_bytes(), None) else {
            panic!("not read")
        };
        assert_eq!(read.position, Vec3::new(1e20, 1e-7, 0.0));
        assert_eq!(read.rotation, Quat::IDENTITY);
        assert_eq!(
            Datagram::decode(json("1e39").as_bytes(), None),
            Err(DecodeError::NotFinite)
        );
    }

    #[test]
    fn a_number_beyond_all_range_is_a_fault_and_a_count_with_a_point_is_none() {
        let json = |seq: &str, x: &str| {
            format!(r#"{{"command":"UPDATE","sessionId":"a","seq":{seq},"position":{{"x":{x}}}}}"#)
        };
        for (seq, read) in [("7", Some(7)), ("1.0", None), ("2147483648", None)] {
            let decoded = Datagram::decode(json(seq, "1").as_bytes(), None);
            assert!(
                matches!(decoded, Ok(Datagram::Update(update)) if update.seq == read),
                "{seq}"
            );
        }
        assert!(Datagram::decode(json("1", "1e400").as_bytes(), None).is_err());
    }

    #[test]
    fn bytes_that_are_not_a_datagram_are_an_error() {
        for bad in [
            "{",
            "{}",
            r#"{"command":"update","sessionId":"a"}"#,
            r#"{"command":"UPDATE"}"#,
            r#"{"command":"UPDATE","sessionId":""}"#,
            r#"{"command":"UPDATE","sessionId":"a","position":{"x":"1"}}"#,
            r#"{"command":"INPUT","sessionId":"a"}"#,
        ] {
            assert_eq!(
                Datagram::decode(bad.as_bytes(), None),
                Err(DecodeError::Unknown),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..2100)) {
            let _ = Datagram::decode(&bytes, Some(&cipher()));
        }

        #[test]
        fn no_sealed_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..1000)) {
            let sealed = cipher().seal(&bytes).unwrap();
            prop_assert_eq!(cipher().open(&sealed).unwrap(), bytes);
            let _ = Datagram::decode(&sealed, Some(&cipher()));
        }

        #[test]
        fn an_update_survives_the_wire(x in -1e6f32..1e6, y in -100f32..100.0, seq in any::<Option<i32>>()) {
            let sent = Datagram::Update(Update { seq, position: Vec3::new(x, y, 0.1), ..update() });
            let sealed = cipher().seal(sent.to_json().as_bytes()).unwrap();
            prop_assert_eq!(Datagram::decode(&sealed, Some(&cipher())), Ok(sent));
        }
    }
}
