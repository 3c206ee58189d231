//! What the spectators receive in a part of the run.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use ::tests::Delays;

/// Counts of a part of the run. Frames count at the time they were made, not when they were received.
pub(crate) struct Window {
    /// The times of the snapshots that count, in milliseconds.
    pub(crate) span: Range<u32>,
    pub(crate) snapshots: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// Delays from tick to receipt.
    pub(crate) fan_out: Delays,
    /// Delays from sending a car's datagram to the tick that shows it.
    pub(crate) wait: Delays,
    /// Delays from sending a car's datagram to the receipt of the first frame that shows it.
    pub(crate) whole: Delays,
    /// The lowest and the highest number of a tick of each room.
    ticks: Vec<(AtomicU64, AtomicU64)>,
}

impl Window {
    pub(crate) fn new(span: Range<u32>, rooms: usize) -> Self {
        let none = || (AtomicU64::new(u64::MAX), AtomicU64::new(0));
        Self {
            span,
            snapshots: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            fan_out: Delays::default(),
            wait: Delays::default(),
            whole: Delays::default(),
            ticks: (0..rooms).map(|_| none()).collect(),
        }
    }

    /// The mean number of ticks a room made, as seen by its spectators.
    pub(crate) fn ticks(&self) -> f64 {
        let ticks = self.ticks.iter().map(|(low, high)| {
            let (low, high) = (low.load(Ordering::Relaxed), high.load(Ordering::Relaxed));
            (high + 1).saturating_sub(low)
        });
        ticks.sum::<u64>() as f64 / self.ticks.len() as f64
    }

    pub(crate) fn note_tick(&self, room: usize, number: u64) {
        let (low, high) = &self.ticks[room];
        low.fetch_min(number, Ordering::Relaxed);
        high.fetch_max(number, Ordering::Relaxed);
    }
}
