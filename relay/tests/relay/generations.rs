//! The relay finds out of which generation its game server is, from our own server and from scripted ones.

use protocol::generation::Generation;
use relay::{Config, Relay, Trust};
use serde_json::Value;
use server::{Options, Server};

use crate::browser::Browser;
use crate::game::{Game, Player};
use crate::http::{body, get, status};
use crate::operating::values;
use crate::{config_for, start_for};

const ID: &str = "0123456789abcdef0123456789abcdef";
const WELCOME: &str = r#"{"command":"CONNECTED","sessionId":"0123456789abcdef0123456789abcdef"}"#;

/// The configuration for a game server of ours.
pub(crate) fn config_of(server: &Server) -> Config {
    let pin = format!("pin:{}", server.certificate_sha256());
    let (tcp, udp) = (server.tcp_addr(), server.udp_addr());
    Config::new(tcp.into(), udp.into(), pin.parse::<Trust>().unwrap())
}

pub(crate) async fn start_server(generation: Generation) -> Server {
    start_server_as(generation, false).await
}

/// Start it sane, or with all defects of the original.
pub(crate) async fn start_server_as(generation: Generation, faithful: bool) -> Server {
    let options = Options {
        generation,
        faithful,
        ..Options::default()
    };
    Server::start(options).await.unwrap()
}

/// What a page is told of the generation.
async fn told(relay: &Relay) -> Option<String> {
    let answer = get(relay, "/api/config").await;
    let config: Value = serde_json::from_str(body(&answer)).unwrap();
    let generation = config.get("generation")?;
    Some(generation.as_str().unwrap().to_owned())
}

async fn ready(relay: &Relay) -> String {
    let answer = get(relay, "/readyz").await;
    assert_eq!(status(&answer), "200", "{answer}");
    body(&answer).to_owned()
}

fn sentence(generation: &str) -> String {
    format!("ready: the game server is of the {generation} generation\n")
}

/// Answer the relay's question by its name, and say goodbye to it.
async fn refuse_name(game: &mut Game, welcome: &str, refusal: &str) {
    let mut asker = greet_probe(game, welcome).await;
    asker.send(format!("{refusal}\n")).await;
    asker.expect(r#"{"command":"BYE"}"#).await;
}

async fn greet_probe(game: &mut Game, welcome: &str) -> Player {
    let mut asker = game.player().await;
    asker.send(format!("{welcome}\n")).await;
    asker.expect(r#"{"command":"NAME","name":"relay"}"#).await;
    asker
}

#[tokio::test]
async fn the_generation_is_found_when_readiness_is_asked_for_and_pages_are_told() {
    for generation in [Generation::First, Generation::Chat, Generation::Token] {
        let server = start_server(generation).await;
        let mut config = config_of(&server);
        config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
        let relay = Relay::start(config).await.unwrap();
        let name = generation.name();
        let dials = r#"mp_relay_dials_total{outcome="ok"}"#;
        let shown = format!("mp_relay_game_server_generation{{generation=\"{name}\"}}");
        assert_eq!(told(&relay).await, None, "a page's question is no dial");
        let before = values(&relay).await;
        assert_eq!((before[dials], before[&shown]), (0.0, 0.0));
        for _ in 0..2 {
            assert_eq!(ready(&relay).await, sentence(name));
            assert_eq!(told(&relay).await.as_deref(), Some(name));
        }
        let after = values(&relay).await;
        assert_eq!((after[dials], after[&shown]), (1.0, 1.0));
    }
}

#[tokio::test]
async fn accounts_behind_an_old_welcome_are_found_and_no_password_is_tried() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let refusal = r#"{"command":"ERROR","message":"Authentication required. Use REGISTER, LOGIN, or AUTO_AUTH first."}"#;
    let old = format!("CONNECTED|{ID}");
    let (answer, ()) = tokio::join!(ready(&relay), refuse_name(&mut game, &old, refusal));
    assert_eq!(answer, sentence("accounts"));
    assert_eq!(told(&relay).await.as_deref(), Some("accounts"));
}

#[tokio::test]
async fn a_game_server_that_does_not_answer_is_ready_all_the_same() {
    let mut game = Game::start().await;
    let relay = start_for(&game).await;
    let old = format!("CONNECTED|{ID}");
    let (answer, _asker) = tokio::join!(ready(&relay), greet_probe(&mut game, &old));
    assert_eq!(answer, "ready\n");
    assert_eq!(told(&relay).await, None);
    // It is not asked again at once.
    assert_eq!(ready(&relay).await, "ready\n");
    assert!(!game.has_player());
}

#[tokio::test]
async fn players_show_the_generation_without_a_dial_and_a_replaced_server_is_known_anew() {
    let mut game = Game::start().await;
    let relay = Relay::start(config_for(&game)).await.unwrap();
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    player.send(format!("{WELCOME}\n")).await;
    browser.expect(WELCOME).await;
    assert_eq!(told(&relay).await.as_deref(), Some("token"));
    assert_eq!(ready(&relay).await, sentence("token"));
    assert!(!game.has_player(), "nothing is left to ask");
    // An old welcome: another server is there now.
    let mut browser = Browser::ready(&relay).await;
    let mut player = game.player().await;
    let old = format!("CONNECTED|{ID}");
    player.send(format!("{old}\n")).await;
    browser.expect(&old).await;
    assert_eq!(told(&relay).await, None);
    let unknown = r#"{"command":"UNKNOWN_COMMAND","originalCommand":"MESSAGE"}"#;
    player.send(format!("{unknown}\n")).await;
    browser.expect(unknown).await;
    assert_eq!(told(&relay).await.as_deref(), Some("first"));
    // It cannot be reached, so another one may come back.
    game.go_down().await;
    let mut refused = Browser::connect(&relay).await;
    refused.expect_close(4001, "cannot be reached").await;
    assert_eq!(told(&relay).await, None);
}
