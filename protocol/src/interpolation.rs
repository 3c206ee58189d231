//! Where remote cars are between their datagrams. Each car is drawn a little in the past, so that the next datagram
//! is there before it is needed. The measured jitter decides how far. Pure: the clock is an argument.

mod cadence;
pub(crate) mod car;

use crate::datagram::Update;
use crate::geometry::{Quat, Vec3};
use crate::id::SessionId;
use crate::metrics::Loss;
use car::Car;
use std::collections::VecDeque;
use std::time::Duration;

/// The shortest delay a car is drawn with.
pub const MIN_DELAY: Duration = Duration::from_millis(50);
/// The longest delay a car is drawn with.
pub const MAX_DELAY: Duration = Duration::from_millis(300);
/// How long a car goes on as before when its datagrams stop. Then it stands still and is marked stale.
pub const MAX_EXTRAPOLATION: Duration = Duration::from_millis(250);
/// A car without a datagram for this long is removed: servers do not report that a player is gone (facts, Q6).
pub const EXPIRY: Duration = Duration::from_secs(5);
/// The most cars at once. A room has twenty places; rooms of other servers may have more.
pub const MAX_CARS: usize = 128;

/// Positions beyond this are nonsense: every server with a limit has a smaller one (facts, section 6.5).
const MAX_COORDINATE: f32 = 100_000.0;

/// One car as it is to be drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Place in metres.
    pub position: Vec3,
    /// Turn.
    pub rotation: Quat,
    /// Speed over ground in metres a second.
    pub speed: f32,
    /// Time since the car's newest datagram.
    pub age: Duration,
    /// Datagrams have stopped. The car stands where [`MAX_EXTRAPOLATION`] took it.
    pub stale: bool,
}

/// A car came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The first datagram of a car came.
    Joined {
        /// The car's slot, its own until it leaves.
        slot: usize,
        /// Whose car.
        id: SessionId,
    },
    /// A car was removed; its slot may be given to another.
    Left {
        /// The slot it had.
        slot: usize,
        /// Whose car.
        id: SessionId,
    },
}

/// All remote cars of a room.
#[derive(Debug, Default)]
pub struct Cars {
    slots: Vec<Option<Car>>,
    changes: VecDeque<Change>,
    /// The loss of cars that are gone.
    past_loss: Loss,
}

impl Cars {
    /// Take a datagram of a remote car.
    pub fn handle_update(&mut self, update: &Update, now: Duration) {
        if !is_sane(update) {
            return;
        }
        match self
            .slots
            .iter_mut()
            .flatten()
            .find(|car| car.id == update.session_id)
        {
            Some(car) => car.arrive(update, now),
            None => self.join(update, now),
        }
    }

    /// Remove cars whose datagrams stopped long ago.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.remove_where(|car| now.saturating_sub(car.newest) >= EXPIRY);
    }

    /// Say when [`handle_timeout`](Self::handle_timeout) has a car to remove.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.slots
            .iter()
            .flatten()
            .map(|car| car.newest + EXPIRY)
            .min()
    }

    /// Remove one car.
    pub fn remove(&mut self, id: &SessionId) {
        self.remove_where(|car| car.id == *id);
    }

    /// Remove all cars: the room was left.
    pub fn clear(&mut self) {
        self.remove_where(|_| true);
    }

    /// Give the next car that came or went.
    pub fn poll_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// Say where each car is to be drawn now, with its slot.
    pub fn sample(&mut self, now: Duration) -> impl Iterator<Item = (usize, Pose)> {
        self.slots
            .iter_mut()
            .enumerate()
            .filter_map(move |(slot, car)| car.as_mut().map(|car| (slot, car.sample(now))))
    }

    /// Say whose car a slot is.
    pub fn id(&self, slot: usize) -> Option<&SessionId> {
        self.slots.get(slot)?.as_ref().map(|car| &car.id)
    }

    /// How far in the past a car is drawn at present.
    #[cfg(test)]
    pub(crate) fn delay(&self, slot: usize) -> Option<Duration> {
        let car = self.slots.get(slot)?.as_ref()?;
        Some(Duration::from_secs_f64(car.delay))
    }

    /// How many datagrams of the cars were lost, estimated from their senders' cadence.
    pub fn loss(&self) -> Loss {
        let mut loss = self.past_loss;
        self.slots.iter().flatten().for_each(|car| loss += car.loss);
        loss
    }

    fn join(&mut self, update: &Update, now: Duration) {
        let slot = self
            .slots
            .iter()
            .position(Option::is_none)
            .unwrap_or(self.slots.len());
        if slot >= MAX_CARS {
            return;
        }
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[slot] = Some(Car::new(update, now));
        self.changes.push_back(Change::Joined {
            slot,
            id: update.session_id,
        });
    }

    fn remove_where(&mut self, gone: impl Fn(&Car) -> bool) {
        for (slot, place) in self.slots.iter_mut().enumerate() {
            if let Some(car) = place.take_if(|car| gone(car)) {
                self.past_loss += car.loss;
                self.changes.push_back(Change::Left { slot, id: car.id });
            }
        }
    }
}

fn is_sane(update: &Update) -> bool {
    let Vec3 { x, y, z } = update.position;
    [x, y, z]
        .into_iter()
        .all(|value| value.abs() <= MAX_COORDINATE)
        && update.rotation.normalized().is_some()
}

#[cfg(test)]
mod tests;
