//! How exactly, and how evenly, a spectator sees a car drive.

use super::*;
use crate::datagram::Update;
use crate::interpolation::Cars;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ROAD: Conditions = Conditions {
    latency: Duration::from_millis(60),
    jitter: Duration::from_millis(20),
    loss_percent: 5.0,
    reorder_percent: 1.0,
    duplicate_percent: 1.0,
};

/// A car that drives round an oval of straights of 120 m and bends of 70 m, between 22 and 50 m/s. The values are the
/// distance at each millisecond.
struct Drive(Vec<f64>);

const STRAIGHT: f64 = 120.0;
const RADIUS: f64 = 70.0;
const HALF: f64 = STRAIGHT + std::f64::consts::PI * RADIUS;

impl Drive {
    fn new(length: Duration) -> Self {
        let (mut at, mut speed) = (0.0f64, 30.0f64);
        let metres = (0..=length.as_millis()).map(|_| {
            let wanted = if at % HALF < 0.6 * STRAIGHT {
                50.0
            } else {
                22.0
            };
            speed += (wanted - speed).clamp(-12.0, 7.0) * 0.001;
            at += speed * 0.001;
            at
        });
        Self(metres.collect())
    }

    fn metres(&self, time: Duration) -> f64 {
        let exact = time.as_secs_f64() * 1000.0;
        let index = (exact as usize).min(self.0.len() - 2);
        self.0[index] + (self.0[index + 1] - self.0[index]) * exact.fract()
    }

    fn at(&self, time: Duration) -> (Vec3, f32) {
        let metres = self.metres(time);
        let (on, second) = (metres % HALF, (metres / HALF) as u64 % 2 == 1);
        let angle = (on - STRAIGHT).max(0.0) / RADIUS;
        let (x, z) = (
            on.min(STRAIGHT) - STRAIGHT / 2.0 + RADIUS * angle.sin(),
            RADIUS * angle.cos(),
        );
        let yaw = std::f64::consts::FRAC_PI_2 + angle;
        let (sign, turn) = if second {
            (-1.0, std::f64::consts::PI)
        } else {
            (1.0, 0.0)
        };
        (
            Vec3::new((sign * x) as f32, 0.0, (sign * z) as f32),
            (yaw + turn) as f32,
        )
    }

    fn car(&self, time: Duration) -> Car {
        let (position, yaw) = self.at(time);
        let metres = self.metres(time + ms(1)) - self.metres(time);
        Car {
            position,
            rotation: Quat::from_yaw(yaw),
            speed: (metres * 1000.0) as f32,
            ..car(3, 0.0)
        }
    }
}

/// What a spectator saw of one car.
struct Seen {
    /// Metres from the truth at each frame.
    errors: Vec<f32>,
    /// Radians from the truth at each frame.
    turns: Vec<f32>,
    /// Frames that were guessed.
    guessed: usize,
    /// The most a car's velocity changed from a frame to the next, in metres a second.
    jerk: f32,
    /// The slowest and the fastest pace of the live moment; 1 is that of the clock.
    pace: (f64, f64),
    delay: Duration,
    /// What was drawn, and when on the timeline.
    drawn: Vec<(Duration, bool, Pose)>,
    timeline: Timeline,
}

/// Watch for a minute, behind a network, a relay with this time between two ticks.
fn watch(period: Duration, conditions: Conditions, seed: u64) -> Seen {
    let drive = Drive::new(ms(62_000));
    let mut network = Network::new(conditions, seed);
    let mut timeline = Timeline::default();
    let mut seen = Seen {
        errors: vec![],
        turns: vec![],
        guessed: 0,
        jerk: 0.0,
        pace: (1.0, 1.0),
        delay: ms(0),
        drawn: vec![],
        timeline: Timeline::default(),
    };
    let (mut now, mut tick) = (ms(0), ms(0));
    let (mut first, mut live_before) = (None, None::<Duration>);
    while now < ms(60_000) {
        while tick <= now {
            let snapshot = bytes_at(tick, vec![drive.car(tick)]);
            network.send((tick, snapshot), tick);
            tick += period;
        }
        while let Some((at, (made, snapshot))) = network.poll(now) {
            first.get_or_insert(made);
            timeline.handle_snapshot(&snapshot, at).unwrap();
        }
        if let (Some(live), Some(first)) = (timeline.live(now), first) {
            let guessed = live > timeline.newest().unwrap();
            let pose = poses(&mut timeline, live)[0].1;
            if now > ms(3000) {
                let (truth, yaw) = drive.at(live + first);
                seen.errors.push(pose.position.distance(truth));
                seen.turns.push(pose.rotation.angle_to(Quat::from_yaw(yaw)));
                seen.guessed += usize::from(guessed);
                seen.drawn.push((live, guessed, pose));
                if let Some(before) = live_before {
                    let pace = (live - before).div_duration_f64(FRAME);
                    seen.pace = (seen.pace.0.min(pace), seen.pace.1.max(pace));
                }
            }
            live_before = Some(live);
        }
        now += FRAME;
    }
    for three in seen.drawn.windows(3) {
        let [a, b, c] = [0, 1, 2].map(|place| three[place].2.position);
        let jerk = ((c - b) - (b - a)).length() / FRAME.as_secs_f32();
        seen.jerk = seen.jerk.max(jerk);
    }
    seen.delay = timeline.delay();
    seen.timeline = timeline;
    seen
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

fn most(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::max)
}

fn print(what: &str, seen: &Seen) {
    println!(
        "{what}: mean {:.4} m, most {:.3} m, turn at most {:.4} rad, {} of {} frames guessed, velocity changes at most \
         {:.2} m/s a frame, pace {:.3} to {:.3}, delay {:?}",
        mean(&seen.errors),
        most(&seen.errors),
        most(&seen.turns),
        seen.guessed,
        seen.errors.len(),
        seen.jerk,
        seen.pace.0,
        seen.pace.1,
        seen.delay,
    );
}

#[test]
fn on_a_good_network_a_car_is_exact_to_a_centimetre() {
    let good = Conditions {
        latency: ms(30),
        jitter: ms(2),
        ..Conditions::PERFECT
    };
    let seen = watch(TICK, good, 1);
    print("good way", &seen);
    assert!(mean(&seen.errors) < 0.005 && most(&seen.errors) < 0.02);
    assert!(most(&seen.turns) < 0.25f32.to_radians() + 0.005);
    assert!(seen.jerk < 1.0 && seen.pace.0 > 0.89 && seen.pace.1 < 1.11);
    assert!(seen.guessed < seen.errors.len() / 100);
}

#[test]
fn few_snapshots_a_second_are_enough_to_stay_on_the_track() {
    for (hz, mean_metres) in [(10, 0.005), (5, 0.007)] {
        let seen = watch(ms(1000 / hz), Conditions::PERFECT, 1);
        print(&format!("{hz} Hz"), &seen);
        assert!(mean(&seen.errors) < mean_metres);
    }
}

#[test]
fn on_a_bad_network_a_car_stays_near_the_truth_and_does_not_jump() {
    for seed in 0..3 {
        let seen = watch(TICK, ROAD, seed);
        print(&format!("bad way, seed {seed}"), &seen);
        assert!(mean(&seen.errors) < 0.05 && most(&seen.errors) < 2.0);
        assert!(seen.jerk < 10.0, "{} m/s", seen.jerk);
        assert!(seen.pace.0 > 0.89 && seen.pace.1 < 1.11);
    }
}

#[test]
fn a_replay_shows_what_was_shown_live() {
    let mut seen = watch(TICK, ROAD, 4);
    let mut compared = 0;
    let mut since_guess = 0;
    for (at, guessed, shown) in std::mem::take(&mut seen.drawn) {
        since_guess = if guessed { 0 } else { since_guess + 1 };
        // After a guess it moves smoothly to the truth.
        if since_guess > 60 {
            let again = poses(&mut seen.timeline, at)[0].1;
            assert_eq!(again, shown, "{at:?}");
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared} frames");
}

/// The same datagrams go to a player and to the relay; the spectator sees what the player sees.
#[test]
fn a_spectator_sees_what_a_player_sees() {
    let drive = Drive::new(ms(62_000));
    let mut network = Network::new(ROAD, 9);
    let [mut player, mut relay] = [Cars::default(), Cars::default()];
    let mut timeline = Timeline::default();
    let mut seen_by_player = Vec::new();
    for step in 0..60_000u64 {
        let now = ms(step);
        if step % 50 == 0 {
            let Car {
                position, rotation, ..
            } = drive.car(now);
            let update = Update {
                session_id: "car".parse().unwrap(),
                seq: None,
                position,
                rotation,
            };
            network.send(update, now);
        }
        while let Some((at, update)) = network.poll(now) {
            player.handle_update(&update, at);
            relay.handle_update(&update, at);
        }
        if step % 50 == 25 && step > 1000 {
            let pose = relay.sample(now).next().unwrap().1;
            let car = Car {
                position: pose.position,
                rotation: pose.rotation,
                speed: pose.speed,
                ..car(3, 0.0)
            };
            timeline
                .handle_snapshot(&bytes_at(now, vec![car]), now)
                .unwrap();
        }
        if step % 16 == 0
            && let Some((_, pose)) = player.sample(now).next()
        {
            seen_by_player.push((now, pose));
        }
    }
    let start = ms(1025);
    let known = |(at, _): &&(Duration, Pose)| *at > ms(4000) && *at < ms(59_900);
    let [mut away, mut player_errors, mut errors] = [vec![], vec![], vec![]];
    for (at, pose) in seen_by_player.iter().filter(known) {
        let seen = poses(&mut timeline, *at - start)[0].1;
        away.push(seen.position.distance(pose.position));
        let delay = player.delay(0).unwrap() + ROAD.latency;
        let truth = drive.at(*at - delay).0;
        player_errors.push(pose.position.distance(truth));
        errors.push(seen.position.distance(truth));
    }
    println!(
        "a spectator's car is {:.4} m from where a player sees it in the mean, {:.3} m at most; from the truth {:.3} m, \
         the player's {:.3} m",
        mean(&away),
        most(&away),
        mean(&errors),
        mean(&player_errors),
    );
    assert!(mean(&away) < 0.02, "{} m", mean(&away));
    assert!(mean(&errors) < mean(&player_errors) * 1.1 + 0.01);
}

#[test]
fn ten_minutes_of_a_hundred_cars_can_be_followed_in_steps() {
    let mut timeline = Timeline::default();
    let cars = |x: f32| (0..100).map(|index| car(index, x)).collect();
    for step in 0..12_000u32 {
        let now = TICK * step;
        timeline
            .handle_snapshot(&bytes_at(now, cars(now.as_secs_f32())), now)
            .unwrap();
    }
    println!(
        "{} bytes for ten minutes of 100 cars at 20 Hz",
        timeline.bytes()
    );
    let scrubbed = (0..6000u32)
        .map(|step| timeline.sample(ms(100) * step).count())
        .sum::<usize>();
    let played = (0..6000u32)
        .map(|step| timeline.sample(FRAME * step).count())
        .sum::<usize>();
    assert_eq!((scrubbed, played), (600_000, 600_000));
}
