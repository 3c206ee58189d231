//! Lines that others push at a player: they end no session, whether its player is there, is away or hangs, and they keep no
//! answer from it.

use std::time::Duration;

use relay::{Config, Rate};

use crate::browser::Browser;
use crate::game::{Game, Player};
use crate::operating::{until, values};
use crate::resuming::{PARKED, TOKEN, begin, offering, park, passes, ready, start};
use crate::within;

const PUSHES: &str = r#"mp_relay_limit_reached_total{limit="pushes"}"#;
const PUSHES_AWAY: &str = r#"mp_relay_limit_reached_total{limit="pushes_away"}"#;
const LINES_DOWN: &str = r#"mp_relay_lines_total{direction="down"}"#;
const WAITING: &str = "mp_relay_lines_waiting_bytes";

/// An answer, which must not be left out.
const ANSWER: &str = r#"{"command":"PONG"}"#;

/// A message of another player, as a game server escapes it: of six bytes for each letter.
fn message(letters: usize) -> String {
    let text = r"\u003C".repeat(letters);
    let sender = "f".repeat(32);
    format!(
        r#"{{"command":"RELAYED_MESSAGE","senderId":"{sender}","senderName":"Bo","message":"{text}"}}"#
    )
}

fn game_started(number: usize) -> String {
    format!(
        r#"{{"command":"GAME_STARTED","roomId":"{number}","hostId":"a","spawnPositions":{{}}}}"#
    )
}

/// Let others push as much as they like.
fn generous(config: &mut Config) {
    config.rate_limits.pushed_bytes = Rate {
        per_second: 1_000_000_000,
        burst: 1_000_000_000,
    };
}

async fn say(player: &mut Player, line: &str) {
    player.send(format!("{line}\n")).await;
}

/// Read up to the answer, and count what came before it.
async fn lines_before_the_answer(browser: &mut Browser) -> usize {
    let mut before = 0;
    while browser.line().await != ANSWER {
        before += 1;
    }
    before
}

#[tokio::test]
async fn a_message_of_any_length_does_not_end_the_session_of_a_player_who_is_away() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let mut player = park(&mut game, &relay).await;
    // 270 KB, in whatever order its members are.
    let long = message(45_000);
    say(&mut player, &long).await;
    let command = r#""command":"RELAYED_MESSAGE""#;
    let reordered = long.replace(&format!("{command},"), "");
    let reordered = format!("{},{command}}}", reordered.strip_suffix('}').unwrap());
    say(&mut player, &reordered).await;
    until(&relay, PUSHES_AWAY, 2.0).await;
    say(&mut player, ANSWER).await;
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    assert_eq!(lines_before_the_answer(&mut browser).await, 0);
    passes(&mut browser, &mut player).await;
}

#[tokio::test]
async fn a_player_who_is_away_keeps_an_answer_that_others_have_made_long() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let mut player = park(&mut game, &relay).await;
    let name = "x".repeat(400_000);
    let list = format!(
        r#"{{"command":"ROOM_LIST","rooms":[{{"id":"1","name":"{name}","playerCount":1,"isActive":false,"hostId":"a"}}]}}"#
    );
    say(&mut player, &list).await;
    until(&relay, LINES_DOWN, 2.0).await;
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    browser.expect(&list).await;
    passes(&mut browser, &mut player).await;
}

#[tokio::test]
async fn a_burst_of_messages_stops_nothing_for_a_client_that_hangs() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| {
        generous(config);
        // A stall would hold the lines up for good.
        config.timeouts.stalled = Duration::from_secs(3600);
    })
    .await;
    let (_hanging, mut player) = begin(&mut game, &relay).await;
    let burst = message(8_000);
    for _ in 0..12 {
        say(&mut player, &burst).await;
    }
    say(&mut player, ANSWER).await;
    within("the last line", async {
        // What was left out later was counted as passed too.
        while values(&relay).await[LINES_DOWN] < 14.0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(values(&relay).await[PUSHES] >= 5.0);
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    assert!(lines_before_the_answer(&mut browser).await <= 7);
    passes(&mut browser, &mut player).await;
}

#[tokio::test]
async fn a_client_that_hangs_while_many_answers_wait_is_kept_as_after_a_cut() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| {
        config.timeouts.stalled = Duration::from_millis(300);
    })
    .await;
    let (_hanging, mut player) = begin(&mut game, &relay).await;
    let answer = |number: usize| {
        let text = "x".repeat(1000);
        format!(r#"{{"command":"ERROR","message":"{number} {text}"}}"#)
    };
    for number in 0..400 {
        say(&mut player, &answer(number)).await;
    }
    until(&relay, PARKED, 1.0).await;
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    for number in 0..400 {
        browser.expect(&answer(number)).await;
    }
    passes(&mut browser, &mut player).await;
}

#[tokio::test]
async fn of_the_messages_that_wait_when_a_connection_breaks_a_few_are_kept() {
    let mut game = Game::start().await;
    let relay = start(&game, generous).await;
    let (slow, mut player) = begin(&mut game, &relay).await;
    let burst = message(1_000);
    for _ in 0..30 {
        say(&mut player, &burst).await;
    }
    say(&mut player, ANSWER).await;
    until(&relay, LINES_DOWN, 32.0).await;
    assert!(values(&relay).await[WAITING] > 100_000.0);
    drop(slow);
    until(&relay, PARKED, 1.0).await;
    // Those that were written, and 24 KiB.
    until(&relay, PUSHES_AWAY, 22.0).await;
    assert!(values(&relay).await[WAITING] < 30_000.0);
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    assert_eq!(lines_before_the_answer(&mut browser).await, 8);
    passes(&mut browser, &mut player).await;
}

#[tokio::test]
async fn others_can_push_only_so_much_at_a_player_who_reads() {
    let mut game = Game::start().await;
    let relay = start(&game, |config| {
        config.rate_limits.pushed_bytes = Rate {
            per_second: 1,
            burst: 10_000,
        };
    })
    .await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    for _ in 0..10 {
        say(&mut player, &message(500)).await;
    }
    say(&mut player, ANSWER).await;
    assert_eq!(lines_before_the_answer(&mut browser).await, 3);
    assert_eq!(values(&relay).await[PUSHES], 7.0);
    // What is no push does not count, and the newest start of a race always comes.
    for number in 0..200 {
        say(&mut player, &game_started(number)).await;
    }
    say(&mut player, ANSWER).await;
    let mut newest = String::new();
    loop {
        let line = browser.line().await;
        if line == ANSWER {
            break;
        }
        newest = line;
    }
    assert_eq!(newest, game_started(199));
    for _ in 0..10 {
        let answer = format!(
            r#"{{"command":"ERROR","message":"{}"}}"#,
            "x".repeat(100_000)
        );
        say(&mut player, &answer).await;
        browser.expect(&answer).await;
    }
}

#[tokio::test]
async fn a_message_longer_than_any_of_a_relays_players_reaches_nobody() {
    let mut game = Game::start().await;
    let relay = start(&game, |_| {}).await;
    let (mut browser, mut player) = begin(&mut game, &relay).await;
    // A whole line of a player, each letter escaped.
    let longest = message(protocol::frame::MAX_CLIENT_LINE_BYTES);
    say(&mut player, &longest).await;
    browser.expect(&longest).await;
    say(&mut player, &message(11_000)).await;
    passes(&mut browser, &mut player).await;
    assert_eq!(values(&relay).await[PUSHES], 1.0);
}
