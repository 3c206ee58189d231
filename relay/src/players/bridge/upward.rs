//! What goes up to the game server: lines and datagrams that a player may send, and that are its own.

use std::num::NonZeroU32;
use std::time::Duration;

use client_native::{Datagrams, Stalled};
use protocol::cipher::MAX_DATAGRAM_BYTES;
use protocol::frame::CloseCode;
use tokio::time::Instant;

use super::Bridge;
use crate::close::CloseReason;
use crate::metrics::Limit;
use crate::players::outbox::Origin;
use crate::players::session::{LineUp, PlayerLine};

const TOO_MANY_OF_ADDRESS: &str =
    "Too many sign-ins and race starts come from this address: wait a moment.";

impl Bridge<'_> {
    pub(super) fn send_line(&mut self, line: &str, is_connected: bool) -> Result<(), CloseReason> {
        if line.is_empty() {
            let text = "An empty text frame is no command line.";
            return Err(CloseReason::malformed(text));
        }
        if line.contains('\n') {
            let text = "A text frame is one line: it must not contain a newline.";
            return Err(CloseReason::malformed(text));
        }
        let now = self.started.elapsed();
        if !self.limiter.line(line, now) {
            return Err(self.sent_too_much());
        }
        let read = PlayerLine::parse(line);
        let may_pass = match NonZeroU32::new(read.costly()) {
            Some(costly) => self.may_send_costly(costly, now)?,
            None => true,
        };
        self.outbox.lines.handle_line();
        if !may_pass {
            let message = TOO_MANY_OF_ADDRESS;
            let refusal = protocol::refusal::error_line(message);
            self.outbox.push_line(refusal, Origin::Answer);
            return Ok(());
        }
        let line_up = self.session.handle_line(&read);
        let is_bye = line_up == LineUp::Bye;
        match line_up {
            LineUp::Forward | LineUp::Bye => {}
            LineUp::LeaveFirst(leave) => self.queue_line(&leave.to_line(), is_connected)?,
            LineUp::Goodbye => return Err(CloseReason::said_goodbye()),
            LineUp::Refused(text) => return Err(CloseReason::malformed(text)),
            LineUp::TooManyUnanswered => return Err(self.sent_too_much()),
        }
        self.queue_line(line, is_connected)?;
        self.said_bye |= is_bye;
        self.traffic.lines_up += 1;
        self.metrics().lines_up.inc();
        Ok(())
    }

    /// Count commands that cost much. False: others of this address have sent too many. A player who is signed in is told, and stays.
    fn may_send_costly(&self, costly: NonZeroU32, now: Duration) -> Result<bool, CloseReason> {
        if !self.limiter.costly(costly, now) {
            return Err(self.sent_too_much());
        }
        let limiter = self.players.costly_lines.as_ref();
        if limiter.is_none_or(|limiter| limiter.allow_several(self.peer, costly)) {
            return Ok(true);
        }
        self.metrics().reached(Limit::PlayerRate);
        match self.session.is_signed_in() {
            true => Ok(false),
            false => Err(CloseReason::new(CloseCode::Full, TOO_MANY_OF_ADDRESS)),
        }
    }

    /// Queue a line for the game server.
    pub(super) fn queue_line(&mut self, line: &str, is_connected: bool) -> Result<(), CloseReason> {
        self.last_line = Instant::now();
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

    pub(super) fn send_datagram(
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
}
