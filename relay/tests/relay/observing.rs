//! Observers on each generation of the game server, and the account that they need on the token generation.

use std::path::{Path, PathBuf};
use std::time::Duration;

use protocol::generation::Generation;
use relay::{Config, Invocation, Observing, Relay};
use serde_json::json;
use server::Server;
use tokio::task::JoinHandle;

use crate::game::{Game, Player};
use crate::generations::{config_of, start_server, start_server_as};
use crate::operating::until;
use crate::racer::{PASSWORD, Racer};
use crate::spectating::{A, ROOM};
use crate::tapping::{Seen, both_ways};
use crate::{config_for, within};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(30);
const WELCOME: &str = r#"{"command":"CONNECTED","sessionId":"0123456789abcdef0123456789abcdef"}"#;
const LOGIN: &str = r#"{"command":"LOGIN","username":"watcher","password":"correct horse"}"#;

/// Let a relay send observers.
fn observing(mut config: Config) -> Config {
    config.observing = Some(Observing::default());
    config.timeouts.observe = LOOK;
    config.drain = Duration::ZERO;
    config
}

fn password_file(folder: &Path) -> PathBuf {
    let file = folder.join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    file
}

fn with_account(mut config: Config, folder: &Path) -> Config {
    config.game.observer_account = Some("watcher".into());
    config.game.observer_password_file = Some(password_file(folder));
    config
}

/// A relay with observers, and another one for the players.
async fn two_relays(server: &Server, config: Config) -> (Relay, Relay) {
    let elsewhere = Relay::start(config_of(server)).await.unwrap();
    (Relay::start(config).await.unwrap(), elsewhere)
}

#[tokio::test]
async fn an_observer_shows_a_room_on_every_generation_and_disturbs_nobody() {
    for (generation, faithful) in both_ways() {
        let server = start_server_as(generation, faithful).await;
        let folder = tempfile::tempdir().unwrap();
        let mut config = with_account(observing(config_of(&server)), folder.path());
        config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
        let (relay, elsewhere) = two_relays(&server, config).await;
        if generation.has_accounts() {
            Racer::sign_in(&elsewhere, generation, "watcher").await;
        }
        let mut ann = Racer::sign_in(&elsewhere, generation, "Annabel").await;
        let mut bob = Racer::sign_in(&elsewhere, generation, "Bobby").await;
        let room = ann.create_room("Monza").await;
        bob.join(&room).await;
        let mut seen = Seen::watch(&relay, room.as_str()).await;
        let mut came = Vec::new();
        within("both cars", async {
            while !(seen.are_at(&[1.0, 2.0]) && seen.names() == ["Annabel", "Bobby"]) {
                ann.drive(1.0).await;
                bob.drive(2.0).await;
                came.extend(ann.datagrams().await);
                came.extend(bob.datagrams().await);
                seen.next().await;
            }
        })
        .await;
        assert_eq!(seen.room.get("notice"), None);
        let here = ann.players().await;
        assert_eq!(here.len(), 3, "the observer has a seat");
        let players = [ann.id, bob.id];
        let observer = here.iter().find(|id| !players.contains(id)).unwrap();
        assert!(!came.is_empty());
        for text in came {
            assert!(!text.contains(observer.as_str()), "{generation}: {text}");
        }
        // Nobody watches any more, so the observer leaves.
        drop(seen);
        until(&relay, "mp_relay_observers", 0.0).await;
        assert_eq!(ann.players().await.len(), 2, "it said goodbye");
    }
}

#[tokio::test]
async fn without_an_account_spectators_are_told_why_they_see_nothing() {
    let generation = Generation::Token;
    let server = start_server(generation).await;
    let (relay, elsewhere) = two_relays(&server, observing(config_of(&server))).await;
    let mut ann = Racer::sign_in(&elsewhere, generation, "Annabel").await;
    let room = ann.create_room("Monza").await;
    let mut seen = Seen::watch(&relay, room.as_str()).await;
    within("the reason", async {
        while seen.room.get("notice").is_none() {
            seen.next().await;
        }
    })
    .await;
    let notice = seen.room["notice"].as_str().unwrap();
    assert!(notice.contains("this relay has none"), "{notice}");
    assert_eq!(ann.players().await.len(), 1, "no observer came");
    // A player of this relay shows the room after all.
    let mut bob = Racer::sign_in(&relay, generation, "Bobby").await;
    bob.join(&room).await;
    within("both cars without a notice", async {
        while !seen.are_at(&[1.0, 2.0]) || seen.room.get("notice").is_some() {
            ann.drive(1.0).await;
            bob.drive(2.0).await;
            seen.next().await;
        }
    })
    .await;
}

/// Answer every request for the list with one room that somebody is in.
fn list_for_ever(mut asker: Player) -> JoinHandle<()> {
    let list = json!({ "command": "ROOM_LIST", "rooms": [
        { "id": ROOM, "name": "Monza", "playerCount": 2, "maxPlayers": 20, "isActive": true, "hostId": A }
    ] });
    tokio::spawn(async move {
        while let Some(_question) = asker.line().await {
            asker.send(format!("{list}\n")).await;
        }
    })
}

/// The next observer's session.
async fn observer(game: &mut Game) -> Player {
    let mut observer = game.player().await;
    observer.send(format!("{WELCOME}\n")).await;
    observer
}

async fn answer(player: &mut Player, question: &str, answer: &str) {
    player.expect(question).await;
    player.send(format!("{answer}\n")).await;
}

/// A relay of a scripted token server whose first session asks for the list.
async fn scripted(folder: &Path) -> (Game, Relay, Config, Seen, JoinHandle<()>) {
    let mut game = Game::start().await;
    let config = with_account(observing(config_for(&game)), folder);
    let relay = Relay::start(config.clone()).await.unwrap();
    let seen = Seen::watch(&relay, ROOM).await;
    let asker = observer(&mut game).await;
    (game, relay, config, seen, list_for_ever(asker))
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_until_the_configuration_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut game, relay, config, mut seen, _listing) = scripted(folder.path()).await;
    let mut first = observer(&mut game).await;
    let wrong = r#"{"command":"LOGIN_FAILED","message":"Invalid username or password."}"#;
    answer(&mut first, LOGIN, wrong).await;
    answer(
        &mut first,
        r#"{"command":"BYE"}"#,
        r#"{"command":"BYE_OK"}"#,
    )
    .await;
    within("the reason", async {
        while seen.room.get("notice").is_none() {
            seen.next().await;
        }
    })
    .await;
    let notice = seen.room["notice"].as_str().unwrap();
    assert!(
        notice.contains("does not let this relay's account in"),
        "{notice}"
    );
    // Its cooldown is ten looks. Nobody comes for three times as long.
    let nobody = tokio::time::timeout(LOOK * 30, game.player()).await;
    assert!(nobody.is_err(), "the password is not tried again");
    relay.reload(&config).unwrap();
    let mut second = observer(&mut game).await;
    second.expect(LOGIN).await;
}

#[tokio::test]
async fn a_password_that_nobody_answers_is_tried_twice_because_a_third_wrong_one_locks_the_account()
{
    let folder = tempfile::tempdir().unwrap();
    let (mut game, _relay, _config, mut seen, _listing) = scripted(folder.path()).await;
    for _ in 0..2 {
        let mut asked = observer(&mut game).await;
        asked.expect(LOGIN).await;
        // The game server restarts.
        drop(asked);
    }
    within("the reason", async {
        while seen.room.get("notice").is_none() {
            seen.next().await;
        }
    })
    .await;
    // Its cooldown is ten looks. Nobody comes for three times as long.
    let nobody = tokio::time::timeout(LOOK * 30, game.player()).await;
    assert!(nobody.is_err(), "the password is not tried again");
}

#[tokio::test]
async fn after_the_password_the_token_signs_in() {
    let folder = tempfile::tempdir().unwrap();
    let (mut game, _relay, _config, _seen, _listing) = scripted(folder.path()).await;
    let mut first = observer(&mut game).await;
    let ok = r#"{"command":"LOGIN_OK","userId":1,"username":"watcher","token":"abc"}"#;
    answer(&mut first, LOGIN, ok).await;
    first
        .expect(r#"{"command":"NAME","name":"spectator-relay-012345"}"#)
        .await;
    drop(first);
    // The next one comes after a cooldown.
    let mut second = observer(&mut game).await;
    let token = r#"{"command":"AUTO_AUTH","token":"abc"}"#;
    let expired = r#"{"command":"AUTO_AUTH_FAILED","message":"Token invalid or expired."}"#;
    answer(&mut second, token, expired).await;
    // The password was right, so it may be used again.
    answer(&mut second, LOGIN, ok).await;
    second
        .expect(r#"{"command":"NAME","name":"spectator-relay-012345"}"#)
        .await;
}

#[test]
fn an_account_is_checked_and_its_password_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = password_file(folder.path());
    let file = file.to_str().unwrap();
    let read = |more: &[&str]| {
        let first = ["mp-relay", "--server", "a:1", "--trust", "system"];
        Invocation::read(first.iter().chain(more).map(Into::into))
    };
    let account = ["--observer-account", "watcher"];
    let password = ["--observer-password-file", file];
    let all = [&["--spectate-observer"], &account[..], &password[..]].concat();
    let printed = read(&all).unwrap().options.to_string();
    assert!(
        printed.contains("observer-account = \"watcher\""),
        "{printed}"
    );
    assert!(
        printed.contains(file) && !printed.contains(PASSWORD),
        "{printed}"
    );
    for (more, words) in [
        (
            [&["--spectate-observer"], &account[..]].concat(),
            "belong together",
        ),
        (
            [&["--spectate-observer"], &password[..]].concat(),
            "belong together",
        ),
        (
            [&account[..], &password[..]].concat(),
            "without --spectate-observer",
        ),
        (
            [&all[..], &["--observer-account", "ab"]].concat()[..].to_vec(),
            "cannot be used multiple times",
        ),
    ] {
        let error = read(&more).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains(PASSWORD), "{error}");
    }
    // The file is read by --check-config too.
    let config = read(&all).unwrap().config;
    for text in ["", "\n", &"x".repeat(2000)] {
        std::fs::write(file, text).unwrap();
        let error = relay::check(&config).unwrap_err().to_string();
        assert!(error.contains("in its first line"), "{error}");
    }
    std::fs::remove_file(file).unwrap();
    let error = relay::check(&config).unwrap_err().to_string();
    assert!(
        error.contains("cannot read --observer-password-file"),
        "{error}"
    );
}
