//! The relay behind real proxies: the page, a player, a spectator, and 300 clients with addresses of their own.

mod balancer;
mod proxy;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::browser::{Browser, READY};
use crate::game::{self, Game};
use crate::http::{body, status};
use crate::program::{listening, program};
use crate::within;
use proxy::{Kind, Proxy, block, replaced};

/// Clients at once, each with an address of its own.
const CLIENTS: u16 = 300;
const WELCOME: &str = "CONNECTED|fedcba98765432100123456789abcdef";
const ROOM: &str = "0123456789abcdef0123456789abcdef";

/// The files of the certificate of race.example.
struct Identity {
    folder: TempDir,
}

impl Identity {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["race.example".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        let key = key.serialize_pem();
        for (name, text) in [
            ("fullchain.pem", &certificate),
            ("privkey.pem", &key),
            ("both.pem", &(certificate.clone() + &key)),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self { folder }
    }
}

/// Game server, relay and proxy.
struct Site {
    game: Game,
    relay: Child,
    log: JoinHandle<String>,
    proxy: Proxy,
    /// Where the proxy serves the relay.
    prefix: &'static str,
    _identity: Identity,
}

impl Site {
    /// `None`: the proxy is not installed.
    async fn start(kind: Kind) -> Option<Self> {
        let executable = kind.program()?;
        let game = Game::start().await;
        let identity = Identity::new();
        let (prefix, options) = match kind {
            Kind::ProxyProtocol(_) => ("", block("toml", 1)),
            _ => ("/race", block("toml", 0)),
        };
        let options = replaced(&options, "127.0.0.1:8080", "127.0.0.1:0");
        let files = identity.folder.path().display().to_string();
        let file = identity.folder.path().join("relay.toml");
        std::fs::write(&file, options.replace("/etc/mp-relay", &files)).unwrap();
        let pin = format!("pin:{}", relay::Fingerprint::of(&game.certificate));
        let mut relay = program();
        relay
            .arg("--config")
            .arg(file)
            .args(["--server", &game.tcp.to_string(), "--trust", &pin])
            .args(["--udp", &game.udp.local_addr().unwrap().to_string()])
            .args(["--max-per-ip", "1", "--drain-seconds", "0"])
            // So that the log has the end of every session.
            .env("RUST_LOG", "info,relay::players=debug");
        let mut relay = relay.spawn().unwrap();
        let mut stderr = relay.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            stderr.read_to_string(&mut log).await.unwrap();
            log
        });
        let address = listening(&mut relay).await.parse().unwrap();
        let proxy = kind.start(&executable, address, &identity).await;
        let site = Self {
            game,
            relay,
            log,
            proxy,
            prefix,
            _identity: identity,
        };
        // Caddy makes its certificate after it has opened its port.
        let ready = async { while site.try_connect(client(0)).await.is_err() {} };
        within("a certificate", ready).await;
        Some(site)
    }

    /// Connect with the proxy from an address of this machine.
    async fn connect(&self, from: Ipv4Addr) -> TlsStream<TcpStream> {
        self.try_connect(from).await.unwrap()
    }

    async fn try_connect(&self, from: Ipv4Addr) -> std::io::Result<TlsStream<TcpStream>> {
        self.proxy.try_connect(from).await
    }

    /// Ask for an address below the prefix.
    async fn get(&self, path: &str) -> String {
        let mut socket = self.connect(client(0)).await;
        let path = format!("{}{path}", self.prefix);
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: race.example\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Not every proxy says goodbye before it hangs up.
        let _end = within("an answer", socket.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Open a WebSocket as a page of the site does. A header of the client's own must not hide its address.
    async fn open(
        &self,
        from: Ipv4Addr,
        path: &str,
        subprotocol: &'static str,
    ) -> Browser<TlsStream<TcpStream>> {
        let address = format!("wss://race.example{}{path}", self.prefix);
        let mut request = address.into_client_request().unwrap();
        for (name, value) in [
            ("origin", "https://race.example"),
            ("sec-websocket-protocol", subprotocol),
            ("x-forwarded-for", "203.0.113.9"),
            ("forwarded", "for=203.0.113.9"),
        ] {
            let value = HeaderValue::from_static(value);
            request.headers_mut().insert(name, value);
        }
        let socket = self.connect(from).await;
        Browser::over(socket, request).await.unwrap()
    }

    async fn play(&self, from: Ipv4Addr) -> Browser<TlsStream<TcpStream>> {
        self.open(from, "/ws", "mp-relay.v1").await
    }

    /// Welcome the newest player, as game servers do. Others are not kept for long.
    async fn welcome(&mut self) -> game::Player {
        let mut player = self.game.player().await;
        player.send(format!("{WELCOME}\n")).await;
        player
    }

    /// Stop the relay and give its log.
    async fn stop(mut self) -> String {
        let id = self.relay.id().unwrap().to_string();
        let kill = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(kill.unwrap().success());
        within("its end", self.relay.wait()).await.unwrap();
        within("its log", self.log).await.unwrap()
    }
}

impl Proxy {
    /// Connect from an address of this machine.
    async fn try_connect(&self, from: Ipv4Addr) -> std::io::Result<TlsStream<TcpStream>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        let socket = socket.connect(self.address).await.unwrap();
        let name = ServerName::try_from("race.example").unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, socket);
        within("the TLS handshake", connecting).await
    }
}

/// The value of a header, which each proxy spells in its own way.
fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let head = answer.split_once("\r\n\r\n").unwrap().0;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let line = lines.find(|(given, _)| given.eq_ignore_ascii_case(name));
    line.unwrap_or_else(|| panic!("no {name} in {answer}")).1
}

/// The address of a client.
fn client(number: u16) -> Ipv4Addr {
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

async fn serves_page_player_spectator_and_many_clients(kind: Kind) {
    let Some(mut site) = Site::start(kind).await else {
        return;
    };
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/src/main.js", "text/javascript; charset=utf-8"),
        ("/watch/", "text/html; charset=utf-8"),
        (&format!("/watch/{ROOM}"), "text/html; charset=utf-8"),
        ("/api/config", "application/json"),
    ] {
        let answer = site.get(path).await;
        assert_eq!(status(&answer), "200", "{path}: {answer}");
        assert_eq!(header(&answer, "content-type"), media_type, "{path}");
    }
    assert!(body(&site.get("/api/config").await).contains("updateHz"));
    // A link into a room leads to the page below the same prefix.
    let link = site.get(&format!("/join/{ROOM}")).await;
    assert_eq!(header(&link, "location"), format!("../?join={ROOM}"));
    if !site.prefix.is_empty() {
        let redirect = site.get("").await;
        assert!(status(&redirect).starts_with("30"), "{redirect}");
        assert!(
            header(&redirect, "location").ends_with("/race/"),
            "{redirect}"
        );
    }

    let spectate = format!("/spectate/{ROOM}");
    let mut spectator = site.open(client(0), &spectate, "mp-spectate.v1").await;
    let room = spectator.next().await.into_text().unwrap();
    assert!(room.contains(ROOM), "{room}");

    let mut first = site.play(client(0)).await;
    first.expect(READY).await;
    let mut player = site.welcome().await;
    first.expect(WELCOME).await;
    first.say("up").await;
    player.expect("up").await;
    player.send("down\n").await;
    first.expect("down").await;

    let mut others = Vec::new();
    for number in 1..CLIENTS {
        let mut other = site.play(client(number)).await;
        other.expect(READY).await;
        others.push((other, site.welcome().await));
    }
    // One for each address, whatever header it sends.
    let (code, reason) = site.play(client(7)).await.closed().await;
    assert_eq!((code, reason.contains("from this address")), (1013, true));
    first.say("still here").await;
    player.expect("still here").await;

    drop((first, others, spectator));
    let log = site.stop().await;
    for number in 0..CLIENTS {
        let peer = format!("peer={} ", client(number));
        assert!(log.contains(&peer), "no {peer} in the log:\n{log}");
    }
    assert!(!log.contains("peer=203.0.113.9"), "{log}");
    assert!(!log.contains("peer=127.0.0.1"), "{log}");
}

#[tokio::test]
async fn nginx() {
    serves_page_player_spectator_and_many_clients(Kind::Nginx).await;
}

#[tokio::test]
async fn haproxy() {
    serves_page_player_spectator_and_many_clients(Kind::Haproxy).await;
}

#[tokio::test]
async fn caddy() {
    serves_page_player_spectator_and_many_clients(Kind::Caddy).await;
}

#[tokio::test]
async fn haproxy_with_the_proxy_protocol() {
    for version in [1, 2] {
        serves_page_player_spectator_and_many_clients(Kind::ProxyProtocol(version)).await;
    }
}
