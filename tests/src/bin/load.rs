//! Load: many players in full rooms drive through the relay, and what arrives is counted. Prints figures; fails only if
//! somebody could not sign in or a command was lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Parser;
use protocol::command::Command;
use protocol::event::Event;
use protocol::geometry::{Quat, Vec3};
use protocol::id::{Password, RoomId};
use protocol::session::Output;
use tests::{Delays, Player, Site};
use tokio::sync::{Barrier, OnceCell, Semaphore};

/// Drive many players through a relay on loopback and print what arrives.
#[derive(Parser, Clone)]
struct Arguments {
    /// Players in all.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..=1000))]
    players: u32,
    /// Players in each room.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=20))]
    room: u32,
    /// How long they drive, in seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

const UPDATE_INTERVAL: Duration = Duration::from_millis(50);
/// The shortest wait of a step, when the next position is due already.
const MIN_STEP: Duration = Duration::from_micros(100);
/// How many players enter at the same time.
const ENTERING: usize = 16;
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// How long positions do not count at first. The server learns where to send from each player's first position.
const WARM_UP: Duration = Duration::from_secs(2);
/// How long the last positions may take to arrive.
const SETTLE: Duration = Duration::from_secs(2);
/// `y` of a position that counts; others have 0.
const COUNTS: f32 = 1.0;

#[derive(Default)]
struct Figures {
    signed_in: AtomicU64,
    commands_sent: AtomicU64,
    commands_answered: AtomicU64,
    updates_sent: AtomicU64,
    updates_expected: AtomicU64,
    updates_received: AtomicU64,
    delays: Delays,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let site = Site::start_with(server::Options::default(), |config| {
        config.max_connections = 2 * arguments.players as usize;
        config.max_per_ip = 2 * arguments.players as usize;
    })
    .await?;
    let figures = Arc::new(Figures::default());
    let start = Arc::new(Barrier::new(arguments.players as usize));
    let door = Arc::new(Semaphore::new(ENTERING));
    let epoch = Instant::now();
    let rooms = arguments.players.div_ceil(arguments.room);
    let rooms: Vec<Arc<OnceCell<RoomId>>> = (0..rooms).map(|_| Arc::default()).collect();
    let mut drivers = tokio::task::JoinSet::new();
    for number in 0..arguments.players {
        let driver = Driver {
            arguments: arguments.clone(),
            figures: Arc::clone(&figures),
            start: Arc::clone(&start),
            door: Arc::clone(&door),
            room: Arc::clone(&rooms[(number / arguments.room) as usize]),
            url: site.url(),
            number,
            epoch,
        };
        drivers.spawn(driver.run());
    }
    let mut memory = Memory::default();
    let mut sampling = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            driver = drivers.join_next() => match driver {
                Some(driver) => driver??,
                None => break,
            },
            _ = sampling.tick() => memory.sample(),
        }
    }
    print(&arguments, &figures, &memory);
    site.relay.stop().await;
    site.server.stop().await;
    ensure!(
        figures.signed_in.load(Ordering::Relaxed) == u64::from(arguments.players),
        "not everybody signed in"
    );
    ensure!(
        figures.commands_sent.load(Ordering::Relaxed)
            == figures.commands_answered.load(Ordering::Relaxed),
        "a command was lost"
    );
    Ok(())
}

struct Driver {
    arguments: Arguments,
    figures: Arc<Figures>,
    start: Arc<Barrier>,
    door: Arc<Semaphore>,
    room: Arc<OnceCell<RoomId>>,
    url: String,
    number: u32,
    epoch: Instant,
}

impl Driver {
    /// Sign in, enter the room, drive and leave.
    async fn run(self) -> anyhow::Result<()> {
        let mut player = self.enter().await?;
        self.start.wait().await;
        let begun = Instant::now();
        let counted = begun + WARM_UP;
        let end = counted + Duration::from_secs(self.arguments.seconds);
        let mut next_update = begun + UPDATE_INTERVAL.mul_f64(f64::from(self.number % 20) / 20.0);
        let mut sent_before = None;
        let mut next_ping = begun + PING_INTERVAL.mul_f64(f64::from(self.number % 20) / 20.0);
        while Instant::now() < end + SETTLE {
            if Instant::now() >= next_update && Instant::now() < end {
                next_update += UPDATE_INTERVAL;
                let counts = Instant::now() >= counted;
                if counts && sent_before.is_none() {
                    sent_before = Some(player.client.session().traffic().packets_sent);
                }
                self.drive(&mut player, counts);
            }
            let wait = next_update.saturating_duration_since(Instant::now());
            player.step(wait.max(MIN_STEP)).await;
            if Instant::now() >= next_ping && Instant::now() < end {
                next_ping += PING_INTERVAL;
                player.client.send(Command::Ping)?;
                self.figures.commands_sent.fetch_add(1, Ordering::Relaxed);
            }
            self.count(&mut player);
        }
        self.count_sent(&player, sent_before.unwrap_or_default());
        player.goodbye().await?;
        Ok(())
    }

    async fn enter(&self) -> anyhow::Result<Player> {
        let _turn = self.door.acquire().await?;
        let mut player = Player::connect(&self.url).await?;
        let name = format!("driver {}", self.number);
        let password = Some(Password::new("load"));
        player.ask(Command::Name { name, password }).await??;
        self.figures.signed_in.fetch_add(1, Ordering::Relaxed);
        let mut created = false;
        let room = *self
            .room
            .get_or_try_init(|| {
                created = true;
                player.create_room("load")
            })
            .await?;
        if !created {
            player.join_room(&room).await??;
        }
        self.figures.commands_sent.fetch_add(2, Ordering::Relaxed);
        self.figures
            .commands_answered
            .fetch_add(2, Ordering::Relaxed);
        Ok(player)
    }

    /// Send a position that holds the time of sending.
    fn drive(&self, player: &mut Player, counts: bool) {
        let sent = self.epoch.elapsed().as_secs_f32() * 1000.0;
        let position = Vec3::new(sent, if counts { COUNTS } else { 0.0 }, self.number as f32);
        // A position that comes too early waits; the session counts what really went.
        let _ = player.client.send_update(position, Quat::IDENTITY);
    }

    /// Count what was sent since the first position that counts.
    fn count_sent(&self, player: &Player, before: u64) {
        let sent = player.client.session().traffic().packets_sent - before;
        self.figures.updates_sent.fetch_add(sent, Ordering::Relaxed);
        self.figures
            .updates_expected
            .fetch_add(sent * u64::from(self.others()), Ordering::Relaxed);
    }

    /// The number of other players in the room.
    fn others(&self) -> u32 {
        let first = self.number / self.arguments.room * self.arguments.room;
        self.arguments.room.min(self.arguments.players - first) - 1
    }

    fn count(&self, player: &mut Player) {
        let now = self.epoch.elapsed().as_secs_f32() * 1000.0;
        while let Some(output) = player.take(Some) {
            match output {
                Output::Update(update) if update.position.y == COUNTS => {
                    self.figures
                        .updates_received
                        .fetch_add(1, Ordering::Relaxed);
                    let delay = (now - update.position.x).max(0.0) / 1000.0;
                    self.figures.delays.count(Duration::from_secs_f32(delay));
                }
                Output::Answer {
                    answer: Ok(Event::Pong),
                    ..
                } => {
                    self.figures
                        .commands_answered
                        .fetch_add(1, Ordering::Relaxed);
                }
                _ => {}
            }
        }
    }
}

/// The memory of this process, which runs server, relay and players.
#[derive(Default)]
struct Memory {
    kibibytes: Vec<u64>,
}

impl Memory {
    fn sample(&mut self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number: Option<u64> =
            line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        self.kibibytes.extend(number);
    }

    /// The mean of the first and of the last third of the run, start and end left out.
    fn thirds(&self) -> Option<(u64, u64)> {
        let middle = self
            .kibibytes
            .get(4..self.kibibytes.len().checked_sub(3)?)?;
        let third = middle.len() / 3;
        let mean = |part: &[u64]| part.iter().sum::<u64>() / part.len() as u64;
        (third > 0).then(|| {
            (
                mean(&middle[..third]),
                mean(&middle[middle.len() - third..]),
            )
        })
    }
}

fn print(arguments: &Arguments, figures: &Figures, memory: &Memory) {
    let load = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
    let (expected, received) = (
        load(&figures.updates_expected),
        load(&figures.updates_received),
    );
    let quantile = |share| figures.delays.quantile(share);
    println!(
        "players             {} in rooms of {}",
        arguments.players, arguments.room
    );
    println!(
        "driven for          {} s at {} Hz",
        arguments.seconds,
        1000 / UPDATE_INTERVAL.as_millis()
    );
    println!("signed in           {}", load(&figures.signed_in));
    println!(
        "commands            {} sent, {} answered",
        load(&figures.commands_sent),
        load(&figures.commands_answered)
    );
    println!("positions sent      {}", load(&figures.updates_sent));
    println!("positions expected  {expected}");
    println!("positions received  {received}");
    println!(
        "delivered           {:.4} %",
        received as f64 * 100.0 / expected.max(1) as f64
    );
    println!(
        "sent to received    p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
        quantile(0.5),
        quantile(0.99),
        quantile(1.0)
    );
    match memory.thirds() {
        Some((first, last)) => {
            println!("memory of all       {first} KiB in the first third, {last} KiB in the last")
        }
        None => println!("memory of all       too short a run to tell"),
    }
}
