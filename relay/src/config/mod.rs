//! What a relay is told before it starts. `settings` makes it from flags, environment and file; tests and other
//! programs make it by `Config::new` and set what they need.

pub(crate) mod settings;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use protocol::id::Secret;

use crate::http::origin::AllowedOrigin;
use crate::limits::rate::RateLimits;
use crate::observers::overseer::Observing;
use crate::spectators::{Access, Spectating};
use crate::upstream::trust::Trust;

/// Where the relay listens unless told otherwise: this machine only.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
/// Players at once. Each takes three file descriptors, of which a process usually gets 20,000.
pub(crate) const DEFAULT_MAX_CONNECTIONS: usize = 5000;
/// Players at once from one address: a school or a LAN party behind one router fits in.
pub(crate) const DEFAULT_MAX_PER_IP: usize = 256;
/// How long players may finish when the relay stops.
pub(crate) const DEFAULT_DRAIN: Duration = Duration::from_secs(5);
/// Snapshots a second at most: spectators' pages draw between them anyway.
const MAX_SPECTATE_HZ: u32 = 30;
/// The most a race is held back: a full room takes 5 MB for it, at the highest rate 7.
const MAX_SPECTATE_DELAY: Duration = Duration::from_secs(600);
/// How often the page sends its car's position a second.
pub(crate) const DEFAULT_UPDATE_HZ: u32 = 20;

/// Everything a relay needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The game server's TCP side.
    pub server: HostPort,
    /// The game server's UDP side.
    pub udp: HostPort,
    /// Where browsers connect. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// What makes the game server's certificate trusted.
    pub trust: Trust,
    /// The name the certificate must have, where it is not the host of `server`.
    pub server_name: Option<String>,
    /// The game server speaks no TLS. Nothing is encrypted or verified then.
    pub plain_tcp: bool,
    /// `Trust::Insecure` is meant, even for a game server on another machine.
    pub allow_insecure_remote: bool,
    /// Pages of other hosts that may connect.
    pub allow_origins: Vec<AllowedOrigin>,
    /// The page's folder; none serves the embedded one.
    pub www: Option<PathBuf>,
    /// The secret the page seals its datagrams with.
    pub udp_secret: Secret,
    /// How often the page sends its car's position a second.
    pub update_hz: u32,
    /// Players at once.
    pub max_connections: usize,
    /// Players at once from one address, and as many spectators; 0 is no limit, for a relay behind a proxy.
    pub max_per_ip: usize,
    /// What races are shown with.
    pub spectating: Spectating,
    /// Observers for rooms in which nobody is bridged; none without this.
    pub observing: Option<Observing>,
    /// A port of the operator's own, for metrics and readiness.
    pub metrics_listen: Option<SocketAddr>,
    /// Show the metrics where browsers connect too.
    pub metrics_public: bool,
    /// How long players may finish when the relay stops.
    pub drain: Duration,
    /// What one player may send.
    pub rate_limits: RateLimits,
    /// How long the relay waits for whom.
    pub patience: Patience,
}

/// How long the relay waits for a peer, and how many may wait with it.
#[derive(Debug, Clone)]
pub struct Patience {
    /// One dial of the game server, TLS included.
    pub dial: Duration,
    /// A player's wait for its turn to dial.
    pub dial_queue: Duration,
    /// Players that may wait for their turn.
    pub dial_queue_places: usize,
    /// Between two WebSocket pings.
    pub ping: Duration,
    /// A browser's answer to a close frame.
    pub close: Duration,
    /// The head of an HTTP request.
    pub http_head: Duration,
    /// Between two looks of an observer, and of the relay for rooms that want one.
    pub observe: Duration,
    /// After the game server could not be reached, before it is asked again whether it can be.
    pub unready: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            // Game servers shake hands one at a time, so a slow one delays all others.
            dial: Duration::from_secs(5),
            dial_queue: Duration::from_secs(15),
            // What two dials at a time get through in 15 s at half a second each.
            dial_queue_places: 64,
            // Proxies on the way cut connections after 30 to 60 s of silence.
            ping: Duration::from_secs(20),
            close: Duration::from_secs(3),
            http_head: Duration::from_secs(10),
            // So long may an observer be host before it notices.
            observe: Duration::from_secs(1),
            unready: Duration::from_secs(5),
        }
    }
}

impl Config {
    /// Make the configuration of a relay on any free port of this machine, everything else by default.
    pub fn new(server: HostPort, udp: HostPort, trust: Trust) -> Self {
        Self {
            server,
            udp,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            trust,
            server_name: None,
            plain_tcp: false,
            allow_insecure_remote: false,
            allow_origins: Vec::new(),
            www: None,
            udp_secret: Secret::default(),
            update_hz: DEFAULT_UPDATE_HZ,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            max_per_ip: DEFAULT_MAX_PER_IP,
            spectating: Spectating::default(),
            observing: None,
            metrics_listen: None,
            metrics_public: false,
            drain: DEFAULT_DRAIN,
            rate_limits: RateLimits::default(),
            patience: Patience::default(),
        }
    }

    /// Say whether the game server's identity goes unchecked.
    pub fn is_insecure(&self) -> bool {
        self.plain_tcp || self.trust == Trust::Insecure
    }

    /// Refuse what must not be started by mistake.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let blind = self.trust == Trust::Insecure && !self.plain_tcp;
        ensure!(
            !blind || self.allow_insecure_remote || self.server.is_loopback(),
            "--trust insecure is for a game server on this machine, and {} is not: anyone on the way could read \
             and change everything. Pin its certificate with --trust pin:SHA256, or add --allow-insecure-remote \
             if you really mean it",
            self.server
        );
        ensure!(
            (1..=60).contains(&self.update_hz),
            "--update-hz must be 1 to 60, not {}",
            self.update_hz
        );
        ensure!(
            self.max_connections > 0,
            "--max-connections must be at least 1"
        );
        ensure!(
            (1..=MAX_SPECTATE_HZ).contains(&self.spectating.hz),
            "--spectate-hz must be 1 to {MAX_SPECTATE_HZ}, not {}",
            self.spectating.hz
        );
        ensure!(
            self.spectating.delay <= MAX_SPECTATE_DELAY,
            "--spectate-delay must be at most {} seconds",
            MAX_SPECTATE_DELAY.as_secs()
        );
        if let Some(observing) = &self.observing {
            ensure!(
                self.spectating.access != Access::Off,
                "--spectate-observer is of no use with --spectate off: leave one of them out"
            );
            observing.check()?;
        }
        Ok(())
    }
}

/// A host and a port; names are looked up when they are dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl HostPort {
    fn is_loopback(&self) -> bool {
        let name = self.host.eq_ignore_ascii_case("localhost");
        name || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl FromStr for HostPort {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (host, port) = text
            .rsplit_once(':')
            .filter(|(host, _)| !host.contains(':') || host.ends_with(']'))
            .with_context(|| {
                format!("'{text}' has no port: write HOST:PORT or [IPV6]:PORT, such as {text}:443")
            })?;
        let port = port
            .parse()
            .ok()
            .filter(|&port| port > 0)
            .with_context(|| format!("'{port}' in '{text}' is no port from 1 to 65535"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        ensure!(
            !host.is_empty(),
            "'{text}' has no host: write HOST:PORT, such as 127.0.0.1:443"
        );
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        Self {
            host: address.ip().to_string(),
            port: address.port(),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read_and_written_alike() {
        for text in [
            "game.example:443",
            "127.0.0.1:7777",
            "[::1]:443",
            "localhost:1",
        ] {
            assert_eq!(text.parse::<HostPort>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "host",
            "host:",
            "host:0",
            "host:65536",
            ":443",
            "::1",
            "[]:443",
        ] {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
        let error = "game.example".parse::<HostPort>().unwrap_err().to_string();
        assert!(error.contains("game.example:443"), "{error}");
    }

    #[test]
    fn insecure_is_for_this_machine_unless_a_second_option_says_so() {
        let config = |server: &str| {
            let server: HostPort = server.parse().unwrap();
            Config::new(server.clone(), server, Trust::Insecure)
        };
        for local in ["127.0.0.1:443", "[::1]:443", "localhost:443", "127.9.9.9:1"] {
            assert!(config(local).check().is_ok(), "{local}");
        }
        let mut remote = config("game.example:443");
        let error = remote.check().unwrap_err().to_string();
        assert!(error.contains("--allow-insecure-remote"), "{error}");
        remote.allow_insecure_remote = true;
        assert!(remote.check().is_ok());
    }
}
