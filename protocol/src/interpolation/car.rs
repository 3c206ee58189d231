//! One remote car: its samples at their estimated send times, and the path through them.

use super::cadence::Cadence;
use super::{MAX_DELAY, MAX_EXTRAPOLATION, MIN_DELAY, Pose};
use crate::datagram::Update;
use crate::geometry::{self, Quat, Vec3};
use crate::id::SessionId;
use crate::metrics::Loss;
use std::time::Duration;

/// A duplicate may arrive after this many newer datagrams.
const DOUBLE_MEMORY: usize = 4;
/// A car that moved less than this between two datagrams stands still, in metres.
const STANDING_METRES: f32 = 0.01;
/// Two numbered datagrams closer than this fraction of a send interval are one.
const SAME_MOMENT: f64 = 0.4;
/// Samples further apart than this are not joined by an interpolated path.
const MAX_BRIDGE_SECONDS: f64 = 1.0;
/// How many samples tell the car's recent speed.
const LATE_SAMPLES: usize = 8;
/// A guess exceeds the car's recent speed by at most this much: as a factor, and in metres a second.
pub(crate) const GUESS_FACTOR: f32 = 1.25;
pub(crate) const GUESS_MORE: f32 = 3.0;
/// A velocity exceeds the smaller slope beside it by at most this much: as a factor, and in metres a second.
pub(crate) const SLOPE_FACTOR: f32 = 2.0;
pub(crate) const SLOPE_MORE: f32 = 2.0;
/// The most samples kept of a car: more than the largest delay holds at the fastest rate.
const MAX_SAMPLES: usize = 48;
/// How far a car may always move before it counts as a teleport, in metres.
pub(crate) const TELEPORT_METRES: f32 = 15.0;
/// The fastest a car can be, in metres a second: the ceiling of the servers (facts, section 9).
pub(crate) const MAX_SPEED: f32 = 200.0;
/// The delay changes by at most this fraction of the time that passes, so that nobody sees it change.
pub(crate) const DELAY_SLEW: f64 = 0.1;
/// The time constant in seconds at which the offset between the guessed and the true path fades.
const CORRECTION_SECONDS: f64 = 0.1;
/// How far a turn may continue beyond the last sample, as a multiple of the last step.
pub(crate) const MAX_TURN_ON: f64 = 2.0;

#[derive(Debug, Clone, Copy)]
struct Sample {
    seconds: f64,
    position: Vec3,
    rotation: Quat,
}

#[derive(Debug)]
pub(super) struct Car {
    pub(super) id: SessionId,
    cadence: Cadence,
    /// Oldest first; never empty.
    samples: Vec<Sample>,
    last_seq: Option<i32>,
    pub(super) newest: Duration,
    pub(super) loss: Loss,
    /// The time of the first sample after the last hole.
    hole_end: f64,
    /// How far in the past it is drawn, in seconds.
    pub(super) delay: f64,
    /// The delay to approach. Computed once a datagram, because frames are drawn more often than datagrams come.
    wanted_delay: f64,
    drawn: Option<Drawn>,
}

/// What was drawn last, so that the next frame does not jump.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    at: f64,
    /// How far the drawn place is off the path, after a wrong guess or a datagram wrongly counted as lost. Fades.
    offset: Vec3,
}

impl Car {
    pub(super) fn new(update: &Update, now: Duration) -> Self {
        let (cadence, arrival) = Cadence::new(now, seq_of(update));
        let delay = wanted_delay(&cadence);
        let mut car = Self {
            id: update.session_id,
            hole_end: arrival.seconds,
            delay,
            wanted_delay: delay,
            cadence,
            samples: Vec::with_capacity(MAX_SAMPLES),
            last_seq: seq_of(update),
            newest: now,
            loss: Loss {
                arrived: 1,
                lost: 0,
            },
            drawn: None,
        };
        car.samples.push(sample_of(update, arrival.seconds));
        car
    }

    pub(super) fn arrive(&mut self, update: &Update, now: Duration) {
        if self.is_double(update, now) {
            return;
        }
        self.newest = now;
        let shown = self.drawn.map(|drawn| drawn.at - self.delay);
        let before = shown.map(|shown| self.path(shown).position);
        let was_teleport = self.take(update, now);
        if was_teleport {
            self.drawn = None;
        } else if let (Some(drawn), Some(shown), Some(before)) = (self.drawn, shown, before) {
            let offset = drawn.offset + (before - self.path(shown).position);
            // This far off, a smooth correction would lead the car off the road, so it jumps.
            let offset = if offset.length() > TELEPORT_METRES {
                Vec3::default()
            } else {
                offset
            };
            self.drawn = Some(Drawn { offset, ..drawn });
        }
    }

    /// Insert a datagram. Says whether the car suddenly is somewhere else.
    fn take(&mut self, update: &Update, now: Duration) -> bool {
        let counts = u64::from(self.cadence.is_known());
        self.loss.arrived += counts;
        if let Some(seconds) = self.overtaken(update) {
            self.insert(sample_of(update, seconds));
            self.loss.lost = self.loss.lost.saturating_sub(counts);
            return false;
        }
        self.last_seq = seq_of(update);
        let arrival = self.cadence.arrive(now, seq_of(update));
        self.wanted_delay = wanted_delay(&self.cadence);
        if counts > 0 {
            self.loss.lost = self.loss.lost.saturating_add_signed(arrival.missed.into());
        }
        if let Some(seconds) = arrival.closes_hole_by {
            self.close_hole(seconds);
        }
        let last = self.samples[self.samples.len() - 1];
        if arrival.missed > 0 || arrival.after_pause {
            self.hole_end = arrival.seconds.max(last.seconds);
        }
        let is_teleport = self.is_teleport(update, arrival.seconds - last.seconds);
        if is_teleport {
            self.samples.clear();
        }
        self.append(sample_of(update, arrival.seconds));
        is_teleport
    }

    /// Append the newest sample. It replaces one at nearly the same moment: the speed between the two would be
    /// arbitrary.
    fn append(&mut self, sample: Sample) {
        let mut seconds = sample.seconds;
        if let Some(last) = self.samples.last().copied()
            && seconds < last.seconds + SAME_MOMENT * self.cadence.period()
        {
            seconds = seconds.max(last.seconds);
            self.samples.pop();
        }
        if self.samples.len() >= MAX_SAMPLES {
            self.samples.remove(0);
        }
        self.samples.push(Sample { seconds, ..sample });
    }

    /// Samples counted as lost were only late: those after the last hole belong earlier.
    fn close_hole(&mut self, seconds: f64) {
        let behind = self
            .samples
            .partition_point(|sample| sample.seconds < self.hole_end);
        let before = behind
            .checked_sub(1)
            .map(|index| self.samples[index].seconds);
        // Two samples at nearly the same moment would give an absurd speed.
        let apart = SAME_MOMENT * self.cadence.period();
        let room = before.map_or(f64::INFINITY, |before| self.hole_end - before - apart);
        let by = seconds.min(room.max(0.0));
        self.samples
            .iter_mut()
            .skip(behind)
            .for_each(|sample| sample.seconds -= by);
        self.hole_end -= by;
    }

    /// Say whether a datagram is a duplicate: by its number if it has one, otherwise because a moving car is never in
    /// exactly one place twice. A car that has just stopped is, but a send interval later.
    fn is_double(&self, update: &Update, now: Duration) -> bool {
        if let (Some(last), Some(seq)) = (self.last_seq, seq_of(update)) {
            return seq == last;
        }
        let rotation = update.rotation.normalized();
        let newest = || self.samples.iter().rev().take(DOUBLE_MEMORY);
        let same = |sample: &Sample| {
            sample.position == update.position && Some(sample.rotation) == rotation
        };
        if newest().next().is_some_and(same) {
            let since = now.saturating_sub(self.newest).as_secs_f64();
            return since < SAME_MOMENT * self.cadence.period();
        }
        let stands = newest()
            .zip(newest().skip(1))
            .any(|(a, b)| a.position.distance(b.position) < STANDING_METRES);
        newest().any(same) && !stands
    }

    /// Find the time of a datagram that a later one overtook: by its number if it has one, otherwise by its place on
    /// the path between two samples with a hole between them.
    fn overtaken(&self, update: &Update) -> Option<f64> {
        let last = self.samples[self.samples.len() - 1];
        if let (Some(last_seq), Some(seq)) = (self.last_seq, seq_of(update)) {
            let behind = f64::from(last_seq.checked_sub(seq)?);
            return (behind > 0.0).then(|| last.seconds - behind * self.cadence.period());
        }
        let before = self.samples.get(self.samples.len().checked_sub(2)?)?;
        let way = last.position - before.position;
        let hole = last.seconds - before.seconds;
        let along = (update.position - before.position).dot(way) / way.dot(way).max(1e-6);
        let aside = update.position.distance(before.position + way * along);
        let fits =
            way.length() > 0.5 && (0.05..0.95).contains(&along) && aside < 0.25 * way.length();
        (fits && hole > 1.5 * self.cadence.period())
            .then(|| before.seconds + hole * f64::from(along))
    }

    fn insert(&mut self, sample: Sample) {
        let place = self
            .samples
            .partition_point(|other| other.seconds < sample.seconds);
        let apart = |index: usize| {
            let other = self
                .samples
                .get(index)
                .map_or(f64::INFINITY, |other| other.seconds);
            (other - sample.seconds).abs() > SAME_MOMENT * self.cadence.period()
        };
        // A datagram older than all samples is useless. One in an interval that has its sample is a duplicate.
        if place > 0 && apart(place - 1) && apart(place) && self.samples.len() < MAX_SAMPLES {
            self.samples.insert(place, sample);
        }
    }

    fn is_teleport(&self, update: &Update, seconds: f64) -> bool {
        let last = &self.samples[self.samples.len() - 1];
        last.position.distance(update.position) > TELEPORT_METRES.max(MAX_SPEED * seconds as f32)
    }

    pub(super) fn sample(&mut self, now: Duration) -> Pose {
        let seconds = now.as_secs_f64();
        let passed = self
            .drawn
            .map_or(0.0, |drawn| (seconds - drawn.at).max(0.0));
        let step = DELAY_SLEW * passed;
        // `clamp` formats its bounds in a panic message, and that code would be downloaded.
        self.delay += (self.wanted_delay - self.delay).max(-step).min(step);
        let path = self.path(seconds - self.delay);
        let left = correction_left(passed);
        let offset = self
            .drawn
            .map_or(Vec3::default(), |drawn| drawn.offset * left);
        self.drawn = Some(Drawn {
            at: seconds,
            offset,
        });
        Pose {
            position: path.position + offset,
            rotation: path.rotation,
            speed: path.velocity.length(),
            age: now.saturating_sub(self.newest),
            stale: path.stale,
        }
    }

    fn path(&self, seconds: f64) -> Path {
        let Some(next) = self
            .samples
            .iter()
            .position(|sample| sample.seconds > seconds)
        else {
            return self.beyond(self.samples.len() - 1, seconds);
        };
        let Some(before) = next.checked_sub(1) else {
            return Path::standing(&self.samples[0]);
        };
        // The path in between is unknown: the car stays, then stands at the next place.
        if self.samples[next].seconds - self.samples[before].seconds > MAX_BRIDGE_SECONDS {
            return self.beyond(before, seconds);
        }
        self.between(before, seconds)
    }

    /// Interpolate between two samples: a cubic Hermite curve, the turn by the shortest way.
    fn between(&self, index: usize, seconds: f64) -> Path {
        let (from, to) = (self.samples[index], self.samples[index + 1]);
        let span = (to.seconds - from.seconds) as f32;
        let t = ((seconds - from.seconds) / (to.seconds - from.seconds)) as f32;
        let (v0, v1) = (self.velocity(index) * span, self.velocity(index + 1) * span);
        let (p0, p1) = (from.position, to.position);
        let (t2, t3) = (t * t, t * t * t);
        let position = p0 * (2.0 * t3 - 3.0 * t2 + 1.0)
            + v0 * (t3 - 2.0 * t2 + t)
            + p1 * (3.0 * t2 - 2.0 * t3)
            + v1 * (t3 - t2);
        let slope = p0 * (6.0 * t2 - 6.0 * t)
            + v0 * (3.0 * t2 - 4.0 * t + 1.0)
            + p1 * (6.0 * t - 6.0 * t2)
            + v1 * (3.0 * t2 - 2.0 * t);
        let rotation = from.rotation.slerp(to.rotation, t);
        Path {
            position,
            rotation,
            velocity: slope * (1.0 / span),
            stale: false,
        }
    }

    /// Extrapolate from a sample, for a while.
    fn beyond(&self, index: usize, seconds: f64) -> Path {
        let last = self.samples[index];
        let ahead = seconds - last.seconds;
        let on = ahead.min(MAX_EXTRAPOLATION.as_secs_f64());
        let stale = ahead > MAX_EXTRAPOLATION.as_secs_f64();
        let velocity = self.guess(index);
        let rotation = match index.checked_sub(1).map(|before| self.samples[before]) {
            Some(before) => {
                let turned = 1.0 + (on / (last.seconds - before.seconds)).min(MAX_TURN_ON);
                before.rotation.slerp(last.rotation, turned as f32)
            }
            None => last.rotation,
        };
        let position = last.position + velocity * on as f32;
        let velocity = if stale { Vec3::default() } else { velocity };
        Path {
            position,
            rotation,
            velocity,
            stale,
        }
    }

    /// The velocity to extrapolate with from a sample, at most a little faster than the car's recent speed. A sender
    /// that hung makes up for it in a leap, and a leap does not go on.
    fn guess(&self, index: usize) -> Vec3 {
        let velocity = self.velocity(index);
        // The leap itself, between the last two samples, is left out.
        let before = index.saturating_sub(1);
        let first = before.saturating_sub(LATE_SAMPLES);
        let seconds = (self.samples[before].seconds - self.samples[first].seconds) as f32;
        if seconds <= 0.0 {
            return velocity;
        }
        let driven: f32 = (first..before)
            .map(|from| {
                self.samples[from]
                    .position
                    .distance(self.samples[from + 1].position)
            })
            .sum();
        let most = driven / seconds * GUESS_FACTOR + GUESS_MORE;
        velocity * (most / velocity.length().max(most))
    }

    /// The velocity at a sample: the slope of the parabola through it and its two neighbours, at the ends through the
    /// nearest three. It is limited to a little more than the smaller slope beside it. Slopes that differ more than a
    /// car's can come from an error in time, and the curve would overshoot.
    fn velocity(&self, index: usize) -> Vec3 {
        let count = self.samples.len();
        let middle = index.clamp(1, count.saturating_sub(2).max(1));
        let (Some((before, h0)), Some((after, h1))) = (self.slope(middle - 1), self.slope(middle))
        else {
            return self.slope(0).map_or(Vec3::default(), |(slope, _)| slope);
        };
        let share = |part: f64| (part / (h0 + h1)) as f32;
        let velocity = if index < middle {
            before + (before - after) * share(h0)
        } else if index > middle {
            after + (after - before) * share(h1)
        } else {
            before * share(h1) + after * share(h0)
        };
        let most = before.length().min(after.length()) * SLOPE_FACTOR + SLOPE_MORE;
        velocity * (most / velocity.length().max(most))
    }

    /// The slope from a sample to the next, and the time between them.
    fn slope(&self, from: usize) -> Option<(Vec3, f64)> {
        let (a, b) = (self.samples.get(from)?, self.samples.get(from + 1)?);
        let seconds = b.seconds - a.seconds;
        Some(((b.position - a.position) * (1.0 / seconds) as f32, seconds))
    }
}

#[derive(Debug, Clone, Copy)]
struct Path {
    position: Vec3,
    rotation: Quat,
    velocity: Vec3,
    stale: bool,
}

impl Path {
    fn standing(sample: &Sample) -> Self {
        Self {
            position: sample.position,
            rotation: sample.rotation,
            velocity: Vec3::default(),
            stale: false,
        }
    }
}

/// What part of an offset is left after this many seconds.
pub(crate) fn correction_left(passed: f64) -> f32 {
    geometry::exp(-passed / CORRECTION_SECONDS) as f32
}

/// One send interval and the lateness of 19 in 20, so that the next sample is there when it is needed.
fn wanted_delay(cadence: &Cadence) -> f64 {
    let wanted = cadence.period() + cadence.lateness();
    wanted.clamp(MIN_DELAY.as_secs_f64(), MAX_DELAY.as_secs_f64())
}

fn sample_of(update: &Update, seconds: f64) -> Sample {
    let rotation = update.rotation.normalized().unwrap_or_default();
    Sample {
        seconds,
        position: update.position,
        rotation,
    }
}

/// The sender's count. Servers put 0 where there is none (facts, section 6.7).
fn seq_of(update: &Update) -> Option<i32> {
    update.seq.filter(|&seq| seq != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_samples_at_nearly_one_moment_do_not_make_the_car_overshoot() {
        let update = |x: f32| Update {
            session_id: "car".parse().unwrap(),
            seq: None,
            position: Vec3::new(x, 0.0, 0.0),
            rotation: Quat::IDENTITY,
        };
        let mut car = Car::new(&update(0.0), Duration::ZERO);
        // Half a metre each, but one step seems to take a millisecond.
        car.samples = [
            (0.0, 0.0),
            (0.05, 0.5),
            (0.051, 1.0),
            (0.1, 1.5),
            (0.15, 2.0),
        ]
        .map(|(seconds, x)| sample_of(&update(x), seconds))
        .into();
        for step in 0..150 {
            let x = car.path(f64::from(step) / 1000.0).position.x;
            assert!((-0.3..2.3).contains(&x), "at {x} m after {step} ms");
        }
    }
}
