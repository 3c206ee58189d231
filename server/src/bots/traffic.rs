//! The other cars of a room, as a bot hears of them.

use std::collections::HashMap;
use std::time::Duration;

use protocol::datagram::Update;
use protocol::id::SessionId;

use super::driver::Neighbour;
use super::line::Point;
use crate::rules::ROOM_SEATS;

/// How long a car counts that is not heard of any more.
const FORGET: Duration = Duration::from_secs(2);
/// How far a place is carried on by its speed: more is guessing.
const CARRY: Duration = Duration::from_millis(200);
/// Two places sooner after each other than this say nothing of the speed.
const SHORTEST: Duration = Duration::from_millis(15);
/// Who moves faster has been put somewhere else, in m/s.
const FASTEST: f32 = 120.0;
/// How many cars are kept: a full room, and as many who are gone.
const MAX_CARS: usize = 2 * ROOM_SEATS;

#[derive(Debug)]
struct Car {
    place: Point,
    velocity: Point,
    heard: Duration,
}

/// Everybody else.
#[derive(Debug, Default)]
pub(crate) struct Traffic(HashMap<SessionId, Car>);

impl Traffic {
    /// Take what somebody said of its own car.
    pub(crate) fn hear(&mut self, update: &Update, now: Duration) {
        let place = [update.position.x, update.position.z];
        if !update.position.is_finite() {
            return;
        }
        if let Some(car) = self.0.get_mut(&update.session_id) {
            let passed = now.saturating_sub(car.heard);
            if passed < SHORTEST {
                car.place = place;
                return;
            }
            let speed = [0, 1].map(|axis| (place[axis] - car.place[axis]) / passed.as_secs_f32());
            let possible = speed[0].hypot(speed[1]) < FASTEST && passed < FORGET;
            // Two in a row are averaged, since datagrams do not come evenly.
            car.velocity = if possible {
                [0, 1].map(|axis| (car.velocity[axis] + speed[axis]) / 2.0)
            } else {
                [0.0; 2]
            };
            (car.place, car.heard) = (place, now);
        } else if self.0.len() < MAX_CARS {
            let car = Car {
                place,
                velocity: [0.0; 2],
                heard: now,
            };
            self.0.insert(update.session_id, car);
        }
    }

    /// Where everybody is now.
    pub(crate) fn neighbours(&mut self, now: Duration) -> Vec<Neighbour> {
        self.0
            .retain(|_, car| now.saturating_sub(car.heard) < FORGET);
        let neighbour = |car: &Car| {
            let passed = now.saturating_sub(car.heard).min(CARRY).as_secs_f32();
            Neighbour {
                place: [0, 1].map(|axis| car.place[axis] + car.velocity[axis] * passed),
                velocity: car.velocity,
            }
        };
        self.0.values().map(neighbour).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::geometry::{Quat, Vec3};

    fn update(who: &str, x: f32) -> Update {
        Update {
            session_id: who.parse().unwrap(),
            seq: None,
            position: Vec3::new(x, 0.0, 7.0),
            rotation: Quat::IDENTITY,
        }
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn speed_is_learnt_and_carries_the_car_on_until_it_is_forgotten() {
        let mut traffic = Traffic::default();
        for beat in 0..20_u16 {
            traffic.hear(&update("A", f32::from(beat)), ms(u64::from(beat) * 50));
        }
        let [car] = traffic.neighbours(ms(1050))[..] else {
            panic!("one car");
        };
        assert!(
            (car.velocity[0] - 20.0).abs() < 0.1 && car.velocity[1] == 0.0,
            "{car:?}"
        );
        assert!(
            (car.place[0] - 21.0).abs() < 0.1 && car.place[1] == 7.0,
            "{car:?}"
        );
        assert!(traffic.neighbours(ms(950) + FORGET).is_empty());
    }

    #[test]
    fn a_leap_is_no_speed() {
        let mut traffic = Traffic::default();
        traffic.hear(&update("A", 0.0), ms(0));
        traffic.hear(&update("A", 100.0), ms(50));
        assert_eq!(traffic.neighbours(ms(50))[0].velocity, [0.0, 0.0]);
    }

    #[test]
    fn no_more_cars_are_kept_than_a_room_can_have() {
        let mut traffic = Traffic::default();
        for index in 0..2 * MAX_CARS {
            traffic.hear(&update(&format!("P{index}"), 0.0), ms(0));
        }
        assert_eq!(traffic.neighbours(ms(0)).len(), MAX_CARS);
    }
}
