//! Limits how much one player may send and others may push at it, and how often those of one address may do what costs much. `admission` limits how many clients may connect.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::network_of;

/// A steady rate with room for bursts. A value of 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Units a second in the long run.
    pub per_second: u32,
    /// Units at once after a pause.
    pub burst: u32,
}

impl Rate {
    fn quota(self) -> Quota {
        let [per_second, burst] = [self.per_second, self.burst]
            .map(|units| NonZeroU32::new(units).unwrap_or(NonZeroU32::MIN));
        Quota::per_second(per_second).allow_burst(burst)
    }
}

/// What one player may send, and what others may push at it. A client at 60 Hz, the highest rate of any client, stays far below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimits {
    /// HTTP requests, for all clients of one address together.
    pub requests: Rate,
    /// Attempts to connect, for all players of one address together.
    pub attempts: Rate,
    /// Datagrams.
    pub datagrams: Rate,
    /// Command lines and WebSocket control frames.
    pub lines: Rate,
    /// Lines that cost the game server or the whole room much: sign-ins, race starts, and several commands in one.
    pub costly_lines: Rate,
    /// The same, for all players of one address together.
    pub costly_lines_of_address: Rate,
    /// Bytes of lines, as the game server may escape them for those who read them.
    pub line_bytes: Rate,
    /// Bytes of everything, the headers of WebSocket frames included.
    pub bytes: Rate,
    /// Bytes of lines that all others together make the game server push at one player.
    pub pushed_bytes: Rate,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            // A page takes some fifty. A hundred people behind one address may open it at once.
            requests: Rate {
                per_second: 500,
                burst: 5000,
            },
            // A school that comes back after a restart, twice.
            attempts: Rate {
                per_second: 10,
                burst: 200,
            },
            datagrams: Rate {
                per_second: 200,
                burst: 400,
            },
            lines: Rate {
                per_second: 100,
                burst: 200,
            },
            // People press a button. A client that comes back signs in once.
            costly_lines: Rate {
                per_second: 1,
                burst: 10,
            },
            // Our game server checks some hundred passwords a second. The players of a school sign in at once.
            costly_lines_of_address: Rate {
                per_second: 20,
                burst: 300,
            },
            // Two of the longest plain lines a second. The burst holds four in which each letter is escaped.
            line_bytes: Rate {
                per_second: 16 * 1024,
                burst: 200 * 1024,
            },
            // Four times 60 datagrams of 1 KiB a second.
            bytes: Rate {
                per_second: 256 * 1024,
                burst: 512 * 1024,
            },
            // What one player may say. A full room needs some 60 kB a second for positions, which go first.
            pushed_bytes: Rate {
                per_second: 16 * 1024,
                burst: 200 * 1024,
            },
        }
    }
}

/// The time since a connection began, as its session last set it. The session has read its clock anyway, so the
/// limiters need not read it again.
#[derive(Debug, Clone, Default)]
struct SessionClock(Arc<AtomicU64>);

impl SessionClock {
    fn set(&self, now: Duration) {
        self.0.store(Nanos::from(now).as_u64(), Ordering::Relaxed);
    }
}

impl Clock for SessionClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.load(Ordering::Relaxed).into()
    }
}

/// Addresses that are counted at once. Beyond them nobody is refused.
const MAX_ADDRESSES: usize = 16 * 1024;

/// Limits how often each address may do something that costs much.
#[derive(Debug)]
pub(crate) struct AddressRate(DefaultKeyedRateLimiter<IpAddr>);

impl AddressRate {
    pub(crate) fn new(rate: Rate) -> Self {
        Self(RateLimiter::keyed(rate.quota()))
    }

    /// Count it once. False: this address does it too often.
    pub(crate) fn allow(&self, address: IpAddr) -> bool {
        self.allow_several(address, NonZeroU32::MIN)
    }

    /// Count it several times.
    pub(crate) fn allow_several(&self, address: IpAddr, times: NonZeroU32) -> bool {
        if self.0.len() >= MAX_ADDRESSES {
            self.0.retain_recent();
        }
        self.0.len() >= MAX_ADDRESSES
            || matches!(self.0.check_key_n(&network_of(address), times), Ok(Ok(())))
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, SessionClock, NoOpMiddleware<Nanos>>;

/// Limits what one player sends, and what is pushed at it. `now` is the time since its connection began.
#[derive(Debug)]
pub(crate) struct PlayerLimiter {
    clock: SessionClock,
    datagrams: Limiter,
    lines: Limiter,
    costly_lines: Limiter,
    line_bytes: Limiter,
    bytes: Limiter,
    pushed_bytes: Limiter,
}

impl PlayerLimiter {
    pub(crate) fn new(limits: &RateLimits) -> Self {
        let clock = SessionClock::default();
        let limiter = |rate: Rate| Limiter::direct_with_clock(rate.quota(), clock.clone());
        Self {
            datagrams: limiter(limits.datagrams),
            lines: limiter(limits.lines),
            costly_lines: limiter(limits.costly_lines),
            line_bytes: limiter(limits.line_bytes),
            bytes: limiter(limits.bytes),
            pushed_bytes: limiter(limits.pushed_bytes),
            clock,
        }
    }

    /// Count bytes of any kind. False: they exceed a limit.
    pub(crate) fn bytes(&self, bytes: u64, now: Duration) -> bool {
        self.clock.set(now);
        takes(&self.bytes, bytes)
    }

    /// Count a line that others push at the player. False: it exceeds a limit.
    pub(crate) fn pushed(&self, bytes: u64, now: Duration) -> bool {
        self.clock.set(now);
        takes(&self.pushed_bytes, bytes)
    }

    /// Count a datagram. False: it exceeds a limit.
    pub(crate) fn datagram(&self, now: Duration) -> bool {
        self.clock.set(now);
        self.datagrams.check().is_ok()
    }

    /// Count a control frame. False: it exceeds a limit.
    pub(crate) fn control(&self, now: Duration) -> bool {
        self.clock.set(now);
        self.lines.check().is_ok()
    }

    /// Count commands that cost much. False: they exceed a limit.
    pub(crate) fn costly(&self, commands: NonZeroU32, now: Duration) -> bool {
        self.clock.set(now);
        matches!(self.costly_lines.check_n(commands), Ok(Ok(())))
    }

    /// Count a line. False: it exceeds a limit.
    pub(crate) fn line(&self, line: &str, now: Duration) -> bool {
        self.control(now) && takes(&self.line_bytes, escaped_bytes(line))
    }
}

fn takes(limiter: &Limiter, bytes: u64) -> bool {
    let Some(bytes) = NonZeroU32::new(u32::try_from(bytes).unwrap_or(u32::MAX)) else {
        return true;
    };
    matches!(limiter.check_n(bytes), Ok(Ok(())))
}

/// The most bytes that a line's content can have in JSON of a game server, which escapes every letter outside of ASCII and some
/// within (facts, section 1.5). Quotes count once, since most of them are the JSON's own.
pub(crate) fn escaped_bytes(line: &str) -> u64 {
    const ESCAPED: u64 = 6;
    let letters = line.chars().map(|letter| match letter {
        '<' | '>' | '&' | '\'' | '+' | '`' | '\\' => ESCAPED,
        ' '..='~' => 1,
        other => ESCAPED * other.len_utf16() as u64,
    });
    letters.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> PlayerLimiter {
        let rate = |per_second, burst| Rate { per_second, burst };
        PlayerLimiter::new(&RateLimits {
            requests: rate(1, 1),
            attempts: rate(1, 1),
            datagrams: rate(20, 40),
            lines: rate(10, 20),
            costly_lines: rate(1, 5),
            costly_lines_of_address: rate(1, 5),
            line_bytes: rate(100, 300),
            bytes: rate(1000, 3000),
            pushed_bytes: rate(100, 300),
        })
    }

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let limiter = limiter();
        let taken = (0..100)
            .filter(|_| limiter.datagram(Duration::ZERO))
            .count();
        assert_eq!(taken, 40);
        let later = (0..100)
            .filter(|_| limiter.datagram(Duration::from_secs(1)))
            .count();
        assert_eq!(later, 20);
        // A long pause gives a burst, not more.
        let rested = (0..100)
            .filter(|_| limiter.datagram(Duration::from_secs(3600)))
            .count();
        assert_eq!(rested, 40);
    }

    #[test]
    fn bytes_count_apart_from_what_they_make() {
        let limiter = limiter();
        assert!(limiter.bytes(2000, Duration::ZERO));
        assert!(!limiter.bytes(1001, Duration::ZERO));
        assert!(limiter.bytes(1000, Duration::ZERO));
        let lines = (0..100).filter(|_| limiter.line("", Duration::ZERO));
        assert_eq!(lines.count(), 20);
        assert!(limiter.datagram(Duration::ZERO));
    }

    #[test]
    fn a_line_counts_as_long_as_servers_may_make_it() {
        assert_eq!(escaped_bytes(r#"{"message":"Hi!"}"#), 17);
        assert_eq!(escaped_bytes("<>&'+`\\"), 42);
        assert_eq!(escaped_bytes("é\u{1f3c1}\n"), 24);
        let limiter = limiter();
        assert!(!limiter.line(&"<".repeat(51), Duration::ZERO));
        assert!(limiter.line(&"<".repeat(50), Duration::ZERO));
        assert!(!limiter.line("x", Duration::ZERO));
        assert!(limiter.line("x", Duration::from_secs(1)));
    }

    #[test]
    fn each_address_has_attempts_of_its_own() {
        let attempts = AddressRate::new(Rate {
            per_second: 1,
            burst: 3,
        });
        let allowed = |last: u8| {
            let tries = (0..10).filter(|_| attempts.allow([192, 0, 2, last].into()));
            tries.count()
        };
        // A second may pass meanwhile.
        assert!((3..6).contains(&allowed(1)));
        assert!((3..6).contains(&allowed(2)));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let limiter = limiter();
        let at = Duration::from_secs(5);
        assert_eq!((0..100).filter(|_| limiter.line("", at)).count(), 20);
        assert!(!limiter.line("", Duration::ZERO));
        assert!(!limiter.line("", at));
    }
}
