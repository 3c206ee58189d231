//! Spectators, thousands in one process: a thread or two wait for all sockets together, take each frame as soon as
//! it is there, count it and time it. Nothing is kept of a frame.

use std::io::{self, Read as _, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ::tests::Delays;
use anyhow::{Context as _, ensure};
use mio::event::Event;
use mio::{Events, Interest, Poll, Token, Waker};
use protocol::snapshot::{CAR_BYTES, HEADER_BYTES};

use crate::clock::Clock;
use crate::frames::{self, Broken};
use crate::stage::Stage;

/// Events taken at once.
const EVENTS: usize = 4096;
/// The longest wait; it bounds only how late a thread notices that it is over.
const TURN: Duration = Duration::from_millis(100);
/// The longest wait for everybody's first frame.
const DEADLINE: Duration = Duration::from_secs(30);
/// Bytes read at once: forty full snapshots, so that one read empties a socket.
const READ_BYTES: usize = 16 * 1024;
/// Wakes a thread up.
const WAKE: Token = Token(usize::MAX);
/// The answer to a ping; its mask is zero.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// Somebody whose handshake is done.
pub(crate) struct Arrival {
    pub(crate) socket: std::net::TcpStream,
    /// The number of the room on the stage.
    pub(crate) room: usize,
    /// What came right behind the handshake.
    pub(crate) read_ahead: Vec<u8>,
}

/// What an audience sees in a part of the race, by the clock in the snapshots: frames count when they were made
/// then, whenever they come.
pub(crate) struct Window {
    /// From this time to that, in milliseconds.
    pub(crate) span: std::ops::Range<u32>,
    pub(crate) snapshots: AtomicU64,
    pub(crate) bytes: AtomicU64,
    /// From tick to receipt.
    pub(crate) fan_out: Delays,
    /// From sending a car's datagram to the tick that shows it.
    pub(crate) wait: Delays,
    /// From sending a car's datagram to the receipt of the first frame that shows it.
    pub(crate) whole: Delays,
    /// The ticks of each room: the lowest and the highest number.
    ticks: Vec<(AtomicU64, AtomicU64)>,
}

impl Window {
    fn new(span: std::ops::Range<u32>, rooms: usize) -> Self {
        let none = || (AtomicU64::new(u64::MAX), AtomicU64::new(0));
        Self {
            span,
            snapshots: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            fan_out: Delays::default(),
            wait: Delays::default(),
            whole: Delays::default(),
            ticks: (0..rooms).map(|_| none()).collect(),
        }
    }

    /// How many ticks a room made that anybody saw, in the mean.
    pub(crate) fn ticks(&self) -> f64 {
        let ticks = self.ticks.iter().map(|(low, high)| {
            let (low, high) = (low.load(Ordering::Relaxed), high.load(Ordering::Relaxed));
            (high + 1).saturating_sub(low)
        });
        ticks.sum::<u64>() as f64 / self.ticks.len() as f64
    }

    fn saw_tick(&self, room: usize, number: u64) {
        let (low, high) = &self.ticks[room];
        low.fetch_min(number, Ordering::Relaxed);
        high.fetch_max(number, Ordering::Relaxed);
    }
}

struct Shared {
    clock: Clock,
    stage: Arc<Stage>,
    window: Mutex<Arc<Window>>,
    is_over: AtomicBool,
    /// Connections that ended before it was over.
    lost: AtomicUsize,
    /// Connections that have got a frame.
    seeing: AtomicUsize,
}

/// All spectators.
pub(crate) struct Audience {
    shared: Arc<Shared>,
    readers: Vec<(mpsc::Sender<Arrival>, Arc<Waker>)>,
    threads: Vec<std::thread::JoinHandle<anyhow::Result<()>>>,
}

impl Audience {
    /// Start `readers` threads for nobody yet.
    pub(crate) fn start(clock: Clock, stage: &Arc<Stage>, readers: usize) -> anyhow::Result<Self> {
        let mut audience = Self {
            shared: Arc::new(Shared {
                clock,
                stage: Arc::clone(stage),
                window: Mutex::new(Arc::new(Window::new(0..0, stage.rooms()))),
                is_over: AtomicBool::new(false),
                lost: AtomicUsize::new(0),
                seeing: AtomicUsize::new(0),
            }),
            readers: Vec::new(),
            threads: Vec::new(),
        };
        for _ in 0..readers {
            let poll = Poll::new()?;
            let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
            let (come, arrivals) = mpsc::channel();
            let reader = Reader {
                shared: Arc::clone(&audience.shared),
                poll,
                arrivals,
                seats: Vec::new(),
                space: vec![0; READ_BYTES],
            };
            audience.readers.push((come, waker));
            audience.threads.push(std::thread::spawn(|| reader.run()));
        }
        Ok(audience)
    }

    /// Seat somebody; `number` says with which thread.
    pub(crate) fn seat(&self, arrival: Arrival, number: usize) -> anyhow::Result<()> {
        let (come, waker) = &self.readers[number % self.readers.len()];
        come.send(arrival)
            .ok()
            .context("the audience has ended early")?;
        Ok(waker.wake()?)
    }

    /// Count what is made in the time from now on.
    pub(crate) fn count(&self, time: Duration) -> Arc<Window> {
        let Shared { stage, clock, .. } = &*self.shared;
        let (from, until) = (clock.now(), clock.now() + time);
        let span = stage.relay_time(from)..stage.relay_time(until);
        let window = Arc::new(Window::new(span, stage.rooms()));
        *lock(&self.shared.window) = Arc::clone(&window);
        window
    }

    /// Wait until so many have got a frame.
    pub(crate) fn wait_for(&self, wanted: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let seeing = self.shared.seeing.load(Ordering::Relaxed);
            if seeing >= wanted {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "only {seeing} of {wanted} spectators see anything"
            );
            std::thread::sleep(TURN);
        }
    }

    /// How many lost their connection.
    pub(crate) fn lost(&self) -> usize {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Hang up on everything.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            ended.map_err(|_| anyhow::anyhow!("a reading thread panicked"))??;
        }
        Ok(())
    }
}

struct Reader {
    shared: Arc<Shared>,
    poll: Poll,
    arrivals: mpsc::Receiver<Arrival>,
    seats: Vec<Option<Seat>>,
    space: Vec<u8>,
}

/// One spectator.
struct Seat {
    socket: mio::net::TcpStream,
    room: usize,
    /// The beginning of a frame.
    rest: Vec<u8>,
    /// The time of its newest snapshot.
    time: Option<u32>,
}

impl Reader {
    fn run(mut self) -> anyhow::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        while !self.shared.is_over.load(Ordering::Relaxed) {
            match self.poll.poll(&mut events, Some(TURN)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let window = Arc::clone(&lock(&self.shared.window));
            for event in &events {
                match event.token() {
                    WAKE => self.welcome(&window)?,
                    Token(seat) => self.read(seat, event, &window),
                }
            }
        }
        Ok(())
    }

    fn welcome(&mut self, window: &Window) -> anyhow::Result<()> {
        while let Ok(arrival) = self.arrivals.try_recv() {
            arrival.socket.set_nonblocking(true)?;
            let mut seat = Seat {
                socket: mio::net::TcpStream::from_std(arrival.socket),
                room: arrival.room,
                rest: Vec::new(),
                time: None,
            };
            let token = Token(self.seats.len());
            let registry = self.poll.registry();
            registry.register(&mut seat.socket, token, Interest::READABLE)?;
            let taken = seat.take(&arrival.read_ahead, &self.shared, window);
            self.seats.push(Some(seat).filter(|_| taken.is_ok()));
        }
        Ok(())
    }

    /// Read once: the space is larger than what may wait, and more would be a new event.
    fn read(&mut self, number: usize, event: &Event, window: &Window) {
        let Some(Some(seat)) = self.seats.get_mut(number) else {
            return;
        };
        let read = loop {
            match seat.socket.read(&mut self.space) {
                Ok(0) => break Err(Broken),
                Ok(length) => {
                    let taken = seat.take(&self.space[..length], &self.shared, window);
                    if taken.is_err() || length < self.space.len() && !event.is_read_closed() {
                        break taken;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(()),
                Err(_gone) => break Err(Broken),
            }
        };
        if read.is_err() {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            self.seats[number] = None;
        }
    }
}

impl Seat {
    fn take(&mut self, bytes: &[u8], shared: &Shared, window: &Window) -> Result<(), Broken> {
        if self.rest.is_empty() {
            let mut bytes = bytes;
            self.take_frames(&mut bytes, shared, window)?;
            self.rest.extend(bytes);
        } else {
            let joined = [&self.rest, bytes].concat();
            let mut bytes = &joined[..];
            self.take_frames(&mut bytes, shared, window)?;
            self.rest.clear();
            self.rest.extend(bytes);
        }
        Ok(())
    }

    fn take_frames(
        &mut self,
        bytes: &mut &[u8],
        shared: &Shared,
        window: &Window,
    ) -> Result<(), Broken> {
        while let Some((kind, payload)) = frames::next(bytes)? {
            match kind {
                frames::BINARY => self.take_snapshot(payload, shared, window)?,
                frames::TEXT => shared.stage.cast(self.room, payload),
                frames::PING => self.socket.write_all(&PONG).map_err(|_| Broken)?,
                frames::CLOSE => return Err(Broken),
                _ => return Err(Broken),
            }
        }
        Ok(())
    }

    /// Read as much of a snapshot as is counted: decoding it whole would be most of this program's work.
    fn take_snapshot(
        &mut self,
        bytes: &[u8],
        shared: &Shared,
        window: &Window,
    ) -> Result<(), Broken> {
        let (header, cars) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(Broken)?;
        let [_, _, _, _, n0, n1, n2, n3, t0, t1, t2, t3] = *header;
        let number = u32::from_le_bytes([n0, n1, n2, n3]);
        let time = u32::from_le_bytes([t0, t1, t2, t3]);
        let now = shared.clock.now();
        let before = self.time.replace(time);
        if before.is_none() {
            shared.seeing.fetch_add(1, Ordering::Relaxed);
        }
        shared.stage.heard(time, now);
        if !window.span.contains(&time) {
            return Ok(());
        }
        window.snapshots.fetch_add(1, Ordering::Relaxed);
        let frame = bytes.len() + if bytes.len() > 125 { 4 } else { 2 };
        window.bytes.fetch_add(frame as u64, Ordering::Relaxed);
        window.saw_tick(self.room, number.into());
        let made = shared.stage.at(time);
        window.fan_out.count(now.saturating_sub(made));
        // One car of each frame is looked at, another one each time.
        let (cars, _) = cars.as_chunks::<CAR_BYTES>();
        let Some(car) = cars.get(number as usize % cars.len().max(1)) else {
            return Ok(());
        };
        let age = u32::from(u16::from_le_bytes([car[17], car[18]]));
        let came = time.saturating_sub(age);
        // Only the first frame that shows a datagram.
        if before.is_some_and(|before| came > before)
            && let Some(sent) = shared.stage.sent(self.room, car[0], came)
        {
            window.whole.count(now.saturating_sub(sent));
            window.wait.count(made.saturating_sub(sent));
        }
        Ok(())
    }
}

/// Nothing panics while the lock is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
