//! A bot's connection: `protocol::session::Session` over TLS and UDP like any other client's, with the one
//! certificate it trusts being that of the server it belongs to.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use protocol::cipher::MAX_DATAGRAM_BYTES;
use protocol::command::Command;
use protocol::event::Event;
use protocol::id::Secret;
use protocol::line::LineDecoder;
use protocol::session::{CommandError, Config, Output, Session, State, Ticket, Transmit};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long connecting may take in all.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long anything may come before a goodbye is given up.
const GOODBYE_LIMIT: Duration = Duration::from_secs(6);
/// How many datagrams are taken per wake-up.
const BURST: usize = 64;
/// How many outputs wait while a command's answer is awaited; positions among them soon grow old.
const MAX_HELD: usize = 256;
/// The name in every certificate the server makes.
const SERVER_NAME: &str = "localhost";

/// The server the bots belong to.
#[derive(Clone)]
pub(crate) struct Target {
    tcp: SocketAddr,
    udp: SocketAddr,
    secret: Secret,
    tls: TlsConnector,
}

/// A connected bot.
pub(crate) struct Player {
    session: Session,
    stream: TlsStream<TcpStream>,
    decoder: LineDecoder,
    udp: UdpSocket,
    /// When the session's clock read zero.
    started: Instant,
    held: VecDeque<Output>,
}

impl Target {
    /// Name a server by where it listens and by its certificate.
    pub(crate) fn new(
        tcp: SocketAddr,
        udp: SocketAddr,
        secret: Secret,
        certificate: CertificateDer<'static>,
    ) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tcp: reachable(tcp),
            udp: reachable(udp),
            secret,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }
}

impl Player {
    /// Connect and wait for the welcome.
    pub(crate) async fn connect(target: &Target) -> anyhow::Result<Self> {
        timeout(CONNECT_LIMIT, Self::connecting(target))
            .await
            .context("no connection in time")?
    }

    async fn connecting(target: &Target) -> anyhow::Result<Self> {
        let tcp = TcpStream::connect(target.tcp).await?;
        tcp.set_nodelay(true)?;
        let stream = target
            .tls
            .connect(ServerName::try_from(SERVER_NAME)?, tcp)
            .await?;
        let any = if target.udp.is_ipv4() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        } else {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        };
        let udp = UdpSocket::bind((any, 0)).await?;
        udp.connect(target.udp).await?;
        let config = Config {
            secret: target.secret.clone(),
            ..Config::default()
        };
        let mut player = Self {
            session: Session::new(config),
            stream,
            decoder: LineDecoder::default(),
            udp,
            started: Instant::now(),
            held: VecDeque::new(),
        };
        while player.session.state() == State::Disconnected {
            player.pump(Instant::now() + CONNECT_LIMIT).await?;
        }
        Ok(player)
    }

    /// Lend the session.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Lend the session, to send something.
    pub(crate) fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Read the session's clock.
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Send a command and wait for its answer.
    pub(crate) async fn ask(
        &mut self,
        command: Command,
    ) -> anyhow::Result<Result<Event, CommandError>> {
        let now = self.now();
        let asked: Ticket = self.session.send(command, now)?;
        loop {
            match self.session.poll_output() {
                Some(Output::Answer { ticket, answer }) if ticket == asked => return Ok(answer),
                Some(output) if self.held.len() < MAX_HELD => self.held.push_back(output),
                Some(_) => {}
                // The session's own time-out answers in the end.
                None => self.pump(Instant::now() + CONNECT_LIMIT).await?,
            }
        }
    }

    /// Wait for the next output, until a time.
    pub(crate) async fn next(&mut self, until: Instant) -> anyhow::Result<Option<Output>> {
        loop {
            if let Some(output) = self.held.pop_front().or_else(|| self.session.poll_output()) {
                return Ok(Some(output));
            }
            if Instant::now() >= until {
                self.flush().await?;
                return Ok(None);
            }
            self.pump(until).await?;
        }
    }

    /// Leave the room, say goodbye and close.
    pub(crate) async fn goodbye(mut self) {
        let now = self.now();
        self.session.goodbye(now);
        let saying = async { while self.pump(Instant::now() + GOODBYE_LIMIT).await.is_ok() {} };
        // It ends with an error: the connection's end.
        let _ = timeout(GOODBYE_LIMIT, saying).await;
    }

    /// Send what is to be sent, then wait for one thing to happen, at most until a time.
    async fn pump(&mut self, until: Instant) -> anyhow::Result<()> {
        self.flush().await?;
        let due = self
            .session
            .poll_timeout()
            .map_or(until, |due| until.min(self.started + due));
        let mut bytes = [0; 2 * MAX_DATAGRAM_BYTES];
        tokio::select! {
            count = self.stream.read(&mut bytes) => {
                // An end without close_notify is an error to TLS and an ordinary end to us.
                let Ok(count @ 1..) = count else { bail!("the server ended the connection") };
                self.decoder.push(&bytes[..count]);
                let now = self.now();
                while let Some(line) = self.decoder.next_line() {
                    self.session.handle_line(&line?, now);
                }
            }
            readable = self.udp.readable() => {
                readable?;
                let now = self.now();
                for _ in 0..BURST {
                    let Ok(count) = self.udp.try_recv(&mut bytes) else { break };
                    // What is no datagram of the protocol is counted by the session and otherwise nothing to us.
                    let _ = self.session.handle_datagram(&bytes[..count], now);
                }
            }
            () = sleep_until(due) => {
                let now = self.now();
                self.session.handle_timeout(now);
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> anyhow::Result<()> {
        while let Some(transmit) = self.session.poll_transmit() {
            match transmit {
                Transmit::Line(line) => {
                    self.stream
                        .write_all(format!("{line}\n").as_bytes())
                        .await?;
                    self.stream.flush().await?;
                }
                // A datagram may be lost anywhere, so also here.
                Transmit::Datagram(bytes) => drop(self.udp.try_send(&bytes)),
                Transmit::Close => bail!("goodbye is said"),
            }
        }
        Ok(())
    }
}

/// Where a server that listens everywhere is reached from its own machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
