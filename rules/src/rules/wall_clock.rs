//! The time of day as the game server writes and checks it. The reading comes from the caller.

use std::time::Duration;

use time::{OffsetDateTime, UtcDateTime};

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// A moment as the time since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WallClock(pub(crate) Duration);

impl WallClock {
    /// Give the seconds since midnight as a 32-bit float, as the original compares them.
    pub(crate) fn seconds_of_day(self) -> f32 {
        let today = self.0 - Duration::from_secs(self.0.as_secs() / DAY_SECONDS * DAY_SECONDS);
        today.as_secs_f32()
    }

    /// Give the milliseconds since 1970.
    pub(crate) fn milliseconds(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }

    /// Write the moment as `CHAT` has it.
    pub(crate) fn timestamp(self) -> String {
        let now = self.date();
        format!(
            "{:04}-{:02}-{:02} {}",
            now.year(),
            u8::from(now.month()),
            now.day(),
            Self::clock(now)
        )
    }

    /// Write hour and minute.
    pub(crate) fn minute(self) -> String {
        let now = self.date();
        format!("{:02}:{:02}", now.hour(), now.minute())
    }

    fn clock(now: UtcDateTime) -> String {
        format!("{:02}:{:02}:{:02}", now.hour(), now.minute(), now.second())
    }

    fn date(self) -> UtcDateTime {
        let seconds = i64::try_from(self.0.as_secs()).unwrap_or(0);
        OffsetDateTime::from_unix_timestamp(seconds).map_or(UtcDateTime::UNIX_EPOCH, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_recorded() {
        let recorded = WallClock(Duration::from_millis(1_795_431_887_250));
        assert_eq!(recorded.timestamp(), "2026-11-23 11:04:47");
        assert_eq!(recorded.minute(), "11:04");
        assert_eq!(recorded.milliseconds(), 1_795_431_887_250);
        assert_eq!(recorded.seconds_of_day(), 39_887.25);
    }
}
