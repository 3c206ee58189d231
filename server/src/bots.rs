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

impl Bots {
    /// Count the bots when all rooms are visited that are visited at once.
    pub(crate) fn most(&self) -> usize {
        self.count * (1 + bot::MAX_VISITED_ROOMS)
    }
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
    let (tcp, udp) = reachable(tcp, udp);
    Ok(Target {
        tcp: tcp.into(),
        udp: udp.into(),
        tls: Some(Tls::trusting(certificate, name)?),
    })
}

/// Where a server that listens on all addresses is reached from its own machine. Lines and datagrams of a bot must come from
/// one address, so both go to the same if they can.
fn reachable(mut tcp: SocketAddr, mut udp: SocketAddr) -> (SocketAddr, SocketAddr) {
    let is_any = |address: &SocketAddr| address.ip().is_unspecified();
    let loopback = |address: &SocketAddr| -> IpAddr {
        match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        }
    };
    // Whoever listens on all IPv6 addresses is reached by IPv4 too.
    let reaches = |any: &SocketAddr, ip: IpAddr| any.is_ipv6() || ip.is_ipv4();
    if is_any(&udp) && !is_any(&tcp) && reaches(&udp, tcp.ip()) {
        udp.set_ip(tcp.ip());
    } else if is_any(&udp) {
        let narrower = if tcp.is_ipv4() { &tcp } else { &udp };
        udp.set_ip(loopback(narrower));
    }
    if is_any(&tcp) && reaches(&tcp, udp.ip()) {
        tcp.set_ip(udp.ip());
    } else if is_any(&tcp) {
        tcp.set_ip(loopback(&tcp));
    }
    (tcp, udp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_send_lines_and_datagrams_from_one_address() {
        for (tcp, udp, reached) in [
            ("0.0.0.0", "0.0.0.0", ["127.0.0.1", "127.0.0.1"]),
            ("::", "::", ["::1", "::1"]),
            ("::", "0.0.0.0", ["127.0.0.1", "127.0.0.1"]),
            ("0.0.0.0", "::", ["127.0.0.1", "127.0.0.1"]),
            ("0.0.0.0", "192.0.2.1", ["192.0.2.1", "192.0.2.1"]),
            ("192.0.2.1", "0.0.0.0", ["192.0.2.1", "192.0.2.1"]),
            ("192.0.2.1", "::", ["192.0.2.1", "192.0.2.1"]),
            ("192.0.2.1", "192.0.2.2", ["192.0.2.1", "192.0.2.2"]),
            ("0.0.0.0", "2001:db8::1", ["127.0.0.1", "2001:db8::1"]),
        ] {
            let address = |ip: &str| SocketAddr::new(ip.parse().unwrap(), 7);
            let found = reachable(address(tcp), address(udp));
            let expected = (address(reached[0]), address(reached[1]));
            assert_eq!(found, expected, "{tcp} {udp}");
        }
    }
}
