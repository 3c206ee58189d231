//! What one relay counts for its operator. Counting is one relaxed atomic addition on the busiest paths. `http::metrics` shows the counters
//! and what it looks up on request. Labels are words of this program, never ids, addresses or
//! names of players.

use std::hash::Hash;
use std::time::{Instant, SystemTime};

use client_native::GoodbyeOutcome;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use protocol::frame::CloseCode;
use strum::{IntoStaticStr, VariantArray};

/// The upper bounds of the histogram of dials, in seconds: from a handshake in one network to the longest wait.
const DIAL_SECONDS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The upper bounds of the histogram of datagrams' way through the relay, in seconds: from an idle machine to a browser that hardly reads.
const FORWARD_SECONDS: [f64; 11] = [
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5,
];
/// The upper bounds of the histogram of datagrams that wait for one browser. No more than 64 do.
const WAITING_DATAGRAMS: [f64; 8] = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 63.0];
/// One of so many datagrams of a player is measured, so that the others cost no look at the clock.
pub(crate) const SAMPLED: u64 = 64;

/// Every refusal that each kind of client can get.
const REFUSALS: [(ClientKind, Refusal); 12] = [
    (ClientKind::Player, Refusal::Full),
    (ClientKind::Player, Refusal::Address),
    (ClientKind::Player, Refusal::Attempts),
    (ClientKind::Player, Refusal::Origin),
    (ClientKind::Player, Refusal::Server),
    (ClientKind::Spectator, Refusal::Full),
    (ClientKind::Spectator, Refusal::Address),
    (ClientKind::Spectator, Refusal::Attempts),
    (ClientKind::Spectator, Refusal::Off),
    (ClientKind::Spectator, Refusal::Token),
    (ClientKind::Spectator, Refusal::NoRoom),
    (ClientKind::Spectator, Refusal::Server),
];

/// The codes with which the relay closes a spectator for a fault of the spectator's.
const SPECTATOR_FAULTS: [CloseCode; 3] = [
    CloseCode::TooSlow,
    CloseCode::SentTooMuch,
    CloseCode::Malformed,
];

/// Counters that differ in `N` labels.
type Counters<const N: usize> = Family<[(&'static str, &'static str); N], Counter>;
/// Counters that differ in labels of which one may be the name of a game server, as the operator configured it.
type ServerCounters = Family<Vec<(&'static str, String)>, Counter>;
/// Counters of close codes.
type Codes = Family<[(&'static str, u16); 1], Counter>;

/// Defines counters, each with its name on the page and its help text.
macro_rules! counters {
    ($(#[$doc:meta])* $struct:ident { $($field:ident: $type:ty = $name:literal, $help:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $struct {
            $(#[doc = $help] pub(crate) $field: $type,)*
        }

        impl $struct {
            fn register(&self, registry: &mut Registry) {
                $(registry.register($name, $help, self.$field.clone());)*
            }
        }
    };
}

counters! {
    /// What is counted of clients and of the game server.
    RelayCounters {
        refused: Counters<2> = "refused", "Clients that were refused, and why";
        limits: Counters<1> = "limit_reached", "Limits that were reached";
        admitted: Counter = "players_admitted", "Players that were let in";
        closes: Codes = "player_closes", "Ends of players' sessions by close code";
        lines: Counters<1> =
            "lines", "Lines that passed, up to the game server or down to the browser";
        datagrams: Counters<1> =
            "datagrams", "Datagrams that passed, up to the game server or down to the browser";
        dropped: Counters<2> = "datagrams_dropped", "Datagrams that were not forwarded";
        goodbyes: Counters<1> = "goodbyes", "Goodbyes said to the game server for those who left";
        dials: ServerCounters = "dials", "Dials of the game server by outcome";
        resumptions: Counters<1> =
            "resumptions", "What happened with sessions whose WebSocket broke, and with WebSockets that resume";
    }
}

counters! {
    /// What is counted of the spectators of all rooms together.
    SpectatorCounters {
        admitted: Counter = "spectators_admitted", "Spectators that were let in";
        snapshots: Counter = "snapshots", "Snapshots made, each for all spectators of a room";
        frames: Counter = "spectator_frames", "Frames written to spectators";
        skipped: Counter =
            "spectator_snapshots_skipped", "Snapshots that were not sent to a slow spectator";
        opened_datagrams: Counter =
            "tapped_datagrams", "Datagrams of players opened for spectators";
        closes: Codes =
            "spectator_closes", "Spectators that were closed for a fault of theirs, by close code";
    }
}

/// Everything that is counted. Counters of the busiest paths have fields of their own, so that no label is looked up.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) started: Instant,
    pub(crate) started_at: SystemTime,
    pub(crate) relay: RelayCounters,
    dial_seconds: Histogram,
    forward_seconds: Histogram,
    waiting_datagrams: Histogram,
    /// Bytes of lines that wait for players. Each session adds how its own number changes.
    pub(crate) waiting_line_bytes: Gauge,
    websocket_bytes: Counters<1>,
    /// Bytes that browsers sent, the headers of frames included.
    pub(crate) bytes_up: Counter,
    /// Bytes that the system took for browsers.
    pub(crate) bytes_down: Counter,
    pub(crate) lines_up: Counter,
    pub(crate) lines_down: Counter,
    pub(crate) datagrams_up: Counter,
    pub(crate) datagrams_down: Counter,
    /// Datagrams that newer ones pushed out, because the browser was too slow.
    pub(crate) overtaken: Counter,
    /// Datagrams that could not be sent to the game server: they came too early, or the system had no buffer.
    pub(crate) unsendable: Counter,
    /// Datagrams of a player that are not its own: sealed with another key, of another session, or before the sign-in.
    pub(crate) foreign: Counter,
    /// Datagrams of the game server that are too long or empty, and reports of a closed port.
    pub(crate) unusable: Counter,
    /// Datagrams of the game server for players who have no WebSocket at the moment.
    pub(crate) parked: Counter,
    /// Players whose WebSocket broke and whose session is kept.
    pub(crate) players_parked: Gauge,
    pub(crate) spectators: SpectatorCounters,
    /// Spectators now.
    pub(crate) spectators_connected: Gauge,
    /// Bytes written to spectators, headers of frames included.
    pub(crate) spectator_bytes: Counter,
    pub(crate) observers: Gauge,
    observations: Counters<1>,
}

/// Who connects.
#[derive(Debug, Clone, Copy, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum ClientKind {
    Player,
    Spectator,
}

/// Why a client was not let in.
#[derive(Debug, Clone, Copy, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Refusal {
    /// All slots are taken.
    Full,
    /// All slots of one address are taken.
    Address,
    /// Too many attempts of one address: a player's to connect, a spectator's with a wrong token.
    Attempts,
    /// A page of a site that is not allowed.
    Origin,
    /// Nobody may watch.
    Off,
    /// No token, or a wrong one.
    Token,
    /// The address of the request names no room.
    NoRoom,
    /// It names a game server that is not configured.
    Server,
}

/// A limit that was reached, other than those that refuse a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Limit {
    /// HTTP connections, in all.
    HttpConnections,
    /// HTTP connections of one address.
    HttpConnectionsOfAddress,
    /// Clients that are being told of a refusal.
    Refusals,
    /// Dials that wait for their turn.
    DialsWaiting,
    /// The wait for a turn to dial.
    DialWait,
    /// Sign-ins that wait for their turn.
    SignInsWaiting,
    /// The wait for a turn to sign in.
    SignInWait,
    /// Lines that wait for a browser.
    LinesToBrowser,
    /// A line that nobody asked for, such as a message, was left out, because much waits for a player who is away.
    PushesAway,
    /// A line that nobody asked for was left out for a player who is there: it is too long, or others push too much.
    Pushes,
    /// A line of the game server.
    LineFromServer,
    /// Lines that wait for the game server.
    LinesToServer,
    /// What one player may send.
    PlayerRate,
    /// Requests that wait for the list of rooms.
    RoomQuestions,
    /// Observers at once.
    Observers,
}

/// A step of a session that outlives its WebSocket.
#[derive(Debug, Clone, Copy, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Resumption {
    /// Its WebSocket broke.
    Parked,
    /// Another WebSocket goes on with it.
    Resumed,
    /// Nobody came in time.
    Expired,
    /// A WebSocket came, but too much was missing, or it wants another game server.
    NotResumable,
}

/// How a dial of the game server went.
#[derive(Debug, Clone, Copy, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum DialOutcome {
    Ok,
    Abandoned,
    Untrusted,
    TimedOut,
    Unreachable,
    /// The relay had no file descriptor left.
    NoDescriptor,
}

impl Metrics {
    /// Begin at zero. Every counter is shown from the start, so that its first increment is seen as a change.
    pub(crate) fn new() -> Self {
        let relay = RelayCounters::default();
        let passed = |family: &Counters<1>, direction| {
            family.get_or_create_owned(&[("direction", direction)])
        };
        let dropped = |direction, reason| {
            let labels = [("direction", direction), ("reason", reason)];
            relay.dropped.get_or_create_owned(&labels)
        };
        let websocket_bytes = Counters::default();
        let metrics = Self {
            started: Instant::now(),
            started_at: SystemTime::now(),
            dial_seconds: Histogram::new(DIAL_SECONDS),
            forward_seconds: Histogram::new(FORWARD_SECONDS),
            waiting_datagrams: Histogram::new(WAITING_DATAGRAMS),
            waiting_line_bytes: Gauge::default(),
            bytes_up: passed(&websocket_bytes, "up"),
            bytes_down: passed(&websocket_bytes, "down"),
            websocket_bytes,
            lines_up: passed(&relay.lines, "up"),
            lines_down: passed(&relay.lines, "down"),
            datagrams_up: passed(&relay.datagrams, "up"),
            datagrams_down: passed(&relay.datagrams, "down"),
            overtaken: dropped("down", "slow_browser"),
            unsendable: dropped("up", "unsendable"),
            foreign: dropped("up", "foreign"),
            unusable: dropped("down", "unusable"),
            parked: dropped("down", "parked"),
            players_parked: Gauge::default(),
            relay,
            spectators: SpectatorCounters::default(),
            spectators_connected: Gauge::default(),
            spectator_bytes: Counter::default(),
            observers: Gauge::default(),
            observations: Counters::default(),
        };
        for (who, reason) in REFUSALS {
            add(&metrics.relay.refused, refusal(who, reason), 0);
        }
        for &limit in Limit::VARIANTS {
            add(&metrics.relay.limits, [("limit", limit.into())], 0);
        }
        let by_relay = |code: &CloseCode| !matches!(code, CloseCode::Interrupted | CloseCode::Left);
        for code in CloseCode::ALL.into_iter().filter(by_relay) {
            add(&metrics.relay.closes, [("code", code.number())], 0);
        }
        for code in SPECTATOR_FAULTS {
            add(&metrics.spectators.closes, [("code", code.number())], 0);
        }
        for &step in Resumption::VARIANTS {
            add(&metrics.relay.resumptions, [("step", step.into())], 0);
        }
        use GoodbyeOutcome::{Answered, Ended, Unanswered};
        for outcome in [Answered, Unanswered, Ended] {
            add(&metrics.relay.goodbyes, [goodbye(outcome)], 0);
        }
        metrics
    }

    /// Put the counters on the page.
    pub(crate) fn register(&self, registry: &mut Registry) {
        self.relay.register(registry);
        let help = "How long a dial that succeeded took, TLS included";
        let seconds = self.dial_seconds.clone();
        registry.register_with_unit("dial_duration", help, Unit::Seconds, seconds);
        let help = "How long datagrams took from the relay's socket to the writer of the browser's connection, on a sample";
        let seconds = self.forward_seconds.clone();
        registry.register_with_unit("datagram_forward", help, Unit::Seconds, seconds);
        let help = "Datagrams that waited for a browser when another one came for it, on a sample";
        let waiting = self.waiting_datagrams.clone();
        registry.register("datagrams_waiting", help, waiting);
        let help = "Bytes of lines that wait for players now";
        let bytes = self.waiting_line_bytes.clone();
        registry.register_with_unit("lines_waiting", help, Unit::Bytes, bytes);
        let help = "Bytes of players' WebSockets, and of clients that were refused";
        let bytes = self.websocket_bytes.clone();
        registry.register_with_unit("websocket", help, Unit::Bytes, bytes);
        let help = "Players whose WebSocket broke and whose session is kept";
        registry.register("players_parked", help, self.players_parked.clone());
    }

    /// Put the counters of spectators on the page.
    pub(crate) fn register_spectators(&self, registry: &mut Registry) {
        self.spectators.register(registry);
        let help = "Bytes written to spectators";
        let bytes = self.spectator_bytes.clone();
        registry.register_with_unit("spectator_sent", help, Unit::Bytes, bytes);
    }

    /// Put the counters of observers on the page.
    pub(crate) fn register_observers(&self, registry: &mut Registry) {
        let help = "Observations that ended, and why";
        registry.register("observations_ended", help, self.observations.clone());
    }

    /// A client was not let in.
    pub(crate) fn refused(&self, who: ClientKind, reason: Refusal) {
        add(&self.relay.refused, refusal(who, reason), 1);
    }

    /// A limit was reached.
    pub(crate) fn reached(&self, limit: Limit) {
        add(&self.relay.limits, [("limit", limit.into())], 1);
    }

    /// A limit was reached several times.
    pub(crate) fn reached_often(&self, limit: Limit, times: u64) {
        add(&self.relay.limits, [("limit", limit.into())], times);
    }

    /// A step of a session that outlives its WebSocket.
    pub(crate) fn resumption(&self, step: Resumption) {
        add(&self.relay.resumptions, [("step", step.into())], 1);
    }

    /// A player's session ended.
    pub(crate) fn closed(&self, code: CloseCode) {
        add(&self.relay.closes, [("code", code.number())], 1);
    }

    /// A spectator was closed.
    pub(crate) fn closed_spectator(&self, code: CloseCode) {
        if Self::is_fault_of_spectator(code) {
            add(&self.spectators.closes, [("code", code.number())], 1);
        }
    }

    /// Say whether a spectator that is closed with this code has done something wrong.
    pub(crate) fn is_fault_of_spectator(code: CloseCode) -> bool {
        SPECTATOR_FAULTS.contains(&code)
    }

    /// Show the dials of a game server from the start.
    pub(crate) fn add_server(&self, server: Option<&str>) {
        for &outcome in DialOutcome::VARIANTS {
            add(&self.relay.dials, dial(outcome, server), 0);
        }
    }

    /// A dial of a game server begins. The guard counts its outcome.
    pub(crate) fn begin_dial<'a>(&'a self, server: Option<&'a str>) -> Dial<'a> {
        Dial {
            metrics: self,
            server,
            begun: Instant::now(),
            outcome: DialOutcome::Abandoned,
        }
    }

    /// Begin to measure a datagram that has just come. So many wait before it.
    pub(crate) fn sample(&self, waiting: usize) -> Sample {
        self.waiting_datagrams.observe(waiting as f64);
        Sample {
            begun: Instant::now(),
            seconds: self.forward_seconds.clone(),
        }
    }

    /// The goodbye for a session is over.
    pub(crate) fn said_goodbye(&self, outcome: GoodbyeOutcome) {
        add(&self.relay.goodbyes, [goodbye(outcome)], 1);
    }

    /// An observer has ended. `reason` is a word for why.
    pub(crate) fn observer_ended(&self, reason: &'static str) {
        self.observers.dec();
        add(&self.observations, [("end", reason)], 1);
    }
}

/// Add to the counter with these labels.
fn add<L: Clone + Hash + Eq>(family: &Family<L, Counter>, labels: L, more: u64) {
    family.get_or_create(&labels).inc_by(more);
}

fn refusal(who: ClientKind, reason: Refusal) -> [(&'static str, &'static str); 2] {
    [("who", who.into()), ("reason", reason.into())]
}

fn goodbye(outcome: GoodbyeOutcome) -> (&'static str, &'static str) {
    let word = match outcome {
        GoodbyeOutcome::Answered => "answered",
        GoodbyeOutcome::Unanswered => "timed_out",
        GoodbyeOutcome::Ended => "ended",
    };
    ("outcome", word)
}

fn dial(outcome: DialOutcome, server: Option<&str>) -> Vec<(&'static str, String)> {
    let outcome: &'static str = outcome.into();
    let server = server.map(|name| ("server", name.to_owned()));
    let labels = std::iter::once(("outcome", outcome.to_owned()));
    labels.chain(server).collect()
}

/// A datagram on its way through the relay. Dropped before its end, it was never written and is not counted.
#[derive(Debug)]
pub(crate) struct Sample {
    begun: Instant,
    seconds: Histogram,
}

impl Sample {
    /// It is written.
    pub(crate) fn finish(self) {
        self.seconds.observe(self.begun.elapsed().as_secs_f64());
    }
}

/// What one session adds to a gauge. Dropping it takes that away.
#[derive(Debug)]
pub(crate) struct GaugeShare {
    gauge: Gauge,
    added: i64,
}

impl GaugeShare {
    /// Add nothing yet.
    pub(crate) const fn new(gauge: Gauge) -> Self {
        Self { gauge, added: 0 }
    }

    /// Say how much this session has now. If nothing changes, it costs nothing.
    pub(crate) fn set(&mut self, amount: usize) {
        let amount = i64::try_from(amount).unwrap_or(i64::MAX);
        if amount != self.added {
            self.gauge.inc_by(amount - self.added);
            self.added = amount;
        }
    }
}

impl Drop for GaugeShare {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// A dial under way. Dropped before its outcome is set, it was abandoned.
pub(crate) struct Dial<'a> {
    metrics: &'a Metrics,
    server: Option<&'a str>,
    begun: Instant,
    pub(crate) outcome: DialOutcome,
}

impl Drop for Dial<'_> {
    fn drop(&mut self) {
        if let DialOutcome::Ok = self.outcome {
            let took = self.begun.elapsed().as_secs_f64();
            self.metrics.dial_seconds.observe(took);
        }
        let labels = dial(self.outcome, self.server);
        add(&self.metrics.relay.dials, labels, 1);
    }
}
