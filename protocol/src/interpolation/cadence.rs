//! Estimates when each datagram was sent. Datagrams of the first generation carry no time and arrive with jitter, but
//! their senders keep a steady cadence. The arrivals give the send interval, and the interval gives each datagram's
//! send time.

use crate::pacer::DEFAULT_RATE_HZ;
use crate::ring::Ring;
use std::time::Duration;

/// How many of the newest arrivals the jitter is measured over.
const WINDOW: usize = 64;
/// How many of the newest gaps the send interval is measured over. Fewer are too noisy.
const GAP_WINDOW: usize = 64;
/// The send interval has changed if that of the newest gaps differs from it by more than this fraction.
const PERIOD_CHANGE: f64 = 0.28;
/// A silence longer than this ends the cadence: the sender paused, and starts anew.
const PAUSE_SECONDS: f64 = 1.0;
/// How fast a settled estimate follows the arrivals. Less smooths more; more follows a changing delay faster.
const SETTLED_GAIN: f64 = 0.04;
/// After this many arrivals the phase is known well enough to correct the period by it.
const SETTLING: usize = 16;
/// A sender is steady if 8 in 10 of its datagrams arrive within this fraction of the interval. For one that sends at
/// random times it would be 0.8.
const STEADY_SPREAD: f64 = 0.7;
/// Datagrams closer than this fraction of an interval came in one burst.
const BURST: f64 = 0.1;
/// The most intervals of a pause that late datagrams may still fill: the most that a socket holds back.
const MAX_HOLE: f64 = 400.0;
/// How early a datagram may arrive, as a fraction of the interval.
const MAX_EARLY: f64 = 0.6;
/// For this many datagrams after a hole, one that counted as lost may turn out to be late.
const HOLE_MEMORY: u32 = 8;
/// Limits of the send interval: the rates a sender may set.
const MIN_PERIOD_SECONDS: f64 = 1.0 / 130.0;
const MAX_PERIOD_SECONDS: f64 = 1.0;
/// A numbered datagram this far off its time restarts the estimate: the delay on the way has changed for good.
const MAX_ERROR_SECONDS: f64 = 0.5;

/// What an arrival says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Arrival {
    /// When it would have arrived without jitter, in seconds of the receiver's clock.
    pub(super) seconds: f64,
    /// How many intervals before it brought nothing. Negative if one that counted as missed did bring something.
    pub(super) missed: i32,
    /// The sender paused before it, so nothing is known about the time between.
    pub(super) after_pause: bool,
    /// It came so early that the datagrams since the last hole must have been late. One that counted as lost was not,
    /// and those since belong this many seconds earlier.
    pub(super) closes_hole_by: Option<f64>,
}

/// Intervals that have brought nothing so far.
#[derive(Debug, Clone, Copy, Default)]
struct Hole {
    intervals: u32,
    /// Datagrams since the hole.
    since: u32,
    /// They were counted as missed. Those of a pause are not, because nothing is known of it.
    counted: bool,
}

/// The cadence of one sender.
#[derive(Debug, Clone)]
pub(super) struct Cadence {
    period: f64,
    last_send_time: f64,
    last_arrival: f64,
    last_seq: Option<i32>,
    /// Arrivals since the cadence started.
    arrivals: usize,
    hole: Hole,
    gaps: Ring<GAP_WINDOW>,
    known: bool,
    /// The interval was found to have changed, and is still to be measured exactly.
    measuring: bool,
    /// How much later than their send times the newest datagrams arrived.
    lateness: Ring<WINDOW>,
}

impl Cadence {
    /// Start with the first arrival.
    pub(super) fn new(now: Duration, seq: Option<i32>) -> (Self, Arrival) {
        let seconds = now.as_secs_f64();
        let mut cadence = Self {
            period: 1.0 / DEFAULT_RATE_HZ,
            last_send_time: seconds,
            last_arrival: seconds,
            last_seq: seq,
            arrivals: 1,
            hole: Hole::default(),
            gaps: Ring::default(),
            known: false,
            measuring: false,
            lateness: Ring::default(),
        };
        let arrival = cadence.restart(seconds);
        (cadence, arrival)
    }

    /// The time between two datagrams in seconds.
    pub(super) fn period(&self) -> f64 {
        self.period
    }

    /// Say whether losses can be counted: the period is known, and the arrivals keep to it. A page that draws slowly
    /// sends when it can, and what it did not send was not lost.
    pub(super) fn is_known(&self) -> bool {
        let quantile = |share| self.lateness.quantile(share).unwrap_or(0.0);
        self.known && quantile(0.9) - quantile(0.1) < STEADY_SPREAD * self.period
    }

    /// The lateness in seconds that only 5 in 100 datagrams exceed.
    pub(super) fn lateness(&self) -> f64 {
        self.lateness
            .quantile(0.95)
            .unwrap_or(self.period / 2.0)
            .max(0.0)
    }

    /// Take the next datagram in order.
    pub(super) fn arrive(&mut self, now: Duration, seq: Option<i32>) -> Arrival {
        let now = now.as_secs_f64();
        let gap = (now - self.last_arrival).max(0.0);
        self.last_arrival = now;
        let count = self.count(now, seq);
        self.last_seq = seq;
        if gap > PAUSE_SECONDS {
            let arrival = self.restart(now);
            // Either the sender paused, or nobody listened here and what it sent meanwhile follows at once.
            let intervals = (gap / self.period).min(MAX_HOLE) as u32;
            self.hole = Hole {
                intervals,
                since: 0,
                counted: false,
            };
            return arrival;
        }
        let (closes_hole_by, found) = self.close_hole(count);
        // A datagram that was held back and comes in a burst says nothing about the interval.
        let held_back = closes_hole_by.is_some() && gap < BURST * self.period;
        if !held_back {
            let intervals = seq.map_or(1, |_| count.max(1));
            self.gaps.push(gap / f64::from(intervals));
            self.detect_new_period();
        }
        let count = count.max(1);
        let expected = self.last_send_time + f64::from(count) * self.period;
        if (now - expected).abs() > MAX_ERROR_SECONDS {
            return self.restart(now);
        }
        self.follow(expected, now - expected, count);
        self.lateness.push(now - self.last_send_time);
        let missed = i32::try_from(count - 1).unwrap_or(i32::MAX) - found;
        Arrival {
            seconds: self.last_send_time,
            missed,
            after_pause: false,
            closes_hole_by,
        }
    }

    /// Count the intervals since the last datagram: by its number if it has one, otherwise by the clock. 0 means that
    /// it came too early for an interval of its own.
    fn count(&self, now: f64, seq: Option<i32>) -> u32 {
        match (self.last_seq, seq) {
            (Some(last), Some(seq)) if seq > last => {
                u32::try_from(i64::from(seq) - i64::from(last)).unwrap_or(1)
            }
            _ => ((now - self.last_send_time) / self.period)
                .round()
                .clamp(0.0, 1e6) as u32,
        }
    }

    /// Take a datagram that came too early for an interval of its own: those before it were late, and others were not
    /// lost. Gives how many seconds earlier they belong, and how many fewer were missed.
    fn close_hole(&mut self, count: u32) -> (Option<f64>, i32) {
        if count > 1 {
            self.hole = Hole {
                intervals: count - 1,
                since: 0,
                counted: true,
            };
            return (None, 0);
        }
        self.hole.since += 1;
        if count == 0 && self.hole.intervals > 0 {
            self.hole.intervals -= 1;
            self.hole.since = 0;
            self.last_send_time -= self.period;
            return (Some(self.period), i32::from(self.hole.counted));
        }
        if self.hole.since > HOLE_MEMORY {
            self.hole = Hole::default();
        }
        (None, 0)
    }

    fn restart(&mut self, now: f64) -> Arrival {
        self.last_send_time = now;
        self.arrivals = 1;
        self.hole = Hole::default();
        Arrival {
            seconds: now,
            missed: 0,
            after_pause: true,
            closes_hole_by: None,
        }
    }

    /// Take the interval from the gaps if they differ from it: first their median, which follows a change halfway
    /// through, then, once all gaps are new, their sum, which is exact.
    fn detect_new_period(&mut self) {
        if self.gaps.len() < GAP_WINDOW {
            return;
        }
        let Some(median) = self.gaps.quantile(0.5).filter(|&median| median > 0.0) else {
            return;
        };
        let changed = (median / self.period - 1.0).abs() > PERIOD_CHANGE;
        self.known = !changed;
        if !changed && !self.measuring {
            return;
        }
        let intervals: f64 = self
            .gaps
            .iter()
            .map(|gap| (gap / median).round().max(1.0))
            .sum();
        let exact = self.gaps.iter().sum::<f64>() / intervals;
        let period = if changed { median } else { exact };
        self.period = period.clamp(MIN_PERIOD_SECONDS, MAX_PERIOD_SECONDS);
        self.measuring = changed;
        self.gaps.clear();
        self.arrivals = 1;
        self.hole = Hole::default();
    }

    /// A phase-locked loop: high gains first, to find phase and period; low gains later, to be smooth.
    fn follow(&mut self, expected: f64, error: f64, count: u32) {
        self.arrivals += 1;
        let gain = (2.0 / (self.arrivals as f64 + 1.0)).max(SETTLED_GAIN);
        // However uncertain the interval is, nothing arrives long before its time.
        self.last_send_time =
            (expected + gain * error).min(expected + error + self.period * MAX_EARLY);
        if self.known && self.arrivals > SETTLING {
            let period_gain = gain * gain / (2.0 - gain);
            self.period += period_gain * error / f64::from(count);
            self.period = self.period.clamp(MIN_PERIOD_SECONDS, MAX_PERIOD_SECONDS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::network::{Conditions, Network};

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Replay a steady sender. Gives how far 98 of 100 send times are from the true times once settled, how many
    /// datagrams counted as missed, and how many were.
    fn replay(period: Duration, conditions: Conditions, numbered: bool) -> (f64, i64, i64) {
        let mut network = Network::new(conditions, 3);
        let count = 600u32;
        for item in 0..count {
            network.send(item, period * item);
        }
        let mut cadence: Option<Cadence> = None;
        let (mut errors, mut missed, mut arrived) = (Vec::new(), 0i64, 0i64);
        let (mut sent, mut last) = (0, 0);
        while let Some((at, item)) = network.poll(Duration::MAX) {
            let seq = numbered.then_some(item as i32 + 1);
            let arrival = match &mut cadence {
                Some(cadence) => cadence.arrive(at, seq),
                None => {
                    let (new, arrival) = Cadence::new(at, seq);
                    cadence = Some(new);
                    arrival
                }
            };
            let truth = (period * item + conditions.latency).as_secs_f64();
            if cadence.as_ref().is_some_and(Cadence::is_known) {
                arrived += 1;
                missed += i64::from(arrival.missed);
                sent += item - last;
            }
            last = item;
            if item > 200 {
                errors.push((arrival.seconds - truth).abs());
            }
        }
        errors.sort_by(f64::total_cmp);
        (
            errors[errors.len() * 98 / 100],
            missed,
            i64::from(sent) - arrived,
        )
    }

    #[test]
    fn jitter_is_removed_at_any_rate() {
        for period in [ms(50), ms(33), ms(100)] {
            let jitter = Duration::from_micros(period.as_micros() as u64 / 3);
            let conditions = Conditions {
                latency: ms(60),
                jitter,
                loss_percent: 5.0,
                ..Conditions::PERFECT
            };
            let (worst, missed, lost) = replay(period, conditions, false);
            assert!(
                worst < 0.4 * jitter.as_secs_f64(),
                "{worst} s off at {period:?}"
            );
            assert!(
                missed.abs_diff(lost) <= 4,
                "{missed} estimated, {lost} lost at {period:?}"
            );
        }
    }

    #[test]
    fn numbers_say_exactly_what_was_missed() {
        let conditions = Conditions {
            latency: ms(60),
            loss_percent: 20.0,
            ..Conditions::PERFECT
        };
        let (_, missed, lost) = replay(ms(50), conditions, true);
        assert_eq!(missed, lost);
    }

    #[test]
    fn a_late_datagram_is_not_lost() {
        let (mut cadence, _) = Cadence::new(ms(0), None);
        for item in 1..30 {
            cadence.arrive(ms(50) * item, None);
        }
        // A stall: the next four arrive together with the fifth.
        let late = ms(50) * 34;
        let mut missed = 0i64;
        for _ in 0..5 {
            let arrival = cadence.arrive(late, None);
            missed += i64::from(arrival.missed);
        }
        assert_eq!(missed, 0);
        let arrival = cadence.arrive(ms(50) * 35, None);
        assert!(
            (arrival.seconds - 1.75).abs() < 0.01 && arrival.missed == 0,
            "{arrival:?}"
        );
    }

    #[test]
    fn a_sender_without_a_cadence_loses_nothing() {
        // A page that draws 7 to 20 times a second, irregularly.
        let (mut cadence, _) = Cadence::new(ms(0), None);
        let (mut now, mut missed) = (ms(0), 0);
        for item in 0..600u32 {
            now += ms(50) * (1 + item * 7919 / 64 % 3);
            let arrival = cadence.arrive(now, None);
            missed += i32::from(cadence.is_known()) * arrival.missed;
        }
        assert!(missed < 30, "{missed} of 600 thought lost");
    }

    #[test]
    fn a_pause_starts_a_new_cadence() {
        let (mut cadence, _) = Cadence::new(ms(0), None);
        for item in 1..20 {
            assert!(!cadence.arrive(ms(50) * item, None).after_pause);
        }
        let arrival = cadence.arrive(ms(5_000), None);
        assert_eq!(
            (arrival.seconds, arrival.missed, arrival.after_pause),
            (5.0, 0, true)
        );
    }

    #[test]
    fn a_changed_rate_is_followed() {
        let (mut cadence, _) = Cadence::new(ms(0), None);
        let mut now = ms(0);
        for period in [ms(50), ms(100), ms(25)] {
            for _ in 0..80 {
                now += period;
                cadence.arrive(now, None);
            }
            let found = cadence.period() / period.as_secs_f64();
            assert!((found - 1.0).abs() < 0.05, "{found} of {period:?}");
        }
    }
}
