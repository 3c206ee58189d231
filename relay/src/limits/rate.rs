//! How much one player may send: token buckets over a clock given as an argument. Who may come in at all is
//! decided in `admission`.

use std::time::Duration;

/// A steady rate with room for bursts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Units a second in the long run.
    pub per_second: f64,
    /// Units at once after a pause.
    pub burst: f64,
}

/// What one player may send. A client at the highest rate the protocol's clients have (60 Hz) stays far below.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowance {
    /// Datagrams.
    pub datagrams: Rate,
    /// Command lines and WebSocket control frames.
    pub lines: Rate,
    /// Bytes of both.
    pub bytes: Rate,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            datagrams: Rate {
                per_second: 200.0,
                burst: 400.0,
            },
            lines: Rate {
                per_second: 100.0,
                burst: 200.0,
            },
            // 60 datagrams of 1 KiB a second, four times over; the burst takes eight of the longest lines.
            bytes: Rate {
                per_second: 256.0 * 1024.0,
                burst: 512.0 * 1024.0,
            },
        }
    }
}

/// A bucket that fills at its rate up to its burst.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    level: f64,
    filled_at: Duration,
}

impl Bucket {
    fn new(rate: Rate) -> Self {
        Self {
            rate,
            level: rate.burst,
            filled_at: Duration::ZERO,
        }
    }

    /// Take `amount`, or say that it is not there.
    fn take(&mut self, amount: f64, now: Duration) -> bool {
        let elapsed = now.saturating_sub(self.filled_at).as_secs_f64();
        self.filled_at = self.filled_at.max(now);
        self.level = (self.level + elapsed * self.rate.per_second).min(self.rate.burst);
        let enough = self.level >= amount;
        if enough {
            self.level -= amount;
        }
        enough
    }
}

/// Watches what one player sends. `now` is the time since its connection began.
#[derive(Debug)]
pub(crate) struct Meter {
    datagrams: Bucket,
    lines: Bucket,
    bytes: Bucket,
}

impl Meter {
    pub(crate) fn new(allowance: &Allowance) -> Self {
        Self {
            datagrams: Bucket::new(allowance.datagrams),
            lines: Bucket::new(allowance.lines),
            bytes: Bucket::new(allowance.bytes),
        }
    }

    /// Count a datagram; false where it is too much.
    pub(crate) fn datagram(&mut self, bytes: usize, now: Duration) -> bool {
        self.datagrams.take(1.0, now) && self.bytes.take(bytes as f64, now)
    }

    /// Count a line or a control frame; false where it is too much.
    pub(crate) fn line(&mut self, bytes: usize, now: Duration) -> bool {
        self.lines.take(1.0, now) && self.bytes.take(bytes as f64, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter() -> Meter {
        let rate = |per_second, burst| Rate { per_second, burst };
        Meter::new(&Allowance {
            datagrams: rate(20.0, 40.0),
            lines: rate(10.0, 20.0),
            bytes: rate(1000.0, 3000.0),
        })
    }

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let mut meter = meter();
        let taken = (0..100)
            .filter(|_| meter.datagram(10, Duration::ZERO))
            .count();
        assert_eq!(taken, 40);
        let later = (0..100)
            .filter(|_| meter.datagram(10, Duration::from_secs(1)))
            .count();
        assert_eq!(later, 20);
        // A long pause gives a burst, not more.
        let rested = (0..100)
            .filter(|_| meter.datagram(10, Duration::from_secs(3600)))
            .count();
        assert_eq!(rested, 40);
    }

    #[test]
    fn bytes_count_together_and_lines_apart_from_datagrams() {
        let mut meter = meter();
        assert!(meter.line(2000, Duration::ZERO));
        assert!(!meter.datagram(1001, Duration::ZERO));
        assert!(meter.datagram(1000, Duration::ZERO));
        let lines = (0..100).filter(|_| meter.line(0, Duration::ZERO)).count();
        assert_eq!(lines, 19);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut meter = meter();
        let at = Duration::from_secs(5);
        assert_eq!((0..100).filter(|_| meter.line(0, at)).count(), 20);
        assert!(!meter.line(0, Duration::ZERO));
        assert!(!meter.line(0, at));
    }
}
