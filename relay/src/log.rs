//! What keeps the log readable: numbers that name connections, and a limit for lines that clients can cause.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;

/// Lines of one kind a second, for kinds that a client can cause.
const MAX_REPEATS: std::num::NonZeroU32 = std::num::NonZeroU32::new(10).unwrap();

/// The number of the newest connection. The log is one, and so are the numbers in it.
static NEWEST_CONNECTION: AtomicU64 = AtomicU64::new(0);

/// Names one client's connection in the log, and a player's session over all its WebSockets. It is a number of the relay's own:
/// unlike a session id or a token it opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionId(u64);

impl ConnectionId {
    /// Give the next one.
    pub(crate) fn next() -> Self {
        Self(NEWEST_CONNECTION.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Lets ten lines of one kind through each second, and counts the others.
#[derive(Debug)]
pub(crate) struct Repeats {
    limiter: DefaultDirectRateLimiter,
    left_out: Mutex<u64>,
}

impl Repeats {
    pub(crate) fn new() -> Self {
        Self {
            limiter: RateLimiter::direct(Quota::per_second(MAX_REPEATS)),
            left_out: Mutex::default(),
        }
    }

    /// Say whether to log one more line, and how many were left out since the last one that was logged.
    pub(crate) fn next(&self) -> Option<u64> {
        let mut left_out = self.left_out.lock();
        match self.limiter.check() {
            Ok(()) => Some(std::mem::take(&mut left_out)),
            Err(_too_soon) => {
                *left_out += 1;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_lines_is_cut_and_counted() {
        let repeats = Repeats::new();
        let logged = (0..1000).filter(|_| repeats.next().is_some()).count() as u64;
        assert!((10..100).contains(&logged), "{logged}");
        assert_eq!(*repeats.left_out.lock(), 1000 - logged);
    }
}
