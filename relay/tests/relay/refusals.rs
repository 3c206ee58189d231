//! A refused client is told why.

use relay::Relay;
use tokio_tungstenite::tungstenite::Error;

use crate::browser::{Browser, READY, request};
use crate::game::Game;
use crate::{config_for, start_for};

#[tokio::test]
async fn without_the_subprotocol_the_answer_says_what_to_offer() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    for offered in [&[][..], &[("sec-websocket-protocol", "mp-relay.v2")]] {
        let request = request(relay.addr(), offered);
        let refused = Browser::try_connect(&relay, request).await;
        let Err(Error::Http(response)) = refused.map(|_| ()) else {
            panic!("not refused over HTTP");
        };
        assert_eq!(response.status(), 400);
        let body = String::from_utf8(response.body().clone().unwrap()).unwrap();
        assert!(body.contains("mp-relay.v1"), "{body}");
    }
    assert!(!game.has_player());
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_unless_allowed() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config
        .allow_origins
        .push("https://play.example".parse().unwrap());
    let relay = Relay::start(config).await.unwrap();
    let evil = [("origin", "https://evil.example")];
    let mut refused = Browser::connect_with(&relay, &evil).await;
    refused.expect_close(1008, "may not connect").await;
    assert!(!game.has_player());
    let same_host = format!("http://{}", relay.addr());
    for origin in ["https://play.example", &same_host] {
        let mut allowed = Browser::connect_with(&relay, &[("origin", origin)]).await;
        allowed.expect(READY).await;
        game.player().await;
    }
}

#[tokio::test]
async fn a_full_relay_says_so_until_somebody_leaves() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.max_connections = 1;
    let relay = Relay::start(config).await.unwrap();
    let mut first = Browser::ready(&relay).await;
    let mut second = Browser::connect(&relay).await;
    second.expect_close(1013, "full").await;
    first.socket.close(None).await.unwrap();
    game.player().await.expect_goodbye().await;
    // The slot is free a moment after the goodbye.
    let third = async {
        loop {
            let mut browser = Browser::connect(&relay).await;
            if browser
                .next()
                .await
                .into_text()
                .is_ok_and(|text| text.as_str() == READY)
            {
                break;
            }
        }
    };
    crate::within("a place", third).await;
}

#[tokio::test]
async fn one_address_cannot_take_every_slot() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.max_per_ip = 1;
    let relay = Relay::start(config).await.unwrap();
    let _first = Browser::ready(&relay).await;
    let _player = game.player().await;
    let mut second = Browser::connect(&relay).await;
    second.expect_close(1013, "from this address").await;
}
