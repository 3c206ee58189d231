//! The moment to show live. It is as far behind the newest snapshot as the next one may take to come, so that the
//! next one is nearly always there.

use super::MAX_BRIDGE;
use crate::interpolation::MAX_EXTRAPOLATION;
use crate::interpolation::car::DELAY_SLEW;
use crate::ring::Ring;
use std::time::Duration;

/// How many of the newest arrivals the lateness is measured over: 13 seconds at 20 Hz. A bad moment is remembered
/// long enough for the next one, and then forgotten.
const WINDOW: usize = 256;
/// The share of snapshots that come in time.
const IN_TIME: f64 = 0.95;
/// Added to what these need: a fifth of a usual tick.
const SLACK_SECONDS: f64 = 0.01;
/// The time between two snapshots, until it is known.
const USUAL_TICK_SECONDS: f64 = 0.05;
/// The furthest the live moment is behind the relay.
const MAX_DELAY_SECONDS: f64 = 1.5;
/// Snapshots closer than this were held back together, and only the first says for how long.
const AT_ONCE_SECONDS: f64 = 0.005;
/// Beyond this distance the live moment jumps, because catching up unseen would take too long.
const MAX_BEHIND_SECONDS: f64 = 0.5;
/// How far after the newest snapshot the live moment stops: every car is stale by then.
pub(super) const HOLD: Duration = MAX_EXTRAPOLATION.saturating_add(Duration::from_millis(1));

/// The live moment, computed from the arrivals.
#[derive(Debug, Default)]
pub(super) struct PlaybackClock {
    /// The age of the snapshot before each arrival: local time minus timeline time. A display this far behind gets
    /// the next snapshot just in time.
    needs: Ring<WINDOW>,
    /// Local time minus timeline time, for the newest arrivals.
    transits: Ring<WINDOW>,
    newest: Option<Arrival>,
    /// Local time minus the timeline time to show.
    wanted: f64,
    shown: Option<Shown>,
}

#[derive(Debug, Clone, Copy)]
struct Arrival {
    seconds: f64,
    now: f64,
}

#[derive(Debug, Clone, Copy)]
struct Shown {
    live: f64,
    now: f64,
}

impl PlaybackClock {
    /// Take the arrival of the snapshot of the moment `at`. With `is_break` its time says nothing about the one
    /// before.
    pub(super) fn arrive(&mut self, at: Duration, is_break: bool, now: Duration) {
        let (seconds, now) = (at.as_secs_f64(), now.as_secs_f64());
        let transit = now - seconds;
        let before = self.newest.replace(Arrival { seconds, now });
        let is_first = before.is_none();
        let at_once = before.is_some_and(|before| now - before.now < AT_ONCE_SECONDS);
        if is_first || !at_once || transit < self.least_transit() {
            self.transits.push(transit);
        }
        if let Some(before) = before
            && !(is_break || at_once)
            && seconds - before.seconds < MAX_BRIDGE.as_secs_f64()
        {
            self.needs.push(now - before.seconds);
        }
        let least = self.least_transit();
        let need = self.needs.quantile(IN_TIME);
        let need = need.unwrap_or(least + USUAL_TICK_SECONDS) + SLACK_SECONDS;
        self.wanted = need.min(least + MAX_DELAY_SECONDS);
    }

    /// The moment to show now.
    pub(super) fn live(&mut self, now: Duration) -> f64 {
        let now = now.as_secs_f64();
        let newest = self.newest.map_or(0.0, |newest| newest.seconds);
        let end = newest + HOLD.as_secs_f64();
        let wanted = now - self.wanted;
        let live = match self.shown {
            Some(shown) => {
                let passed = (now - shown.now).max(0.0);
                let on = shown.live + passed;
                let slew = DELAY_SLEW * passed;
                let behind = wanted - on;
                let behind = if behind > MAX_BEHIND_SECONDS {
                    behind
                } else {
                    // `clamp` formats its bounds in a panic message, and that code would be downloaded.
                    behind.max(-slew).min(slew)
                };
                (on + behind).min(end)
            }
            None => wanted.min(end).max(0.0),
        };
        self.shown = Some(Shown { live, now });
        live
    }

    /// Local time minus timeline time, for the fastest of the newest snapshots.
    pub(super) fn least_transit(&self) -> f64 {
        let least = self.transits.iter().min_by(f64::total_cmp);
        least.unwrap_or_default()
    }

    /// How far the live moment is behind the relay, minus the fastest transit time.
    pub(super) fn delay(&self) -> f64 {
        self.wanted - self.least_transit()
    }

    /// How much later than the fastest 19 in 20 snapshots come.
    pub(super) fn jitter(&self) -> f64 {
        let most = self.transits.quantile(IN_TIME).unwrap_or_default();
        most - self.least_transit()
    }
}
