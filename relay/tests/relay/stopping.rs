//! The relay stops in order, or at once.

use std::time::Duration;

use relay::Relay;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::browser::Browser;
use crate::game::Game;
use crate::{config_for, start_for, within};

#[tokio::test]
async fn a_stop_is_announced_and_ends_with_goodbyes() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.drain = Duration::from_secs(2);
    let relay = Relay::start(config).await.unwrap();
    let address = relay.addr();
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    let stopping = tokio::spawn(relay.stop());
    browser.expect(r#"{"relay":"draining","seconds":2}"#).await;
    assert!(
        TcpStream::connect(address).await.is_err(),
        "new players are refused"
    );
    // Players who are still here play on until the time is up.
    browser.say("finishing").await;
    player.expect("finishing").await;
    let close = tokio::spawn(async move { browser.closed().await });
    player.expect_goodbye().await;
    assert_eq!(close.await.unwrap().0, 1012);
    within("the stop", stopping).await.unwrap();
}

#[tokio::test]
async fn a_stop_without_players_is_immediate() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.drain = Duration::from_secs(3600);
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::ready(&relay).await;
    browser.socket.close(None).await.unwrap();
    let _answers_late = game.player().await;
    within("the stop", relay.stop()).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_spectators() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    config.drain = Duration::from_secs(3600);
    let relay = Relay::start(config).await.unwrap();
    let mut spectator = crate::spectating::watch(&relay).await;
    let stop = within("the stop", relay.stop());
    let ((), ()) = tokio::join!(stop, spectator.expect_close(1012, "restarting"));
}

/// The bytes of a response that fills every buffer between the relay and a client that does not read.
const LARGE: usize = 16 << 20;

#[tokio::test]
async fn a_stop_does_not_wait_for_clients_that_are_no_players() {
    let game = Game::start().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), vec![b' '; LARGE]).unwrap();
    for (sent, answers) in [
        ("", 0),
        ("GET / HT", 0),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 3),
        (
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT",
            3,
        ),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 1),
        // Refused, and it never answers the close frame.
        (UPGRADE_OF_ANOTHER_SITE, 20),
    ] {
        let mut config = config_for(&game);
        config.www = Some(folder.path().to_owned());
        config.drain = Duration::from_secs(3600);
        config.timeouts.http_head = Duration::from_secs(3600);
        config.timeouts.close = Duration::from_secs(3600);
        config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
        let relay = Relay::start(config).await.unwrap();
        let mut client = TcpStream::connect(relay.addr()).await.unwrap();
        client.write_all(sent.as_bytes()).await.unwrap();
        let mut begun = vec![0; answers];
        within("an answer", client.read_exact(&mut begun))
            .await
            .unwrap();
        if answers == 0 {
            let metrics = relay.metrics_addr().unwrap();
            let is_accepted = async {
                let taken = "\nmp_relay_http_connections 1\n";
                while !crate::http::get_at(metrics, "/metrics")
                    .await
                    .contains(taken)
                {}
            };
            within("the connection to be accepted", is_accepted).await;
        }
        within(sent, relay.stop()).await;
    }
}

const UPGRADE_OF_ANOTHER_SITE: &str = "GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: https://other.example\r\nConnection: upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: mp-relay.v1\r\n\r\n";

#[tokio::test]
async fn a_stop_lets_a_response_that_has_begun_come_to_its_end() {
    let game = Game::start().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), vec![b' '; LARGE]).unwrap();
    let mut config = config_for(&game);
    config.www = Some(folder.path().to_owned());
    config.drain = Duration::from_secs(3600);
    let relay = Relay::start(config).await.unwrap();
    let address = relay.addr();
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.write_all(request).await.unwrap();
    let mut begun = [0];
    within("an answer", client.read_exact(&mut begun))
        .await
        .unwrap();
    let stopping = tokio::spawn(relay.stop());
    within("the port to close", async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut rest = Vec::new();
    within("the rest", client.read_to_end(&mut rest))
        .await
        .unwrap();
    assert!(rest.len() > LARGE, "{}", rest.len());
    within("the stop", stopping).await.unwrap();
}

#[tokio::test]
async fn a_stop_closes_a_player_who_is_still_dialling_at_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let mut config = relay::Config::new(at.into(), at.into(), relay::Trust::Insecure);
    config.drain = Duration::from_secs(3600);
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::connect(&relay).await;
    let _silent = listener.accept().await.unwrap();
    let stopping = tokio::spawn(relay.stop());
    browser.expect_close(1012, "restarting").await;
    within("the stop", stopping).await.unwrap();
}

#[tokio::test]
async fn a_dropped_relay_ends_at_once() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let address = relay.addr();
    let _browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    drop(relay);
    player.expect_end().await;
    within("the port to close", async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
