//! The time in which a session waits for its client to come back: when it is up, and when the game server needs a sign of life.

use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::time::{Instant, sleep_until};

/// A session without a WebSocket. It is counted as long as it lasts.
pub(super) struct Parking {
    until: Instant,
    keep_alive_at: Instant,
    keep_alive: Duration,
    count: Gauge,
}

/// What is to be done.
pub(super) enum Due {
    /// Send a sign of life to the game server.
    KeepAlive,
    /// End the session.
    End,
}

impl Parking {
    /// Wait for `at_most`. The last line to the game server was sent at `last_line`.
    pub(super) fn new(
        at_most: Duration,
        last_line: Instant,
        keep_alive: Duration,
        count: Gauge,
    ) -> Self {
        count.inc();
        Self {
            until: Instant::now() + at_most,
            keep_alive_at: last_line + keep_alive,
            keep_alive,
            count,
        }
    }

    /// Wait until something is due. Cancelling the wait loses nothing.
    pub(super) async fn next(&mut self) -> Due {
        if self.until <= self.keep_alive_at {
            sleep_until(self.until).await;
            return Due::End;
        }
        sleep_until(self.keep_alive_at).await;
        self.keep_alive_at = Instant::now() + self.keep_alive;
        Due::KeepAlive
    }
}

impl Drop for Parking {
    fn drop(&mut self) {
        self.count.dec();
    }
}
