//! The decoded snapshots around the moment that is drawn. They are kept: the next moment is mostly between the same
//! ones.

use super::MAX_BRIDGE;
use super::indices::{INDICES, Indices};
use super::store::Store;
use crate::geometry::Vec3;
use crate::interpolation::car::{MAX_SPEED, TELEPORT_METRES};
use crate::snapshot::{Car, Snapshot};
use std::time::Duration;

/// What a path between two snapshots takes: these two, the one before, and one before that.
const FRAMES: usize = 4;
/// The place of a car that is not there. A snapshot has one car less.
const NOWHERE: u8 = u8::MAX;

/// The decoded snapshots.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// Number `n` is at `n` modulo `FRAMES`.
    read: [Decoded; FRAMES],
}

#[derive(Debug)]
pub(super) struct Decoded {
    number: Option<u64>,
    pub(super) at: Duration,
    anew: Indices,
    snapshot: Snapshot,
    /// Where in the snapshot each car is.
    places: [u8; INDICES],
}

/// One car's movement from a snapshot to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) from: Car,
    pub(super) to: Car,
    /// The time it took.
    pub(super) seconds: f32,
    /// How fast it was.
    pub(super) velocity: Vec3,
}

impl Default for Decoded {
    fn default() -> Self {
        Self {
            number: None,
            at: Duration::ZERO,
            anew: Indices::default(),
            snapshot: Snapshot::default(),
            places: [NOWHERE; INDICES],
        }
    }
}

impl Frames {
    /// Decode what is needed to draw a moment; gives the number of the snapshot before it.
    pub(super) fn seek(&mut self, store: &Store, at: Duration) -> Option<u64> {
        let here = store.find(at)?;
        for number in here.saturating_sub(2)..=here + 1 {
            let decoded = &mut self.read[number as usize % FRAMES];
            if decoded.number != Some(number) {
                decoded.read(store, number);
            }
        }
        Some(here)
    }

    /// Give a decoded snapshot.
    pub(super) fn decoded(&self, number: u64) -> Option<&Decoded> {
        let decoded = &self.read[number as usize % FRAMES];
        (decoded.number == Some(number)).then_some(decoded)
    }

    /// A car's movement from a snapshot to the next. `None` if it is not known, not of the same car, or too far to
    /// have been driven.
    pub(super) fn segment(&self, from: u64, index: u8) -> Option<Segment> {
        let (a, b) = (self.decoded(from)?, self.decoded(from + 1)?);
        let (from, to) = (*a.car(index)?, *b.car(index)?);
        let time = b.at - a.at;
        if b.anew.contains(index) || time > MAX_BRIDGE {
            return None;
        }
        let seconds = time.as_secs_f32();
        let way = to.position - from.position;
        let is_teleport = way.length() > TELEPORT_METRES.max(MAX_SPEED * seconds);
        (!is_teleport).then(|| Segment {
            from,
            to,
            seconds,
            velocity: way * (1.0 / seconds),
        })
    }
}

impl Decoded {
    /// How many places there are for cars.
    pub(super) fn places(&self) -> usize {
        self.snapshot.cars.len()
    }

    /// The car at a place. Of two with the same index only the first counts.
    pub(super) fn at_place(&self, place: usize) -> Option<&Car> {
        let car = self.snapshot.cars.get(place)?;
        (usize::from(self.places[usize::from(car.index)]) == place).then_some(car)
    }

    fn car(&self, index: u8) -> Option<&Car> {
        let place = self.places[usize::from(index)];
        self.snapshot.cars.get(usize::from(place))
    }

    fn read(&mut self, store: &Store, number: u64) {
        self.number = None;
        let Some(stored) = store.get(number) else {
            return;
        };
        if self.snapshot.decode_from(&stored.bytes).is_err() {
            return;
        }
        self.number = Some(number);
        self.at = stored.at;
        self.anew = stored.anew;
        self.places.fill(NOWHERE);
        for (place, car) in self.snapshot.cars.iter().enumerate().rev() {
            self.places[usize::from(car.index)] = place as u8;
        }
    }
}
