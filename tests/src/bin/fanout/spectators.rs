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
use crate::races::Races;
use crate::spectator::{Connected, Spectator, View};
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
pub(crate) struct Spectators {
    shared: Arc<Shared>,
    timed: mpsc::Sender<Connected>,
    /// Wakes the thread that times.
    waker: Waker,
    counted: mpsc::Sender<Connected>,
    threads: [std::thread::JoinHandle<anyhow::Result<()>>; 2],
}

impl Spectators {
    /// Start the threads that read.
    pub(crate) fn start(clock: Clock, races: &Arc<Races>) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            view: View::new(clock, races),
            window: Mutex::new(Arc::new(Window::new(0..0, races.count()))),
            is_over: AtomicBool::new(false),
            lost: AtomicUsize::new(0),
        });
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let (timed, added) = mpsc::channel();
        let reader = Reader::new(&shared, added);
        let reading = std::thread::spawn(|| reader.time(poll));
        let (counted, added) = mpsc::channel();
        let reader = Reader::new(&shared, added);
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
    pub(crate) fn add(&self, connected: Connected, number: usize) -> anyhow::Result<()> {
        let is_timed = (number / self.shared.view.races.count()).is_multiple_of(TIMED);
        let spectators = if is_timed { &self.timed } else { &self.counted };
        let ended = "the spectators has ended early";
        spectators.send(connected).ok().context(ended)?;
        Ok(self.waker.wake()?)
    }

    /// Count the frames that are made from now on, for a time.
    pub(crate) fn count(&self, time: Duration) -> Arc<Window> {
        let View { races, clock, .. } = &self.shared.view;
        let (from, until) = (clock.now(), clock.now() + time);
        let span = races.relay_time(from)..races.relay_time(until);
        let window = Arc::new(Window::new(span, races.count()));
        *lock(&self.shared.window) = Arc::clone(&window);
        window
    }

    /// Wait until this many have got a frame.
    pub(crate) fn wait_for(&self, wanted: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let receiving = self.shared.view.receiving.load(Ordering::Relaxed);
            if receiving >= wanted {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "only {receiving} of {wanted} spectators see anything"
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
    added: mpsc::Receiver<Connected>,
    spectators: Vec<Option<Spectator>>,
    space: Vec<u8>,
}

impl Reader {
    fn new(shared: &Arc<Shared>, added: mpsc::Receiver<Connected>) -> Self {
        Self {
            shared: Arc::clone(shared),
            added,
            spectators: Vec::new(),
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
                    WAKE => self.take_added(Some(poll.registry()))?,
                    Token(spectator) => self.read(spectator, &window),
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
            self.take_added(None)?;
            let window = self.window();
            for _ in 0..self.spectators.len().div_ceil(ROUND) {
                next = (next + 1) % self.spectators.len();
                self.read(next, &window);
            }
            std::thread::sleep(BEAT);
        }
        Ok(())
    }

    fn window(&self) -> Arc<Window> {
        Arc::clone(&lock(&self.shared.window))
    }

    fn take_added(&mut self, registry: Option<&Registry>) -> anyhow::Result<()> {
        while let Ok(connected) = self.added.try_recv() {
            let mut spectator = Spectator::new(connected, registry.is_some())?;
            if let Some(registry) = registry {
                let token = Token(self.spectators.len());
                registry.register(&mut spectator.socket, token, Interest::READABLE)?;
            }
            self.spectators.push(Some(spectator));
        }
        Ok(())
    }

    fn read(&mut self, number: usize, window: &Window) {
        let Some(Some(spectator)) = self.spectators.get_mut(number) else {
            return;
        };
        if spectator
            .read(&mut self.space, &self.shared.view, window)
            .is_err()
        {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            self.spectators[number] = None;
        }
    }
}

/// Nothing panics while the lock is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
