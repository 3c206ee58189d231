//! Several game servers behind one relay: players, rooms, spectators, trust and failures of one never meet those of another.

use std::time::Duration;

use relay::{Config, GameServer, Relay};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::browser::{Browser, PROTOCOL, READY, request};
use crate::game::{Game, Player};
use crate::http::{body, get, status};
use crate::operating::{until, values};
use crate::resuming::{TOKEN, begin, offer, passes, ready};
use crate::signed::{ID, sign_in};
use crate::spectating::{EMPTY, ROOM, open};
use crate::{config_for, within};

const SPECTATE: &str = "mp-spectate.v1";
const DIALLED: &str = r#"mp_relay_dials_total{outcome="ok",server="west"}"#;
const UNREACHABLE: &str = r#"mp_relay_dials_total{outcome="unreachable",server="west"}"#;

/// A relay for two game servers: `east`, which is the default, and `west`.
fn config_for_both(east: &Game, west: &Game) -> Config {
    let named = |game: &Game, name: &str| GameServer {
        name: Some(name.parse().unwrap()),
        ..config_for(game).game
    };
    let mut config = config_for(east);
    config.game = named(east, "east");
    config.more_games = vec![named(west, "west")];
    config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
    config
}

async fn start(east: &Game, west: &Game, change: impl FnOnce(&mut Config)) -> Relay {
    let mut config = config_for_both(east, west);
    change(&mut config);
    Relay::start(config).await.unwrap()
}

/// Ask for `/ws` with this query and this subprotocol.
async fn connect_as(relay: &Relay, query: &str, offered: &str) -> Browser {
    let mut request = request(relay.addr(), &[(PROTOCOL.0, offered)]);
    let address = format!("ws://{}/ws{query}", relay.addr());
    *request.uri_mut() = address.parse().unwrap();
    Browser::try_connect(relay, request).await.unwrap()
}

async fn connect(relay: &Relay, query: &str) -> Browser {
    connect_as(relay, query, PROTOCOL.1).await
}

/// A player of the game server that this query names.
async fn player(relay: &Relay, query: &str, game: &mut Game) -> (Browser, Player) {
    let mut browser = connect(relay, query).await;
    browser.expect(READY).await;
    (browser, game.player().await)
}

async fn join(relay: &Relay, query: &str, game: &mut Game) -> (Browser, Player) {
    let (mut browser, mut player) = player(relay, query, game).await;
    sign_in(&mut browser, &mut player).await;
    let joined = format!(r#"{{"command":"JOIN_OK","roomId":"{ROOM}"}}"#);
    player.send(format!("{joined}\n")).await;
    browser.expect(&joined).await;
    (browser, player)
}

async fn ask(relay: &Relay, path: &str) -> (String, String) {
    let answer = get(relay, path).await;
    (status(&answer).to_owned(), body(&answer).to_owned())
}

async fn json(relay: &Relay, path: &str) -> Value {
    let (status, body) = ask(relay, path).await;
    assert_eq!(status, "200", "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

#[tokio::test]
async fn players_reach_the_server_they_name_and_the_first_one_by_default() {
    let (mut east, mut west) = (Game::start().await, Game::start().await);
    let relay = start(&east, &west, |_| {}).await;
    for (query, is_east) in [
        ("", true),
        ("?server=west", false),
        ("?other=1&server=%65ast", true),
        ("?server=west&server=east", false),
    ] {
        let game = if is_east { &mut east } else { &mut west };
        let (mut browser, mut player) = player(&relay, query, game).await;
        passes(&mut browser, &mut player).await;
    }
    assert!(!east.has_player() && !west.has_player());
}

#[tokio::test]
async fn a_page_learns_which_servers_there_are_and_what_each_needs() {
    let (east, west) = (Game::start().await, Game::start().await);
    let relay = start(&east, &west, |config| {
        config.more_games[0].label = Some("Wild West".parse().unwrap());
        config.more_games[0].udp_secret = protocol::id::Secret::new("of the west");
        config.more_games[0].trust = relay::Trust::Insecure;
    })
    .await;
    let servers = json!([{ "name": "east" }, { "name": "west", "label": "Wild West" }]);
    for (path, secret, insecure) in [
        ("/api/config", "RacingServerUDP2024!", false),
        ("/api/config?server=east", "RacingServerUDP2024!", false),
        ("/api/config?server=west", "of the west", true),
    ] {
        let config = json(&relay, path).await;
        assert_eq!(config["servers"], servers, "{path}");
        assert_eq!(config["udpSecret"], secret, "{path}");
        assert_eq!(config["insecure"], insecure, "{path}");
    }
    let single = Relay::start(config_for(&east)).await.unwrap();
    assert_eq!(json(&single, "/api/config").await.get("servers"), None);
}

#[tokio::test]
async fn a_server_that_is_not_configured_is_refused_and_never_dialled() {
    let (mut east, mut west) = (Game::start().await, Game::start().await);
    let both = start(&east, &west, |_| {}).await;
    let mut single = config_for(&east);
    single.metrics_listen = Some(([127, 0, 0, 1], 0).into());
    let single = Relay::start(single).await.unwrap();
    for relay in [&both, &single] {
        let address = format!("?server={}", west.tcp);
        let queries = ["?server=north", "?server=", "?server=West", &address];
        for query in queries {
            let mut refused = connect(relay, query).await;
            refused
                .expect_close(1008, "no game server of this name")
                .await;
            let mut refused = open(relay, &format!("{ROOM}{query}"), SPECTATE).await;
            refused
                .expect_close(1008, "no game server of this name")
                .await;
            for path in ["/api/config", "/api/rooms", "/readyz"] {
                let (status, words) = ask(relay, &format!("{path}{query}")).await;
                assert_eq!(status, "404", "{path}{query}");
                assert!(words.contains("no game server of this name"), "{words}");
            }
        }
        let values = values(relay).await;
        for who in ["player", "spectator"] {
            let refused = format!(r#"mp_relay_refused_total{{who="{who}",reason="server"}}"#);
            assert_eq!(values[&refused], queries.len() as f64);
        }
        assert_eq!(values["mp_relay_players_admitted_total"], 0.0);
    }
    assert!(!east.has_player() && !west.has_player());
}

#[tokio::test]
async fn rooms_and_spectators_of_two_servers_do_not_mix() {
    let (mut east, mut west) = (Game::start().await, Game::start().await);
    let relay = start(&east, &west, |_| {}).await;
    // The two servers may have a room, and a session, of the same id.
    let mut of_east = open(&relay, ROOM, SPECTATE).await;
    let mut of_west = open(&relay, &format!("{ROOM}?server=west"), SPECTATE).await;
    of_east.expect(EMPTY).await;
    of_west.expect(EMPTY).await;
    let _eastern = join(&relay, "?server=east", &mut east).await;
    let shown = player_of(&of_east.line().await);
    let _western = join(&relay, "?server=west", &mut west).await;
    // The first thing after the empty room, so nothing of the other server came before.
    let other = player_of(&of_west.line().await);
    assert_ne!(shown, other, "the public knows both by ids of their own");
    for id in [shown, other] {
        assert_ne!(id, ID);
    }
    assert_eq!(values(&relay).await["mp_relay_rooms_watched"], 2.0);
    for (query, game, name) in [
        ("", &mut east, "Eau Rouge"),
        ("?server=west", &mut west, "Laguna"),
    ] {
        let path = format!("/api/rooms{query}");
        let (rooms, _asker) = tokio::join!(json(&relay, &path), asked(game, name));
        assert_eq!(rooms[0]["name"], name);
        assert_eq!(rooms[0]["spectators"], 1);
        assert_eq!(rooms.as_array().unwrap().len(), 1);
    }
}

/// The id of the only player in what a spectator is shown.
fn player_of(shown: &str) -> String {
    let shown: Value = serde_json::from_str(shown).unwrap();
    let [player] = shown["players"].as_array().unwrap().as_slice() else {
        panic!("{shown}");
    };
    player["id"].as_str().unwrap().to_owned()
}

/// Answer the relay's question for the list of rooms.
async fn asked(game: &mut Game, name: &str) -> Player {
    let mut asker = game.player().await;
    asker.send(format!("CONNECTED|{ID}\n")).await;
    asker.expect(r#"{"command":"LIST_ROOMS"}"#).await;
    let list = json!({ "command": "ROOM_LIST", "rooms": [
        { "id": ROOM, "name": name, "playerCount": 1, "isActive": false, "hostId": ID }
    ] });
    asker.send(format!("{list}\n")).await;
    asker
}

#[tokio::test]
async fn a_server_that_is_down_stops_neither_players_nor_readiness_of_another() {
    let (mut east, mut west) = (Game::start().await, Game::start().await);
    west.go_down().await;
    let relay = start(&east, &west, |_| {}).await;
    let mut refused = connect(&relay, "?server=west").await;
    refused.expect_close(4001, "cannot be reached").await;
    let (mut browser, mut player) = player(&relay, "", &mut east).await;
    let welcome = format!(r#"{{"command":"CONNECTED","sessionId":"{ID}"}}"#);
    player.send(format!("{welcome}\n")).await;
    browser.expect(&welcome).await;
    let values = values(&relay).await;
    assert_eq!(values[UNREACHABLE], 1.0);
    assert_eq!(
        values[r#"mp_relay_dials_total{outcome="ok",server="east"}"#],
        1.0
    );
    assert_eq!(values[DIALLED], 0.0);
    // The relay can let players in as long as one game server can.
    for (path, expected) in [
        ("/readyz", "200"),
        ("/readyz?server=east", "200"),
        ("/readyz?server=west", "503"),
    ] {
        let (status, words) = ask(&relay, path).await;
        assert_eq!(status, expected, "{path}: {words}");
        let says = words == "ready: east is of the token generation\n";
        assert_eq!(says, expected == "200", "{words}");
    }
    let (status, _) = ask(&relay, "/api/rooms?server=west").await;
    assert_eq!(status, "502");
}

#[tokio::test]
async fn a_relay_whose_servers_are_all_down_is_unready_and_names_them() {
    let (mut east, mut west) = (Game::start().await, Game::start().await);
    east.go_down().await;
    west.go_down().await;
    let relay = start(&east, &west, |_| {}).await;
    let (status, words) = ask(&relay, "/readyz").await;
    assert_eq!(status, "503");
    for name in ["east", "west"] {
        let named = format!("{name}: The game server cannot be reached");
        assert!(words.contains(&named), "{words}");
    }
}

#[tokio::test]
async fn a_server_that_answers_no_dial_takes_no_turns_of_another() {
    let (mut east, west) = (Game::start().await, Game::start().await);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = start(&east, &west, |config| {
        config.more_games[0].server = silent.local_addr().unwrap().into();
        config.timeouts.dial = Duration::from_secs(3600);
        config.timeouts.dial_queue = Duration::from_secs(3600);
    })
    .await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(connect(&relay, "?server=west").await);
    }
    until(&relay, "mp_relay_dials_waiting", 1.0).await;
    let (mut browser, mut player) = player(&relay, "?server=east", &mut east).await;
    passes(&mut browser, &mut player).await;
    let values = values(&relay).await;
    assert_eq!(values["mp_relay_dials_running"], 2.0);
    assert_eq!(values["mp_relay_dials_running_limit"], 4.0, "two for each");
}

#[tokio::test]
async fn each_server_is_trusted_by_itself_and_trust_is_reloaded_for_all() {
    let (mut east, mut west) = (Game::start().await, Game::start().await);
    let right = config_for_both(&east, &west);
    let mut wrong = right.clone();
    wrong.more_games[0].trust = right.game.trust.clone();
    let relay = Relay::start(wrong.clone()).await.unwrap();
    let mut refused = connect(&relay, "?server=west").await;
    refused.expect_close(4002, "operator must look at it").await;
    let (mut stays, mut player_east) = player(&relay, "", &mut east).await;
    let words = relay.reload(&right).unwrap();
    assert!(
        words.contains("east: exactly") && words.contains("west: exactly"),
        "{words}"
    );
    player(&relay, "?server=west", &mut west).await;
    passes(&mut stays, &mut player_east).await;
    // All of a new configuration or nothing: here the first one would be right, and the second is another server.
    let mut other = wrong;
    other.game.trust = right.more_games[0].trust.clone();
    other.more_games[0].server = "127.0.0.1:9".parse().unwrap();
    let error = relay.reload(&other).unwrap_err().to_string();
    assert!(error.contains("restart"), "{error}");
    let mut renamed = right;
    renamed.more_games[0].name = Some("north".parse().unwrap());
    let error = relay.reload(&renamed).unwrap_err().to_string();
    assert!(error.contains("[[servers]] need a restart"), "{error}");
    player(&relay, "?server=east", &mut east).await;
    player(&relay, "?server=west", &mut west).await;
}

#[tokio::test]
async fn a_session_is_resumed_on_its_own_server_only() {
    let (mut east, mut west) = (Game::start().await, Game::start().await);
    let relay = start(&east, &west, |config| {
        config.resume = Duration::from_secs(600)
    })
    .await;
    let (old, mut eastern) = begin(&mut east, &relay).await;
    drop(old);
    let mut browser = connect_as(&relay, "?server=east", &offer(TOKEN, 1)).await;
    browser.expect(&ready(true, 1)).await;
    passes(&mut browser, &mut eastern).await;
    drop(browser);
    // The token with the name of another server ends the session, and begins one there.
    let mut browser = connect_as(&relay, "?server=west", &offer(TOKEN, 2)).await;
    eastern.expect_goodbye().await;
    browser.expect(&ready(false, 0)).await;
    let mut western = west.player().await;
    passes(&mut browser, &mut western).await;
    assert!(!east.has_player());
    drop(browser);
    let mut browser = connect_as(&relay, "?server=west", &offer(TOKEN, 1)).await;
    browser.expect(&ready(true, 1)).await;
    passes(&mut browser, &mut western).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_log_names_the_server_and_a_hang_up_reads_the_trust_of_each() {
    use crate::configuring::with_file;
    use crate::program::listening;
    use tokio::io::{AsyncBufReadExt as _, BufReader};

    let (east, west) = (Game::start().await, Game::start().await);
    let folder = tempfile::tempdir().unwrap();
    let table = |name: &str, game: &Game, certificate: &Game| {
        let pin = relay::Fingerprint::of(&certificate.certificate);
        format!(
            "[[servers]]\nname = '{name}'\nserver = '{}'\ntrust = 'pin:{pin}'\n",
            game.tcp
        )
    };
    let text = |pinned: &Game, more: &str| {
        let (east, west) = (table("east", &east, &east), table("west", &west, pinned));
        format!("listen = '127.0.0.1:0'\n{east}{west}{more}")
    };
    let mut child = with_file(folder.path(), &text(&east, "")).spawn().unwrap();
    let address = listening(&mut child).await.parse().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = async |words: &str| {
        let said = async {
            loop {
                let line = log.next_line().await.unwrap().expect(words);
                if line.contains(words) {
                    return line;
                }
            }
        };
        within(words, said).await
    };
    let mut request = request(address, &[PROTOCOL]);
    *request.uri_mut() = format!("ws://{address}/ws?server=west").parse().unwrap();
    let mut refused = Browser::try_connect_at(address, request).await.unwrap();
    refused.expect_close(4002, "operator must look at it").await;
    let line = said("not the pinned one").await;
    assert!(line.contains("server{name=west}"), "{line}");
    let changed = text(&west, "udp-secret = 'HIDDEN'\n");
    std::fs::write(folder.path().join("relay.toml"), changed).unwrap();
    let id = child.id().unwrap().to_string();
    let kill = tokio::process::Command::new("kill")
        .args(["-HUP", &id])
        .status()
        .await;
    assert!(kill.unwrap().success());
    let line = said("in effect after a restart").await;
    assert!(line.ends_with(": servers.west.udp-secret"), "{line}");
    let line = said("the configuration is reloaded").await;
    assert!(line.contains("west: exactly the certificate"), "{line}");
}
