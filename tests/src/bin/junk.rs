//! Junk: a full house is signed in at the game server and some of it races, while somebody sends datagrams that no session
//! made. The server is a process of its own. Prints the delays of the racing players before, meanwhile and afterwards. Fails if a
//! session ended or a racing player got nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use client_native::{Client, Connection, HostPort, Target, Tls, dial};
use data_encoding::HEXLOWER;
use protocol::cipher::{BLOCK_BYTES, HEADER_BYTES};
use protocol::command::Command;
use protocol::event::Event;
use protocol::generation::Generation;
use protocol::geometry::{Quat, Vec3};
use protocol::id::{Password, RoomId};
use protocol::session::{Config, Output, SignIn};
use rustls::pki_types::{CertificateDer, ServerName};
use tests::{ChildProcess, Delays, Part};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Send junk to a full game server on loopback, and print what it costs the others.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// The generation of the game server. On the token generation every player makes an account and signs in to it.
    #[arg(long, value_name = "first|chat|token", default_value = "first")]
    generation: Generation,
    /// Sessions in all.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    sessions: u32,
    /// How many of them race in one room.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..=20))]
    racers: u32,
    /// Datagrams of junk in a second.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(100..=50_000))]
    rate: u32,
    /// How long each of the three phases is, in seconds.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=300))]
    seconds: u64,
}

/// Positions of each racing player in a second.
const HZ: u32 = 20;
/// How far a car comes from one position to the next, in metres. A float holds every multiple, so a position tells which it is. The
/// longest race ends within the kilometre that later generations take.
const STEP: f32 = 1.0 / 32.0;
/// How many connections are made at once.
const DIALS: usize = 8;
/// Junk goes out in bursts, this many in a second.
const BURSTS: u32 = 100;
/// Bytes of ciphertext in a datagram of junk: the most that every generation looks at.
const JUNK_BYTES: usize = 62 * BLOCK_BYTES;
const TITLES: [&str; 3] = ["before", "meanwhile", "afterwards"];
/// What comes in this time after the phase changed does not count.
const SETTLE: Duration = Duration::from_secs(1);

/// What all tasks share.
struct Shared {
    started: Instant,
    /// When each position was sent by each racing player, in microseconds since the start.
    sent: Vec<Vec<AtomicU64>>,
    /// The delays of each phase.
    delays: [Delays; TITLES.len()],
    /// The phase that counts; none while it changes.
    phase: AtomicU64,
    junk: AtomicBool,
    junk_sent: AtomicU64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(part) => part.run().await,
        None => run(arguments).await,
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let generation = arguments.generation;
    let options = ["server", "--generation", generation.name()];
    let ports = ["--tcp", "127.0.0.1:0", "--udp", "127.0.0.1:0"];
    let server = ChildProcess::of_this_program(&[&options[..], &ports].concat())?;
    let target = Arc::new(target(&server)?);
    let positions = (arguments.seconds + 10) * TITLES.len() as u64 * u64::from(HZ);
    let one = || (0..positions).map(|_| AtomicU64::new(0)).collect();
    let shared = Arc::new(Shared {
        started: Instant::now(),
        sent: (0..arguments.racers).map(|_| one()).collect(),
        delays: Default::default(),
        phase: AtomicU64::new(u64::MAX),
        junk: AtomicBool::new(false),
        junk_sent: AtomicU64::new(0),
    });

    let mut tasks = JoinSet::new();
    let began = Instant::now();
    start_sessions(&arguments, &target, &shared, &mut tasks).await?;
    println!(
        "sessions            {} in {:.1} s, generation {generation}",
        arguments.sessions,
        began.elapsed().as_secs_f64()
    );
    println!("racing              {} at {HZ} Hz", arguments.racers);
    let udp: SocketAddr = server.ready_field("udp")?.parse()?;
    tasks.spawn(send_junk(udp, arguments.rate, Arc::clone(&shared)));

    for (phase, title) in TITLES.into_iter().enumerate() {
        shared.junk.store(phase == 1, Ordering::Relaxed);
        sleep(SETTLE).await;
        let (cpu, junk) = (
            server.process.cpu()?,
            shared.junk_sent.load(Ordering::Relaxed),
        );
        shared.phase.store(phase as u64, Ordering::Relaxed);
        sleep(Duration::from_secs(arguments.seconds)).await;
        shared.phase.store(u64::MAX, Ordering::Relaxed);
        let cpu = (server.process.cpu()? - cpu).as_secs_f64() / arguments.seconds as f64;
        let junk = (shared.junk_sent.load(Ordering::Relaxed) - junk) / arguments.seconds;
        let delays = &shared.delays[phase];
        let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| delays.quantile(share));
        println!(
            "{title:<19} p50 {p50:.1} ms, p99 {p99:.1} ms, longest {most:.1} ms of {} positions; junk {junk}/s, server {:.0} % of a processor",
            delays.number(),
            cpu * 100.0
        );
        ensure!(delays.number() > 0, "a racing player got nothing");
    }
    ensure!(
        shared.junk_sent.load(Ordering::Relaxed) > 0,
        "no junk was sent"
    );
    if let Some(ended) = tasks.try_join_next() {
        ended??;
    }
    Ok(())
}

fn target(server: &ChildProcess) -> anyhow::Result<Target> {
    let certificate = HEXLOWER.decode(server.ready_field("certificate")?.as_bytes())?;
    let name = ServerName::try_from("localhost")?;
    let address = |field| -> anyhow::Result<HostPort> {
        let address: SocketAddr = server.ready_field(field)?.parse()?;
        Ok(address.into())
    };
    Ok(Target {
        tcp: address("tcp")?,
        udp: address("udp")?,
        tls: Some(Tls::trusting(CertificateDer::from(certificate), name)?),
    })
}

/// Sign everybody in, and let the first of them race.
async fn start_sessions(
    arguments: &Arguments,
    target: &Arc<Target>,
    shared: &Arc<Shared>,
    tasks: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let mut host = sign_in(Arc::clone(target), 0).await?;
    let name = "junk".to_owned();
    let Event::RoomCreated { room_id, .. } = host.ask(Command::create_room(name)).await? else {
        bail!("no room was made");
    };
    tasks.spawn(race(host, 0, Arc::clone(shared)));
    let mut coming = JoinSet::new();
    for number in 1..arguments.sessions {
        if coming.len() >= DIALS {
            arrive(&mut coming, arguments.racers, room_id, shared, tasks).await?;
        }
        let target = Arc::clone(target);
        coming.spawn(async move { anyhow::Ok((number, sign_in(target, number).await?)) });
    }
    while !coming.is_empty() {
        arrive(&mut coming, arguments.racers, room_id, shared, tasks).await?;
    }
    Ok(())
}

/// Wait for the next who has signed in.
async fn arrive(
    coming: &mut JoinSet<anyhow::Result<(u32, Client<Connection>)>>,
    racers: u32,
    room_id: RoomId,
    shared: &Arc<Shared>,
    tasks: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let (number, mut client) = coming.join_next().await.context("nobody comes")???;
    if number < racers {
        client.ask(Command::JoinRoom { room_id }).await?;
        tasks.spawn(race(client, number, Arc::clone(shared)));
    } else {
        tasks.spawn(stay(client));
    }
    Ok(())
}

async fn sign_in(target: Arc<Target>, number: u32) -> anyhow::Result<Client<Connection>> {
    let mut client = Client::new(dial(&target).await?, Config::default());
    client.welcome().await?;
    let name = format!("player {number}");
    // A password is a hash more, so only an account has one.
    let has_accounts = client.session().generation() == Some(Generation::Token);
    let password = has_accounts.then(|| Password::new(format!("password of {name}")));
    let sign_in = SignIn {
        password,
        create: true,
        ..SignIn::with_name(name)
    };
    client.sign_in(sign_in).await?;
    Ok(client)
}

/// Do nothing but stay connected.
async fn stay(mut client: Client<Connection>) -> anyhow::Result<()> {
    loop {
        client.next_output().await.context("a session ended")?;
    }
}

/// Send positions and count the delays of the others'.
async fn race(
    mut client: Client<Connection>,
    number: u32,
    shared: Arc<Shared>,
) -> anyhow::Result<()> {
    let micros = || u64::try_from(shared.started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let mut next = interval(Duration::from_secs(1) / HZ);
    next.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut index = 0_usize;
    loop {
        tokio::select! {
            output = client.next_output() => {
                let Output::Update(update) = output.context("a racing session ended")? else {
                    continue;
                };
                let (sender, place) = (update.position.z.round(), update.position.x / STEP);
                let sent = shared.sent.get(sender as usize).and_then(|sent| sent.get(place.round() as usize));
                let sent = sent.map_or(0, |sent| sent.load(Ordering::Relaxed));
                let phase = shared.phase.load(Ordering::Relaxed);
                if let Some(delays) = usize::try_from(phase).ok().and_then(|phase| shared.delays.get(phase)) {
                    delays.count(Duration::from_micros(micros().saturating_sub(sent)));
                }
            }
            _ = next.tick() => {
                let Some(sent) = shared.sent[number as usize].get(index) else {
                    continue;
                };
                sent.store(micros(), Ordering::Relaxed);
                let position = Vec3::new(index as f32 * STEP, 0.0, number as f32);
                if client.send_update(position, Quat::default())? {
                    index += 1;
                }
            }
        }
    }
}

/// Send datagrams that look sealed and are not.
async fn send_junk(server: SocketAddr, rate: u32, shared: Arc<Shared>) -> anyhow::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let mut junk = vec![0_u8; HEADER_BYTES + JUNK_BYTES];
    junk[..HEADER_BYTES].copy_from_slice(&(JUNK_BYTES as u32).to_le_bytes());
    let mut bursts = interval(Duration::from_secs(1) / BURSTS);
    loop {
        bursts.tick().await;
        if !shared.junk.load(Ordering::Relaxed) {
            continue;
        }
        for _ in 0..rate / BURSTS {
            // Another first block each time: it alone is looked at.
            let count = shared.junk_sent.fetch_add(1, Ordering::Relaxed);
            junk[HEADER_BYTES..HEADER_BYTES + 8].copy_from_slice(&count.to_le_bytes());
            let sent = timeout(Duration::from_secs(1), socket.send_to(&junk, server)).await;
            sent.context("junk cannot be sent")??;
        }
    }
}
