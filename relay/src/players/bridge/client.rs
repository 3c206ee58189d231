//! How a session loses its WebSocket and gets another one (contract 1, "Resume"): it is parked, resumed, taken over, or given up.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use client_native::Datagrams;
use protocol::frame::{CloseCode, Notice};

use super::Bridge;
use crate::close::CloseReason;
use crate::metrics::Resumption;
use crate::players::Players;
use crate::players::attachment::{Attachment, Happening};
use crate::players::outbox::Outbox;
use crate::players::parking::{Due, Parking};
use crate::players::resumable::{Arrival, Newcomer, Registration};
use crate::players::websocket::Departure;

/// Whether the player has a WebSocket.
pub(super) enum Client {
    Attached(Box<Attachment>),
    /// The session waits for it to come back.
    Parked(Parking),
    /// It will not come back.
    Gone,
}

/// What happens with the client.
pub(super) enum ClientEvent {
    Attached(Happening),
    Parked(Due),
}

impl Client {
    /// Wait for the next thing. Cancelling the wait loses nothing.
    pub(super) async fn next(&mut self, outbox: &mut Outbox, is_paused: bool) -> ClientEvent {
        match self {
            Self::Attached(attachment) => {
                ClientEvent::Attached(attachment.next(outbox, is_paused).await)
            }
            Self::Parked(parking) => ClientEvent::Parked(parking.next().await),
            Self::Gone => pending().await,
        }
    }
}

impl Bridge<'_> {
    pub(super) fn ready(&self, resumed: bool) -> Notice {
        let kept = self.registration.as_ref().map(|_| self.players.resume);
        Notice::Ready {
            resumed,
            received: match resumed {
                true => self.outbox.lines.received(),
                false => 0,
            },
            resume_seconds: kept.map_or(0, in_seconds),
        }
    }

    pub(super) fn push_draining(&mut self) {
        let seconds = in_seconds(self.players.lifecycle.drain);
        self.outbox.push_notice(&Notice::Draining { seconds });
    }

    pub(super) fn handle(
        &mut self,
        event: ClientEvent,
        server: Option<&Datagrams>,
    ) -> Result<(), CloseReason> {
        match event {
            ClientEvent::Attached(Happening::Incoming(incoming)) => self.take(incoming, server),
            ClientEvent::Attached(Happening::Ping) => self.ping(),
            ClientEvent::Parked(Due::KeepAlive) => self.keep_alive(),
            ClientEvent::Parked(Due::End) => {
                self.metrics().resumption(Resumption::Expired);
                Err(CloseReason::stayed_away())
            }
        }
    }

    /// Game servers cut a session that says nothing, and first-generation ones leave its ghost in the room.
    fn keep_alive(&mut self) -> Result<(), CloseReason> {
        match self.session.keep_alive() {
            Some(ping) => self.queue_line(&ping.to_line(), true),
            None => Ok(()),
        }
    }

    fn ping(&mut self) -> Result<(), CloseReason> {
        // A server need not answer before the sign-in.
        let is_quiet = self.last_line.elapsed() >= self.players.timeouts.keep_alive;
        if is_quiet && self.session.is_signed_in() {
            self.keep_alive()?;
        }
        let Client::Attached(attachment) = &mut self.client else {
            return Ok(());
        };
        if attachment.ping(&mut self.outbox) {
            return Ok(());
        }
        // What waits for a connection that broke unnoticed is not read either.
        let may_be_lost = self.registration.is_some() && attachment.is_silent();
        if self.outbox.ping && !may_be_lost {
            let text = "This client does not read: reconnect.";
            return Err(CloseReason::new(CloseCode::TooSlow, text));
        }
        self.park(Departure::Lost, Some("no sign of life"))
    }

    /// Say whether the client can come back to its session with another WebSocket.
    pub(super) fn may_return(&self) -> bool {
        // Without a line of its own a client may not know of the session.
        let is_known = self.traffic.lines_down > 0 && self.outbox.lines.received() > 0;
        let is_over = self.said_bye || self.players.lifecycle.draining.is_cancelled();
        self.registration.is_some() && is_known && !is_over
    }

    /// Keep the session of a browser that left, or end it.
    pub(super) fn park(
        &mut self,
        departure: Departure,
        cause: Option<&'static str>,
    ) -> Result<(), CloseReason> {
        let Players {
            resume, timeouts, ..
        } = self.players;
        let at_most = match departure {
            Departure::Closed => None,
            Departure::GoingAway => Some(timeouts.reload.min(*resume)),
            Departure::Lost => Some(*resume),
        };
        let Some(at_most) = at_most.filter(|_| self.may_return()) else {
            return Err(CloseReason::left().with_cause(cause.map(str::to_owned)));
        };
        let count = self.metrics().players_parked.clone();
        let parking = Parking::new(at_most, self.last_line, timeouts.keep_alive, count);
        let left = std::mem::replace(&mut self.client, Client::Parked(parking));
        if let (Client::Attached(left), Departure::GoingAway) = (left, departure) {
            self.close_alone(*left, CloseReason::left());
        }
        let datagrams = self.outbox.detach();
        self.metrics().parked.inc_by(datagrams as u64);
        self.leave_out_pushed();
        self.metrics().resumption(Resumption::Parked);
        let lines = &self.players.lines;
        lines.parked(self.connection, self.peer, at_most);
        Ok(())
    }

    /// Go on with another WebSocket, or end so that it gets a new session.
    pub(super) fn attach(&mut self, newcomer: Newcomer) -> Result<(), CloseReason> {
        // A relay that slept finds all attempts of its client, and most of them were given up. In whatever order they come, none takes the
        // place of one that lives.
        if newcomer.arrival.browser.is_abandoned() {
            return Ok(());
        }
        let players = self.players;
        let is_welcome = self.traffic.lines_down > 0;
        // A session of one game server is never given to a client that wants another one.
        let is_here = Arc::ptr_eq(&newcomer.arrival.server, &self.server);
        let is_resumed =
            is_welcome && is_here && self.outbox.lines.resume(newcomer.arrival.received);
        let client = match is_resumed {
            true => {
                let Arrival { browser, peer, .. } = newcomer.arrival;
                // An address without a free slot does not end a session that has one.
                let _stays = players.slots.reassign(&mut self.slot, peer);
                self.share = players.buffers.share(peer);
                self.peer = peer;
                Client::Attached(Box::new(Attachment::new(browser, players)))
            }
            false => {
                if let Some(registration) = &mut self.registration {
                    registration.refuse(newcomer);
                }
                Client::Gone
            }
        };
        if let Client::Attached(old) = std::mem::replace(&mut self.client, client) {
            self.close_alone(*old, CloseReason::taken_over());
        }
        let datagrams = self.outbox.detach();
        self.metrics().parked.inc_by(datagrams as u64);
        if !is_resumed {
            self.metrics().resumption(Resumption::NotResumable);
            return Err(CloseReason::taken_over());
        }
        self.outbox.push_notice(&self.ready(true));
        if players.lifecycle.draining.is_cancelled() {
            self.push_draining();
        }
        self.metrics().resumption(Resumption::Resumed);
        players.lines.resumed(self.connection, self.peer);
        Ok(())
    }

    /// Close a WebSocket of this session while the session goes on without it.
    fn close_alone(&self, attachment: Attachment, reason: CloseReason) {
        self.players
            .close_alone(attachment.browser, self.peer, reason);
    }
}

/// Wait for another WebSocket of this session.
pub(super) async fn next_newcomer(registration: Option<&Registration>) -> Newcomer {
    match registration {
        Some(registration) => registration.newcomer().await,
        None => pending().await,
    }
}

fn in_seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}
