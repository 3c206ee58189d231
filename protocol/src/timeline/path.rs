//! The path of a car through the snapshots. Between two snapshots it uses no later one, so a replay draws what was
//! drawn live.

use super::frames::{Frames, Segment};
use crate::geometry::Vec3;
use crate::interpolation::car::{GUESS_FACTOR, GUESS_MORE, MAX_TURN_ON, SLOPE_FACTOR, SLOPE_MORE};
use crate::interpolation::{MAX_EXTRAPOLATION, Pose};
use crate::snapshot::Car;
use std::time::Duration;

impl Frames {
    /// Say where each car is at a moment after the snapshot `here`.
    pub(super) fn poses(
        &self,
        here: Option<u64>,
        at: Duration,
    ) -> impl Iterator<Item = (u8, Pose)> {
        let here = here.and_then(|number| Some((number, self.decoded(number)?)));
        let places = here.map_or(0, |(_, decoded)| decoded.places());
        (0..places).filter_map(move |place| {
            let (number, decoded) = here?;
            let car = decoded.at_place(place)?;
            let passed = at.saturating_sub(decoded.at);
            Some((car.index, self.pose(number, car, passed)))
        })
    }

    fn pose(&self, number: u64, car: &Car, passed: Duration) -> Pose {
        let segment = self.segment(number, car.index);
        let pose = match segment {
            Some(segment) => self.between(number, &segment, passed.as_secs_f32()),
            None => self.beyond(number, car, passed.as_secs_f64()),
        };
        Pose {
            age: car.age.saturating_add(passed),
            ..pose
        }
    }

    /// Interpolate between two snapshots: a cubic Hermite curve, the turn by the shortest way.
    fn between(&self, number: u64, segment: &Segment, passed: f32) -> Pose {
        let Segment {
            from,
            to,
            seconds,
            velocity,
        } = segment;
        let before = self.velocity(number, from.index).unwrap_or(*velocity);
        // The curve of a car that stopped dead would overshoot with its velocity from before.
        let before = at_most(before, velocity.length() * SLOPE_FACTOR + SLOPE_MORE);
        let after = self.velocity(number + 1, from.index).unwrap_or(*velocity);
        let t = (passed / seconds).clamp(0.0, 1.0);
        let (t2, t3) = (t * t, t * t * t);
        // Relative to the first place: numbers far from the origin keep their precision.
        let position = from.position
            + (to.position - from.position) * (3.0 * t2 - 2.0 * t3)
            + before * ((t3 - 2.0 * t2 + t) * seconds)
            + after * ((t3 - t2) * seconds);
        Pose {
            position,
            rotation: from.rotation.slerp(to.rotation, t),
            speed: from.speed + (to.speed - from.speed) * t,
            age: Duration::ZERO,
            stale: from.stale,
        }
    }

    /// Extrapolate from a snapshot, for a while.
    fn beyond(&self, number: u64, car: &Car, passed: f64) -> Pose {
        let most = MAX_EXTRAPOLATION.as_secs_f64();
        let stale = car.stale || passed > most;
        let on = if car.stale { 0.0 } else { passed.min(most) };
        let velocity = self.velocity(number, car.index).unwrap_or_default();
        let velocity = at_most(velocity, car.speed * GUESS_FACTOR + GUESS_MORE);
        let segment = number
            .checked_sub(1)
            .and_then(|before| self.segment(before, car.index));
        let rotation = segment.map_or(car.rotation, |segment| {
            let turned = 1.0 + (on as f32 / segment.seconds).min(MAX_TURN_ON as f32);
            segment.from.rotation.slerp(car.rotation, turned)
        });
        Pose {
            position: car.position + velocity * on as f32,
            rotation,
            speed: if stale { 0.0 } else { car.speed },
            age: Duration::ZERO,
            stale,
        }
    }

    /// The velocity at a snapshot: the slope of the parabola through it and the two before. As for players, it is
    /// limited to a little more than the smaller of the two slopes.
    fn velocity(&self, number: u64, index: u8) -> Option<Vec3> {
        let segment = self.segment(number.checked_sub(1)?, index)?;
        let Some(before) = number
            .checked_sub(2)
            .and_then(|first| self.segment(first, index))
        else {
            return Some(segment.velocity);
        };
        let share = segment.seconds / (before.seconds + segment.seconds);
        let velocity = segment.velocity + (segment.velocity - before.velocity) * share;
        let smaller = before.velocity.length().min(segment.velocity.length());
        Some(at_most(velocity, smaller * SLOPE_FACTOR + SLOPE_MORE))
    }
}

/// The same direction, but no longer than `most`.
fn at_most(velocity: Vec3, most: f32) -> Vec3 {
    velocity * (most / velocity.length().max(most))
}
