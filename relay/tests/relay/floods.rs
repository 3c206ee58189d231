//! Frames that are wrong, too large or too many end their sender's session. A browser that does not read harms only
//! itself.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use relay::{Config, Rate, Relay};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::browser::{Browser, READY};
use crate::game::{Game, Player};
use crate::resuming::{TOKEN, begin_from, offering, passes, ready};
use crate::signed;
use crate::{config_for, start_for, within};

/// Let players send as much as they like.
fn generous(game: &Game) -> Config {
    let plenty = Rate {
        per_second: 1_000_000_000,
        burst: 1_000_000_000,
    };
    let mut config = config_for(game);
    config.rate_limits.lines = plenty;
    config.rate_limits.line_bytes = plenty;
    config.rate_limits.datagrams = plenty;
    config.rate_limits.bytes = plenty;
    config
}

async fn close_after(message: Message, code: u16, words: &str) {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut other = Browser::ready(&relay).await;
    let mut other_player = game.player().await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    browser.send(message).await;
    browser.expect_close(code, words).await;
    player.expect_goodbye().await;
    // Nobody else is disturbed.
    other.say("still here").await;
    other_player.expect("still here").await;
}

#[tokio::test]
async fn malformed_frames_are_refused() {
    close_after(Message::text("two\nlines"), 4006, "newline").await;
    close_after(Message::text("end\n"), 4006, "newline").await;
    close_after(Message::text(""), 4006, "empty").await;
    close_after(Message::binary(""), 4006, "empty").await;
}

#[tokio::test]
async fn text_that_is_not_utf8_is_refused() {
    let text = OpCode::Data(Data::Text);
    let frame = Frame::message(&b"\xff\xfe"[..], text, true);
    close_after(Message::Frame(frame), 4006, "UTF-8").await;
}

#[tokio::test]
async fn frames_that_are_too_large_are_refused() {
    let line = "x".repeat(protocol::frame::MAX_CLIENT_LINE_BYTES + 1);
    close_after(Message::text(line), 1009, "8192").await;
    close_after(Message::binary(vec![1; 2049]), 1009, "2048").await;
}

/// Take all slots of the relay for HTTP connections, in equal parts from five addresses, and send this on each.
async fn take_all_slots(relay: &Relay, bytes: &[u8]) -> Vec<TcpStream> {
    // Each takes a descriptor at both ends.
    rlimit::increase_nofile_limit(8192).unwrap();
    let mut sockets = Vec::new();
    for number in 0..1024 {
        let socket = TcpSocket::new_v4().unwrap();
        let address = [127, 0, 0, 2 + (number % 5) as u8];
        socket.bind((address, 0).into()).unwrap();
        let mut socket = socket.connect(relay.addr()).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        sockets.push(socket);
    }
    sockets
}

#[tokio::test]
async fn connections_that_wait_after_a_response_keep_nobody_out() {
    let game = Game::start().await;
    let relay = start_for(&game).await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut idle = take_all_slots(&relay, request).await;
    for socket in &mut idle {
        let mut begin = [0; 12];
        within("a response", socket.read_exact(&mut begin))
            .await
            .unwrap();
        assert_eq!(&begin, b"HTTP/1.1 200");
    }
    for _ in 0..10 {
        let answer = crate::http::get(&relay, "/healthz").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn sign_ins_and_race_starts_are_limited_for_a_player_and_for_an_address() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    let few = |burst| Rate {
        per_second: 1,
        burst,
    };
    config.rate_limits.costly_lines = few(3);
    config.rate_limits.costly_lines_of_address = few(4);
    let relay = Relay::start(config).await.unwrap();
    let mut one = Browser::ready(&relay).await;
    let mut player = game.player().await;
    let costly = [
        r#"{"command":"NAME","name":"Ann"}"#,
        r#"{"command":"START_GAME"}"#,
        r#"{"command":"BATCH","messages":[]}"#,
    ];
    for line in costly {
        one.say(line).await;
        player.expect(line).await;
    }
    // Others are not.
    for _ in 0..5 {
        one.say(r#"{"command":"LIST_ROOMS"}"#).await;
        player.expect(r#"{"command":"LIST_ROOMS"}"#).await;
    }
    for _ in 0..3 {
        one.say(r#"{"command":"AUTHENTICATE","password":"x"}"#)
            .await;
    }
    one.expect_close(4004, "slow it down").await;
    let mut other = Browser::ready(&relay).await;
    for _ in 0..3 {
        other.say(costly[0]).await;
    }
    other.expect_close(1013, "from this address").await;
}

#[tokio::test]
async fn others_of_an_address_do_not_end_the_session_of_who_is_signed_in() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.rate_limits.costly_lines_of_address = Rate {
        per_second: 1,
        burst: 2,
    };
    let relay = Relay::start(config).await.unwrap();
    let mut host = Browser::ready(&relay).await;
    let mut player = game.player().await;
    let name = r#"{"command":"NAME","name":"Ann"}"#;
    host.say(name).await;
    player.expect(name).await;
    let signed_in =
        r#"{"command":"NAME_OK","name":"Ann","authenticated":true,"udpEncryption":true}"#;
    player.send(format!("{signed_in}\n")).await;
    host.expect(signed_in).await;
    let mut neighbour = Browser::ready(&relay).await;
    for _ in 0..3 {
        neighbour.say(name).await;
    }
    neighbour.expect_close(1013, "from this address").await;
    host.say(r#"{"command":"START_GAME"}"#).await;
    let refused = host.line().await;
    assert!(
        refused.starts_with(r#"{"command":"ERROR","message":"Too many"#),
        "{refused}"
    );
    host.say("still here").await;
    player.expect("still here").await;
}

const SIGN_IN: &str = r#"{"command":"NAME","name":"Ann","password":"x"}"#;
const SIGNED_IN: &str = r#"{"command":"NAME_OK","name":"Ann"}"#;
const ROOMS: &str = r#"{"command":"LIST_ROOMS"}"#;

/// Come from this address.
async fn come_from(last: u8, relay: &Relay, game: &mut Game) -> (Browser, Player) {
    let mut browser = Browser::connect_from([127, 0, 0, last], relay).await;
    browser.expect(READY).await;
    (browser, game.player().await)
}

/// Let four players of one address sign in at a game server that has not answered yet, as many as it may have of one address.
async fn sign_in_four(relay: &Relay, game: &mut Game) -> Vec<(Browser, Player)> {
    let mut four = Vec::new();
    for _ in 0..4 {
        let (mut browser, mut player) = come_from(2, relay, game).await;
        browser.say(SIGN_IN).await;
        player.expect(SIGN_IN).await;
        four.push((browser, player));
    }
    four
}

#[tokio::test]
async fn sign_ins_of_one_address_wait_for_each_other_and_not_those_of_others() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.timeouts.sign_in = Duration::from_secs(3600);
    config.timeouts.sign_in_queue = Duration::from_secs(3600);
    let relay = Relay::start(config).await.unwrap();
    let mut four = sign_in_four(&relay, &mut game).await;
    let (mut waiting, mut its_player) = come_from(2, &relay, &mut game).await;
    waiting.say(SIGN_IN).await;
    waiting.say(ROOMS).await;
    // Others without a password need no turn.
    let (mut nameless, mut nameless_player) = come_from(2, &relay, &mut game).await;
    let name = r#"{"command":"NAME","name":"Bo"}"#;
    nameless.say(name).await;
    nameless_player.expect(name).await;
    let (mut newcomer, mut new_player) = come_from(3, &relay, &mut game).await;
    newcomer.say(SIGN_IN).await;
    tokio::select! {
        biased;
        line = its_player.line() => panic!("{line:?} has no turn"),
        () = new_player.expect(SIGN_IN) => {}
    }
    // The relay reads on meanwhile, and what is pushed arrives.
    waiting.send(Message::Ping("x".into())).await;
    let pong = within("a pong", waiting.socket.next()).await;
    assert!(matches!(pong, Some(Ok(Message::Pong(_)))), "{pong:?}");
    its_player.send("pushed\n").await;
    waiting.expect("pushed").await;
    let (browser, player) = &mut four[0];
    player.send(format!("{SIGNED_IN}\n")).await;
    browser.expect(SIGNED_IN).await;
    its_player.expect(SIGN_IN).await;
    its_player.expect(ROOMS).await;
    // An answered one frees its place for the next.
    waiting.say(SIGN_IN).await;
    its_player.send(format!("{SIGNED_IN}\n")).await;
    waiting.expect(SIGNED_IN).await;
    its_player.expect(SIGN_IN).await;
    newcomer.say("still here").await;
    new_player.expect("still here").await;
}

#[tokio::test]
async fn a_sign_in_that_waits_too_long_is_refused_and_its_player_stays() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.timeouts.sign_in = Duration::from_secs(3600);
    config.timeouts.sign_in_queue = Duration::from_millis(100);
    let relay = Relay::start(config).await.unwrap();
    let four = sign_in_four(&relay, &mut game).await;
    let (mut late, mut its_player) = come_from(2, &relay, &mut game).await;
    late.say(SIGN_IN).await;
    late.say("still here").await;
    let refused = late.line().await;
    let error = r#"{"command":"ERROR","message":"Too many players sign in right now."#;
    assert!(refused.starts_with(error), "{refused}");
    its_player.expect("still here").await;
    drop(four);
    late.say(SIGN_IN).await;
    its_player.expect(SIGN_IN).await;
}

#[tokio::test]
async fn a_sign_in_without_an_answer_keeps_its_turn_for_a_while_only() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.timeouts.sign_in = Duration::from_millis(100);
    config.timeouts.sign_in_queue = Duration::from_secs(3600);
    let relay = Relay::start(config).await.unwrap();
    let mut four = sign_in_four(&relay, &mut game).await;
    let (mut waiting, mut its_player) = come_from(2, &relay, &mut game).await;
    waiting.say(SIGN_IN).await;
    its_player.expect(SIGN_IN).await;
    let (browser, player) = &mut four[0];
    browser.say(SIGN_IN).await;
    player.expect(SIGN_IN).await;
}

#[tokio::test]
async fn a_huge_frame_is_refused_while_it_is_still_coming() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    let (mut up, mut down) = browser.socket.split();
    let sending = tokio::spawn(async move { up.send(Message::binary(vec![1; 32 << 20])).await });
    let close = within("the close", down.next()).await.unwrap().unwrap();
    let Message::Close(Some(frame)) = close else {
        panic!("{close:?}");
    };
    assert_eq!(u16::from(frame.code), 1009);
    assert!(frame.reason.contains("8192"), "{}", frame.reason);
    player.expect_goodbye().await;
    // What still comes is read slowly, and given up in the end.
    assert!(!sending.is_finished());
    assert!(within("the end", sending).await.unwrap().is_err());
}

#[tokio::test]
async fn a_player_who_sends_too_much_is_closed() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    let few = Rate {
        per_second: 1,
        burst: 5,
    };
    (config.rate_limits.datagrams, config.rate_limits.lines) = (few, few);
    let relay = Relay::start(config).await.unwrap();
    for message in [
        Message::binary("x"),
        Message::text("x"),
        Message::Ping("x".into()),
    ] {
        let mut browser = Browser::ready(&relay).await;
        let mut player = game.player().await;
        // Far more than the burst and the rate allow together. The relay may close while some are still on their
        // way.
        for _ in 0..100 {
            let _closed = browser.socket.feed(message.clone()).await;
        }
        let _closed = browser.socket.flush().await;
        browser.expect_close(4004, "slow it down").await;
        while player.line().await.is_some_and(|line| line == "x") {}
    }
}

#[tokio::test]
async fn a_browser_that_does_not_read_its_lines_is_closed() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.timeouts.stalled = Duration::from_millis(300);
    let relay = Relay::start(config).await.unwrap();
    let mut slow = Browser::ready(&relay).await;
    let mut slow_player = game.player().await;
    let mut other = Browser::ready(&relay).await;
    let mut other_player = game.player().await;
    // It reads nothing until the relay has closed it.
    slow_player
        .flood(&[b"x".repeat(1000), b"\n".to_vec()].concat())
        .await;
    let mut waiting = 0;
    let close = loop {
        match slow.next().await {
            Message::Text(line) => waiting += line.len(),
            Message::Close(close) => break close.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(u16::from(close.code), 4005);
    assert!(close.reason.contains("too slowly"), "{}", close.reason);
    // The relay drops what waits, so that the close frame reaches even a slow reader.
    assert!(
        waiting < 256 * 1024,
        "{waiting} bytes came before the close"
    );
    other.say("still here").await;
    other_player.expect("still here").await;
}

#[tokio::test]
async fn a_browser_gets_more_lines_at_once_than_may_wait_for_it() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    let lines = ["a", "b", "c", "d"].map(|letter| letter.repeat(protocol::line::MAX_LINE_BYTES));
    let all: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let reading = async {
        for line in &lines {
            browser.expect(line).await;
        }
    };
    tokio::join!(player.send(all), reading);
}

#[tokio::test]
async fn readers_of_one_address_that_stop_hold_a_bounded_amount_and_up_nobody() {
    const STOPPED: usize = 24;
    /// Of one address, and what each may hold and read in one go beside.
    const MOST: f64 = (16 << 20) as f64 + (STOPPED * 64 * 1024) as f64;
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.max_per_ip = STOPPED + 1;
    config.resume = Duration::from_secs(600);
    config.metrics_public = true;
    config.timeouts.stalled = Duration::from_secs(3600);
    let relay = Relay::start(config).await.unwrap();
    let line = [vec![b'x'; protocol::line::MAX_LINE_BYTES], b"\n".to_vec()].concat();
    // Somebody else of the address is away for a moment.
    let (away, mut its_player) = begin_from([127, 0, 0, 2], &mut game, &relay, TOKEN).await;
    drop(away);
    let mut stopped = Vec::new();
    for _ in 0..STOPPED {
        let browser = Browser::connect_from([127, 0, 0, 2], &relay).await;
        let mut player = game.player().await;
        let line = line.clone();
        stopped.push((
            browser,
            tokio::spawn(async move { player.flood(&line).await }),
        ));
    }
    let held = async |name| {
        let page = crate::http::get(&relay, "/metrics").await;
        let mut lines = page.lines();
        let held = lines.find_map(|line| line.strip_prefix(name));
        held.unwrap().parse::<f64>().unwrap()
    };
    let filling = async {
        while held("mp_relay_buffered_bytes ").await < MOST / 2.0 {}
        // What each may hold in any case counts here too.
        while held("mp_relay_lines_waiting_bytes ").await < MOST / 2.0 {}
    };
    within("full buffers", filling).await;
    let mut reader = Browser::ready(&relay).await;
    let mut player = game.player().await;
    for _ in 0..20 {
        let (sent, read) = (player.send("still here\n"), reader.expect("still here"));
        tokio::join!(sent, read);
        let held = held("mp_relay_buffered_bytes ").await;
        assert!(held <= MOST, "{held}");
    }
    let message = format!(
        r#"{{"command":"RELAYED_MESSAGE","senderId":"a","senderName":"Bo","message":"{}"}}"#,
        "x".repeat(8000)
    );
    for _ in 0..6 {
        its_player.send(format!("{message}\n")).await;
    }
    its_player.send("{\"command\":\"PONG\"}\n").await;
    let mut back = offering(&relay, TOKEN, 1).await;
    back.expect(&ready(true, 1)).await;
    while back.line().await == message {}
    passes(&mut back, &mut its_player).await;
    for (_, flooding) in &stopped {
        flooding.abort();
    }
    drop(stopped);
    let emptying = async { while held("mp_relay_buffered_bytes ").await > 0.0 {} };
    within("empty buffers", emptying).await;
}

#[tokio::test]
async fn a_line_of_the_game_server_that_is_too_long_costs_one_answer() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    player
        .send("x".repeat(protocol::line::MAX_LINE_BYTES + 1) + "\nnext\n")
        .await;
    browser
        .expect(r#"{"relay":"lineTooLong","limit":1048576}"#)
        .await;
    browser.expect("next").await;
}

#[tokio::test]
async fn messages_that_a_server_makes_six_times_as_long_count_as_long() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    let plain = "x".repeat(8000);
    for _ in 0..10 {
        browser.say(&plain).await;
        player.expect(&plain).await;
    }
    for _ in 0..10 {
        let _closed = browser.socket.send(Message::text("<".repeat(8000))).await;
    }
    browser.expect_close(4004, "slow it down").await;
    while player
        .line()
        .await
        .is_some_and(|line| line.starts_with('<'))
    {}
}

#[tokio::test]
async fn half_heads_from_many_addresses_keep_nobody_out() {
    let game = Game::start().await;
    let relay = start_for(&game).await;
    let _half_heads = take_all_slots(&relay, b"GET / HTTP/1.1\r\n").await;
    for _ in 0..20 {
        let answer = crate::http::get(&relay, "/healthz").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn an_address_that_connects_again_and_again_is_refused_for_a_while() {
    let mut game = Game::start().await;
    let mut config = config_for(&game);
    config.rate_limits.attempts = Rate {
        per_second: 1,
        burst: 2,
    };
    let relay = Relay::start(config).await.unwrap();
    let refusals = async {
        loop {
            let mut browser = Browser::connect(&relay).await;
            if let Message::Close(Some(close)) = browser.next().await {
                return close;
            }
        }
    };
    let close = tokio::select! {
        close = within("a refusal", refusals) => close,
        () = async { loop { game.player().await; } } => unreachable!(),
    };
    assert_eq!(u16::from(close.code), 1013);
    assert!(close.reason.contains("wait a moment"), "{}", close.reason);
    let mut other = Browser::connect_from([127, 0, 0, 2], &relay).await;
    other.expect(crate::browser::READY).await;
}

#[tokio::test]
async fn frames_without_content_end_their_senders_session() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    let piece =
        |code, is_last| Message::Frame(Frame::message(&b""[..], OpCode::Data(code), is_last));
    browser.send(piece(Data::Text, false)).await;
    for _ in 0..10_000 {
        let _closed = browser.socket.feed(piece(Data::Continue, false)).await;
    }
    let _closed = browser.socket.flush().await;
    browser.expect_close(4006, "pieces").await;
    player.expect_goodbye().await;
}

#[tokio::test]
async fn a_browser_that_does_not_read_gets_the_newest_datagrams() {
    let mut game = Game::start().await;
    let relay = Relay::start(generous(&game)).await.unwrap();
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    signed::sign_in(&mut browser, &mut player).await;
    browser.send(signed::datagram("here I am")).await;
    let (_, at) = game.datagram().await;
    let datagram = |number: u32| {
        let mut bytes = vec![0; 1000];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        bytes
    };
    let sent = 4000;
    for number in 1..=sent {
        game.udp.send_to(&datagram(number), at).await.unwrap();
        if number % 20 == 0 {
            // Frames from the browser are handled while writing to it is blocked.
            browser.say("are you there?").await;
            player.expect("are you there?").await;
        }
    }
    let mut received = Vec::new();
    while received.last() != Some(&sent) {
        let bytes = browser.datagram().await;
        received.push(u32::from_be_bytes(bytes[..4].try_into().unwrap()));
    }
    assert!(received.is_sorted(), "datagrams never overtake each other");
    assert_eq!(received[0], 1);
    // The outbox holds 64, the socket buffers on both sides some fifty more.
    assert!(received.len() < 500, "{} were kept", received.len());
    let gaps = received.windows(2).filter(|pair| pair[1] != pair[0] + 1);
    assert!(gaps.count() >= 1, "the oldest that waited were dropped");
}

#[tokio::test]
async fn a_game_server_that_does_not_read_ends_only_its_player() {
    let mut game = Game::start().await;
    let relay = Relay::start(generous(&game)).await.unwrap();
    let mut other = Browser::ready(&relay).await;
    let mut other_player = game.player().await;
    let browser = Browser::ready(&relay).await;
    let _reads_nothing = game.player().await;
    let (mut up, mut down) = browser.socket.split();
    let line = Message::text("x".repeat(8000));
    let flood = async { while up.send(line.clone()).await.is_ok() {} };
    let close = async {
        loop {
            if let Message::Close(Some(frame)) = down.next().await.unwrap().unwrap() {
                return frame;
            }
        }
    };
    let close = within("the close", async {
        tokio::select! {
            close = close => close,
            () = flood => panic!("closed without a word"),
        }
    });
    let frame = close.await;
    assert_eq!(u16::from(frame.code), 4003);
    assert!(frame.reason.contains("stopped reading"), "{}", frame.reason);
    other.say("still here").await;
    other_player.expect("still here").await;
}
