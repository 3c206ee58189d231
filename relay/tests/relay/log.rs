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

/// Connect as a player, and leave. The log gets a line for each.
async fn visit(relay: SocketAddr) {
    let mut socket = TcpStream::connect(relay).await.unwrap();
    let request = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mp-relay.v1\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let answer = socket.read_u8();
    within("an answer", answer).await.unwrap();
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
    // So that all visits come to a log line.
    let mut child = relay().args(["--max-per-ip", "0"]).spawn().unwrap();
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
