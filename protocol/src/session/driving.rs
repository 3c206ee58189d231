//! What a session sends of its own car: places and controls, as every generation takes them (facts, section 11).

use std::time::Duration;

use super::{DatagramError, Session, State, Transmit};
use crate::cipher::SAFE_PLAINTEXT_BYTES;
use crate::datagram::{Controls, Datagram, Input, Update};
use crate::generation::{Generation, JumpLimit};
use crate::geometry::{Quat, Vec3};
use crate::json;

/// Beyond this part of the distance that a server allows a position counts as a jump.
const NEAR: f32 = 0.9;
/// A jump waits this much longer than the server's own pause.
const MARGIN: Duration = Duration::from_millis(150);

impl Session {
    /// Offer the own car's newest place. At most [`Config::update_rate_hz`](super::Config::update_rate_hz) are sent in a second, and the newest
    /// wins. Says whether it was sent at once.
    ///
    /// # Errors
    /// The numbers are not a place, or beyond what servers take, or there is no room to send it to.
    pub fn send_update(
        &mut self,
        position: Vec3,
        rotation: Quat,
        now: Duration,
    ) -> Result<bool, DatagramError> {
        let rotation = rotation.normalized().filter(|_| position.is_finite());
        let rotation = rotation.ok_or(DatagramError::NotFinite)?;
        if !self.is_taken(position) && !self.asks_for_bounds(now) {
            return Err(DatagramError::OutOfBounds);
        }
        self.may_send_datagrams(now)?;
        if !self.is_taken(position) {
            return Ok(false);
        }
        if self.generation.is_none() && self.is_jump(position, now) {
            self.ask_generation(now);
        }
        match self.updates.offer((position, rotation), now) {
            Some((position, rotation)) if !self.is_jump(position, now) => {
                self.transmit_update(position, rotation, now).map(|()| true)
            }
            Some(_) | None => Ok(false),
        }
    }

    /// Offer the driver's newest controls, limited to −1…1 and 0…1, like [`send_update`](Self::send_update).
    ///
    /// # Errors
    /// The numbers are not finite, or there is no room to send them to.
    pub fn send_input(&mut self, controls: Controls, now: Duration) -> Result<bool, DatagramError> {
        if !controls.is_finite() {
            return Err(DatagramError::NotFinite);
        }
        self.may_send_datagrams(now)?;
        let controls = Controls {
            steering: controls.steering.clamp(-1.0, 1.0),
            throttle: controls.throttle.clamp(0.0, 1.0),
            brake: controls.brake.clamp(0.0, 1.0),
        };
        match self.inputs.offer(controls, now) {
            Some(controls) => self.transmit_input(controls, now).map(|()| true),
            None => Ok(false),
        }
    }

    /// The generation whose rules positions keep to. While it is not known, those of the strictest hold.
    fn strictest_generation(&self) -> Generation {
        self.generation.unwrap_or(Generation::Chat)
    }

    /// Say whether the server takes a place that is so far from the origin.
    fn is_taken(&self, position: Vec3) -> bool {
        let bounds = self.strictest_generation().bounds();
        bounds.is_none_or(|bounds| is_within(position, bounds))
    }

    /// A place is too far away for some generations. Find out whether it is for this one, and say whether that is still open.
    fn asks_for_bounds(&mut self, now: Duration) -> bool {
        if self.generation.is_some() {
            return false;
        }
        self.ask_generation(now);
        self.generation.is_none()
    }

    pub(super) fn may_send_datagrams(&self, now: Duration) -> Result<(), DatagramError> {
        let leaving = self.is_closing
            || self.is_suspended
            || self.is_stalled(now)
            || self.commands.will_leave();
        if self.state != State::Authenticated || self.room.is_none() || leaving {
            return Err(DatagramError::NotInRoom);
        }
        Ok(())
    }

    /// Say whether a position is so far from the last one that the server would refuse it, and later ones too. After a pause it takes
    /// any (facts, Q16).
    pub(super) fn is_jump(&self, position: Vec3, now: Duration) -> bool {
        let limit = self.strictest_generation().jump_limit();
        let Some((limit, (last, sent))) = limit.zip(self.last_place) else {
            return false;
        };
        let passed = now.saturating_sub(sent);
        // The last position may have been late, and this one may be early.
        let farthest = limit.at_once.max(limit.per_second * passed.as_secs_f32()) * NEAR;
        passed <= JumpLimit::PAUSE + MARGIN && (position - last).length() > farthest
    }

    pub(super) fn transmit_update(
        &mut self,
        position: Vec3,
        rotation: Quat,
        now: Duration,
    ) -> Result<(), DatagramError> {
        let Some(session_id) = self.id else {
            return Err(DatagramError::NotInRoom);
        };
        let is_numbered = self.generation.is_some_and(Generation::passes_on_numbers);
        let seq = is_numbered.then(|| self.seq.checked_add(1).unwrap_or(1));
        let update = Update {
            session_id,
            seq,
            position,
            rotation,
        };
        self.transmit_datagram(&Datagram::Update(update), now)?;
        self.seq = seq.unwrap_or(self.seq);
        self.last_place = Some((position, now));
        Ok(())
    }

    pub(super) fn transmit_input(
        &mut self,
        controls: Controls,
        now: Duration,
    ) -> Result<(), DatagramError> {
        let Some(session_id) = self.id else {
            return Err(DatagramError::NotInRoom);
        };
        let input = Input {
            session_id,
            room_id: self.room,
            controls,
        };
        self.transmit_datagram(&Datagram::Input(input), now)
    }

    fn transmit_datagram(
        &mut self,
        datagram: &Datagram,
        now: Duration,
    ) -> Result<(), DatagramError> {
        let json = json::to_vec(datagram);
        let bytes = match &self.cipher {
            _ if self.config.plain_datagrams => json,
            Some(cipher) => cipher.seal(&self.pack(json))?,
            None => return Err(DatagramError::NotInRoom),
        };
        self.traffic.sent(bytes.len(), now);
        self.last_datagram_sent = Some(now);
        self.transmits.push_back(Transmit::Datagram(bytes));
        Ok(())
    }

    fn pack(&self, json: Vec<u8>) -> Vec<u8> {
        debug_assert!(
            json.len() <= SAFE_PLAINTEXT_BYTES,
            "positions and inputs are short"
        );
        #[cfg(feature = "gzip")]
        if self.config.gzip {
            return crate::compression::deflate(&json);
        }
        json
    }

    pub(super) fn stop_datagrams(&mut self) {
        self.updates.reset();
        self.inputs.reset();
    }
}

fn is_within(place: Vec3, bounds: Vec3) -> bool {
    place.x.abs() <= bounds.x && place.y.abs() <= bounds.y && place.z.abs() <= bounds.z
}
