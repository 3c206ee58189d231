//! When each car's datagrams were sent. A snapshot says how old a car's newest datagram is, and so which one it was. The time
//! until the frame came is then measured by this process's clock alone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Stamps kept of each car: three seconds at 20 Hz, longer than any frame travels.
const KEPT: usize = 64;
/// Stamps searched, newest first.
const LOOKED_AT: u64 = 8;
/// How much a datagram may seem to arrive before it was sent: clocks and ages are exact to a millisecond.
const TOLERANCE: u64 = 3_000;

/// The newest stamps of one car, in microseconds of the clock.
pub(crate) struct Stamps {
    stamps: [AtomicU64; KEPT],
    written: AtomicU64,
}

impl Default for Stamps {
    fn default() -> Self {
        Self {
            stamps: [const { AtomicU64::new(0) }; KEPT],
            written: AtomicU64::new(0),
        }
    }
}

impl Stamps {
    /// Note that a datagram is sent now. Only one thread may write.
    pub(crate) fn write(&self, now: u64) {
        let written = self.written.load(Ordering::Relaxed);
        self.stamps[written as usize % KEPT].store(now, Ordering::Relaxed);
        self.written.store(written + 1, Ordering::Release);
    }

    /// The time of sending of the datagram that came at about this time.
    pub(crate) fn sent(&self, came: u64) -> Option<Duration> {
        let written = self.written.load(Ordering::Acquire);
        let newest_first = (written.saturating_sub(LOOKED_AT)..written).rev();
        let mut stamps =
            newest_first.map(|n| self.stamps[n as usize % KEPT].load(Ordering::Relaxed));
        let sent = stamps.find(|&stamp| stamp <= came + TOLERANCE)?;
        Some(Duration::from_micros(sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_datagram_that_can_have_come_is_chosen() {
        let stamps = Stamps::default();
        assert_eq!(stamps.sent(1_000_000), None);
        (1..100).for_each(|n| stamps.write(50_000 * n));
        let sent = |came| stamps.sent(came).map(|sent| sent.as_micros());
        assert_eq!(sent(4_950_100), Some(4_950_000));
        assert_eq!(sent(4_947_500), Some(4_950_000));
        assert_eq!(sent(4_940_000), Some(4_900_000));
        assert_eq!(sent(100), None, "long forgotten");
    }
}
