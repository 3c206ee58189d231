//! How much the program measures. Made from its options, read by every measurement.

use std::time::Duration;

/// How much is measured in each round.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: u32,
    /// Lines that one player sends, each after the answer to the one before.
    pub(crate) lines: u32,
    /// Players that send lines at the same time.
    pub(crate) players: usize,
    /// Lines that each of them sends. A relay takes 200 at once and then 100 a second from one player.
    pub(crate) lines_each: u32,
    /// Players that send datagrams.
    pub(crate) drivers: usize,
    /// Datagrams that each of them sends a second. A relay takes 200 from one player.
    pub(crate) datagrams_each: u32,
    /// How long they drive.
    pub(crate) driving: Duration,
    /// Players that are only connected, to see what memory they take.
    pub(crate) idle: usize,
}

impl Plan {
    /// The plan for `rounds` rounds, or for one short round.
    pub(crate) fn of(rounds: u32, quick: bool) -> Self {
        if quick {
            return Self {
                rounds: 1,
                lines: 5,
                players: 3,
                lines_each: 20,
                drivers: 2,
                datagrams_each: 100,
                driving: Duration::from_millis(200),
                idle: 4,
            };
        }
        Self {
            rounds,
            lines: 180,
            players: 32,
            lines_each: 180,
            drivers: 100,
            datagrams_each: 100,
            driving: Duration::from_secs(1),
            idle: 200,
        }
    }
}
