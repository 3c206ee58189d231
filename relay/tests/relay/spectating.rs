//! Contract 2 at the socket: who may watch, what a spectator gets before a race, and how it ends.

use std::time::Duration;

use protocol::datagram::{Datagram, Update};
use protocol::geometry::{Quat, Vec3};
use protocol::snapshot::Snapshot;
use relay::{Access, Config, Relay};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::browser::Browser;
use crate::game::{Game, Player};
use crate::http::{body, get, get_with, header, status};
use crate::signed::{sealed_by, sign_in_as};
use crate::{config_for, start_for, within};

pub(crate) const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(crate) const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
pub(crate) const ROOM: &str = "11111111111111111111111111111111";
const LOCAL: [u8; 4] = [127, 0, 0, 1];
pub(crate) const EMPTY: &str = r#"{"room":"11111111111111111111111111111111","name":"","hostId":null,"isActive":false,"players":[]}"#;

/// Open a link, offering these subprotocols.
pub(crate) async fn open(relay: &Relay, room: &str, offered: &str) -> Browser {
    open_from(LOCAL, relay, room, offered).await
}

/// Open a link from an address of this machine.
async fn open_from(from: [u8; 4], relay: &Relay, room: &str, offered: &str) -> Browser {
    let address = format!("ws://{}/spectate/{room}", relay.addr());
    let mut request = address.into_client_request().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offered.parse().unwrap());
    Browser::request_from(from, relay, request).await
}

pub(crate) async fn watch(relay: &Relay) -> Browser {
    let mut spectator = open(relay, ROOM, "mp-spectate.v1").await;
    spectator.expect(EMPTY).await;
    spectator
}

async fn start(game: &Game, change: impl FnOnce(&mut Config)) -> Relay {
    let mut config = config_for(game);
    change(&mut config);
    Relay::start(config).await.unwrap()
}

/// A bridged player in the room: its browser's end and its game server's end.
async fn join(game: &mut Game, relay: &Relay) -> (Browser, Player) {
    let mut browser = Browser::ready(relay).await;
    let mut player = game.player().await;
    sign_in_as(A, &mut browser, &mut player).await;
    let joined = format!(r#"{{"command":"JOIN_OK","roomId":"{ROOM}"}}"#);
    player.send(format!("{joined}\n")).await;
    browser.expect(&joined).await;
    (browser, player)
}

#[tokio::test]
async fn an_early_link_shows_the_race_once_it_is_there() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut spectator = watch(&relay).await;
    let (mut browser, mut player) = join(&mut game, &relay).await;
    assert!(spectator.line().await.contains("Annabel"));
    // The server learns the player's address from its datagram.
    browser.send(Message::binary(sealed_by(A, ""))).await;
    let (_, way) = game.datagram().await;
    let update = Datagram::Update(Update {
        session_id: B.parse().unwrap(),
        seq: None,
        position: Vec3::new(1.0, 2.0, 3.0),
        rotation: Quat::IDENTITY,
    });
    // Just after the player came in, a position of an unknown player may belong to another room.
    let listed = format!(
        r#"{{"command":"ROOM_PLAYERS","roomId":"{ROOM}","players":[{{"id":"{B}","name":"Bob"}}]}}"#
    );
    player.send(format!("{listed}\n")).await;
    browser.expect(&listed).await;
    let json = update.to_json();
    game.udp.send_to(json.as_bytes(), way).await.unwrap();
    assert_eq!(browser.datagram().await, json.as_bytes(), "untouched");
    assert!(spectator.line().await.contains(r#""name":"Bob""#));
    let snapshot = Snapshot::decode(&spectator.datagram().await).unwrap();
    let places: Vec<_> = snapshot
        .cars
        .iter()
        .map(|car| (car.index, car.position))
        .collect();
    // The sender's own position names no place, so it counts as the origin.
    assert_eq!(
        places,
        [(0, Vec3::default()), (1, Vec3::new(1.0, 2.0, 3.0))]
    );
}

#[tokio::test]
async fn hundreds_see_the_same_and_leave_nothing_behind() {
    /// More than one shard of the relay takes.
    const MANY: usize = 300;
    let mut game = Game::start().await;
    let relay = start(&game, |config| config.max_per_ip = 0).await;
    let mut spectators = Vec::new();
    for _ in 0..MANY {
        spectators.push(watch(&relay).await);
    }
    let (_browser, _player) = join(&mut game, &relay).await;
    for (number, spectator) in spectators.iter_mut().enumerate() {
        let text = spectator.line().await;
        assert!(text.contains("Annabel"), "{number}: {text}");
    }
    let (rooms, mut asker) = async { tokio::join!(list(&relay), asked(&mut game)) }.await;
    assert_eq!(rooms, listed(true, MANY));
    let answering = tokio::spawn(async move {
        loop {
            list_once(&mut asker).await;
        }
    });
    drop(spectators);
    // The relay notices a moment later that they hung up.
    let gone = async {
        while list(&relay).await != listed(true, 0) {
            tokio::task::yield_now().await;
        }
    };
    within("the end of all", gone).await;
    let mut late = open(&relay, ROOM, "mp-spectate.v1").await;
    assert!(
        late.line().await.contains("Annabel"),
        "there is a shard again"
    );
    answering.abort();
}

/// The session that asks for the rooms, answered once.
async fn asked(game: &mut Game) -> Player {
    let mut asker = game.player().await;
    asker.send(format!("CONNECTED|{B}\n")).await;
    list_once(&mut asker).await;
    asker
}

#[tokio::test]
async fn only_the_token_admits() {
    let game = Game::start().await;
    let relay = start_with_token(&game).await;
    for (offered, words) in [
        ("mp-spectate.v1", "only with an access token"),
        ("mp-spectate.v1, access.abcdefghijkm", "not the right one"),
        ("access., mp-spectate.v1", "not the right one"),
    ] {
        let mut refused = open(&relay, ROOM, offered).await;
        refused.expect_close(1008, words).await;
    }
    let mut spectator = open(&relay, ROOM, "access.abcdefghijkl, mp-spectate.v1").await;
    spectator.expect(EMPTY).await;
}

/// A relay that shows races to those who have a token.
async fn start_with_token(game: &Game) -> Relay {
    start(game, |config| {
        config.spectating.access = "token:abcdefghijkl".parse().unwrap();
    })
    .await
}

#[tokio::test]
async fn the_list_of_rooms_needs_the_token_too() {
    let mut game = Game::start().await;
    let relay = start_with_token(&game).await;
    let answer = get(&relay, "/api/rooms").await;
    assert_eq!(status(&answer), "401", "{answer}");
    assert_eq!(header(&answer, "www-authenticate"), "Bearer");
    assert_eq!(header(&answer, "access-control-allow-origin"), "*");
    assert!(body(&answer).contains("only with an access token"));
    assert!(body(&answer).contains("Authorization: Bearer TOKEN"));
    for (token, words) in [
        ("Basic abcdefghijkl", "only with an access token"),
        ("abcdefghijkl", "only with an access token"),
        ("Bearer abcdefghijkm", "not the right one"),
        ("Bearer ", "only with an access token"),
    ] {
        let answer = get_with(token, LOCAL, &relay, "/api/rooms").await;
        assert_eq!(status(&answer), "401", "{token}: {answer}");
        assert!(body(&answer).contains(words), "{token}: {answer}");
    }
    assert!(!game.has_player(), "the game server is not asked for them");
    let asking = async {
        for token in ["Bearer abcdefghijkl", "bearer abcdefghijkl"] {
            let answer = get_with(token, LOCAL, &relay, "/api/rooms").await;
            assert_eq!(status(&answer), "200", "{answer}");
            assert!(body(&answer).contains("Monza"), "{answer}");
        }
    };
    tokio::join!(asking, asked(&mut game));
}

#[tokio::test]
async fn wrong_tokens_slow_down_their_address_and_no_other() {
    let game = Game::start().await;
    let relay = start_with_token(&game).await;
    // Both doors count together: five and five.
    for _ in 0..5 {
        let mut refused = open(&relay, ROOM, "mp-spectate.v1, access.abcdefghijkm").await;
        refused.expect_close(1008, "not the right one").await;
        let answer = get_with("Bearer wrong", LOCAL, &relay, "/api/rooms").await;
        assert_eq!(status(&answer), "401", "{answer}");
    }
    // Now even the right one is not compared. Nobody is told so who offers none.
    let right = "mp-spectate.v1, access.abcdefghijkl";
    let mut refused = open(&relay, ROOM, right).await;
    refused.expect_close(1013, "Too many wrong").await;
    let answer = get_with("Bearer abcdefghijkl", LOCAL, &relay, "/api/rooms").await;
    assert_eq!(status(&answer), "429", "{answer}");
    assert!((1..=6).contains(&header(&answer, "retry-after").parse::<u32>().unwrap()));
    assert_eq!(status(&get(&relay, "/api/rooms").await), "401");
    let mut spectator = open_from([127, 0, 0, 2], &relay, ROOM, right).await;
    spectator.expect(EMPTY).await;
}

#[tokio::test]
async fn behind_a_proxy_wrong_tokens_slow_down_nobody() {
    let game = Game::start().await;
    let relay = start(&game, |config| {
        config.spectating.access = "token:abcdefghijkl".parse().unwrap();
        config.max_per_ip = 0;
    })
    .await;
    for _ in 0..20 {
        let answer = get_with("Bearer wrong", LOCAL, &relay, "/api/rooms").await;
        assert_eq!(status(&answer), "401", "{answer}");
    }
    let right = "mp-spectate.v1, access.abcdefghijkl";
    let mut spectator = open(&relay, ROOM, right).await;
    spectator.expect(EMPTY).await;
}

#[tokio::test]
async fn with_spectating_off_nobody_watches_and_players_play() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| config.spectating.access = Access::Off).await;
    let mut refused = open(&relay, ROOM, "mp-spectate.v1").await;
    refused.expect_close(1008, "shows no races").await;
    let (_browser, _player) = join(&mut game, &relay).await;
}

#[tokio::test]
async fn slots_are_limited_and_come_back() {
    let game = Game::start().await;
    let relay = start(&game, |config| config.spectating.max_spectators = 1).await;
    let mut first = watch(&relay).await;
    let mut second = open(&relay, ROOM, "mp-spectate.v1").await;
    second.expect_close(1013, "too many spectators").await;
    first.send(Message::Close(None)).await;
    first.expect_close(1000, "").await;
    drop(first);
    // The slot is free a moment after the close.
    loop {
        let mut again = open(&relay, ROOM, "mp-spectate.v1").await;
        match again.next().await {
            Message::Text(text) if text == EMPTY => return,
            Message::Close(Some(close)) if u16::from(close.code) == 1013 => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_spectator_only_listens() {
    let game = Game::start().await;
    let relay = start_for(&game).await;
    for message in [
        Message::text("hello"),
        Message::binary(vec![0; 100_000]),
        Message::text(""),
    ] {
        let mut spectator = watch(&relay).await;
        spectator.send(message).await;
        spectator.expect_close(4006, "only listens").await;
    }
    let mut flood = watch(&relay).await;
    for _ in 0..100 {
        flood.send(Message::Ping(vec![7; 125].into())).await;
    }
    flood.expect_close(4004, "more than a spectator may").await;
    let mut nowhere = open(&relay, "no%20room", "mp-spectate.v1").await;
    nowhere.expect_close(4006, "names no room").await;
}

#[tokio::test]
async fn a_spectator_that_reads_nothing_is_closed() {
    let game = Game::start().await;
    let relay = start(&game, |config| {
        config.timeouts.ping = Duration::from_millis(50);
    })
    .await;
    let mut asleep = watch(&relay).await;
    let mut awake = watch(&relay).await;
    let cut = async {
        // The pings go unanswered until the relay has hung up. What it wrote before can still be read.
        asleep.wait_for_end().await;
        asleep.expect_close(4005, "does not read").await;
    };
    tokio::select! {
        () = cut => {}
        message = awake.next() => panic!("a spectator that answers pings is closed too: {message:?}"),
    }
}

#[tokio::test]
async fn a_restart_closes_spectators_with_a_reason() {
    let game = Game::start().await;
    let relay = start(&game, |config| config.drain = Duration::ZERO).await;
    let mut spectator = watch(&relay).await;
    let ((), ()) = tokio::join!(relay.stop(), spectator.expect_close(1012, "restarting"));
}

#[tokio::test]
async fn a_delayed_race_is_shown_whole() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| {
        config.spectating.delay = Duration::from_millis(300);
    })
    .await;
    let mut spectator = watch(&relay).await;
    let (_browser, _player) = join(&mut game, &relay).await;
    assert!(spectator.line().await.contains("Annabel"));
}

/// Answer as a game server with this one room.
async fn list_once(player: &mut Player) {
    player.expect(r#"{"command":"LIST_ROOMS"}"#).await;
    let room = format!(
        r#"{{"id":"{ROOM}","name":"Monza","playerCount":2,"isActive":true,"hostId":"{A}"}}"#
    );
    player
        .send(format!(
            "{{\"command\":\"ROOM_LIST\",\"rooms\":[{room}]}}\n"
        ))
        .await;
}

fn listed(live: bool, spectators: usize) -> Value {
    json!([{
        "id": ROOM, "name": "Monza", "playerCount": 2, "hostId": "public", "isActive": true, "live": live,
        "spectators": spectators, "delayMs": 0
    }])
}

/// What `/api/rooms` lists.
async fn list(relay: &Relay) -> Value {
    let answer = get(relay, "/api/rooms").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut rooms: Value = serde_json::from_str(body(&answer)).unwrap();
    hide_host(&mut rooms[0]);
    rooms
}

/// Check that a room names its host by an id of the relay's, and put a word in its place. The session id is a key.
fn hide_host(room: &mut Value) {
    let host = room["hostId"].take();
    let host = host.as_str().unwrap();
    assert!(host.len() == 12 && !A.contains(host), "{host}");
    room["hostId"] = "public".into();
}

#[tokio::test]
async fn one_session_asks_for_the_rooms_for_everybody_and_says_goodbye() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let asking = async { tokio::join!(list(&relay), list(&relay)) };
    let serving = asked(&mut game);
    let ((one, two), mut asker) = tokio::join!(asking, serving);
    assert_eq!([one, two], [listed(false, 0), listed(false, 0)]);
    // The list is still fresh. The relay knows who plays and who watches without the game server.
    let (browser, mut player) = join(&mut game, &relay).await;
    let mut spectator = open(&relay, ROOM, "mp-spectate.v1").await;
    assert!(spectator.line().await.contains("Annabel"));
    assert_eq!(list(&relay).await, listed(true, 1));
    let goodbye = async {
        asker.expect(r#"{"command":"BYE"}"#).await;
        asker.send("{\"command\":\"BYE_OK\"}\n").await;
        asker.expect_end().await;
    };
    drop((browser, spectator));
    tokio::join!(relay.stop(), goodbye, player.expect_goodbye());
    assert!(!game.has_player(), "one session for all");
}

#[tokio::test]
async fn what_the_list_says_of_a_room_reaches_its_spectators() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut spectator = watch(&relay).await;
    let serving = asked(&mut game);
    let (_answer, _asker) = tokio::join!(get(&relay, "/api/rooms"), serving);
    let mut told: Value = serde_json::from_str(&spectator.line().await).unwrap();
    hide_host(&mut told);
    let expected = json!({ "room": ROOM, "name": "Monza", "hostId": "public", "isActive": true, "players": [] });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_failed_room_list_is_an_error_in_words() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let serving = async {
        let mut asker = game.player().await;
        asker.send(format!("CONNECTED|{B}\n")).await;
        asker.expect(r#"{"command":"LIST_ROOMS"}"#).await;
    };
    let (answer, ()) = tokio::join!(get(&relay, "/api/rooms"), serving);
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert!(body(&answer).contains("ended the session"), "{answer}");
    let again = get(&relay, "/api/rooms").await;
    assert!(again.starts_with("HTTP/1.1 502"), "{again}");
    assert!(!game.has_player(), "a server in trouble is left alone");
    let off = start(&game, |config| config.spectating.access = Access::Off).await;
    let answer = get(&off, "/api/rooms").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}
