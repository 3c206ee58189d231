//! Where snapshots come late, cars are drawn where they are guessed to be. When it turns out where they were, they
//! glide there and do not jump.

use super::indices::{INDICES, Indices};
use crate::geometry::Vec3;
use crate::interpolation::Pose;
use crate::interpolation::car::{CORRECTION_SECONDS, TELEPORT_METRES};
use std::time::Duration;

/// A glide has ended after so long: of 15 metres there are less than 2 mm left.
const LENGTH: Duration = Duration::from_millis(900);

/// How far cars are drawn from where they are. A matter of the moment that is drawn and not of what was drawn before, so
/// that who looks at several moments in turn sees the same at each.
#[derive(Debug)]
pub(super) struct Glide {
    /// The furthest moment that was guessed since the newest snapshot came.
    guessed: Option<Duration>,
    /// Where the newest glide begins, and what it begins with.
    start: Option<Duration>,
    offsets: Box<[Vec3; INDICES]>,
    /// Where cars were drawn before more was known.
    noted: Box<[Option<Vec3>; INDICES]>,
}

impl Default for Glide {
    fn default() -> Self {
        Self {
            guessed: None,
            start: None,
            offsets: Box::new([Vec3::default(); INDICES]),
            noted: Box::new([None; INDICES]),
        }
    }
}

impl Glide {
    /// A moment is drawn that nothing is known of yet.
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
            Some(passed) if passed < LENGTH => {
                (-passed.as_secs_f64() / CORRECTION_SECONDS).exp() as f32
            }
            _ => 0.0,
        }
    }

    /// How far from where it is a car is drawn at the beginning.
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

    /// Let cars start at this moment from where they were drawn. A car whose index has a new owner does not.
    pub(super) fn mend(
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
            // So far off, gliding back would lead across whatever is beside the road: rather a jump.
            if !anew.contains(index) && offset.length() <= TELEPORT_METRES {
                self.offsets[usize::from(index)] = offset;
            }
        }
    }
}
