//! The options of a relay, each spelt once: `command_line` makes a `Config` from flags, environment variables and a TOML
//! file. Tests and other programs start from `Config::new` and set what they need.

mod access;
mod command_line;
mod effective;
mod file;
mod front;
mod game_server;
mod listen;
mod option;
mod origin;
mod server_list;
mod spectating;
mod telemetry;
mod trust;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::num::ParseIntError;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use clap::ArgAction;

use crate::limits::rate::RateLimits;

pub use access::{Access, AccessToken};
pub use client_native::HostPort;
pub use command_line::{Invocation, Task};
pub use effective::EffectiveOptions;
pub use front::{ForwardedHeader, Front, TrustedProxy};
pub use game_server::{GameServer, Label, ServerName};
pub use listen::Listen;
pub(crate) use origin::is_beyond_rebinding;
pub use origin::{AllowedHost, AllowedOrigin, Origin, PublicOrigin};
pub use spectating::{Observing, Spectating};
pub use telemetry::TelemetryUrl;
pub use trust::{Fingerprint, Trust};

/// Where the relay listens unless told otherwise: this machine only.
const DEFAULT_LISTEN: Listen =
    Listen::Tcp(SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080)));
/// Each player takes three file descriptors. `descriptors` compares the sum with the system's limit.
const DEFAULT_MAX_CONNECTIONS: usize = 5000;
/// A school or a LAN party behind one router fits in.
const DEFAULT_MAX_PER_IP: usize = 256;
const DEFAULT_DRAIN_SECONDS: &str = "5";
/// A phone changes its network in this time. The others see a car that stands still for as long.
const DEFAULT_RESUME_SECONDS: &str = "30";
/// A session without its player takes a slot of others.
const MAX_RESUME: Duration = Duration::from_secs(600);
const DEFAULT_UPDATE_HZ: u32 = 20;

/// Everything a relay needs to know. The comments are the help of the command line.
// Keys of the TOML file are spelt like the flags. The values of secrets are hidden, in messages too.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// The game server that players get unless they name another one.
    #[command(flatten)]
    pub game: GameServer,
    /// The game servers that players can name beside it.
    #[arg(skip)]
    pub more_games: Vec<GameServer>,
    /// Where browsers connect. Port 0 takes any free one. A Unix socket is for a proxy on this machine.
    #[arg(long, env = "MP_RELAY_LISTEN", value_name = "ADDRESS:PORT|unix:PATH", default_value_t = DEFAULT_LISTEN)]
    pub listen: Listen,
    /// What stands between browsers and the relay.
    #[command(flatten)]
    pub front: Front,
    /// Let pages of this origin connect too; repeatable, * is every origin.
    #[arg(
        long = "allow-origin",
        env = "MP_RELAY_ALLOW_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub allow_origins: Vec<AllowedOrigin>,
    /// Serve the page from this folder instead of the embedded one.
    #[arg(long, env = "MP_RELAY_WWW", value_name = "DIR")]
    pub www: Option<PathBuf>,
    /// Serve this circuit as /track.json instead of the page's own. `cargo xtask track` makes one of GeoJSON, GPX or CSV.
    #[arg(long, env = "MP_RELAY_TRACK", value_name = "FILE")]
    pub track: Option<PathBuf>,
    /// Let the page send figures about its connection to this address of the site's own: round trips, losses, reconnects and errors, and
    /// nothing that tells who it is. docs/operating.md lists them.
    #[arg(long, env = "MP_RELAY_TELEMETRY_URL", value_name = "URL")]
    pub telemetry_url: Option<TelemetryUrl>,
    /// How many times a second the page sends its car's position.
    #[arg(long, env = "MP_RELAY_UPDATE_HZ", value_name = "HZ", default_value_t = DEFAULT_UPDATE_HZ)]
    pub update_hz: u32,
    /// Players at once.
    #[arg(long, env = "MP_RELAY_MAX_CONNECTIONS", value_name = "N", default_value_t = DEFAULT_MAX_CONNECTIONS)]
    pub max_connections: usize,
    /// Players at once from one address, and as many spectators; 0 is no limit, for a relay behind a proxy that does not name its
    /// clients (see --trusted-proxy).
    #[arg(long, env = "MP_RELAY_MAX_PER_IP", value_name = "N", default_value_t = DEFAULT_MAX_PER_IP)]
    pub max_per_ip: usize,
    /// How long players may play on when the relay stops.
    #[arg(long = "drain-seconds", env = "MP_RELAY_DRAIN_SECONDS", value_name = "SECONDS", value_parser = seconds, default_value = DEFAULT_DRAIN_SECONDS)]
    pub drain: Duration,
    /// How long the relay keeps the session of a player whose connection broke, so that the same page can go on with it; 0 is not at all.
    #[arg(long = "resume-seconds", env = "MP_RELAY_RESUME_SECONDS", value_name = "SECONDS", value_parser = seconds, default_value = DEFAULT_RESUME_SECONDS)]
    pub resume: Duration,
    /// How races are shown.
    #[command(flatten)]
    pub spectating: Spectating,
    /// Observers for rooms in which nobody is bridged. `None`: no observers.
    #[arg(skip)]
    pub observing: Option<Observing>,
    /// Serve /metrics, /readyz and /healthz on a port of their own.
    #[arg(long, env = "MP_RELAY_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<SocketAddr>,
    /// Also serve /metrics where browsers connect: everybody can read it then.
    #[arg(long, env = "MP_RELAY_METRICS_PUBLIC", value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true", default_value = "false", hide_default_value = true)]
    pub metrics_public: bool,
    /// File descriptors that the process may open. `None`: not known, and one address gets all places that `max_per_ip` names.
    #[arg(skip)]
    pub descriptors: Option<usize>,
    /// What one player may send.
    #[arg(skip)]
    pub rate_limits: RateLimits,
    /// How long the relay waits for a peer.
    #[arg(skip)]
    pub timeouts: Timeouts,
}

fn seconds(text: &str) -> Result<Duration, ParseIntError> {
    let seconds: u32 = text.parse()?;
    Ok(Duration::from_secs(seconds.into()))
}

/// How long the relay waits for a peer, and how many players may wait to dial.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// One dial of the game server, TLS included.
    pub dial: Duration,
    /// A player's wait for its turn to dial.
    pub dial_queue: Duration,
    /// Players that may wait for their turn.
    pub dial_queue_places: usize,
    /// A sign-in's wait for its turn.
    pub sign_in_queue: Duration,
    /// How long a sign-in that the game server does not answer keeps its turn.
    pub sign_in: Duration,
    /// The game server's first line, once it is connected.
    pub welcome: Duration,
    /// How long a browser may take nothing while so many lines wait that the relay has stopped reading from the game server.
    pub stalled: Duration,
    /// Between two WebSocket pings.
    pub ping: Duration,
    /// A page that was left or reloaded: how long its session is kept, at most.
    pub reload: Duration,
    /// How long nothing goes up to the game server for a player who is away, before the relay sends a sign of life.
    pub keep_alive: Duration,
    /// A browser's answer to a close frame.
    pub close: Duration,
    /// The head of an HTTP request.
    pub http_head: Duration,
    /// Between two looks of an observer at its room, and of the relay at rooms that want an observer.
    pub observe: Duration,
    /// Between a failed check of the game server and the next one.
    pub unready: Duration,
    /// Between two looks at the files of the relay's own certificate.
    pub certificate: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            // A game server does one TLS handshake at a time, so a slow one delays all others.
            dial: Duration::from_secs(5),
            dial_queue: Duration::from_secs(15),
            // Addresses take turns, so each of this many gets in. On a server that is near, two dials at a time serve as many in 15 s.
            dial_queue_places: 1024,
            // Our clients wait ten seconds for the answer.
            sign_in_queue: Duration::from_secs(7),
            // Eight hashes take a tenth of a second, or one on the smallest machine.
            sign_in: Duration::from_secs(2),
            welcome: Duration::from_secs(5),
            // A game server that writes to one player at a time makes all others wait for one that does not read.
            stalled: Duration::from_secs(5),
            // Proxies on the way cut connections after 30 to 60 s of silence.
            ping: Duration::from_secs(20),
            // Most pages that go away do not come back, and the others see a car that stands still.
            reload: Duration::from_secs(10),
            // Game servers cut connections after 60 to 90 s of silence.
            keep_alive: Duration::from_secs(20),
            close: Duration::from_secs(3),
            http_head: Duration::from_secs(10),
            // An observer may be host for this long before it notices.
            observe: Duration::from_secs(1),
            unready: Duration::from_secs(5),
            certificate: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// Make the configuration of a relay on any free port of this machine, everything else by default.
    pub fn new(server: HostPort, udp: HostPort, trust: Trust) -> Self {
        Self {
            game: GameServer::new(server, udp, trust),
            more_games: Vec::new(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            front: Front::default(),
            allow_origins: Vec::new(),
            www: None,
            track: None,
            telemetry_url: None,
            update_hz: DEFAULT_UPDATE_HZ,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            max_per_ip: DEFAULT_MAX_PER_IP,
            drain: seconds(DEFAULT_DRAIN_SECONDS).unwrap_or_default(),
            resume: seconds(DEFAULT_RESUME_SECONDS).unwrap_or_default(),
            spectating: Spectating {
                access: Access::Open,
                hz: spectating::DEFAULT_HZ,
                delay: Duration::ZERO,
                max_spectators: spectating::DEFAULT_MAX_SPECTATORS,
            },
            observing: None,
            metrics_listen: None,
            metrics_public: false,
            descriptors: None,
            rate_limits: RateLimits::default(),
            timeouts: Timeouts::default(),
        }
    }

    /// List all game servers, the default one first.
    pub fn games(&self) -> Vec<&GameServer> {
        std::iter::once(&self.game)
            .chain(&self.more_games)
            .collect()
    }

    /// Say whether clients have addresses of their own. Without a limit for one address and without trusted proxies they may all
    /// have that of a proxy.
    pub(crate) fn tells_clients_apart(&self) -> bool {
        self.max_per_ip > 0 || self.front.names_clients(&self.listen)
    }

    /// Refuse values that cannot work, and unsafe ones without their confirmation.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        game_server::check_all(&self.games())?;
        ensure!(
            (1..=60).contains(&self.update_hz),
            "--update-hz must be 1 to 60, not {}",
            self.update_hz
        );
        ensure!(
            self.max_connections > 0,
            "--max-connections must be at least 1"
        );
        self.front.check(&self.listen)?;
        ensure!(
            self.resume <= MAX_RESUME,
            "--resume-seconds must be at most {}, not {}",
            MAX_RESUME.as_secs(),
            self.resume.as_secs()
        );
        self.spectating.check()?;
        if let Some(observing) = &self.observing {
            ensure!(
                self.spectating.access != Access::Off,
                "--spectate-observer has no effect with --spectate off: leave one of them out"
            );
            observing.check()?;
        } else {
            let games = self.games();
            ensure!(
                games.iter().all(|game| game.observer_account.is_none()),
                "--observer-account has no effect without --spectate-observer: add that, or leave the account out"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        remote.game.allow_insecure_remote = true;
        assert!(remote.check().is_ok());
    }
}
