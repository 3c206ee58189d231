//! The server as a whole: opens sockets, starts and ends tasks.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use protocol::id::Secret;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::bots::{self, Address, Bots};
use crate::certificate::{Identity, fingerprint};
use crate::engine::Engine;
use crate::rules::Config;
use crate::{accept, udp};

/// How a server is started. By default it is sane, listens on free ports of the loopback, and makes a new certificate.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address for lines; port 0 is any free one.
    pub tcp: SocketAddr,
    /// The address for datagrams; port 0 is any free one.
    pub udp: SocketAddr,
    /// Behave as the original with all its defects.
    pub faithful: bool,
    /// One half of every datagram's key; the other is the session's id.
    pub secret: Secret,
    /// The folder that keeps the certificate. Without it every start makes a new one.
    pub certificate_dir: Option<PathBuf>,
    /// Cars that drive by themselves; none by default.
    pub bots: Bots,
}

impl Default for Options {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            tcp: loopback,
            udp: loopback,
            faithful: false,
            secret: Secret::default(),
            certificate_dir: None,
            bots: Bots::default(),
        }
    }
}

/// A running server. Stops when dropped.
#[derive(Debug)]
pub struct Server {
    tcp: SocketAddr,
    udp: SocketAddr,
    certificate_pem: String,
    certificate: CertificateDer<'static>,
    tasks: Vec<JoinHandle<()>>,
    bots: JoinSet<()>,
}

impl Server {
    /// Open the sockets and serve. Needs a tokio runtime.
    ///
    /// # Errors
    /// A socket cannot be opened, or the certificate cannot be read or kept.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let identity = match &options.certificate_dir {
            Some(folder) => Identity::kept_in(folder, options.tcp.ip())?,
            None => Identity::generate(options.tcp.ip())?,
        };
        let acceptor = acceptor(&identity).context("cannot use the certificate")?;
        let address = options.tcp;
        let listener = TcpListener::bind(address).await;
        let listener =
            listener.with_context(|| format!("cannot open TCP {address}; is the port taken?"))?;
        let socket = udp::bind(options.udp)?;
        let (tcp, udp) = (listener.local_addr()?, socket.local_addr()?);
        let certificate = identity.certificate_der()?;
        let address = Address {
            tcp,
            udp,
            certificate: certificate.clone(),
        };
        let bots = bots::start(&options.bots, address, options.secret.clone())?;
        let engine = Engine::new(Config {
            faithful: options.faithful,
            secret: options.secret,
        });
        let tasks = vec![
            tokio::spawn(Arc::clone(&engine).tick()),
            tokio::spawn(udp::run(socket, Arc::clone(&engine))),
            tokio::spawn(accept::run(listener, acceptor, engine, options.faithful)),
        ];
        Ok(Self {
            tcp,
            udp,
            certificate_pem: identity.certificate_pem().to_owned(),
            certificate,
            tasks,
            bots,
        })
    }

    /// The address for lines.
    pub fn tcp_addr(&self) -> SocketAddr {
        self.tcp
    }

    /// The address for datagrams.
    pub fn udp_addr(&self) -> SocketAddr {
        self.udp
    }

    /// Lend the certificate as PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Lend the certificate as DER.
    pub fn certificate_der(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The certificate's SHA-256 in lower-case hexadecimal digits.
    pub fn certificate_sha256(&self) -> String {
        fingerprint(&self.certificate)
    }

    /// Stop and wait until all sockets are closed.
    pub async fn stop(mut self) {
        // Bots stop first, or they would report that their connections ended.
        self.bots.shutdown().await;
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks.drain(..) {
            // To tokio an aborted task is an error.
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn acceptor(identity: &Identity) -> anyhow::Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate_der()?], identity.key_der()?)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
