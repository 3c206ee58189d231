//! What one relay counts for its operator: one registry a relay, since tests run several in one process. Counting is
//! one relaxed atomic addition; what is a state and no count (`page`) is looked up when somebody asks. Labels are words
//! of this program, never ids, names or addresses.

use std::time::{Duration, Instant, SystemTime};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use protocol::frame::CloseCode;

/// The upper ends of what dials are sorted into, in seconds: from a handshake next door to the longest wait.
const DIAL_SECONDS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// How dials end.
const OK: &str = "ok";
const ABANDONED: &str = "abandoned";
const UNTRUSTED: &str = "untrusted";
const TIMED_OUT: &str = "timed_out";
const UNREACHABLE: &str = "unreachable";

/// Everybody's reasons.
const REFUSALS: [(Who, Refused); 8] = [
    (Who::Player, Refused::Full),
    (Who::Player, Refused::Address),
    (Who::Player, Refused::Origin),
    (Who::Spectator, Refused::Full),
    (Who::Spectator, Refused::Address),
    (Who::Spectator, Refused::Off),
    (Who::Spectator, Refused::Token),
    (Who::Spectator, Refused::NoRoom),
];
const LIMITS: [Limit; 10] = [
    Limit::HttpConnections,
    Limit::HttpConnectionsOfAddress,
    Limit::Refusals,
    Limit::DialsWaiting,
    Limit::DialWait,
    Limit::LinesToBrowser,
    Limit::LinesToServer,
    Limit::PlayerRate,
    Limit::RoomQuestions,
    Limit::Observers,
];

/// Counters that differ in `N` labels.
type Counters<const N: usize> = Family<[(&'static str, &'static str); N], Counter>;
/// Counters of close codes.
pub(crate) type Codes = Family<[(&'static str, u16); 1], Counter>;

/// Counters of what goes up to the game server and what comes down from it.
#[derive(Debug)]
pub(crate) struct Ways {
    pub(crate) family: Counters<1>,
    pub(crate) up: Counter,
    pub(crate) down: Counter,
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) started: Instant,
    pub(crate) started_at: SystemTime,
    /// Players that got a place.
    pub(crate) players_admitted: Counter,
    pub(crate) lines: Ways,
    pub(crate) datagrams: Ways,
    /// Datagrams a browser was too slow for.
    pub(crate) overtaken: Counter,
    /// Datagrams that could not be sent to the game server: too early, or no room.
    pub(crate) unsendable: Counter,
    /// Datagrams of the game server that are none: too long, empty, or the report of a closed port.
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
}

/// Who asks to come in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who {
    Player,
    Spectator,
}

/// Why somebody was not let in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refused {
    /// All places are taken.
    Full,
    /// All places of one address are taken.
    Address,
    /// A page of a site that is not allowed.
    Origin,
    /// Nobody may watch.
    Off,
    /// No token, or a wrong one.
    Token,
    /// No room's id in the address.
    NoRoom,
}

/// A limit that is reached without anybody being refused by name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// HTTP connections, in all.
    HttpConnections,
    /// HTTP connections of one address.
    HttpConnectionsOfAddress,
    /// Refusals told at once.
    Refusals,
    /// Dials that wait for their turn.
    DialsWaiting,
    /// The wait for a turn to dial.
    DialWait,
    /// Lines that wait for a browser.
    LinesToBrowser,
    /// Lines that wait for the game server.
    LinesToServer,
    /// What one player may send.
    PlayerRate,
    /// Questions for the list of rooms.
    RoomQuestions,
    /// Observers at once.
    Observers,
}

/// How the goodbye for a session ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Parted {
    /// The game server answered it.
    Answered,
    /// The game server did not answer in time.
    TimedOut,
    /// The game server ended the session first.
    Ended,
}

impl Ways {
    fn new() -> Self {
        let family = Counters::default();
        let way = |way| family.get_or_create_owned(&[("direction", way)]);
        let (up, down) = (way("up"), way("down"));
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
            lines: Ways::new(),
            datagrams: Ways::new(),
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
        };
        metrics.begin_at_zero();
        metrics
    }

    /// Show what has not happened yet as a zero, so that its first time is seen as a change.
    fn begin_at_zero(&self) {
        for (who, reason) in REFUSALS {
            let labels = [("who", who.word()), ("reason", reason.word())];
            self.refused.get_or_create(&labels).inc_by(0);
        }
        for limit in LIMITS {
            self.limits
                .get_or_create(&[("limit", limit.word())])
                .inc_by(0);
        }
        for code in CloseCode::ALL {
            self.player_closes
                .get_or_create(&[("code", code.number())])
                .inc_by(0);
        }
        for outcome in [OK, ABANDONED, UNTRUSTED, TIMED_OUT, UNREACHABLE] {
            self.dials.get_or_create(&[("outcome", outcome)]).inc_by(0);
        }
        for outcome in [Parted::Answered, Parted::TimedOut, Parted::Ended] {
            let labels = [("outcome", outcome.word())];
            self.goodbyes.get_or_create(&labels).inc_by(0);
        }
    }

    /// Somebody was not let in.
    pub(crate) fn refused(&self, who: Who, reason: Refused) {
        let labels = [("who", who.word()), ("reason", reason.word())];
        self.refused.get_or_create(&labels).inc();
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

    /// A dial of the game server began; its end is counted through what this gives.
    pub(crate) fn dialling(&self) -> Dialling<'_> {
        Dialling {
            metrics: self,
            begun: Instant::now(),
            outcome: ABANDONED,
        }
    }

    /// The goodbye for a session is over.
    pub(crate) fn parted(&self, outcome: Parted) {
        let labels = [("outcome", outcome.word())];
        self.goodbyes.get_or_create(&labels).inc();
    }

    /// An observer set out.
    pub(crate) fn observing(&self) {
        self.observers.inc();
    }

    /// An observer is back; `end` is a word for why.
    pub(crate) fn observed(&self, end: &'static str) {
        self.observers.dec();
        self.observations.get_or_create(&[("end", end)]).inc();
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Who {
    const fn word(self) -> &'static str {
        match self {
            Self::Player => "player",
            Self::Spectator => "spectator",
        }
    }
}

impl Parted {
    const fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::TimedOut => TIMED_OUT,
            Self::Ended => "ended",
        }
    }
}

impl Refused {
    const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Address => "address",
            Self::Origin => "origin",
            Self::Off => "off",
            Self::Token => "token",
            Self::NoRoom => "no_room",
        }
    }
}

impl Limit {
    const fn word(self) -> &'static str {
        match self {
            Self::HttpConnections => "http_connections",
            Self::HttpConnectionsOfAddress => "http_connections_of_address",
            Self::Refusals => "refusals",
            Self::DialsWaiting => "dials_waiting",
            Self::DialWait => "dial_wait",
            Self::LinesToBrowser => "lines_to_browser",
            Self::LinesToServer => "lines_to_server",
            Self::PlayerRate => "player_rate",
            Self::RoomQuestions => "room_questions",
            Self::Observers => "observers",
        }
    }
}

/// A dial under way. Dropped without an end, it was given up.
pub(crate) struct Dialling<'a> {
    metrics: &'a Metrics,
    begun: Instant,
    outcome: &'static str,
}

impl Dialling<'_> {
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

impl Drop for Dialling<'_> {
    fn drop(&mut self) {
        let labels = [("outcome", self.outcome)];
        self.metrics.dials.get_or_create(&labels).inc();
    }
}
