//! The program `mp-server`: its ready line, its errors and its end.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use wait_timeout::ChildExt as _;

/// The one line on standard output.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ready {
    tcp: SocketAddr,
    udp: SocketAddr,
    certificate_sha256: String,
    generation: String,
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
    for (signal, generation) in [("-TERM", "first"), ("-INT", "token")] {
        let options = ["--bots", "1", "--generation", generation];
        let mut running = Running(command(&options).spawn().unwrap());
        let mut out = BufReader::new(running.0.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let ready: Ready =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        TcpStream::connect(ready.tcp).unwrap();
        assert_ne!(ready.udp.port(), 0);
        assert_eq!(ready.generation, generation);
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
    let cases: [(&[&str], &str); 6] = [
        (&["--generation", "second"], "choose first, chat or token"),
        // The rules know it, but nobody has recorded it.
        (&["--generation", "accounts"], "choose first, chat or token"),
        (
            &[
                "--generation",
                "token",
                "--accounts",
                "/nowhere/accounts.db",
            ],
            "cannot use the accounts in /nowhere/accounts.db",
        ),
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

/// Connect so often that every connection logs some lines, and wait until each is closed.
#[cfg(unix)]
fn make_it_log(address: SocketAddr, times: u32) {
    use std::io::Write as _;
    for _ in 0..times {
        let mut rude = TcpStream::connect(address).unwrap();
        rude.set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        rude.write_all(b"no TLS").unwrap();
        match rude.read(&mut [0]) {
            Ok(0) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("the server does not accept any more: {other:?}"),
        }
    }
}

#[cfg(unix)]
fn ready(running: &mut Running) -> Ready {
    let mut line = String::new();
    let mut out = BufReader::new(running.0.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

#[cfg(unix)]
#[test]
fn a_log_that_nobody_reads_or_that_is_closed_stops_nothing() {
    for is_closed in [true, false] {
        let mut command = command(&[]);
        let mut running = Running(command.env("RUST_LOG", "trace").spawn().unwrap());
        let address = ready(&mut running).tcp;
        if is_closed {
            drop(running.0.stderr.take());
        }
        // A pipe holds 64 KiB. Each of these logs more than a hundred bytes.
        make_it_log(address, 1_000);
        send(&running, "-TERM");
        let status = running.0.wait_timeout(Duration::from_secs(10)).unwrap();
        assert!(status.is_some_and(|status| status.success()), "{status:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_limit_of_descriptors_is_raised_and_a_low_one_is_said() {
    for (limits, is_low) in [("ulimit -S -n 200", false), ("ulimit -n 200", true)] {
        let program = env!("CARGO_BIN_EXE_mp-server");
        let line = format!("{limits}; exec {program} --tcp 127.0.0.1:0 --udp 127.0.0.1:0");
        let mut command = Command::new("sh");
        command.args(["-c", &line]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut running = Running(command.spawn().unwrap());
        ready(&mut running);
        let limits = format!("/proc/{}/limits", running.0.id());
        let limits = std::fs::read_to_string(limits).unwrap();
        let files = limits
            .lines()
            .find(|line| line.starts_with("Max open files"));
        let mut files = files.unwrap().split_whitespace().skip(3);
        let (soft, hard) = (files.next().unwrap(), files.next().unwrap());
        assert_eq!(soft, hard);
        send(&running, "-TERM");
        let mut said = String::new();
        let mut log = running.0.stderr.take().unwrap();
        log.read_to_string(&mut said).unwrap();
        assert_eq!(said.contains("too few file descriptors"), is_low, "{said}");
    }
}
