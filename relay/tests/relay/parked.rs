//! While a player has no WebSocket: what the relay does for it, what is bounded, and how it ends without a ghost.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt as _};
use protocol::datagram::{Datagram, Update};
use protocol::geometry::{Quat, Vec3};
use protocol::snapshot::Snapshot;
use relay::Config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::browser::{Browser, READY, request};
use crate::game::Game;
use crate::http::get_at;
use crate::operating::{until, values};
use crate::resuming::{
    EXPIRED, HOME, OTHER_TOKEN, PARKED, RESUMED, TOKEN, begin, begin_from, greet, offer, offering,
    park, passes, ready, start,
};
use crate::signed::{datagram, sealed_by, sign_in, sign_in_as};
use crate::spectating::{A, B, ROOM, watch};
use crate::within;

#[tokio::test]
async fn a_client_that_closes_is_not_kept() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let codes = [
        None,
        Some(CloseCode::Normal),
        Some(CloseCode::Library(4000)),
    ];
    for code in codes {
        let (mut browser, mut player) = begin(&mut game, &relay).await;
        let frame = code.map(|code| CloseFrame {
            code,
            reason: "".into(),
        });
        browser.socket.close(frame).await.unwrap();
        player.expect_goodbye().await;
        until(&relay, "mp_relay_players", 0.0).await;
    }
    assert_eq!(values(&relay).await[EXPIRED], 0.0);
}

#[tokio::test]
async fn a_session_that_cannot_be_resumed_ends_at_once() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    // Without a token, and with a damaged one.
    for offered in ["mp-relay.v1", "mp-relay.v1, resume.short.0"] {
        let headers = [("sec-websocket-protocol", offered)];
        let mut browser = Browser::try_connect(&relay, request(relay.addr(), &headers))
            .await
            .unwrap();
        browser.expect(READY).await;
        let mut player = greet(&mut browser, &mut game).await;
        drop(browser);
        player.expect_goodbye().await;
    }
    // It may not know of the session.
    let mut browser = offering(&relay, TOKEN, 0).await;
    browser.expect(&ready(false, 0)).await;
    let mut player = game.player().await;
    player.send("welcome\n").await;
    browser.expect("welcome").await;
    drop(browser);
    player.expect_goodbye().await;
    // It has said BYE.
    let (mut browser, mut player) = begin_from(HOME, &mut game, &relay, OTHER_TOKEN).await;
    browser.say(r#"{"command":"BYE"}"#).await;
    drop(browser);
    player.expect(r#"{"command":"BYE"}"#).await;
    player.send("{\"command\":\"BYE_OK\"}\n").await;
    player.expect_end().await;
}

#[tokio::test]
async fn when_the_time_is_up_the_whole_goodbye_is_said_and_the_slot_is_free() {
    let mut game = Game::start().await;
    let change = |config: &mut Config| {
        config.resume = Duration::from_millis(50);
        config.max_connections = 1;
    };
    let relay = start(&game, change).await;
    let mut browser = offering(&relay, TOKEN, 0).await;
    browser.line().await;
    let mut player = greet(&mut browser, &mut game).await;
    drop(browser);
    player.expect_goodbye().await;
    until(&relay, "mp_relay_players", 0.0).await;
    let values = values(&relay).await;
    assert_eq!(
        [PARKED, EXPIRED, RESUMED].map(|name| values[name]),
        [0.0, 1.0, 0.0]
    );
    assert_eq!(
        values[r#"mp_relay_goodbyes_total{outcome="answered"}"#],
        1.0
    );
    Browser::ready(&relay).await;
}

#[tokio::test]
async fn a_stop_ends_kept_sessions_at_once_and_keeps_none() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| config.drain = Duration::from_secs(3600)).await;
    let (mut playing, mut still_there) = begin_from(HOME, &mut game, &relay, OTHER_TOKEN).await;
    let mut parked = park(&mut game, &relay).await;
    let stopping = tokio::spawn(relay.stop());
    parked.expect_goodbye().await;
    playing
        .expect(r#"{"relay":"draining","seconds":3600}"#)
        .await;
    passes(&mut playing, &mut still_there).await;
    // Nobody could come back any more.
    drop(playing);
    still_there.expect_goodbye().await;
    within("the stop", stopping).await.unwrap();
}

#[tokio::test]
async fn a_session_that_ends_meanwhile_is_followed_by_a_new_one() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    drop(park(&mut game, &relay).await);
    until(&relay, "mp_relay_players", 0.0).await;
    assert_eq!(values(&relay).await[PARKED], 0.0);
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(false, 0)).await;
}

#[tokio::test]
async fn too_many_lines_for_a_client_that_is_away_end_its_session() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let mut player = park(&mut game, &relay).await;
    let answer = format!(
        "{{\"command\":\"ERROR\",\"message\":\"{}\"}}\n",
        "x".repeat(1000)
    );
    player.flood(answer.as_bytes()).await;
    until(&relay, "mp_relay_players", 0.0).await;
    let values = values(&relay).await;
    assert_eq!(values[PARKED], 0.0);
    assert_eq!(
        values[r#"mp_relay_limit_reached_total{limit="lines_to_browser"}"#],
        1.0
    );
    assert_eq!(values[r#"mp_relay_player_closes_total{code="4005"}"#], 1.0);
    assert_eq!(values["mp_relay_buffered_bytes"], 0.0);
    assert_eq!(values["mp_relay_lines_waiting_bytes"], 0.0);
}

/// An answer, which must not be left out.
const WHAT_MATTERS: &str = r#"{"command":"PONG"}"#;

#[tokio::test]
async fn messages_of_others_do_not_end_the_session_of_a_player_who_is_away() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let mut player = park(&mut game, &relay).await;
    let text = "<".repeat(1000);
    let message = format!(
        r#"{{"command":"RELAYED_MESSAGE","senderId":"{}","senderName":"Bo","message":"{text}"}}"#,
        "f".repeat(32)
    );
    for _ in 0..200 {
        player.send(&format!("{message}\n")).await;
    }
    player.send(&format!("{WHAT_MATTERS}\n")).await;
    let left_out = r#"mp_relay_limit_reached_total{limit="pushes_away"}"#;
    within("most of the messages", async {
        while values(&relay).await[left_out] < 170.0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    let mut messages = 0;
    loop {
        let line = browser.line().await;
        if line == WHAT_MATTERS {
            break;
        }
        assert_eq!(line, message);
        messages += 1;
    }
    assert!((10..=24).contains(&messages), "{messages}");
    passes(&mut browser, &mut player).await;
}

#[tokio::test]
async fn of_many_starts_a_player_who_is_away_gets_the_newest() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let mut player = park(&mut game, &relay).await;
    let start = |number: usize| {
        format!(
            r#"{{"command":"GAME_STARTED","roomId":"{number}","hostId":"a","spawnPositions":{{}}}}"#
        )
    };
    for number in 0..2000 {
        player.send(&format!("{}\n", start(number))).await;
    }
    player.send(&format!("{WHAT_MATTERS}\n")).await;
    within("the last line", async {
        while values(&relay).await[r#"mp_relay_lines_total{direction="down"}"#] < 2002.0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    browser.expect(&start(1999)).await;
    browser.expect(WHAT_MATTERS).await;
    passes(&mut browser, &mut player).await;
}

#[tokio::test]
async fn kept_sessions_hold_their_slots() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| config.max_connections = 3).await;
    let tokens = [TOKEN, OTHER_TOKEN, "zzzzzzzzzzzzzzzzzzzzzz"];
    let mut players = Vec::new();
    for (count, token) in tokens.iter().enumerate() {
        let (browser, player) = begin_from(HOME, &mut game, &relay, token).await;
        drop(browser);
        until(&relay, PARKED, (count + 1) as f64).await;
        players.push(player);
    }
    let mut fourth = offering(&relay, "fourthfourthfourthfourth", 0).await;
    fourth.expect_close(1013, "full").await;
    for (token, player) in tokens.iter().zip(&mut players) {
        let mut browser = offering(&relay, token, 1).await;
        browser.expect(&ready(true, 1)).await;
        passes(&mut browser, player).await;
    }
}

#[tokio::test]
async fn the_relay_keeps_the_session_alive_meanwhile() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| {
        config.timeouts.keep_alive = Duration::from_millis(50)
    })
    .await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    // The answer to the player's own is the player's.
    let (ping, pong) = (r#"{"command":"PING"}"#, r#"{"command":"PONG"}"#);
    browser.say(ping).await;
    player.expect(ping).await;
    drop(browser);
    player.send(format!("{pong}\n")).await;
    for _ in 0..2 {
        player.expect(ping).await;
        player.send(format!("{pong}\n")).await;
    }
    player.send("after it\n").await;
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 2)).await;
    browser.expect(pong).await;
    browser.expect("after it").await;
}

#[tokio::test]
async fn datagrams_for_a_client_that_is_away_are_dropped() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let mut browser = offering(&relay, TOKEN, 0).await;
    browser.expect(&ready(false, 0)).await;
    let mut player = game.player().await;
    sign_in(&mut browser, &mut player).await;
    browser.say("hello").await;
    player.expect("hello").await;
    browser.send(datagram("")).await;
    let (_, way) = game.datagram().await;
    drop(browser);
    until(&relay, PARKED, 1.0).await;
    game.udp.send_to(b"old", way).await.unwrap();
    until(
        &relay,
        r#"mp_relay_datagrams_dropped_total{direction="down",reason="parked"}"#,
        1.0,
    )
    .await;
    let mut browser = offering(&relay, TOKEN, 2).await;
    browser.expect(&ready(true, 1)).await;
    game.udp.send_to(b"new", way).await.unwrap();
    assert_eq!(browser.datagram().await, b"new");
    browser.send(datagram("")).await;
    assert_eq!(game.datagram().await.1, way, "the session's own socket");
}

#[tokio::test]
async fn spectators_see_what_the_game_server_tells_a_player_who_is_away() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let mut spectator = watch(&relay).await;
    let mut browser = offering(&relay, TOKEN, 0).await;
    browser.expect(&ready(false, 0)).await;
    let mut player = game.player().await;
    sign_in_as(A, &mut browser, &mut player).await;
    let joined = format!(r#"{{"command":"JOIN_OK","roomId":"{ROOM}"}}"#);
    let listed = format!(
        r#"{{"command":"ROOM_PLAYERS","roomId":"{ROOM}","players":[{{"id":"{B}","name":"Bob"}}]}}"#
    );
    for line in [joined, listed] {
        player.send(format!("{line}\n")).await;
        browser.expect(&line).await;
    }
    browser.say("hello").await;
    player.expect("hello").await;
    // The server learns the player's address from its datagram.
    browser.send(Message::binary(sealed_by(A, ""))).await;
    let (_, way) = game.datagram().await;
    drop(browser);
    until(&relay, PARKED, 1.0).await;
    let position = Vec3::new(1.0, 2.0, 3.0);
    let update = Datagram::Update(Update {
        session_id: B.parse().unwrap(),
        seq: None,
        position,
        rotation: Quat::IDENTITY,
    });
    let json = update.to_json();
    game.udp.send_to(json.as_bytes(), way).await.unwrap();
    let is_seen = async {
        loop {
            if let Message::Binary(snapshot) = spectator.next().await {
                let cars = Snapshot::decode(&snapshot).unwrap().cars;
                if cars.iter().any(|car| car.position == position) {
                    break;
                }
            }
        }
    };
    within("Bob's place", is_seen).await;
}

#[tokio::test]
async fn a_connection_that_breaks_unnoticed_is_kept_too() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| {
        config.timeouts.ping = Duration::from_millis(50)
    })
    .await;
    // More than the sockets hold, so that not even a ping is written.
    for line in ["small".to_owned(), "x".repeat(200_000)] {
        let (_frozen, mut player) = begin(&mut game, &relay).await;
        player.send(format!("{line}\n")).await;
        until(&relay, PARKED, 1.0).await;
        drop(player);
        until(&relay, "mp_relay_players", 0.0).await;
    }
}

/// Signals are sent to the program itself, which logs as much as it can.
#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_a_kept_session_and_the_log_never_has_its_token() {
    use tokio::io::AsyncReadExt as _;
    let mut game = Game::start().await;
    let pin = format!("pin:{}", relay::Fingerprint::of(&game.certificate));
    let udp = game.udp.local_addr().unwrap().to_string();
    let mut command = crate::program::program();
    command.env("RUST_LOG", "trace");
    command.args([
        "--server",
        &game.tcp.to_string(),
        "--udp",
        &udp,
        "--trust",
        &pin,
    ]);
    command.args(["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]);
    command.args(["--resume-seconds", "600", "--drain-seconds", "3600"]);
    let mut child = command.spawn().unwrap();
    let ready_line = crate::program::ready(&mut child).await;
    let port = |name: &str| ready_line[name].as_str().unwrap().parse().unwrap();
    let (address, metrics): (SocketAddr, SocketAddr) = (port("listen"), port("metrics"));
    let mut log = child.stderr.take().unwrap();
    let reading = tokio::spawn(async move {
        let mut text = String::new();
        log.read_to_string(&mut text).await.unwrap();
        text
    });
    let mut browser = Browser::offer_at(address, &offer(TOKEN, 0)).await;
    browser.expect(&ready(false, 0)).await;
    let mut player = greet(&mut browser, &mut game).await;
    let mut taken_over = browser;
    let mut browser = Browser::offer_at(address, &offer(TOKEN, 1)).await;
    browser.expect(&ready(true, 1)).await;
    taken_over.expect_close(4007, "").await;
    drop(browser);
    let is_parked = async {
        let parked = "\nmp_relay_players_parked 1\n";
        while !get_at(metrics, "/metrics").await.contains(parked) {}
    };
    within("the cut to be noticed", is_parked).await;
    let id = child.id().unwrap().to_string();
    let kill = tokio::process::Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .await;
    assert!(kill.unwrap().success());
    player.expect_goodbye().await;
    let end = within("its end", child.wait()).await.unwrap();
    assert!(end.success(), "{end}");
    let text = reading.await.unwrap();
    for words in [
        "The player is back",
        "is kept for it",
        "The relay is restarting",
    ] {
        let line = text.lines().find(|line| line.contains(words));
        let line = line.unwrap_or_else(|| panic!("{words}: {text}"));
        // The session keeps its name in the log over its WebSockets.
        assert!(line.contains(" connection=1 "), "{line}");
    }
    assert!(!text.contains(TOKEN) && !text.contains("resume."), "{text}");
}

#[tokio::test]
async fn what_a_browser_said_before_it_is_gone_still_counts() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    // The relay may find that it cannot write before it has read that the browser has closed in order.
    for _ in 0..10 {
        let (mut browser, mut player) = begin(&mut game, &relay).await;
        player.send("unread\n").await;
        for last in [Message::text("last word"), Message::Close(None)] {
            let sent = browser.socket.send(last).now_or_never();
            sent.unwrap().unwrap();
        }
        browser.socket.get_ref().set_zero_linger().unwrap();
        drop(browser);
        player.expect("last word").await;
        player.expect_goodbye().await;
        until(&relay, "mp_relay_players", 0.0).await;
    }
}
