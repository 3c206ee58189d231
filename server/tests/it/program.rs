//! The program `mp-server` as whoever starts it sees it.

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

/// Ends the program with the test, however that ends.
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

#[cfg(unix)]
#[test]
fn it_says_where_it_is_in_one_line_and_stops_cleanly_when_told() {
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
        let killed = Command::new("kill")
            .args([signal, &running.0.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert!(running.0.wait().unwrap().success());
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "standard output is for the one line");
    }
}

#[test]
fn what_it_cannot_do_it_says_and_fails() {
    let cases: [(&[&str], &str); 2] = [
        (&["--bots", "100"], "at most 18 bots"),
        (
            &["--bots", "1", "--track", "/nowhere/track.json"],
            "/nowhere/track.json",
        ),
    ];
    for (arguments, said) in cases {
        let output = command(arguments).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(said), "{told}");
    }
}
