//! How a bot drives: out of its garage, along its own lane of the oval, as fast as its tyres and its style
//! allow, around or behind other cars. Pure: time and the other cars go in, a place and a turn come out.

use std::sync::Arc;

use glam::Vec2;
use protocol::geometry::{Quat, Vec3};

use super::line::{Line, Spot, ahead_of, right_of, turn};
use super::track::{BRAKING, Start, Track};

/// How hard a car accelerates from a standstill, in m/s².
const ACCELERATION: f32 = 7.0;
/// How fast a car goes between the garage doors, in m/s.
const GARAGE_SPEED: f32 = 4.0;
/// How far it goes at that speed, in metres.
const GARAGE_METRES: f32 = 16.0;
/// How fast a car goes in the pit lane, in m/s.
const PIT_SPEED: f32 = 16.0;
/// How fast a car goes on the last metres before the oval, in m/s.
const MERGE_SPEED: f32 = 28.0;
/// How long that last part is, in metres.
const MERGE_METRES: f32 = 55.0;
/// The distance a car keeps to the one in front, in metres from middle to middle.
const GAP: f32 = 9.0;
/// Two cars closer than this sideways block each other, in metres.
const CLEARANCE: f32 = 2.6;
/// Two cars closer than this along the track are beside each other, in metres.
const BESIDE: f32 = 7.0;
/// The distance a car keeps to the edge of the track, in metres.
const EDGE: f32 = 1.6;
/// The highest sideways speed of a car that changes its lane, in m/s.
const MAX_SIDEWAYS: f32 = 3.0;
/// How fast a car goes around another that stands, in m/s.
const CREEP: f32 = 2.0;
/// The share of its braking power that a car plans with when it comes up behind another.
const CAUTION: f32 = 0.6;
/// How long a car waits for others in the pit lane before it squeezes past, in seconds.
const MAX_WAIT: f32 = 4.0;

/// What makes each bot drive differently.
#[derive(Debug, Clone)]
pub struct DrivingStyle {
    /// Where it likes to drive, in metres right of the centreline.
    lane: f32,
    /// The share of the tyres' highest speed that it uses, 0 to 1.
    pace: f32,
    /// What its car can do, in m/s.
    top_speed: f32,
    /// How far it sways about its lane, and how long one sway takes.
    sway_metres: f32,
    sway_seconds: f32,
    /// How long it waits at the start, in seconds.
    start_delay: f32,
}

/// Another car, as far as the bot knows.
#[derive(Debug, Clone, Copy)]
pub struct Neighbour {
    /// Its `x` and `z` on the wire's axes, in metres.
    pub place: Vec2,
    /// In m/s.
    pub velocity: Vec2,
}

/// A bot's car.
#[derive(Debug)]
pub struct Driver {
    track: Arc<Track>,
    style: DrivingStyle,
    leg: Leg,
    /// In m/s, never negative.
    speed: f32,
    /// Sideways, in m/s.
    sideways: f32,
    seconds: f32,
    waited: f32,
}

#[derive(Debug)]
enum Leg {
    /// From the garage to the oval: how far along.
    WayOut(Line, f32),
    Oval(Spot),
}

/// Another car, relative to the bot's own.
#[derive(Debug, Clone, Copy)]
struct NearbyCar {
    /// Metres in front, negative behind.
    ahead: f32,
    /// Metres right of the line.
    across: f32,
    /// Along the line, in m/s.
    speed: f32,
}

impl DrivingStyle {
    /// Give the style of the bot with this number.
    pub fn nth(number: usize) -> Self {
        Self::drawn(number, 0.0)
    }

    /// The same style, varied by a random number from 0 to 1.
    pub fn drawn(number: usize, luck: f32) -> Self {
        // The fractions of multiples of an irrational number spread evenly over 0 to 1 and do not repeat.
        let spread = |step: f32| ((number as f32 + 1.0) * step + luck).fract();
        Self {
            lane: -3.5 + 7.0 * spread(0.618_034),
            pace: 0.86 + 0.11 * spread(0.754_878),
            top_speed: 55.0 + 7.0 * spread(0.569_840),
            sway_metres: 0.3 + 0.5 * spread(0.819_173),
            sway_seconds: 7.0 + 6.0 * spread(0.671_044),
            start_delay: 0.3 + 0.9 * number as f32,
        }
    }
}

impl Driver {
    /// Put a car into a garage, or onto the grid.
    pub fn new(track: Arc<Track>, garage: usize, style: DrivingStyle) -> Self {
        let leg = match track.start(garage) {
            Start::WayOut(way) => Leg::WayOut(way, 0.0),
            Start::OnGrid(spot) => Leg::Oval(spot),
        };
        Self {
            track,
            style,
            leg,
            speed: 0.0,
            sideways: 0.0,
            seconds: 0.0,
            waited: 0.0,
        }
    }

    /// Drive on for `seconds` among other cars.
    pub fn advance(&mut self, seconds: f32, others: &[Neighbour]) {
        self.seconds += seconds;
        if self.seconds < self.style.start_delay {
            return;
        }
        let before = self.speed;
        match &self.leg {
            Leg::WayOut(way, along) => {
                let wanted = self.speed_on_way_out(way, *along, others);
                self.approach(wanted, seconds);
            }
            Leg::Oval(spot) => {
                let (wanted, across) = self.plan(*spot, others);
                let most = MAX_SIDEWAYS.min(0.35 * self.speed);
                let sideways = ((across - spot.across) / 0.5).clamp(-most, most);
                self.approach(wanted, seconds);
                // Turning the wheel takes time.
                self.sideways += (sideways - self.sideways) * (seconds * 4.0).min(1.0);
            }
        }
        self.waited = if self.speed < 0.3 {
            self.waited + seconds
        } else if self.waited > MAX_WAIT && self.speed <= CREEP {
            // It squeezes past until the way is free, or two cars that wait for each other would wait for ever.
            self.waited
        } else {
            0.0
        };
        self.go((before + self.speed) / 2.0 * seconds, seconds);
    }

    /// Where the car is and which way it points, on the wire's axes.
    pub fn pose(&self) -> (Vec3, Quat) {
        let place = self.place();
        (Vec3::new(place.x, 0.0, place.y), Quat::from_yaw(self.yaw()))
    }

    fn place(&self) -> Vec2 {
        match &self.leg {
            Leg::WayOut(way, along) => way.point(Spot::on_line(*along)),
            Leg::Oval(spot) => self.track.oval.point(*spot),
        }
    }

    fn yaw(&self) -> f32 {
        match &self.leg {
            // In the garage the nose points straight out.
            Leg::WayOut(_, 0.0) => 0.0,
            Leg::WayOut(way, along) => way.yaw(*along),
            Leg::Oval(spot) => {
                let drift = if self.speed > 0.5 {
                    (self.sideways / self.speed).atan()
                } else {
                    0.0
                };
                turn(0.0, self.track.oval.yaw(spot.along) + drift)
            }
        }
    }

    fn go(&mut self, metres: f32, seconds: f32) {
        match &mut self.leg {
            Leg::WayOut(way, along) => {
                *along += metres;
                let beyond = *along - way.length();
                if beyond >= 0.0 {
                    let end = way.point(Spot::on_line(*along));
                    let mut spot = self.track.oval.spot(end, None);
                    spot.along += beyond;
                    self.leg = Leg::Oval(spot);
                }
            }
            Leg::Oval(spot) => {
                spot.along = (spot.along + metres).rem_euclid(self.track.oval.length());
                spot.across += self.sideways * seconds;
            }
        }
    }

    /// Change to a speed as fast as engine and brakes allow.
    fn approach(&mut self, wanted: f32, seconds: f32) {
        let effort = 1.0 - (self.speed / (self.style.top_speed * 1.15)).powi(2);
        let fastest = self.speed + ACCELERATION * effort.max(0.0) * seconds;
        let slowest = (self.speed - BRAKING * seconds).max(0.0);
        self.speed = wanted.clamp(slowest, fastest);
    }

    fn speed_on_way_out(&self, way: &Line, along: f32, others: &[Neighbour]) -> f32 {
        let wanted = if along < GARAGE_METRES {
            GARAGE_SPEED
        } else if along < way.length() - MERGE_METRES {
            PIT_SPEED
        } else {
            MERGE_SPEED
        };
        let (place, yaw) = (self.place(), way.yaw(along));
        let mut wanted = wanted * self.style.pace;
        for other in others {
            let to_other = other.place - place;
            let car = NearbyCar {
                ahead: to_other.dot(ahead_of(yaw)),
                across: to_other.dot(right_of(yaw)),
                speed: other.velocity.dot(ahead_of(yaw)),
            };
            if car.ahead > 0.0 && car.ahead < 40.0 && car.across.abs() < CLEARANCE {
                wanted = wanted.min(following(car));
            }
        }
        if self.waited > MAX_WAIT {
            wanted.max(CREEP)
        } else {
            wanted
        }
    }

    /// Choose a speed and a place across the oval.
    fn plan(&self, spot: Spot, others: &[Neighbour]) -> (f32, f32) {
        let DrivingStyle {
            lane,
            pace,
            top_speed,
            ..
        } = self.style;
        let mut speed = (self.track.limit(spot.along) * pace).min(top_speed);
        let phase = self.seconds / self.style.sway_seconds * std::f32::consts::TAU;
        let mut across = lane + self.style.sway_metres * phase.sin();
        let seen = self.look(spot, others);
        let in_the_way = |car: &&NearbyCar| {
            let met = (car.across - spot.across).abs() < CLEARANCE;
            let wanted = (car.across - across).abs() < CLEARANCE && car.ahead > BESIDE;
            car.ahead > 0.0 && (met || wanted) && car.speed < speed
        };
        let blocker = seen
            .iter()
            .filter(in_the_way)
            .min_by(|a, b| a.ahead.total_cmp(&b.ahead))
            .copied();
        if let Some(blocker) = blocker {
            let way_past = self.way_past(spot, blocker, &seen);
            across = way_past.unwrap_or(spot.across);
            if (blocker.across - spot.across).abs() < CLEARANCE {
                let creep = if way_past.is_some() && blocker.ahead > GAP / 3.0 {
                    CREEP
                } else {
                    0.0
                };
                speed = speed.min(following(blocker).max(creep));
            }
        }
        for car in seen.iter().filter(|car| car.ahead.abs() < BESIDE) {
            // Leave room for the car beside.
            if car.across >= spot.across {
                across = across.min(car.across - CLEARANCE);
            } else {
                across = across.max(car.across + CLEARANCE);
            }
        }
        let edge = (self.track.half_width - EDGE).max(0.0);
        (speed, across.clamp(-edge, edge))
    }

    /// List the cars on the oval that are near enough to matter.
    fn look(&self, spot: Spot, others: &[Neighbour]) -> Vec<NearbyCar> {
        let far = 25.0 + self.speed * self.speed / (2.0 * BRAKING * CAUTION);
        let place = self.place();
        let oval = &self.track.oval;
        let near = others
            .iter()
            .filter(|other| other.place.distance(place) < far);
        let seen = near.map(|other| {
            let there = oval.spot(other.place, Some(spot.along));
            NearbyCar {
                ahead: oval.gap(spot.along, there.along),
                across: there.across,
                speed: other.velocity.dot(ahead_of(oval.yaw(there.along))),
            }
        });
        seen.filter(|car| car.across.abs() < self.track.half_width + CLEARANCE)
            .collect()
    }

    /// Find the side on which there is room beside a car, the nearer one first.
    fn way_past(&self, spot: Spot, blocker: NearbyCar, seen: &[NearbyCar]) -> Option<f32> {
        let edge = (self.track.half_width - EDGE).max(0.0);
        let mut sides = [
            blocker.across - CLEARANCE * 1.15,
            blocker.across + CLEARANCE * 1.15,
        ];
        if (sides[1] - spot.across).abs() < (sides[0] - spot.across).abs() {
            sides.swap(0, 1);
        }
        let is_free = |side: &f32| {
            let beside =
                |car: &NearbyCar| car.ahead > -BESIDE && car.ahead < blocker.ahead + BESIDE;
            let taken =
                |car: &&NearbyCar| beside(car) && (car.across - side).abs() < CLEARANCE * 0.95;
            side.abs() <= edge && !seen.iter().any(|car| taken(&car))
        };
        sides.into_iter().find(|side| is_free(side))
    }
}

/// How fast to go behind another car, so that bots can always brake in time.
fn following(car: NearbyCar) -> f32 {
    let (room, theirs) = (car.ahead - GAP, car.speed.max(0.0));
    if room > 0.0 {
        (theirs * theirs + 2.0 * BRAKING * CAUTION * room).sqrt()
    } else {
        (theirs + room).max(0.0)
    }
}

#[cfg(test)]
mod tests;
