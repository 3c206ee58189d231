//! Whether the other side is still there. A connection whose other end is gone can look open for minutes, so a quiet one is
//! asked with a `PING`, beside the command that waits for its answer.

use std::time::Duration;

use super::{Output, Session, State, Transmit};
use crate::command::Command;

/// How long a session may be quiet: then it is asked, and then it counts as dead.
struct SilenceLimits {
    ask: Duration,
    give_up: Duration,
}

/// In a room positions come many times a second, and a race does not wait.
const IN_ROOM: SilenceLimits = SilenceLimits {
    ask: Duration::from_millis(1500),
    give_up: Duration::from_millis(4500),
};
const ELSEWHERE: SilenceLimits = SilenceLimits {
    ask: Duration::from_secs(9),
    give_up: Duration::from_secs(14),
};
/// How long after asking the connection counts as stalled: positions that it holds back would arrive too late, and all at once.
const STALLED: Duration = Duration::from_millis(500);
/// A timer that is this late means that the page slept. What came meanwhile may not be delivered yet, so the answer gets the
/// time that is left after asking.
const OVERSLEPT: Duration = Duration::from_secs(1);

/// When something came last, and what was asked since.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    heard: Duration,
    /// When the `PING` was sent that is not answered yet.
    asked: Option<Duration>,
    /// The same of one that was sent before the interruption. Its answer is still to come, and is no measure of the network.
    owed: Option<Duration>,
    /// When the last interruption ended.
    resumed: Duration,
    /// It was asked since something came last.
    is_asking: bool,
}

impl Liveness {
    /// Something came.
    pub(super) fn hear(&mut self, now: Duration) {
        self.heard = now;
        self.is_asking = false;
    }

    /// The transport is back: what was asked before is answered later.
    pub(super) fn resume(&mut self, now: Duration) {
        *self = Self {
            heard: now,
            owed: self.asked.or(self.owed),
            resumed: now,
            ..Self::default()
        };
    }

    /// A `PONG` came. Gives when its `PING` was sent, unless it answers the command sent at `other`.
    pub(super) fn answered(&mut self, other: Option<Duration>) -> Option<Duration> {
        let is_first = |asked: &mut Duration| other.is_none_or(|other| *asked <= other);
        self.owed
            .take_if(is_first)
            .or_else(|| self.asked.take_if(is_first))
    }

    /// The round trip of a `PING` that was sent at a time. `None`: an interruption was between.
    pub(super) fn round_trip(&self, sent: Duration, now: Duration) -> Option<Duration> {
        (self.resumed <= sent).then(|| now.saturating_sub(sent))
    }
}

impl Session {
    fn silence_limits(&self) -> Option<SilenceLimits> {
        // A server need not answer a `PING` before the sign-in.
        let is_watched = self.state == State::Authenticated && !self.is_closing;
        is_watched.then_some(match self.room {
            Some(_) => IN_ROOM,
            None => ELSEWHERE,
        })
    }

    /// Whether nothing comes, although an answer is due.
    pub(super) fn is_stalled(&self, now: Duration) -> bool {
        self.liveness.is_asking
            && self
                .silence_limits()
                .is_some_and(|limits| self.liveness.heard + limits.ask + STALLED <= now)
    }

    /// When to look whether the other side is there.
    pub(super) fn liveness_due(&self) -> Option<Duration> {
        let limits = self.silence_limits()?;
        let wait = match self.liveness.is_asking {
            true => limits.give_up,
            false => limits.ask,
        };
        Some(self.liveness.heard + wait)
    }

    /// Ask whether the other side is there, or give it up.
    pub(super) fn check_liveness(&mut self, now: Duration) {
        let (Some(due), Some(limits)) = (self.liveness_due(), self.silence_limits()) else {
            return;
        };
        if now < due {
            return;
        }
        if now > due + OVERSLEPT {
            self.liveness.heard = now.saturating_sub(limits.ask);
            self.liveness.is_asking = false;
        }
        if self.liveness.is_asking {
            self.output(Output::Silent);
            return self.liveness.hear(now);
        }
        self.liveness.is_asking = true;
        // One that waits already is asking too.
        if self.commands.ping_sent().is_none() {
            self.liveness.asked = Some(now);
            self.last_line_sent = now;
            let ping = Command::Ping.to_line();
            self.transmits.push_back(Transmit::Line(ping));
        }
    }
}
