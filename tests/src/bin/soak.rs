//! Soak: several hundred players come, race and leave, in order or not, for as long as one likes. At the end everybody leaves. Fails
//! if the relay's memory has grown, if the game server still has a player in a room, or if a socket stayed open. The game server
//! behaves as the original, which never removes a vanished player: only the relay's goodbyes do.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use protocol::command::Command;
use protocol::event::Event;
use protocol::geometry::{Quat, Vec3};
use protocol::id::RoomId;
use tests::process::Process;
use tests::{Part, Player, Processes};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

/// Let players come and go through a relay on loopback, and check that nothing is left of them.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Use this `mp-relay` [default: the relay of this build].
    #[arg(long, value_name = "FILE")]
    relay: Option<PathBuf>,
    /// Players at once.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=900))]
    players: u32,
    /// How long they come and go, in seconds.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(5..=86_400))]
    seconds: u64,
}

/// Players in a room.
const ROOM: usize = 20;
/// Players that connect at the same time.
const ENTERING: usize = 16;
/// How long a player races. Each stays for another time, so that they do not leave together.
const STAYS: [Duration; 5] = [
    Duration::from_millis(300),
    Duration::from_millis(700),
    Duration::from_millis(1300),
    Duration::from_millis(2100),
    Duration::from_millis(3300),
];
const UPDATE_INTERVAL: Duration = Duration::from_millis(100);
/// The share that the memory may grow by between the middle third and the last, and what it may grow by in any case, in KiB: an
/// allocator's arena more or less is no leak.
const MAX_GROWTH: f64 = 1.10;
const SLACK_KIBIBYTES: u64 = 1024;
/// Goodbyes take up to 4 s, the dials in turn before them 15 s.
const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(part) => part.run().await,
        None => run(&arguments).await,
    }
}

#[derive(Default)]
struct Counts {
    entered: AtomicU64,
    refused: AtomicU64,
    in_order: AtomicU64,
    vanished: AtomicU64,
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let site = Processes::start(
        arguments.relay.as_ref(),
        &["server", "--faithful"],
        &["--max-per-ip", "0"],
    )?;
    let (relay, server) = (&site.relay.process, &site.server.process);
    let before = relay.descriptors()?;
    let until = Instant::now() + Duration::from_secs(arguments.seconds);
    let counts = Arc::new(Counts::default());
    let shared = Arc::new(Shared {
        url: site.url(),
        until,
        rooms: Mutex::default(),
        door: Semaphore::new(ENTERING),
        counts: Arc::clone(&counts),
    });
    let mut players = JoinSet::new();
    for number in 0..arguments.players {
        players.spawn(Arc::clone(&shared).come_and_go(number));
    }
    let mut memory = Vec::new();
    let mut sampling = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            player = players.join_next() => match player {
                Some(player) => player??,
                None => break,
            },
            _ = sampling.tick() => if Instant::now() < until {
                memory.push(relay.anonymous()?);
            },
        }
    }
    let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "players at once     {} for {} s",
        arguments.players, arguments.seconds
    );
    println!(
        "sessions            {}, {} left in order, {} vanished, {} names refused",
        load(&counts.entered),
        load(&counts.in_order),
        load(&counts.vanished),
        load(&counts.refused)
    );
    ensure!(
        load(&counts.vanished) > 0 && load(&counts.in_order) > 0,
        "nobody came and went"
    );
    check_memory(&memory)?;
    check_ghosts(&site.url()).await?;
    check_sockets(relay, before).await?;
    println!("game server         {} KiB", server.anonymous()?);
    Ok(())
}

struct Shared {
    url: String,
    until: Instant,
    /// The rooms, the newest last, with how many players each was given.
    rooms: Mutex<Vec<(RoomId, usize)>>,
    door: Semaphore,
    counts: Arc<Counts>,
}

impl Shared {
    async fn come_and_go(self: Arc<Self>, number: u32) -> anyhow::Result<()> {
        let mut round = number as usize;
        while Instant::now() < self.until {
            round += 1;
            self.session(number, round)
                .await
                .with_context(|| format!("player {number}, round {round}"))?;
        }
        Ok(())
    }

    async fn session(&self, number: u32, round: usize) -> anyhow::Result<()> {
        // The game server holds the name of a vanished player for a moment. Four names take turns.
        let name = format!("player {number} {}", round % 4);
        let turn = self.door.acquire().await?;
        if Instant::now() >= self.until {
            return Ok(());
        }
        let mut player = Player::connect(&self.url).await?;
        let password = Some(protocol::id::Password::new("soak"));
        if player.ask(Command::Name { name, password }).await?.is_err() {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
            player.goodbye().await?;
            return Ok(());
        }
        self.enter_room(&mut player).await?;
        drop(turn);
        self.counts.entered.fetch_add(1, Ordering::Relaxed);
        let left_at = Instant::now() + STAYS[round % STAYS.len()];
        let mut x = 0.0;
        while Instant::now() < left_at {
            x += 1.0;
            // One that comes too early waits.
            let _waits = player
                .client
                .send_update(Vec3::new(x, 0.0, 0.0), Quat::IDENTITY);
            player.step(UPDATE_INTERVAL).await;
            while player.take(Some).is_some() {}
            if let Some(ended) = player.ended() {
                bail!("closed while it raced: {ended}");
            }
        }
        // Three of four vanish: a browser that crashed, a phone without a network.
        if round.is_multiple_of(4) {
            player.goodbye().await?;
            self.counts.in_order.fetch_add(1, Ordering::Relaxed);
        } else {
            drop(player);
            self.counts.vanished.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Enter the newest room while it has place, or make the next one.
    async fn enter_room(&self, player: &mut Player) -> anyhow::Result<()> {
        let mut rooms = self.rooms.lock().await;
        if let Some((room, given)) = rooms.last_mut()
            && *given < ROOM
        {
            *given += 1;
            let room = *room;
            drop(rooms);
            // It may have ended meanwhile: then there is nothing to enter.
            if player.join_room(&room).await?.is_ok() {
                return Ok(());
            }
            rooms = self.rooms.lock().await;
        }
        let room = player.create_room("soak").await?;
        rooms.clear();
        rooms.push((room, 1));
        Ok(())
    }
}

/// Compare the memory of the last third with that of the middle one: the first still fills what is kept for reuse.
fn check_memory(samples: &[u64]) -> anyhow::Result<()> {
    let third = samples.len() / 3;
    ensure!(third > 0, "too short a run");
    let mean = |part: &[u64]| part.iter().sum::<u64>() / part.len() as u64;
    let (middle, last) = (
        mean(&samples[third..2 * third]),
        mean(&samples[2 * third..]),
    );
    println!("relay               {middle} KiB in the middle third, {last} KiB in the last");
    let most = (middle as f64 * MAX_GROWTH) as u64 + SLACK_KIBIBYTES;
    ensure!(
        last <= most,
        "the relay's memory grew to more than {most} KiB"
    );
    Ok(())
}

/// Wait until the game server has no player in any room.
async fn check_ghosts(url: &str) -> anyhow::Result<()> {
    let mut inspector = Player::sign_in(url, "inspector").await?;
    let deadline = Instant::now() + DEADLINE;
    loop {
        let Event::RoomList(rooms) = inspector.ask(Command::ListRooms).await?? else {
            bail!("no list of rooms");
        };
        let ghosts: u32 = rooms.iter().map(|room| room.player_count).sum();
        if ghosts == 0 {
            println!("ghosts              0 in {} rooms", rooms.len());
            inspector.goodbye().await?;
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "{ghosts} ghosts are left in the server's rooms"
        );
        inspector.step(Duration::from_millis(100)).await;
    }
}

/// Wait until the relay has as many descriptors open as before.
async fn check_sockets(relay: &Process, before: usize) -> anyhow::Result<()> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let now = relay.descriptors()?;
        if now <= before {
            println!("relay's descriptors {now}, and {before} before the first player");
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "{} sockets stayed open",
            now - before
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
