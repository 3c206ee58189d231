//! A stand-in for the game server, and one bridged player in each room. To the relay it is a game server without TLS
//! (`--plain-tcp`) with rooms of twenty. One player of a room comes through the relay and is sent the other nineteen cars'
//! datagrams, which is all the relay needs to show the room. The other players exist only as datagrams.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ::tests::{Delays, WebSocket};
use anyhow::Context as _;
use client_native::{Incoming, Transport as _};
use protocol::cipher::Cipher;
use protocol::datagram::{Datagram, Update};
use protocol::geometry::{Quat, Vec3};
use protocol::id::Secret;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::clock::Clock;
use crate::races::{CARS, Races};

/// Between two positions of a car.
const PERIOD: Duration = Duration::from_millis(50);
/// The pause between two rounds of sending.
const BEAT: Duration = Duration::from_millis(1);
/// The longest wait for anything that must come.
const DEADLINE: Duration = Duration::from_secs(20);
/// The circle the cars drive, in metres, and the time they take for it in seconds.
const RADIUS: f32 = 200.0;
const LAP: f32 = 30.0;

/// The phase in which players' datagrams are counted, from 1; 0 while they are not.
pub(crate) type Phase = Arc<AtomicUsize>;

/// The running stand-in.
pub(crate) struct Game {
    stop: Arc<AtomicBool>,
    sending: Option<std::thread::JoinHandle<anyhow::Result<()>>>,
    /// Delays from sending a datagram to its receipt by the bridged player, in each phase.
    pub(crate) delays: Arc<[Delays; 2]>,
    pub(crate) phase: Phase,
}

/// The stand-in's sockets, before the relay is started.
pub(crate) struct Sockets {
    listener: TcpListener,
    udp: tokio::net::UdpSocket,
}

impl Sockets {
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Ok(Self {
            listener: TcpListener::bind(anywhere).await?,
            udp: tokio::net::UdpSocket::bind(anywhere).await?,
        })
    }

    /// The addresses for lines and datagrams.
    pub(crate) fn addresses(&self) -> anyhow::Result<[String; 2]> {
        let [tcp, udp] = [self.listener.local_addr()?, self.udp.local_addr()?];
        Ok([tcp, udp].map(|address| address.to_string()))
    }

    /// Let one player into each room through the relay, and let all cars drive. `in_bursts` sends the nineteen datagrams of a
    /// room together; otherwise they are spread over the period.
    pub(crate) async fn play(
        self,
        relay: &str,
        races: &Arc<Races>,
        clock: Clock,
        in_bursts: bool,
    ) -> anyhow::Result<Game> {
        let phase = Phase::default();
        let delays: Arc<[Delays; 2]> = Arc::default();
        let mut addresses = Vec::new();
        for room in 0..races.count() {
            let entering = self.enter(relay, races, room, clock, (&phase, &delays));
            let address = tokio::time::timeout(DEADLINE, entering).await;
            addresses.push(address.with_context(|| format!("nobody came into room {room}"))??);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let traffic = Traffic {
            udp: self.udp.into_std()?,
            addresses,
            races: Arc::clone(races),
            clock,
            in_bursts,
            stop: Arc::clone(&stop),
        };
        Ok(Game {
            stop,
            sending: Some(std::thread::spawn(move || traffic.run())),
            delays,
            phase,
        })
    }

    /// Let a player into a room; gives the address for its datagrams.
    async fn enter(
        &self,
        relay: &str,
        races: &Races,
        room: usize,
        clock: Clock,
        (phase, delays): (&Phase, &Arc<[Delays; 2]>),
    ) -> anyhow::Result<SocketAddr> {
        let url = format!("ws://{relay}/ws");
        let welcome = self.welcome(room, races.room_id(room));
        let (socket, session) = tokio::join!(WebSocket::connect(&url), welcome);
        let mut player = Player {
            socket: socket?,
            room,
            cipher: Cipher::new(&Races::session_id(room, 0).parse()?, &Secret::default()),
            clock,
            phase: Arc::clone(phase),
            delays: Arc::clone(delays),
        };
        tokio::spawn(answer(session?));
        player.until_listed().await?;
        player.drive()?;
        let mut space = [0; 2048];
        let address = tokio::select! {
            received = self.udp.recv_from(&mut space) => received?.1,
            Err(ended) = player.socket.receive() => return Err(ended.into()),
        };
        tokio::spawn(async move {
            // The task ends with the relay.
            let _ended = player.run().await;
        });
        Ok(address)
    }

    async fn welcome(&self, room: usize, room_id: &str) -> anyhow::Result<TcpStream> {
        let (mut session, _) = self.listener.accept().await?;
        session.set_nodelay(true)?;
        let me = Races::session_id(room, 0);
        let players: Vec<_> = (0..CARS)
            .map(|car| json!({"id": Races::session_id(room, car), "name": format!("driver {car}")}))
            .collect();
        let joined = json!({"command": "JOIN_OK", "roomId": room_id});
        let listed = json!({"command": "ROOM_PLAYERS", "roomId": room_id, "players": players});
        let lines = format!("CONNECTED|{me}\n{joined}\n{listed}\n");
        session.write_all(lines.as_bytes()).await?;
        Ok(session)
    }
}

/// Answer the goodbye that the relay says for its player.
async fn answer(mut session: TcpStream) -> anyhow::Result<()> {
    let (read, mut write) = session.split();
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let answer = if line.contains("LEAVE_ROOM") {
            "{\"command\":\"LEAVE_OK\",\"roomId\":\"0\"}\n"
        } else {
            "{\"command\":\"BYE_OK\"}\n"
        };
        write.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

/// The bridged player of a room.
struct Player {
    socket: WebSocket,
    room: usize,
    cipher: Cipher,
    clock: Clock,
    phase: Phase,
    delays: Arc<[Delays; 2]>,
}

impl Player {
    async fn until_listed(&mut self) -> anyhow::Result<()> {
        loop {
            let incoming = self.socket.receive().await?;
            if matches!(incoming, Incoming::Line(line) if line.contains("ROOM_PLAYERS")) {
                return Ok(());
            }
        }
    }

    async fn run(mut self) -> anyhow::Result<()> {
        let mut beat = tokio::time::interval(PERIOD);
        loop {
            tokio::select! {
                incoming = self.socket.receive() => {
                    if let Incoming::Datagram(datagram) = incoming? {
                        self.take(&datagram);
                    }
                }
                _ = beat.tick() => self.drive()?,
            }
        }
    }

    /// Send its own position.
    fn drive(&mut self) -> anyhow::Result<()> {
        let update = position(self.room, 0, self.clock.now())?;
        self.socket
            .send_datagram(&self.cipher.seal(update.as_bytes())?);
        Ok(())
    }

    fn take(&self, datagram: &[u8]) {
        let counted = self.phase.load(Ordering::Relaxed).checked_sub(1);
        let Some(delays) = counted.and_then(|phase| self.delays.get(phase)) else {
            return;
        };
        if let Some(sent) = stamp(datagram) {
            delays.count(self.clock.now().saturating_sub(sent));
        }
    }
}

/// A car's position as a server of the first generation sends it. The sender's count, which such servers do not pass on, holds
/// the time of sending here, in tenths of a millisecond.
fn position(room: usize, car: usize, now: Duration) -> anyhow::Result<String> {
    let angle = std::f32::consts::TAU * (now.as_secs_f32() / LAP + car as f32 / CARS as f32);
    let update = Update {
        session_id: Races::session_id(room, car).parse()?,
        seq: i32::try_from(now.as_micros() / 100).ok(),
        position: Vec3::new(RADIUS * angle.sin(), 0.0, RADIUS * angle.cos()),
        rotation: Quat::from_yaw(angle + std::f32::consts::FRAC_PI_2),
    };
    Ok(Datagram::Update(update).to_json())
}

/// Read when a position was sent, without reading the rest of it.
fn stamp(datagram: &[u8]) -> Option<Duration> {
    const NAME: &[u8] = b"\"seq\":";
    let place = datagram
        .windows(NAME.len())
        .position(|bytes| bytes == NAME)?;
    let digits = datagram[place + NAME.len()..].iter();
    let digits = digits.take_while(|byte| byte.is_ascii_digit());
    let tenths = digits.fold(0u64, |all, digit| 10 * all + u64::from(digit - b'0'));
    Some(Duration::from_micros(100 * tenths))
}

/// Sends the datagrams of all cars that are not bridged.
struct Traffic {
    udp: UdpSocket,
    /// The address for each room's player.
    addresses: Vec<SocketAddr>,
    races: Arc<Races>,
    clock: Clock,
    in_bursts: bool,
    stop: Arc<AtomicBool>,
}

impl Traffic {
    fn run(self) -> anyhow::Result<()> {
        let slots = self.addresses.len() * (CARS - 1);
        let begun = self.clock.now();
        let mut sent = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let periods = (self.clock.now() - begun).as_secs_f64() / PERIOD.as_secs_f64();
            let due = (periods * slots as f64) as usize;
            for slot in sent..due {
                self.send(slot % slots)?;
            }
            sent = due;
            // The relay has seen the positions that came up; here they are dropped.
            while self.udp.recv_from(&mut [0; 2048]).is_ok() {}
            std::thread::sleep(BEAT);
        }
        Ok(())
    }

    fn send(&self, slot: usize) -> anyhow::Result<()> {
        let (room, car) = if self.in_bursts {
            (slot / (CARS - 1), slot % (CARS - 1))
        } else {
            (slot % self.addresses.len(), slot / self.addresses.len())
        };
        let car = car + 1;
        let now = self.clock.now();
        let datagram = position(room, car, now)?;
        self.races.stamps(room, car).write(now.as_micros() as u64);
        // A datagram that the system does not take now is lost.
        let _lost = self.udp.send_to(datagram.as_bytes(), self.addresses[room]);
        Ok(())
    }
}

impl Drop for Game {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(sending) = self.sending.take() {
            let _ended = sending.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_says_when_it_was_sent() {
        let now = Duration::from_micros(123_456_700);
        let json = position(3, 19, now).unwrap();
        assert_eq!(stamp(json.as_bytes()), Some(now));
        let update = Datagram::decode(json.as_bytes(), None).unwrap();
        let Datagram::Update(update) = update else {
            panic!("{update:?}")
        };
        assert_eq!(update.session_id.as_str(), Races::session_id(3, 19));
        assert_eq!(stamp(b"{}"), None);
    }
}
