//! The program's output may be closed, full or unread: it goes on serving, and ends in order.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::http::{get_at, status};
use crate::program::{in_shell, program, ready};
use crate::within;

const OPTIONS: [&str; 8] = [
    "--server",
    "127.0.0.1:9",
    "--trust",
    "insecure",
    "--listen",
    "127.0.0.1:0",
    "--metrics-listen",
    "127.0.0.1:0",
];

fn relay() -> Command {
    let mut command = program();
    command.args(OPTIONS);
    command
}

/// The program in a shell that closes one of its outputs.
fn redirected(how: &str) -> Command {
    in_shell(&relay(), &format!("exec \"$0\" \"$@\" {how}"))
}

fn address(of: &serde_json::Value) -> SocketAddr {
    of.as_str().unwrap().parse().unwrap()
}

/// Connect as a player, and leave. The log gets a line for each, or counts it.
async fn visit(relay: SocketAddr) {
    let mut socket = upgrade(relay, "/ws", "mp-relay.v1").await;
    let answer = socket.read_u8();
    within("an answer", answer).await.unwrap();
}

/// Ask for a WebSocket.
async fn upgrade(relay: SocketAddr, path: &str, protocol: &str) -> TcpStream {
    let mut socket = TcpStream::connect(relay).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

/// Both of its ports still answer while it logs, and a signal ends it in order.
async fn serves_and_ends(mut child: Child, [public, operator]: [SocketAddr; 2]) {
    for _ in 0..20 {
        visit(public).await;
        for port in [public, operator] {
            assert_eq!(status(&get_at(port, "/healthz").await), "200");
        }
    }
    let id = child.id().unwrap().to_string();
    let kill = Command::new("kill").args(["-TERM", &id]).status().await;
    assert!(kill.unwrap().success());
    let end = within("its end", child.wait()).await.unwrap();
    assert!(end.success(), "{end}");
}

async fn ports(child: &mut Child) -> [SocketAddr; 2] {
    let line = ready(child).await;
    [address(&line["listen"]), address(&line["metrics"])]
}

#[tokio::test]
async fn a_log_that_nobody_reads_is_cut_and_counted() {
    // So that all visits come to a log line: the finer level has the end of every session.
    let mut child = relay();
    child.args(["--max-per-ip", "0"]).env("RUST_LOG", "debug");
    let mut child = child.spawn().unwrap();
    let ports = ports(&mut child).await;
    let drops = async {
        loop {
            let visits = (0..100).map(|_| visit(ports[0]));
            futures_util::future::join_all(visits).await;
            let metrics = get_at(ports[1], "/metrics").await;
            let mut lines = metrics.lines();
            let count =
                lines.find_map(|line| line.strip_prefix("mp_relay_log_lines_dropped_total "));
            if count.unwrap() != "0" {
                break;
            }
        }
    };
    within("lines to be dropped", drops).await;
    // As full as a pipe can be, and still not read.
    serves_and_ends(child, ports).await;
}

/// Give what a field of a log line holds.
fn field(line: &str, name: &str) -> Option<u64> {
    let (_, rest) = line.split_once(&format!(" {name}="))?;
    rest.split(' ').next()?.parse().ok()
}

#[tokio::test]
async fn each_connection_has_a_number_and_a_flood_of_ends_is_cut_and_counted() {
    // So that all visits become sessions.
    let mut child = relay().args(["--max-per-ip", "0"]).spawn().unwrap();
    let [public, _] = ports(&mut child).await;
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut wrong = upgrade(
        public,
        "/spectate/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "mp-spectate.v1",
    )
    .await;
    // A masked text frame: a spectator only listens.
    wrong
        .write_all(&[0x81, 0x81, 0, 0, 0, 0, b'a'])
        .await
        .unwrap();
    let flood = async {
        loop {
            let visits = (0..100).map(|_| visit(public));
            futures_util::future::join_all(visits).await;
        }
    };
    let read = async {
        let mut connections = Vec::new();
        let mut spectator_is_named = false;
        loop {
            let line = log.next_line().await.unwrap().unwrap();
            let Some(code) = field(&line, "code") else {
                continue;
            };
            let left_out = field(&line, "left_out").expect(&line);
            connections.push(field(&line, "connection").expect(&line));
            spectator_is_named |= code == 4006;
            if code == 4001 && left_out > 0 && spectator_is_named {
                return connections;
            }
        }
    };
    let reading = within("a line that counts those before it", read);
    let mut connections = tokio::select! {
        connections = reading => connections,
        () = flood => unreachable!(),
    };
    let logged = connections.len();
    connections.sort_unstable();
    connections.dedup();
    assert_eq!(connections.len(), logged, "a number came twice");
}

#[tokio::test]
async fn a_closed_log_stops_nothing() {
    let mut child = relay().spawn().unwrap();
    drop(child.stderr.take());
    let ports_of_first = ports(&mut child).await;
    serves_and_ends(child, ports_of_first).await;
    for how in ["2>&-", "2>/dev/full"] {
        let mut child = redirected(how).spawn().unwrap();
        let ports = ports(&mut child).await;
        serves_and_ends(child, ports).await;
    }
}

#[tokio::test]
async fn a_closed_standard_output_stops_nothing() {
    for how in ["", ">&-", ">/dev/full"] {
        let mut child = redirected(how).spawn().unwrap();
        drop(child.stdout.take());
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let page = async {
            while let Some(line) = log.next_line().await.unwrap() {
                if let Some((_, address)) = line.split_once("the page is at http://") {
                    return address.trim_end_matches('/').parse().unwrap();
                }
            }
            panic!("it ended {how}");
        };
        let page: SocketAddr = within("its address", page).await;
        serves_and_ends(child, [page, page]).await;
    }
}
