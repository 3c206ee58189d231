//! The bridge between web pages and one MP-Server game server: a WebSocket for each player on one side, its own
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

mod close;
mod config;
mod context;
mod http;
mod lifecycle;
mod limits;
mod metrics;
mod observers;
mod players;
mod spectators;
mod upstream;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use context::Context;
use http::accept::{self, Port};
use lifecycle::Phase;
use limits::admission::Admission;
use metrics::Metrics;
use spectators::Hub;
use upstream::dial::Dialer;
use upstream::readiness::Readiness;

pub use config::{Config, HostPort, Observing, Patience, Spectating};
pub use http::origin::AllowedOrigin;
pub use http::require_client;
pub use limits::rate::{Rate, RateLimits};
pub use spectators::{Access, AccessToken};
pub use upstream::trust::{Fingerprint, Trust};

/// The longest a relay takes to close once players had their time: the goodbyes' 3 s and a little.
const CLOSING_LIMIT: Duration = Duration::from_secs(4);

/// Refusals told at once, each for as long as a browser may take to hear it. Who comes when all these places are
/// taken is hung up on.
const MAX_REFUSALS: usize = 256;

/// A running relay. Dropping it ends everything at once, without goodbyes.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    drain: Duration,
    phase: watch::Sender<Phase>,
    /// Ends once no connection and no player is left.
    alive: mpsc::Receiver<Infallible>,
}

impl Relay {
    /// Open the port and serve in the background.
    ///
    /// # Errors
    /// The configuration cannot work or the port cannot be opened; the message says what to do.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        warn_of(&config);
        let (phase, phase_seen) = watch::channel(Phase::Running);
        // Nothing is ever sent: only its end says something.
        let (alive_held, alive) = mpsc::channel(1);
        let drain = config.drain;
        let listener = accept::listen(config.listen, "--listen")?;
        let operator = config.metrics_listen;
        let operator = operator.map(|address| accept::listen(address, "--metrics-listen"));
        let operator = operator.transpose()?;
        let metrics = Arc::new(Metrics::new());
        let context = Arc::new(Context {
            dialer: Dialer::new(&config, Arc::clone(&metrics))?,
            readiness: Readiness::default(),
            http: accept::places(&config),
            metrics,
            players: Admission::new(config.max_connections, config.max_per_ip),
            spectators: Admission::new(config.spectating.max_spectators, config.max_per_ip),
            refusals: Admission::new(MAX_REFUSALS, 0),
            hub: Hub::new(&config),
            phase: phase_seen,
            _alive: alive_held,
            config,
        });
        let address = listener.local_addr()?;
        let metrics_address = operator.as_ref().map(TcpListener::local_addr).transpose()?;
        let router = http::router(Arc::clone(&context))?;
        let public = Port {
            listener,
            router,
            places: context.http.clone(),
            metrics: Arc::clone(&context.metrics),
            phase: context.phase.clone(),
            is_over: |phase| phase != Phase::Running,
            head: context.config.patience.http_head,
        };
        if let Some(listener) = operator {
            tokio::spawn(operators_port(listener, &context).run());
        }
        if let Some(observing) = context.config.observing.clone() {
            tokio::spawn(observers::overseer::oversee(
                Arc::clone(&context),
                observing,
            ));
        }
        tokio::spawn(public.run());
        Ok(Self {
            address,
            metrics_address,
            drain,
            phase,
            alive,
        })
    }

    /// The address browsers connect to.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The address of the operator's own port, where there is one.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Stop in order: let nobody in, give players their time, then say goodbye for those still here. Dropping the
    /// future stops at once.
    pub async fn stop(mut self) {
        self.phase.send_replace(Phase::Draining(self.drain));
        if timeout(self.drain, self.alive.recv()).await.is_ok() {
            return;
        }
        self.phase.send_replace(Phase::Closing);
        let _all_gone_or_not = timeout(CLOSING_LIMIT, self.alive.recv()).await;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Aborting);
    }
}

/// The operator's port tells how stopping goes until it is over, and keeps nothing from being over.
fn operators_port(listener: TcpListener, context: &Arc<Context>) -> Port {
    Port {
        listener,
        router: http::operators_router(context),
        places: accept::operator_places(),
        metrics: Arc::clone(&context.metrics),
        phase: context.phase.clone(),
        is_over: |phase| phase >= Phase::Closing,
        head: context.config.patience.http_head,
    }
}

fn warn_of(config: &Config) {
    if config.plain_tcp {
        tracing::warn!(
            "--plain-tcp: nothing between relay and game server is encrypted or verified"
        );
    } else if config.trust == Trust::Insecure {
        tracing::warn!(
            "--trust insecure: any certificate is accepted, so anyone on the way to {} can read and change \
             everything; the page says so too",
            config.server
        );
    }
    if let Trust::Pin(Fingerprint::Sha1(_)) = config.trust {
        tracing::warn!(
            "--trust pin: a SHA-1 thumbprint can be forged with effort; pin the SHA-256 instead"
        );
    }
    if config.allow_origins.contains(&AllowedOrigin::Any) {
        tracing::warn!("--allow-origin *: pages of every site may connect through this relay");
    }
}
