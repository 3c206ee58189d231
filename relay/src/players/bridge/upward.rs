//! What goes up to the game server: lines and datagrams that a player may send, and that are its own.

use std::num::NonZeroU32;
use std::time::Duration;

use client_native::{Datagrams, Stalled};
use protocol::cipher::MAX_DATAGRAM_BYTES;
use protocol::frame::CloseCode;
use tokio::time::Instant;

use super::Bridge;
use crate::close::CloseReason;
use crate::limits::NoPlace;
use crate::metrics::Limit;
use crate::players::outbox::Origin;
use crate::players::session::{LineUp, PlayerLine};
use crate::players::sign_in::{self, Step, TooMuch};

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
        if !self.sign_ins.is_holding() && read.sign_ins_in_turn().is_none() {
            return self.pass(line, &read, is_connected);
        }
        self.sign_ins
            .hold(line, read)
            .map_err(|TooMuch| self.sent_too_much())
    }

    /// The sign-in at the front has its turn, or gets none.
    pub(super) fn take_step(&mut self, step: Step) -> Result<(), CloseReason> {
        match step {
            Step::Turn => {
                if let Some((line, read)) = self.sign_ins.pop() {
                    self.pass(&line, &read, true)?;
                }
            }
            Step::Refused(limit) => self.refuse_sign_in(limit),
            Step::Next => {}
        }
        self.forward_held()
    }

    /// Forward what waits, up to the next sign-in that must wait for its turn.
    fn forward_held(&mut self) -> Result<(), CloseReason> {
        while let Some(front) = self.sign_ins.front() {
            let Some(sign_ins) = front.sign_ins_in_turn() else {
                if let Some((line, read)) = self.sign_ins.pop() {
                    self.pass(&line, &read, true)?;
                }
                continue;
            };
            if self.sign_ins.is_busy() {
                break;
            }
            let is_signed_in = self.session.is_signed_in();
            match self.sign_ins.ask(sign_ins, self.peer, is_signed_in) {
                Ok(()) => break,
                Err(NoPlace) => self.refuse_sign_in(Limit::SignInsWaiting),
            }
        }
        Ok(())
    }

    /// Answer the sign-in at the front instead of the game server.
    fn refuse_sign_in(&mut self, limit: Limit) {
        self.sign_ins.pop();
        self.metrics().reached(limit);
        let refusal = protocol::refusal::error_line(sign_in::TOO_MANY);
        self.outbox.push_line(refusal, Origin::Answer);
    }

    /// Forward a line.
    fn pass(
        &mut self,
        line: &str,
        read: &PlayerLine,
        is_connected: bool,
    ) -> Result<(), CloseReason> {
        let line_up = self.session.handle_line(read);
        let is_bye = line_up == LineUp::Bye;
        match line_up {
            LineUp::Forward | LineUp::Bye => {}
            LineUp::LeaveFirst(leave) => self.queue_line(&leave.to_line(), is_connected)?,
            LineUp::Goodbye => return Err(CloseReason::said_goodbye()),
            LineUp::Refused(text) => return Err(CloseReason::malformed(text)),
            LineUp::TooManyUnanswered => return Err(self.sent_too_much()),
        }
        if read.sign_ins_in_turn().is_none() {
            self.sign_ins.handle_without_turn(read.sign_ins());
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
