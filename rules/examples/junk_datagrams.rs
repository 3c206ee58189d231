//! Measures what one datagram costs that no session sent, with a full house. Prints the figures.
//! `cargo run --release -p rules --example junk_datagrams`

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a program that measures"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use rules::{Config, Conn, MAX_SESSIONS, Rules};

const ROUNDS: u32 = 2_000;

fn main() {
    let mut rules = Rules::new(Config::default(), Box::new(|| "R".parse().unwrap()));
    for number in 0..MAX_SESSIONS as u64 {
        let session = format!("{number:032x}").parse().unwrap();
        let (conn, now) = (Conn(number), Duration::ZERO);
        rules.handle_connect(conn, session, Ipv4Addr::LOCALHOST.into(), now);
        let name = format!(r#"{{"command":"NAME","name":"P{number}"}}"#);
        rules.handle_line(conn, Ok(name), now);
        while rules.poll_output().is_some() {}
    }
    let mut junk = vec![0; 2036];
    junk[..4].copy_from_slice(&2032_u32.to_le_bytes());
    for (who, address) in [
        ("an address with all sessions", Ipv4Addr::LOCALHOST),
        ("an address without sessions", Ipv4Addr::new(192, 0, 2, 1)),
    ] {
        let start = Instant::now();
        for round in 0..ROUNDS {
            junk[4..8].copy_from_slice(&round.to_le_bytes());
            rules.handle_datagram(SocketAddr::from((address, 9)), &junk, Duration::ZERO);
        }
        let each = start.elapsed() / ROUNDS;
        println!("{MAX_SESSIONS} sessions, 2032 bytes of junk from {who}: {each:?} each");
    }
}
