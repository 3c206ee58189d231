//! The server as a whole: opens sockets, starts and ends tasks.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, anyhow};
use protocol::generation::Generation;
use protocol::id::Secret;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::accept::Accept;
use crate::accounts::{AccountFile, Accounts};
use crate::admission::{Admission, Limits};
use crate::bots::{self, Bots};
use crate::certificate::{Identity, fingerprint};
use crate::engine::Engine;
use crate::udp;
use rules::{Config, MAX_SESSIONS, Token};

/// What the original takes for `AUTO_JOIN` as it is shipped (facts, section 2.3).
const SHIPPED_AUTO_JOIN: &str = "test-lab";

/// How a server is started. By default it is sane, listens on free ports of the loopback, and makes a new certificate.
#[derive(Debug, Clone, clap::Parser)]
#[command(
    name = "mp-server",
    version,
    about = "A small game server that speaks the protocol of MP-Server"
)]
pub struct Options {
    /// Where to take lines; port 0 is any free port.
    #[arg(long, env = "MP_SERVER_TCP", default_value = "127.0.0.1:443")]
    pub tcp: SocketAddr,
    /// Where to take datagrams; port 0 is any free port.
    #[arg(long, env = "MP_SERVER_UDP", default_value = "127.0.0.1:443")]
    pub udp: SocketAddr,
    /// How many connections one address may have; 0 is no limit. A relay is one address for all its players. The default lets
    /// one relay bring a full house. IPv6 addresses of one /64 network count as one. Not in faithful mode.
    #[arg(long, env = "MP_SERVER_MAX_PER_IP", value_name = "N", default_value_t = MAX_SESSIONS)]
    pub max_per_ip: usize,
    /// The generation of MP-Server to be like. In the first a name is enough to drive. The second has chat, and checks
    /// positions. In the third, players register or log in.
    #[arg(long, env = "MP_SERVER_GENERATION", value_name = "first|chat|token", default_value = "first", value_parser = generation)]
    pub generation: Generation,
    /// Where the token generation keeps its accounts: a file, or `:memory:` for until the server stops.
    #[arg(
        long,
        env = "MP_SERVER_ACCOUNTS",
        value_name = "FILE",
        default_value = ":memory:"
    )]
    pub accounts: AccountFile,
    /// Let `AUTO_JOIN` with this token put players of the token generation into a room. Off by default; in faithful mode the
    /// token is `test-lab`, as the original ships.
    #[arg(long, env = "MP_SERVER_AUTO_JOIN", value_name = "TOKEN", hide_env_values = true, value_parser = token)]
    pub auto_join: Option<Token>,
    /// Behave as the original server with all its defects, for tests.
    #[arg(long, env = "MP_SERVER_FAITHFUL")]
    pub faithful: bool,
    /// Half of every datagram's key; the other half is the session's id.
    #[arg(
        long,
        env = "MP_SERVER_SECRET",
        default_value = Secret::FIRST_GENERATION,
        hide_env_values = true,
        value_parser = |text: &str| Ok::<_, Infallible>(Secret::new(text))
    )]
    pub secret: Secret,
    /// Keep the certificate in this folder and use it again.
    #[arg(
        long = "certificate",
        env = "MP_SERVER_CERTIFICATE",
        value_name = "DIR"
    )]
    pub certificate_dir: Option<PathBuf>,
    /// Cars that drive by themselves.
    #[command(flatten)]
    pub bots: Bots,
    /// Reads the wall clock; tests stop it.
    #[arg(skip = SystemTime::now as fn() -> SystemTime)]
    pub wall_clock: fn() -> SystemTime,
}

fn generation(name: &str) -> Result<Generation, String> {
    let mut offered = [Generation::First, Generation::Chat, Generation::Token].into_iter();
    let found = offered.find(|generation| generation.name() == name);
    found.ok_or_else(|| "choose first, chat or token".to_owned())
}

fn token(text: &str) -> Result<Token, Infallible> {
    Ok(Token::new(text))
}

impl Default for Options {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            tcp: loopback,
            udp: loopback,
            max_per_ip: MAX_SESSIONS,
            generation: Generation::First,
            accounts: AccountFile::Memory,
            auto_join: None,
            faithful: false,
            secret: Secret::default(),
            certificate_dir: None,
            bots: Bots::default(),
            wall_clock: SystemTime::now,
        }
    }
}

/// A running server. Stops when dropped.
#[derive(Debug)]
pub struct Server {
    tcp: SocketAddr,
    udp: SocketAddr,
    generation: Generation,
    certificate: CertificateDer<'static>,
    tasks: JoinSet<()>,
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
        let target = bots::target(tcp, udp, certificate.clone())?;
        let engine = engine(&options)?;
        let bots = bots::start(&options.bots, target, options.secret, &engine)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&engine).tick());
        tasks.spawn(udp::run(socket, Arc::clone(&engine)));
        let limits = Limits {
            slots: MAX_SESSIONS,
            per_address: if options.faithful {
                0
            } else {
                options.max_per_ip
            },
            evicts: !options.faithful,
        };
        let accept = Accept {
            acceptor,
            engine,
            admission: Admission::new(limits),
            faithful: options.faithful,
        };
        tasks.spawn(accept.run(listener));
        Ok(Self {
            tcp,
            udp,
            generation: options.generation,
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

    /// The generation it speaks.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Lend the certificate as DER.
    pub fn certificate_der(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The certificate's SHA-256 in lower-case hexadecimal digits.
    pub fn certificate_sha256(&self) -> String {
        fingerprint(&self.certificate)
    }

    /// Wait until a part of the server ends by itself, which only a defect can cause. Then it must not look alive.
    pub async fn failure(&mut self) -> anyhow::Error {
        match self.tasks.join_next().await {
            Some(Err(error)) => anyhow::Error::new(error).context("a part of the server failed"),
            _ => anyhow!("a part of the server ended"),
        }
    }

    /// Stop and wait until all sockets are closed.
    pub async fn stop(mut self) {
        // Bots stop first, or they would report that their connections ended.
        self.bots.shutdown().await;
        self.tasks.shutdown().await;
    }
}

fn engine(options: &Options) -> anyhow::Result<Arc<Engine>> {
    let config = Config {
        generation: options.generation,
        faithful: options.faithful,
        secret: options.secret.clone(),
        auto_join: match options.faithful {
            true => Some(
                options
                    .auto_join
                    .clone()
                    .unwrap_or_else(|| Token::new(SHIPPED_AUTO_JOIN)),
            ),
            false => options.auto_join.clone(),
        },
        ..Config::default()
    };
    let (hasher, clock) = (Arc::default(), options.wall_clock);
    let accounts = match options.generation {
        Generation::First | Generation::Chat => None,
        Generation::Accounts | Generation::Token => Some(Accounts::open(
            &options.accounts,
            Arc::clone(&hasher),
            clock,
        )?),
    };
    Ok(Engine::new(config, hasher, accounts, clock))
}

fn acceptor(identity: &Identity) -> anyhow::Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate_der()?], identity.key_der()?)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_part_that_ends_is_noticed() {
        let mut server = Server::start(Options::default()).await.unwrap();
        let early = timeout(Duration::from_millis(1), server.failure()).await;
        assert!(early.is_err());
        server.tasks.spawn(async { panic!("a defect") });
        let failure = timeout(Duration::from_secs(5), server.failure()).await;
        let failure = failure.unwrap().to_string();
        assert_eq!(failure, "a part of the server failed");
    }
}
