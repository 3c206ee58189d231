//! Faults of the game server, of a proxy and of the relay itself: what one player sees, what the others see, and that nothing is
//! left over. The table of all faults is docs/faults.md; those of a browser are in tests/e2e/faults.rs.

use std::time::Duration;

use relay::{Config, Relay};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

use crate::browser::Browser;
use crate::game::{Game, Identity, Player};
use crate::operating::{until, values};
use crate::resuming::{
    HOME, OTHER_TOKEN, PARKED, TOKEN, begin, begin_from, greet, offer, offering, passes, ready,
    start,
};
use crate::signed::{datagram, sign_in};
use crate::within;

const PLAYERS: &str = "mp_relay_players";
const ADMITTED: &str = "mp_relay_players_admitted_total";
/// What a fault may not leave behind.
const LEFTOVERS: [&str; 6] = [
    PARKED,
    "mp_relay_refusals",
    "mp_relay_buffered_bytes",
    "mp_relay_dials_running",
    "mp_relay_dials_waiting",
    "mp_relay_http_connections",
];

/// A relay with one player who plays on, whatever goes wrong for others.
struct Scene {
    game: Game,
    relay: Relay,
    other: (Browser, Player),
}

impl Scene {
    async fn start(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(Game::start().await, change).await
    }

    async fn start_on(mut game: Game, change: impl FnOnce(&mut Config)) -> Self {
        let relay = start(&game, change).await;
        let other = begin_from(HOME, &mut game, &relay, OTHER_TOKEN).await;
        Self { game, relay, other }
    }

    /// Begin the session that the fault hits.
    async fn victim(&mut self) -> (Browser, Player) {
        begin(&mut self.game, &self.relay).await
    }

    async fn other_goes_on(&mut self) {
        let (browser, player) = &mut self.other;
        passes(browser, player).await;
    }

    /// The other plays on, and the relay holds nothing but the other's session.
    async fn only_the_other_is_left(mut self) {
        self.other_goes_on().await;
        until(&self.relay, PLAYERS, 1.0).await;
        for name in LEFTOVERS {
            until(&self.relay, name, 0.0).await;
        }
        assert!(!self.game.has_player(), "a session that nobody wanted");
        self.other_goes_on().await;
        let (mut browser, mut player) = self.other;
        browser.socket.close(None).await.unwrap();
        player.expect_goodbye().await;
        until(&self.relay, PLAYERS, 0.0).await;
    }
}

#[tokio::test]
async fn a_game_server_that_breaks_off_in_a_line_ends_only_its_player() {
    let mut scene = Scene::start(|_| {}).await;
    let (mut browser, mut player) = scene.victim().await;
    player.send("whole\nhalf a li").await;
    drop(player);
    browser.expect("whole").await;
    let Message::Close(Some(close)) = browser.next().await else {
        panic!("half a line came");
    };
    assert_eq!(u16::from(close.code), 4000);
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn a_player_whom_an_administrator_removes_is_told_why() {
    let mut scene = Scene::start(|_| {}).await;
    let (mut browser, mut player) = scene.victim().await;
    let line = r#"{"command":"BYE_ADMIN","message":"Disconnected by administrator"}"#;
    player.send(format!("{line}\n")).await;
    drop(player);
    browser.expect(line).await;
    browser.expect_close(4000, "ended the session").await;
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn lines_too_long_and_no_utf8_end_no_session() {
    let mut scene = Scene::start(|_| {}).await;
    let (mut browser, mut player) = scene.victim().await;
    let long = "x".repeat(protocol::line::MAX_LINE_BYTES + 1);
    player.send(format!("{long}\n")).await;
    player.send(b"\xff\xfe\n").await;
    let notice = r#"{"relay":"lineTooLong","limit":1048576}"#;
    browser.expect(notice).await;
    browser.expect("\u{fffd}\u{fffd}").await;
    passes(&mut browser, &mut player).await;
    browser.socket.close(None).await.unwrap();
    player.expect_goodbye().await;
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn answers_out_of_order_pass_in_the_order_in_which_they_came() {
    let mut scene = Scene::start(|_| {}).await;
    let (mut browser, mut player) = scene.victim().await;
    let lines = [
        r#"{"command":"PONG"}"#,
        r#"{"command":"LEAVE_OK","roomId":"1"}"#,
        r#"{"command":"NAME_OK","name":"Ann"}"#,
        r#"{"command":"BYE_OK"}"#,
    ];
    // Nobody has asked for any of them.
    for line in lines {
        player.send(format!("{line}\n")).await;
        browser.expect(line).await;
    }
    passes(&mut browser, &mut player).await;
    browser.socket.close(None).await.unwrap();
    player.expect_goodbye().await;
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn a_game_server_that_stops_reading_leaves_nothing_of_its_player() {
    let mut scene = Scene::start(|config| {
        let plenty = relay::Rate {
            per_second: 1_000_000_000,
            burst: 1_000_000_000,
        };
        (config.rate_limits.lines, config.rate_limits.line_bytes) = (plenty, plenty);
        config.rate_limits.bytes = plenty;
    })
    .await;
    let (browser, _reads_nothing) = scene.victim().await;
    let (mut up, mut down) = futures_util::StreamExt::split(browser.socket);
    let line = Message::text("x".repeat(8000));
    let flood = async {
        while futures_util::SinkExt::send(&mut up, line.clone())
            .await
            .is_ok()
        {}
        std::future::pending::<()>().await;
    };
    let close = async {
        loop {
            let frame = futures_util::StreamExt::next(&mut down).await.unwrap();
            if let Message::Close(Some(frame)) = frame.unwrap() {
                return u16::from(frame.code);
            }
        }
    };
    let close = within("the close", async {
        tokio::select! {
            code = close => code,
            () = flood => unreachable!(),
        }
    });
    assert_eq!(close.await, 4003);
    drop((up, down));
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn a_game_server_that_lets_nobody_in_leaves_its_players_alone() {
    let identity = Identity::odd();
    let game = Game::start_as(&identity, rustls::ALL_VERSIONS).await;
    let mut scene = Scene::start_on(game, |config| {
        config.timeouts.dial = Duration::from_millis(300);
    })
    .await;
    scene.game.go_down().await;
    let mut refused = Browser::connect(&scene.relay).await;
    refused.expect_close(4001, "cannot be reached").await;
    scene.other_goes_on().await;
    // It takes the connection and says nothing.
    let listener = TcpListener::bind(scene.game.tcp).await.unwrap();
    let mut silent = Browser::connect(&scene.relay).await;
    silent.expect_close(4003, "in time").await;
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut hello = Vec::new();
    let end = socket.read_to_end(&mut hello);
    within("the relay to hang up", end).await.unwrap();
    scene.other_goes_on().await;
    // It does not speak TLS.
    let mut plain = Browser::connect(&scene.relay).await;
    let (mut socket, _) = listener.accept().await.unwrap();
    socket.write_all(b"CONNECTED|0123\n").await.unwrap();
    plain.expect_close(4001, "without TLS").await;
    scene.other_goes_on().await;
    // It breaks off in the handshake.
    let mut cut = Browser::connect(&scene.relay).await;
    drop(listener.accept().await.unwrap());
    cut.expect_close(4001, "").await;
    drop((listener, socket));
    // It has another certificate.
    scene.game.come_back(&Identity::odd()).await;
    let mut untrusted = Browser::connect(&scene.relay).await;
    untrusted.expect_close(4002, "certificate").await;
    scene.other_goes_on().await;
    // It is well again.
    scene.game.go_down().await;
    scene.game.come_back(&identity).await;
    let (mut browser, mut player) = scene.victim().await;
    browser.socket.close(None).await.unwrap();
    player.expect_goodbye().await;
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn a_game_server_that_welcomes_nobody_is_told_goodbye() {
    let mut scene = Scene::start(|config| {
        config.timeouts.welcome = Duration::from_millis(50);
    })
    .await;
    let mut browser = offering(&scene.relay, TOKEN, 0).await;
    browser.expect(&ready(false, 0)).await;
    let mut player = scene.game.player().await;
    browser.expect_close(4003, "does not welcome").await;
    player.expect_goodbye().await;
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn a_silent_browser_is_kept_and_can_come_back() {
    let mut scene = Scene::start(|config| {
        config.timeouts.ping = Duration::from_millis(500);
    })
    .await;
    // From here on this one reads nothing.
    let (_silent, mut player) = scene.victim().await;
    let Scene {
        relay,
        other: (mut other, mut other_player),
        ..
    } = scene;
    // The other answers pings all the time.
    let reading = tokio::spawn(async move { (other.line().await, other) });
    until(&relay, PARKED, 1.0).await;
    let mut browser = offering(&relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    passes(&mut browser, &mut player).await;
    browser.socket.close(None).await.unwrap();
    player.expect_goodbye().await;
    until(&relay, PLAYERS, 1.0).await;
    for name in LEFTOVERS {
        until(&relay, name, 0.0).await;
    }
    other_player.send("still here\n").await;
    let (line, _other) = within("a line", reading).await.unwrap();
    assert_eq!(line, "still here");
}

#[tokio::test]
async fn a_browser_that_reads_nothing_leaves_no_buffers() {
    let mut scene = Scene::start(|config| {
        config.timeouts.stalled = Duration::from_millis(300);
    })
    .await;
    let (browser, mut player) = scene.victim().await;
    // First its connection is given up, then its session.
    let text = "x".repeat(1000);
    let answer = format!("{{\"command\":\"ERROR\",\"message\":\"{text}\"}}\n");
    player.flood(answer.as_bytes()).await;
    until(
        &scene.relay,
        r#"mp_relay_player_closes_total{code="4005"}"#,
        1.0,
    )
    .await;
    drop((browser, player));
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn a_slow_reader_misses_datagrams_and_no_line() {
    let mut scene = Scene::start(|_| {}).await;
    let mut browser = offering(&scene.relay, TOKEN, 0).await;
    browser.expect(&ready(false, 0)).await;
    let mut player = scene.game.player().await;
    sign_in(&mut browser, &mut player).await;
    browser.send(datagram("here I am")).await;
    let (_, way) = scene.game.datagram().await;
    let dropped = r#"mp_relay_datagrams_dropped_total{direction="down",reason="slow_browser"}"#;
    while values(&scene.relay).await[dropped] == 0.0 {
        for _ in 0..100 {
            scene.game.udp.send_to(&[0; 1000], way).await.unwrap();
        }
        scene.other_goes_on().await;
    }
    player.send("a line\n").await;
    while browser.next().await != Message::text("a line") {}
    browser.socket.close(None).await.unwrap();
    player.expect_goodbye().await;
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn a_game_server_without_its_udp_port_loses_datagrams_only() {
    let mut scene = Scene::start(|_| {}).await;
    let mut browser = offering(&scene.relay, TOKEN, 0).await;
    browser.expect(&ready(false, 0)).await;
    let mut player = scene.game.player().await;
    sign_in(&mut browser, &mut player).await;
    scene.game.udp = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for _ in 0..10 {
        browser.send(datagram("into the void")).await;
        passes(&mut browser, &mut player).await;
        scene.other_goes_on().await;
    }
    browser.socket.close(None).await.unwrap();
    player.expect_goodbye().await;
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn a_game_server_that_ends_leaves_no_session_of_anybody() {
    let mut scene = Scene::start(|_| {}).await;
    let (browser, away) = scene.victim().await;
    drop(browser);
    until(&scene.relay, PARKED, 1.0).await;
    let (mut other, other_player) = scene.other;
    drop((away, other_player));
    other.expect_close(4000, "ended the session").await;
    for name in [&LEFTOVERS[..], &[PLAYERS]].concat() {
        until(&scene.relay, name, 0.0).await;
    }
    // Whoever was away begins anew.
    let mut browser = offering(&scene.relay, TOKEN, 1).await;
    browser.expect(&ready(false, 0)).await;
}

#[tokio::test]
async fn a_proxy_that_drops_its_connections_ends_no_session() {
    let mut scene = Scene::start(|config| {
        config.front.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let (browser, mut player) = scene.victim().await;
    // A reset, as of a proxy that is restarted.
    browser.socket.get_ref().set_zero_linger().unwrap();
    drop(browser);
    until(&scene.relay, PARKED, 1.0).await;
    scene.other_goes_on().await;
    let mut browser = offering(&scene.relay, TOKEN, 1).await;
    browser.expect(&ready(true, 1)).await;
    passes(&mut browser, &mut player).await;
    browser.socket.close(None).await.unwrap();
    player.expect_goodbye().await;
    scene.only_the_other_is_left().await;
}

#[tokio::test]
async fn a_proxy_without_a_whole_header_holds_nothing() {
    const FROM: [u8; 4] = [127, 0, 0, 9];
    let scene = Scene::start(|config| {
        config.timeouts.http_head = Duration::from_millis(100);
        config.front.trusted_proxies = vec!["127.0.0.9".parse().unwrap()];
        config.front.proxy_protocol = true;
    })
    .await;
    for bytes in [
        // No header, half a header, a header and half a head.
        &b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"PROXY TCP4 192.0.2.1",
        b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 80\r\nGET / HT",
    ] {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((FROM, 0).into()).unwrap();
        let mut socket: TcpStream = socket.connect(scene.relay.addr()).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _end_or_reset = within("the end", socket.read_to_end(&mut answer)).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(values(&scene.relay).await[ADMITTED], 1.0);
    scene.only_the_other_is_left().await;
}

/// The program for a game server, with the address for browsers and that for the operator.
async fn program_for(game: &Game) -> (tokio::process::Child, [std::net::SocketAddr; 2]) {
    let pin = relay::Fingerprint::of(&game.certificate);
    let mut command = crate::program::program();
    command
        .args(["--server", &game.tcp.to_string()])
        .args(["--udp", &game.udp.local_addr().unwrap().to_string()])
        .args(["--trust", &format!("pin:{pin}")])
        .args(["--listen", "127.0.0.1:0"])
        .args(["--metrics-listen", "127.0.0.1:0"])
        .args(["--resume-seconds", "600", "--max-per-ip", "0"])
        .stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let line = crate::program::ready(&mut child).await;
    let port = |name: &str| line[name].as_str().unwrap().parse().unwrap();
    let ports = [port("listen"), port("metrics")];
    (child, ports)
}

/// Begin a session with a relay in another process, of which both sides have had one line.
async fn begin_at(relay: std::net::SocketAddr, token: &str, game: &mut Game) -> (Browser, Player) {
    let mut browser = Browser::offer_at(relay, &offer(token, 0)).await;
    browser.expect(&ready(false, 0)).await;
    let player = greet(&mut browser, game).await;
    (browser, player)
}

#[tokio::test]
async fn a_killed_relay_says_nothing_and_the_next_one_begins_anew() {
    let mut game = Game::start().await;
    let (mut child, [address, _]) = program_for(&game).await;
    let (mut browser, mut player) = begin_at(address, TOKEN, &mut game).await;
    child.kill().await.unwrap();
    let end = within(
        "the end",
        futures_util::StreamExt::next(&mut browser.socket),
    )
    .await;
    assert!(!matches!(end, Some(Ok(_))), "no close frame: {end:?}");
    player.expect_end().await;
    let (_child, [address, _]) = program_for(&game).await;
    let mut browser = Browser::offer_at(address, &offer(TOKEN, 1)).await;
    browser.expect(&ready(false, 0)).await;
    let mut player = game.player().await;
    player.send("welcome\n").await;
    browser.expect("welcome").await;
    passes(&mut browser, &mut player).await;
}

/// One of each kind of fault. Each ends its session.
async fn faults(game: &mut Game, relay: std::net::SocketAddr) {
    // A cut of a client that cannot resume.
    let mut browser = Browser::connect_at(relay).await;
    browser.line().await;
    let mut player = game.player().await;
    drop(browser);
    player.expect_goodbye().await;
    // A frame that is not allowed, and one that is too large.
    for (frame, code) in [
        (Message::text("two\nlines"), 4006),
        (Message::binary(vec![1; 2049]), 1009),
    ] {
        let (mut browser, mut player) = begin_at(relay, TOKEN, game).await;
        browser.send(frame).await;
        browser.expect_close(code, "").await;
        player.expect_goodbye().await;
    }
    // The session is taken over, then the game server ends it.
    let (mut old, mut player) = begin_at(relay, TOKEN, game).await;
    let mut new = Browser::offer_at(relay, &offer(TOKEN, 1)).await;
    new.expect(&ready(true, 1)).await;
    old.expect_close(4007, "").await;
    player.send("half a line").await;
    drop(player);
    new.expect_close(4000, "").await;
    // It is resumed after a cut, and the page is closed.
    let (browser, mut player) = begin_at(relay, TOKEN, game).await;
    drop(browser);
    let mut browser = Browser::offer_at(relay, &offer(TOKEN, 1)).await;
    browser.expect(&ready(true, 1)).await;
    browser.socket.close(None).await.unwrap();
    player.expect_goodbye().await;
    // Half a head.
    let mut socket = TcpStream::connect(relay).await.unwrap();
    socket.write_all(b"GET /ws HT").await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_fault_leaves_a_file_descriptor() {
    let mut game = Game::start().await;
    let (_child, [relay, operator]) = program_for(&game).await;
    let open = async || {
        let page = crate::http::get_at(operator, "/metrics").await;
        let value = |name: &str| {
            let line = page.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().parse::<f64>().unwrap()
        };
        let busy = ["mp_relay_players ", "mp_relay_http_connections "];
        let is_idle = busy.iter().all(|name| value(name) == 0.0);
        is_idle.then(|| value("process_open_fds "))
    };
    let idle = async || loop {
        if let Some(count) = open().await {
            break count;
        }
    };
    faults(&mut game, relay).await;
    let before = within("an idle relay", idle()).await;
    for _ in 0..10 {
        faults(&mut game, relay).await;
    }
    let settled = async { while idle().await > before {} };
    within("the descriptors to be given back", settled).await;
}
