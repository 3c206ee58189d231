//! The relay stops in order, or at once.

use std::time::Duration;

use relay::Relay;
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
