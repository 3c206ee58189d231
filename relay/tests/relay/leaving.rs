//! No ghosts: the relay says goodbye for a player that leaves without one.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use relay::Relay;
use tokio_tungstenite::tungstenite::Message;

use crate::browser::Browser;
use crate::game::{Game, Player};
use crate::signed::{datagram, sealed, sign_in};
use crate::{config_for, start_for};

async fn playing() -> (Game, Relay, Browser, Player) {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let browser = Browser::ready(&relay).await;
    let player = game.player().await;
    (game, relay, browser, player)
}

#[tokio::test]
async fn the_relay_says_goodbye_for_a_browser_that_vanishes() {
    let (game, _relay, mut browser, mut player) = playing().await;
    sign_in(&mut browser, &mut player).await;
    browser.send(datagram("the last position")).await;
    assert_eq!(game.datagram().await.0, sealed("the last position"));
    drop(browser);
    player.expect_goodbye().await;
}

#[tokio::test]
async fn the_relay_says_goodbye_for_a_browser_that_closes_in_order() {
    let (_game, _relay, mut browser, mut player) = playing().await;
    browser.socket.close(None).await.unwrap();
    player.expect_goodbye().await;
}

#[tokio::test]
async fn answers_that_were_still_due_do_not_end_the_goodbye() {
    let (_game, _relay, mut browser, mut player) = playing().await;
    browser.say(r#"{"command":"GET_ROOM_PLAYERS"}"#).await;
    drop(browser);
    player.expect(r#"{"command":"GET_ROOM_PLAYERS"}"#).await;
    player.expect(r#"{"command":"LEAVE_ROOM"}"#).await;
    player
        .send("{\"command\":\"ERROR\",\"message\":\"Cannot get players. No room joined.\"}\n")
        .await;
    player
        .send("{\"command\":\"ERROR\",\"message\":\"Cannot leave room. No room joined.\"}\n")
        .await;
    player.expect(r#"{"command":"BYE"}"#).await;
    player.send("{\"command\":\"BYE_OK\"}\n").await;
    player.expect_end().await;
}

#[tokio::test]
async fn a_silent_server_does_not_hold_up_the_goodbye() {
    let (_game, _relay, browser, mut player) = playing().await;
    drop(browser);
    player.expect(r#"{"command":"LEAVE_ROOM"}"#).await;
    player.expect(r#"{"command":"BYE"}"#).await;
    player.expect_end().await;
}

#[tokio::test]
async fn the_relay_adds_nothing_to_a_browsers_own_bye() {
    let (_game, _relay, mut browser, mut player) = playing().await;
    browser.say(r#"{"command":"BYE"}"#).await;
    drop(browser);
    player.expect(r#"{"command":"BYE"}"#).await;
    player.send("{\"command\":\"BYE_OK\"}\n").await;
    player.expect_end().await;
}

#[tokio::test]
async fn a_room_that_the_browser_did_not_leave_is_left_for_it() {
    let (_game, _relay, mut browser, mut player) = playing().await;
    let join = |room: &str| format!(r#"{{"command":"JOIN_ROOM","roomId":"{room}"}}"#);
    // Without waiting for any answer, as no client of ours does.
    for room in ["a", "b"] {
        browser.say(&join(room)).await;
    }
    browser.say(r#"{"command":"CREATE_ROOM","name":"c"}"#).await;
    browser.say(r#"{"command":"BYE"}"#).await;
    player.expect(&join("a")).await;
    player.expect(r#"{"command":"LEAVE_ROOM"}"#).await;
    player.expect(&join("b")).await;
    player.expect(r#"{"command":"LEAVE_ROOM"}"#).await;
    player
        .expect(r#"{"command":"CREATE_ROOM","name":"c"}"#)
        .await;
    player.expect_goodbye().await;
    browser.expect_close(1000, "goodbye").await;
}

#[tokio::test]
async fn the_answer_to_a_command_of_the_relays_own_is_not_the_browsers() {
    let (_game, _relay, mut browser, mut player) = playing().await;
    browser.say(r#"{"command":"JOIN_ROOM","roomId":"a"}"#).await;
    browser.say(r#"{"command":"JOIN_ROOM","roomId":"b"}"#).await;
    for _ in 0..3 {
        assert!(player.line().await.is_some());
    }
    for line in [
        r#"{"command":"ERROR","message":"Room not found."}"#,
        r#"{"command":"ERROR","message":"Cannot leave room. No room joined."}"#,
        r#"{"command":"JOIN_OK","roomId":"b"}"#,
    ] {
        player.send(format!("{line}\n")).await;
    }
    browser
        .expect(r#"{"command":"ERROR","message":"Room not found."}"#)
        .await;
    browser
        .expect(r#"{"command":"JOIN_OK","roomId":"b"}"#)
        .await;
}

#[tokio::test]
async fn a_browser_that_said_bye_is_done_when_the_server_ends() {
    let (_game, _relay, mut browser, mut player) = playing().await;
    browser.say(r#"{"command":"bye"}"#).await;
    player.expect(r#"{"command":"bye"}"#).await;
    player.send("{\"command\":\"BYE_OK\"}\n").await;
    drop(player);
    browser.expect(r#"{"command":"BYE_OK"}"#).await;
    browser.expect_close(1000, "goodbye").await;
}

#[tokio::test]
async fn a_browser_that_answers_no_ping_counts_as_vanished() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.timeouts.ping = Duration::from_millis(50);
    config.timeouts.close = Duration::from_millis(20);
    let relay = Relay::start(config).await.unwrap();
    let mut lively = Browser::ready(&relay).await;
    let mut lively_player = game.player().await;
    // A client answers pings while it reads; this one does not read.
    let _frozen = Browser::ready(&relay).await;
    let mut frozen_player = game.player().await;
    let answering = tokio::spawn(async move { lively.line().await });
    frozen_player.expect_goodbye().await;
    lively_player.send("still here\n").await;
    assert_eq!(answering.await.unwrap(), "still here");
}

#[tokio::test]
async fn a_browser_that_reads_nothing_is_closed_although_it_sends_pongs() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.timeouts.ping = Duration::from_millis(50);
    config.timeouts.close = Duration::from_millis(20);
    let relay = Relay::start(config).await.unwrap();
    let browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    // More than the sockets hold, and less than the relay holds for a slow browser.
    let line = [b"x".repeat(200_000), b"\n".to_vec()].concat();
    for _ in 0..2 {
        player.send(&line).await;
    }
    let (mut up, _unread) = browser.socket.split();
    let pongs = async {
        // Slower than the rate limit.
        let mut beat = tokio::time::interval(Duration::from_millis(20));
        while up.send(Message::Pong("".into())).await.is_ok() {
            beat.tick().await;
        }
    };
    tokio::join!(crate::within("the end", pongs), player.expect_goodbye());
}

#[tokio::test]
async fn the_udp_socket_stays_open_during_the_goodbye() {
    let (game, _relay, mut browser, mut player) = playing().await;
    sign_in(&mut browser, &mut player).await;
    browser.send(datagram("x")).await;
    let (_, at) = game.datagram().await;
    drop(browser);
    player.expect(r#"{"command":"LEAVE_ROOM"}"#).await;
    game.udp.connect(at).await.unwrap();
    // A closed port on this machine is reported at the next call.
    for _ in 0..3 {
        assert!(game.udp.send(b"late position").await.is_ok());
    }
    player
        .send("{\"command\":\"LEAVE_OK\",\"roomId\":\"1\"}\n")
        .await;
    player.expect(r#"{"command":"BYE"}"#).await;
    assert!(game.udp.send(b"late position").await.is_ok());
}

#[tokio::test]
async fn a_server_that_forgets_players_itself_is_told_only_what_it_needs() {
    let id = "0123456789abcdef0123456789abcdef";
    let welcome = format!(r#"{{"command":"CONNECTED","sessionId":"{id}"}}"#);
    let joined = format!(r#"{{"command":"JOIN_OK","roomId":"{id}","players":[]}}"#);
    let lines = [welcome, joined];
    for heard in [1, 2] {
        let (_game, _relay, mut browser, mut player) = playing().await;
        for line in &lines[..heard] {
            player.send(format!("{line}\n")).await;
            browser.expect(line).await;
        }
        drop(browser);
        if heard == 2 {
            // Only so does its room get another host.
            player.expect(r#"{"command":"LEAVE_ROOM"}"#).await;
        }
        let left = format!(r#"{{"command":"LEAVE_OK","roomId":"{id}"}}"#);
        player.send(format!("{left}\n")).await;
        player.expect(r#"{"command":"BYE"}"#).await;
        player.send("{\"command\":\"BYE_OK\"}\n").await;
        player.expect_end().await;
    }
}
