//! Everything the relay counts and is, as Prometheus and OpenMetrics read it. `http` serves it.

use std::fmt;
use std::time::UNIX_EPOCH;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use protocol::frame::CloseCode;

use super::process::Process;
use crate::context::Context;
use crate::metrics::{Codes, Metrics};
use crate::spectators::Hub;

/// Before all names but those that every program has.
const PREFIX: &str = "mp_relay";

/// Write all metrics. Looks at the system too, so it is for a thread that may block.
///
/// # Errors
/// Never, as long as every label is one of this program's words.
pub(crate) fn render(context: &Context) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    process(&mut registry, &context.metrics);
    let mut page = Page(registry.sub_registry_with_prefix(PREFIX));
    page.relay(&context.metrics);
    page.connections(context);
    page.players(context);
    page.dials(context);
    if let Some(hub) = &context.hub {
        page.spectators(hub, context);
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn process(registry: &mut Registry, metrics: &Metrics) {
    let mut page = Page(registry.sub_registry_with_prefix("process"));
    if let Ok(since) = metrics.started_at.duration_since(UNIX_EPOCH) {
        let help = "When the relay started, in seconds since 1970";
        page.seconds("start_time", help, since.as_secs_f64());
    }
    let process = Process::look();
    let fds = [
        ("open_fds", "Open file descriptors", process.open_fds),
        ("max_fds", "File descriptors there may be", process.max_fds),
    ];
    for (name, help, value) in fds {
        if let Some(value) = value {
            page.gauge(name, help, value);
        }
    }
    if let Some(bytes) = process.resident_bytes {
        let help = "Memory of the process that is in use";
        let gauge = ConstGauge::new(bytes);
        page.0
            .register_with_unit("resident_memory", help, Unit::Bytes, gauge);
    }
}

struct Page<'a>(&'a mut Registry);

impl Page<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, help, ConstGauge::new(value));
    }

    fn seconds(&mut self, name: &str, help: &str, value: f64) {
        let gauge = ConstGauge::new(value);
        self.0.register_with_unit(name, help, Unit::Seconds, gauge);
    }

    /// A count that somebody else keeps.
    fn count(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, help, counted(value));
    }

    /// How many there are, and how many there may be.
    fn places(&mut self, name: &str, what: &str, taken: usize, most: usize) {
        self.gauge(name, &format!("{what} now"), taken as u64);
        let help = format!("{what} at once, at most");
        self.gauge(&format!("{name}_limit"), &help, most as u64);
    }

    fn relay(&mut self, metrics: &Metrics) {
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        self.0.register("build", "The relay's version", version);
        let uptime = metrics.uptime().as_secs_f64();
        self.seconds("uptime", "How long the relay runs", uptime);
    }

    fn connections(&mut self, context: &Context) {
        let metrics = &context.metrics;
        let (taken, most) = context.http.taken();
        self.places("http_connections", "HTTP connections", taken, most);
        let (taken, most) = context.refusals.taken();
        self.places("refusals", "Refusals being told", taken, most);
        let help = "Who was not let in, and why";
        self.0.register("refused", help, metrics.refused.clone());
        let help = "Limits that were reached";
        self.0
            .register("limit_reached", help, metrics.limits.clone());
    }

    fn players(&mut self, context: &Context) {
        let metrics = &context.metrics;
        let (taken, most) = context.players.taken();
        self.places("players", "Players", taken, most);
        let admitted = metrics.players_admitted.clone();
        self.0
            .register("players_admitted", "Players that were let in", admitted);
        let closes = metrics.player_closes.clone();
        let help = "Ends of players' sessions by close code";
        self.0.register("player_closes", help, closes);
        let help = "Lines that passed, up to the game server or down to the browser";
        self.0.register("lines", help, metrics.lines.family.clone());
        let help = "Datagrams that passed, up to the game server or down to the browser";
        self.0
            .register("datagrams", help, metrics.datagrams.family.clone());
        let help = "Datagrams that were not forwarded";
        self.0
            .register("datagrams_dropped", help, metrics.dropped.clone());
        let help = "Goodbyes said to the game server for those who left";
        self.0.register("goodbyes", help, metrics.goodbyes.clone());
    }

    fn dials(&mut self, context: &Context) {
        let metrics = &context.metrics;
        let dials = context.dialer.load();
        self.places("dials_running", "Dials", dials.running.0, dials.running.1);
        let (waiting, most) = dials.waiting;
        self.places(
            "dials_waiting",
            "Dials that wait for their turn",
            waiting,
            most,
        );
        let help = "Dials of the game server by outcome";
        self.0.register("dials", help, metrics.dials.clone());
        let help = "How long a dial that succeeded took, TLS included";
        let seconds = metrics.dial_seconds.clone();
        self.0
            .register_with_unit("dial_duration", help, Unit::Seconds, seconds);
    }

    fn spectators(&mut self, hub: &Hub, context: &Context) {
        use std::sync::atomic::Ordering::Relaxed;
        let tally = hub.tally();
        let most = context.config.spectating.max_spectators;
        let now = tally.spectators.load(Relaxed) as usize;
        self.places("spectators", "Spectators", now, most);
        if let Some(observing) = &context.config.observing {
            self.observers(&context.metrics, observing.at_once);
        }
        let (live, watched) = hub.count_rooms();
        self.gauge(
            "rooms_live",
            "Rooms with a player of this relay or an observer",
            live,
        );
        self.gauge("rooms_watched", "Rooms somebody watches", watched);
        for (name, help, count) in [
            (
                "spectators_admitted",
                "Spectators that were let in",
                &tally.admitted,
            ),
            (
                "snapshots",
                "Snapshots made, each for all spectators of a room",
                &tally.snapshots,
            ),
            (
                "spectator_frames",
                "Frames written to spectators",
                &tally.frames,
            ),
            (
                "spectator_snapshots_skipped",
                "Snapshots that passed a slow spectator by",
                &tally.skipped,
            ),
            (
                "tapped_datagrams",
                "Datagrams of players opened for spectators",
                &tally.datagrams,
            ),
        ] {
            self.count(name, help, count.load(Relaxed));
        }
        let help = "Bytes written to spectators";
        let bytes = counted(tally.bytes.load(Relaxed));
        self.0
            .register_with_unit("spectator_sent", help, Unit::Bytes, bytes);
        let closes = Codes::default();
        for (code, count) in [
            (CloseCode::TooSlow, &tally.too_slow),
            (CloseCode::SentTooMuch, &tally.sent_too_much),
            (CloseCode::Malformed, &tally.malformed),
        ] {
            let labels = [("code", code.number())];
            closes.get_or_create(&labels).inc_by(count.load(Relaxed));
        }
        let help = "Spectators that were closed for a fault of theirs, by close code";
        self.0.register("spectator_closes", help, closes);
    }

    fn observers(&mut self, metrics: &Metrics, most: usize) {
        let now = usize::try_from(metrics.observers.get()).unwrap_or(0);
        self.places("observers", "Sessions that observe a room", now, most);
        let help = "Observations that ended, and why";
        let ended = metrics.observations.clone();
        self.0.register("observations_ended", help, ended);
    }
}

fn counted(value: u64) -> Counter {
    let counter = Counter::default();
    counter.inc_by(value);
    counter
}
