//! TLS of the relay's own: players and spectators come through it, and a new certificate disconnects nobody.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use rcgen::{CertificateParams, KeyPair};
use relay::{Config, Relay};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::browser::{Browser, PROTOCOL, READY, request};
use crate::game::Game;
use crate::http::{body, status};
use crate::{config_for, within};

/// The files of a certificate, and who trusts it.
struct Identity {
    certificate: String,
    key: String,
    roots: RootCertStore,
}

impl Identity {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["race.example".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            roots,
        }
    }

    fn write(&self, folder: &Path) {
        std::fs::write(folder.join("certificate.pem"), &self.certificate).unwrap();
        std::fs::write(folder.join("key.pem"), &self.key).unwrap();
    }

    /// Connect, trusting exactly this certificate.
    async fn connect(&self, relay: &Relay) -> std::io::Result<TlsStream<TcpStream>> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let socket = TcpStream::connect(relay.addr()).await.unwrap();
        let name = ServerName::try_from("race.example").unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, socket);
        within("the TLS handshake", connecting).await
    }

    async fn browser(&self, relay: &Relay) -> Browser<TlsStream<TcpStream>> {
        let socket = self.connect(relay).await.unwrap();
        let request = request(relay.addr(), &[PROTOCOL]);
        Browser::over(socket, request).await.unwrap()
    }
}

fn encrypted(game: &Game, folder: &Path) -> Config {
    let mut config = config_for(game);
    config.front.tls_cert = Some(folder.join("certificate.pem"));
    config.front.tls_key = Some(folder.join("key.pem"));
    config
}

#[tokio::test]
async fn players_and_pages_come_over_tls_and_http_1() {
    let mut game = Game::start().await;
    let folder = tempfile::tempdir().unwrap();
    let identity = Identity::new();
    identity.write(folder.path());
    let relay = Relay::start(encrypted(&game, folder.path())).await.unwrap();
    assert!(relay.page().starts_with("https://"));
    let mut socket = identity.connect(&relay).await.unwrap();
    assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    socket.write_all(request).await.unwrap();
    let mut answer = String::new();
    let reading = socket.read_to_string(&mut answer);
    within("an answer", reading).await.unwrap();
    assert_eq!((status(&answer), body(&answer)), ("200", "ok\n"));
    let mut browser = identity.browser(&relay).await;
    browser.expect(READY).await;
    let mut player = game.player().await;
    // Longer than what TLS takes at once.
    let long = "x".repeat(60_000);
    player.send(format!("{long}\n")).await;
    browser.expect(&long).await;
    browser.say("up").await;
    player.expect("up").await;
    browser.socket.close(None).await.unwrap();
    player.expect_goodbye().await;
}

#[tokio::test]
async fn spectators_come_over_tls() {
    let mut game = Game::start().await;
    let folder = tempfile::tempdir().unwrap();
    let identity = Identity::new();
    identity.write(folder.path());
    let mut config = encrypted(&game, folder.path());
    config.timeouts.ping = Duration::from_millis(50);
    let relay = Relay::start(config).await.unwrap();
    let socket = identity.connect(&relay).await.unwrap();
    let mut wanted = request(
        relay.addr(),
        &[("sec-websocket-protocol", "mp-spectate.v1")],
    );
    *wanted.uri_mut() = format!("ws://{}/spectate/{}", relay.addr(), "0".repeat(32))
        .parse()
        .unwrap();
    let mut spectator = Browser::over(socket, wanted).await.unwrap();
    let text = spectator.next().await.into_text().unwrap();
    assert!(text.contains("players"), "{text}");
    // It answers each ping, and a relay that did not read the answers would close it after three.
    for _ in 0..6 {
        let next = within("a ping", spectator.socket.next()).await;
        assert!(next.unwrap().unwrap().is_ping());
    }
    relay.stop().await;
    spectator.expect_close(1012, "restarting").await;
    assert!(!game.has_player());
}

#[tokio::test]
async fn a_new_certificate_is_used_and_disconnects_nobody() {
    let mut game = Game::start().await;
    let folder = tempfile::tempdir().unwrap();
    let [first, second, third] = [Identity::new(), Identity::new(), Identity::new()];
    first.write(folder.path());
    let mut config = encrypted(&game, folder.path());
    config.timeouts.certificate = Duration::from_millis(10);
    let relay = Relay::start(config.clone()).await.unwrap();
    let mut browser = first.browser(&relay).await;
    browser.expect(READY).await;
    let mut player = game.player().await;
    second.write(folder.path());
    let changed = async { while second.connect(&relay).await.is_err() {} };
    within("the second certificate", changed).await;
    assert!(first.connect(&relay).await.is_err());
    browser.say("still here").await;
    player.expect("still here").await;
    relay.stop().await;

    // By a hang-up, which does not wait for the next look.
    config.timeouts.certificate = Duration::from_secs(3600);
    let relay = Relay::start(config.clone()).await.unwrap();
    third.write(folder.path());
    assert!(third.connect(&relay).await.is_err());
    relay.reload(&config).unwrap();
    assert!(third.connect(&relay).await.is_ok());
    // A certificate and a key that do not fit are refused, and everything stays.
    std::fs::write(folder.path().join("key.pem"), &first.key).unwrap();
    let error = format!("{:#}", relay.reload(&config).unwrap_err());
    assert!(error.contains("does not fit --tls-key"), "{error}");
    assert!(third.connect(&relay).await.is_ok());
    let error = format!("{:#}", relay::check(&config).unwrap_err());
    assert!(error.contains("does not fit"), "{error}");
}

#[tokio::test]
async fn handshakes_have_a_time_limit_and_make_room_like_pending_heads() {
    let game = Game::start().await;
    let folder = tempfile::tempdir().unwrap();
    let identity = Identity::new();
    identity.write(folder.path());
    let mut config = encrypted(&game, folder.path());
    // One more than one address may have.
    let relay = Relay::start(config.clone()).await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..257 {
        silent.push(TcpStream::connect(relay.addr()).await.unwrap());
    }
    let evicted = silent[0].read_u8();
    assert!(within("the end of the oldest", evicted).await.is_err());
    assert!(identity.connect(&relay).await.is_ok());
    config.timeouts.http_head = Duration::from_millis(50);
    let relay = Relay::start(config).await.unwrap();
    let mut silent = TcpStream::connect(relay.addr()).await.unwrap();
    assert!(within("the end", silent.read_u8()).await.is_err());
}
