//! What the operator sees: metrics, on a port of their own or in public, and whether players can be let in.

use std::collections::HashMap;
use std::time::Duration;

use relay::{Config, Relay};
use tokio_tungstenite::tungstenite::Message;

use crate::browser::Browser;
use crate::game::{Game, Identity};
use crate::http::{body, get, get_at, header, status};
use crate::signed::{datagram, sign_in};
use crate::{config_for, start_for, within};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ROOM: &str = "11111111111111111111111111111111";

/// A relay with a port of the operator's own.
async fn start_with(game: &Game, change: impl FnOnce(&mut Config)) -> Relay {
    let mut config = config_for(game);
    config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
    change(&mut config);
    Relay::start(config).await.unwrap()
}

async fn look(relay: &Relay, path: &str) -> String {
    get_at(relay.metrics_addr().unwrap(), path).await
}

/// All values, keyed by name and labels.
pub(crate) async fn values(relay: &Relay) -> HashMap<String, f64> {
    let answer = look(relay, "/metrics").await;
    assert_eq!(status(&answer), "200");
    parse(body(&answer))
}

fn parse(text: &str) -> HashMap<String, f64> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// Wait until a value is this.
pub(crate) async fn until(relay: &Relay, name: &str, expected: f64) {
    within(name, async {
        while values(relay).await[name] != expected {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_happens_is_counted_and_nobody_is_named() {
    let mut game = Game::start().await;
    let relay = start_with(&game, |config| {
        config.max_connections = 1;
        config.max_per_ip = 0;
    })
    .await;
    let before = values(&relay).await;
    assert_eq!(before["mp_relay_players_limit"], 1.0);
    assert_eq!(before[r#"mp_relay_player_closes_total{code="1000"}"#], 0.0);
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    sign_in(&mut browser, &mut player).await;
    let joined = format!(r#"{{"command":"JOIN_OK","roomId":"{ROOM}"}}"#);
    player.send(format!("{joined}\n")).await;
    browser.expect(&joined).await;
    browser.say(r#"{"command":"PING"}"#).await;
    player.expect(r#"{"command":"PING"}"#).await;
    browser.send(datagram("")).await;
    browser.send(Message::binary(vec![1, 2, 3])).await;
    let (_, way) = game.datagram().await;
    game.udp.send_to(b"{}", way).await.unwrap();
    assert_eq!(browser.datagram().await, b"{}");
    game.udp.send_to(b"", way).await.unwrap();
    let refused = &mut Browser::connect(&relay).await;
    refused.expect_close(1013, "full").await;

    let text = look(&relay, "/metrics").await;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(header(&text, "content-type"), media_type);
    assert!(text.ends_with("# EOF\n"), "{text}");
    for secret in [A, ROOM, "Annabel", "127.0.0.1"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let seen = parse(body(&text));
    for (name, expected) in [
        ("mp_relay_players", 1.0),
        ("mp_relay_players_admitted_total", 1.0),
        (r#"mp_relay_lines_total{direction="up"}"#, 1.0),
        (r#"mp_relay_lines_total{direction="down"}"#, 3.0),
        (r#"mp_relay_datagrams_total{direction="up"}"#, 1.0),
        (r#"mp_relay_datagrams_total{direction="down"}"#, 1.0),
        (
            r#"mp_relay_datagrams_dropped_total{direction="up",reason="foreign"}"#,
            1.0,
        ),
        (r#"mp_relay_dials_total{outcome="ok"}"#, 1.0),
        ("mp_relay_dial_duration_seconds_count", 1.0),
        ("mp_relay_dials_running", 0.0),
        ("mp_relay_datagram_forward_seconds_count", 1.0),
        (r#"mp_relay_datagrams_waiting_bucket{le="0.0"}"#, 1.0),
        (r#"mp_relay_refused_total{who="player",reason="full"}"#, 1.0),
        ("mp_relay_rooms_live", 1.0),
        ("mp_relay_rooms_watched", 0.0),
    ] {
        assert_eq!(seen.get(name), Some(&expected), "{name}\n{text}");
    }
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        seen[&format!("mp_relay_build_info{{version=\"{version}\"}}")],
        1.0
    );
    assert!(seen["mp_relay_uptime_seconds"] > 0.0);
    for direction in ["up", "down"] {
        let bytes = format!("mp_relay_websocket_bytes_total{{direction=\"{direction}\"}}");
        assert!(seen[&bytes] > 100.0, "{bytes}\n{text}");
    }
    assert!(seen["process_start_time_seconds"] > 1e9);
    let empty = r#"mp_relay_datagrams_dropped_total{direction="down",reason="unusable"}"#;
    until(&relay, empty, 1.0).await;

    drop(browser);
    player.expect_goodbye().await;
    until(&relay, r#"mp_relay_player_closes_total{code="1000"}"#, 1.0).await;
    let after = values(&relay).await;
    assert_eq!(after[r#"mp_relay_goodbyes_total{outcome="answered"}"#], 1.0);
    until(&relay, "mp_relay_players", 0.0).await;
}

#[tokio::test]
async fn spectators_are_counted_too() {
    let game = Game::start().await;
    let relay = start_with(&game, |config| {
        config.spectating.access = "token:abcdefghijkl".parse().unwrap();
    })
    .await;
    let mut request =
        tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(format!(
            "ws://{}/spectate/{ROOM}",
            relay.addr()
        ))
        .unwrap();
    let offered = request.headers_mut();
    offered.insert("sec-websocket-protocol", "mp-spectate.v1".parse().unwrap());
    let mut refused = Browser::try_connect(&relay, request.clone()).await.unwrap();
    refused.expect_close(1008, "token").await;
    let offered = "mp-spectate.v1, access.abcdefghijkl".parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offered);
    let mut spectator = Browser::try_connect(&relay, request).await.unwrap();
    assert!(spectator.line().await.contains(ROOM));
    let seen = values(&relay).await;
    for (name, expected) in [
        ("mp_relay_spectators", 1.0),
        ("mp_relay_spectators_admitted_total", 1.0),
        ("mp_relay_rooms_watched", 1.0),
        (
            r#"mp_relay_refused_total{who="spectator",reason="token"}"#,
            1.0,
        ),
    ] {
        assert_eq!(seen.get(name), Some(&expected), "{name}");
    }
    until(&relay, "mp_relay_spectator_frames_total", 1.0).await;
    assert!(values(&relay).await["mp_relay_spectator_sent_bytes_total"] > 50.0);
}

/// Every name, label, unit and help text of a relay that shows races and observes them. `metrics.txt` holds them sorted,
/// with `_` for values of the machine and the clock.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_metrics_keep_their_names_labels_and_help() {
    let game = Game::start().await;
    let relay = start_with(&game, |config| {
        config.observing = Some(relay::Observing::default());
    })
    .await;
    let text = look(&relay, "/metrics").await;
    let line = |line: &str| match line.rsplit_once(' ') {
        Some((name, _)) if name.starts_with("process_") || name == "mp_relay_uptime_seconds" => {
            format!("{name} _\n")
        }
        _ => format!("{line}\n"),
    };
    let mut lines: Vec<_> = body(&text).lines().map(line).collect();
    lines.sort();
    assert_eq!(lines.concat(), include_str!("metrics.txt"));
}

#[tokio::test]
async fn metrics_are_public_only_with_the_option() {
    let game = Game::start().await;
    let relay = start_for(&game).await;
    assert_eq!(relay.metrics_addr(), None);
    assert_eq!(status(&get(&relay, "/metrics").await), "404");
    let relay = start_with(&game, |_| {}).await;
    assert_eq!(status(&get(&relay, "/metrics").await), "404");
    assert_eq!(status(&look(&relay, "/api/config").await), "404");
    assert_eq!(status(&look(&relay, "/healthz").await), "200");
    let relay = start_with(&game, |config| config.metrics_public = true).await;
    assert!(get(&relay, "/metrics").await.contains("mp_relay_players 0"));
}

#[tokio::test]
async fn readiness_is_asked_of_the_game_server_once_and_with_a_goodbye() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let asking: Vec<_> = std::iter::repeat_with(|| get(&relay, "/readyz"))
        .take(20)
        .collect();
    let serving = async {
        let mut player = game.player().await;
        player.send(format!("CONNECTED|{A}\n")).await;
        player.expect(r#"{"command":"NAME","name":"relay"}"#).await;
        let name_ok = r#"{"command":"NAME_OK","name":"relay"}"#;
        player.send(format!("{name_ok}\n")).await;
        player.expect(r#"{"command":"MESSAGE"}"#).await;
        let unknown = r#"{"command":"UNKNOWN_COMMAND","originalCommand":"MESSAGE"}"#;
        player.send(format!("{unknown}\n")).await;
        player.expect(r#"{"command":"BYE"}"#).await;
        player.send("{\"command\":\"BYE_OK\"}\n").await;
        player.expect_end().await;
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(asking), serving);
    for answer in answers {
        let words = "ready: the game server is of the first generation\n";
        assert_eq!((status(&answer), body(&answer)), ("200", words));
        assert_eq!(header(&answer, "cache-control"), "no-store");
    }
    assert_eq!(status(&get(&relay, "/readyz").await), "200");
    assert!(!game.has_player(), "one session was enough");
}

#[tokio::test]
async fn players_sessions_are_proof_enough() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    // Of this welcome there is one generation only, so there is nothing to ask.
    let welcome = format!(r#"{{"command":"CONNECTED","sessionId":"{A}"}}"#);
    player.send(format!("{welcome}\n")).await;
    browser.expect(&welcome).await;
    assert_eq!(status(&get(&relay, "/readyz").await), "200");
    assert!(!game.has_player());
}

#[tokio::test]
async fn a_game_server_that_is_down_makes_the_relay_unready_until_it_is_back() {
    let identity = Identity::odd();
    let mut game = Game::start_as(&identity, rustls::ALL_VERSIONS).await;
    game.go_down().await;
    let mut config = config_for(&game);
    config.timeouts.unready = Duration::from_millis(50);
    let relay = Relay::start(config).await.unwrap();
    let answer = get(&relay, "/readyz").await;
    assert_eq!(status(&answer), "503");
    assert!(body(&answer).contains("cannot be reached"), "{answer}");
    game.come_back(&identity).await;
    let welcoming = async {
        loop {
            let mut player = game.player().await;
            player.send(format!("CONNECTED|{A}\n")).await;
        }
    };
    let asking = within("readiness", async {
        while status(&get(&relay, "/readyz").await) != "200" {}
    });
    tokio::select! {
        () = asking => {}
        () = welcoming => {}
    }
}

#[tokio::test]
async fn a_failure_is_repeated_for_a_while_without_another_dial() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let mut config = Config::new(at.into(), at.into(), relay::Trust::Insecure);
    config.timeouts.dial = Duration::from_millis(50);
    config.timeouts.unready = Duration::from_secs(3600);
    let relay = Relay::start(config).await.unwrap();
    for _ in 0..3 {
        let answer = get(&relay, "/readyz").await;
        assert_eq!(status(&answer), "503");
        assert!(body(&answer).contains("did not answer in time"), "{answer}");
    }
    let _first = within("the one dial", listener.accept()).await.unwrap();
    let second = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
    assert!(second.is_err(), "nobody else has dialled");
}

#[tokio::test]
async fn a_stopping_relay_is_unready_and_does_not_wait_for_scrapers() {
    let mut game = Game::start().await;
    let relay = start_with(&game, |config| config.drain = Duration::from_secs(3600)).await;
    let operator = relay.metrics_addr().unwrap();
    let mut browser = Browser::ready(&relay).await;
    let player = game.player().await;
    let stopping = tokio::spawn(relay.stop());
    browser
        .expect(r#"{"relay":"draining","seconds":3600}"#)
        .await;
    let answer = get_at(operator, "/readyz").await;
    assert_eq!(status(&answer), "503");
    assert!(body(&answer).contains("stopping"), "{answer}");
    let metrics = get_at(operator, "/metrics").await;
    assert!(metrics.contains("mp_relay_players 1"), "{metrics}");
    let _open = tokio::net::TcpStream::connect(operator).await.unwrap();
    drop(player);
    browser.expect_close(4000, "").await;
    drop(browser);
    within("the stop", stopping).await.unwrap();
}
