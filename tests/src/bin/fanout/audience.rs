//! Thousands of spectators in one process. One in ten is timed: a thread waits for all these sockets and takes each frame as
//! soon as it comes. The others are read twice a second and only counted: reading every frame at once would cost this machine
//! as much as writing it, and real spectators run on other machines.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use mio::{Events, Interest, Poll, Registry, Token, Waker};

use crate::clock::Clock;
use crate::seat::{Arrival, Seat, View};
use crate::stage::Stage;
use crate::window::Window;

/// Events taken at once.
const EVENTS: usize = 4096;
/// The longest wait for events. It bounds how late a thread notices the end of the run.
const TURN: Duration = Duration::from_millis(100);
/// The longest wait until every spectator has a frame.
const DEADLINE: Duration = Duration::from_secs(30);
/// One spectator in this many is timed.
const TIMED: usize = 10;
/// The others are read once in this many beats.
const ROUND: usize = 500;
/// The pause between two rounds of reading.
const BEAT: Duration = Duration::from_millis(1);
/// Bytes read at once: forty full snapshots, so that one read empties a socket.
const READ_BYTES: usize = 16 * 1024;
/// Wakes a thread up.
const WAKE: Token = Token(usize::MAX);

struct Shared {
    view: View,
    window: Mutex<Arc<Window>>,
    is_over: AtomicBool,
    /// Connections that ended before the run did.
    lost: AtomicUsize,
}

/// All spectators.
pub(crate) struct Audience {
    shared: Arc<Shared>,
    timed: mpsc::Sender<Arrival>,
    /// Wakes the thread that times.
    waker: Waker,
    counted: mpsc::Sender<Arrival>,
    threads: [std::thread::JoinHandle<anyhow::Result<()>>; 2],
}

impl Audience {
    /// Start the threads that read.
    pub(crate) fn start(clock: Clock, stage: &Arc<Stage>) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            view: View::new(clock, stage),
            window: Mutex::new(Arc::new(Window::new(0..0, stage.rooms()))),
            is_over: AtomicBool::new(false),
            lost: AtomicUsize::new(0),
        });
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let (timed, arrivals) = mpsc::channel();
        let reader = Reader::new(&shared, arrivals);
        let reading = std::thread::spawn(|| reader.time(poll));
        let (counted, arrivals) = mpsc::channel();
        let reader = Reader::new(&shared, arrivals);
        let counting = std::thread::spawn(|| reader.count());
        Ok(Self {
            shared,
            timed,
            waker,
            counted,
            threads: [reading, counting],
        })
    }

    /// Add a spectator. The first of each room are timed, then one in ten.
    pub(crate) fn seat(&self, arrival: Arrival, number: usize) -> anyhow::Result<()> {
        let is_timed = (number / self.shared.view.stage.rooms()).is_multiple_of(TIMED);
        let seats = if is_timed { &self.timed } else { &self.counted };
        let ended = "the audience has ended early";
        seats.send(arrival).ok().context(ended)?;
        Ok(self.waker.wake()?)
    }

    /// Count the frames that are made from now on, for a time.
    pub(crate) fn count(&self, time: Duration) -> Arc<Window> {
        let View { stage, clock, .. } = &self.shared.view;
        let (from, until) = (clock.now(), clock.now() + time);
        let span = stage.relay_time(from)..stage.relay_time(until);
        let window = Arc::new(Window::new(span, stage.rooms()));
        *lock(&self.shared.window) = Arc::clone(&window);
        window
    }

    /// Wait until this many have got a frame.
    pub(crate) fn wait_for(&self, wanted: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let seeing = self.shared.view.seeing.load(Ordering::Relaxed);
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

    /// The number of connections that ended.
    pub(crate) fn lost(&self) -> usize {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Close all connections.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let ended = thread.join();
            ended.map_err(|_| anyhow::anyhow!("a reading thread panicked"))??;
        }
        Ok(())
    }
}

struct Reader {
    shared: Arc<Shared>,
    arrivals: mpsc::Receiver<Arrival>,
    seats: Vec<Option<Seat>>,
    space: Vec<u8>,
}

impl Reader {
    fn new(shared: &Arc<Shared>, arrivals: mpsc::Receiver<Arrival>) -> Self {
        Self {
            shared: Arc::clone(shared),
            arrivals,
            seats: Vec::new(),
            space: vec![0; READ_BYTES],
        }
    }

    /// Take each frame as soon as it comes, within a beat.
    fn time(mut self, mut poll: Poll) -> anyhow::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        while !self.shared.is_over.load(Ordering::Relaxed) {
            match poll.poll(&mut events, Some(TURN)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let window = self.window();
            for event in &events {
                match event.token() {
                    WAKE => self.welcome(Some(poll.registry()))?,
                    Token(seat) => self.read(seat, &window),
                }
            }
            // Waiting for each frame would make the writer wake this thread for each.
            std::thread::sleep(BEAT);
        }
        Ok(())
    }

    /// Read the spectators that are not timed.
    fn count(mut self) -> anyhow::Result<()> {
        let mut next = 0;
        while !self.shared.is_over.load(Ordering::Relaxed) {
            self.welcome(None)?;
            let window = self.window();
            for _ in 0..self.seats.len().div_ceil(ROUND) {
                next = (next + 1) % self.seats.len();
                self.read(next, &window);
            }
            std::thread::sleep(BEAT);
        }
        Ok(())
    }

    fn window(&self) -> Arc<Window> {
        Arc::clone(&lock(&self.shared.window))
    }

    fn welcome(&mut self, registry: Option<&Registry>) -> anyhow::Result<()> {
        while let Ok(arrival) = self.arrivals.try_recv() {
            let mut seat = Seat::new(arrival, registry.is_some())?;
            if let Some(registry) = registry {
                let token = Token(self.seats.len());
                registry.register(&mut seat.socket, token, Interest::READABLE)?;
            }
            self.seats.push(Some(seat));
        }
        Ok(())
    }

    fn read(&mut self, number: usize, window: &Window) {
        let Some(Some(seat)) = self.seats.get_mut(number) else {
            return;
        };
        if seat
            .read(&mut self.space, &self.shared.view, window)
            .is_err()
        {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            self.seats[number] = None;
        }
    }
}

/// Nothing panics while the lock is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
