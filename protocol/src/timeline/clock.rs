//! Where on the timeline a snapshot belongs: by the relay's clock while that goes on, otherwise by the local one.

use std::time::Duration;

use crate::from_seconds;

/// A snapshot this much older than the newest was not merely reordered: the relay's clock restarted.
const MAX_OVERTAKEN_SECONDS: f64 = 5.0;
/// A snapshot that seems to come this much sooner than any other is of another clock.
const MAX_EARLY_SECONDS: f64 = 10.0;
/// After a break the relay's clock is still the same if it agrees with the local one on the break's length to this
/// much.
const SAME_CLOCK_SECONDS: f64 = 0.5;
/// Two snapshots are at least this far apart: the resolution of the relay's clock.
const RESOLUTION: Duration = Duration::from_millis(1);

/// Where on the timeline a snapshot belongs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Placement {
    /// It is not newer than the newest so far.
    Old,
    /// At this moment, later than all before.
    New {
        /// Since the first snapshot.
        at: Duration,
        /// It does not continue the one before: it is the first, or the first after a break.
        is_break: bool,
    },
}

/// The relay's clock, computed from its snapshots.
#[derive(Debug, Default)]
pub(super) struct Clock {
    newest: Option<Newest>,
    broken: bool,
}

#[derive(Debug, Clone, Copy)]
struct Newest {
    /// The relay's clock. Wraps after 49 days.
    time_ms: u32,
    /// Where on the timeline that is.
    at: Duration,
}

impl Clock {
    /// The next snapshot may be of another clock.
    pub(super) fn handle_break(&mut self) {
        self.broken = true;
    }

    /// Place a snapshot of the time `time_ms` that comes now. `least_transit` is local time minus timeline time for
    /// the fastest snapshots.
    pub(super) fn arrive(&mut self, time_ms: u32, least_transit: f64, now: Duration) -> Placement {
        let placement = match self.newest {
            Some(newest) => {
                // A wrapping difference is right for anything below 24 days.
                let passed = time_ms.wrapping_sub(newest.time_ms).cast_signed();
                let soonest = now.as_secs_f64() - least_transit;
                self.place(newest.at, passed, soonest)
            }
            None => Placement::New {
                at: Duration::ZERO,
                is_break: true,
            },
        };
        if let Placement::New { at, .. } = placement {
            self.newest = Some(Newest { time_ms, at });
            self.broken = false;
        }
        placement
    }

    /// `passed_ms` is the relay's time since the newest snapshot, which is at `newest`. `soonest` is the place in
    /// seconds of a snapshot that came as fast as any.
    fn place(&self, newest: Duration, passed_ms: i32, soonest: f64) -> Placement {
        let passed = f64::from(passed_ms) / 1000.0;
        let early = newest.as_secs_f64() + passed - soonest;
        let is_same = if self.broken {
            early.abs() < SAME_CLOCK_SECONDS
        } else {
            passed > -MAX_OVERTAKEN_SECONDS && early < MAX_EARLY_SECONDS
        };
        if !is_same {
            let at = from_seconds(soonest).max(newest + RESOLUTION);
            return Placement::New { at, is_break: true };
        }
        if passed_ms <= 0 {
            return Placement::Old;
        }
        Placement::New {
            at: newest + Duration::from_millis(u64::from(passed_ms.unsigned_abs())),
            is_break: self.broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn at(ms: u64) -> Placement {
        Placement::New {
            at: Duration::from_millis(ms),
            is_break: false,
        }
    }

    fn anew(ms: u64) -> Placement {
        Placement::New {
            at: Duration::from_millis(ms),
            is_break: true,
        }
    }

    /// A clock whose newest snapshot is of 50 s, at 0 of the timeline and 1 s of the local clock.
    fn clock() -> Clock {
        let mut clock = Clock::default();
        assert_eq!(clock.arrive(50_000, 0.0, ms(1000)), anew(0));
        clock
    }

    #[test]
    fn the_timeline_grows_with_the_relays_clock() {
        let mut clock = clock();
        assert_eq!(clock.arrive(50_050, 1.0, ms(1090)), at(50));
        assert_eq!(clock.arrive(50_050, 1.0, ms(1091)), Placement::Old);
        assert_eq!(clock.arrive(50_000, 1.0, ms(1092)), Placement::Old);
        assert_eq!(clock.arrive(50_100, 1.0, ms(1093)), at(100));
    }

    #[test]
    fn a_relays_clock_that_starts_anew_after_49_days_goes_on() {
        let mut clock = Clock::default();
        clock.arrive(u32::MAX - 9, 0.0, ms(1000));
        assert_eq!(clock.arrive(40, 1.0, ms(1050)), at(50));
    }

    #[test]
    fn a_pause_in_the_snapshots_is_not_a_break() {
        assert_eq!(
            clock().arrive(3_650_000, 1.0, ms(3_601_000)),
            at(3600000),
            "an hour"
        );
        assert_eq!(
            clock().arrive(50_050, 1.0, ms(3_601_000)),
            at(50),
            "the page slept, and finds what came meanwhile"
        );
    }

    #[test]
    fn a_new_clock_continues_by_the_local_one() {
        for (time_ms, what) in [
            (300, "the relay was restarted"),
            (900_000, "its clock leapt"),
        ] {
            assert_eq!(clock().arrive(time_ms, 1.0, ms(3000)), anew(2000), "{what}");
        }
        let mut broken = clock();
        broken.handle_break();
        assert_eq!(broken.arrive(49_000, 1.0, ms(3000)), anew(2000));
        assert_eq!(broken.arrive(49_050, 1.0, ms(3050)), at(2050));
    }

    #[test]
    fn the_same_clock_continues_after_a_break() {
        let mut clock = clock();
        clock.handle_break();
        assert_eq!(clock.arrive(50_000, 1.0, ms(1040)), Placement::Old, "again");
        assert_eq!(clock.arrive(52_100, 1.0, ms(3000)), anew(2100));
        assert_eq!(clock.arrive(52_150, 1.0, ms(3050)), at(2150));
    }

    #[test]
    fn the_timeline_never_goes_back_at_a_break() {
        let mut clock = clock();
        clock.arrive(55_000, 1.0, ms(6000));
        clock.handle_break();
        assert_eq!(clock.arrive(1, 1.0, ms(5500)), anew(5001));
    }
}
