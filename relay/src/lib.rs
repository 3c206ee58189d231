//! The bridge between web pages and MP-Server game servers: a WebSocket for each player on one side, its own
//! TLS connection and UDP socket on the other, and the page itself over HTTP.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use relay::{Config, Relay, Trust};
//!
//! let game = "127.0.0.1:443".parse()?;
//! let udp = "127.0.0.1:443".parse()?;
//! let relay = Relay::start(Config::new(game, udp, Trust::Insecure)).await?;
//! println!("http://{}/", relay.addr());
//! relay.stop().await;
//! # Ok(())
//! # }
//! ```

mod client_stream;
mod close;
mod config;
mod descriptors;
mod discard;
mod http;
mod lifecycle;
mod limits;
mod log;
mod metrics;
mod observers;
mod players;
mod servers;
mod spectators;
mod upstream;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use client_native::Target;
use tokio_util::sync::DropGuard;
use tracing::Instrument as _;

use http::accept::{Audience, public_slots, serve};
use http::port::Port;
use http::tls::{Tls, TlsFiles};
use http::{Services, operators_router, router};
use lifecycle::Lifecycle;
use limits::{Admission, Budget};
use log::Repeats;
use metrics::Metrics;
use observers::account::ObserverAccount;
use players::resumable::Resumable;
use players::traffic::SessionLines;
use players::{MAX_BUFFERED_BYTES, MAX_BUFFERED_BYTES_OF_ADDRESS, Players};
use servers::{Server, Servers};
use spectators::{Spectators, Watching};
use upstream::{Dialer, OwnSessions, Readiness, ServerGeneration, TrustedServer};

pub use config::{
    Access, AccessToken, AllowedHost, AllowedOrigin, Config, EffectiveOptions, Fingerprint,
    ForwardedHeader, Front, GameServer, HostPort, Invocation, Label, Listen, Observing, Origin,
    PublicOrigin, ServerName, Spectating, Task, TelemetryUrl, Timeouts, Trust, TrustedProxy,
};
pub use descriptors::raise_descriptor_limit;
pub use http::require_client;
pub use limits::rate::{Rate, RateLimits};

/// Clients that are told at once why they are refused, each for as long as `Timeouts::close`.
const MAX_REFUSALS: usize = 256;
/// The part of them for one address.
const MAX_REFUSALS_OF_ADDRESS: usize = MAX_REFUSALS / 4;

/// A running relay. Dropping it ends everything at once, without goodbyes.
#[derive(Debug)]
pub struct Relay {
    address: Listen,
    /// Where the page is, as a browser on this machine or the operator writes it.
    page: String,
    operator_address: Option<SocketAddr>,
    lifecycle: Lifecycle,
    /// The game servers, the default one first.
    trusted: Vec<Trusted>,
    /// The observers' accounts, in the same order.
    accounts: Vec<Arc<ObserverAccount>>,
    /// `None`: it speaks plain HTTP.
    tls: Option<Tls>,
    _abort: DropGuard,
}

impl Relay {
    /// Open the port and serve in the background.
    ///
    /// # Errors
    /// The configuration cannot work or the port cannot be opened. The message says what to do.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        warn_of(&config);
        let port = Port::open(&config.listen, "--listen").await?;
        let operator = match config.metrics_listen {
            Some(address) => Some(Port::open(&address.into(), "--metrics-listen").await?),
            None => None,
        };
        Self::serve(config, port, operator)
    }

    /// Serve on open ports in the background.
    fn serve(config: Config, port: Port, operator: Option<Port>) -> anyhow::Result<Self> {
        let lifecycle = Lifecycle::new(config.drain);
        let abort = lifecycle.aborting.clone().drop_guard();
        let trusted = trusted_servers(&config)?;
        let accounts = observer_accounts(&config)?;
        let tls = tls_files(&config).map(Tls::new).transpose()?;
        let every = config.timeouts.certificate;
        let address = port.address()?;
        let page = page(&config, &address);
        let services = wire(config, &trusted, &accounts, tls.clone(), lifecycle.clone())?;
        let services = Arc::new(services);
        let relay = Self {
            address,
            page,
            operator_address: operator.as_ref().map(operator_address).transpose()?,
            lifecycle,
            trusted,
            accounts,
            tls,
            _abort: abort,
        };
        let public = router(Arc::clone(&services))?;
        if let Some(tls) = relay.tls.clone() {
            tokio::spawn(tls.watch(every, relay.lifecycle.draining.clone()));
        }
        let serving = serve(port, Audience::Public, public, Arc::clone(&services));
        relay
            .lifecycle
            .spawn_essential("the port of browsers", serving);
        if let Some(port) = operator {
            let router = operators_router(Arc::clone(&services));
            let serving = serve(port, Audience::Operator, router, services);
            relay
                .lifecycle
                .spawn_essential("the operator's port", serving);
        }
        Ok(relay)
    }

    /// The address browsers connect to. A Unix socket has none, which is written 0.0.0.0:0.
    pub fn addr(&self) -> SocketAddr {
        match self.address {
            Listen::Tcp(address) => address,
            Listen::Unix(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        }
    }

    /// Where browsers or a proxy connect.
    pub fn listening(&self) -> &Listen {
        &self.address
    }

    /// Where the page is: the public origin, or the port.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// The address of the operator's own port, if there is one.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.operator_address
    }

    /// Read again what makes the game server's certificate trusted, the pin or the file with certificates, the observers' account, and
    /// the relay's own certificate. Players who are connected stay. Gives what is trusted now, in words.
    ///
    /// # Errors
    /// The new configuration cannot work, or is for another game server. Nothing has changed then.
    pub fn reload(&self, config: &Config) -> anyhow::Result<String> {
        config.check()?;
        let tls = match (&self.tls, tls_files(config)) {
            (Some(now), Some(files)) => Some((now, files.read()?, files)),
            (None, None) => None,
            _ => bail!("to begin or to end with --tls-cert needs a restart"),
        };
        let new = trusted_servers(config)?;
        let accounts = observer_accounts(config)?;
        let names = |servers: &[Trusted]| -> Vec<_> {
            servers.iter().map(|(name, _)| name.clone()).collect()
        };
        ensure!(
            names(&self.trusted) == names(&new),
            "other names or another order of [[servers]] need a restart"
        );
        let pairs: Vec<_> = self.trusted.iter().zip(new).collect();
        // All of them or none.
        for ((_, now), (_, new)) in &pairs {
            match (now, new) {
                (Some(now), Some(new)) => now.check_same(new)?,
                (None, None) => {}
                _ => bail!("--plain-tcp needs a restart"),
            }
        }
        let trusted = pairs.into_iter().map(|((name, now), (_, new))| {
            let words = match now.as_ref().zip(new) {
                Some((now, new)) => now.replace(&new),
                None => "no certificate, because the game server speaks no TLS".into(),
            };
            match name {
                Some(name) => format!("{name}: {words}"),
                None => words,
            }
        });
        let trusted = trusted.collect::<Vec<_>>().join("; ");
        for (now, new) in self.accounts.iter().zip(&accounts) {
            now.replace(new);
        }
        if let Some((now, certificate, files)) = tls {
            now.replace(files, certificate);
        }
        Ok(trusted)
    }

    /// Wait until the relay can serve no more, and say why. A relay that works never gives an answer.
    pub async fn failure(&self) -> anyhow::Error {
        self.lifecycle.failure().await
    }

    /// Stop in order: refuse new clients, let players finish, then say goodbye for those who are still here. Dropping the
    /// future stops at once.
    pub async fn stop(self) {
        self.lifecycle.stop().await;
    }
}

/// Say whether a relay can start with this configuration. Files that it names are read, no port is opened.
///
/// # Errors
/// It cannot. The message says what is wrong.
pub fn check(config: &Config) -> anyhow::Result<()> {
    config.check()?;
    warn_of(config);
    require_client(config.www.as_deref())?;
    trusted_servers(config)?;
    observer_accounts(config)?;
    if let Some(files) = tls_files(config) {
        files.read()?;
    }
    http::check_files(config)
}

/// Make the parts of a relay, and give each what it needs.
fn wire(
    config: Config,
    trusted: &[Trusted],
    accounts: &[Arc<ObserverAccount>],
    tls: Option<Tls>,
    lifecycle: Lifecycle,
) -> anyhow::Result<Services> {
    let metrics = Arc::new(Metrics::new());
    let timeouts = &config.timeouts;
    let watching = Watching::new(&config, &metrics, &lifecycle);
    let games = config.games().into_iter().zip(trusted).zip(accounts);
    let servers = games.map(|((game, (_, trusted)), account)| {
        let (trusted, watching) = (trusted.as_ref(), watching.clone());
        server(
            game, trusted, account, watching, &config, &metrics, &lifecycle,
        )
    });
    let servers = Servers::new(servers.collect::<anyhow::Result<_>>()?);
    let tells_clients_apart = config.tells_clients_apart();
    let of_address = if tells_clients_apart {
        descriptors::connections_of_address(MAX_REFUSALS_OF_ADDRESS, &config)
    } else {
        0
    };
    let refusals = Admission::new(MAX_REFUSALS, of_address);
    let of_each_address = |rate| tells_clients_apart.then(|| limits::rate::AddressRate::new(rate));
    Ok(Services {
        connections: public_slots(&config),
        tls,
        refusals,
        refusal_lines: Repeats::new(),
        requests: of_each_address(config.rate_limits.requests),
        players: Players {
            slots: Admission::new(
                config.max_connections,
                descriptors::places_of_address(&config),
            ),
            resumable: Resumable::default(),
            resume: config.resume,
            takeovers: Admission::new(MAX_REFUSALS, of_address),
            attempts: of_each_address(config.rate_limits.attempts),
            costly_lines: of_each_address(config.rate_limits.costly_lines_of_address),
            buffers: buffers(config.tells_clients_apart()),
            rate_limits: config.rate_limits.clone(),
            timeouts: timeouts.clone(),
            lines: SessionLines::new(),
            metrics: Arc::clone(&metrics),
            lifecycle: lifecycle.clone(),
        },
        servers,
        metrics,
        lifecycle,
        config,
    })
}

/// The budget of what waits for players. If they are not told apart, one address may use all of it.
fn buffers(tells_clients_apart: bool) -> Budget {
    let of_address = tells_clients_apart.then_some(MAX_BUFFERED_BYTES_OF_ADDRESS);
    Budget::new(MAX_BUFFERED_BYTES, of_address.unwrap_or(0))
}

/// The files of the relay's own certificate. `None`: it speaks plain HTTP.
fn tls_files(config: &Config) -> Option<TlsFiles> {
    let (certificate, key) = (
        config.front.tls_cert.clone()?,
        config.front.tls_key.clone()?,
    );
    Some(TlsFiles { certificate, key })
}

fn page(config: &Config, address: &Listen) -> String {
    match (&config.front.public_origin, address) {
        (Some(origin), _) => format!("{}/", origin.0.as_str()),
        (None, Listen::Tcp(address)) if config.front.tls_cert.is_some() => {
            format!("https://{address}/")
        }
        (None, Listen::Tcp(address)) => format!("http://{address}/"),
        (None, socket) => socket.to_string(),
    }
}

fn operator_address(port: &Port) -> anyhow::Result<SocketAddr> {
    match port.address()? {
        Listen::Tcp(address) => Ok(address),
        Listen::Unix(_) => bail!("the operator's port is a TCP port"),
    }
}

/// Make what belongs to one game server.
fn server(
    game: &GameServer,
    trusted: Option<&TrustedServer>,
    account: &Arc<ObserverAccount>,
    watching: Option<Watching>,
    config: &Config,
    metrics: &Arc<Metrics>,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Server> {
    let target = Target {
        tcp: game.server.clone(),
        udp: game.udp().clone(),
        tls: trusted.map(TrustedServer::tls),
    };
    let timeouts = &config.timeouts;
    let name = game.name.clone();
    let generation = Arc::<ServerGeneration>::default();
    let dialer = Dialer::new(
        target,
        name.clone(),
        timeouts,
        Arc::clone(metrics),
        Arc::clone(&generation),
    );
    let dialer = Arc::new(dialer);
    let span = servers::span_of(game);
    let sessions = OwnSessions {
        dialer: Arc::clone(&dialer),
        secret: game.udp_secret.clone(),
        metrics: Arc::clone(metrics),
        generation: Arc::clone(&generation),
        lifecycle: lifecycle.clone(),
        span: span.clone(),
    };
    let readiness = Readiness::new(sessions.clone(), timeouts.unready);
    let spectators = watching.map(|watching| Spectators::new(watching, sessions.clone()));
    let spectators = spectators.transpose()?.map(Arc::new);
    if let (Some(observing), Some(spectators)) = (&config.observing, &spectators) {
        let spectators = Arc::clone(spectators);
        let is_shared = config.tells_clients_apart();
        let (observing, look) = (observing.clone(), timeouts.observe);
        let oversee = observers::overseer::oversee(
            observing,
            is_shared,
            look,
            Arc::clone(account),
            spectators,
            sessions,
        );
        lifecycle.spawn(oversee.instrument(span.clone()));
    }
    Ok(Server {
        name,
        label: game.label.clone(),
        dialer,
        generation,
        sign_ins: players::sign_in::turns(config.tells_clients_apart()),
        readiness: Arc::new(readiness),
        spectators,
        secret: game.udp_secret.clone(),
        is_insecure: game.is_insecure(),
        span,
    })
}

/// A game server's name, and what makes it trusted. `None`: it speaks no TLS.
type Trusted = (Option<ServerName>, Option<TrustedServer>);

fn trusted_servers(config: &Config) -> anyhow::Result<Vec<Trusted>> {
    let trusted = config.games().into_iter().map(|game| {
        let name = game.server_name.as_ref().unwrap_or(&game.server.host);
        let trusted = || TrustedServer::new(&game.trust, &game.server, name);
        let trusted = (!game.plain_tcp).then(trusted).transpose();
        let trusted = match &game.name {
            Some(name) => trusted.with_context(|| format!("the server {name} of [[servers]]")),
            None => trusted,
        };
        Ok((game.name.clone(), trusted?))
    });
    trusted.collect()
}

fn observer_accounts(config: &Config) -> anyhow::Result<Vec<Arc<ObserverAccount>>> {
    let accounts = config.games().into_iter().map(|game| {
        let account = ObserverAccount::read(game);
        let account = match &game.name {
            Some(name) => account.with_context(|| format!("the server {name} of [[servers]]")),
            None => account,
        };
        account.map(Arc::new)
    });
    accounts.collect()
}

fn warn_of(config: &Config) {
    for game in config.games() {
        servers::span_of(game).in_scope(|| warn_of_game(game));
    }
    if config.allow_origins.contains(&AllowedOrigin::Any) {
        tracing::warn!("--allow-origin *: pages of every site may connect through this relay");
    }
    if config.front.allow_hosts.contains(&AllowedHost::Any) {
        tracing::warn!(
            "--allow-host *: a site whose name leads to this relay counts as the relay's own page"
        );
    }
}

fn warn_of_game(game: &GameServer) {
    if game.plain_tcp {
        tracing::warn!(
            "--plain-tcp: nothing between relay and game server is encrypted or verified"
        );
    } else if game.trust == Trust::Insecure {
        tracing::warn!(
            "--trust insecure: any certificate is accepted, so anyone on the way to {} can read and change \
             everything; the page says so too",
            game.server
        );
    }
    if let Trust::Pin(Fingerprint::Sha1(_)) = game.trust {
        tracing::warn!(
            "--trust pin: a SHA-1 thumbprint can be forged with effort; pin the SHA-256 instead"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::net::Shutdown;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_relay_that_has_lost_its_port_says_so_and_is_not_healthy() {
        let open = || std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (public, operator) = (open(), open());
        let copy = public.try_clone().unwrap();
        let [public, operator] = [public, operator].map(|port| {
            port.set_nonblocking(true).unwrap();
            Port::Tcp(TcpListener::from_std(port).unwrap())
        });
        let game: HostPort = "127.0.0.1:9".parse().unwrap();
        let config = Config::new(game.clone(), game, Trust::Insecure);
        let relay = Relay::serve(config, public, Some(operator)).unwrap();
        socket2::SockRef::from(&copy)
            .shutdown(Shutdown::Both)
            .unwrap();
        let failure = relay.failure().await.to_string();
        assert!(failure.contains("port of browsers"), "{failure}");
        let mut operator = TcpStream::connect(relay.metrics_addr().unwrap())
            .await
            .unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        operator.write_all(request).await.unwrap();
        let mut answer = String::new();
        operator.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("port of browsers"), "{answer}");
    }
}
