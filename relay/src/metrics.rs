//! What one relay counts for its operator. Counting is one relaxed atomic addition. `http::metrics` shows the counters
//! and what it looks up on request. Labels are words of this program, never ids, names or addresses.

use std::time::{Instant, SystemTime};

use client_native::GoodbyeOutcome;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use protocol::frame::CloseCode;

/// The upper bounds of the histogram of dials, in seconds: from a handshake in one network to the longest wait.
const DIAL_SECONDS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The outcomes of dials.
const OK: &str = "ok";
const ABANDONED: &str = "abandoned";
const UNTRUSTED: &str = "untrusted";
const TIMED_OUT: &str = "timed_out";
const UNREACHABLE: &str = "unreachable";

/// Every refusal that each kind of client can get.
const REFUSALS: [(ClientKind, Refusal); 8] = [
    (ClientKind::Player, Refusal::Full),
    (ClientKind::Player, Refusal::Address),
    (ClientKind::Player, Refusal::Origin),
    (ClientKind::Spectator, Refusal::Full),
    (ClientKind::Spectator, Refusal::Address),
    (ClientKind::Spectator, Refusal::Off),
    (ClientKind::Spectator, Refusal::Token),
    (ClientKind::Spectator, Refusal::NoRoom),
];

/// Counters that differ in `N` labels.
type Counters<const N: usize> = Family<[(&'static str, &'static str); N], Counter>;
/// Counters of close codes.
pub(crate) type Codes = Family<[(&'static str, u16); 1], Counter>;

/// Counters of what goes up to the game server and what comes down from it.
#[derive(Debug)]
pub(crate) struct Directions {
    pub(crate) family: Counters<1>,
    pub(crate) up: Counter,
    pub(crate) down: Counter,
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) started: Instant,
    pub(crate) started_at: SystemTime,
    /// Players that got a slot.
    pub(crate) players_admitted: Counter,
    pub(crate) lines: Directions,
    pub(crate) datagrams: Directions,
    /// Datagrams that newer ones pushed out, because the browser was too slow.
    pub(crate) overtaken: Counter,
    /// Datagrams that could not be sent to the game server: they came too early, or the system had no buffer.
    pub(crate) unsendable: Counter,
    /// Datagrams of the game server that are too long or empty, and reports of a closed port.
    pub(crate) unusable: Counter,
    pub(crate) dropped: Counters<2>,
    pub(crate) refused: Counters<2>,
    pub(crate) limits: Counters<1>,
    pub(crate) player_closes: Codes,
    pub(crate) dials: Counters<1>,
    pub(crate) dial_seconds: Histogram,
    pub(crate) goodbyes: Counters<1>,
    pub(crate) observers: Gauge,
    pub(crate) observations: Counters<1>,
    pub(crate) spectators: SpectatorMetrics,
}

/// What is counted of all rooms together.
#[derive(Debug, Default)]
pub(crate) struct SpectatorMetrics {
    /// Spectators now.
    pub(crate) connected: Gauge,
    /// Spectators that were let in.
    pub(crate) admitted: Counter,
    /// Snapshots made, each for all spectators of a room.
    pub(crate) snapshots: Counter,
    /// Frames written whole to spectators: texts, snapshots, pings and pongs.
    pub(crate) frames: Counter,
    /// Bytes written to spectators, headers of frames included.
    pub(crate) bytes: Counter,
    /// Snapshots that were not sent to a slow spectator, counted for each spectator.
    pub(crate) skipped: Counter,
    /// Datagrams of players and observers that were opened for spectators.
    pub(crate) opened_datagrams: Counter,
    pub(crate) closes: Codes,
}

/// The codes with which the relay closes a spectator for a fault of the spectator's.
const SPECTATOR_FAULTS: [CloseCode; 3] = [
    CloseCode::TooSlow,
    CloseCode::SentTooMuch,
    CloseCode::Malformed,
];

impl SpectatorMetrics {
    /// A spectator was closed.
    pub(crate) fn closed(&self, code: CloseCode) {
        if SPECTATOR_FAULTS.contains(&code) {
            let labels = [("code", code.number())];
            self.closes.get_or_create(&labels).inc();
        }
    }
}

/// Defines the words of a label.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub(crate) enum $name {
            $($(#[$each])* $variant,)*
        }

        impl $name {
            #[allow(dead_code, reason = "some labels are not shown before they are used")]
            const ALL: &[Self] = &[$(Self::$variant,)*];

            const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

words! {
    /// Who connects.
    ClientKind {
        Player = "player",
        Spectator = "spectator",
    }
}

words! {
    /// Why a client was not let in.
    Refusal {
        /// All slots are taken.
        Full = "full",
        /// All slots of one address are taken.
        Address = "address",
        /// A page of a site that is not allowed.
        Origin = "origin",
        /// Nobody may watch.
        Off = "off",
        /// No token, or a wrong one.
        Token = "token",
        /// The address of the request names no room.
        NoRoom = "no_room",
    }
}

words! {
    /// A limit that was reached, other than those that refuse a client.
    Limit {
        /// HTTP connections, in all.
        HttpConnections = "http_connections",
        /// HTTP connections of one address.
        HttpConnectionsOfAddress = "http_connections_of_address",
        /// Clients that are being told of a refusal.
        Refusals = "refusals",
        /// Dials that wait for their turn.
        DialsWaiting = "dials_waiting",
        /// The wait for a turn to dial.
        DialWait = "dial_wait",
        /// Lines that wait for a browser.
        LinesToBrowser = "lines_to_browser",
        /// Lines that wait for the game server.
        LinesToServer = "lines_to_server",
        /// What one player may send.
        PlayerRate = "player_rate",
        /// Requests that wait for the list of rooms.
        RoomQuestions = "room_questions",
        /// Observers at once.
        Observers = "observers",
    }
}

impl Directions {
    fn new() -> Self {
        let family = Counters::default();
        let direction = |direction| family.get_or_create_owned(&[("direction", direction)]);
        let (up, down) = (direction("up"), direction("down"));
        Self { family, up, down }
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let dropped = Counters::default();
        let drop = |direction, reason| {
            dropped.get_or_create_owned(&[("direction", direction), ("reason", reason)])
        };
        let (overtaken, unusable) = (drop("down", "slow_browser"), drop("down", "unusable"));
        let unsendable = drop("up", "unsendable");
        let metrics = Self {
            started: Instant::now(),
            started_at: SystemTime::now(),
            players_admitted: Counter::default(),
            lines: Directions::new(),
            datagrams: Directions::new(),
            overtaken,
            unsendable,
            unusable,
            dropped,
            refused: Counters::default(),
            limits: Counters::default(),
            player_closes: Codes::default(),
            dials: Counters::default(),
            dial_seconds: Histogram::new(DIAL_SECONDS),
            goodbyes: Counters::default(),
            observers: Gauge::default(),
            observations: Counters::default(),
            spectators: SpectatorMetrics::default(),
        };
        metrics.begin_at_zero();
        metrics
    }

    /// Show every counter as zero from the start, so that its first increment is seen as a change.
    fn begin_at_zero(&self) {
        for (who, reason) in REFUSALS {
            let _zero = self.refused.get_or_create(&refusal(who, reason));
        }
        for limit in Limit::ALL {
            let _zero = self.limits.get_or_create(&[("limit", limit.word())]);
        }
        for code in CloseCode::ALL {
            let _zero = self.player_closes.get_or_create(&[("code", code.number())]);
        }
        for code in SPECTATOR_FAULTS {
            let closes = &self.spectators.closes;
            let _zero = closes.get_or_create(&[("code", code.number())]);
        }
        for outcome in [OK, ABANDONED, UNTRUSTED, TIMED_OUT, UNREACHABLE] {
            let _zero = self.dials.get_or_create(&[("outcome", outcome)]);
        }
        use GoodbyeOutcome::{Answered, Ended, Unanswered};
        for outcome in [Answered, Unanswered, Ended] {
            let _zero = self.goodbyes.get_or_create(&[goodbye(outcome)]);
        }
    }

    /// A client was not let in.
    pub(crate) fn refused(&self, who: ClientKind, reason: Refusal) {
        self.refused.get_or_create(&refusal(who, reason)).inc();
    }

    /// A limit was reached.
    pub(crate) fn reached(&self, limit: Limit) {
        self.limits.get_or_create(&[("limit", limit.word())]).inc();
    }

    /// A player's session ended.
    pub(crate) fn closed(&self, code: CloseCode) {
        let labels = [("code", code.number())];
        self.player_closes.get_or_create(&labels).inc();
    }

    /// A dial of the game server begins. The guard counts its outcome.
    pub(crate) fn begin_dial(&self) -> Dial<'_> {
        Dial {
            metrics: self,
            begun: Instant::now(),
            outcome: ABANDONED,
        }
    }

    /// The goodbye for a session is over.
    pub(crate) fn said_goodbye(&self, outcome: GoodbyeOutcome) {
        self.goodbyes.get_or_create(&[goodbye(outcome)]).inc();
    }

    /// An observer begins.
    pub(crate) fn observer_began(&self) {
        self.observers.inc();
    }

    /// An observer has ended. `reason` is a word for why.
    pub(crate) fn observer_ended(&self, reason: &'static str) {
        self.observers.dec();
        self.observations.get_or_create(&[("end", reason)]).inc();
    }
}

fn refusal(who: ClientKind, reason: Refusal) -> [(&'static str, &'static str); 2] {
    [("who", who.word()), ("reason", reason.word())]
}

fn goodbye(outcome: GoodbyeOutcome) -> (&'static str, &'static str) {
    let word = match outcome {
        GoodbyeOutcome::Answered => "answered",
        GoodbyeOutcome::Unanswered => TIMED_OUT,
        GoodbyeOutcome::Ended => "ended",
    };
    ("outcome", word)
}

/// A dial under way. Dropped without an outcome, it was abandoned.
pub(crate) struct Dial<'a> {
    metrics: &'a Metrics,
    begun: Instant,
    outcome: &'static str,
}

impl Dial<'_> {
    pub(crate) fn succeeded(mut self) {
        self.outcome = OK;
        let took = self.begun.elapsed().as_secs_f64();
        self.metrics.dial_seconds.observe(took);
    }

    pub(crate) fn failed(mut self, code: CloseCode) {
        self.outcome = match code {
            CloseCode::CertificateNotTrusted => UNTRUSTED,
            CloseCode::ServerTimeout => TIMED_OUT,
            _ => UNREACHABLE,
        };
    }
}

impl Drop for Dial<'_> {
    fn drop(&mut self) {
        let labels = [("outcome", self.outcome)];
        self.metrics.dials.get_or_create(&labels).inc();
    }
}
