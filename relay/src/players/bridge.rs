//! One player's session from the dial to the goodbye: lines and datagrams pass untouched between its browser and its own
//! connection with the game server. Upwards only datagrams pass that are the session's own. One task, no locks.

mod client;
mod downward;
mod upward;

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use client_native::{Connection, Datagrams, Disconnected, Lines, Unsent};
use protocol::frame::CloseCode;
use protocol::goodbye::Goodbye;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::Instrument as _;

use super::Players;
use super::attachment::Attachment;
use super::goodbye::say;
use super::outbox::Outbox;
use super::resumable::{Arrival, Registration};
use super::session::PlayerSession;
use super::sign_in::SignIns;
use super::traffic::{Ended, Traffic};
use super::websocket::Incoming;
use crate::close::CloseReason;
use crate::limits::rate::PlayerLimiter;
use crate::limits::{Share, Slot};
use crate::log::ConnectionId;
use crate::metrics::{GaugeShare, Limit, Metrics};
use crate::servers::Server;
use crate::spectators::{PlayerTap, Spectators};
use crate::upstream::SessionGeneration;
use client::{Client, next_newcomer};

impl Players {
    /// Bridge one player until either side ends it. With a registration its client may come back with another WebSocket.
    pub(crate) async fn bridge(
        &self,
        arrival: Arrival,
        slot: Slot,
        registration: Option<Registration>,
    ) {
        self.metrics.relay.admitted.inc();
        let span = arrival.server.span.clone();
        self.run(arrival, slot, registration).instrument(span).await;
    }

    async fn run(&self, arrival: Arrival, slot: Slot, registration: Option<Registration>) {
        let mut bridge = Bridge::new(arrival, slot, registration, self);
        let mut connection = None;
        let Err(reason) = bridge.run(&mut connection).await;
        tokio::select! {
            () = bridge.close(&reason, connection) => {}
            () = self.lifecycle.aborting.cancelled() => {}
        }
        self.metrics.closed(reason.code);
        let dropped = bridge.outbox.dropped_datagrams;
        let lasted = bridge.started.elapsed();
        let ended = Ended {
            connection: bridge.connection,
            peer: bridge.peer,
            reason: &reason,
            lasted,
            dropped,
        };
        bridge.traffic.log(&ended, &self.lines);
        // A newcomer that waits for the registration needs this slot.
        let registration = bridge.registration.take();
        drop(bridge);
        drop(registration);
    }
}

struct Bridge<'a> {
    players: &'a Players,
    server: Arc<Server>,
    /// The session's name in the log. It stays the same over all its WebSockets.
    connection: ConnectionId,
    /// The address of the newest browser.
    peer: IpAddr,
    /// The session's slot, for the newest browser's address if that has one free.
    slot: Slot,
    client: Client,
    /// Of the session, over all its WebSockets.
    limiter: PlayerLimiter,
    outbox: Outbox,
    /// Lines for the game server. They may wait for the dial.
    unsent: Unsent,
    /// When the last line for the game server was queued.
    last_line: Instant,
    session: PlayerSession,
    sign_ins: SignIns,
    /// What its lines tell of the game server.
    generation: SessionGeneration,
    traffic: Traffic,
    started: Instant,
    said_bye: bool,
    /// What waits for the browser, of the budget for all.
    share: Share,
    /// The same, for the metrics.
    waiting: GaugeShare,
    /// Reads the traffic for spectators. `None`: nobody may watch.
    tap: Option<PlayerTap>,
    /// When the last datagram went to the game server, since `started`.
    last_datagram: Option<Duration>,
    /// Where a client with a token finds this session. `None`: it does not outlive its WebSocket.
    registration: Option<Registration>,
}

impl<'a> Bridge<'a> {
    fn new(
        arrival: Arrival,
        slot: Slot,
        registration: Option<Registration>,
        players: &'a Players,
    ) -> Self {
        let (started, server) = (Instant::now(), arrival.server);
        Self {
            players,
            connection: arrival.connection,
            peer: arrival.peer,
            slot,
            client: Client::Attached(Box::new(Attachment::new(arrival.browser, players))),
            limiter: PlayerLimiter::new(&players.rate_limits),
            outbox: Outbox::new(registration.is_some()),
            unsent: Unsent::default(),
            last_line: started,
            session: PlayerSession::new(server.secret.clone()),
            sign_ins: SignIns::new(server.sign_ins.clone(), &players.timeouts),
            generation: SessionGeneration::new(Arc::clone(&server.generation)),
            traffic: Traffic::default(),
            started,
            said_bye: false,
            share: players.buffers.share(arrival.peer),
            waiting: GaugeShare::new(players.metrics.waiting_line_bytes.clone()),
            tap: server.spectators.as_deref().map(Spectators::tap),
            server,
            last_datagram: None,
            registration,
        }
    }

    /// Dial, tell the browser, and forward. The connection stays in `connection` for the goodbye.
    async fn run(
        &mut self,
        connection: &mut Option<Connection>,
    ) -> Result<Infallible, CloseReason> {
        let connection = connection.insert(self.dial().await?);
        self.outbox.push_notice(&self.ready(false));
        self.forward(connection).await
    }

    /// Connect with the game server. The browser may leave meanwhile.
    async fn dial(&mut self) -> Result<Connection, CloseReason> {
        let players = self.players;
        let server = Arc::clone(&self.server);
        let mut dial = pin!(server.dialer.dial(Some(self.peer)));
        loop {
            tokio::select! {
                dialled = &mut dial => return dialled,
                event = self.client.next(&mut self.outbox, false) => self.handle(event, None)?,
                newcomer = next_newcomer(self.registration.as_ref()) => self.attach(newcomer)?,
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
            let check_at = self.watch_backlog(lines.held_bytes())?;
            tokio::select! {
                event = self.client.next(&mut self.outbox, check_at.is_some()) => self.handle(event, Some(datagrams))?,
                newcomer = next_newcomer(self.registration.as_ref()) => self.attach(newcomer)?,
                transferred = transfer(lines, &mut self.unsent, check_at.is_none()) => self.take_lines(lines, transferred)?,
                step = self.sign_ins.next() => self.take_step(step)?,
                () = datagrams.readable() => self.take_datagrams(datagrams),
                () = sleep_until(check_at.unwrap_or(welcome_by)), if check_at.is_some() => self.check_backlog()?,
                () = sleep_until(welcome_by), if self.traffic.lines_down == 0 => return Err(CloseReason::unwelcome()),
                () = &mut next_stage => {
                    let is_attached = matches!(self.client, Client::Attached(_));
                    if lifecycle.closing.is_cancelled() || !is_attached {
                        return Err(CloseReason::restarting());
                    }
                    self.push_draining();
                    next_stage.set(closing.cancelled());
                }
            }
        }
    }

    /// Take what came from the browser. During the dial lines wait and datagrams are lost.
    fn take(&mut self, incoming: Incoming, server: Option<&Datagrams>) -> Result<(), CloseReason> {
        let Client::Attached(attachment) = &mut self.client else {
            return Ok(());
        };
        let now = self.started.elapsed();
        if !matches!(incoming, Incoming::Wrote) {
            attachment.handle_sign_of_life(&self.outbox);
        }
        let read_bytes = attachment.browser.take_read_bytes();
        if !self.limiter.bytes(read_bytes, now) {
            return Err(self.sent_too_much());
        }
        match incoming {
            Incoming::Line(line) => self.send_line(&line, server.is_some()),
            Incoming::Datagram(datagram) => self.send_datagram(&datagram, server),
            Incoming::Pong(payload) if attachment.handle_pong(&payload, &mut self.outbox) => Ok(()),
            Incoming::Control | Incoming::Pong(_) if !self.limiter.control(now) => {
                Err(self.sent_too_much())
            }
            Incoming::Control | Incoming::Pong(_) | Incoming::Wrote => Ok(()),
            Incoming::Left(departure) => self.park(departure, None),
            Incoming::Refused(reason) => Err(reason),
        }
    }

    fn sent_too_much(&self) -> CloseReason {
        self.metrics().reached(Limit::PlayerRate);
        CloseReason::sent_too_much()
    }

    fn metrics(&self) -> &'a Metrics {
        &self.players.metrics
    }

    /// Close the browser's side, and say goodbye to the game server meanwhile. The UDP socket stays open until then: a
    /// port that closes earlier makes some servers stutter for everyone (facts, section 6.6).
    async fn close(&mut self, reason: &CloseReason, connection: Option<Connection>) {
        self.tap = None;
        self.sign_ins.end();
        if reason.code == CloseCode::TooSlow {
            self.outbox.clear();
        }
        self.outbox.lines.finish();
        let connection = connection.filter(|connection| !connection.lines.has_ended());
        let goodbye =
            connection.map(|connection| (self.goodbye(connection.round_trip), connection));
        let (client, outbox) = (&mut self.client, &mut self.outbox);
        let close = async move {
            if let Client::Attached(attachment) = client {
                attachment.browser.close(outbox, reason).await;
            }
        };
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
        let forgets = self.generation.told().is_some_and(|it| !it.keeps_ghosts());
        if self.said_bye {
            Goodbye::said(now)
        } else if forgets && !self.session.may_be_in_room() {
            Goodbye::outside_rooms(now)
        } else {
            // Where a server forgets players by itself, their room still gets no new host from it (facts, section 1.6).
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
