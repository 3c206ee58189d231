//! Corrects guesses smoothly. Cars whose snapshots are late are drawn at a guess. When their true place is known,
//! they move there without a jump.

use super::indices::{INDICES, Indices};
use crate::geometry::Vec3;
use crate::interpolation::Pose;
use crate::interpolation::car::{TELEPORT_METRES, correction_left};
use std::time::Duration;

/// A correction ends after this long: less than 2 mm of 15 metres are left.
const LENGTH: Duration = Duration::from_millis(900);

/// How far cars are drawn from where they are. It depends only on the moment that is drawn, not on what was drawn
/// before, so that a moment always looks the same.
#[derive(Debug)]
pub(super) struct Correction {
    /// The furthest moment that was guessed since the newest snapshot came.
    guessed: Option<Duration>,
    /// When the newest correction begins.
    start: Option<Duration>,
    offsets: Box<[Vec3; INDICES]>,
    /// Where cars were drawn before the newest snapshot came.
    noted: Box<[Option<Vec3>; INDICES]>,
}

impl Default for Correction {
    fn default() -> Self {
        Self {
            guessed: None,
            start: None,
            offsets: Box::new([Vec3::default(); INDICES]),
            noted: Box::new([None; INDICES]),
        }
    }
}

impl Correction {
    /// Note that a moment is drawn of which nothing is known yet.
    pub(super) fn guess(&mut self, at: Duration) {
        self.guessed = self.guessed.max(Some(at));
    }

    /// Give the furthest moment that was guessed, once.
    pub(super) fn take_guess(&mut self) -> Option<Duration> {
        self.guessed.take()
    }

    /// Say what part of each car's offset is left at a moment.
    pub(super) fn left(&self, at: Duration) -> f32 {
        match self.start.and_then(|start| at.checked_sub(start)) {
            Some(passed) if passed < LENGTH => correction_left(passed.as_secs_f64()),
            _ => 0.0,
        }
    }

    /// A car's offset when the correction begins.
    pub(super) fn offset(&self, index: u8) -> Vec3 {
        self.offsets[usize::from(index)]
    }

    /// Keep where cars are drawn at a moment.
    pub(super) fn note(&mut self, at: Duration, poses: impl Iterator<Item = (u8, Pose)>) {
        let left = self.left(at);
        self.noted.fill(None);
        for (index, pose) in poses {
            let drawn = pose.position + self.offset(index) * left;
            self.noted[usize::from(index)] = Some(drawn);
        }
    }

    /// Start a correction at this moment, from where cars were drawn. A car whose index has a new owner jumps.
    pub(super) fn begin(
        &mut self,
        at: Duration,
        poses: impl Iterator<Item = (u8, Pose)>,
        anew: Indices,
    ) {
        self.start = Some(at);
        self.offsets.fill(Vec3::default());
        for (index, pose) in poses {
            let Some(noted) = self.noted[usize::from(index)] else {
                continue;
            };
            let offset = noted - pose.position;
            // This far off, a smooth correction would lead the car off the road, so it jumps.
            if !anew.contains(index) && offset.length() <= TELEPORT_METRES {
                self.offsets[usize::from(index)] = offset;
            }
        }
    }
}
