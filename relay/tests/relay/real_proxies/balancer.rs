//! Two relays behind one balancer, which brings every player back to the relay that has the session.

use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::proxy::Kind;
use super::{Identity, Proxy, client};
use crate::browser::Browser;
use crate::game::Game;
use crate::operating::values;
use crate::resuming::{PARKED, greet, offer, ready, start};

/// Players. By chance alone all would come back to their relays once in 65,536 times, and as often one relay would have them all.
const PLAYERS: u16 = 16;

async fn open(
    proxy: &Proxy,
    from: u16,
    token: &str,
    received: u64,
) -> Browser<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
    let mut request = "wss://race.example/race/ws".into_client_request().unwrap();
    let offer = HeaderValue::from_str(&offer(token, received)).unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offer);
    let socket = proxy.try_connect(client(from)).await.unwrap();
    Browser::over(socket, request).await.unwrap()
}

async fn every_player_comes_back_to_its_relay(kind: fn(std::net::SocketAddr) -> Kind) {
    let mut game = Game::start().await;
    let one = start(&game, |config| {
        config.front.allow_hosts = vec!["race.example".parse().unwrap()]
    })
    .await;
    let two = start(&game, |config| {
        config.front.allow_hosts = vec!["race.example".parse().unwrap()]
    })
    .await;
    let kind = kind(two.addr());
    let Some(program) = kind.program() else {
        return;
    };
    let identity = Identity::new();
    let proxy = kind.start(&program, one.addr(), &identity).await;
    let token = |number| format!("{number:022}");
    let mut players = Vec::new();
    for number in 0..PLAYERS {
        let mut browser = open(&proxy, number, &token(number), 0).await;
        browser.expect(&ready(false, 0)).await;
        players.push(greet(&mut browser, &mut game).await);
    }
    let parked = async || [values(&one).await[PARKED], values(&two).await[PARKED]];
    // The browsers are gone by now.
    while parked().await.iter().sum::<f64>() < f64::from(PLAYERS) {
        tokio::task::yield_now().await;
    }
    assert!(parked().await.iter().all(|&parked| parked > 0.0));
    // In another order, so that a balancer that takes the relays in turn does not pass.
    for number in (0..PLAYERS).rev() {
        // From another address: wifi has become mobile data.
        let mut browser = open(&proxy, 1000 + number, &token(number), 1).await;
        browser.expect(&ready(true, 1)).await;
        players[usize::from(number)].send("here\n").await;
        browser.expect("here").await;
    }
}

#[tokio::test]
async fn behind_nginx() {
    every_player_comes_back_to_its_relay(Kind::NginxBalancer).await;
}

#[tokio::test]
async fn behind_haproxy() {
    every_player_comes_back_to_its_relay(Kind::HaproxyBalancer).await;
}
