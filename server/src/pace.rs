//! Slows down a player who sends many lines: the next one is read when its time has come. Nothing is refused or lost, and the others'
//! positions do not wait behind a flood.

use std::num::NonZeroU32;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::{Instant, sleep_until};

/// Lines a second in the long run: a player who sends five messages a second to each of 19 others.
const LINES_PER_SECOND: NonZeroU32 = NonZeroU32::new(100).unwrap();
/// Lines at once after a pause: three such messages.
const BURST_LINES: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// The runtime's clock.
#[derive(Debug, Clone, Default)]
struct RuntimeClock;

impl Clock for RuntimeClock {
    type Instant = std::time::Instant;

    fn now(&self) -> Self::Instant {
        Instant::now().into_std()
    }
}

type Limiter =
    RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<std::time::Instant>>;

/// The pace of one player's lines.
pub(crate) struct Pace(Option<Limiter>);

impl Pace {
    /// Limit the lines of one player.
    pub(crate) fn limited() -> Self {
        let quota = Quota::per_second(LINES_PER_SECOND).allow_burst(BURST_LINES);
        Self(Some(Limiter::direct_with_clock(quota, RuntimeClock)))
    }

    /// Take every line at once, as the original does.
    pub(crate) const fn unlimited() -> Self {
        Self(None)
    }

    /// Count a line, and wait if it comes too early.
    pub(crate) async fn keep(&self) {
        let Some(limiter) = &self.0 else { return };
        while let Err(early) = limiter.check() {
            sleep_until(early.earliest_possible().into()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn seconds_for(pace: Pace, lines: u32) -> f64 {
        let begun = Instant::now();
        for _ in 0..lines {
            pace.keep().await;
        }
        begun.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_read_at_once_and_a_flood_at_the_steady_rate() {
        let burst = BURST_LINES.get();
        assert_eq!(seconds_for(Pace::limited(), burst).await, 0.0);
        let flood = seconds_for(Pace::limited(), burst + 500).await;
        // The clock of the runtime counts whole milliseconds.
        assert!((5.0..5.6).contains(&flood), "{flood}");
        assert_eq!(seconds_for(Pace::unlimited(), 10_000).await, 0.0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_gives_a_burst_again() {
        let pace = Pace::limited();
        for _ in 0..BURST_LINES.get() {
            pace.keep().await;
        }
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(seconds_for(pace, BURST_LINES.get()).await, 0.0);
    }
}
