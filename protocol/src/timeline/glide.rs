//! Where snapshots come late, cars are drawn where they are guessed to be. When it turns out where they were, they
//! glide there and do not jump.

use std::time::Duration;

use super::indices::{INDICES, Indices};
use crate::geometry::Vec3;
use crate::interpolation::Pose;
use crate::interpolation::car::{CORRECTION_SECONDS, TELEPORT_METRES};

/// Moments further apart than this are not shown one after the other: somebody jumped.
const MAX_STEP: Duration = Duration::from_millis(500);
/// Nearer than this a car is where it should be.
const ARRIVED_METRES: f32 = 0.001;

/// How far cars are drawn from where they are.
#[derive(Debug)]
pub(super) struct Glide {
    shown: Option<Duration>,
    is_gliding: bool,
    offsets: Box<[Vec3; INDICES]>,
    /// Where cars were drawn at `shown` before more was known.
    noted: Box<[Option<Vec3>; INDICES]>,
}

impl Default for Glide {
    fn default() -> Self {
        Self {
            shown: None,
            is_gliding: false,
            offsets: Box::new([Vec3::default(); INDICES]),
            noted: Box::new([None; INDICES]),
        }
    }
}

impl Glide {
    /// The moment that was shown last.
    pub(super) fn shown(&self) -> Option<Duration> {
        self.shown
    }

    pub(super) fn offset(&self, index: u8) -> Vec3 {
        if self.is_gliding {
            self.offsets[usize::from(index)]
        } else {
            Vec3::default()
        }
    }

    /// Go on to another moment.
    pub(super) fn show(&mut self, at: Duration) {
        let before = self.shown.replace(at).unwrap_or(at);
        if !self.is_gliding {
            return;
        }
        let passed = match at.checked_sub(before) {
            Some(passed) if passed <= MAX_STEP => passed.as_secs_f64(),
            _ => return self.stop(),
        };
        let fade = (-passed / CORRECTION_SECONDS).exp() as f32;
        let mut furthest = 0.0f32;
        for offset in self.offsets.iter_mut() {
            *offset = *offset * fade;
            furthest = furthest.max(offset.length());
        }
        if furthest < ARRIVED_METRES {
            self.stop();
        }
    }

    /// Keep where cars are drawn now.
    pub(super) fn note(&mut self, poses: impl Iterator<Item = (u8, Pose)>) {
        self.noted.fill(None);
        for (index, pose) in poses {
            self.noted[usize::from(index)] = Some(pose.position);
        }
    }

    /// Let cars start from where they were drawn, but for those that are others now.
    pub(super) fn mend(&mut self, poses: impl Iterator<Item = (u8, Pose)>, anew: Indices) {
        for (index, pose) in poses {
            let offset = &mut self.offsets[usize::from(index)];
            let Some(noted) = self.noted[usize::from(index)] else {
                continue;
            };
            let mended = *offset + (noted - pose.position);
            // So far off, gliding back would lead across whatever is beside the road: rather a jump.
            *offset = if anew.contains(index) || mended.length() > TELEPORT_METRES {
                Vec3::default()
            } else {
                mended
            };
            self.is_gliding = true;
        }
    }

    fn stop(&mut self) {
        self.is_gliding = false;
        self.offsets.fill(Vec3::default());
    }
}
