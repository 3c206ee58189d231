//! All rooms that are played in or watched through this relay, and the shards of each.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use protocol::event;
use protocol::id::RoomId;

use super::live_room::{LiveRoom, SnapshotClock};
use super::public_id::PublicIds;
use super::shard::{Delivery, Shard};
use super::spectator::Spectator;
use crate::metrics::Metrics;

/// The rooms. A room stays for as long as somebody holds it: a player's tap, an observer, or a shard.
pub(crate) struct Rooms {
    pub(crate) clock: SnapshotClock,
    /// The ids by which the public knows players.
    pub(crate) ids: PublicIds,
    pub(crate) metrics: Arc<Metrics>,
    pub(super) delivery: Arc<Delivery>,
    /// Entries of rooms that are gone stay until the next room comes.
    live: Mutex<HashMap<RoomId, Weak<LiveRoom>>>,
    /// The shards of watched rooms.
    shards: Mutex<HashMap<RoomId, Vec<Arc<Shard>>>>,
}

impl Rooms {
    pub(crate) fn new(
        clock: SnapshotClock,
        delivery: Arc<Delivery>,
        ids: PublicIds,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            clock,
            ids,
            metrics,
            delivery,
            live: Mutex::default(),
            shards: Mutex::default(),
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
        let room = Arc::new(LiveRoom::new(*id, self.clock, self.ids.clone(), metrics));
        rooms.insert(*id, Arc::downgrade(&room));
        room
    }

    /// Show a room to one more spectator, in a shard that has a slot or in a new one.
    pub(crate) fn watch(self: &Arc<Self>, id: RoomId, mut spectator: Spectator) {
        let room = self.find_or_make(&id);
        room.watch(spectator.address());
        let mut shards = self.shards.lock();
        let shards = shards.entry(id).or_default();
        for shard in shards.iter() {
            match shard.admit(spectator) {
                None => return,
                Some(refused) => spectator = refused,
            }
        }
        let (shard, running) = Shard::new(spectator, room, Arc::clone(&self.delivery));
        shards.push(Arc::clone(&shard));
        let rooms = Arc::clone(self);
        self.delivery.lifecycle.spawn_spectator(async move {
            running.await;
            rooms.forget(&id, &shard);
        });
    }

    fn forget(&self, id: &RoomId, ended: &Arc<Shard>) {
        let mut all = self.shards.lock();
        if let Some(shards) = all.get_mut(id) {
            shards.retain(|shard| !Arc::ptr_eq(shard, ended));
            if shards.is_empty() {
                all.remove(id);
            }
        }
    }

    /// Take what the game server says of all rooms.
    pub(crate) fn describe(&self, rooms: &[event::Room]) {
        for listed in rooms {
            if let Some(room) = self.find(&listed.id) {
                let (name, host) = (Some(&*listed.name), listed.host_id.as_ref());
                room.change(|room| room.describe(name, host, listed.is_active));
            }
        }
    }
}
