//! Which datagrams are believed: how many in a second, how far a car may come and turn from one to the next, and what an
//! input may contain (facts, section 6.5). Without a clock; the rules say when each came.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use protocol::geometry::{Quat, Vec3};

use super::json::{Object, WrongType};
use super::packet::{Pose, position, rotation};

/// How many datagrams a session may send in [`RATE_WINDOW`].
pub(crate) const MAX_RATE: usize = 130;
const RATE_WINDOW: Duration = Duration::from_secs(1);
/// How many violations within [`VIOLATION_WINDOW`] are too many.
pub(crate) const MAX_VIOLATIONS: usize = 10;
const VIOLATION_WINDOW: Duration = Duration::from_secs(5 * 60);
/// A datagram that comes sooner after the last is not checked.
const SHORTEST: Duration = Duration::from_millis(8);
/// The jump between two datagrams further apart than this may be a long one.
const LONG: Duration = Duration::from_secs(1);
/// A datagram that comes later than this after the last is not checked.
const LONGEST: Duration = Duration::from_secs(5);
/// How far an input's time may be from the server's, in seconds.
const MAX_SKEW: f32 = 60.0;
/// How many ids are remembered: a datagram may name any. Twice as many as there are sessions.
const MAX_IDS: usize = 2_000;
/// Datagrams that name nobody share this entry.
const UNNAMED: &str = "unknown";

/// What a datagram may contain. Metres, seconds and radians.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    /// The highest speed that is taken.
    pub(crate) speed: f32,
    /// How far a car may come at any speed within a second.
    pub(crate) jump: f32,
    /// The same for a longer time.
    pub(crate) long_jump: f32,
    /// How fast a car may turn.
    pub(crate) turn: f32,
    /// How far from the origin a car may be on each axis.
    pub(crate) bounds: [f32; 3],
    pub(crate) input: InputRule,
}

/// Which members of an input are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputRule {
    /// `steering`, `throttle` and `brake`.
    Controls,
    /// `inputVector`.
    Vector,
}

/// What becomes of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is taken.
    Accepted,
    /// Too many have come.
    TooMany,
    /// It is not believed.
    Violation,
    /// It is not believed, and it was one too many.
    LastViolation,
}

/// What is known of every id that datagrams have named.
#[derive(Debug, Default)]
pub(crate) struct Validator {
    /// At most [`MAX_IDS`].
    ids: HashMap<String, History>,
}

#[derive(Debug, Default)]
struct History {
    /// When the newest datagrams came, at most [`MAX_RATE`].
    came: VecDeque<Duration>,
    /// When the newest violations were, at most [`MAX_VIOLATIONS`].
    violations: VecDeque<Duration>,
    /// The last `UPDATE` that was taken.
    last: Option<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    at: Duration,
    position: Vec3,
    rotation: Quat,
}

impl Validator {
    /// Judge a datagram that names a session. `seconds_of_day` is the time of day, UTC.
    pub(crate) fn judge(
        &mut self,
        limits: &Limits,
        named: Option<&str>,
        object: &Object<'_>,
        now: Duration,
        seconds_of_day: f32,
    ) -> Verdict {
        self.judge_by(named, now, |history| {
            match object.text("command")?.flatten().as_deref() {
                Some("UPDATE") => {
                    let (position, rotation) = (object.raw("position"), object.raw("rotation"));
                    let place = Place {
                        at: now,
                        position: self::position(position.ok_or(WrongType)?)?,
                        rotation: self::rotation(rotation.ok_or(WrongType)?)?,
                    };
                    Ok(history.believes(place, limits))
                }
                Some("INPUT") => limits.input.believes(object, seconds_of_day),
                _ => Ok(false),
            }
        })
    }

    /// Judge the place that a session gives by a line.
    pub(crate) fn judge_pose(
        &mut self,
        limits: &Limits,
        session: &str,
        pose: Pose,
        now: Duration,
    ) -> Verdict {
        let place = Place {
            at: now,
            position: pose.position,
            rotation: pose.rotation,
        };
        self.judge_by(Some(session), now, |history| {
            Ok(history.believes(place, limits))
        })
    }

    fn judge_by(
        &mut self,
        named: Option<&str>,
        now: Duration,
        believes: impl FnOnce(&mut History) -> Result<bool, WrongType>,
    ) -> Verdict {
        let named = named.unwrap_or(UNNAMED);
        if !self.ids.contains_key(named) && self.ids.len() >= MAX_IDS {
            // Only made-up ids fill this: those of sessions are forgotten with them.
            self.ids.clear();
        }
        let history = self.ids.entry(named.to_owned()).or_default();
        if note(&mut history.came, MAX_RATE, RATE_WINDOW, now) {
            return Verdict::TooMany;
        }
        if believes(history) == Ok(true) {
            return Verdict::Accepted;
        }
        let earlier = MAX_VIOLATIONS - 1;
        if note(&mut history.violations, earlier, VIOLATION_WINDOW, now) {
            Verdict::LastViolation
        } else {
            Verdict::Violation
        }
    }

    /// Forget a session that is gone.
    pub(crate) fn forget(&mut self, session: &str) {
        self.ids.remove(session);
    }
}

/// Note a moment; says whether `most` others are within `window` before it.
fn note(moments: &mut VecDeque<Duration>, most: usize, window: Duration, now: Duration) -> bool {
    let oldest = (moments.len() >= most)
        .then(|| moments.pop_front())
        .flatten();
    moments.push_back(now);
    oldest.is_some_and(|oldest| now.saturating_sub(oldest) < window)
}

impl History {
    fn believes(&mut self, place: Place, limits: &Limits) -> bool {
        let may_be_next = self
            .last
            .is_none_or(|last| last.may_lead_to(&place, limits));
        if may_be_next {
            self.last = Some(place);
        }
        may_be_next
    }
}

impl Place {
    fn may_lead_to(&self, next: &Self, limits: &Limits) -> bool {
        let pause = next.at.saturating_sub(self.at);
        if pause < SHORTEST || pause > LONGEST {
            return true;
        }
        let seconds = pause.as_secs_f32();
        let jump = next.position.distance(self.position);
        if pause > LONG && jump > (limits.speed * seconds).max(limits.long_jump) {
            return true;
        }
        if pause <= LONG && jump > (limits.speed * seconds).max(limits.jump) {
            return false;
        }
        let Vec3 { x, y, z } = next.position;
        let is_inside = |(value, bound): (f32, f32)| value.abs() <= bound;
        // A rotation that is not of length 1 seems to be turned.
        self.rotation.angle_to(next.rotation) <= limits.turn * seconds
            && [x, y, z].into_iter().zip(limits.bounds).all(is_inside)
    }
}

impl InputRule {
    fn believes(self, object: &Object<'_>, seconds_of_day: f32) -> Result<bool, WrongType> {
        let Some(input) = object.raw("input") else {
            return Ok(true);
        };
        let input = &Object::read(input)?;
        if let Some(time) = input.float("timestamp")?
            && (time - seconds_of_day).abs() > MAX_SKEW
        {
            return Ok(false);
        }
        let within = |object: &Object<'_>, name, range: std::ops::RangeInclusive<f32>| {
            let number = object.float(name)?;
            Ok(number.is_none_or(|number| range.contains(&number)))
        };
        match self {
            Self::Controls => Ok(within(input, "steering", -1.0..=1.0)?
                && within(input, "throttle", 0.0..=1.0)?
                && within(input, "brake", 0.0..=1.0)?),
            Self::Vector => {
                let Some(vector) = input.raw("inputVector") else {
                    return Ok(true);
                };
                let vector = Object::read(vector)?;
                let axis = |name| within(&vector, name, -1.0..=1.0);
                Ok(axis("x")? && axis("y")? && axis("z")?)
            }
        }
    }
}
