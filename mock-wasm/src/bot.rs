//! One bot: a session of the rules, with a car that one of the server's drivers moves.

use std::sync::Arc;
use std::time::Duration;

use drivers::{Driver, DrivingStyle, Track, Traffic};
use protocol::cipher::Cipher;
use protocol::datagram::{Datagram, Update};
use protocol::geometry::Vec3;
use protocol::id::{RoomId, SessionId};

/// How often a car moves on and says where it is: 20 Hz, like any client.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// A bot that is in a room.
pub(crate) struct Bot {
    pub(crate) session: SessionId,
    pub(crate) room: RoomId,
    cipher: Cipher,
    style: DrivingStyle,
    driver: Driver,
    traffic: Traffic,
}

impl Bot {
    /// Put a bot's car at its start.
    pub(crate) fn new(
        session: SessionId,
        room: RoomId,
        cipher: Cipher,
        style: DrivingStyle,
        track: &Arc<Track>,
        start: Vec3,
    ) -> Self {
        Self {
            session,
            room,
            cipher,
            driver: driver(track, start, &style),
            style,
            traffic: Traffic::default(),
        }
    }

    /// The race begins: put the car back.
    pub(crate) fn restart(&mut self, track: &Arc<Track>, start: Vec3) {
        self.driver = driver(track, start, &self.style);
    }

    /// See where another car is.
    pub(crate) fn see(&mut self, update: &Update, now: Duration) {
        self.traffic.update(update, now);
    }

    /// Drive on for one tick. Gives where the car is, and the datagram that says so.
    pub(crate) fn drive(&mut self, now: Duration) -> (Update, Vec<u8>) {
        let neighbours = self.traffic.neighbours(now);
        self.driver.advance(TICK.as_secs_f32(), &neighbours);
        let (position, rotation) = self.driver.pose();
        let update = Update {
            session_id: self.session,
            seq: None,
            position,
            rotation,
        };
        let text = Datagram::Update(update.clone()).to_json();
        // A position is far shorter than what can be sealed.
        let sealed = self.cipher.seal(text.as_bytes()).unwrap_or_default();
        (update, sealed)
    }
}

fn driver(track: &Arc<Track>, start: Vec3, style: &DrivingStyle) -> Driver {
    Driver::new(Arc::clone(track), track.garage_at(start.x), style.clone())
}
