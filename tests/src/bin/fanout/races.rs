//! The rooms of a run and their cars: when each car's datagrams were sent, and how the relay's clock compares with this
//! process's.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::stamps::Stamps;

/// Cars of each room.
pub(crate) const CARS: usize = 20;

/// All rooms of a run.
pub(crate) struct Races {
    races: Vec<Race>,
    /// This process's clock minus the relay's, in microseconds: the smallest difference seen between a snapshot's time and its
    /// receipt. It is too large by the time the quickest frame took, so delays are too small by that. Snapshots' times are
    /// cut to milliseconds, which makes delays larger by up to one.
    ahead: AtomicI64,
}

struct Race {
    id: String,
    stamps: [Stamps; CARS],
    /// The car of each index.
    cars: [AtomicU8; 256],
}

impl Races {
    /// Rooms with these ids.
    pub(crate) fn new(ids: impl IntoIterator<Item = String>) -> Self {
        let race = |id| Race {
            id,
            stamps: std::array::from_fn(|_| Stamps::default()),
            cars: [const { AtomicU8::new(u8::MAX) }; 256],
        };
        Self {
            races: ids.into_iter().map(race).collect(),
            ahead: AtomicI64::new(i64::MAX),
        }
    }

    /// Make this many rooms, with ids of this program's own.
    pub(crate) fn numbered(rooms: usize) -> Self {
        Self::new((0..rooms).map(|room| format!("{room:032x}")))
    }

    pub(crate) fn count(&self) -> usize {
        self.races.len()
    }

    /// The id of a room.
    pub(crate) fn room_id(&self, room: usize) -> &str {
        &self.races[room].id
    }

    /// The session id of a car in a numbered room. The first car of each room is the bridged player's.
    pub(crate) fn session_id(room: usize, car: usize) -> String {
        format!("{room:016x}{car:016x}")
    }

    /// The stamps of a car.
    pub(crate) fn stamps(&self, room: usize, car: usize) -> &Stamps {
        &self.races[room].stamps[car]
    }

    /// Learn from a room's text which car has which index.
    pub(crate) fn learn_cars(&self, room: usize, text: &[u8]) {
        let told: Value = serde_json::from_slice(text).unwrap_or_default();
        for player in told["players"].as_array().into_iter().flatten() {
            let index = player["index"].as_u64().and_then(|i| u8::try_from(i).ok());
            let car = player["id"].as_str().and_then(|id| id.get(16..));
            let car = car.and_then(|car| u8::from_str_radix(car.trim_start_matches('0'), 16).ok());
            if let (Some(index), Some(car)) = (index, car) {
                self.races[room].cars[usize::from(index)].store(car, Ordering::Relaxed);
            }
        }
    }

    /// Note that a snapshot of this time came now.
    pub(crate) fn note_snapshot(&self, time_ms: u32, now: Duration) {
        let ahead = now.as_micros() as i64 - i64::from(time_ms) * 1000;
        if ahead < self.ahead.load(Ordering::Relaxed) {
            self.ahead.fetch_min(ahead, Ordering::Relaxed);
        }
    }

    /// Convert a time of the relay's clock to this process's.
    pub(crate) fn at(&self, time_ms: u32) -> Duration {
        let micros = i64::from(time_ms) * 1000 + self.ahead.load(Ordering::Relaxed);
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    }

    /// Convert a time of this process's clock to the relay's, in milliseconds.
    pub(crate) fn relay_time(&self, time: Duration) -> u32 {
        let micros = time.as_micros() as i64 - self.ahead.load(Ordering::Relaxed);
        u32::try_from(micros / 1000).unwrap_or_default()
    }

    /// The time of sending of a car's datagram that came to the relay at this time of its clock.
    pub(crate) fn sent(&self, room: usize, index: u8, came_ms: u32) -> Option<Duration> {
        let race = &self.races[room];
        let car = race.cars[usize::from(index)].load(Ordering::Relaxed);
        let stamps = race.stamps.get(usize::from(car))?;
        stamps.sent(self.at(came_ms).as_micros() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_leads_back_to_the_datagram_it_shows() {
        let races = Races::numbered(2);
        let ms = Duration::from_millis;
        let id = Races::session_id(1, 16);
        let text = format!(r#"{{"players":[{{"index":3,"id":"{id}"}}]}}"#);
        races.learn_cars(1, text.as_bytes());
        races.note_snapshot(100, ms(5103));
        races.note_snapshot(150, ms(5151));
        races.note_snapshot(200, ms(5290));
        assert_eq!((races.at(200), races.relay_time(ms(5201))), (ms(5201), 200));
        races.stamps(1, 16).write(5_180_000);
        assert_eq!(races.sent(1, 3, 180), Some(ms(5180)));
        assert_eq!((races.sent(0, 3, 180), races.sent(1, 4, 180)), (None, None));
    }
}
