//! Reads the text of a datagram: a car's place, or its driver's controls (facts, section 6.2).

use protocol::geometry::{Quat, Vec3};

use super::json::{self, Object, WrongType};

/// What a datagram asks for.
pub(crate) enum Packet {
    /// Show the sender's car here.
    Update(Pose),
    /// Send the sender's controls on.
    Input {
        /// The room they are for.
        room: Option<String>,
        /// It has controls.
        is_whole: bool,
        /// What is sent on.
        relayed: String,
    },
}

/// Where a car is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pose {
    pub(crate) position: Vec3,
    pub(crate) rotation: Quat,
    /// The sender's count; `None` if there is one that is no 32-bit integer.
    pub(crate) count: Option<i32>,
}

impl Packet {
    /// Read the object of a datagram; `text` is the whole of it. What is absent is at the origin and looks along +Z.
    pub(crate) fn read(object: &Object<'_>, text: &str) -> Result<Self, WrongType> {
        Ok(match filled(object, "command")?.as_deref() {
            Some("UPDATE") => Self::Update(Pose::read(object)?),
            Some("INPUT") => Self::Input {
                room: filled(object, "roomId")?,
                is_whole: object.raw("input").is_some(),
                relayed: json::compact(text)?,
            },
            _ => return Err(WrongType),
        })
    }
}

impl Pose {
    /// Read the members of an object.
    pub(crate) fn read(object: &Object<'_>) -> Result<Self, WrongType> {
        let raw = |key| object.raw(key).unwrap_or("{}");
        Ok(Self {
            position: position(raw("position"))?,
            rotation: rotation(raw("rotation"))?,
            count: match object.integer("seq") {
                Ok(count) => count.unwrap_or(Some(0)),
                Err(WrongType) => None,
            },
        })
    }
}

/// Read a text that counts as absent if it is empty.
pub(crate) fn filled(object: &Object<'_>, key: &str) -> Result<Option<String>, WrongType> {
    let text = object.text(key)?.flatten();
    Ok(text.filter(|text| !text.is_empty()))
}

/// Read a position.
pub(crate) fn position(raw: &str) -> Result<Vec3, WrongType> {
    let [x, y, z] = floats(raw, [("x", 0.0), ("y", 0.0), ("z", 0.0)])?;
    Ok(Vec3::new(x, y, z))
}

/// Read a rotation.
pub(crate) fn rotation(raw: &str) -> Result<Quat, WrongType> {
    let [x, y, z, w] = floats(raw, [("x", 0.0), ("y", 0.0), ("z", 0.0), ("w", 1.0)])?;
    Ok(Quat::new(x, y, z, w))
}

/// Read the numbers of a vector. What is absent is as in `default`.
fn floats<const N: usize>(raw: &str, default: [(&str, f32); N]) -> Result<[f32; N], WrongType> {
    let mut numbers = default.map(|(_, number)| number);
    let inner = Object::read(raw)?;
    for (number, (name, _)) in numbers.iter_mut().zip(default) {
        *number = inner.float(name)?.unwrap_or(*number);
    }
    Ok(numbers)
}
