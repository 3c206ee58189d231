//! Rooms full of spectators, served by a relay in a process of its own or by the bare loop: what arrives and what it costs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::tests::Delays;

use crate::clock::Clock;
use crate::connect;
use crate::game::{Game, Sockets};
use crate::races::Races;
use crate::spectator::Connected;
use crate::spectators::Spectators;
use crate::window::Window;
use tests::ChildProcess;
use tests::process::{Process, machine_cpu, need_descriptors};

/// How long the run settles before anything is counted.
const SETTLE: Duration = Duration::from_secs(3);
/// How long the last frames of a window may take to arrive.
const LAST: Duration = Duration::from_secs(2);
/// Descriptors beside one for each spectator.
const SPARE_DESCRIPTORS: usize = 500;

/// What is to be shown, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rooms: usize,
    pub(crate) spectators: usize,
    pub(crate) hz: u32,
    pub(crate) seconds: u32,
    /// Send the nineteen datagrams of a room together, not spread over the period.
    pub(crate) in_bursts: bool,
}

/// What was measured.
pub(crate) struct Figures {
    pub(crate) window: Arc<Window>,
    /// Time on all processors in the window.
    pub(crate) times: Times,
    /// The writer's time in a window of the same length with only one spectator in each room.
    pub(crate) idle: Option<Duration>,
    /// Growth of the writer's own memory in KiB.
    pub(crate) kibibytes: u64,
    /// The number of spectators behind that growth.
    pub(crate) more: usize,
    /// Delays of the bridged players' datagrams, with one spectator a room and with all.
    pub(crate) players: Option<Arc<[Delays; 2]>>,
    /// Connections that ended early.
    pub(crate) lost: usize,
}

/// Time on all processors.
pub(crate) struct Times {
    /// Of the process that writes.
    pub(crate) writer: Duration,
    /// Of this one.
    pub(crate) reader: Duration,
    /// Of everything on the machine, these two included.
    pub(crate) all: Duration,
}

/// Show the rooms by a relay.
pub(crate) fn relay(plan: &Plan, runtime: &tokio::runtime::Runtime) -> anyhow::Result<Figures> {
    need_descriptors(plan.spectators + SPARE_DESCRIPTORS)?;
    let (clock, races) = (Clock::start(), Arc::new(Races::numbered(plan.rooms)));
    let sockets = runtime.block_on(Sockets::open())?;
    let [tcp, udp] = sockets.addresses()?;
    let (hz, most) = (plan.hz.to_string(), plan.spectators.to_string());
    let child = ChildProcess::of_this_program(&[
        "relay",
        "--plain-tcp",
        "--server",
        &tcp,
        "--udp",
        &udp,
        "--listen",
        "127.0.0.1:0",
        "--spectate-hz",
        &hz,
        "--max-spectators",
        &most,
        "--max-per-ip",
        "0",
    ])?;
    let listen = child.ready_field("listen")?;
    let game = runtime.block_on(sockets.play(listen, &races, clock, plan.in_bursts))?;
    let spectators = Spectators::start(clock, &races)?;
    let address: SocketAddr = listen.parse()?;
    connect::connect_all(&spectators, address, &races, 0..plan.rooms)?;
    spectators.wait_for(plan.rooms)?;
    let measurement = Measurement {
        plan,
        spectators: &spectators,
        writer: &child.process,
    };
    game.phase.store(1, Ordering::Relaxed);
    let (_, idle) = measurement.run()?;
    game.phase.store(0, Ordering::Relaxed);
    let before = child.process.anonymous()?;
    connect::connect_all(&spectators, address, &races, plan.rooms..plan.spectators)?;
    spectators.wait_for(plan.spectators)?;
    let kibibytes = child.process.anonymous()?.saturating_sub(before);
    game.phase.store(2, Ordering::Relaxed);
    let (window, times) = measurement.run()?;
    game.phase.store(0, Ordering::Relaxed);
    let Game { delays, .. } = &game;
    let figures = Figures {
        window,
        times,
        idle: Some(idle.writer),
        kibibytes,
        more: plan.spectators - plan.rooms,
        players: Some(Arc::clone(delays)),
        lost: spectators.lost(),
    };
    spectators.end()?;
    Ok(figures)
}

/// Write the same frames to as many sockets in a bare loop.
pub(crate) fn bare(plan: &Plan) -> anyhow::Result<Figures> {
    need_descriptors(plan.spectators + SPARE_DESCRIPTORS)?;
    let threads = std::thread::available_parallelism()?.get();
    let (clock, races) = (Clock::start(), Arc::new(Races::numbered(threads)));
    let (sockets, hz) = (plan.spectators.to_string(), plan.hz.to_string());
    let count = threads.to_string();
    let child = ChildProcess::of_this_program(&[
        "bare",
        "--sockets",
        &sockets,
        "--hz",
        &hz,
        "--threads",
        &count,
    ])?;
    let before = child.process.anonymous()?;
    let spectators = Spectators::start(clock, &races)?;
    let address: SocketAddr = child.ready_field("listen")?.parse()?;
    // One after another, since the order decides which thread writes to which socket.
    for number in 0..plan.spectators {
        let (socket, read_ahead) = (connect::connect(address, None)?, Vec::new());
        let room = number % threads;
        spectators.add(
            Connected {
                socket,
                room,
                read_ahead,
            },
            number,
        )?;
    }
    spectators.wait_for(plan.spectators)?;
    let kibibytes = child.process.anonymous()?.saturating_sub(before);
    let measurement = Measurement {
        plan,
        spectators: &spectators,
        writer: &child.process,
    };
    let (window, times) = measurement.run()?;
    let figures = Figures {
        window,
        times,
        idle: None,
        kibibytes,
        more: plan.spectators,
        players: None,
        lost: spectators.lost(),
    };
    spectators.end()?;
    Ok(figures)
}

struct Measurement<'a> {
    plan: &'a Plan,
    spectators: &'a Spectators,
    writer: &'a Process,
}

impl Measurement<'_> {
    /// Count what is made in the next seconds, and the time it takes.
    fn run(&self) -> anyhow::Result<(Arc<Window>, Times)> {
        let time = Duration::from_secs(self.plan.seconds.into());
        std::thread::sleep(SETTLE);
        let window = self.spectators.count(time);
        let before = self.times()?;
        std::thread::sleep(time);
        let after = self.times()?;
        std::thread::sleep(LAST);
        let times = Times {
            writer: after.writer - before.writer,
            reader: after.reader - before.reader,
            all: after.all - before.all,
        };
        Ok((window, times))
    }

    fn times(&self) -> anyhow::Result<Times> {
        Ok(Times {
            writer: self.writer.cpu()?,
            reader: Process::this().cpu()?,
            all: machine_cpu()?,
        })
    }
}
