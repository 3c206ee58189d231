//! The snapshot that spectators get: all cars of a room at one moment, quantised (contract 2; byte by byte in
//! `docs/protocol.md`). It is encoded once for all spectators of a room. Numbers are little-endian.
//!
//! A snapshot is a header of [`HEADER_BYTES`] and [`CAR_BYTES`] for each car:
//!
//! | bytes | header | | bytes | car |
//! |---|---|---|---|---|
//! | 0 | version, 1 | | 0 | index of the player |
//! | 1 | number of cars | | 1 | flags: bit 0 stale |
//! | 2–3 | 0 | | 2–10 | x, y, z in centimetres, 24 bits each, signed |
//! | 4–7 | number of the snapshot | | 11–14 | turn: see below |
//! | 8–11 | its time in milliseconds | | 15–16 | speed in centimetres a second |
//! | | | | 17–18 | age in milliseconds |
//!
//! The turn leaves out the largest component of the quaternion, which follows from length one. Bits 0–1 say which it
//! is (0 x … 3 w). The other three follow in order, 10 bits each, from −1/√2 (0) to 1/√2 (1023). Their signs make the
//! omitted component positive. This is exact to 0.25 degrees.

use crate::geometry::{Quat, Vec3};
use std::time::Duration;

/// The version this module writes and reads.
pub const VERSION: u8 = 1;
/// The bytes before the first car.
pub const HEADER_BYTES: usize = 12;
/// The bytes of each car.
pub const CAR_BYTES: usize = 19;
/// The most cars of one snapshot: its count has one byte.
pub const MAX_CARS: usize = 255;

/// Centimetres that fit into 24 bits, signed: 83 km.
const MAX_CENTIMETRES: f32 = 8_388_607.0;
const FLAG_STALE: u8 = 1;
/// The largest number of 10 bits.
const TURN_STEPS: f32 = 1023.0;

/// All cars of a room at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshot {
    /// Counts the snapshots of a room; a gap means that some were skipped.
    pub number: u32,
    /// Milliseconds of the relay's clock. Wraps after 49 days.
    pub time_ms: u32,
    /// The cars, at most [`MAX_CARS`].
    pub cars: Vec<Car>,
}

/// One car of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Car {
    /// The player's small number, as the room's text frame has it.
    pub index: u8,
    /// Its datagrams have stopped.
    pub stale: bool,
    /// Place in metres, to 1 cm.
    pub position: Vec3,
    /// Turn, to 0.25 degrees.
    pub rotation: Quat,
    /// Speed in metres a second, to 1 cm/s, at most 655.
    pub speed: f32,
    /// Time since its newest datagram, to 1 ms, at most 65 s.
    pub age: Duration,
}

/// Bytes are not a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// They are of a version this module does not know.
    #[error("a snapshot of version {0}, not {VERSION}")]
    Version(u8),
    /// Their number does not match the number of cars.
    #[error("{found} bytes for {cars} cars")]
    Length {
        /// How many cars the header says.
        cars: usize,
        /// How many bytes there are.
        found: usize,
    },
}

impl Snapshot {
    /// Append the snapshot's bytes. Cars after the first [`MAX_CARS`] are left out.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        let cars = &self.cars[..self.cars.len().min(MAX_CARS)];
        bytes.reserve(HEADER_BYTES + CAR_BYTES * cars.len());
        bytes.extend([VERSION, cars.len() as u8, 0, 0]);
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(self.time_ms.to_le_bytes());
        cars.iter().for_each(|car| car.encode(bytes));
    }

    /// Read a snapshot.
    ///
    /// # Errors
    /// They are not a snapshot, or one of another version.
    pub fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut snapshot = Self::default();
        snapshot.decode_from(bytes)?;
        Ok(snapshot)
    }

    /// Read a snapshot into this one and reuse its memory. On an error it stays as it was.
    ///
    /// # Errors
    /// They are not a snapshot, or one of another version.
    pub fn decode_from(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let found = bytes.len();
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(SnapshotError::Length { cars: 0, found });
        };
        let [version, cars, _, _, n0, n1, n2, n3, t0, t1, t2, t3] = *header;
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let (read, left) = rest.as_chunks::<CAR_BYTES>();
        let cars = usize::from(cars);
        if read.len() != cars || !left.is_empty() {
            return Err(SnapshotError::Length { cars, found });
        }
        self.number = u32::from_le_bytes([n0, n1, n2, n3]);
        self.time_ms = u32::from_le_bytes([t0, t1, t2, t3]);
        self.cars.clear();
        self.cars.extend(read.iter().map(Car::decode));
        Ok(())
    }
}

impl Car {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend([self.index, if self.stale { FLAG_STALE } else { 0 }]);
        for metres in [self.position.x, self.position.y, self.position.z] {
            let centimetres = (metres * 100.0)
                .round()
                .clamp(-MAX_CENTIMETRES, MAX_CENTIMETRES);
            bytes.extend(&(centimetres as i32).to_le_bytes()[..3]);
        }
        bytes.extend(pack_turn(self.rotation).to_le_bytes());
        // The cast saturates.
        bytes.extend(((self.speed * 100.0).round() as u16).to_le_bytes());
        let age = u16::try_from(self.age.as_millis()).unwrap_or(u16::MAX);
        bytes.extend(age.to_le_bytes());
    }

    fn decode(bytes: &[u8; CAR_BYTES]) -> Self {
        let metres = |at: usize| {
            // The shift extends the sign of the highest byte.
            let centimetres = i32::from_le_bytes([0, bytes[at], bytes[at + 1], bytes[at + 2]]) >> 8;
            centimetres as f32 / 100.0
        };
        let short = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let turn = u32::from(short(11)) | u32::from(short(13)) << 16;
        Self {
            index: bytes[0],
            stale: bytes[1] & FLAG_STALE != 0,
            position: Vec3::new(metres(2), metres(5), metres(8)),
            rotation: unpack_turn(turn),
            speed: f32::from(short(15)) / 100.0,
            age: Duration::from_millis(short(17).into()),
        }
    }
}

fn pack_turn(turn: Quat) -> u32 {
    let turn = turn.normalized().unwrap_or_default();
    let parts = [turn.x, turn.y, turn.z, turn.w];
    let (left_out, sign) = largest(&parts);
    let mut packed = left_out as u32;
    let others = (0..4).filter(|&part| part != left_out);
    for (place, part) in others.enumerate() {
        let share = parts[part] * sign * std::f32::consts::FRAC_1_SQRT_2 + 0.5;
        packed |= ((share * TURN_STEPS).round() as u32).min(1023) << (2 + 10 * place);
    }
    packed
}

/// The part furthest from 0, and its sign.
fn largest(parts: &[f32; 4]) -> (usize, f32) {
    let mut found = 0;
    for part in 1..4 {
        if parts[part].abs() > parts[found].abs() {
            found = part;
        }
    }
    (found, parts[found].signum())
}

fn unpack_turn(packed: u32) -> Quat {
    let left_out = (packed & 3) as usize;
    let mut parts = [0.0; 4];
    let mut rest = 1.0f32;
    for (place, part) in (0..4).filter(|&part| part != left_out).enumerate() {
        let share = ((packed >> (2 + 10 * place)) & 1023) as f32 / TURN_STEPS;
        parts[part] = (share - 0.5) * std::f32::consts::SQRT_2;
        rest -= parts[part] * parts[part];
    }
    parts[left_out] = rest.max(0.0).sqrt();
    let [x, y, z, w] = parts;
    Quat::new(x, y, z, w).normalized().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn car() -> Car {
        Car {
            index: 7,
            stale: true,
            position: Vec3::new(-1.0, 0.25, 300.75),
            rotation: Quat::IDENTITY,
            speed: 41.5,
            age: Duration::from_millis(1234),
        }
    }

    fn encoded(snapshot: &Snapshot) -> Vec<u8> {
        let mut bytes = Vec::new();
        snapshot.encode(&mut bytes);
        bytes
    }

    #[test]
    fn a_snapshot_has_the_bytes_it_is_specified_to_have() {
        let snapshot = Snapshot {
            number: 258,
            time_ms: 0x0102_0304,
            cars: vec![car()],
        };
        #[rustfmt::skip]
        let expected = [
            1, 1, 0, 0,  2, 1, 0, 0,  4, 3, 2, 1,
            7, 1,  0x9c, 0xff, 0xff,  25, 0, 0,  0x7b, 0x75, 0,
            // The largest part is w (3), the others are in the middle (512 of 1023).
            0x03, 0x08, 0x20, 0x80,
            0x36, 0x10,  0xd2, 0x04,
        ];
        assert_eq!(encoded(&snapshot), expected);
    }

    #[test]
    fn values_out_of_range_are_limited() {
        let far = Car {
            position: Vec3::new(1e9, -1e9, f32::INFINITY),
            speed: 1e9,
            age: Duration::from_secs(1000),
            ..car()
        };
        let snapshot = Snapshot {
            cars: vec![far; 300],
            ..Snapshot::default()
        };
        let read = Snapshot::decode(&encoded(&snapshot)).unwrap();
        assert_eq!(read.cars.len(), MAX_CARS);
        assert_eq!(
            read.cars[0].position,
            Vec3::new(83_886.07, -83_886.07, 83_886.07)
        );
        assert_eq!(read.cars[0].speed, 655.35);
        assert_eq!(read.cars[0].age, Duration::from_millis(65_535));
    }

    #[test]
    fn bytes_that_are_not_a_snapshot_are_an_error() {
        let bytes = encoded(&Snapshot {
            cars: vec![car()],
            ..Snapshot::default()
        });
        for end in 0..bytes.len() {
            assert!(Snapshot::decode(&bytes[..end]).is_err(), "{end} bytes");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(
            Snapshot::decode(&longer),
            Err(SnapshotError::Length { cars: 1, found: 32 })
        );
        let newer = [&[2], &bytes[1..]].concat();
        assert_eq!(Snapshot::decode(&newer), Err(SnapshotError::Version(2)));
    }

    proptest! {
        #[test]
        fn a_car_comes_back_within_the_precision(
            x in -9000f32..9000.0, y in -100f32..100.0, z in -9000f32..9000.0,
            turn in prop::array::uniform4(-1f32..1.0),
            speed in 0f32..600.0, age in 0u64..65_000,
        ) {
            let rotation = Quat::new(turn[0], turn[1], turn[2], turn[3]).normalized();
            let Some(rotation) = rotation else { return Ok(()) };
            let age = Duration::from_millis(age);
            let sent = Car { position: Vec3::new(x, y, z), rotation, speed, age, ..car() };
            let snapshot = Snapshot { number: 1, time_ms: 2, cars: vec![sent] };
            let read = Snapshot::decode(&encoded(&snapshot)).unwrap().cars[0];
            prop_assert!(read.position.distance(sent.position) < 0.01);
            let off = read.rotation.angle_to(rotation).to_degrees();
            prop_assert!(off < 0.25, "{} degrees", off);
            prop_assert!((read.speed - speed).abs() < 0.006 && read.age == age);
            prop_assert_eq!((read.index, read.stale), (7, true));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Snapshot::decode(&bytes);
        }
    }
}
