//! A refused client is told why.

use relay::Relay;
use tokio_tungstenite::tungstenite::Error;

use crate::browser::{Browser, READY, request};
use crate::game::Game;
use crate::http::{ask_exactly, body, status};
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

#[tokio::test]
async fn a_name_that_the_operator_has_not_allowed_is_refused() {
    let game = Game::start().await;
    let mut config = config_for(&game);
    config.front.public_origin = Some("https://race.example".parse().unwrap());
    config.front.allow_hosts = vec!["other.example".parse().unwrap()];
    let relay = Relay::start(config).await.unwrap();
    let get = async |host: &str, path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}");
        ask_exactly(relay.addr(), &request).await
    };
    for host in ["evil.example", "localhost.evil.example:8080"] {
        for path in ["/", "/api/config", "/api/rooms", "/ws", "/watch/"] {
            let answer = get(host, path).await;
            assert_eq!(status(&answer), "421", "{host} {path}");
            assert!(body(&answer).contains("--allow-host"), "{answer}");
        }
        // A load balancer may use any name.
        assert_eq!(status(&get(host, "/healthz").await), "200");
    }
    for host in [
        "race.example",
        "RACE.example:443",
        "other.example:8080",
        "127.0.0.1:1",
        "[::1]",
        "localhost:8080",
    ] {
        assert_eq!(status(&get(host, "/api/config").await), "200", "{host}");
    }
}

#[tokio::test]
async fn pages_of_apps_and_files_may_connect_if_their_origin_is_allowed() {
    let mut game = Game::start().await;
    for origin in ["null", "file://", "capacitor://localhost"] {
        let refused = start_for(&game).await;
        let headers = [("origin", origin)];
        let mut browser = Browser::connect_with(&refused, &headers).await;
        browser.expect_close(1008, "may not connect").await;
        let mut config = config_for(&game);
        config.allow_origins.push(origin.parse().unwrap());
        let relay = Relay::start(config).await.unwrap();
        let mut browser = Browser::connect_with(&relay, &headers).await;
        browser.expect(READY).await;
        game.player().await;
    }
}
