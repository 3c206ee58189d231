//! Bots: ordinary clients of this server that drive the demo's track, so that nobody has to drive alone. The crate
//! `drivers` says how a bot drives, [`bot`] what it does in a room, and [`supervisor`] how many bots there are and where.

mod bot;
mod roster;
mod supervisor;

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use client_native::{Target, Tls};
use drivers::Track;
use protocol::id::Secret;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::task::JoinSet;
use track::{Circuit, MAX_CIRCUIT_BYTES, read_at_most};

use crate::engine::Engine;
use roster::Roster;

pub use drivers::MAX_BOTS;

/// The track of the demo, the same one the page draws.
const DEMO_TRACK: &str = include_str!("../../www/track.json");
/// A name in every certificate the server makes.
const SERVER_NAME: &str = "localhost";

/// The bots of a server.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Bots {
    /// How many bots drive in the bots' room and in every room a player makes.
    #[arg(
        long = "bots",
        env = "MP_SERVER_BOTS",
        value_name = "N",
        default_value_t = 0
    )]
    pub count: usize,
    /// The name of the bots' room.
    #[arg(
        long,
        env = "MP_SERVER_ROOM",
        value_name = "NAME",
        default_value = "Bot practice"
    )]
    pub room: String,
    /// The circuit the bots drive [default: the demo's]. docs/circuits.md describes the file.
    #[arg(long, env = "MP_SERVER_TRACK", value_name = "FILE")]
    pub track: Option<PathBuf>,
}

/// Start the bots of a server. The tasks never end by themselves.
pub(crate) fn start(
    bots: &Bots,
    server: Target,
    secret: Secret,
    engine: &Arc<Engine>,
) -> anyhow::Result<JoinSet<()>> {
    let Bots { count, room, track } = bots;
    ensure!(
        *count <= MAX_BOTS,
        "at most {MAX_BOTS} bots fit into a room with players"
    );
    let track = read_track(track)?;
    if *count == 0 {
        return Ok(JoinSet::new());
    }
    let engine = Arc::clone(engine);
    let roster = Roster::new(server, secret, track, room.clone(), engine);
    Ok(supervisor::start(Arc::new(roster), *count))
}

fn read_track(file: &Option<PathBuf>) -> anyhow::Result<Track> {
    let Some(path) = file else {
        return Ok(Track::parse(DEMO_TRACK)?);
    };
    let named = || format!("cannot use the circuit of --track {}", path.display());
    let file = File::open(path).with_context(named)?;
    let bytes = read_at_most(file, MAX_CIRCUIT_BYTES).with_context(named)?;
    let circuit = Circuit::read(&bytes).with_context(named)?;
    Ok(Track::new(&circuit))
}

/// Where the bots reach their own server. They trust only its certificate.
pub(crate) fn target(
    tcp: SocketAddr,
    udp: SocketAddr,
    certificate: CertificateDer<'static>,
) -> anyhow::Result<Target> {
    let name = ServerName::try_from(SERVER_NAME)?;
    Ok(Target {
        tcp: reachable(tcp).into(),
        udp: reachable(udp).into(),
        tls: Some(Tls::trusting(certificate, name)?),
    })
}

/// Where a server that listens on all addresses is reached from its own machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
