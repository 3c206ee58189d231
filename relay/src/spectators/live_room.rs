//! A room that is played in or watched: the lock around `room`, and the task that makes a view of it at each tick. The
//! task runs only while the room is watched and there is something to show.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use protocol::datagram::Update;
use protocol::id::{RoomId, SessionId};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::public_id::PublicIds;
use super::room::{BridgedPlayers, Room};
use super::view::{View, Views};
use crate::metrics::Metrics;

/// The time of all rooms, and when snapshots are made and shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SnapshotClock {
    pub(crate) started: Instant,
    /// The time between two snapshots.
    pub(crate) tick: Duration,
    /// How much later than it happens everything is shown.
    pub(crate) delay: Duration,
}

impl SnapshotClock {
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

pub(crate) struct LiveRoom {
    pub(crate) id: RoomId,
    clock: SnapshotClock,
    metrics: Arc<Metrics>,
    spectators: AtomicUsize,
    /// How many of them each address has. Holds only addresses that have some.
    addresses: Mutex<HashMap<IpAddr, usize>>,
    state: Mutex<State>,
    /// What spectators are shown.
    pub(super) shown: watch::Sender<View>,
}

struct State {
    room: Room,
    views: Views,
    is_ticking: bool,
}

impl LiveRoom {
    pub(crate) fn new(
        id: RoomId,
        clock: SnapshotClock,
        ids: PublicIds,
        metrics: Arc<Metrics>,
    ) -> Self {
        let room = Room::new(id, ids);
        let first = View::first(&room);
        Self {
            id,
            clock,
            metrics,
            spectators: AtomicUsize::new(0),
            addresses: Mutex::default(),
            shown: watch::Sender::new(first.clone()),
            state: Mutex::new(State {
                room,
                views: Views::new(first, clock.delay),
                is_ticking: false,
            }),
        }
    }

    /// Say whether anybody watches. Positions matter only then.
    pub(crate) fn is_watched(&self) -> bool {
        self.spectators() > 0
    }

    /// How many watch.
    pub(crate) fn spectators(&self) -> usize {
        self.spectators.load(Ordering::Relaxed)
    }

    /// List the addresses of those who watch.
    pub(crate) fn watching_addresses(&self) -> Vec<IpAddr> {
        self.addresses.lock().keys().copied().collect()
    }

    /// Look at the room.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Room) -> T) -> T {
        look(&self.state.lock().room)
    }

    /// Say what the bridged players who are here do.
    pub(crate) fn bridged(&self) -> BridgedPlayers {
        self.look(Room::bridged)
    }

    /// Change what is known of the room, and show it.
    pub(crate) fn change(self: &Arc<Self>, change: impl FnOnce(&mut Room)) {
        let mut state = self.state.lock();
        change(&mut state.room);
        self.keep_ticking(&mut state);
    }

    /// Say whether a position of `car` that `source` brings is wanted; see [`Room::wants`].
    pub(crate) fn wants(&self, car: &SessionId, source: &SessionId, mixed: bool) -> bool {
        let now = self.clock.now();
        self.look(|room| room.wants(car, source, mixed, now))
    }

    /// Say whether sealed positions are taken from the copies of this source; see [`Room::reads`].
    pub(crate) fn reads(&self, source: &SessionId, mixed: bool) -> bool {
        let now = self.clock.now();
        self.state.lock().room.reads(source, mixed, now)
    }

    /// Take a position that `source` brings, if it is wanted.
    pub(crate) fn handle_update(&self, update: &Update, source: &SessionId, mixed: bool) {
        let now = self.clock.now();
        let room = &mut self.state.lock().room;
        if room.wants(&update.session_id, source, mixed, now) {
            room.handle_update(source, update, now);
        }
    }

    /// Count one more spectator, and show the room to it.
    pub(crate) fn watch(self: &Arc<Self>, address: IpAddr) {
        *self.addresses.lock().entry(address).or_default() += 1;
        let mut state = self.state.lock();
        self.spectators.fetch_add(1, Ordering::Relaxed);
        self.metrics.spectators_connected.inc();
        self.metrics.spectators.admitted.inc();
        if !state.is_ticking {
            let State { room, views, .. } = &mut *state;
            self.shown.send_modify(|shown| views.resume(room, shown));
        }
        self.keep_ticking(&mut state);
    }

    /// Count one spectator less.
    pub(crate) fn unwatch(&self, address: IpAddr) {
        let mut addresses = self.addresses.lock();
        if let Some(here) = addresses.get_mut(&address) {
            *here -= 1;
            if *here == 0 {
                addresses.remove(&address);
            }
        }
        drop(addresses);
        self.spectators.fetch_sub(1, Ordering::Relaxed);
        self.metrics.spectators_connected.dec();
    }

    fn keep_ticking(self: &Arc<Self>, state: &mut State) {
        if self.is_watched() && !state.is_ticking {
            state.is_ticking = true;
            tokio::spawn(Arc::clone(self).run());
        }
    }

    async fn run(self: Arc<Self>) {
        let mut ticks = interval(self.clock.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            if !self.tick() {
                return;
            }
        }
    }

    /// Show the room as it is now. Says whether there will be more to show.
    fn tick(&self) -> bool {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let State { room, views, .. } = &mut *state;
        let before = views.newest.snapshot_number;
        if let Some(view) = views.take(room, now) {
            self.shown.send_replace(view);
        }
        if views.newest.snapshot_number != before {
            self.metrics.spectators.snapshots.inc();
        }
        let is_ticking = (room.is_live() || views.is_pending()) && self.is_watched();
        if !is_ticking {
            views.delayed.clear();
        }
        state.is_ticking = is_ticking;
        is_ticking
    }
}
