//! When a client that lost its connection connects again: growing pauses, and when to give up. Players and spectators
//! share it. Pure: the caller owns clock, timer and random source.

use std::time::Duration;

use crate::frame::Retry;
use crate::from_seconds;

/// A relay that restarts or is full gets at least this pause, because all its clients come back at the same instant.
const MIN_PAUSE_LATER: Duration = Duration::from_secs(2);
/// The pause stops doubling here; every limit is reached long before.
const MAX_DOUBLINGS: u32 = 16;

/// The limits of reconnecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconnectPolicy {
    /// The longest first pause. It doubles with each attempt.
    pub min: Duration,
    /// The longest pause of all.
    pub max: Duration,
    /// How many attempts in a row may fail.
    pub attempts: u32,
    /// A connection that was up for this long counts as good: the next pause is a first one again.
    pub stable: Duration,
}

impl ReconnectPolicy {
    /// What players use: they are missed by others, so they try early. A session that breaks soon after sign-in still backs off.
    pub const PLAYER: Self = Self {
        min: Duration::from_millis(250),
        stable: Duration::from_secs(10),
        ..Self::SPECTATOR
    };
    /// What spectators use.
    pub const SPECTATOR: Self = Self {
        min: Duration::from_millis(500),
        max: Duration::from_secs(15),
        attempts: u32::MAX,
        stable: Duration::from_secs(5),
    };
}

/// Counts a client's failed attempts and draws the pauses between them.
///
/// ```
/// use std::time::Duration;
/// use protocol::frame::Retry;
/// use protocol::reconnect::{Reconnect, ReconnectPolicy};
///
/// let mut reconnect = Reconnect::new(ReconnectPolicy::PLAYER);
/// let pause = reconnect.handle_loss(Retry::Yes, Duration::from_secs(60), 0.5);
/// assert_eq!(pause, Some(Duration::from_millis(125)));
/// assert_eq!(reconnect.handle_loss(Retry::No, Duration::ZERO, 0.5), None);
/// ```
#[derive(Debug, Clone)]
pub struct Reconnect {
    policy: ReconnectPolicy,
    attempt: u32,
}

impl Reconnect {
    /// Start with no failed attempt.
    pub fn new(policy: ReconnectPolicy) -> Self {
        Self { policy, attempt: 0 }
    }

    /// The number of the attempt that comes next or is under way: 0 before the first loss.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Forget the failed attempts: the caller connects or closes by its own choice.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }

    /// Take the loss of a connection that was `up` for this long, or zero if it never was. Gives the pause until the
    /// next attempt, or `None` to give up. `random` is from 0 to 1: clients that lost one relay draw different parts
    /// of the pause, so that they do not come back at the same instant.
    pub fn handle_loss(&mut self, retry: Retry, up: Duration, random: f64) -> Option<Duration> {
        if up >= self.policy.stable {
            self.attempt = 0;
        }
        if retry == Retry::No || self.attempt >= self.policy.attempts {
            return None;
        }
        let pause = from_seconds(self.longest_pause(retry).as_secs_f64() * clamp_random(random));
        self.attempt = self.attempt.saturating_add(1);
        Some(pause)
    }

    fn longest_pause(&self, retry: Retry) -> Duration {
        let first = match retry {
            Retry::Later => self.policy.min.max(MIN_PAUSE_LATER),
            Retry::Yes | Retry::No => self.policy.min,
        };
        let doubled = first.saturating_mul(1 << self.attempt.min(MAX_DOUBLINGS));
        doubled.min(self.policy.max)
    }
}

/// Limit a random number to 0 to 1. What is not a number is 0.
fn clamp_random(random: f64) -> f64 {
    if random > 0.0 { random.min(1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn pauses(policy: ReconnectPolicy, retries: &[Retry]) -> Vec<Option<Duration>> {
        let mut reconnect = Reconnect::new(policy);
        let pause = |&retry| reconnect.handle_loss(retry, Duration::ZERO, 1.0);
        retries.iter().map(pause).collect()
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let expected = [250, 500, 1000, 2000, 4000, 8000, 15_000];
        let drawn = pauses(ReconnectPolicy::PLAYER, &[Retry::Yes; 7]);
        assert_eq!(drawn, expected.map(|pause| Some(ms(pause))));
        let many = pauses(ReconnectPolicy::PLAYER, &[Retry::Yes; 1000]);
        assert_eq!(many[999], Some(ms(15_000)));
    }

    #[test]
    fn any_part_of_a_pause_is_drawn() {
        for (random, pause) in [(0.0, 0), (0.25, 125), (7.0, 500), (f64::NAN, 0), (-1.0, 0)] {
            let mut reconnect = Reconnect::new(ReconnectPolicy::SPECTATOR);
            let drawn = reconnect.handle_loss(Retry::Yes, Duration::ZERO, random);
            assert_eq!(drawn, Some(ms(pause)), "{random}");
        }
    }

    #[test]
    fn a_relay_that_restarts_or_is_full_gets_more_time() {
        use Retry::{Later, Yes};
        let drawn = pauses(ReconnectPolicy::PLAYER, &[Later, Yes, Yes, Later, Yes]);
        let expected = [2000, 500, 1000, 15_000, 4000];
        assert_eq!(drawn, expected.map(|pause| Some(ms(pause))));
    }

    #[test]
    fn own_limits_are_kept() {
        let policy = ReconnectPolicy {
            min: ms(10),
            max: ms(30),
            attempts: 4,
            ..ReconnectPolicy::PLAYER
        };
        let retries = [Retry::Yes, Retry::Yes, Retry::Yes, Retry::Later, Retry::Yes];
        let expected = [Some(10), Some(20), Some(30), Some(30), None];
        assert_eq!(
            pauses(policy, &retries),
            expected.map(|pause| pause.map(ms))
        );
    }

    #[test]
    fn only_a_stable_connection_makes_pauses_short_again() {
        for (up, attempt) in [(9999, 2), (10_000, 1)] {
            let mut reconnect = Reconnect::new(ReconnectPolicy::PLAYER);
            reconnect.handle_loss(Retry::Yes, Duration::ZERO, 1.0);
            reconnect.handle_loss(Retry::Yes, ms(up), 1.0);
            assert_eq!(reconnect.attempt(), attempt, "{up}");
        }
    }

    #[test]
    fn a_permanent_failure_is_not_retried() {
        assert_eq!(pauses(ReconnectPolicy::PLAYER, &[Retry::No]), [None]);
    }
}
