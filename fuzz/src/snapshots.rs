//! Snapshots that a relay sends to spectators, one after the other: read, kept for a while, shown. Before each are its pause
//! in units of ten milliseconds, one byte, and its length, two bytes.

use std::time::Duration;

use protocol::snapshot::{MAX_CARS, Snapshot};
use protocol::timeline::Timeline;

/// How much of the past is kept.
const HISTORY: Duration = Duration::from_secs(60);

/// A snapshot survives being written, its numbers are finite, and the past is kept for no longer than asked.
pub fn check(mut input: &[u8]) {
    let mut timeline = Timeline::new(HISTORY);
    let mut now = Duration::ZERO;
    while let Some(([pause, low, high], rest)) = input.split_first_chunk() {
        now += 10 * Duration::from_millis((*pause).into());
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let frame;
        (frame, input) = rest.split_at(length);
        if let Ok(snapshot) = Snapshot::decode(frame) {
            check_snapshot(&snapshot);
        }
        let taken = timeline.handle_snapshot(frame, now);
        assert_eq!(taken.is_ok(), Snapshot::decode(frame).is_ok());
        let live = timeline.live(now);
        for at in [live, timeline.start(), timeline.newest()]
            .into_iter()
            .flatten()
        {
            for (_, pose) in timeline.sample(at) {
                assert!(pose.position.is_finite() && pose.rotation.is_finite());
            }
        }
        if let (Some(start), Some(newest)) = (timeline.start(), timeline.newest()) {
            assert!(start <= newest);
        }
    }
}

fn check_snapshot(snapshot: &Snapshot) {
    let mut bytes = Vec::new();
    snapshot.encode(&mut bytes);
    let again = Snapshot::decode(&bytes).expect("what was written is read");
    assert!(snapshot.cars.len() <= MAX_CARS && again.cars.len() == snapshot.cars.len());
    assert_eq!(
        (again.number, again.time_ms),
        (snapshot.number, snapshot.time_ms)
    );
    for (one, other) in snapshot.cars.iter().zip(&again.cars) {
        assert!(one.position.is_finite() && one.rotation.is_finite());
        assert_eq!(
            (one.index, one.stale, one.age),
            (other.index, other.stale, other.age)
        );
        // A number as far out as a position can be has steps of 8 mm.
        assert!(
            one.position.distance(other.position) < 0.04,
            "{one:?} {other:?}"
        );
        assert!(
            one.rotation.angle_to(other.rotation).to_degrees() < 0.5,
            "{one:?} {other:?}"
        );
        assert!((one.speed - other.speed).abs() < 0.011, "{one:?} {other:?}");
    }
}
