//! Lines and datagrams pass between browser and game server as they are.

use std::time::Duration;

use relay::Relay;
use tokio::net::UdpSocket;
use tokio_tungstenite::tungstenite::Message;

use crate::browser::{Browser, READY};
use crate::game::Game;
use crate::signed::{datagram, sealed, sealed_by, sign_in, sign_in_as};
use crate::{config_for, start_for};

const WELCOME: &str = "CONNECTED|0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn ready_comes_before_the_welcome_of_the_game_server() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::connect(&relay).await;
    game.player().await.send(format!("{WELCOME}\n")).await;
    browser.expect(READY).await;
    browser.expect(WELCOME).await;
}

#[tokio::test]
async fn lines_pass_byte_for_byte_both_ways() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    let longest_up = "u".repeat(protocol::frame::MAX_CLIENT_LINE_BYTES);
    for line in [
        "{ \"command\" :\t\"x\"} ",
        "not json",
        "Zoë 日本 🏁 \\u00EB",
        " ",
        &longest_up,
    ] {
        browser.say(line).await;
        player.expect(line).await;
    }
    let longest_down = "d".repeat(protocol::line::MAX_LINE_BYTES);
    for line in ["{\"command\":\"PONG\"}", "Zoë 🏁", "", " x ", &longest_down] {
        player.send(format!("{line}\n")).await;
        browser.expect(line).await;
    }
}

#[tokio::test]
async fn the_game_servers_bytes_are_cut_into_lines_however_they_arrive() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    player.send("{\"comm").await;
    player.send("and\":1}\n{\"command\":2}\n{\"com").await;
    player.send("mand\":3}\n").await;
    for number in 1..=3 {
        browser.expect(&format!("{{\"command\":{number}}}")).await;
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf8_are_replaced() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    game.player().await.send(b"a\xffb\nnext\n").await;
    browser.expect("a\u{fffd}b").await;
    browser.expect("next").await;
}

#[tokio::test]
async fn lines_sent_before_ready_reach_the_game_server() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::connect(&relay).await;
    browser.say("first").await;
    browser.say("second").await;
    let mut player = game.player().await;
    player.expect("first").await;
    player.expect("second").await;
    browser.expect(READY).await;
}

#[tokio::test]
async fn datagrams_pass_byte_for_byte_both_ways() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    sign_in(&mut browser, &mut player).await;
    for note in ["", "Zoë \u{1f3c1}", &"x".repeat(1900)] {
        browser.send(datagram(note)).await;
        assert_eq!(game.datagram().await.0, sealed(note));
    }
    browser.send(datagram("where I am")).await;
    let (_, from) = game.datagram().await;
    let all_bytes: Vec<u8> = (0..=255).collect();
    let largest: Vec<u8> = (0..2048).map(|number| (number % 251) as u8).collect();
    for datagram in [vec![0], b"\n".to_vec(), all_bytes, largest] {
        game.udp.send_to(&datagram, from).await.unwrap();
        assert_eq!(browser.datagram().await, datagram);
    }
}

#[tokio::test]
async fn every_player_has_a_udp_socket_of_its_own() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut ann = Browser::ready(&relay).await;
    let mut ann_player = game.player().await;
    sign_in(&mut ann, &mut ann_player).await;
    let mut bob = Browser::ready(&relay).await;
    let mut bob_player = game.player().await;
    sign_in(&mut bob, &mut bob_player).await;
    ann.send(datagram("from ann")).await;
    let (_, ann_at) = game.datagram().await;
    bob.send(datagram("from bob")).await;
    let (_, bob_at) = game.datagram().await;
    assert_ne!(ann_at, bob_at);
    game.udp.send_to(b"to ann", ann_at).await.unwrap();
    game.udp.send_to(b"to bob", bob_at).await.unwrap();
    assert_eq!(ann.datagram().await, b"to ann");
    assert_eq!(bob.datagram().await, b"to bob");
}

#[tokio::test]
async fn datagrams_of_strangers_are_not_forwarded() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    sign_in(&mut browser, &mut player).await;
    browser.send(datagram("hello")).await;
    let (_, at) = game.datagram().await;
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    stranger.send_to(b"stranger", at).await.unwrap();
    game.udp.send_to(b"game", at).await.unwrap();
    assert_eq!(browser.datagram().await, b"game");
}

#[tokio::test]
async fn nobody_drives_the_car_of_another() {
    const VICTIM: &str = "fedcba9876543210fedcba9876543210";
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut victim = Browser::ready(&relay).await;
    let mut victims_player = game.player().await;
    sign_in_as(VICTIM, &mut victim, &mut victims_player).await;
    let mut attacker = Browser::ready(&relay).await;
    let mut player = game.player().await;
    // The key follows from the id, and everybody in the room knows the id.
    let stolen = Message::binary(sealed_by(VICTIM, "stolen"));
    attacker.send(stolen.clone()).await;
    attacker.send(datagram("not signed in")).await;
    sign_in(&mut attacker, &mut player).await;
    attacker.send(stolen).await;
    attacker.send(Message::binary(&b"not sealed"[..])).await;
    attacker.send(datagram("own")).await;
    assert_eq!(game.datagram().await.0, sealed("own"));
    victim
        .send(Message::binary(sealed_by(VICTIM, "true")))
        .await;
    assert_eq!(game.datagram().await.0, sealed_by(VICTIM, "true"));
}

#[tokio::test]
async fn a_closed_udp_port_of_the_game_server_neither_ends_the_session_nor_loses_later_datagrams() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    sign_in(&mut browser, &mut player).await;
    browser.send(datagram("hello")).await;
    let (_, browser_at) = game.datagram().await;
    let game_at = game.udp.local_addr().unwrap();
    for _ in 0..2 {
        game.udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for line in ["one", "two", "three"] {
            browser.send(datagram("into the void")).await;
            browser.say(line).await;
            player.expect(line).await;
        }
        game.udp = UdpSocket::bind(game_at).await.unwrap();
        // The system reports the closed port at the next call, whichever way that goes.
        game.udp.send_to(b"down", browser_at).await.unwrap();
        assert_eq!(browser.datagram().await, b"down");
    }
    game.udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    browser.send(datagram("into the void")).await;
    browser.say("four").await;
    player.expect("four").await;
    game.udp = UdpSocket::bind(game_at).await.unwrap();
    browser.send(datagram("up")).await;
    assert_eq!(game.datagram().await.0, sealed("up"));
}

#[tokio::test]
async fn a_quiet_session_is_kept_alive_and_the_player_hears_nothing_of_it() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.timeouts.ping = Duration::from_millis(50);
    config.timeouts.keep_alive = Duration::from_millis(1);
    let relay = Relay::start(config).await.unwrap();
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    sign_in(&mut browser, &mut player).await;
    let reading = async { browser.line().await };
    let playing = async {
        player.expect(r#"{"command":"PING"}"#).await;
        player.send("{\"command\":\"PONG\"}\nnext\n").await;
    };
    let (line, ()) = tokio::join!(reading, playing);
    assert_eq!(line, "next");
}
