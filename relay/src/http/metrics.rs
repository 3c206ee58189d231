//! The metrics page: all counters and the relay's current state, in the text format of OpenMetrics.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use protocol::generation::Generation;
use strum::VariantArray as _;

use super::Services;
use crate::descriptors;
use crate::metrics::Metrics;
use program_log::dropped_lines;

/// The prefix of all names except those that every program has.
const PREFIX: &str = "mp_relay";

/// The media type of OpenMetrics 1.0, which Prometheus reads.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Show everything that is counted.
pub(super) async fn metrics(State(services): State<Arc<Services>>) -> Response {
    // The figures of the process are read from files.
    let rendered = tokio::task::spawn_blocking(move || render(&services)).await;
    match rendered {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// It fails if a label cannot be encoded. All labels are words of this program.
fn render(services: &Services) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    process(
        registry.sub_registry_with_prefix("process"),
        &services.metrics,
    );
    relay(registry.sub_registry_with_prefix(PREFIX), services);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn process(page: &mut Registry, metrics: &Metrics) {
    if let Ok(since) = metrics.started_at.duration_since(UNIX_EPOCH) {
        let help = "When the relay started, in seconds since 1970";
        seconds(page, "start_time", help, since.as_secs_f64());
    }
    #[cfg(target_os = "linux")]
    if let Ok(process) = procfs::process::Process::myself() {
        files_and_memory(page, &process);
    }
}

/// Show file descriptors and memory. Sockets are what a relay runs out of first.
#[cfg(target_os = "linux")]
fn files_and_memory(page: &mut Registry, process: &procfs::process::Process) {
    use procfs::process::LimitValue;
    if let Ok(open) = process.fd_count() {
        gauge(page, "open_fds", "Open file descriptors", open as u64);
    }
    if let Ok(limits) = process.limits()
        && let LimitValue::Value(most) = limits.max_open_files.soft_limit
    {
        gauge(page, "max_fds", "Limit of open file descriptors", most);
    }
    if let Ok(status) = process.status()
        && let Some(kibibytes) = status.vmrss
    {
        let help = "Memory of the process that is in use";
        let bytes = ConstGauge::new(kibibytes * 1024);
        page.register_with_unit("resident_memory", help, Unit::Bytes, bytes);
    }
}

fn relay(page: &mut Registry, services: &Services) {
    let metrics = &services.metrics;
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    page.register("build", "The relay's version", version);
    let uptime = metrics.started.elapsed().as_secs_f64();
    let help = "How long the relay has been running";
    seconds(page, "uptime", help, uptime);
    let help = "Log lines that nobody read in time";
    let dropped = ConstCounter::new(dropped_lines());
    page.register("log_lines_dropped", help, dropped);
    metrics.register(page);
    generations(page, services);
    let dials = services
        .servers
        .all()
        .map(|it| it.dialer.running_and_waiting());
    let [running, waiting] = dials.fold([(0, 0); 2], |[running, waiting], more| {
        [add(running, more[0]), add(waiting, more[1])]
    });
    let told = "Refused and replaced connections that are being told why";
    let replaced = services.players.takeovers.taken();
    let queued = "Dials that wait for their turn";
    slots(
        page,
        "http_connections",
        "HTTP connections",
        services.connections.taken(),
    );
    slots(
        page,
        "refusals",
        told,
        add(services.refusals.taken(), replaced),
    );
    slots(page, "players", "Players", services.players.slots.taken());
    let help = "Players of one address at once, at most, and as many spectators; 0 is no limit";
    let of_address = descriptors::places_of_address(&services.config);
    gauge(page, "players_of_address_limit", help, of_address as u64);
    slots(page, "dials_running", "Dials", running);
    slots(page, "dials_waiting", queued, waiting);
    let buffered = "Bytes that wait for players";
    let held = services.players.buffers.held();
    slots(page, "buffered_bytes", buffered, held);
    let servers = services.servers.all();
    let shown: Vec<_> = servers.filter_map(|it| it.spectators.as_ref()).collect();
    if shown.is_empty() {
        return;
    }
    metrics.register_spectators(page);
    let now = usize::try_from(metrics.spectators_connected.get()).unwrap_or(0);
    let most = services.config.spectating.max_spectators;
    slots(page, "spectators", "Spectators", (now, most));
    let rooms = shown.iter().map(|spectators| spectators.count_rooms());
    let (live, watched) = rooms.fold((0, 0), add);
    let help = "Rooms with a player of this relay or an observer";
    gauge(page, "rooms_live", help, live);
    gauge(page, "rooms_watched", "Rooms somebody watches", watched);
    if let Some(observing) = &services.config.observing {
        metrics.register_observers(page);
        let now = usize::try_from(metrics.observers.get()).unwrap_or(0);
        let what = "Sessions that observe a room";
        slots(
            page,
            "observers",
            what,
            (now, observing.at_once * shown.len()),
        );
    }
}

/// Show of each generation whether a game server is of it. Of one that is unknown all are 0.
fn generations(page: &mut Registry, services: &Services) {
    let known = Family::<Vec<(&str, String)>, Gauge>::default();
    for server in services.servers.all() {
        for &generation in Generation::VARIANTS {
            let label = ("generation", generation.name().to_owned());
            let name = server.name.as_ref().map(|it| ("server", it.to_string()));
            let labels = std::iter::once(label).chain(name).collect();
            let is_known = server.generation.known() == Some(generation);
            known.get_or_create(&labels).set(is_known.into());
        }
    }
    let help = "1 for the generation of a game server, once it is known";
    page.register("game_server_generation", help, known);
}

fn add<T: std::ops::Add<Output = T>>(one: (T, T), other: (T, T)) -> (T, T) {
    (one.0 + other.0, one.1 + other.1)
}

fn gauge(page: &mut Registry, name: &str, help: &str, value: u64) {
    page.register(name, help, ConstGauge::new(value));
}

fn seconds(page: &mut Registry, name: &str, help: &str, value: f64) {
    page.register_with_unit(name, help, Unit::Seconds, ConstGauge::new(value));
}

/// Show how many there are, and how many there may be.
fn slots(page: &mut Registry, name: &str, what: &str, (taken, most): (usize, usize)) {
    gauge(page, name, &format!("{what} now"), taken as u64);
    let help = format!("{what} at once, at most");
    gauge(page, &format!("{name}_limit"), &help, most as u64);
}
