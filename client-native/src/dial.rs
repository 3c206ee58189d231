//! Connects with a game server. There is no time limit and no retry here: both are the caller's.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio_rustls::TlsConnector;

use crate::connect::{self, ConnectFailures};
use crate::connection::Connection;
use crate::datagrams::Datagrams;
use crate::host_port::HostPort;
use crate::lines::{Lines, Stream, Unsent};

/// The errors of a process (EMFILE) or a system (ENFILE) that has no file descriptor left. Every Unix has these numbers.
const NO_DESCRIPTOR: [i32; 2] = [24, 23];

/// A game server to connect with.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it takes lines.
    pub tcp: HostPort,
    /// Where it takes datagrams.
    pub udp: HostPort,
    /// How its certificate is verified; `None` for a server without TLS.
    pub tls: Option<Tls>,
}

/// How a game server's certificate is verified.
#[derive(Debug, Clone)]
pub struct Tls {
    /// What is trusted.
    pub config: Arc<ClientConfig>,
    /// The name the certificate must be valid for.
    pub name: ServerName<'static>,
}

/// Why a game server could not be connected.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The host name was not found.
    #[error("cannot find the address of {host}")]
    Lookup {
        /// The name.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// The host name has no address.
    #[error("{0} has no address")]
    NoAddress(HostPort),
    /// None of the addresses tried took a TCP connection.
    #[error("cannot connect to {0}")]
    Connect(ConnectFailures),
    /// The TLS handshake failed; [`tls`](Self::tls) says whether by TLS's own rules.
    #[error(transparent)]
    Handshake(io::Error),
    /// The UDP socket could not be connected.
    #[error("cannot send datagrams to {address}")]
    Datagrams {
        /// Where to.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

impl Tls {
    /// Trust exactly this certificate, under a name it holds.
    ///
    /// # Errors
    /// It cannot be read as a certificate.
    pub fn trusting(
        certificate: CertificateDer<'static>,
        name: ServerName<'static>,
    ) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
            name,
        })
    }
}

impl DialError {
    /// The fault that TLS found, where it found one.
    pub fn tls(&self) -> Option<&rustls::Error> {
        match self {
            Self::Handshake(error) => error.get_ref()?.downcast_ref(),
            _ => None,
        }
    }

    /// Say whether the cause is this process: it may open no more sockets.
    pub fn is_out_of_descriptors(&self) -> bool {
        match self {
            Self::Connect(ConnectFailures(failures)) => {
                failures.iter().any(|(_, error)| lacks_descriptor(error))
            }
            Self::Datagrams { source, .. } => lacks_descriptor(source),
            // Resolvers give reasons of their own. They need a socket, so try to get one.
            Self::Lookup { .. } => std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
                .is_err_and(|error| lacks_descriptor(&error)),
            Self::NoAddress(_) | Self::Handshake(_) => false,
        }
    }
}

fn lacks_descriptor(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    cfg!(unix) && number.is_some_and(|number| NO_DESCRIPTOR.contains(&number))
}

/// Connect with a game server. TLS starts at once, since a game server does one TLS handshake at a time. Dropping
/// the future gives up.
///
/// # Errors
/// The server cannot be reached or its certificate is not trusted.
pub async fn dial(target: &Target) -> Result<Connection, DialError> {
    dial_noting(target, &mut Vec::new()).await
}

/// Do what [`dial`] does, and note in `tried` the addresses with which a connection was begun: a caller that
/// times out can name them.
///
/// # Errors
/// As those of [`dial`].
pub async fn dial_noting(
    target: &Target,
    tried: &mut Vec<SocketAddr>,
) -> Result<Connection, DialError> {
    let (tcp, peer, round_trip) = connect_tcp(&target.tcp, tried).await?;
    let stream: Box<dyn Stream> = match &target.tls {
        Some(Tls { config, name }) => {
            let connector = TlsConnector::from(Arc::clone(config));
            let connected = connector.connect(name.clone(), tcp).await;
            Box::new(connected.map_err(DialError::Handshake)?)
        }
        None => Box::new(tcp),
    };
    Ok(Connection {
        lines: Lines::new(stream),
        unsent: Unsent::default(),
        datagrams: Datagrams::new(connect_udp(&target.udp, peer).await?),
        round_trip,
    })
}

/// Connect with the first address that answers; gives it and how long the handshake took.
async fn connect_tcp(
    host: &HostPort,
    tried: &mut Vec<SocketAddr>,
) -> Result<(TcpStream, SocketAddr, Duration), DialError> {
    let mut addresses = lookup(host).await?.peekable();
    if addresses.peek().is_none() {
        return Err(DialError::NoAddress(host.clone()));
    }
    let connected = connect::first(addresses, tried, async |address| {
        let begun = Instant::now();
        let tcp = TcpStream::connect(address).await?;
        tcp.set_nodelay(true)?;
        Ok((tcp, begun.elapsed()))
    });
    let (address, (tcp, round_trip)) = connected.await.map_err(DialError::Connect)?;
    Ok((tcp, address, round_trip))
}

/// Connect the UDP socket with the address that TCP reached, or else with one of its family.
async fn connect_udp(host: &HostPort, tcp: SocketAddr) -> Result<UdpSocket, DialError> {
    let address = lookup(host)
        .await?
        .min_by_key(|udp| (udp.ip() != tcp.ip(), udp.is_ipv4() != tcp.is_ipv4()))
        .ok_or_else(|| DialError::NoAddress(host.clone()))?;
    let local: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let connect = async {
        let socket = UdpSocket::bind(local).await?;
        socket.connect(address).await?;
        Ok(socket)
    };
    connect
        .await
        .map_err(|source| DialError::Datagrams { address, source })
}

async fn lookup(
    HostPort { host, port }: &HostPort,
) -> Result<impl Iterator<Item = SocketAddr>, DialError> {
    lookup_host((host.clone(), *port))
        .await
        .map_err(|source| DialError::Lookup {
            host: host.clone(),
            source,
        })
}
