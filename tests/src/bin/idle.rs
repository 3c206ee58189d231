//! Idle: thousands of players who are connected and in a room, and do nothing. Prints what each takes in the relay, with its TLS
//! connection and UDP socket to the game server. A stand-in is the game server, since ours takes 1,000. Fails if somebody
//! cannot enter or is closed.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Parser;
use client_native::{Incoming, Transport as _};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use protocol::cipher::Cipher;
use protocol::id::Secret;
use serde_json::json;
use tests::process::{need_descriptors, tcp_kibibytes};
use tests::{Part, Processes, WebSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Connect many idle players through a relay on loopback and print what each costs.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Use this `mp-relay` [default: the relay of this build].
    #[arg(long, value_name = "FILE")]
    relay: Option<PathBuf>,
    /// Players. Each takes three file descriptors of the relay.
    #[arg(long, default_value_t = 6000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    players: u32,
    /// How long they stay, in seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

/// The most memory that a player should take in the relay, in KiB.
const GOAL_KIBIBYTES: f64 = 32.0;
/// Players that connect at the same time: a relay lets a limited number wait.
const CONNECTING: usize = 8;
/// The longest wait for anything.
const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(part) => part.run().await,
        None => run(&arguments).await,
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let players = arguments.players;
    need_descriptors(3 * players as usize + 100)?;
    let most = (players + 10).to_string();
    let options = ["--max-per-ip", "0", "--max-connections", &most];
    let site = Processes::start(arguments.relay.as_ref(), &["stand-in"], &options)?;
    let url = site.url();
    // The first connection takes memory that is needed only once.
    let first = enter(&url).await?;
    let relay = &site.relay.process;
    let (before, system) = (relay.anonymous()?, tcp_kibibytes()?);
    let (leave, told) = watch::channel(());
    let began = Instant::now();
    let mut staying = JoinSet::new();
    let entering = stream::iter(0..players).map(|_| enter(&url));
    let mut entering = entering.buffer_unordered(CONNECTING);
    while let Some(player) = entering.try_next().await? {
        staying.spawn(stay(player, told.clone()));
    }
    let entered = began.elapsed();
    let held = Instant::now() + Duration::from_secs(arguments.seconds);
    let closed = tokio::time::timeout_at(held.into(), staying.join_next()).await;
    if let Ok(Some(closed)) = closed {
        anyhow::bail!("an idle player was closed: {:?}", closed?);
    }
    let each = |kibibytes: u64| kibibytes as f64 / f64::from(players);
    let own = each(relay.anonymous()?.saturating_sub(before));
    let system = each(tcp_kibibytes()?.saturating_sub(system));
    println!(
        "idle players        {players}, entered within {:.1} s",
        entered.as_secs_f32()
    );
    println!("relay, each         {own:.1} KiB (goal {GOAL_KIBIBYTES} KiB in a release build)");
    println!("system, each        {system:.1} KiB for TCP, all ends on this machine");
    println!("relay's descriptors {}", relay.descriptors()?);
    drop(first);
    leave.send_replace(());
    while let Some(left) = staying.join_next().await {
        ensure!(left?.is_none(), "an idle player was closed");
    }
    Ok(())
}

/// Connect, wait for the room, and send a datagram there and back.
async fn enter(url: &str) -> anyhow::Result<WebSocket> {
    timeout(DEADLINE, async {
        let mut socket = WebSocket::connect(url).await?;
        let mut id = String::new();
        loop {
            match socket.receive().await? {
                Incoming::Line(line) if line.contains("JOIN_OK") => break,
                Incoming::Line(line) => {
                    if let Some(welcome) = line.strip_prefix("CONNECTED|") {
                        welcome.clone_into(&mut id);
                    }
                }
                Incoming::Datagram(_) => {}
            }
        }
        let update =
            json!({"command": "UPDATE", "sessionId": id, "position": {"x": 1, "y": 0, "z": 0}});
        let cipher = Cipher::new(&id.parse()?, &Secret::default());
        socket.send_datagram(&cipher.seal(update.to_string().as_bytes())?);
        while !matches!(socket.receive().await?, Incoming::Datagram(_)) {}
        anyhow::Ok(socket)
    })
    .await
    .context("a player cannot enter")?
}

/// Answer pings until told to leave. Gives how the connection ended, if it ends before.
async fn stay(mut player: WebSocket, mut leave: watch::Receiver<()>) -> Option<String> {
    loop {
        tokio::select! {
            _told = leave.changed() => return None,
            received = player.receive() => if let Err(ended) = received {
                return Some(ended.to_string());
            },
        }
    }
}
