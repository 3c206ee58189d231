//! Timelines behind a seeded bad network, with a virtual clock, against the path the cars truly drove.

use super::*;
use crate::geometry::{Quat, Vec3};
use crate::snapshot::Car;
use crate::tests::network::{Conditions, Network};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

mod lateness;
mod smoothness;

const FRAME: Duration = Duration::from_micros(16_667);
const TICK: Duration = Duration::from_millis(50);
/// The relay's clock at the beginning: not 0, and close before its wrap.
const EPOCH_MS: u32 = u32::MAX - 5000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn car(index: u8, x: f32) -> Car {
    Car {
        index,
        stale: false,
        position: Vec3::new(x, 0.0, 0.0),
        rotation: Quat::IDENTITY,
        speed: 20.0,
        age: ms(10),
    }
}

fn bytes_at(time: Duration, cars: Vec<Car>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let snapshot = Snapshot {
        number: (time.as_millis() / TICK.as_millis()) as u32,
        time_ms: EPOCH_MS.wrapping_add(time.as_millis() as u32),
        cars,
    };
    snapshot.encode(&mut bytes);
    bytes
}

/// A timeline that got a snapshot each tick up to `end`, without delay, of a car that drives along x at 20 m/s.
fn fed(end: Duration) -> Timeline {
    let mut timeline = Timeline::default();
    feed(&mut timeline, ms(0), end);
    timeline
}

fn feed(timeline: &mut Timeline, from: Duration, end: Duration) {
    let mut now = from;
    while now <= end {
        let cars = vec![car(3, 20.0 * now.as_secs_f32())];
        timeline.handle_snapshot(&bytes_at(now, cars), now).unwrap();
        now += TICK;
    }
}

fn poses(timeline: &mut Timeline, at: Duration) -> Vec<(usize, Pose)> {
    timeline.sample(at).collect()
}

fn x_of(timeline: &mut Timeline, at: Duration) -> f32 {
    poses(timeline, at)[0].1.position.x
}

#[test]
fn there_is_nothing_before_the_first_snapshot() {
    let mut timeline = Timeline::default();
    assert_eq!((timeline.start(), timeline.newest()), (None, None));
    assert_eq!(timeline.live(ms(5000)), None);
    assert_eq!(poses(&mut timeline, ms(0)), []);
    timeline
        .handle_snapshot(&bytes_at(ms(0), vec![car(3, 1.0)]), ms(5000))
        .unwrap();
    assert_eq!(timeline.live(ms(5000)), Some(ms(0)));
    assert_eq!(x_of(&mut timeline, ms(0)), 1.0);
}

#[test]
fn any_moment_can_be_shown() {
    let mut timeline = fed(ms(4000));
    for at in [0, 1, 49, 50, 51, 1234, 3999, 4000] {
        let (index, pose) = poses(&mut timeline, ms(at))[0];
        let expected = at as f32 / 50.0;
        assert!(
            (pose.position.x - expected).abs() < 0.011,
            "{pose:?} at {at} ms"
        );
        assert!((pose.speed - 20.0).abs() < 0.01 && !pose.stale);
        assert_eq!((index, pose.age), (3, ms(10 + at % 50)));
    }
}

#[test]
fn old_and_doubled_snapshots_change_nothing() {
    let mut timeline = fed(ms(1000));
    let bytes = timeline.bytes();
    for old in [950, 1000] {
        let snapshot = bytes_at(ms(old), vec![car(3, 999.0)]);
        let taken = timeline.handle_snapshot(&snapshot, ms(1010));
        assert_eq!(taken, Ok(Taken::Old));
    }
    assert_eq!(
        (timeline.newest(), timeline.bytes()),
        (Some(ms(1000)), bytes)
    );
    let next = bytes_at(ms(1200), vec![]);
    let taken = timeline.handle_snapshot(&next, ms(1200));
    assert_eq!(
        taken,
        Ok(Taken::New {
            skipped: 3,
            cars: 0
        })
    );
    let next = bytes_at(ms(9000), vec![]);
    let taken = timeline.handle_snapshot(&next, ms(9000));
    assert_eq!(
        taken,
        Ok(Taken::New {
            skipped: 0,
            cars: 0
        }),
        "it was empty"
    );
}

#[test]
fn a_car_continues_for_250_ms_and_then_is_stale() {
    let mut timeline = fed(ms(2000));
    let (_, moving) = poses(&mut timeline, ms(2200))[0];
    assert!((moving.position.x - 44.0).abs() < 0.1 && !moving.stale);
    for at in [ms(2400), Duration::MAX] {
        let (_, standing) = poses(&mut timeline, at)[0];
        assert!((standing.position.x - 45.0).abs() < 0.1, "{standing:?}");
        assert!(standing.stale && standing.speed == 0.0);
    }
}

#[test]
fn a_wrong_guess_is_corrected_smoothly_for_every_reader() {
    let mut timeline = fed(ms(2000));
    poses(&mut timeline, Duration::MAX);
    let mut last = x_of(&mut timeline, ms(2200));
    // It braked while no snapshot came, and is behind the guess.
    for at in (2050..3000).step_by(50) {
        let now = ms(at).max(ms(2201));
        let cars = vec![car(3, 41.0)];
        timeline
            .handle_snapshot(&bytes_at(ms(at), cars), now)
            .unwrap();
    }
    for step in 0..60u32 {
        poses(&mut timeline, ms(700));
        let x = x_of(&mut timeline, ms(2200) + FRAME * step);
        assert!((x - last).abs() < 0.7, "jumped from {last} to {x}");
        last = x;
    }
    assert!((last - 41.0).abs() < 0.01, "{last}");
    assert!(
        (x_of(&mut timeline, ms(2190)) - 41.0).abs() < 0.1,
        "the history is true"
    );
}

#[test]
fn the_live_moment_goes_on_without_snapshots_until_all_cars_are_stale() {
    let mut timeline = fed(ms(2000));
    let live = timeline.live(ms(2100)).unwrap();
    assert!(live > ms(1900) && live < ms(2060), "{live:?}");
    let held = timeline.live(ms(2900)).unwrap();
    assert!(held > ms(2250) && held < ms(2260), "{held:?}");
    assert_eq!(timeline.live(ms(9000)), Some(held));
    assert!(poses(&mut timeline, held)[0].1.stale);
    feed(&mut timeline, ms(9050), ms(9100));
    let live = timeline.live(ms(9100)).unwrap();
    assert!(live > ms(8900), "it jumps behind a long silence: {live:?}");
}

#[test]
fn cars_stand_still_in_a_gap_and_are_in_place_after_it() {
    let mut timeline = fed(ms(2000));
    feed(&mut timeline, ms(4000), ms(5000));
    let (_, pose) = poses(&mut timeline, ms(3900))[0];
    assert!(
        (pose.position.x - 45.0).abs() < 0.1 && pose.stale,
        "{pose:?}"
    );
    assert!((x_of(&mut timeline, ms(4000)) - 80.0).abs() < 0.01);
    let mut bridged = fed(ms(2000));
    feed(&mut bridged, ms(3000), ms(4000));
    assert!((x_of(&mut bridged, ms(2500)) - 50.0).abs() < 0.1);
}

#[test]
fn a_teleport_is_a_jump() {
    let mut timeline = fed(ms(2000));
    for at in [2050, 2100] {
        let there = bytes_at(ms(at), vec![car(3, -500.0)]);
        timeline.handle_snapshot(&there, ms(at)).unwrap();
    }
    for (at, x) in [(2049, 41.0), (2050, -500.0), (2075, -500.0)] {
        let found = x_of(&mut timeline, ms(at));
        assert!((found - x).abs() < 0.1, "at {found} m after {at} ms");
    }
}

#[test]
fn a_car_vanishes_with_the_first_snapshot_without_it() {
    let mut timeline = fed(ms(1000));
    timeline
        .handle_snapshot(&bytes_at(ms(1050), vec![car(4, 0.0)]), ms(1050))
        .unwrap();
    let shown = |timeline: &mut Timeline, at| {
        poses(timeline, ms(at))
            .iter()
            .map(|(index, _)| *index)
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&mut timeline, 1049), [3]);
    assert_eq!(shown(&mut timeline, 1050), [4]);
}

#[test]
fn an_index_with_a_new_owner_starts_anew() {
    let [ann, ben] = ["ann", "ben"].map(|id| id.parse().unwrap());
    // Near enough that it might be the same car.
    let moved = |timeline: &mut Timeline| {
        for at in [1050, 1100, 1150] {
            let cars = vec![car(3, 10.0 + at as f32 / 50.0)];
            timeline
                .handle_snapshot(&bytes_at(ms(at), cars), ms(at))
                .unwrap();
        }
        [x_of(timeline, ms(1049)), x_of(timeline, ms(1051))]
    };
    let mut timeline = fed(ms(1000));
    timeline.handle_roster([(3, &ann)].into_iter());
    feed(&mut timeline, ms(1000), ms(1000));
    timeline.handle_roster([(3, &ben)].into_iter());
    let [before, after] = moved(&mut timeline);
    assert!(
        (before - 21.0).abs() < 0.1 && (after - 31.0).abs() < 0.1,
        "{before} {after}"
    );

    let mut same = Timeline::default();
    same.handle_roster([(3, &ann)].into_iter());
    feed(&mut same, ms(0), ms(1000));
    same.handle_roster([(2, &ben), (3, &ann)].into_iter());
    let [before, _] = moved(&mut same);
    assert!(
        (before - 31.0).abs() < 1.0,
        "the same player drives: {before}"
    );
}

#[test]
fn the_timeline_goes_on_over_a_break_with_another_clock() {
    let mut timeline = fed(ms(2000));
    timeline.handle_break();
    // Another relay, whose clock differs.
    let other = |time: Duration| time + ms(7_000_000);
    for at in (5000..6000).step_by(50).map(ms) {
        let cars = vec![car(3, 20.0 * at.as_secs_f32())];
        let taken = timeline
            .handle_snapshot(&bytes_at(other(at), cars), at)
            .unwrap();
        assert_eq!(
            taken,
            Taken::New {
                skipped: 0,
                cars: 1
            }
        );
    }
    assert_eq!(timeline.newest(), Some(ms(5950)));
    assert!((x_of(&mut timeline, ms(5500)) - 110.0).abs() < 0.05);
    let (_, pose) = poses(&mut timeline, ms(4900))[0];
    assert!(pose.stale && (pose.position.x - 45.0).abs() < 0.1);
    let live = timeline.live(ms(5950)).unwrap();
    assert!(live > ms(5850) && live < ms(5950), "{live:?}");
}

#[test]
fn no_path_leads_over_a_break() {
    let mut timeline = fed(ms(2000));
    timeline.handle_break();
    let cars = vec![car(3, 40.0)];
    timeline
        .handle_snapshot(&bytes_at(ms(9_000_000), cars), ms(2500))
        .unwrap();
    assert_eq!(timeline.newest(), Some(ms(2500)));
    let x = x_of(&mut timeline, ms(2400));
    assert!(
        (x - 45.0).abs() < 0.1,
        "it stands where it was guessed: {x}"
    );
}

#[test]
fn what_is_too_old_is_forgotten() {
    let mut timeline = Timeline::new(ms(10_000));
    feed(&mut timeline, ms(0), ms(30_020));
    assert_eq!(timeline.start(), Some(ms(20_000)));
    let oldest = x_of(&mut timeline, ms(0));
    assert!(
        (oldest - 400.0).abs() < 0.01,
        "shown as the oldest: {oldest}"
    );
    feed(&mut timeline, ms(60_000), ms(60_000));
    assert_eq!(
        timeline.start(),
        Some(ms(30_000)),
        "the one before the start"
    );
    assert!(Timeline::new(ms(0)).store.history >= MIN_HISTORY);
}

#[test]
fn memory_is_bounded() {
    let cars: Vec<Car> = (0..255).map(|index| car(index, 0.0)).collect();
    let mut timeline = Timeline::default();
    let mut now = ms(0);
    while now < ms(600_000) {
        timeline
            .handle_snapshot(&bytes_at(now, cars.clone()), now)
            .unwrap();
        assert!(timeline.bytes() <= MAX_BYTES);
        now += TICK;
    }
    assert!(timeline.bytes() > MAX_BYTES - 8192);
    assert!(timeline.start().unwrap() > ms(250_000));
    let newest = timeline.newest().unwrap();
    assert_eq!(timeline.sample(newest).count(), 255);
}

/// A timeline of one car, given its state at each tick.
fn driven(cars: impl IntoIterator<Item = Car>) -> Timeline {
    let mut timeline = Timeline::default();
    for (tick, car) in cars.into_iter().enumerate() {
        let now = TICK * tick as u32;
        timeline
            .handle_snapshot(&bytes_at(now, vec![car]), now)
            .unwrap();
    }
    timeline
}

#[test]
fn a_car_that_stops_dead_does_not_overshoot() {
    let mut timeline = driven((0..30).map(|tick| car(3, 2.5 * tick.min(10) as f32)));
    for at in 0..1450 {
        let x = x_of(&mut timeline, ms(at));
        let expected = (at as f32 * 0.05).min(25.0);
        assert!((x - expected).abs() < 0.2, "at {x} m after {at} ms");
        assert!(
            at < 500 || (x - 25.0).abs() < 0.03,
            "at {x} m after {at} ms"
        );
    }
}

#[test]
fn a_guess_is_no_faster_than_the_car() {
    let mut timeline =
        driven((0..10).map(|tick| car(3, tick as f32 + if tick == 9 { 4.0 } else { 0.0 })));
    let x = x_of(&mut timeline, ms(650));
    assert!(
        (x - 18.6).abs() < 0.1,
        "from 13 m with 28 m/s and not 100: {x}"
    );
}

#[test]
fn speed_and_turn_are_smooth_and_a_turn_continues() {
    let mut timeline = driven((0..10).map(|tick| Car {
        speed: 20.0 + tick as f32,
        rotation: Quat::from_yaw(0.1 * tick as f32),
        ..car(3, tick as f32)
    }));
    let (_, pose) = poses(&mut timeline, ms(425))[0];
    assert!((pose.speed - 28.5).abs() < 0.01, "{pose:?}");
    assert!((pose.rotation.yaw() - 0.85).abs() < 0.006, "{pose:?}");
    let (_, pose) = poses(&mut timeline, ms(500))[0];
    assert!((pose.rotation.yaw() - 1.0).abs() < 0.01, "{pose:?}");
}

#[test]
fn a_car_whose_datagrams_stopped_stands_where_it_is() {
    let mut timeline = driven((0..10).map(|tick| Car {
        stale: tick == 9,
        ..car(3, tick as f32)
    }));
    let (_, pose) = poses(&mut timeline, ms(600))[0];
    assert!(
        (pose.position.x, pose.speed, pose.stale) == (9.0, 0.0, true),
        "{pose:?}"
    );
}

#[test]
fn a_new_owner_and_a_teleport_are_not_smoothed() {
    let ben = "ben".parse().unwrap();
    for (owner, x) in [(Some(&ben), 40.0), (None, 900.0)] {
        let mut timeline = fed(ms(2000));
        x_of(&mut timeline, ms(2200));
        if let Some(owner) = owner {
            timeline.handle_roster([(3, owner)].into_iter());
        }
        let cars = vec![car(3, x)];
        timeline
            .handle_snapshot(&bytes_at(ms(2150), cars), ms(2201))
            .unwrap();
        assert_eq!(x_of(&mut timeline, ms(2200)), x);
    }
}

#[test]
fn of_two_cars_with_one_index_the_first_is_shown() {
    let mut timeline = Timeline::default();
    let twice = bytes_at(ms(0), vec![car(3, 1.0), car(3, 2.0)]);
    timeline.handle_snapshot(&twice, ms(0)).unwrap();
    let shown = poses(&mut timeline, ms(0));
    assert_eq!((shown.len(), shown[0].1.position.x), (1, 1.0));
}

#[derive(Debug, Clone)]
enum Step {
    Snapshot(u32, u32, Vec<(u8, f32)>),
    Bytes(Vec<u8>),
    Break,
    Roster(Vec<u8>),
    Live,
    Sample(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let cars = prop::collection::vec((0u8..4, -9e4f32..9e4), 0..4);
    prop_oneof![
        4 => (any::<u32>(), any::<u32>(), cars.clone()).prop_map(|(a, b, c)| Step::Snapshot(a, b, c)),
        8 => (0u32..50, 0u32..9000, cars).prop_map(|(a, b, c)| Step::Snapshot(a, b, c)),
        1 => prop::collection::vec(any::<u8>(), 0..60).prop_map(Step::Bytes),
        1 => Just(Step::Break),
        1 => prop::collection::vec(any::<u8>(), 0..4).prop_map(Step::Roster),
        4 => Just(Step::Live),
        4 => (0u64..20_000).prop_map(Step::Sample),
        1 => any::<u64>().prop_map(Step::Sample),
    ]
}

proptest! {
    #[test]
    fn nothing_panics_and_time_never_goes_back(
        steps in prop::collection::vec((step(), 0u64..2000), 0..80)
    ) {
        let id: SessionId = "ann".parse().unwrap();
        let mut timeline = Timeline::default();
        let (mut now, mut live, mut newest) = (ms(0), ms(0), None);
        for (step, passed) in steps {
            now += ms(passed);
            match step {
                Step::Snapshot(number, time_ms, cars) => {
                    let cars = cars.into_iter().map(|(index, x)| car(index, x)).collect();
                    let mut bytes = Vec::new();
                    Snapshot { number, time_ms, cars }.encode(&mut bytes);
                    let _ = timeline.handle_snapshot(&bytes, now);
                    prop_assert!(timeline.newest() >= newest);
                    newest = timeline.newest();
                }
                Step::Bytes(bytes) => drop(timeline.handle_snapshot(&bytes, now)),
                Step::Break => timeline.handle_break(),
                Step::Roster(indices) => {
                    timeline.handle_roster(indices.iter().map(|&index| (index, &id)));
                }
                Step::Live => if let Some(next) = timeline.live(now) {
                    prop_assert!(next >= live, "from {:?} to {:?}", live, next);
                    live = next;
                }
                Step::Sample(at) => {
                    let bounds = Vec3::new(2e5, 2e5, 2e5);
                    for (_, pose) in timeline.sample(ms(at)) {
                        prop_assert!(pose.position.is_finite() && pose.rotation.is_finite());
                        prop_assert!(pose.position.length() < bounds.length());
                    }
                }
            }
        }
    }
}
