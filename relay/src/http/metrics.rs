//! The metrics page: all counters and the relay's current state, in the text format of OpenMetrics.

use std::fmt;
use std::time::UNIX_EPOCH;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::process::Process;
use super::services::Services;
use crate::metrics::Metrics;
use crate::spectators::Spectators;

/// The prefix of all names except those that every program has.
const PREFIX: &str = "mp_relay";

/// Write all metrics. It reads files of the system, so call it on a thread that may block.
///
/// # Errors
/// A label cannot be encoded. All labels are words of this program, so this does not happen.
pub(crate) fn render(services: &Services) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    process(&mut registry, &services.metrics);
    let mut page = Page(registry.sub_registry_with_prefix(PREFIX));
    page.relay(&services.metrics);
    page.connections(services);
    page.players(services);
    page.dials(services);
    if let Some(spectators) = &services.spectators {
        page.spectators(spectators, services);
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
        ("max_fds", "Limit of open file descriptors", process.max_fds),
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

    /// How many there are, and how many there may be.
    fn slots(&mut self, name: &str, what: &str, taken: usize, most: usize) {
        self.gauge(name, &format!("{what} now"), taken as u64);
        let help = format!("{what} at once, at most");
        self.gauge(&format!("{name}_limit"), &help, most as u64);
    }

    fn relay(&mut self, metrics: &Metrics) {
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        self.0.register("build", "The relay's version", version);
        let uptime = metrics.started.elapsed().as_secs_f64();
        self.seconds("uptime", "How long the relay has been running", uptime);
    }

    fn connections(&mut self, services: &Services) {
        let metrics = &services.metrics;
        let (taken, most) = services.connections.taken();
        self.slots("http_connections", "HTTP connections", taken, most);
        let (taken, most) = services.refusals.taken();
        self.slots(
            "refusals",
            "Refused clients that are being told why",
            taken,
            most,
        );
        let help = "Clients that were refused, and why";
        self.0.register("refused", help, metrics.refused.clone());
        let help = "Limits that were reached";
        self.0
            .register("limit_reached", help, metrics.limits.clone());
    }

    fn players(&mut self, services: &Services) {
        let metrics = &services.metrics;
        let (taken, most) = services.players.slots.taken();
        self.slots("players", "Players", taken, most);
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

    fn dials(&mut self, services: &Services) {
        let metrics = &services.metrics;
        let dials = services.dialer.load();
        self.slots("dials_running", "Dials", dials.running.0, dials.running.1);
        let (waiting, most) = dials.waiting;
        self.slots(
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

    fn spectators(&mut self, spectators: &Spectators, services: &Services) {
        let counts = &services.metrics.spectators;
        let now = usize::try_from(counts.connected.get()).unwrap_or(0);
        let most = services.config.spectating.max_spectators;
        self.slots("spectators", "Spectators", now, most);
        if let Some(observing) = &services.config.observing {
            self.observers(&services.metrics, observing.at_once);
        }
        let (live, watched) = spectators.count_rooms();
        let help = "Rooms with a player of this relay or an observer";
        self.gauge("rooms_live", help, live);
        self.gauge("rooms_watched", "Rooms somebody watches", watched);
        for (name, help, count) in [
            (
                "spectators_admitted",
                "Spectators that were let in",
                &counts.admitted,
            ),
            (
                "snapshots",
                "Snapshots made, each for all spectators of a room",
                &counts.snapshots,
            ),
            (
                "spectator_frames",
                "Frames written to spectators",
                &counts.frames,
            ),
            (
                "spectator_snapshots_skipped",
                "Snapshots that were not sent to a slow spectator",
                &counts.skipped,
            ),
            (
                "tapped_datagrams",
                "Datagrams of players opened for spectators",
                &counts.opened_datagrams,
            ),
        ] {
            self.0.register(name, help, count.clone());
        }
        let help = "Bytes written to spectators";
        let bytes = counts.bytes.clone();
        self.0
            .register_with_unit("spectator_sent", help, Unit::Bytes, bytes);
        let help = "Spectators that were closed for a fault of theirs, by close code";
        let closes = counts.closes.clone();
        self.0.register("spectator_closes", help, closes);
    }

    fn observers(&mut self, metrics: &Metrics, most: usize) {
        let now = usize::try_from(metrics.observers.get()).unwrap_or(0);
        self.slots("observers", "Sessions that observe a room", now, most);
        let help = "Observations that ended, and why";
        let ended = metrics.observations.clone();
        self.0.register("observations_ended", help, ended);
    }
}
