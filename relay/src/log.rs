//! The log of the program, on standard error. Whoever reads it may be slow, gone or never there: lines wait for a while,
//! then they are dropped and counted, and nothing else waits for them. Only the program starts it; a library must not.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Lines that may wait for whoever reads them. A player who leaves writes one of some 200 bytes.
const MAX_WAITING_LINES: usize = 1024;
/// Lines of one kind a second, for kinds that a client can cause.
const MAX_REPEATS: std::num::NonZeroU32 = std::num::NonZeroU32::new(10).unwrap();

/// The lines that were dropped. A program has one log.
static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

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

/// The log. Dropping it writes what waits, for a second at most.
pub struct Log {
    writer: NonBlocking,
    writes_the_rest: Option<WorkerGuard>,
}

impl Log {
    /// Begin to log. The level comes from `RUST_LOG`. A panic is logged too, because its message would wait for a reader.
    pub fn start() -> Self {
        let (writer, rest) = NonBlockingBuilder::default()
            .lossy(true)
            .buffered_lines_limit(MAX_WAITING_LINES)
            .finish(io::stderr());
        let _ours = DROPPED.get_or_init(|| writer.error_counter());
        tracing_subscriber::fmt()
            .with_env_filter(filter())
            .with_ansi(io::stderr().is_terminal())
            .with_writer(writer.clone())
            .init();
        std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
        Self {
            writer,
            writes_the_rest: Some(rest),
        }
    }

    /// Say why the program ends.
    pub fn fail(&mut self, error: &anyhow::Error) {
        // It cannot fail: a line is queued or dropped.
        let _queued = writeln!(self.writer, "mp-relay: {error:#}");
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let before = dropped_lines();
        let _queued = self.writer.write(b"");
        if dropped_lines() > before {
            // Nobody reads. The guard would complain of that on standard output, which has one line only.
            std::mem::forget(self.writes_the_rest.take());
        }
    }
}

/// Count the lines that nobody read in time.
pub(crate) fn dropped_lines() -> u64 {
    DROPPED
        .get()
        .map_or(0, |counter| counter.dropped_lines() as u64)
}

/// Take the filter from `RUST_LOG`, but never show frames: at a finer level the WebSocket library would log them.
fn filter() -> EnvFilter {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    ["tungstenite=info", "tokio_tungstenite=info"]
        .into_iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive)
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
