//! A client for the tests on plain TLS and UDP, without the project's own session.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use server::Server;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::seal::{SECRET, open, seal};

/// How long anything may take. Only a broken server makes a test wait this long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Where clients are, unless they say otherwise.
const HERE: [u8; 4] = [127, 0, 0, 1];

/// Make a TLS connection that trusts exactly the server's certificate.
pub(crate) async fn connect(
    server: &Server,
    version: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    tls(server, version, HERE).await
}

async fn tls(
    server: &Server,
    version: &str,
    from: [u8; 4],
) -> std::io::Result<TlsStream<TcpStream>> {
    let version: &SupportedProtocolVersion = match version {
        "TLSv1.2" => &rustls::version::TLS12,
        _ => &rustls::version::TLS13,
    };
    let mut roots = RootCertStore::empty();
    roots.add(server.certificate_der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let tcp = socket.connect(server.tcp_addr()).await?;
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await
}

/// One connected player.
pub(crate) struct Client {
    stream: BufReader<TlsStream<TcpStream>>,
    udp: UdpSocket,
    pub(crate) id: String,
}

impl Client {
    /// Connect and read the welcome line.
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::connect_from(server, HERE).await
    }

    /// Connect from another address of this machine and read the welcome line.
    pub(crate) async fn connect_from(server: &Server, from: [u8; 4]) -> Self {
        let stream = timeout(DEADLINE, tls(server, "TLSv1.3", from))
            .await
            .unwrap()
            .unwrap();
        let udp = UdpSocket::bind(SocketAddr::from((from, 0))).await.unwrap();
        udp.connect(server.udp_addr()).await.unwrap();
        let mut client = Self {
            stream: BufReader::new(stream),
            udp,
            id: String::new(),
        };
        let welcome = client.line().await;
        let json = welcome.strip_prefix(r#"{"command":"CONNECTED","sessionId":""#);
        let id = match json {
            Some(rest) => rest.strip_suffix(r#""}"#),
            None => welcome.strip_prefix("CONNECTED|"),
        };
        client.id = id.unwrap().to_owned();
        client
    }

    /// Connect and make an account.
    pub(crate) async fn registered(server: &Server, username: &str) -> Self {
        let mut client = Self::connect(server).await;
        let register = format!(
            r#"{{"command":"REGISTER","username":"{username}","password":"pw of {username}"}}"#
        );
        let reply = client.ask(&register).await;
        assert!(reply.contains("REGISTER_OK"), "{reply}");
        let inventory = client.line().await;
        assert!(inventory.contains("INV_STATE_FULL"), "{inventory}");
        client
    }

    /// Connect and sign in.
    pub(crate) async fn named(server: &Server, name: &str) -> Self {
        let mut client = Self::connect(server).await;
        let reply = client
            .ask(&format!(r#"{{"command":"NAME","name":"{name}"}}"#))
            .await;
        assert!(reply.contains("NAME_OK"), "{reply}");
        client
    }

    /// Write bytes.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        timeout(DEADLINE, async {
            self.stream.write_all(bytes).await.unwrap();
            self.stream.flush().await.unwrap();
        })
        .await
        .unwrap();
    }

    /// Read the next line.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        timeout(DEADLINE, self.stream.read_line(&mut line))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(line.pop(), Some('\n'), "the server ended the connection");
        line
    }

    /// Send a command and read the next line.
    pub(crate) async fn ask(&mut self, command: &str) -> String {
        self.write(format!("{command}\n").as_bytes()).await;
        self.line().await
    }

    /// Create a room and give its id.
    pub(crate) async fn create_room(&mut self, name: &str) -> String {
        let reply = self
            .ask(&format!(r#"{{"command":"CREATE_ROOM","name":"{name}"}}"#))
            .await;
        let id = reply
            .strip_prefix(r#"{"command":"ROOM_CREATED","roomId":""#)
            .unwrap();
        id.split('"').next().unwrap().to_owned()
    }

    /// Join a room and give the reply.
    pub(crate) async fn join(&mut self, room: &str) -> String {
        self.ask(&format!(r#"{{"command":"JOIN_ROOM","roomId":"{room}"}}"#))
            .await
    }

    /// Read to the end of the connection; gives what came before, and how it ended.
    pub(crate) async fn end(&mut self) -> (Vec<u8>, std::io::Result<()>) {
        let mut rest = Vec::new();
        let end = timeout(DEADLINE, self.stream.read_to_end(&mut rest))
            .await
            .unwrap();
        (rest, end.map(drop))
    }

    /// Seal a text and send it as a datagram.
    pub(crate) async fn send_sealed(&self, text: &str) {
        self.send_datagram(&seal(&self.id, SECRET, text)).await;
    }

    /// Send a datagram as it is.
    pub(crate) async fn send_datagram(&self, bytes: &[u8]) {
        self.udp.send(bytes).await.unwrap();
    }

    /// Read the next datagram, plain or sealed.
    pub(crate) async fn datagram(&self) -> String {
        let mut bytes = vec![0; 1 << 16];
        let count = timeout(DEADLINE, self.udp.recv(&mut bytes))
            .await
            .unwrap()
            .unwrap();
        let bytes = &bytes[..count];
        let opened = match bytes.first() {
            Some(b'{') => bytes.to_vec(),
            _ => open(&self.id, SECRET, bytes).unwrap(),
        };
        String::from_utf8(opened).unwrap()
    }
}
