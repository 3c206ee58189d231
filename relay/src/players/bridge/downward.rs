//! What comes down from the game server: which lines and datagrams wait for the browser, which are left out, and when too much
//! waits.

use bytes::Bytes;
use client_native::{Datagrams, Disconnected, Lines, Received};
use protocol::event::{Event, EventKind};
use protocol::frame::{CloseCode, Notice};
use protocol::line::LineError;
use tokio::time::Instant;

use super::Bridge;
use super::client::Client;
use crate::close::CloseReason;
use crate::metrics::{Limit, SAMPLED};
use crate::players::attachment::Pace;
use crate::players::outbox::Origin;
use crate::players::websocket::Departure;

/// The longest line that is read on its way down. A list of 400 rooms is shorter, and so is the longest message of a player of a relay.
const MAX_READ_LINE_BYTES: usize = 64 * 1024;
/// What may be held for a player who is away however much is held for others. What others push at it is less: one of the longest
/// pushed lines that was written, and 24 KiB that were not. What it has asked for itself may be long.
const MAX_BYTES_AWAY: usize = 96 * 1024;
/// Datagrams taken in one go. More would keep lines from passing.
const MAX_DATAGRAMS_AT_ONCE: usize = 32;

impl Bridge<'_> {
    pub(super) fn take_lines(
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
            let Some(origin) = self.read_line(&line) else {
                continue;
            };
            if let Err(limit) = self.queue_line_down(line, origin) {
                self.metrics().reached(limit);
                continue;
            }
            if self.traffic.lines_down == 0 {
                self.server.readiness.welcomed();
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

    /// Read a line on its way down. `None`: it answers a command of the relay's, and stays here.
    fn read_line(&mut self, line: &str) -> Option<Origin> {
        if line.len() > MAX_READ_LINE_BYTES {
            return Some(Origin::of(EventKind::of_line(line)));
        }
        let event = Event::parse(line);
        self.generation.handle_event(&event);
        self.sign_ins.handle_event(&event);
        let origin = match &event {
            event if !self.session.handle_event(event) => None,
            // Its word says what it is, although it cannot be read.
            Event::Unknown { kind, .. } => Some(Origin::of(kind.parse().ok())),
            event => Some(Origin::of(Some(event.into()))),
        };
        if let Some(tap) = &mut self.tap {
            tap.handle_event(event);
        }
        origin
    }

    /// Queue a line for the browser. The error says for which limit it is left out.
    fn queue_line_down(&mut self, line: String, origin: Origin) -> Result<(), Limit> {
        if self.is_away() {
            let is_queued = self.outbox.push_line_away(line, origin);
            return is_queued.then_some(()).ok_or(Limit::PushesAway);
        }
        let is_too_long = line.len() > MAX_READ_LINE_BYTES;
        let (bytes, now) = (line.len() as u64, self.started.elapsed());
        match origin {
            Origin::Pushed if is_too_long || !self.limiter.pushed(bytes, now) => {
                return Err(Limit::Pushes);
            }
            Origin::Start if !self.limiter.pushed(bytes, now) => {
                self.outbox.push_newest_start(line);
            }
            _ => self.outbox.push_line(line, origin),
        }
        Ok(())
    }

    fn is_away(&mut self) -> bool {
        match &mut self.client {
            Client::Attached(attachment) => attachment.is_absent(&self.outbox),
            Client::Parked(_) | Client::Gone => true,
        }
    }

    pub(super) fn take_datagrams(&mut self, server: &Datagrams) {
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

    fn push_datagram(&mut self, datagram: Bytes) {
        if let Some(tap) = &self.tap {
            tap.handle_datagram_down(&datagram);
        }
        if !matches!(self.client, Client::Attached(_)) {
            self.traffic.lost += 1;
            self.metrics().parked.inc();
            return;
        }
        let is_sampled = self.traffic.datagrams_down.is_multiple_of(SAMPLED);
        let sample = is_sampled.then(|| self.metrics().sample(self.outbox.waiting_datagrams()));
        if self.outbox.push_datagram(datagram, sample) {
            self.metrics().overtaken.inc();
        }
        self.traffic.datagrams_down += 1;
        self.metrics().datagrams_down.inc();
    }

    /// Return when to check the browser next. While it is `Some`, the relay must not read from the game server.
    pub(super) fn watch_backlog(
        &mut self,
        unfinished_bytes: usize,
    ) -> Result<Option<Instant>, CloseReason> {
        let mut has_share = self.hold(unfinished_bytes);
        // What others push stops nothing and ends no session.
        if (!has_share || self.outbox.is_full()) && self.leave_out_pushed() {
            has_share = self.hold(unfinished_bytes);
        }
        // A line that is still coming may be a pushed one.
        let is_much = self.waiting_bytes() > MAX_BYTES_AWAY;
        let may_grow = has_share && !self.outbox.is_full();
        match &mut self.client {
            Client::Attached(attachment) => Ok(attachment.watch_backlog(may_grow)),
            Client::Parked(_) if self.outbox.is_full_away() || (!has_share && is_much) => {
                Err(self.too_slow())
            }
            Client::Parked(_) | Client::Gone => Ok(None),
        }
    }

    /// Note how much waits. False: the budget is spent.
    fn hold(&mut self, unfinished_bytes: usize) -> bool {
        let waiting = self.waiting_bytes() + unfinished_bytes;
        self.waiting.set(waiting);
        self.share.set(waiting)
    }

    fn waiting_bytes(&self) -> usize {
        let unwritten = match &self.client {
            Client::Attached(attachment) => attachment.browser.unwritten_bytes(),
            Client::Parked(_) | Client::Gone => 0,
        };
        self.outbox.line_bytes() + unwritten
    }

    /// Leave out waiting lines that nobody asked for. False: there were none.
    pub(super) fn leave_out_pushed(&mut self) -> bool {
        let is_away = self.is_away();
        let left_out = self.outbox.leave_out_pushed(is_away);
        let limit = match is_away {
            true => Limit::PushesAway,
            false => Limit::Pushes,
        };
        self.metrics().reached_often(limit, left_out);
        left_out > 0
    }

    pub(super) fn check_backlog(&mut self) -> Result<(), CloseReason> {
        let waiting = self.waiting_bytes();
        let Client::Attached(attachment) = &mut self.client else {
            return Ok(());
        };
        match attachment.check_backlog(waiting) {
            Pace::Reading => Ok(()),
            // Its connection may have broken unnoticed.
            Pace::Stalled if self.may_return() => self.park(Departure::Lost, None),
            Pace::Stalled | Pace::TooSlow => Err(self.too_slow()),
        }
    }

    fn too_slow(&self) -> CloseReason {
        self.metrics().reached(Limit::LinesToBrowser);
        let text = "This client reads too slowly: too many lines were waiting for it.";
        CloseReason::new(CloseCode::TooSlow, text)
    }
}
