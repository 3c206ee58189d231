//! The program's configuration: checked, printed, and read anew.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;

use crate::program::program;
use crate::within;

async fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = within("the end", command.output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

pub(crate) fn with_file(folder: &Path, text: &str) -> Command {
    let file = folder.join("relay.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = program();
    command.arg("--config").arg(file);
    command
}

#[tokio::test]
async fn a_configuration_is_checked_with_the_files_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let right = "server = '127.0.0.1:9'\ntrust = 'insecure'\nlisten = '127.0.0.1:1'\n";
    let (code, said, log) = run(with_file(folder.path(), right).arg("--check-config")).await;
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "the configuration is valid\n")
    );
    assert!(
        log.contains("--trust insecure"),
        "warnings are said too: {log}"
    );
    for (wrong, words) in [
        (
            "server = '127.0.0.1:9'\ntrust = 'ca-file:/does/not/exist'",
            "cannot read",
        ),
        (
            "server = '127.0.0.1:9'\ntrust = 'system'\nmax-connections = 0",
            "at least 1",
        ),
        (
            "server = '127.0.0.1:9'\ntrust = 'system'\nliste = 'x'",
            "unknown key in line 3",
        ),
        (
            "server = '127.0.0.1:9'\ntrust = 'system'\ntrack = '/does/not/exist'",
            "--track",
        ),
        (
            "server = '127.0.0.1:9'\ntrust = 'system'\nserver-name = '?'",
            "--server-name",
        ),
        ("trust = 'system'", "--server"),
    ] {
        let (code, said, log) = run(with_file(folder.path(), wrong).arg("--check-config")).await;
        assert_eq!((code, said.as_str()), (Some(1), ""), "{wrong}");
        assert!(log.contains(words), "{wrong}: {log}");
    }
}

#[tokio::test]
async fn the_options_in_effect_are_printed_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = "server = '127.0.0.1:9'\ntrust = 'system'\nudp-secret = 'HIDDENHIDDEN'\n\
                spectate = 'token:HIDDENHIDDEN'\nupdate-hz = 10";
    let mut command = with_file(folder.path(), file);
    command.env("MP_RELAY_UPDATE_HZ", "11");
    let (code, said, log) = run(command.args(["--print-config", "--max-per-ip", "7"])).await;
    assert_eq!(code, Some(0), "{log}");
    assert!(
        !said.contains("HIDDEN") && !log.contains("HIDDEN"),
        "{said}"
    );
    for line in ["update-hz = 11", "max-per-ip = 7", "udp-secret = \"***\""] {
        assert!(said.lines().any(|it| it == line), "{line}: {said}");
    }
}

/// The unit names the program where it is installed; here it is where cargo built it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn systemd_accepts_the_unit_and_calls_it_safe() {
    let unit = include_str!("../../../docs/mp-relay.service");
    let installed = "/usr/local/bin/mp-relay";
    assert!(unit.contains(installed));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mp-relay.service");
    std::fs::write(
        &file,
        unit.replace(installed, env!("CARGO_BIN_EXE_mp-relay")),
    )
    .unwrap();
    // Of 100: an ordinary service has 90 and more.
    let safe = ["security", "--offline=true", "--threshold=15", "--no-pager"];
    for arguments in [&["verify", "--man=no"][..], &safe] {
        let mut command = Command::new("systemd-analyze");
        command.args(arguments).arg(&file).kill_on_drop(true);
        let said = match within("systemd-analyze", command.output()).await {
            Ok(output) => output,
            Err(_missing) => return eprintln!("not tested: systemd-analyze is not installed"),
        };
        let words = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{words}");
        assert!(!words.contains("mp-relay.service:"), "{words}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_hang_up_reads_the_configuration_anew_and_ends_nothing() {
    use crate::browser::Browser;
    use crate::game::Game;
    use crate::program::listening;
    use tokio::io::{AsyncBufReadExt as _, BufReader};

    let mut game = Game::start().await;
    let folder = tempfile::tempdir().unwrap();
    let pin = relay::Fingerprint::of(&game.certificate).to_string();
    let text = |pin: &str, more: &str| {
        let (tcp, udp) = (game.tcp, game.udp.local_addr().unwrap());
        format!(
            "server = '{tcp}'\nudp = '{udp}'\ntrust = 'pin:{pin}'\nlisten = '127.0.0.1:0'\n{more}"
        )
    };
    let (right, wrong) = (text(&pin, "max-per-ip = 9"), text(&"0".repeat(64), ""));
    let mut child = with_file(folder.path(), &wrong).spawn().unwrap();
    let address = listening(&mut child).await.parse().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let id = child.id().unwrap().to_string();
    let mut hang_up = async |text: &str, words: &str| {
        std::fs::write(folder.path().join("relay.toml"), text).unwrap();
        let kill = Command::new("kill").args(["-HUP", &id]).status().await;
        assert!(kill.unwrap().success());
        let said = async {
            let mut said = String::new();
            while !said.contains(words) {
                said += &log.next_line().await.unwrap().expect(words);
            }
            said
        };
        within(words, said).await
    };
    let mut refused = Browser::connect_at(address).await;
    refused.expect_close(4002, "operator must look at it").await;
    let said = hang_up(
        &right,
        "the configuration is reloaded; trust in the game server: exactly the certificate",
    )
    .await;
    let words = "in effect after a restart: max-per-ip";
    assert!(said.contains(words), "{said}");
    let mut browser = Browser::connect_at(address).await;
    browser.expect(crate::browser::READY).await;
    let mut player = game.player().await;
    hang_up(
        "listen = 'HIDDEN'",
        "not reloaded, everything stays as it was",
    )
    .await;
    hang_up("spectate = 'token:HIDDEN", "wrong in line 1").await;
    let mut second = Browser::connect_at(address).await;
    second.expect(crate::browser::READY).await;
    browser.say("still here").await;
    player.expect("still here").await;
    // While the relay stops, too.
    for signal in ["-TERM", "-HUP"] {
        let kill = Command::new("kill").args([signal, &id]).status().await;
        assert!(kill.unwrap().success());
        if signal == "-TERM" {
            browser.expect(r#"{"relay":"draining","seconds":5}"#).await;
        }
    }
    browser.say("even now").await;
    player.expect("even now").await;
}
