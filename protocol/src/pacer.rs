//! Limits the send rate; the newest item wins. It keeps a steady cadence, so that receivers can tell when a position
//! was sent although datagrams of the first generation carry no time.

use std::time::Duration;

use crate::from_seconds;

/// The slowest rate that may be set, in Hz.
pub const MIN_RATE_HZ: f64 = 1.0;
/// The fastest rate that may be set, in Hz.
pub const MAX_RATE_HZ: f64 = 60.0;
/// The rate real clients send at (facts, section 9), in Hz.
pub const DEFAULT_RATE_HZ: f64 = 20.0;

/// How early an item may be sent, as a part of the interval (a tenth). A drawing loop never hits the due time
/// exactly, and waiting for its next frame would cost up to 17 ms.
const EARLY: u32 = 10;
/// How long after the due time an item that was offered too early still waits for a newer one.
const GRACE: Duration = Duration::from_millis(25);

/// Holds back items that come too often.
#[derive(Debug, Clone)]
pub struct Pacer<T> {
    interval: Duration,
    /// The next due time. `None` before the first offer.
    next: Option<Duration>,
    waiting: Option<T>,
}

impl<T> Pacer<T> {
    /// Make a pacer for `rate_hz` a second, limited to [`MIN_RATE_HZ`] to [`MAX_RATE_HZ`].
    pub fn new(rate_hz: f64) -> Self {
        let rate = if rate_hz.is_finite() {
            rate_hz
        } else {
            DEFAULT_RATE_HZ
        };
        let interval = from_seconds(1.0 / rate.clamp(MIN_RATE_HZ, MAX_RATE_HZ));
        Self {
            interval,
            next: None,
            waiting: None,
        }
    }

    /// Offer the newest item. It comes back if it may be sent now; otherwise it waits in place of an older one.
    pub fn offer(&mut self, item: T, now: Duration) -> Option<T> {
        let early = self.interval / EARLY;
        if self.next.is_some_and(|next| now + early < next) {
            self.waiting = Some(item);
            return None;
        }
        self.waiting = None;
        self.advance(now);
        Some(item)
    }

    /// Give the item that has waited long enough.
    pub fn poll(&mut self, now: Duration) -> Option<T> {
        if self.timeout()? > now {
            return None;
        }
        self.advance(now);
        self.waiting.take()
    }

    /// Say when [`poll`](Self::poll) will give something.
    pub fn timeout(&self) -> Option<Duration> {
        self.waiting.as_ref()?;
        self.next.map(|next| next + GRACE)
    }

    /// Drop the item that waits. The next offer starts a new cadence.
    pub fn reset(&mut self) {
        self.next = None;
        self.waiting = None;
    }

    fn advance(&mut self, now: Duration) {
        let kept = self.next.map(|next| next + self.interval);
        // More than an interval late: missed sends are not made up for.
        self.next = Some(
            kept.filter(|&next| next > now)
                .unwrap_or(now + self.interval),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn sent_in_a_second(rate_hz: f64, frame: Duration) -> Vec<Duration> {
        let mut pacer = Pacer::new(rate_hz);
        let mut sent = Vec::new();
        let mut now = Duration::ZERO;
        while now < Duration::from_secs(1) {
            sent.extend(pacer.poll(now));
            sent.extend(pacer.offer(now, now));
            now += frame;
        }
        sent
    }

    #[test]
    fn the_rate_is_met_at_any_frame_time() {
        for frame in [ms(1), Duration::from_micros(16_667), ms(7)] {
            let sent = sent_in_a_second(20.0, frame);
            assert!(
                (19..=21).contains(&sent.len()),
                "{} at {frame:?}",
                sent.len()
            );
        }
        assert!((59..=61).contains(&sent_in_a_second(500.0, ms(1)).len()));
    }

    #[test]
    fn a_drawing_loop_sends_at_a_steady_cadence() {
        // Three frames are a little more or a little less than an interval.
        for frame in [16_667, 16_600, 16_700] {
            let sent = sent_in_a_second(20.0, Duration::from_micros(frame));
            for pair in sent.windows(2) {
                let gap = (pair[1] - pair[0]).as_secs_f64();
                assert!((gap - 0.05).abs() < 0.001, "{gap}");
            }
        }
    }

    #[test]
    fn the_newest_wins_and_the_last_is_not_lost() {
        let mut pacer = Pacer::new(20.0);
        assert_eq!(pacer.offer(1, ms(0)), Some(1));
        assert_eq!(pacer.offer(2, ms(10)), None);
        assert_eq!(pacer.offer(3, ms(20)), None);
        assert_eq!(pacer.timeout(), Some(ms(75)));
        assert_eq!(pacer.poll(ms(74)), None);
        assert_eq!(pacer.poll(ms(75)), Some(3));
        assert_eq!(pacer.timeout(), None);
    }
}
