//! The goodbye of a session: `LEAVE_ROOM`, its answer, `BYE`, its answer, close. A server of the first generation
//! keeps a player who just vanishes in its room for ever (facts, section 1.6).

use super::{Session, Transmit};
use crate::command::Command;
use std::time::Duration;

/// How long each step of a goodbye waits for its answer: the one who leaves does not want to wait.
pub(super) const STEP_TIMEOUT: Duration = Duration::from_secs(2);

/// How far a goodbye has come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goodbye {
    #[default]
    NotBegun,
    Begun,
    /// `LEAVE_ROOM` was sent.
    Leaving,
    /// `BYE` was sent.
    SayingBye,
    Done,
}

impl Goodbye {
    pub(super) fn has_begun(self) -> bool {
        self != Self::NotBegun
    }

    pub(super) fn begin(&mut self) {
        *self = Self::Begun;
    }
}

impl Session {
    /// Take the next step; the one before is answered or has timed out.
    pub(super) fn go_on_with_goodbye(&mut self, now: Duration) {
        match self.goodbye {
            Goodbye::Begun if self.room.is_some() => {
                match self.quiet_until().filter(|&until| until > now) {
                    Some(until) => self.held_until = Some(until),
                    None => {
                        self.goodbye = Goodbye::Leaving;
                        self.send_own(Command::LeaveRoom, now);
                    }
                }
            }
            Goodbye::Begun | Goodbye::Leaving => {
                self.goodbye = Goodbye::SayingBye;
                self.send_own(Command::Bye, now);
            }
            Goodbye::SayingBye => {
                self.goodbye = Goodbye::Done;
                self.transmits.push_back(Transmit::Close);
            }
            Goodbye::NotBegun | Goodbye::Done => {}
        }
    }
}
