//! The goodbye of a session. Its steps are in [`goodbye`](crate::goodbye); its answers are matched like those of any
//! command.

use std::time::Duration;

use super::{Session, Transmit};
use crate::goodbye::Goodbye;

/// How long a step of the goodbye, or a command sent before it, waits for its answer.
pub(super) const STEP_TIMEOUT: Duration = Duration::from_secs(2);

impl Session {
    /// Take the next step: the one before is answered or has timed out.
    pub(super) fn advance_goodbye(&mut self, now: Duration) {
        let round_trip = self.assumed_round_trip();
        // Created only now, because the commands before it may have entered or left a room.
        let goodbye = self.goodbye.get_or_insert_with(|| match self.room {
            Some(_) => Goodbye::new(now, self.last_datagram_sent, round_trip),
            None => Goodbye::outside_rooms(now),
        });
        if let Some(until) = goodbye.settles_until().filter(|&until| until > now) {
            self.held_until = Some(until);
        } else if goodbye.deadline().is_some() {
            match goodbye.next_step(now) {
                Some(command) => self.send_own(command, now),
                None => self.transmits.push_back(Transmit::Close),
            }
        }
    }
}
