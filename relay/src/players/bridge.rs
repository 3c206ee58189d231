//! One player's session from the dial to the goodbye: lines and datagrams pass untouched between its browser and its own
//! connection with the game server. Upwards only datagrams pass that are the session's own. One task, no locks.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use client_native::{Connection, Datagrams, Disconnected, Lines, Received, Stalled, Unsent};
use protocol::cipher::MAX_DATAGRAM_BYTES;
use protocol::event::Event;
use protocol::frame::{CloseCode, Notice};
use protocol::goodbye::Goodbye;
use protocol::line::LineError;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::Players;
use super::goodbye::say;
use super::outbox::Outbox;
use super::session::{LineUp, PlayerSession};
use super::traffic::Traffic;
use super::websocket::{Incoming, WebSocket};
use crate::close::CloseReason;
use crate::limits::rate::PlayerLimiter;
use crate::limits::{MAX_UNANSWERED_PINGS, Share};
use crate::metrics::{Limit, Metrics};
use crate::spectators::{PlayerTap, Spectators};

/// The longest line that is read on its way down. A list of 400 rooms is shorter.
const MAX_READ_LINE_BYTES: usize = 64 * 1024;
/// Datagrams taken in one go. More would keep lines from passing.
const MAX_DATAGRAMS_AT_ONCE: usize = 32;
/// How often a browser is looked at while the relay does not read for it, in the time after which one that takes nothing is closed.
const CHECKS: u32 = 5;
/// After this many looks a browser is closed although it takes something: others wait for it.
const MAX_CHECKS: u32 = 6 * CHECKS;

impl Players {
    /// Bridge one player until either side ends it.
    pub(crate) async fn bridge(&self, browser: WebSocket, peer: IpAddr) {
        self.metrics.relay.admitted.inc();
        let mut bridge = Bridge::new(browser, peer, self);
        let mut connection = None;
        let Err(reason) = bridge.run(&mut connection).await;
        tokio::select! {
            () = bridge.close(&reason, connection) => {}
            () = self.lifecycle.aborting.cancelled() => {}
        }
        self.metrics.closed(reason.code);
        let dropped = bridge.outbox.dropped_datagrams;
        let lasted = bridge.started.elapsed();
        bridge.traffic.log(peer, &reason, lasted, dropped);
    }
}

struct Bridge<'a> {
    players: &'a Players,
    /// The browser's address.
    peer: IpAddr,
    browser: WebSocket,
    outbox: Outbox,
    /// Lines for the game server. They may wait for the dial.
    unsent: Unsent,
    limiter: PlayerLimiter,
    session: PlayerSession,
    traffic: Traffic,
    started: Instant,
    pings: Interval,
    /// Pings since the browser last gave a sign of life.
    unanswered_pings: u8,
    said_bye: bool,
    /// What waits for the browser, of the budget for all.
    share: Share,
    /// Too much waits for the browser.
    backlog: Option<Backlog>,
    /// Reads the traffic for spectators. `None`: nobody may watch.
    tap: Option<PlayerTap>,
    /// When the last datagram went to the game server, since `started`.
    last_datagram: Option<Duration>,
}

/// The time in which too much waits, and whether the browser reads meanwhile.
struct Backlog {
    check_at: Instant,
    checks: u32,
    /// Looks in a row that saw nothing written.
    idle_checks: u32,
    /// What had been written to the browser at the last check.
    written: u64,
}

impl<'a> Bridge<'a> {
    fn new(browser: WebSocket, peer: IpAddr, players: &'a Players) -> Self {
        let started = Instant::now();
        let ping = players.timeouts.ping;
        let mut pings = interval_at(started + ping, ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            players,
            peer,
            browser,
            outbox: Outbox::default(),
            unsent: Unsent::default(),
            limiter: PlayerLimiter::new(&players.rate_limits),
            session: PlayerSession::new(players.secret.clone()),
            traffic: Traffic::default(),
            started,
            pings,
            unanswered_pings: 0,
            said_bye: false,
            share: players.buffers.share(peer),
            backlog: None,
            tap: players.spectators.as_deref().map(Spectators::tap),
            last_datagram: None,
        }
    }

    /// Dial, tell the browser, and forward. The connection stays in `connection` for the goodbye.
    async fn run(
        &mut self,
        connection: &mut Option<Connection>,
    ) -> Result<Infallible, CloseReason> {
        let connection = connection.insert(self.dial().await?);
        let ready = Notice::Ready {
            resumed: false,
            received: 0,
            resume_seconds: 0,
        };
        self.outbox.push_line(ready.to_frame());
        self.forward(connection).await
    }

    /// Connect with the game server. The browser may leave meanwhile.
    async fn dial(&mut self) -> Result<Connection, CloseReason> {
        let players = self.players;
        let mut dial = pin!(players.dialer.dial(Some(self.peer)));
        loop {
            tokio::select! {
                dialled = &mut dial => return dialled,
                incoming = self.browser.turn(&mut self.outbox, false) => self.take(incoming, None)?,
                _ = self.pings.tick() => self.ping()?,
                () = players.lifecycle.draining.cancelled() => return Err(CloseReason::restarting()),
            }
        }
    }

    async fn forward(&mut self, connection: &mut Connection) -> Result<Infallible, CloseReason> {
        let Connection {
            lines, datagrams, ..
        } = connection;
        let lifecycle = &self.players.lifecycle;
        // Tokens of this player's own: each turn of the loop locks them, and so no other player waits.
        let (draining, closing) = (
            lifecycle.draining.child_token(),
            lifecycle.closing.child_token(),
        );
        let mut next_stage = pin!(draining.cancelled());
        let welcome_by = Instant::now() + self.players.timeouts.welcome;
        loop {
            let check_at = self.watch_backlog(lines.held_bytes());
            tokio::select! {
                incoming = self.browser.turn(&mut self.outbox, check_at.is_some()) => self.take(incoming, Some(datagrams))?,
                transferred = transfer(lines, &mut self.unsent, check_at.is_none()) => self.take_lines(lines, transferred)?,
                () = datagrams.readable() => self.take_datagrams(datagrams),
                _ = self.pings.tick() => self.ping()?,
                () = sleep_until(check_at.unwrap_or(welcome_by)), if check_at.is_some() => self.check_backlog()?,
                () = sleep_until(welcome_by), if self.traffic.lines_down == 0 => return Err(CloseReason::unwelcome()),
                () = &mut next_stage => {
                    if lifecycle.closing.is_cancelled() {
                        return Err(CloseReason::restarting());
                    }
                    let seconds = u32::try_from(lifecycle.drain.as_secs()).unwrap_or(u32::MAX);
                    self.outbox.push_line(Notice::Draining { seconds }.to_frame());
                    next_stage.set(closing.cancelled());
                }
            }
        }
    }

    /// Take what came from the browser. During the dial lines wait and datagrams are lost.
    fn take(&mut self, incoming: Incoming, server: Option<&Datagrams>) -> Result<(), CloseReason> {
        // A ping that the browser has not read cannot have been answered.
        if !self.outbox.ping {
            self.unanswered_pings = 0;
        }
        let now = self.started.elapsed();
        if !self.limiter.bytes(self.browser.take_read_bytes(), now) {
            return Err(self.sent_too_much());
        }
        match incoming {
            Incoming::Line(line) => self.send_line(&line, server.is_some()),
            Incoming::Datagram(datagram) => self.send_datagram(&datagram, server),
            Incoming::Control if self.limiter.control(now) => Ok(()),
            Incoming::Control => Err(self.sent_too_much()),
            Incoming::Wrote => Ok(()),
            Incoming::Left => Err(CloseReason::left()),
            Incoming::Refused(reason) => Err(reason),
        }
    }

    fn send_line(&mut self, line: &str, is_connected: bool) -> Result<(), CloseReason> {
        if line.is_empty() {
            let text = "An empty text frame is no command line.";
            return Err(CloseReason::malformed(text));
        }
        if line.contains('\n') {
            let text = "A text frame is one line: it must not contain a newline.";
            return Err(CloseReason::malformed(text));
        }
        if !self.limiter.line(line, self.started.elapsed()) {
            return Err(self.sent_too_much());
        }
        let line_up = self.session.handle_line(line);
        let is_bye = line_up == LineUp::Bye;
        match line_up {
            LineUp::Forward | LineUp::Bye => {}
            LineUp::LeaveFirst(leave) => self.queue_line(&leave.to_line(), is_connected)?,
            LineUp::Goodbye => return Err(CloseReason::said_goodbye()),
        }
        self.queue_line(line, is_connected)?;
        self.said_bye |= is_bye;
        self.traffic.lines_up += 1;
        self.metrics().lines_up.inc();
        Ok(())
    }

    /// Queue a line for the game server.
    fn queue_line(&mut self, line: &str, is_connected: bool) -> Result<(), CloseReason> {
        self.unsent.push(line).map_err(|Stalled| {
            self.metrics().reached(Limit::LinesToServer);
            match is_connected {
                true => CloseReason::new(
                    CloseCode::ServerTimeout,
                    "The game server has stopped reading.",
                ),
                false => CloseReason::sent_too_much(),
            }
        })
    }

    fn send_datagram(
        &mut self,
        datagram: &[u8],
        server: Option<&Datagrams>,
    ) -> Result<(), CloseReason> {
        if datagram.is_empty() {
            let text = "An empty binary frame is no datagram.";
            return Err(CloseReason::malformed(text));
        }
        if datagram.len() > MAX_DATAGRAM_BYTES {
            return Err(CloseReason::too_large("A datagram", MAX_DATAGRAM_BYTES));
        }
        let now = self.started.elapsed();
        if !self.limiter.datagram(now) {
            return Err(self.sent_too_much());
        }
        let Some(plaintext) = self.session.open(datagram) else {
            self.traffic.lost += 1;
            self.metrics().foreign.inc();
            return Ok(());
        };
        if server.is_some_and(|server| server.send(datagram)) {
            self.last_datagram = Some(now);
            self.traffic.datagrams_up += 1;
            self.metrics().datagrams_up.inc();
            if let Some(tap) = &mut self.tap {
                tap.handle_datagram_up(&plaintext);
            }
        } else {
            self.traffic.lost += 1;
            self.metrics().unsendable.inc();
        }
        Ok(())
    }

    fn sent_too_much(&self) -> CloseReason {
        self.metrics().reached(Limit::PlayerRate);
        CloseReason::sent_too_much()
    }

    fn metrics(&self) -> &'a Metrics {
        &self.players.metrics
    }

    fn take_lines(
        &mut self,
        lines: &mut Lines,
        transferred: Result<(), Disconnected>,
    ) -> Result<(), CloseReason> {
        while let Some(line) = lines.next_line() {
            let line = match line {
                Ok(line) => line,
                Err(LineError::TooLong { limit }) => {
                    self.metrics().reached(Limit::LineFromServer);
                    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
                    Notice::LineTooLong { limit }.to_frame()
                }
                Err(LineError::InvalidUtf8(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            };
            if !self.read_line(&line) {
                continue;
            }
            self.outbox.push_line(line);
            if self.traffic.lines_down == 0 {
                self.players.readiness.welcomed();
            }
            self.traffic.lines_down += 1;
            self.metrics().lines_down.inc();
        }
        transferred.map_err(|Disconnected { detail }| match self.said_bye {
            true => CloseReason::said_goodbye(),
            false => {
                let text = "The game server ended the session: sign in again.";
                CloseReason::new(CloseCode::ServerEnded, text).with_cause(detail)
            }
        })
    }

    /// Read a line on its way down. False: it answers a command of the relay's, and stays here.
    fn read_line(&mut self, line: &str) -> bool {
        if line.len() > MAX_READ_LINE_BYTES {
            return true;
        }
        let event = Event::parse(line);
        let is_for_player = self.session.handle_event(&event);
        if let Some(tap) = &mut self.tap {
            tap.handle_event(event);
        }
        is_for_player
    }

    fn take_datagrams(&mut self, server: &Datagrams) {
        for _ in 0..MAX_DATAGRAMS_AT_ONCE {
            match server.receive() {
                Received::Datagram(datagram) => self.push_datagram(datagram),
                Received::Unusable => {
                    self.traffic.lost += 1;
                    self.metrics().unusable.inc();
                }
                Received::Nothing => return,
            }
        }
    }

    /// Notice whether too much waits. Then gives when to look whether the browser reads, and the relay must not read until then.
    fn watch_backlog(&mut self, unfinished_bytes: usize) -> Option<Instant> {
        let waiting = self.waiting_bytes() + unfinished_bytes;
        if self.share.set(waiting) && !self.outbox.is_full() {
            self.backlog = None;
        } else if self.backlog.is_none() {
            self.backlog = Some(Backlog {
                check_at: Instant::now() + self.players.timeouts.stalled / CHECKS,
                checks: 0,
                idle_checks: 0,
                written: self.browser.written_bytes(),
            });
        }
        self.backlog.as_ref().map(|backlog| backlog.check_at)
    }

    fn waiting_bytes(&self) -> usize {
        self.outbox.line_bytes() + self.browser.unwritten_bytes()
    }

    fn check_backlog(&mut self) -> Result<(), CloseReason> {
        let (written, waiting) = (self.browser.written_bytes(), self.waiting_bytes());
        let Some(backlog) = &mut self.backlog else {
            return Ok(());
        };
        // If nothing waits for this browser, others hold the budget, and they are closed soon.
        let is_idle = written == backlog.written && waiting > 0;
        backlog.checks += 1;
        backlog.idle_checks = if is_idle { backlog.idle_checks + 1 } else { 0 };
        if backlog.idle_checks == CHECKS || backlog.checks == MAX_CHECKS {
            self.metrics().reached(Limit::LinesToBrowser);
            let text = "This client reads too slowly: too many lines were waiting for it.";
            return Err(CloseReason::new(CloseCode::TooSlow, text));
        }
        backlog.written = written;
        backlog.check_at = Instant::now() + self.players.timeouts.stalled / CHECKS;
        Ok(())
    }

    fn push_datagram(&mut self, datagram: Bytes) {
        if let Some(tap) = &self.tap {
            tap.handle_datagram_down(&datagram);
        }
        if self.outbox.push_datagram(datagram) {
            self.metrics().overtaken.inc();
        }
        self.traffic.datagrams_down += 1;
        self.metrics().datagrams_down.inc();
    }

    fn ping(&mut self) -> Result<(), CloseReason> {
        if self.unanswered_pings == MAX_UNANSWERED_PINGS {
            return Err(match self.outbox.ping {
                true => {
                    CloseReason::new(CloseCode::TooSlow, "This client does not read: reconnect.")
                }
                false => CloseReason::left().with_cause("no sign of life".to_owned()),
            });
        }
        self.unanswered_pings += 1;
        self.outbox.ping = true;
        Ok(())
    }

    /// Close the browser's side, and say goodbye to the game server meanwhile. The UDP socket stays open until then: a
    /// port that closes earlier makes some servers stutter for everyone (facts, section 6.6).
    async fn close(&mut self, reason: &CloseReason, connection: Option<Connection>) {
        self.tap = None;
        if reason.code == CloseCode::TooSlow {
            self.outbox.clear();
        }
        let connection = connection.filter(|connection| !connection.lines.has_ended());
        let goodbye =
            connection.map(|connection| (self.goodbye(connection.round_trip), connection));
        let close = self.browser.close(&mut self.outbox, reason);
        let closing = timeout(self.players.timeouts.close, close);
        let (unsent, started, metrics) = (&mut self.unsent, self.started, &self.players.metrics);
        let goodbye = async move {
            if let Some((goodbye, mut connection)) = goodbye {
                let outcome = say(goodbye, &mut connection.lines, unsent, started).await;
                metrics.said_goodbye(outcome);
            }
        };
        let (_closed_or_not, ()) = tokio::join!(closing, goodbye);
    }

    fn goodbye(&self, round_trip: Duration) -> Goodbye {
        let now = self.started.elapsed();
        if self.said_bye {
            Goodbye::said(now)
        } else {
            Goodbye::new(now, self.last_datagram, round_trip)
        }
    }
}

/// Exchange lines with the game server, or only send while too many wait for the browser. Then it never ends.
async fn transfer(
    lines: &mut Lines,
    unsent: &mut Unsent,
    may_read: bool,
) -> Result<(), Disconnected> {
    if !may_read {
        lines.send_only(unsent).await;
    }
    lines.transfer(unsent).await
}
