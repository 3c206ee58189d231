//! All rooms that are played in or watched through this relay, and the shards of each.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use protocol::event;
use protocol::id::RoomId;

use super::room::{BridgedPlayers, Room};
use super::shard::{Delivery, Shard};
use super::spectator::Spectator;
use super::ticker::{SnapshotClock, Ticker};
use crate::metrics::Metrics;

/// The rooms. A room stays for as long as somebody holds it: a player's tap, an observer, or a shard.
pub(crate) struct Rooms {
    pub(crate) clock: SnapshotClock,
    pub(crate) metrics: Arc<Metrics>,
    pub(super) delivery: Arc<Delivery>,
    /// Entries of rooms that are gone stay until the next room comes.
    live: Mutex<HashMap<RoomId, Weak<LiveRoom>>>,
}

/// A room that is played in or watched.
pub(crate) struct LiveRoom {
    pub(crate) id: RoomId,
    pub(crate) ticker: Arc<Ticker>,
    shards: Mutex<Vec<Arc<Shard>>>,
}

impl Rooms {
    pub(crate) fn new(clock: SnapshotClock, delivery: Delivery, metrics: Arc<Metrics>) -> Self {
        Self {
            clock,
            metrics,
            delivery: Arc::new(delivery),
            live: Mutex::default(),
        }
    }

    /// Find a room that is played in or watched.
    pub(crate) fn find(&self, id: &RoomId) -> Option<Arc<LiveRoom>> {
        self.live.lock().get(id).and_then(Weak::upgrade)
    }

    /// List all of them.
    pub(crate) fn all(&self) -> Vec<Arc<LiveRoom>> {
        let rooms = self.live.lock();
        rooms.values().filter_map(Weak::upgrade).collect()
    }

    /// Find a room, or make it.
    pub(crate) fn find_or_make(&self, id: &RoomId) -> Arc<LiveRoom> {
        let mut rooms = self.live.lock();
        if let Some(room) = rooms.get(id).and_then(Weak::upgrade) {
            return room;
        }
        rooms.retain(|_, room| room.strong_count() > 0);
        let metrics = Arc::clone(&self.metrics);
        let room = Arc::new(LiveRoom {
            id: *id,
            ticker: Arc::new(Ticker::new(Room::new(*id), self.clock, metrics)),
            shards: Mutex::default(),
        });
        rooms.insert(*id, Arc::downgrade(&room));
        room
    }

    /// Show a room to one more spectator.
    pub(crate) fn watch(&self, id: &RoomId, spectator: Spectator) {
        let room = self.find_or_make(id);
        room.ticker.watch();
        room.admit(spectator, &self.delivery);
    }

    /// Take what the game server says of all rooms.
    pub(crate) fn describe(&self, rooms: &[event::Room]) {
        for listed in rooms {
            if let Some(room) = self.find(&listed.id) {
                let (name, host) = (Some(&*listed.name), listed.host_id.as_ref());
                room.ticker
                    .change(|room| room.describe(name, host, listed.is_active));
            }
        }
    }
}

impl LiveRoom {
    /// Say what the bridged players who are here do.
    pub(crate) fn bridged(&self) -> BridgedPlayers {
        self.ticker.look(Room::bridged)
    }

    /// Give a spectator to a shard that has a slot, or to a new one.
    fn admit(self: &Arc<Self>, mut spectator: Spectator, delivery: &Arc<Delivery>) {
        let mut shards = self.shards.lock();
        for shard in shards.iter() {
            match shard.admit(spectator) {
                None => return,
                Some(refused) => spectator = refused,
            }
        }
        let (ticker, delivery) = (Arc::clone(&self.ticker), Arc::clone(delivery));
        let lifecycle = delivery.lifecycle.clone();
        let (shard, running) = Shard::new(spectator, ticker, delivery);
        shards.push(Arc::clone(&shard));
        let room = Arc::clone(self);
        lifecycle.spawn_spectator(async move {
            running.await;
            room.shards
                .lock()
                .retain(|other| !Arc::ptr_eq(other, &shard));
        });
    }
}
