//! Spectators who stop reading: how a thousand of them affect players, other spectators and the relay's memory. Game server,
//! relay and players are real; the players drive as in `load`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ::tests::{Delays, Player};
use anyhow::ensure;
use protocol::geometry::{Quat, Vec3};
use protocol::session::Output;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::connect;
use crate::races::{CARS, Races};
use crate::report::{quantiles, row, title};
use crate::spectators::Spectators;
use crate::window::Window;
use tests::ChildProcess;
use tests::process::{Process, tcp_kibibytes};

/// Spectators who read.
const READING: usize = 100;
/// Spectators who stop reading.
const STALLED: usize = 1000;
/// Between two positions of a player.
const PERIOD: Duration = Duration::from_millis(50);
/// How long the run settles; for spectators who stop reading, until the buffers between are full.
const SETTLE: Duration = Duration::from_secs(6);
/// How long the last frames may take to arrive.
const LAST: Duration = Duration::from_secs(1);
/// How long it takes until spectators who do not read are disconnected: three pings, and some time more.
const CUT: Duration = Duration::from_secs(75);
/// Stamps start again after this many milliseconds, so that they fit into a coordinate.
const STAMPS: f32 = 60_000.0;

/// What is measured in a part of the run.
struct Measured {
    window: Arc<Window>,
    delivered: f64,
    kibibytes: u64,
    kernel_kibibytes: u64,
    cpu: Duration,
}

/// Run everything and print the figures. `to_the_end` waits until spectators who do not read are disconnected.
pub(crate) fn run(seconds: u32, to_the_end: bool, runtime: &Runtime) -> anyhow::Result<()> {
    let server = ChildProcess::of_this_program(&["server"])?;
    let pin = format!("pin:{}", server.ready_field("certificateSha256")?);
    let relay = ChildProcess::of_this_program(&[
        "relay",
        "--server",
        server.ready_field("tcp")?,
        "--udp",
        server.ready_field("udp")?,
        "--trust",
        &pin,
        "--listen",
        "127.0.0.1:0",
        "--max-per-ip",
        "0",
    ])?;
    let address: SocketAddr = relay.ready_field("listen")?.parse()?;
    let drivers = Arc::new(Drivers::default());
    let room = runtime.block_on(drivers.enter(address))?;
    let (clock, races) = (Clock::start(), Arc::new(Races::new([room.clone()])));
    let spectators = Spectators::start(clock, &races)?;
    connect::connect_all(&spectators, address, &races, 0..READING)?;
    spectators.wait_for(READING)?;
    let measure = |part| measure(part, seconds, &drivers, &spectators, &relay.process);
    let before = measure(0)?;
    let descriptors = relay.process.descriptors()?;
    let begun = Instant::now();
    let stalled = connect::connect_stalled(address, &room, STALLED)?;
    let during = measure(1)?;
    let held = relay.process.descriptors()? - descriptors;
    ensure!(held == STALLED, "only {held} of {STALLED} were there");
    title(&format!(
        "{STALLED} spectators who stop reading, beside {CARS} players and {READING} spectators"
    ));
    for (name, seen, part) in [("before", &before, 0), ("with them", &during, 1)] {
        seen.print(name, &drivers.delays[part], seconds);
    }
    let grown = during.kibibytes.saturating_sub(before.kibibytes) as f64 / STALLED as f64;
    row(
        "the relay's memory for each of them",
        &format!("{grown:.2} KiB"),
        "bounded",
    );
    if to_the_end {
        while relay.process.descriptors()? > descriptors && begun.elapsed() < CUT {
            std::thread::sleep(LAST);
        }
        let left = relay.process.descriptors()?.saturating_sub(descriptors);
        let after = relay.process.anonymous()?;
        let text = format!(
            "{:.0} s, {left} left, {after} KiB",
            begun.elapsed().as_secs_f64()
        );
        row("all cut after, memory then", &text, "60 s");
    }
    drop(stalled);
    ensure!(
        spectators.lost() == 0,
        "{} spectators who read were cut off",
        spectators.lost()
    );
    drivers.stop.store(true, Ordering::Relaxed);
    spectators.end()
}

fn measure(
    part: usize,
    seconds: u32,
    drivers: &Drivers,
    spectators: &Spectators,
    relay: &Process,
) -> anyhow::Result<Measured> {
    std::thread::sleep(SETTLE);
    let time = Duration::from_secs(seconds.into());
    let window = spectators.count(time);
    drivers.part.store(part, Ordering::Relaxed);
    let cpu = relay.cpu()?;
    std::thread::sleep(time);
    let cpu = relay.cpu()? - cpu;
    drivers.part.store(usize::MAX, Ordering::Relaxed);
    std::thread::sleep(LAST);
    let frames = window.snapshots.load(Ordering::Relaxed) as f64;
    Ok(Measured {
        delivered: 100.0 * frames / (window.ticks() * READING as f64),
        window,
        kibibytes: relay.anonymous()?,
        kernel_kibibytes: tcp_kibibytes()?,
        cpu,
    })
}

impl Measured {
    fn print(&self, name: &str, players: &Delays, seconds: u32) {
        row(
            &format!("players, {name}"),
            &quantiles(players),
            "unchanged",
        );
        let figure = format!("{:.3} % delivered", self.delivered);
        row(&format!("spectators who read, {name}"), &figure, "99.9 %");
        row(
            "    tick to frame received",
            &quantiles(&self.window.fan_out),
            "",
        );
        let cpu = self.cpu.as_secs_f64() / f64::from(seconds);
        let (own, kernel) = (self.kibibytes, self.kernel_kibibytes);
        let figure = format!("{own} KiB, kernel {kernel} KiB, {cpu:.2} cores");
        row("    the relay's memory and time", &figure, "");
    }
}

/// The players who drive.
struct Drivers {
    begun: Instant,
    stop: AtomicBool,
    /// Where delays are counted now, if anywhere.
    part: AtomicUsize,
    delays: [Delays; 2],
}

impl Default for Drivers {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            stop: AtomicBool::new(false),
            part: AtomicUsize::new(usize::MAX),
            delays: Default::default(),
        }
    }
}

impl Drivers {
    /// Sign everybody in and let them drive in one room; gives its id.
    async fn enter(self: &Arc<Self>, relay: SocketAddr) -> anyhow::Result<String> {
        let url = format!("ws://{relay}/ws");
        let mut host = Player::sign_in(&url, "driver 0").await?;
        let room = host.create_room("stalled").await?;
        let mut entering = JoinSet::new();
        for number in 1..CARS {
            let (url, room) = (url.clone(), room);
            entering.spawn(async move {
                let mut player = Player::sign_in(&url, &format!("driver {number}")).await?;
                player.join_room(&room).await??;
                anyhow::Ok(player)
            });
        }
        let mut players = vec![host];
        while let Some(player) = entering.join_next().await {
            players.push(player??);
        }
        for (number, player) in players.into_iter().enumerate() {
            let drivers = Arc::clone(self);
            tokio::spawn(async move {
                if let Err(error) = drivers.drive(player, number).await {
                    eprintln!("a player is gone: {error:#}");
                }
            });
        }
        Ok(room.to_string())
    }

    async fn drive(&self, mut player: Player, number: usize) -> anyhow::Result<()> {
        let mut next = Instant::now() + PERIOD.mul_f64(number as f64 / CARS as f64);
        while !self.stop.load(Ordering::Relaxed) {
            if Instant::now() >= next {
                next += PERIOD;
                let place = Vec3::new(self.stamp(), 0.0, number as f32);
                // A position that comes too early waits.
                let _early = player.client.send_update(place, Quat::IDENTITY);
            }
            let wait = next.saturating_duration_since(Instant::now());
            player.step(wait).await;
            self.count(&mut player);
        }
        player.goodbye().await?;
        Ok(())
    }

    fn count(&self, player: &mut Player) {
        let (now, part) = (self.stamp(), self.part.load(Ordering::Relaxed));
        while let Some(output) = player.take(Some) {
            if let (Output::Update(update), Some(delays)) = (output, self.delays.get(part)) {
                let delay = (now - update.position.x).rem_euclid(STAMPS);
                delays.count(Duration::from_secs_f32(delay / 1000.0));
            }
        }
    }

    /// The time in milliseconds, cut to fit into a coordinate.
    fn stamp(&self) -> f32 {
        (self.begun.elapsed().as_secs_f64() * 1000.0 % f64::from(STAMPS)) as f32
    }
}
