//! A session outlives its WebSocket: nothing is lost, nothing comes twice, and who does not come back leaves no ghost.

use std::time::Duration;

use relay::{Config, Rate, Relay};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::browser::{Browser, READY, request};
use crate::game::{Game, Player};
use crate::http::{get, status};
use crate::operating::{until, values};
use crate::{config_for, within};

pub(crate) const TOKEN: &str = "AbCdEfGhIjKlMnOp-_QrSt";
pub(crate) const OTHER_TOKEN: &str = "0123456789012345678901";
pub(crate) const HOME: [u8; 4] = [127, 0, 0, 1];
const AWAY: [u8; 4] = [127, 0, 0, 2];
pub(crate) const PARKED: &str = "mp_relay_players_parked";
pub(crate) const EXPIRED: &str = r#"mp_relay_resumptions_total{step="expired"}"#;
pub(crate) const RESUMED: &str = r#"mp_relay_resumptions_total{step="resumed"}"#;
const NOT_RESUMABLE: &str = r#"mp_relay_resumptions_total{step="not_resumable"}"#;

/// A relay that keeps sessions for longer than any test takes, with the operator's port.
pub(crate) async fn start(game: &Game, change: impl FnOnce(&mut Config)) -> Relay {
    let mut config = config_for(game);
    config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
    config.resume = Duration::from_secs(600);
    change(&mut config);
    Relay::start(config).await.unwrap()
}

/// Let players send four lines at once.
fn few_lines(config: &mut Config) {
    config.rate_limits.lines = Rate {
        per_second: 1,
        burst: 4,
    };
}

pub(crate) fn offer(token: &str, received: u64) -> String {
    format!("mp-relay.v1, resume.{token}.{received}")
}

/// Offer to resume, from an address of this machine.
async fn offer_from(from: [u8; 4], relay: &Relay, token: &str, received: u64) -> Browser {
    let offer = offer(token, received);
    let request = request(relay.addr(), &[("sec-websocket-protocol", &offer)]);
    Browser::request_from(from, relay, request).await
}

pub(crate) async fn offering(relay: &Relay, token: &str, received: u64) -> Browser {
    offer_from(HOME, relay, token, received).await
}

pub(crate) fn ready(resumed: bool, received: u64) -> String {
    format!(r#"{{"relay":"ready","resumed":{resumed},"received":{received},"resumeSeconds":600}}"#)
}

/// Let both sides of a session have one line.
pub(crate) async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    browser: &mut Browser<S>,
    game: &mut Game,
) -> Player {
    let mut player = game.player().await;
    player.send("welcome\n").await;
    browser.expect("welcome").await;
    browser.say("hello").await;
    player.expect("hello").await;
    player
}

async fn close(browser: &mut Browser, code: CloseCode) {
    let reason = "".into();
    let frame = Some(CloseFrame { code, reason });
    browser.socket.close(frame).await.unwrap();
}

/// Begin a session, of which both sides have had one line.
pub(crate) async fn begin_from(
    from: [u8; 4],
    game: &mut Game,
    relay: &Relay,
    token: &str,
) -> (Browser, Player) {
    let mut browser = offer_from(from, relay, token, 0).await;
    browser.expect(&ready(false, 0)).await;
    let player = greet(&mut browser, game).await;
    (browser, player)
}

pub(crate) async fn begin(game: &mut Game, relay: &Relay) -> (Browser, Player) {
    begin_from(HOME, game, relay, TOKEN).await
}

/// Begin a session, and cut its WebSocket.
pub(crate) async fn park(game: &mut Game, relay: &Relay) -> Player {
    let (browser, player) = begin(game, relay).await;
    drop(browser);
    until(relay, PARKED, 1.0).await;
    player
}

/// Lines pass both ways.
pub(crate) async fn passes(browser: &mut Browser, player: &mut Player) {
    browser.say("up").await;
    player.expect("up").await;
    player.send("down\n").await;
    browser.expect("down").await;
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_comes_twice_over_a_cut() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    player.send("a\nb\n").await;
    browser.expect("a").await;
    // The relay has written b, and the browser does not read it. The last word comes just before the cut.
    browser.say("last word").await;
    drop(browser);
    player.expect("last word").await;
    until(&relay, PARKED, 1.0).await;
    player.send("c\n").await;
    let mut browser = offering(&relay, TOKEN, 2).await;
    browser.expect(&ready(true, 2)).await;
    browser.expect("b").await;
    browser.expect("c").await;
    passes(&mut browser, &mut player).await;
    let values = values(&relay).await;
    let steps = [PARKED, RESUMED, EXPIRED, NOT_RESUMABLE].map(|name| values[name]);
    assert_eq!(steps, [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(values["mp_relay_players"], 1.0);
    assert_eq!(values["mp_relay_players_admitted_total"], 1.0);
}

#[tokio::test]
async fn another_websocket_takes_over_a_connection_that_is_half_open() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| config.max_per_ip = 1).await;
    let (mut old, mut player) = begin(&mut game, &relay).await;
    player.send("unread\n").await;
    let mut new = offer_from(AWAY, &relay, TOKEN, 1).await;
    new.expect(&ready(true, 1)).await;
    new.expect("unread").await;
    passes(&mut new, &mut player).await;
    old.expect_close(4007, "taken this session over").await;
    // The slot has moved with the player.
    let mut third = offer_from(AWAY, &relay, OTHER_TOKEN, 0).await;
    third.expect_close(1013, "from this address").await;
    let _home = begin_from(HOME, &mut game, &relay, OTHER_TOKEN).await;
    passes(&mut new, &mut player).await;
}

#[tokio::test]
async fn however_much_is_written_to_a_half_open_connection_its_client_gets_it_all() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let (_half_open, mut player) = begin(&mut game, &relay).await;
    let line = |number: usize| format!("{number} {}", "x".repeat(1000));
    for number in 0..100 {
        player.send(format!("{}\n", line(number))).await;
    }
    // So the relay has read them, and written what it writes.
    within("most of the lines", async {
        while values(&relay).await["mp_relay_lines_waiting_bytes"] < 60_000.0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut new = offering(&relay, TOKEN, 1).await;
    new.expect(&ready(true, 1)).await;
    for number in 0..100 {
        new.expect(&line(number)).await;
    }
    passes(&mut new, &mut player).await;
}

#[tokio::test]
async fn a_player_who_reads_misses_no_message_of_a_burst() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    let message = |number: usize| {
        let text = "x".repeat(1000);
        format!(
            r#"{{"command":"RELAYED_MESSAGE","senderId":"{}","senderName":"Bo","message":"{number} {text}"}}"#,
            "f".repeat(32)
        )
    };
    for number in 0..150 {
        player.send(format!("{}\n", message(number))).await;
    }
    within("most of the lines", async {
        while values(&relay).await["mp_relay_lines_waiting_bytes"] < 100_000.0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for number in 0..150 {
        browser.expect(&message(number)).await;
    }
}

#[tokio::test]
async fn what_waits_for_a_client_to_confirm_is_written_before_the_close() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    let line = |number: usize| format!("{number} {}", "x".repeat(1000));
    for number in 0..60 {
        player.send(format!("{}\n", line(number))).await;
    }
    player
        .send("{\"command\":\"BYE_ADMIN\",\"message\":\"out\"}\n")
        .await;
    drop(player);
    for number in 0..60 {
        browser.expect(&line(number)).await;
    }
    browser
        .expect(r#"{"command":"BYE_ADMIN","message":"out"}"#)
        .await;
    browser.expect_close(4000, "").await;
}

#[tokio::test]
async fn another_websocket_gives_a_player_no_more_than_one() {
    let mut game = Game::start().await;
    let relay = start(&game, few_lines).await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    for sent in 1..4 {
        browser.say("up").await;
        player.expect("up").await;
        browser = offering(&relay, TOKEN, 1).await;
        browser.expect(&ready(true, sent + 1)).await;
    }
    for _ in 0..3 {
        browser.say("up").await;
    }
    browser.expect_close(4004, "more than a player may").await;
}

#[tokio::test]
async fn answers_to_the_relays_own_pings_are_no_flood() {
    let mut game = Game::start().await;
    let relay = start(&game, few_lines).await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    for number in 0..20 {
        player
            .send(format!("{number} {}\n", "x".repeat(8_000)))
            .await;
        assert!(browser.line().await.starts_with(&format!("{number} ")));
    }
    passes(&mut browser, &mut player).await;
    for _ in 0..5 {
        browser
            .send(Message::Pong([0; 8].as_slice().to_owned().into()))
            .await;
    }
    browser.expect_close(4004, "more than a player may").await;
}

/// Ask for the session, and hang up at once. The relay runs on this thread, so it sees the request and its end together.
async fn abandoned(relay: &Relay, received: u64) {
    let offer = offer(TOKEN, received);
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {offer}\r\n\r\n"
    );
    let mut socket = std::net::TcpStream::connect(relay.addr()).unwrap();
    std::io::Write::write_all(&mut socket, request.as_bytes()).unwrap();
    drop(socket);
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn an_attempt_that_its_client_has_given_up_takes_nothing_over() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    for _attempt in 0..3 {
        abandoned(&relay, 1).await;
    }
    // Connections are accepted in their order.
    assert_eq!(status(&get(&relay, "/healthz").await), "200");
    until(&relay, "mp_relay_http_connections", 0.0).await;
    passes(&mut browser, &mut player).await;
    assert_eq!(values(&relay).await[RESUMED], 0.0);
}

#[tokio::test]
async fn an_address_without_a_free_slot_can_take_its_own_session_over() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| config.max_per_ip = 1).await;
    let (old, mut player) = begin(&mut game, &relay).await;
    let (away, mut away_player) = begin_from(AWAY, &mut game, &relay, OTHER_TOKEN).await;
    let mut new = offer_from(AWAY, &relay, TOKEN, 1).await;
    new.expect(&ready(true, 1)).await;
    passes(&mut new, &mut player).await;
    // Each of the two still holds its slot.
    let mut third = Browser::connect(&relay).await;
    third.expect_close(1013, "from this address").await;
    drop((old, new, away));
    until(&relay, PARKED, 2.0).await;
    away_player.send("still here\n").await;
    let mut away = offer_from(AWAY, &relay, OTHER_TOKEN, 1).await;
    away.expect(&ready(true, 1)).await;
    away.expect("still here").await;
}

#[tokio::test]
async fn a_page_that_goes_away_in_order_is_kept_for_a_shorter_time() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| {
        config.timeouts.reload = Duration::from_millis(200)
    })
    .await;
    let _cut = park(&mut game, &relay).await;
    let (mut closing, mut closed) = begin_from(HOME, &mut game, &relay, OTHER_TOKEN).await;
    close(&mut closing, CloseCode::Library(4009)).await;
    until(&relay, EXPIRED, 1.0).await;
    closed.expect_goodbye().await;
    // The one whose connection broke is still there.
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
}

#[tokio::test]
async fn a_page_that_is_loaded_anew_goes_on() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| {
        config.timeouts.reload = Duration::from_secs(600)
    })
    .await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    close(&mut browser, CloseCode::Library(4009)).await;
    until(&relay, PARKED, 1.0).await;
    // The handshake of the close comes to its end meanwhile.
    browser.wait_for_end().await;
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    passes(&mut browser, &mut player).await;
}

#[tokio::test]
async fn a_client_that_gives_up_a_silent_websocket_is_kept_as_after_a_cut() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| config.timeouts.reload = Duration::ZERO).await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    close(&mut browser, CloseCode::Library(4008)).await;
    until(&relay, PARKED, 1.0).await;
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    passes(&mut browser, &mut player).await;
}

#[tokio::test]
async fn resume_can_be_turned_off() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| config.resume = Duration::ZERO).await;
    let answer = get(&relay, "/api/config").await;
    assert!(answer.contains(r#""resume":false"#), "{answer}");
    let mut browser = offering(&relay, TOKEN, 7).await;
    browser.expect(READY).await;
    let mut player = greet(&mut browser, &mut game).await;
    drop(browser);
    player.expect_goodbye().await;
    assert_eq!(values(&relay).await[EXPIRED], 0.0, "it was not kept at all");
}

#[tokio::test]
async fn a_count_that_cannot_be_served_ends_the_session_before_a_new_one_begins() {
    let mut game = Game::start().await;
    // The new session needs the slot of the old one.
    let relay = start(&game, |config| config.max_connections = 1).await;
    for is_half_open in [false, true] {
        let (mut old, mut player) = begin(&mut game, &relay).await;
        let mut old = match is_half_open {
            true => Some(old),
            false => {
                old.say("cut").await;
                drop(old);
                until(&relay, PARKED, 1.0).await;
                player.expect("cut").await;
                None
            }
        };
        let mut new = offering(&relay, TOKEN, 99).await;
        if let Some(old) = &mut old {
            old.expect_close(4007, "").await;
        }
        player.expect(r#"{"command":"LEAVE_ROOM"}"#).await;
        assert!(!game.has_player(), "first the goodbye");
        player
            .send("{\"command\":\"LEAVE_OK\",\"roomId\":\"1\"}\n")
            .await;
        player.expect(r#"{"command":"BYE"}"#).await;
        player.send("{\"command\":\"BYE_OK\"}\n").await;
        new.expect(&ready(false, 0)).await;
        // It is a session like any other.
        let mut player = greet(&mut new, &mut game).await;
        drop(new);
        until(&relay, PARKED, 1.0).await;
        let mut again = offering(&relay, TOKEN, 1).await;
        again.expect(&ready(true, 1)).await;
        again.socket.close(None).await.unwrap();
        player.expect_goodbye().await;
        until(&relay, "mp_relay_players", 0.0).await;
    }
    assert_eq!(values(&relay).await[NOT_RESUMABLE], 2.0);
}

#[tokio::test]
async fn of_two_that_wait_for_the_goodbye_the_newest_stays() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let mut player = park(&mut game, &relay).await;
    let mut first = offering(&relay, TOKEN, 99).await;
    player.expect(r#"{"command":"LEAVE_ROOM"}"#).await;
    let mut second = offering(&relay, TOKEN, 99).await;
    let mut third = offering(&relay, TOKEN, 99).await;
    second.expect_close(4007, "").await;
    // One that its client has given up does not count.
    abandoned(&relay, 99).await;
    assert_eq!(status(&get(&relay, "/healthz").await), "200");
    until(&relay, "mp_relay_http_connections", 0.0).await;
    player
        .send("{\"command\":\"LEAVE_OK\",\"roomId\":\"1\"}\n")
        .await;
    player.expect(r#"{"command":"BYE"}"#).await;
    player.send("{\"command\":\"BYE_OK\"}\n").await;
    third.expect(&ready(false, 0)).await;
    first.expect_close(4007, "").await;
}

#[tokio::test]
async fn a_session_that_is_still_dialled_is_given_up_for_a_new_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let config = Config::new(at.into(), at.into(), relay::Trust::Insecure);
    let relay = Relay::start(config).await.unwrap();
    let mut first = offering(&relay, TOKEN, 0).await;
    let _silent = listener.accept().await.unwrap();
    // It must not be taken for one that has begun.
    first.say("too early").await;
    let _second = offering(&relay, TOKEN, 0).await;
    first.expect_close(4007, "").await;
    within("another dial", listener.accept()).await.unwrap();
}

#[tokio::test]
async fn every_websocket_that_is_replaced_is_told_so_however_many_do_not_answer() {
    const REFUSALS: &str = "mp_relay_refusals";
    let mut game = Game::start().await;
    let relay = start(&game, |config| {
        config.timeouts.close = Duration::from_secs(3600);
    })
    .await;
    let (first, mut player) = begin(&mut game, &relay).await;
    let mut silent = vec![first];
    // An address has 64 places.
    for count in 1..=64 {
        let mut browser = offering(&relay, TOKEN, 1).await;
        browser.expect(&ready(true, 1)).await;
        until(&relay, REFUSALS, f64::from(count)).await;
        silent.push(browser);
    }
    let mut old = silent.pop().unwrap();
    let mut new = offering(&relay, TOKEN, 1).await;
    new.expect(&ready(true, 1)).await;
    old.expect_close(4007, "taken this session over").await;
    passes(&mut new, &mut player).await;
    assert_eq!(values(&relay).await[REFUSALS], 64.0);
}

#[tokio::test]
async fn a_wrong_token_gets_a_session_of_its_own() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let mut player = park(&mut game, &relay).await;
    let _other = begin_from(HOME, &mut game, &relay, OTHER_TOKEN).await;
    assert_eq!(values(&relay).await[PARKED], 1.0);
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    passes(&mut browser, &mut player).await;
}

#[tokio::test]
async fn a_page_of_another_site_cannot_take_a_session_over() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let mut player = park(&mut game, &relay).await;
    let offer = offer(TOKEN, 1);
    let headers = [
        ("sec-websocket-protocol", offer.as_str()),
        ("origin", "https://other.example"),
    ];
    let mut other = Browser::try_connect(&relay, request(relay.addr(), &headers))
        .await
        .unwrap();
    other.expect_close(1008, "").await;
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    passes(&mut browser, &mut player).await;
}

/// Read up to a ping that says that `lines` lines were written before it, and answer it.
async fn answer_ping(browser: &mut Browser, lines: u64) {
    use futures_util::{SinkExt as _, StreamExt as _};
    let ping = async {
        while browser.socket.next().await.unwrap().unwrap()
            != Message::Ping(lines.to_be_bytes().to_vec().into())
        {}
        browser.socket.flush().await.unwrap();
    };
    within("a ping", ping).await;
}

#[tokio::test]
async fn lines_are_kept_until_the_ping_after_the_next_one_is_answered() {
    let mut game = Game::start().await;
    for (pings, resumed) in [(1, true), (2, false)] {
        let relay = start(&game, |config| {
            config.timeouts.ping = Duration::from_millis(50)
        })
        .await;
        let (mut browser, mut player) = begin(&mut game, &relay).await;
        player.send("a\n").await;
        for _ in 0..pings {
            answer_ping(&mut browser, 2).await;
        }
        // So the relay has read the answer.
        browser.say("x").await;
        player.expect("x").await;
        let mut again = offering(&relay, TOKEN, 1).await;
        if resumed {
            again.expect(&ready(true, 2)).await;
            again.expect("a").await;
        } else {
            player.expect_goodbye().await;
            again.expect(&ready(false, 0)).await;
            game.player().await;
        }
    }
}
