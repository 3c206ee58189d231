//! The program `mp-server`: its ready line, its errors and its end.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

/// The one line on standard output.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ready {
    tcp: SocketAddr,
    udp: SocketAddr,
    certificate_sha256: String,
}

/// Kills the program when the test ends, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mp-server"));
    command
        .args(["--tcp", "127.0.0.1:0", "--udp", "127.0.0.1:0"])
        .args(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Send the program a signal.
#[cfg(unix)]
fn send(running: &Running, signal: &str) {
    let id = running.0.id().to_string();
    let sent = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(sent.success());
}

#[cfg(unix)]
#[test]
fn it_prints_its_addresses_in_one_line_and_stops_cleanly_on_request() {
    for signal in ["-TERM", "-INT"] {
        let mut running = Running(command(&["--bots", "1"]).spawn().unwrap());
        let mut out = BufReader::new(running.0.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let ready: Ready =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        TcpStream::connect(ready.tcp).unwrap();
        assert_ne!(ready.udp.port(), 0);
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        assert!(
            ready.certificate_sha256.len() == 64 && ready.certificate_sha256.bytes().all(is_hex)
        );
        send(&running, signal);
        assert!(running.0.wait().unwrap().success());
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "standard output has one line only");
    }
}

#[test]
fn a_failed_start_is_explained_and_has_an_error_status() {
    let circuits = concat!(env!("CARGO_MANIFEST_DIR"), "/../track/tests/circuits");
    let gpx = format!("{circuits}/raw.gpx");
    let cases: [(&[&str], &str); 3] = [
        (&["--bots", "100"], "at most 18 bots"),
        (
            &["--bots", "1", "--track", "/nowhere/track.json"],
            "/nowhere/track.json",
        ),
        (
            &["--track", &gpx],
            "it is GPX: convert it with `cargo xtask track FILE`",
        ),
    ];
    for (arguments, said) in cases {
        let output = command(arguments).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(said), "{told}");
    }
}

#[cfg(unix)]
#[test]
fn a_server_with_bots_stops_without_a_warning() {
    // A bot that loses its connection to the stopping server is a race, so one stop could miss it.
    for _ in 0..5 {
        let mut command = command(&["--bots", "18"]);
        let mut running = Running(command.env("RUST_LOG", "server=debug").spawn().unwrap());
        let mut log = BufReader::new(running.0.stderr.take().unwrap());
        let mut said = String::new();
        // The bots of the home room, and the connection that asks for rooms.
        while said.matches(" connected").count() < 19 {
            assert_ne!(log.read_line(&mut said).unwrap(), 0, "{said}");
        }
        send(&running, "-INT");
        log.read_to_string(&mut said).unwrap();
        assert!(running.0.wait().unwrap().success());
        assert!(!said.contains("WARN"), "{said}");
    }
}
