//! The log of `mp-relay` and `mp-server`, on standard error. Whoever reads it may be slow, gone or never there: lines wait for a while,
//! then they are dropped and counted, and nothing else waits for them. Only a program starts it; a library must not.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::OnceLock;

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Lines that may wait for whoever reads them. A player who leaves writes one of some 200 bytes.
const MAX_WAITING_LINES: usize = 1024;

/// The lines that were dropped. A program has one log.
static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// The log. Dropping it writes what waits, for a second at most.
pub struct Log {
    program: &'static str,
    writer: NonBlocking,
    writes_the_rest: Option<WorkerGuard>,
}

impl Log {
    /// Begin to log for this program. The level comes from `RUST_LOG`. A panic is logged too, because its message would wait for a reader.
    pub fn start(program: &'static str) -> Self {
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
            program,
            writer,
            writes_the_rest: Some(rest),
        }
    }

    /// Say why the program ends.
    pub fn fail(&mut self, error: &anyhow::Error) {
        // It cannot fail: a line is queued or dropped.
        let _queued = writeln!(self.writer, "{}: {error:#}", self.program);
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
pub fn dropped_lines() -> u64 {
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
