//! One room while somebody watches it or plays in it through this relay: the lock around `room`, and the tick that
//! shows it to its spectators. The tick runs only while there are spectators, and something to show.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use protocol::datagram::Update;
use protocol::id::{RoomId, SessionId};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::frame;
use super::room::{Bridged, Room};
use super::shard::Crowd;
use super::spectator::Spectator;
use super::tally::Tally;
use crate::context::Context;

/// All rooms somebody is in or watches, and what they share.
pub(crate) struct Rooms {
    pub(crate) pace: Pace,
    pub(crate) tally: Tally,
    /// Turns at writing to spectators: as many as there are threads to do it. More at once would only make all of
    /// them late, and players with them.
    pub(crate) turns: Semaphore,
    live: Mutex<HashMap<RoomId, Weak<Live>>>,
}

impl Rooms {
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            tally: Tally::default(),
            turns: Semaphore::new(Handle::current().metrics().num_workers()),
            live: Mutex::default(),
        }
    }

    /// Find a room that is played in or watched.
    pub(crate) fn find(&self, id: &RoomId) -> Option<Arc<Live>> {
        lock(&self.live).get(id).and_then(Weak::upgrade)
    }

    /// List all of them.
    pub(crate) fn all(&self) -> Vec<Arc<Live>> {
        let rooms = lock(&self.live);
        rooms.values().filter_map(Weak::upgrade).collect()
    }

    /// Find a room, or make it.
    pub(crate) fn find_or_make(self: &Arc<Self>, id: &RoomId) -> Arc<Live> {
        let mut rooms = lock(&self.live);
        if let Some(live) = rooms.get(id).and_then(Weak::upgrade) {
            return live;
        }
        let live = Arc::new(Live::new(id, self));
        rooms.insert(*id, Arc::downgrade(&live));
        live
    }
}

/// The newest of a room, as frames that are the same for all its spectators.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    pub(crate) text: Bytes,
    /// Counts the texts, from 1.
    pub(crate) text_number: u32,
    pub(crate) snapshot: Bytes,
    /// Counts the snapshots, from 1.
    pub(crate) snapshot_number: u32,
}

/// How a room is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// When the hub's clock began.
    pub(crate) started: Instant,
    /// Between two snapshots.
    pub(crate) tick: Duration,
    /// How much later than it happened everything is shown.
    pub(crate) delay: Duration,
}

impl Pace {
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

pub(crate) struct Live {
    id: RoomId,
    rooms: Arc<Rooms>,
    spectators: AtomicUsize,
    inner: Mutex<Inner>,
    shown: watch::Sender<View>,
    crowd: Crowd,
}

struct Inner {
    room: Room,
    newest: View,
    /// What is not due yet, oldest first; one a tick at most, so never more than the delay has ticks.
    delayed: VecDeque<(Duration, View)>,
    is_ticking: bool,
    /// The last snapshot had cars, so one without any must follow it.
    had_cars: bool,
}

impl Live {
    fn new(id: &RoomId, rooms: &Arc<Rooms>) -> Self {
        let room = Room::new(*id);
        let newest = View {
            text: frame::text(&room.text()),
            text_number: 1,
            ..View::default()
        };
        Self {
            id: *id,
            rooms: Arc::clone(rooms),
            spectators: AtomicUsize::new(0),
            shown: watch::Sender::new(newest.clone()),
            crowd: Crowd::default(),
            inner: Mutex::new(Inner {
                room,
                newest,
                delayed: VecDeque::new(),
                is_ticking: false,
                had_cars: false,
            }),
        }
    }

    /// Say whether anybody watches; positions matter only then.
    pub(crate) fn is_watched(&self) -> bool {
        self.spectators() > 0
    }

    pub(crate) fn spectators(&self) -> usize {
        self.spectators.load(Ordering::Relaxed)
    }

    pub(crate) fn id(&self) -> &RoomId {
        &self.id
    }

    /// Say whether somebody of this relay is here, player or observer.
    pub(crate) fn is_live(&self) -> bool {
        lock(&self.inner).room.is_live()
    }

    /// Say whether an observer is here and looks.
    pub(crate) fn is_observed(&self) -> bool {
        lock(&self.inner).room.is_observed()
    }

    /// Say what the players of this relay who are here mean for spectators.
    pub(crate) fn bridged(&self) -> Bridged {
        lock(&self.inner).room.bridged()
    }

    /// Change what is known of the room, and show it.
    pub(crate) fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut Room) -> T) -> T {
        let mut inner = lock(&self.inner);
        let changed = change(&mut inner.room);
        self.keep_ticking(&mut inner);
        changed
    }

    /// Say whether a position of `car` is wanted of `tap`.
    pub(crate) fn wants(&self, car: &SessionId, tap: &SessionId, mixed: bool) -> bool {
        let now = self.rooms.pace.now();
        lock(&self.inner).room.wants(car, tap, mixed, now)
    }

    /// Take a position, if it is wanted.
    pub(crate) fn handle_update(&self, update: &Update, tap: &SessionId, mixed: bool) {
        let now = self.rooms.pace.now();
        let room = &mut lock(&self.inner).room;
        if room.wants(&update.session_id, tap, mixed, now) {
            room.handle_update(tap, update, now);
        }
    }

    /// Show the room to one more spectator.
    pub(crate) fn watch(self: &Arc<Self>, spectator: Spectator, context: &Arc<Context>) {
        let mut inner = lock(&self.inner);
        self.spectators.fetch_add(1, Ordering::Relaxed);
        Tally::one(&self.rooms.tally.spectators);
        Tally::one(&self.rooms.tally.admitted);
        if !inner.is_ticking {
            self.show_first(&mut inner);
        }
        self.keep_ticking(&mut inner);
        drop(inner);
        self.crowd.admit(spectator, self, context);
    }

    /// A spectator is gone, or going.
    pub(crate) fn unwatch(&self) {
        self.spectators.fetch_sub(1, Ordering::Relaxed);
        self.rooms.tally.spectators.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    pub(crate) fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// Follow what is shown.
    pub(crate) fn subscribe(&self) -> watch::Receiver<View> {
        self.shown.subscribe()
    }

    /// Show who comes first at once what is known, and no snapshot of the time before.
    fn show_first(&self, inner: &mut Inner) {
        if self.rooms.pace.delay.is_zero() {
            inner.refresh_text();
        }
        let newest = &inner.newest;
        self.shown.send_modify(|shown| {
            if self.rooms.pace.delay.is_zero() {
                (shown.text, shown.text_number) = (newest.text.clone(), newest.text_number);
            }
            shown.snapshot = Bytes::new();
        });
    }

    fn keep_ticking(self: &Arc<Self>, inner: &mut Inner) {
        if self.is_watched() && !inner.is_ticking {
            inner.is_ticking = true;
            tokio::spawn(Arc::clone(self).run());
        }
    }

    async fn run(self: Arc<Self>) {
        let mut ticks = interval(self.rooms.pace.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            if !self.tick() {
                return;
            }
        }
    }

    /// Show the room as it is now; says whether there will be more to show.
    fn tick(&self) -> bool {
        let now = self.rooms.pace.now();
        let mut inner = lock(&self.inner);
        let before = inner.newest.snapshot_number;
        let news = inner.refresh(now);
        if inner.newest.snapshot_number != before {
            Tally::one(&self.rooms.tally.snapshots);
        }
        if let Some(view) = inner.delay(news, now, self.rooms.pace.delay) {
            self.shown.send_replace(view);
        }
        let more = inner.room.is_live() || inner.had_cars || !inner.delayed.is_empty();
        inner.is_ticking = more && self.is_watched();
        if !inner.is_ticking {
            inner.delayed.clear();
        }
        inner.is_ticking
    }
}

impl Inner {
    /// Bring `newest` up to date; says whether it changed.
    fn refresh(&mut self, now: Duration) -> bool {
        let snapshot = self.room.sample(now);
        // The text goes first: it names the cars of the snapshot.
        let mut news = self.refresh_text();
        let has_cars = !snapshot.cars.is_empty();
        if has_cars || self.had_cars {
            let mut bytes = Vec::new();
            snapshot.encode(&mut bytes);
            self.newest.snapshot = frame::binary(&bytes);
            self.newest.snapshot_number = self.newest.snapshot_number.wrapping_add(1).max(1);
            news = true;
        }
        self.had_cars = has_cars;
        news
    }

    fn refresh_text(&mut self) -> bool {
        let Some(text) = self.room.take_text() else {
            return false;
        };
        self.newest.text = frame::text(&text);
        self.newest.text_number = self.newest.text_number.wrapping_add(1).max(1);
        true
    }

    /// Put the newest behind what waits, where it is news; gives what is due now.
    fn delay(&mut self, news: bool, now: Duration, delay: Duration) -> Option<View> {
        if delay.is_zero() {
            return news.then(|| self.newest.clone());
        }
        if news {
            self.delayed.push_back((now + delay, self.newest.clone()));
        }
        let due = self.delayed.partition_point(|(due, _)| *due <= now);
        self.delayed.drain(..due).next_back().map(|(_, view)| view)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let mut rooms = lock(&self.rooms.live);
        // A new one may have taken the place in between.
        if rooms
            .get(&self.id)
            .is_some_and(|live| live.strong_count() == 0)
        {
            rooms.remove(&self.id);
        }
    }
}

/// Nothing panics while a lock is held, so a poisoned one is as good as any.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
