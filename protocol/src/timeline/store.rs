//! The snapshots as they came, oldest first. They are decoded when they are needed, since most never are.

use std::collections::VecDeque;

use std::time::Duration;

use super::MAX_BYTES;
use super::indices::Indices;

/// One snapshot.
#[derive(Debug)]
pub(super) struct Stored {
    /// Its moment on the timeline; later than that of the one before.
    pub(super) at: Duration,
    /// The indices whose car is not that of the snapshot before.
    pub(super) anew: Indices,
    /// A snapshot that has been decoded once without an error.
    pub(super) bytes: Box<[u8]>,
}

impl Stored {
    fn size(&self) -> usize {
        size_of::<Self>() + self.bytes.len()
    }
}

/// The snapshots of the last minutes. Each has a number, counted from the very first.
#[derive(Debug)]
pub(super) struct Store {
    /// At most `MAX_BYTES` together; the newest is kept in any case.
    snapshots: VecDeque<Stored>,
    /// The number of the oldest.
    first: u64,
    bytes: usize,
    pub(super) history: Duration,
}

impl Store {
    pub(super) fn new(history: Duration) -> Self {
        Self {
            snapshots: VecDeque::new(),
            first: 0,
            bytes: 0,
            history,
        }
    }

    /// Append the newest, and drop the oldest beyond the limits.
    pub(super) fn push(&mut self, stored: Stored) {
        let start = stored.at.saturating_sub(self.history);
        self.bytes += stored.size();
        self.snapshots.push_back(stored);
        // The last one before the start says where the cars were at the start.
        while let Some(second) = self.snapshots.get(1)
            && (second.at <= start || self.bytes > MAX_BYTES)
        {
            self.drop_oldest();
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<&Stored> {
        let place = number.checked_sub(self.first)?;
        self.snapshots.get(usize::try_from(place).ok()?)
    }

    /// The number of the newest snapshot that is not later than `at`.
    pub(super) fn find(&self, at: Duration) -> Option<u64> {
        let later = self.snapshots.partition_point(|stored| stored.at <= at);
        Some(self.first + later.checked_sub(1)? as u64)
    }

    pub(super) fn oldest(&self) -> Option<&Stored> {
        self.snapshots.front()
    }

    pub(super) fn newest(&self) -> Option<&Stored> {
        self.snapshots.back()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.snapshots.pop_front() {
            self.first += 1;
            self.bytes -= oldest.size();
        }
    }
}
