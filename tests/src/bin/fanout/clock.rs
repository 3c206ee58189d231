//! One clock for everything in this process: datagrams are stamped with it and frames are timed by it.

use std::time::{Duration, Instant};

/// A clock that starts at zero when it is made.
#[derive(Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
