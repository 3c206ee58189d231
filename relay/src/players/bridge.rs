//! One player: its browser on one side, its own connection with the game server on the other, lines and datagrams
//! between them untouched. Owns a session from the dial to the goodbye; one task, no locks.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use protocol::cipher::MAX_DATAGRAM_BYTES;
use protocol::command::Command;
use protocol::frame::{CloseCode, MAX_CLIENT_LINE_BYTES, Notice};
use protocol::goodbye::{Goodbye, is_bye};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};

use crate::close::Ending;
use crate::context::Context;
use crate::lifecycle::{self, Phase};
use crate::limits::rate::PlayerLimiter;
use crate::metrics::{Limit, Metrics, Parted};
use crate::players::outbox::{Outbox, TooSlow};
use crate::players::transport::{Incoming, Transport};
use crate::spectators::{Hub, Tapped};
use crate::upstream::connection::{Datagrams, Lines, Received, Stalled, Turn, Unsent, Upstream};

/// Datagrams taken in one go, so that a flood of them does not keep lines from passing.
const MAX_DATAGRAMS_AT_ONCE: usize = 32;
/// Pings in a row that may go unanswered: with 20 s between two, a browser is gone after 40 to 60 s of silence.
/// Counted and not timed, so that a machine that slept does not wake up to dead players.
const MAX_UNANSWERED_PINGS: u32 = 2;

/// Bridge one player until either side ends it.
pub(crate) async fn run<T: Transport>(browser: T, peer: IpAddr, context: &Context) {
    let mut session = Session::new(browser, context);
    let mut upstream = None;
    let Err(ending) = session.live(&mut upstream).await;
    let mut phase = context.phase.clone();
    tokio::select! {
        () = session.part(&ending, upstream) => {}
        () = lifecycle::until(&mut phase, |phase| phase == Phase::Aborting) => {}
    }
    session.log(peer, &ending);
}

/// What went through, for the log.
#[derive(Debug, Default)]
struct Counts {
    lines_up: u64,
    lines_down: u64,
    datagrams_up: u64,
    datagrams_down: u64,
    /// Datagrams that could not be forwarded: too long, too early, or no room.
    lost: u64,
}

struct Session<'a, T> {
    context: &'a Context,
    phase: watch::Receiver<Phase>,
    browser: T,
    outbox: Outbox,
    unsent: Unsent,
    limiter: PlayerLimiter,
    counts: Counts,
    started: Instant,
    pings: Interval,
    /// Pings since the browser last gave a sign of life.
    unanswered_pings: u32,
    said_bye: bool,
    /// Listens for the spectators, where there may be any.
    tap: Option<Tapped<'a>>,
    /// When the last datagram went to the game server, since `started`.
    last_datagram: Option<Duration>,
}

impl<'a, T: Transport> Session<'a, T> {
    fn new(browser: T, context: &'a Context) -> Self {
        let started = Instant::now();
        let ping = context.config.patience.ping;
        let mut pings = interval_at(started + ping, ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut phase = context.phase.clone();
        // A stop that began before this session is news to it too.
        phase.mark_changed();
        Self {
            context,
            phase,
            browser,
            outbox: Outbox::default(),
            unsent: Unsent::default(),
            limiter: PlayerLimiter::new(&context.config.rate_limits),
            counts: Counts::default(),
            started,
            pings,
            unanswered_pings: 0,
            said_bye: false,
            tap: context.hub.as_ref().map(Hub::tap),
            last_datagram: None,
        }
    }

    /// Dial, say so, and forward. The upstream is left where it is, for the goodbye.
    async fn live(&mut self, upstream: &mut Option<Upstream>) -> Result<Infallible, Ending> {
        let upstream = upstream.insert(self.dial().await?);
        let ready = Notice::Ready {
            resumed: false,
            received: 0,
            resume_seconds: 0,
        };
        self.push_line(ready.to_frame())?;
        self.forward(upstream).await
    }

    /// Wait for the game server with an eye on the browser, which may be gone before.
    async fn dial(&mut self) -> Result<Upstream, Ending> {
        let dial = self.context.dialer.dial();
        tokio::pin!(dial);
        loop {
            tokio::select! {
                dialled = &mut dial => return dialled,
                incoming = turn(&mut self.browser, &mut self.outbox) => self.take(incoming, None)?,
                _ = self.pings.tick() => self.ping()?,
                phase = lifecycle::next(&mut self.phase) => {
                    if phase != Phase::Running {
                        return Err(Ending::restarting());
                    }
                }
            }
        }
    }

    async fn forward(&mut self, upstream: &mut Upstream) -> Result<Infallible, Ending> {
        let Upstream {
            lines, datagrams, ..
        } = upstream;
        loop {
            tokio::select! {
                incoming = turn(&mut self.browser, &mut self.outbox) => self.take(incoming, Some(datagrams))?,
                turn = lines.turn(&mut self.unsent) => self.take_lines(lines, turn)?,
                () = datagrams.readable() => self.take_datagrams(datagrams),
                _ = self.pings.tick() => self.ping()?,
                phase = lifecycle::next(&mut self.phase) => self.follow(phase)?,
            }
        }
    }

    /// Take what came from the browser. Without a game server yet, lines wait and datagrams are lost.
    fn take(&mut self, incoming: Incoming, server: Option<&Datagrams>) -> Result<(), Ending> {
        self.unanswered_pings = 0;
        match incoming {
            Incoming::Line(line) => self.send_line(&line, server.is_some()),
            Incoming::Datagram(datagram) => self.send_datagram(&datagram, server),
            Incoming::Control if self.limiter.line(0, self.started.elapsed()) => Ok(()),
            Incoming::Control => Err(self.sent_too_much()),
            Incoming::Left => Err(Ending::left()),
            Incoming::Refused(ending) => Err(ending),
        }
    }

    fn send_line(&mut self, line: &str, connected: bool) -> Result<(), Ending> {
        if line.is_empty() {
            return Err(Ending::malformed("An empty text frame is no command line."));
        }
        if line.contains('\n') {
            return Err(Ending::malformed(
                "A text frame is one line: it must not contain a newline.",
            ));
        }
        if line.len() > MAX_CLIENT_LINE_BYTES {
            return Err(too_large("A text frame", MAX_CLIENT_LINE_BYTES));
        }
        if !self.limiter.line(line.len(), self.started.elapsed()) {
            return Err(self.sent_too_much());
        }
        self.unsent.push(line).map_err(|Stalled| {
            self.metrics().reached(Limit::LinesToServer);
            match connected {
                true => Ending::new(
                    CloseCode::ServerTimeout,
                    "The game server has stopped reading.",
                ),
                false => Ending::sent_too_much(),
            }
        })?;
        self.said_bye |= is_bye(line);
        self.counts.lines_up += 1;
        self.metrics().lines.up.inc();
        Ok(())
    }

    fn send_datagram(&mut self, datagram: &[u8], server: Option<&Datagrams>) -> Result<(), Ending> {
        if datagram.is_empty() {
            return Err(Ending::malformed("An empty binary frame is no datagram."));
        }
        if datagram.len() > MAX_DATAGRAM_BYTES {
            return Err(too_large("A datagram", MAX_DATAGRAM_BYTES));
        }
        let now = self.started.elapsed();
        if !self.limiter.datagram(datagram.len(), now) {
            return Err(self.sent_too_much());
        }
        if server.is_some_and(|server| server.send(datagram)) {
            self.last_datagram = Some(now);
            self.counts.datagrams_up += 1;
            self.metrics().datagrams.up.inc();
            if let Some(tap) = &mut self.tap {
                tap.up(datagram);
            }
        } else {
            self.counts.lost += 1;
            self.metrics().unsendable.inc();
        }
        Ok(())
    }

    fn sent_too_much(&self) -> Ending {
        self.metrics().reached(Limit::PlayerRate);
        Ending::sent_too_much()
    }

    fn metrics(&self) -> &'a Metrics {
        &self.context.metrics
    }

    fn take_lines(&mut self, lines: &mut Lines, turn: Turn) -> Result<(), Ending> {
        while let Some(line) = lines.next() {
            let line = line.map_err(|error| {
                let reason = "The game server sent a line that is too long to forward.";
                Ending::new(CloseCode::ServerEnded, reason).with_detail(error.to_string())
            })?;
            if let Some(tap) = &mut self.tap {
                tap.line(&line);
            }
            self.push_line(line)?;
            if self.counts.lines_down == 0 {
                self.context.readiness.welcomed();
            }
            self.counts.lines_down += 1;
            self.metrics().lines.down.inc();
        }
        match turn {
            Turn::Read => Ok(()),
            Turn::Ended(_) if self.said_bye => {
                Err(Ending::new(CloseCode::Normal, "The player said goodbye."))
            }
            Turn::Ended(detail) => {
                let reason = "The game server ended the session: sign in again.";
                let ending = Ending::new(CloseCode::ServerEnded, reason);
                Err(match detail {
                    Some(detail) => ending.with_detail(detail),
                    None => ending,
                })
            }
        }
    }

    fn take_datagrams(&mut self, server: &Datagrams) {
        for _ in 0..MAX_DATAGRAMS_AT_ONCE {
            match server.receive() {
                Received::Datagram(datagram) => self.push_datagram(datagram),
                Received::Unusable => {
                    self.counts.lost += 1;
                    self.metrics().unusable.inc();
                }
                Received::Nothing => return,
            }
        }
    }

    fn push_line(&mut self, line: String) -> Result<(), Ending> {
        self.outbox.push_line(line).map_err(|TooSlow| {
            self.metrics().reached(Limit::LinesToBrowser);
            Ending::new(
                CloseCode::TooSlow,
                "This client reads too slowly: too many lines were waiting for it.",
            )
        })
    }

    fn push_datagram(&mut self, datagram: Bytes) {
        if let Some(tap) = &self.tap {
            tap.down(&datagram);
        }
        if self.outbox.push_datagram(datagram) {
            self.metrics().overtaken.inc();
        }
        self.counts.datagrams_down += 1;
        self.metrics().datagrams.down.inc();
    }

    fn ping(&mut self) -> Result<(), Ending> {
        if self.unanswered_pings == MAX_UNANSWERED_PINGS {
            return Err(Ending::left().with_detail("no sign of life"));
        }
        self.unanswered_pings += 1;
        self.outbox.push_ping();
        Ok(())
    }

    fn follow(&mut self, phase: Phase) -> Result<(), Ending> {
        match phase {
            Phase::Running => Ok(()),
            Phase::Draining(time) => {
                let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
                self.push_line(Notice::Draining { seconds }.to_frame())
            }
            Phase::Closing | Phase::Aborting => Err(Ending::restarting()),
        }
    }

    /// Close the browser's side and say goodbye on the other. The UDP socket stays open until then: a port that
    /// closes too early makes some servers stutter for everyone (facts, section 6.6).
    async fn part(&mut self, ending: &Ending, upstream: Option<Upstream>) {
        self.tap = None;
        if ending.code == CloseCode::TooSlow {
            self.outbox.clear();
        }
        let upstream = upstream.filter(|upstream| !upstream.lines.has_ended());
        let goodbye = upstream.as_ref().map(|upstream| self.goodbye(upstream));
        let close = self.browser.close(&mut self.outbox, ending);
        let closing = timeout(self.context.config.patience.close, close);
        let (unsent, started) = (&mut self.unsent, self.started);
        let metrics = &self.context.metrics;
        let parting = async move {
            if let (Some(mut upstream), Some(goodbye)) = (upstream, goodbye) {
                metrics.parted(say(goodbye, &mut upstream, unsent, started).await);
            }
        };
        let (_closed_or_not, ()) = tokio::join!(closing, parting);
    }

    fn goodbye(&self, upstream: &Upstream) -> Goodbye {
        let now = self.started.elapsed();
        if self.said_bye {
            Goodbye::said(now)
        } else {
            Goodbye::new(now, self.last_datagram, upstream.round_trip)
        }
    }

    /// One line a session. Never what was said in it.
    fn log(&self, peer: IpAddr, ending: &Ending) {
        let Counts {
            lines_up,
            lines_down,
            datagrams_up,
            datagrams_down,
            lost,
        } = self.counts;
        self.metrics().closed(ending.code);
        let code = ending.code.number();
        let seconds = self.started.elapsed().as_secs();
        let dropped = self.outbox.dropped_datagrams();
        let reason = ending.reason();
        let traffic = format_args!(
            "{lines_up} lines and {datagrams_up} datagrams up, {lines_down} and {datagrams_down} down, \
             {dropped} dropped, {lost} lost"
        );
        match &ending.detail {
            Some(detail) => {
                tracing::warn!(%peer, code, seconds, "{reason} Cause: {detail} ({traffic})");
            }
            None => tracing::info!(%peer, code, seconds, "{reason} ({traffic})"),
        }
    }
}

async fn turn<T: Transport>(browser: &mut T, outbox: &mut Outbox) -> Incoming {
    poll_fn(|cx| browser.poll_turn(cx, outbox)).await
}

/// Carry a goodbye's lines and time; lines for the browser have nobody left to read them.
async fn say(
    mut goodbye: Goodbye,
    upstream: &mut Upstream,
    unsent: &mut Unsent,
    started: Instant,
) -> Parted {
    while let Some(deadline) = goodbye.deadline() {
        tokio::select! {
            turn = upstream.lines.turn(unsent) => {
                while let Some(line) = upstream.lines.next() {
                    let next = goodbye.handle_line(&line.unwrap_or_default(), started.elapsed());
                    send(unsent, next);
                }
                if let Turn::Ended(_) = turn
                    && !goodbye.is_answered()
                {
                    return Parted::Ended;
                }
            }
            () = sleep_until(started + deadline) => {
                send(unsent, goodbye.handle_time(started.elapsed()));
            }
        }
    }
    match goodbye.is_answered() {
        true => Parted::Answered,
        false => Parted::TimedOut,
    }
}

fn send(unsent: &mut Unsent, command: Option<Command>) {
    if let Some(command) = command {
        // A server that has left so much unread will not read this either; time ends the wait.
        let _stalled = unsent.push(&command.to_line());
    }
}

fn too_large(what: &str, limit: usize) -> Ending {
    let reason = format!("{what} has more than the {limit} bytes that are allowed.");
    Ending::new(CloseCode::FrameTooLarge, reason)
}
