//! A scripted game server: TLS and UDP on free ports. The test itself sends every line.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::within;

/// Players that may wait until the test takes them.
const MAX_WAITING: usize = 64;

pub(crate) struct Game {
    pub(crate) tcp: SocketAddr,
    pub(crate) udp: UdpSocket,
    pub(crate) certificate: CertificateDer<'static>,
    /// The same as PEM.
    pub(crate) pem: String,
    players: mpsc::Receiver<Player>,
    accepting: JoinHandle<()>,
}

/// What a game server is, and what it shows.
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    pem: String,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// A self-signed certificate with the odd names of the real one (facts, section 1.3).
    pub(crate) fn odd() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "racing-server");
        let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
        let ip = |address: &str| SanType::IpAddress(address.parse().unwrap());
        params.subject_alt_names = vec![
            dns("racing-server"),
            dns("localhost"),
            dns("*.racing-server"),
            dns("my_machine"),
            dns("192.0.2.1"),
            ip("192.0.2.1"),
            dns("my_machine"),
            ip("127.0.0.1"),
            ip("::1"),
            ip("0.0.0.0"),
            ip("::"),
            ip("127.0.0.1"),
        ];
        Self::signed(&params)
    }

    pub(crate) fn signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }

    /// A certificate and its key, both in one PEM text.
    pub(crate) fn read(pem: &str) -> Self {
        Self {
            certificate: CertificateDer::from_pem_slice(pem.as_bytes()).unwrap(),
            pem: pem.to_owned(),
            key: PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap(),
        }
    }

    /// Show this certificate without its key.
    pub(crate) fn with_key_of(self, other: Self) -> Self {
        Self {
            key: other.key,
            ..self
        }
    }

    fn tls(&self, versions: &[&'static SupportedProtocolVersion]) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = self.key.clone_key();
        let key = provider.key_provider.load_private_key(key).unwrap();
        // Not `with_single_cert`, which would refuse a key of another certificate.
        let shown = CertifiedKey::new(vec![self.certificate.clone()], key);
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Always(Arc::new(shown))));
        TlsAcceptor::from(Arc::new(config))
    }
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl Game {
    pub(crate) async fn start() -> Self {
        Self::start_as(&Identity::odd(), rustls::ALL_VERSIONS).await
    }

    pub(crate) async fn start_as(
        identity: &Identity,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = TcpListener::bind(anywhere).await.unwrap();
        let udp = UdpSocket::bind(anywhere).await.unwrap();
        let tcp = listener.local_addr().unwrap();
        let (came, players) = mpsc::channel(MAX_WAITING);
        let accepting = tokio::spawn(accept(listener, identity.tls(versions), came));
        Self {
            tcp,
            udp,
            certificate: identity.certificate.clone(),
            pem: identity.pem.clone(),
            players,
            accepting,
        }
    }

    /// Wait for the next player whose TLS handshake is done.
    pub(crate) async fn player(&mut self) -> Player {
        within("a player", self.players.recv()).await.unwrap()
    }

    /// Say whether a player came that the test has not looked at.
    pub(crate) fn has_player(&mut self) -> bool {
        !self.players.is_empty()
    }

    /// Wait for the next datagram.
    pub(crate) async fn datagram(&self) -> (Vec<u8>, SocketAddr) {
        let mut space = vec![0; 4096];
        let received = within("a datagram", self.udp.recv_from(&mut space)).await;
        let (length, from) = received.unwrap();
        space.truncate(length);
        (space, from)
    }

    /// Close the port, then open it again with `restart`.
    pub(crate) async fn go_down(&mut self) {
        self.accepting.abort();
        // Once the task reports its cancellation, its socket is closed.
        assert!((&mut self.accepting).await.unwrap_err().is_cancelled());
    }

    pub(crate) async fn come_back(&mut self, identity: &Identity) {
        let listener = TcpListener::bind(self.tcp).await.unwrap();
        let (came, players) = mpsc::channel(MAX_WAITING);
        self.players = players;
        let tls = identity.tls(rustls::ALL_VERSIONS);
        self.accepting = tokio::spawn(accept(listener, tls, came));
    }
}

impl Drop for Game {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, came: mpsc::Sender<Player>) {
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        // A client that refuses the certificate does not become a player.
        if let Ok(stream) = tls.accept(socket).await {
            let stream = BufReader::new(stream);
            let player = Player { stream };
            came.send(player).await.unwrap();
        }
    }
}

/// One player as the game server sees it. Dropped, the connection ends without TLS's goodbye, as real servers end
/// theirs.
pub(crate) struct Player {
    stream: BufReader<TlsStream<TcpStream>>,
}

impl Player {
    /// Wait for the next line; `None` at the end of the connection, in order or not.
    pub(crate) async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = within("a line", self.stream.read_line(&mut line)).await;
        match read {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.strip_suffix('\n').unwrap().to_owned()),
        }
    }

    pub(crate) async fn expect(&mut self, line: &str) {
        assert_eq!(self.line().await.as_deref(), Some(line));
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let write = async {
            self.stream.write_all(bytes.as_ref()).await?;
            self.stream.flush().await
        };
        within("the relay to read", write).await.unwrap();
    }

    /// Send for as long as the relay keeps the connection.
    pub(crate) async fn flood(&mut self, bytes: &[u8]) {
        let flood = async { while self.stream.write_all(bytes).await.is_ok() {} };
        within("the end of the connection", flood).await;
    }

    /// Wait for the end of the connection; nothing more may come.
    pub(crate) async fn expect_end(&mut self) {
        let mut rest = Vec::new();
        let _reset_or_end = within("the end", self.stream.read_to_end(&mut rest)).await;
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }

    /// Answer the goodbye of the relay as a game server does.
    pub(crate) async fn expect_goodbye(&mut self) {
        self.expect(r#"{"command":"LEAVE_ROOM"}"#).await;
        self.send("{\"command\":\"LEAVE_OK\",\"roomId\":\"1\"}\n")
            .await;
        self.expect(r#"{"command":"BYE"}"#).await;
        self.send("{\"command\":\"BYE_OK\"}\n").await;
        self.expect_end().await;
    }
}
