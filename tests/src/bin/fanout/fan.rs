//! Rooms full of spectators, served by a relay in a process of its own or by the bare loop: what arrives and what it costs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::tests::Delays;

use crate::audience::Audience;
use crate::child::Part;
use crate::clock::Clock;
use crate::door;
use crate::game::{Doors, Game};
use crate::seat::Arrival;
use crate::stage::Stage;
use crate::window::Window;
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
    let (clock, stage) = (Clock::start(), Arc::new(Stage::numbered(plan.rooms)));
    let doors = runtime.block_on(Doors::open())?;
    let [tcp, udp] = doors.addresses()?;
    let (hz, most) = (plan.hz.to_string(), plan.spectators.to_string());
    let part = Part::start(&[
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
    let listen = part.said("listen")?;
    let game = runtime.block_on(doors.play(listen, &stage, clock, plan.in_bursts))?;
    let audience = Audience::start(clock, &stage)?;
    let address: SocketAddr = listen.parse()?;
    door::fill(&audience, address, &stage, 0..plan.rooms)?;
    audience.wait_for(plan.rooms)?;
    let hall = Hall {
        plan,
        audience: &audience,
        writer: &part.process,
    };
    game.phase.store(1, Ordering::Relaxed);
    let (_, idle) = hall.watch()?;
    game.phase.store(0, Ordering::Relaxed);
    let before = part.process.anonymous()?;
    door::fill(&audience, address, &stage, plan.rooms..plan.spectators)?;
    audience.wait_for(plan.spectators)?;
    let kibibytes = part.process.anonymous()?.saturating_sub(before);
    game.phase.store(2, Ordering::Relaxed);
    let (window, times) = hall.watch()?;
    game.phase.store(0, Ordering::Relaxed);
    let Game { delays, .. } = &game;
    let figures = Figures {
        window,
        times,
        idle: Some(idle.writer),
        kibibytes,
        more: plan.spectators - plan.rooms,
        players: Some(Arc::clone(delays)),
        lost: audience.lost(),
    };
    audience.end()?;
    Ok(figures)
}

/// Write the same frames to as many sockets in a bare loop.
pub(crate) fn bare(plan: &Plan) -> anyhow::Result<Figures> {
    need_descriptors(plan.spectators + SPARE_DESCRIPTORS)?;
    let threads = std::thread::available_parallelism()?.get();
    let (clock, stage) = (Clock::start(), Arc::new(Stage::numbered(threads)));
    let (sockets, hz) = (plan.spectators.to_string(), plan.hz.to_string());
    let count = threads.to_string();
    let part = Part::start(&[
        "bare",
        "--sockets",
        &sockets,
        "--hz",
        &hz,
        "--threads",
        &count,
    ])?;
    let before = part.process.anonymous()?;
    let audience = Audience::start(clock, &stage)?;
    let address: SocketAddr = part.said("listen")?.parse()?;
    // One after another, since the order decides which thread writes to which socket.
    for number in 0..plan.spectators {
        let (socket, read_ahead) = (door::connect(address, None)?, Vec::new());
        let room = number % threads;
        audience.seat(
            Arrival {
                socket,
                room,
                read_ahead,
            },
            number,
        )?;
    }
    audience.wait_for(plan.spectators)?;
    let kibibytes = part.process.anonymous()?.saturating_sub(before);
    let hall = Hall {
        plan,
        audience: &audience,
        writer: &part.process,
    };
    let (window, times) = hall.watch()?;
    let figures = Figures {
        window,
        times,
        idle: None,
        kibibytes,
        more: plan.spectators,
        players: None,
        lost: audience.lost(),
    };
    audience.end()?;
    Ok(figures)
}

struct Hall<'a> {
    plan: &'a Plan,
    audience: &'a Audience,
    writer: &'a Process,
}

impl Hall<'_> {
    /// Count what is made in the next seconds, and the time it takes.
    fn watch(&self) -> anyhow::Result<(Arc<Window>, Times)> {
        let time = Duration::from_secs(self.plan.seconds.into());
        std::thread::sleep(SETTLE);
        let window = self.audience.count(time);
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
