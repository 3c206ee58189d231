//! The limit of open file descriptors, and what players are told when none is left.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::browser::{Browser, READY};
use crate::game::Game;
use crate::program::{in_shell, listening, program};
use crate::within;

/// The program for a game server, dialled by this name or address.
fn relay_for(game: &Game, host: &str) -> Command {
    let pin = relay::Fingerprint::of(&game.certificate);
    let mut command = program();
    command
        .args(["--server", &format!("{host}:{}", game.tcp.port())])
        .args(["--udp", &game.udp.local_addr().unwrap().to_string()])
        .args(["--trust", &format!("pin:{pin}")])
        .args(["--listen", "127.0.0.1:0"]);
    command
}

async fn until_log_says(log: &mut Lines<BufReader<ChildStderr>>, words: &str) -> String {
    let line = async {
        loop {
            let line = log.next_line().await.unwrap().expect(words);
            if line.contains(words) {
                return line;
            }
        }
    };
    within(words, line).await
}

fn log(child: &mut Child) -> Lines<BufReader<ChildStderr>> {
    BufReader::new(child.stderr.take().unwrap()).lines()
}

/// The soft and the hard limit of another process.
fn limits(child: &Child) -> (u64, u64) {
    let process = child.id().unwrap().try_into().unwrap();
    let (mut soft, mut hard) = (0, 0);
    let resource = rlimit::Resource::NOFILE;
    rlimit::prlimit(process, resource, None, Some((&mut soft, &mut hard))).unwrap();
    (soft, hard)
}

#[tokio::test]
async fn the_limit_is_raised_and_a_low_one_is_said() {
    let game = Game::start().await;
    let mut child = in_shell(
        &relay_for(&game, "127.0.0.1"),
        r#"ulimit -Sn 100; exec "$0" "$@""#,
    )
    .spawn()
    .unwrap();
    listening(&mut child).await;
    let (soft, hard) = limits(&child);
    assert_eq!(soft, hard);
    assert!(soft > 100, "{soft}");

    let mut command = relay_for(&game, "127.0.0.1");
    command.args(["--max-connections", "200", "--max-spectators", "100"]);
    let mut child = in_shell(&command, r#"ulimit -n 300; exec "$0" "$@""#)
        .spawn()
        .unwrap();
    let line = until_log_says(&mut log(&mut child), "file descriptors").await;
    for words in [
        "allows 300",
        "200 players",
        "need 2100",
        "LimitNOFILE",
        "--max-connections",
    ] {
        assert!(line.contains(words), "{line}");
    }
    listening(&mut child).await;
}

#[tokio::test]
async fn one_address_cannot_take_all_descriptors() {
    let mut game = Game::start().await;
    let mut child = in_shell(
        &relay_for(&game, "127.0.0.1"),
        r#"ulimit -n 120; exec "$0" "$@""#,
    )
    .spawn()
    .unwrap();
    let mut log = log(&mut child);
    until_log_says(&mut log, "10 players of one address").await;
    let address: SocketAddr = listening(&mut child).await.parse().unwrap();
    let mut players = Vec::new();
    for _ in 0..10 {
        let mut browser = Browser::connect_at(address).await;
        browser.expect(READY).await;
        players.push((browser, game.player().await));
    }
    let mut another = Browser::connect_at(address).await;
    another.expect_close(1013, "address").await;
    let mut neighbour = Browser::connect_at_from([127, 0, 0, 2], address).await;
    neighbour.expect(READY).await;
}

/// Leave a process exactly this many numbers for new file descriptors.
fn leave(child: &Child, free: usize) {
    let process = child.id().unwrap();
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let taken: BTreeSet<u64> = files
        .map(|file| file.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    let last = (0..).filter(|number| !taken.contains(number)).nth(free - 1);
    let limit = last.unwrap() + 1;
    let (_, hard) = limits(child);
    let resource = rlimit::Resource::NOFILE;
    rlimit::prlimit(
        process.try_into().unwrap(),
        resource,
        Some((limit, hard)),
        None,
    )
    .unwrap();
}

#[tokio::test]
async fn a_relay_without_descriptors_is_full_not_its_server_down() {
    let mut game = Game::start().await;
    // A resolver without descriptors says that there is no such name.
    for host in ["127.0.0.1", "localhost"] {
        let mut child = relay_for(&game, host).spawn().unwrap();
        let address: SocketAddr = listening(&mut child).await.parse().unwrap();
        let mut log = log(&mut child);
        let mut playing = Browser::connect_at(address).await;
        playing.expect(READY).await;
        playing.say("hello").await;
        // Dials that were given up may have come to the game server, too.
        let mut player = loop {
            let mut player = game.player().await;
            if player.line().await.as_deref() == Some("hello") {
                break player;
            }
        };
        // One for the browser's connection, and then one or none for the game server's, which needs two.
        for free in [2, 1] {
            leave(&child, free);
            let mut browser = Browser::connect_at(address).await;
            browser.expect_close(1013, "relay is full").await;
            until_log_says(&mut log, "no file descriptor is left").await;
            drop(browser);
            playing.say("still here").await;
            player.expect("still here").await;
        }
        leave(&child, 10);
        let mut browser = Browser::connect_at(address).await;
        browser.expect(READY).await;
        game.player().await;
    }
}
