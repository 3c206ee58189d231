//! Driving with a virtual clock: alone, in a full field, and among cars that stand.

use super::super::track::{GRIP, Start, tests::demo};
use super::*;

const TICK: f32 = 0.05;

fn field(count: usize) -> Vec<Driver> {
    let track = Arc::new(demo());
    let driver = |number| Driver::new(Arc::clone(&track), number, DrivingStyle::nth(number));
    (0..count).map(driver).collect()
}

/// Let everybody drive on for one tick, each seeing the others as they were.
fn tick(field: &mut [Driver], standing: &[Vec2]) {
    let cars: Vec<Neighbour> = field.iter().map(neighbour).collect();
    for (index, driver) in field.iter_mut().enumerate() {
        let others = cars
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .map(|(_, car)| *car);
        let standing = standing.iter().map(|&place| Neighbour {
            place,
            velocity: Vec2::ZERO,
        });
        driver.advance(TICK, &others.chain(standing).collect::<Vec<_>>());
    }
}

fn neighbour(driver: &Driver) -> Neighbour {
    Neighbour {
        place: driver.place(),
        velocity: ahead_of(driver.yaw()) * driver.speed,
    }
}

/// Seconds of each full lap of a single car.
fn laps(number: usize, seconds: f32) -> Vec<f32> {
    let mut driver = Driver::new(Arc::new(demo()), number, DrivingStyle::nth(number));
    let (mut laps, mut begun, mut last) = (Vec::new(), None, 0.0);
    while driver.seconds < seconds {
        driver.advance(TICK, &[]);
        if let Leg::Oval(spot) = driver.leg {
            if spot.along < last {
                laps.extend(
                    begun
                        .replace(driver.seconds)
                        .map(|begun| driver.seconds - begun),
                );
            }
            last = spot.along;
        }
    }
    laps
}

#[test]
fn laps_take_as_long_as_a_racing_car_needs_and_everybody_differs() {
    let mut best: Vec<f32> = (0..18)
        .map(|number| {
            laps(number, 120.0)
                .into_iter()
                .fold(f32::INFINITY, f32::min)
        })
        .collect();
    assert!(
        best.iter().all(|lap| (19.0..32.0).contains(lap)),
        "{best:?}"
    );
    best.sort_by(f32::total_cmp);
    best.dedup_by(|a, b| (*a - *b).abs() < 1e-4);
    assert!(best.len() > 12, "{best:?}");
}

#[test]
fn a_car_begins_in_its_garage_with_its_nose_out() {
    let mut driver = Driver::new(Arc::new(demo()), 3, DrivingStyle::nth(3));
    let (place, turn) = driver.pose();
    assert_eq!((place, turn), (Vec3::new(47.0, 0.0, 0.8), Quat::IDENTITY));
    driver.advance(0.1, &[]);
    assert_eq!(driver.pose().0, place, "it takes a moment to get going");
}

#[test]
fn speeds_and_turns_stay_within_those_of_a_real_car() {
    for number in [0, 7, 17] {
        let mut driver = Driver::new(Arc::new(demo()), number, DrivingStyle::nth(number));
        let (mut place, mut yaw, mut speed) = (driver.place(), driver.yaw(), 0.0);
        while driver.seconds < 150.0 {
            driver.advance(TICK, &[]);
            let moved = place.distance(driver.place()) / TICK;
            let turned = turn(yaw, driver.yaw()) / TICK;
            let change = (driver.speed - speed) / TICK;
            assert!((0.0..=62.0).contains(&driver.speed));
            assert!(
                (moved - driver.speed).abs() < 3.5,
                "{moved} m/s at {}",
                driver.speed
            );
            assert!(
                (-BRAKING * 1.01..=ACCELERATION * 1.01).contains(&change),
                "{change}"
            );
            assert!(
                (turned * driver.speed).abs() < GRIP * 1.25,
                "{turned} rad/s at {}",
                driver.speed
            );
            if let Leg::Oval(spot) = driver.leg {
                assert!(
                    spot.across.abs() < driver.track.half_width - 1.0,
                    "{spot:?}"
                );
            }
            (place, yaw, speed) = (driver.place(), driver.yaw(), driver.speed);
        }
    }
}

#[test]
fn a_full_field_leaves_the_garages_and_races_without_touching() {
    let mut field = field(18);
    let mut nearest = f32::INFINITY;
    for _ in 0..(240.0 / TICK) as usize {
        tick(&mut field, &[]);
        for (index, driver) in field.iter().enumerate() {
            for other in &field[..index] {
                nearest = nearest.min(driver.place().distance(other.place()));
            }
        }
    }
    assert!(
        field
            .iter()
            .all(|driver| matches!(driver.leg, Leg::Oval(_)) && driver.speed > 5.0)
    );
    assert!(nearest > 1.9, "two cars came within {nearest} m");
}

#[test]
fn a_car_that_stands_on_the_track_is_driven_around() {
    let mut field = field(4);
    let place = field[0].track.oval.point(Spot {
        along: 500.0,
        across: 1.0,
    });
    let mut passed = [0; 4];
    let mut before = [0.0; 4];
    for _ in 0..(180.0 / TICK) as usize {
        tick(&mut field, &[place]);
        for (index, driver) in field.iter().enumerate() {
            assert!(driver.place().distance(place) > 1.9);
            if let Leg::Oval(spot) = driver.leg {
                passed[index] += usize::from(before[index] < 500.0 && spot.along >= 500.0);
                before[index] = spot.along;
            }
        }
    }
    assert!(passed.iter().all(|&times| times >= 3), "{passed:?}");
}

#[test]
fn a_car_that_cannot_pass_waits_behind() {
    let track = Arc::new(demo());
    let wall = |step: i16| {
        track.oval.point(Spot {
            along: 500.0,
            across: f32::from(step) * 2.0,
        })
    };
    let wall: Vec<Vec2> = (-4..=4).map(wall).collect();
    let mut field = field(1);
    for _ in 0..(90.0 / TICK) as usize {
        tick(&mut field, &wall);
        assert!(
            wall.iter()
                .all(|&place| field[0].place().distance(place) > GAP / 2.0)
        );
    }
    let Leg::Oval(spot) = field[0].leg else {
        panic!("still on its way out");
    };
    assert!(
        (480.0..500.0).contains(&spot.along) && field[0].speed < 0.1,
        "{spot:?}"
    );
}

#[test]
fn nobody_is_pushed_aside_by_a_car_that_changes_its_lane() {
    let mut driver = field(1).remove(0);
    driver.leg = Leg::Oval(Spot {
        along: 200.0,
        across: -4.0,
    });
    (driver.style.lane, driver.style.start_delay) = (3.0, 0.0);
    for _ in 0..(10.0 / TICK) as usize {
        let Leg::Oval(Spot { along, across }) = driver.leg else {
            panic!("off the oval");
        };
        assert!(across < -1.5, "{across}");
        let beside = Neighbour {
            place: driver.track.oval.point(Spot { along, across: 0.5 }),
            velocity: ahead_of(driver.track.oval.yaw(along)) * driver.speed,
        };
        driver.advance(TICK, &[beside]);
    }
}

#[test]
fn a_car_that_blocks_the_pit_lane_is_squeezed_past() {
    let mut field = field(3);
    // It stands in the lane, right in front of everybody.
    let Start::WayOut(lane) = field[2].track.start(0) else {
        panic!("it has garages");
    };
    let standing = [lane.point(Spot::on_line(30.0))];
    for _ in 0..(60.0 / TICK) as usize {
        tick(&mut field, &standing);
    }
    for driver in &field {
        assert!(matches!(driver.leg, Leg::Oval(_)), "{driver:?}");
    }
}

/// Every circuit of the demo, and one with only a line.
const CIRCUITS: [&str; 5] = [
    include_str!("../../../www/track.json"),
    include_str!("../../../www/tracks/park.json"),
    include_str!("../../../www/tracks/street.json"),
    include_str!("../../../www/tracks/hill.json"),
    include_str!("../../../track/tests/circuits/minimal.json"),
];

#[test]
fn a_field_drives_laps_on_every_circuit() {
    for file in CIRCUITS {
        let track = Arc::new(Track::parse(file).unwrap());
        let driver = |number| Driver::new(Arc::clone(&track), number, DrivingStyle::nth(number));
        let mut field: Vec<Driver> = (0..8).map(driver).collect();
        let (mut driven, mut nearest) = ([0.0_f32; 8], f32::INFINITY);
        let mut before = [None; 8];
        while field[0].seconds < 200.0 {
            tick(&mut field, &[]);
            for (index, driver) in field.iter().enumerate() {
                let Leg::Oval(spot) = driver.leg else {
                    continue;
                };
                assert!(
                    spot.across.abs() < track.half_width - 0.9,
                    "{index} is on the grass: {spot:?}"
                );
                let last: Option<f32> = before[index].replace(spot.along);
                driven[index] += last.map_or(0.0, |last| track.oval.gap(last, spot.along));
                for other in &field[..index] {
                    nearest = nearest.min(driver.place().distance(other.place()));
                }
            }
        }
        let laps = driven.map(|metres| metres / track.oval.length());
        assert!(laps.iter().all(|&laps| laps > 1.5), "{laps:?}");
        assert!(nearest > 1.9, "two cars came within {nearest} m");
    }
}

#[test]
fn a_circuit_may_be_as_narrow_as_a_car() {
    let file = CIRCUITS[4].replace("9.8", "3");
    let track = Arc::new(Track::parse(&file).unwrap());
    let mut driver = Driver::new(track, 0, DrivingStyle::nth(3));
    while driver.seconds < 60.0 {
        driver.advance(TICK, &[]);
    }
    assert!(driver.speed > 5.0);
}
