//! What a spectator has seen of a race: the snapshots of the last minutes, and where every car was at any time in
//! them. The newest moment that can be shown well is [`Timeline::live`]. Older moments follow the same rules, so a
//! replay shows what was seen live. Pure: the clock is an argument.
//!
//! Times count from the first snapshot. They follow the relay's clock. When that is interrupted (the connection
//! broke, the relay restarted), the local clock bridges the gap.

mod clock;
mod correction;
mod frames;
mod indices;
mod path;
mod playback;
mod store;

use crate::from_seconds;
use crate::id::SessionId;
use crate::interpolation::Pose;
use crate::snapshot::{Snapshot, SnapshotError};
use clock::{Clock, Placement};
use correction::Correction;
use frames::Frames;
use indices::{INDICES, Indices};
use playback::{HOLD, PlaybackClock};
use std::time::Duration;
use store::{Store, Stored};

/// How much is kept by default.
pub const DEFAULT_HISTORY: Duration = Duration::from_secs(600);
/// The least that is kept: enough to show the live moment, however late snapshots come.
pub const MIN_HISTORY: Duration = Duration::from_secs(5);
/// The most bytes of snapshots kept: 10 minutes of 140 cars at 20 Hz. Beyond it the oldest are dropped.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Snapshots further apart than this are not joined by an interpolated path. The slowest relay sends one a second, a
/// little more or less.
pub const MAX_BRIDGE: Duration = Duration::from_millis(1200);

/// The snapshots of the last minutes.
#[derive(Debug)]
pub struct Timeline {
    clock: Clock,
    playback: PlaybackClock,
    store: Store,
    frames: Frames,
    correction: Correction,
    /// The known owner of each index.
    owners: Box<[Option<SessionId>; INDICES]>,
    /// The indices whose cars start anew with the next snapshot.
    anew: Indices,
    /// The number of the newest snapshot, and whether it has cars.
    last: Option<(u32, bool)>,
    /// Reused for each read.
    read: Snapshot,
}

/// What a snapshot turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is the newest now.
    New {
        /// How many the relay left out before it.
        skipped: u32,
        /// How many cars it has.
        cars: usize,
    },
    /// A newer one is there already, or it is a duplicate.
    Old,
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new(DEFAULT_HISTORY)
    }
}

impl Timeline {
    /// Make a timeline that keeps the last `history`, but at least [`MIN_HISTORY`].
    pub fn new(history: Duration) -> Self {
        Self {
            clock: Clock::default(),
            playback: PlaybackClock::default(),
            store: Store::new(history.max(MIN_HISTORY)),
            frames: Frames::default(),
            correction: Correction::default(),
            owners: Box::new([const { None }; INDICES]),
            anew: Indices::ALL,
            last: None,
            read: Snapshot::default(),
        }
    }

    /// Take a binary frame of the relay.
    ///
    /// # Errors
    /// It is not a snapshot, or one of another version.
    pub fn handle_snapshot(&mut self, bytes: &[u8], now: Duration) -> Result<Taken, SnapshotError> {
        self.read.decode_from(bytes)?;
        let least = self.playback.least_transit();
        let Placement::New { at, is_break } = self.clock.arrive(self.read.time_ms, least, now)
        else {
            return Ok(Taken::Old);
        };
        self.playback.arrive(at, is_break, now);
        let anew = std::mem::take(&mut self.anew);
        self.append(Stored {
            at,
            anew: if is_break { Indices::ALL } else { anew },
            bytes: bytes.into(),
        });
        let (number, cars) = (self.read.number, self.read.cars.len());
        let last = self.last.replace((number, cars > 0));
        let last = last.filter(|_| !is_break);
        let skipped = last.map_or(0, |last| skipped(last, number));
        Ok(Taken::New { skipped, cars })
    }

    /// Take the owner of each index from now on. No path leads from one owner's car to another's.
    pub fn handle_roster<'a>(&mut self, players: impl Iterator<Item = (u8, &'a SessionId)>) {
        let mut owners = Box::new([const { None }; INDICES]);
        for (index, id) in players {
            if self.owners[usize::from(index)].as_ref() != Some(id) {
                self.anew.insert(index);
            }
            owners[usize::from(index)] = Some(*id);
        }
        self.owners = owners;
    }

    /// The connection broke: what comes next may be from another relay with another clock.
    pub fn handle_break(&mut self) {
        self.clock.handle_break();
    }

    /// The oldest moment that is kept. `None` before the first snapshot.
    pub fn start(&self) -> Option<Duration> {
        self.store.oldest().map(|stored| stored.at)
    }

    /// The moment of the newest snapshot.
    pub fn newest(&self) -> Option<Duration> {
        self.store.newest().map(|stored| stored.at)
    }

    /// The moment to show now: the latest that can be shown smoothly. It goes on while no snapshots come, stops when
    /// cars can no longer be guessed, and never goes back.
    pub fn live(&mut self, now: Duration) -> Option<Duration> {
        self.store.newest()?;
        Some(from_seconds(self.playback.live(now)))
    }

    /// Say where each car is at a moment, by its index. A moment before the oldest is shown as the oldest.
    pub fn sample(&mut self, at: Duration) -> impl Iterator<Item = (usize, Pose)> {
        let at = at.max(self.start().unwrap_or_default());
        if let Some(newest) = self.newest()
            && at > newest
            && at <= newest + HOLD
        {
            self.correction.guess(at);
        }
        let here = self.frames.seek(&self.store, at);
        let (correction, left) = (&self.correction, self.correction.left(at));
        self.frames.poses(here, at).map(move |(index, mut pose)| {
            pose.position = pose.position + correction.offset(index) * left;
            (usize::from(index), pose)
        })
    }

    /// How far the live moment is behind the relay, minus the fastest transit time.
    pub fn delay(&self) -> Duration {
        from_seconds(self.playback.delay())
    }

    /// How much later than the fastest snapshots most others come.
    pub fn jitter(&self) -> Duration {
        from_seconds(self.playback.jitter())
    }

    /// How much memory the snapshots take.
    pub fn bytes(&self) -> usize {
        self.store.bytes()
    }

    /// Append the newest snapshot. Cars that had to be guessed move smoothly to where they turn out to be.
    fn append(&mut self, stored: Stored) {
        let (newest, anew) = (stored.at, stored.anew);
        let guessed = self.correction.take_guess();
        if let Some(at) = guessed {
            let here = self.frames.seek(&self.store, at);
            self.correction.note(at, self.frames.poses(here, at));
        }
        self.store.push(stored);
        if let Some(at) = guessed {
            let here = self.frames.seek(&self.store, at);
            self.correction.begin(at, self.frames.poses(here, at), anew);
            if at > newest {
                // It is still a guess.
                self.correction.guess(at);
            }
        }
    }
}

/// How many snapshots are missing between two.
fn skipped((last, had_cars): (u32, bool), number: u32) -> u32 {
    let gap = number.wrapping_sub(last);
    // While there are no cars, the relay counts on but sends nothing. A number that goes back is nonsense.
    if had_cars && gap.cast_signed() > 0 {
        gap - 1
    } else {
        0
    }
}

#[cfg(test)]
mod tests;
