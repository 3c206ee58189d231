//! One WebSocket of a player's session, with its limits and its signs of life. The session's next WebSocket gets new ones.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_tungstenite::tungstenite::Bytes;

use super::Players;
use super::outbox::Outbox;
use super::websocket::{Incoming, WebSocket};
use crate::limits::MAX_UNANSWERED_PINGS;

/// Checks in one `stalled` period. A browser that takes nothing during all of them loses its WebSocket.
const CHECKS: u32 = 5;
/// After this many checks a browser is closed although it takes something: others wait for it.
const MAX_CHECKS: u32 = 6 * CHECKS;

/// A browser that has not confirmed what was written for this long is taken for one that is away. A far one answers much sooner.
const ABSENT: Duration = Duration::from_secs(2);

/// A WebSocket and what is known of it.
pub(super) struct Attachment {
    pub(super) browser: WebSocket,
    pings: Interval,
    /// Pings since the browser last gave a sign of life.
    unanswered_pings: u8,
    /// No frame has arrived since the first unanswered ping.
    is_silent: bool,
    /// Since when lines wait for the browser to confirm others.
    unconfirmed_since: Option<Instant>,
    /// A browser that takes nothing for this long loses its WebSocket.
    stalled: Duration,
    /// Too much waits for the browser.
    backlog: Option<Backlog>,
}

/// What happens with a WebSocket.
pub(super) enum Happening {
    Incoming(Incoming),
    /// It is time for a ping.
    Ping,
}

/// How a browser reads for which too much waits.
pub(super) enum Pace {
    Reading,
    /// It has taken nothing during all checks.
    Stalled,
    /// It takes something, and too little of it.
    TooSlow,
}

/// The time in which too much waits, and whether the browser reads meanwhile.
struct Backlog {
    check_at: Instant,
    checks: u32,
    /// Checks in a row that saw nothing written.
    idle_checks: u32,
    /// What had been written to the browser at the last check.
    written: u64,
}

impl Attachment {
    pub(super) fn new(browser: WebSocket, players: &Players) -> Self {
        let ping = players.timeouts.ping;
        let mut pings = interval_at(Instant::now() + ping, ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            browser,
            pings,
            unanswered_pings: 0,
            is_silent: true,
            unconfirmed_since: None,
            stalled: players.timeouts.stalled,
            backlog: None,
        }
    }

    /// Write from the outbox, and wait for the next thing. Cancelling the wait loses nothing.
    pub(super) async fn next(&mut self, outbox: &mut Outbox, is_paused: bool) -> Happening {
        tokio::select! {
            incoming = self.browser.turn(outbox, is_paused) => Happening::Incoming(incoming),
            _ = self.pings.tick() => Happening::Ping,
        }
    }

    /// A frame has come.
    pub(super) fn handle_sign_of_life(&mut self, outbox: &Outbox) {
        self.is_silent = false;
        // A ping that the browser has not read cannot have been answered.
        if !outbox.ping {
            self.unanswered_pings = 0;
        }
    }

    /// Queue a ping. False: too many are unanswered.
    pub(super) fn ping(&mut self, outbox: &mut Outbox) -> bool {
        match self.unanswered_pings {
            MAX_UNANSWERED_PINGS => return false,
            0 => self.is_silent = true,
            _ => {}
        }
        self.unanswered_pings += 1;
        outbox.ping = true;
        true
    }

    /// Say whether nothing has come since the first of the unanswered pings.
    pub(super) fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// A pong has come. False: it answers no ping.
    pub(super) fn handle_pong(&mut self, payload: &Bytes, outbox: &mut Outbox) -> bool {
        let number = payload.as_ref().try_into().map(u64::from_be_bytes);
        let is_answer = number.is_ok_and(|number| outbox.lines.handle_mark(number));
        if is_answer {
            self.unconfirmed_since = None;
        }
        is_answer
    }

    /// Say whether the browser confirms nothing, although lines wait for it. A connection that broke is noticed some seconds late.
    pub(super) fn is_absent(&mut self, outbox: &Outbox) -> bool {
        if !outbox.lines.is_blocked() {
            self.unconfirmed_since = None;
            return false;
        }
        let since = self.unconfirmed_since.get_or_insert_with(Instant::now);
        since.elapsed() >= ABSENT
    }

    /// Return when to check the browser next. While it is `Some`, the relay must not read from the game server.
    pub(super) fn watch_backlog(&mut self, may_grow: bool) -> Option<Instant> {
        if may_grow {
            self.backlog = None;
        } else if self.backlog.is_none() {
            self.backlog = Some(Backlog {
                check_at: Instant::now() + self.stalled / CHECKS,
                checks: 0,
                idle_checks: 0,
                written: self.browser.written_bytes(),
            });
        }
        self.backlog.as_ref().map(|backlog| backlog.check_at)
    }

    /// Look whether the browser reads.
    pub(super) fn check_backlog(&mut self, waiting_bytes: usize) -> Pace {
        let written = self.browser.written_bytes();
        let Some(backlog) = &mut self.backlog else {
            return Pace::Reading;
        };
        // If nothing waits for this browser, others hold the budget, and they are closed soon.
        let is_idle = written == backlog.written && waiting_bytes > 0;
        backlog.checks += 1;
        backlog.idle_checks = if is_idle { backlog.idle_checks + 1 } else { 0 };
        if backlog.idle_checks == CHECKS {
            return Pace::Stalled;
        }
        if backlog.checks == MAX_CHECKS {
            return Pace::TooSlow;
        }
        backlog.written = written;
        backlog.check_at = Instant::now() + self.stalled / CHECKS;
        Pace::Reading
    }
}
