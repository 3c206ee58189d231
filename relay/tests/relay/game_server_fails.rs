//! The game server is down, silent or restarting: the close reason tells the browser which, and what to do.

use std::time::Duration;

use relay::{Config, Relay, Trust};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::browser::Browser;
use crate::game::{Game, Identity};
use crate::{config_for, start_for, within};

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(50);

/// A port that takes connections and never says a word.
async fn silent() -> (TcpListener, Config) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let config = Config::new(at.into(), at.into(), Trust::Insecure);
    (listener, config)
}

/// Two players for whom the relay dials a silent server without end. They take both turns.
async fn two_dialling(relay: &Relay, listener: &TcpListener) -> [(Browser, TcpStream); 2] {
    let first = Browser::connect(relay).await;
    let (first_accepted, _) = listener.accept().await.unwrap();
    let second = Browser::connect(relay).await;
    let (second_accepted, _) = listener.accept().await.unwrap();
    [(first, first_accepted), (second, second_accepted)]
}

#[tokio::test]
async fn a_server_that_is_down_is_named() {
    let (listener, config) = silent().await;
    drop(listener);
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::connect(&relay).await;
    browser.expect_close(4001, "cannot be reached").await;
}

#[tokio::test]
async fn a_name_without_an_address_is_a_server_that_cannot_be_reached() {
    let (_listener, mut config) = silent().await;
    config.game.server.host = "no.such.host.invalid".into();
    config.game.allow_insecure_remote = true;
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::connect(&relay).await;
    browser.expect_close(4001, "cannot be reached").await;
}

#[tokio::test]
async fn a_server_that_does_not_welcome_the_player_is_given_up_in_time() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.timeouts.welcome = SHORT;
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    browser.expect_close(4003, "does not welcome").await;
    player.expect_goodbye().await;
}

#[tokio::test]
async fn a_server_silent_in_the_handshake_is_given_up_in_time() {
    let (listener, mut config) = silent().await;
    config.timeouts.dial = SHORT;
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::connect(&relay).await;
    browser.expect_close(4003, "in time").await;
    // The relay sends a TLS hello at once, then hangs up.
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut hello = Vec::new();
    within("the end", socket.read_to_end(&mut hello))
        .await
        .unwrap();
    assert_eq!(hello[0], 22, "the first record is a TLS handshake");
}

#[tokio::test]
async fn a_server_without_tls_is_told_apart() {
    let (listener, config) = silent().await;
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::connect(&relay).await;
    let (mut socket, _) = listener.accept().await.unwrap();
    socket.write_all(b"CONNECTED|0123\n").await.unwrap();
    browser.expect_close(4001, "without TLS").await;
}

#[tokio::test]
async fn a_server_without_tls_is_used_if_the_operator_allows_it() {
    let (listener, mut config) = silent().await;
    config.game.plain_tcp = true;
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::ready(&relay).await;
    let (mut socket, _) = listener.accept().await.unwrap();
    socket.write_all(b"CONNECTED|0123\n").await.unwrap();
    browser.expect("CONNECTED|0123").await;
    browser.say("hello").await;
    let mut hello = [0; 6];
    within("a line", socket.read_exact(&mut hello))
        .await
        .unwrap();
    assert_eq!(&hello, b"hello\n");
}

#[tokio::test]
async fn only_two_players_dial_at_once() {
    let (listener, mut config) = silent().await;
    config.timeouts.dial = LONG;
    config.timeouts.dial_queue = SHORT;
    config.timeouts.dial_queue_places = 1;
    let relay = Relay::start(config).await.unwrap();
    let _dialling = two_dialling(&relay, &listener).await;
    let mut third = Browser::connect(&relay).await;
    third.expect_close(4003, "in time").await;
}

#[tokio::test]
async fn players_beyond_the_dial_queue_are_refused() {
    let (listener, mut config) = silent().await;
    config.timeouts.dial = LONG;
    config.timeouts.dial_queue_places = 0;
    let relay = Relay::start(config).await.unwrap();
    let _dialling = two_dialling(&relay, &listener).await;
    let mut third = Browser::connect(&relay).await;
    third.expect_close(1013, "are joining").await;
}

#[tokio::test]
async fn an_address_that_waits_for_many_dials_keeps_no_other_out() {
    const GREEDY: [u8; 4] = [127, 0, 0, 2];
    let (listener, mut config) = silent().await;
    config.timeouts.dial = LONG;
    config.timeouts.dial_queue_places = 3;
    config.metrics_public = true;
    let relay = Relay::start(config).await.unwrap();
    let [(first, first_dial), _second] = two_dialling(&relay, &listener).await;
    let mut greedy = Vec::new();
    for _ in 0..3 {
        greedy.push(Browser::connect_from(GREEDY, &relay).await);
    }
    let waiting = async {
        let waits = |text: String| text.contains("mp_relay_dials_waiting 3");
        while !waits(crate::http::get(&relay, "/metrics").await) {
            tokio::task::yield_now().await;
        }
    };
    within("three who wait", waiting).await;
    let _newcomer = Browser::connect(&relay).await;
    greedy[2].expect_close(1013, "are joining").await;
    // A turn becomes free. Of the two addresses the greedy one came first, then it is the newcomer's.
    drop((first, first_dial));
    let (greedys, _) = within("a dial", listener.accept()).await.unwrap();
    drop((greedys, greedy));
    within("the newcomer's dial", listener.accept())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_player_who_leaves_while_dialling_frees_the_turn() {
    let (listener, mut config) = silent().await;
    config.timeouts.dial = LONG;
    let relay = Relay::start(config).await.unwrap();
    let browser = Browser::connect(&relay).await;
    let (mut socket, _) = listener.accept().await.unwrap();
    drop(browser);
    let mut hello = Vec::new();
    within("the end", socket.read_to_end(&mut hello))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_restarting_server_ends_its_sessions_and_takes_new_ones() {
    let identity = Identity::odd();
    let mut game = Game::start_as(&identity, rustls::ALL_VERSIONS).await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    player.send("last words\n").await;
    drop(player);
    browser.expect("last words").await;
    browser.expect_close(4000, "ended the session").await;
    game.go_down().await;
    let mut meanwhile = Browser::connect(&relay).await;
    meanwhile.expect_close(4001, "restarting").await;
    game.come_back(&identity).await;
    let mut back = Browser::ready(&relay).await;
    back.say("here again").await;
    game.player().await.expect("here again").await;
}
