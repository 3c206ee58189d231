//! A room as its spectators see it (docs/protocol.md, section 8).

use std::time::Duration;

use protocol::datagram::Update;
use protocol::id::{RoomId, SessionId};
use protocol::interpolation::{Cars, Pose};
use protocol::snapshot::{Car, Snapshot};
use protocol::spectate::{Player, Room};
use rules::RoomState;

/// A room that somebody watches.
pub(crate) struct WatchedRoom {
    pub(crate) id: RoomId,
    cars: Cars,
    /// The number of each player's car.
    indexes: Vec<(SessionId, u8)>,
    text: String,
    ticks: u32,
    /// The last snapshot had cars, so one without any must follow it.
    had_cars: bool,
}

impl WatchedRoom {
    pub(crate) fn new(id: RoomId, state: Option<&RoomState<'_>>) -> Self {
        let mut room = Self {
            id,
            cars: Cars::default(),
            indexes: Vec::new(),
            text: String::new(),
            ticks: 0,
            had_cars: false,
        };
        room.look(state);
        room
    }

    /// The newest text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Note a car's position.
    pub(crate) fn see(&mut self, update: &Update, now: Duration) {
        self.cars.handle_update(update, now);
    }

    /// Look who is in the room. Says whether the text has changed.
    pub(crate) fn look(&mut self, state: Option<&RoomState<'_>>) -> bool {
        let seats = state
            .map(|state| state.seats.as_slice())
            .unwrap_or_default();
        let Self { cars, indexes, .. } = self;
        indexes.retain(|(id, _)| {
            let stays = seats.iter().any(|seat| seat.id == *id);
            if !stays {
                cars.remove(id);
            }
            stays
        });
        for seat in seats {
            if indexes.iter().all(|(id, _)| *id != seat.id) {
                let is_free = |index: &u8| indexes.iter().all(|(_, taken)| taken != index);
                let free = (0..=u8::MAX).find(is_free).unwrap_or(u8::MAX);
                // In the order of the indexes, as they are listed.
                let place = indexes.partition_point(|(_, taken)| *taken < free);
                indexes.insert(place, (seat.id, free));
            }
        }
        let player = |&(id, index): &(SessionId, u8)| {
            let seat = seats.iter().find(|seat| seat.id == id);
            let name = seat.map_or_else(String::new, |seat| seat.name.to_owned());
            Player { index, id, name }
        };
        let players = indexes.iter().map(player).collect();
        let room = Room {
            id: self.id,
            name: state.map_or_else(String::new, |state| state.name.to_owned()),
            host_id: state.and_then(|state| state.host),
            is_active: state.is_some_and(|state| state.is_active),
            players,
            notice: None,
        };
        let before = std::mem::replace(&mut self.text, room.to_frame());
        before != self.text
    }

    /// Make the next snapshot, if there is anything to show.
    pub(crate) fn snapshot(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.cars.handle_timeout(now);
        while self.cars.poll_change().is_some() {}
        let poses: Vec<_> = self.cars.sample(now).collect();
        let car = |&(id, index): &(SessionId, u8)| {
            let is_its = |(slot, _): &&(usize, Pose)| self.cars.id(*slot) == Some(&id);
            let (_, pose) = poses.iter().find(is_its)?;
            Some(Car {
                index,
                stale: pose.stale,
                position: pose.position,
                rotation: pose.rotation,
                speed: pose.speed,
                age: pose.age,
            })
        };
        let cars: Vec<Car> = self.indexes.iter().filter_map(car).collect();
        self.ticks = self.ticks.wrapping_add(1);
        let has_cars = !cars.is_empty();
        let had_cars = std::mem::replace(&mut self.had_cars, has_cars);
        if !has_cars && !had_cars {
            return None;
        }
        let snapshot = Snapshot {
            number: self.ticks,
            // Wraps after 49 days, as specified.
            time_ms: now.as_millis() as u32,
            cars,
        };
        let mut bytes = Vec::new();
        snapshot.encode(&mut bytes);
        Some(bytes)
    }
}
