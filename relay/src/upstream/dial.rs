//! Dials the one game server this relay serves. Game servers shake hands one at a time and without a time limit,
//! so few dials run at once, each starts TLS at once, and whoever waits waits for a limited time.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use protocol::frame::CloseCode;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::close::Ending;
use crate::config::{Config, HostPort, Patience};
use crate::metrics::{Limit, Metrics};
use crate::upstream::connection::{Datagrams, Lines, Stream, Upstream};
use crate::upstream::trust::{self, Untrusted};

/// Dials at once. The server serves them one by one anyway, and more would only block its other players.
const MAX_DIALS: usize = 2;
/// Addresses of a host name that are tried.
const MAX_ADDRESSES: usize = 4;

pub(crate) struct Dialer {
    server: HostPort,
    udp: HostPort,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    patience: Patience,
    /// Players that dial or wait for their turn.
    places: Semaphore,
    turns: Semaphore,
    metrics: Arc<Metrics>,
}

/// How many dial and how many wait for it, each with the most there may be.
pub(crate) struct Load {
    pub(crate) running: (usize, usize),
    pub(crate) waiting: (usize, usize),
}

impl Dialer {
    pub(crate) fn new(config: &Config, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
        let tls = (!config.plain_tcp).then(|| {
            let name = config.server_name.as_ref().unwrap_or(&config.server.host);
            let name = ServerName::try_from(name.clone()).with_context(|| {
                format!("'{name}' is no name a certificate can have: give one with --server-name")
            })?;
            let connector = TlsConnector::from(Arc::new(trust::client_config(&config.trust)?));
            anyhow::Ok((connector, name))
        });
        Ok(Self {
            server: config.server.clone(),
            udp: config.udp().clone(),
            tls: tls.transpose()?,
            patience: config.patience.clone(),
            places: Semaphore::new(MAX_DIALS + config.patience.dial_queue_places),
            turns: Semaphore::new(MAX_DIALS),
            metrics,
        })
    }

    /// Connect one player with the game server. Dropping the future gives up.
    pub(crate) async fn dial(&self) -> Result<Upstream, Ending> {
        let _place = self.places.try_acquire().map_err(|_| {
            self.metrics.reached(Limit::DialsWaiting);
            Ending::new(
                CloseCode::Full,
                "Too many players are joining at this moment: try again soon.",
            )
        })?;
        let _turn = timeout(self.patience.dial_queue, self.turns.acquire())
            .await
            .map_err(|_| {
                self.metrics.reached(Limit::DialWait);
                timed_out("no turn to dial")
            })?;
        let dialling = self.metrics.dialling();
        let dialled = match timeout(self.patience.dial, self.connect()).await {
            Ok(connected) => connected.map_err(into_ending),
            Err(_elapsed) => Err(timed_out("the dial took too long")),
        };
        match &dialled {
            Ok(_upstream) => dialling.succeeded(),
            Err(ending) => dialling.failed(ending.code),
        }
        dialled
    }

    /// How busy dialling is at this moment.
    pub(crate) fn load(&self) -> Load {
        let queue = self.patience.dial_queue_places;
        let running = MAX_DIALS.saturating_sub(self.turns.available_permits());
        let all = (MAX_DIALS + queue).saturating_sub(self.places.available_permits());
        Load {
            running: (running, MAX_DIALS),
            waiting: (all.saturating_sub(running), queue),
        }
    }

    async fn connect(&self) -> anyhow::Result<Upstream> {
        let (tcp, round_trip) = self.connect_tcp().await?;
        tcp.set_nodelay(true)?;
        let peer = tcp.peer_addr()?;
        let stream: Box<dyn Stream> = match &self.tls {
            Some((connector, name)) => Box::new(connector.connect(name.clone(), tcp).await?),
            None => Box::new(tcp),
        };
        Ok(Upstream {
            lines: Lines::new(stream),
            datagrams: Datagrams(self.connect_udp(peer).await?),
            round_trip,
        })
    }

    async fn connect_tcp(&self) -> anyhow::Result<(TcpStream, Duration)> {
        let mut last = anyhow!("{} has no address", self.server);
        for address in resolve(&self.server).await?.take(MAX_ADDRESSES) {
            let begun = Instant::now();
            match TcpStream::connect(address).await {
                Ok(tcp) => return Ok((tcp, begun.elapsed())),
                Err(error) => last = anyhow!(error).context(format!("cannot connect to {address}")),
            }
        }
        Err(last)
    }

    /// Of the UDP side's addresses take the one TCP reached, or else one of its family.
    async fn connect_udp(&self, tcp: SocketAddr) -> anyhow::Result<UdpSocket> {
        let mut addresses: Vec<_> = resolve(&self.udp).await?.collect();
        addresses.sort_by_key(|udp| (udp.ip() != tcp.ip(), udp.is_ipv4() != tcp.is_ipv4()));
        let address = addresses
            .first()
            .with_context(|| format!("{} has no address", self.udp))?;
        let local: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(local).await?;
        socket
            .connect(address)
            .await
            .with_context(|| format!("cannot send datagrams to {address}"))?;
        Ok(socket)
    }
}

async fn resolve(host: &HostPort) -> anyhow::Result<impl Iterator<Item = SocketAddr>> {
    let HostPort { host, port } = host;
    lookup_host((host.clone(), *port))
        .await
        .with_context(|| format!("cannot find the address of {host}"))
}

fn timed_out(detail: &str) -> Ending {
    let reason = "The game server did not answer in time: try again in a moment.";
    Ending::new(CloseCode::ServerTimeout, reason).with_detail(detail)
}

fn into_ending(error: anyhow::Error) -> Ending {
    let tls = error
        .downcast_ref::<std::io::Error>()
        .and_then(|error| error.get_ref())
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(refusal)) => {
            let reason = "The game server's certificate is not trusted: the relay's operator must pin it (see its log).";
            Ending::new(CloseCode::CertificateNotTrusted, reason).with_detail(explain(refusal))
        }
        Some(rustls::Error::InvalidMessage(_)) => unreachable(
            "The game server answered without TLS: its operator must look at it.",
            format!("{error:#}; if it runs without TLS on purpose, use --plain-tcp"),
        ),
        _ => unreachable(
            "The game server cannot be reached: it may be down or restarting.",
            format!("{error:#}"),
        ),
    }
}

fn unreachable(reason: &'static str, detail: String) -> Ending {
    Ending::new(CloseCode::ServerUnreachable, reason).with_detail(detail)
}

fn explain(refusal: &rustls::CertificateError) -> String {
    match refusal {
        rustls::CertificateError::Other(other) => match other.0.downcast_ref::<Untrusted>() {
            Some(untrusted) => untrusted.to_string(),
            None => other.to_string(),
        },
        rustls::CertificateError::BadSignature => {
            "the game server does not hold the key of the certificate it shows: somebody may be in between".into()
        }
        other => other.to_string(),
    }
}
