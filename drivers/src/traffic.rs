//! The other cars of a room: where they are now, from the positions that a bot receives.

use std::time::Duration;

use glam::Vec2;
use protocol::datagram::Update;
use protocol::id::SessionId;

use super::driver::Neighbour;
use rules::ROOM_SEATS;

/// How long a car counts after its last position.
const FORGET_AFTER: Duration = Duration::from_secs(2);
/// How long a position is extrapolated by the car's speed; longer would be guessing.
const MAX_EXTRAPOLATION: Duration = Duration::from_millis(200);
/// Two positions closer in time than this do not give a speed.
const MIN_INTERVAL: Duration = Duration::from_millis(15);
/// A car that seems faster than this has jumped, in m/s.
const MAX_SPEED: f32 = 120.0;
/// How many cars are kept: a full room, and as many that have left.
const MAX_CARS: usize = 2 * ROOM_SEATS;

#[derive(Debug)]
struct Car {
    place: Vec2,
    velocity: Vec2,
    received: Duration,
}

/// The other cars, in the order they came, so that the same race is the same each time.
#[derive(Debug, Default)]
pub struct Traffic(Vec<(SessionId, Car)>);

impl Traffic {
    /// Take a position of another car.
    pub fn update(&mut self, update: &Update, now: Duration) {
        let place = Vec2::new(update.position.x, update.position.z);
        if !update.position.is_finite() {
            return;
        }
        let known = self.0.iter_mut().find(|(id, _)| *id == update.session_id);
        if let Some((_, car)) = known {
            let passed = now.saturating_sub(car.received);
            if passed < MIN_INTERVAL {
                car.place = place;
                return;
            }
            let velocity = (place - car.place) / passed.as_secs_f32();
            let possible = velocity.length() < MAX_SPEED && passed < FORGET_AFTER;
            // The average of two evens out the times of arrival.
            car.velocity = if possible {
                car.velocity.midpoint(velocity)
            } else {
                Vec2::ZERO
            };
            (car.place, car.received) = (place, now);
        } else if self.0.len() < MAX_CARS {
            let car = Car {
                place,
                velocity: Vec2::ZERO,
                received: now,
            };
            self.0.push((update.session_id, car));
        }
    }

    /// Give where the other cars are now.
    pub fn neighbours(&mut self, now: Duration) -> Vec<Neighbour> {
        self.0
            .retain(|(_, car)| now.saturating_sub(car.received) < FORGET_AFTER);
        let neighbour = |car: &Car| {
            let passed = now
                .saturating_sub(car.received)
                .min(MAX_EXTRAPOLATION)
                .as_secs_f32();
            Neighbour {
                place: car.place + car.velocity * passed,
                velocity: car.velocity,
            }
        };
        self.0.iter().map(|(_, car)| neighbour(car)).collect()
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
    fn a_car_is_extrapolated_by_its_speed_until_it_is_forgotten() {
        let mut traffic = Traffic::default();
        for beat in 0..20_u16 {
            traffic.update(&update("A", f32::from(beat)), ms(u64::from(beat) * 50));
        }
        let [car] = traffic.neighbours(ms(1050))[..] else {
            panic!("one car");
        };
        assert!(
            (car.velocity.x - 20.0).abs() < 0.1 && car.velocity.y == 0.0,
            "{car:?}"
        );
        assert!(
            (car.place.x - 21.0).abs() < 0.1 && car.place.y == 7.0,
            "{car:?}"
        );
        assert!(traffic.neighbours(ms(950) + FORGET_AFTER).is_empty());
    }

    #[test]
    fn a_jump_gives_no_speed() {
        let mut traffic = Traffic::default();
        traffic.update(&update("A", 0.0), ms(0));
        traffic.update(&update("A", 100.0), ms(50));
        assert_eq!(traffic.neighbours(ms(50))[0].velocity, Vec2::ZERO);
    }

    #[test]
    fn no_more_cars_are_kept_than_a_room_can_have() {
        let mut traffic = Traffic::default();
        for index in 0..2 * MAX_CARS {
            traffic.update(&update(&format!("P{index}"), 0.0), ms(0));
        }
        assert_eq!(traffic.neighbours(ms(0)).len(), MAX_CARS);
    }
}
