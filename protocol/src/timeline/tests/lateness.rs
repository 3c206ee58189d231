//! How the live moment adapts to the way snapshots arrive.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Feed ticks from `from` up to `to`, each at the time that `arrival` gives.
fn feed_late(
    timeline: &mut Timeline,
    ticks: std::ops::Range<u32>,
    arrival: impl Fn(u32) -> Duration,
) {
    for tick in ticks {
        let snapshot = bytes_at(TICK * tick, vec![car(3, tick as f32)]);
        timeline.handle_snapshot(&snapshot, arrival(tick)).unwrap();
    }
}

#[test]
fn snapshots_held_back_together_count_once() {
    let mut timeline = Timeline::default();
    // A second of snapshots comes at once, as after a lost packet.
    let stall = 300..320u32;
    feed_late(&mut timeline, 0..330, |tick| {
        TICK * if stall.contains(&tick) {
            stall.end
        } else {
            tick
        }
    });
    assert!(timeline.delay() < ms(70), "{:?}", timeline.delay());
    assert!(timeline.jitter() < ms(5), "{:?}", timeline.jitter());
}

#[test]
fn the_delay_is_as_long_as_snapshots_need_but_bounded() {
    for (ticks, expected) in [(2, ms(110)), (8, ms(410)), (80, ms(1500))] {
        let mut timeline = Timeline::default();
        // This many come together.
        feed_late(&mut timeline, 0..2000, |tick| {
            TICK * (tick.next_multiple_of(ticks))
        });
        let delay = timeline.delay();
        assert!(
            delay.abs_diff(expected) < ms(2),
            "{delay:?} for {ticks} at once"
        );
    }
}

#[test]
fn the_live_moment_adapts_to_a_slower_network_unseen() {
    let mut timeline = Timeline::default();
    let slower = |tick| TICK * tick + if tick < 200 { ms(20) } else { ms(140) };
    let mut live = None::<Duration>;
    let mut tick = 0;
    for frame in 0..2400u32 {
        let now = FRAME * frame;
        while slower(tick) <= now {
            feed_late(&mut timeline, tick..tick + 1, slower);
            tick += 1;
        }
        let next = timeline.live(now);
        if let (Some(before), Some(next), true) = (live, next, frame > 60) {
            let pace = (next - before).div_duration_f64(FRAME);
            assert!((0.899..1.101).contains(&pace), "{pace} at frame {frame}");
        }
        live = next;
    }
    let behind = FRAME * 2399 - live.unwrap();
    assert!(behind.abs_diff(ms(200)) < ms(5), "{behind:?}");
    let delay = timeline.delay();
    assert!(delay < ms(65), "the way itself is none of it: {delay:?}");
}
