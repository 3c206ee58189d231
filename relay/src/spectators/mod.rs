//! Contract 2: races for spectators. Taps on the traffic of bridged players say where the cars are, each room is kept
//! once, and all its spectators are sent the same frames. Players notice nothing: datagrams are opened only while
//! somebody watches, except those up to a player's first position in a room.

mod frame;
mod player_tap;
pub(crate) mod room;
mod room_list;
mod rooms;
mod shard;
mod spectator;
mod tap;
mod ticker;
mod view;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{RoomId, Secret};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::close::CloseReason;
use crate::config::{Access, Spectating, Timeouts};
use crate::limits::{Admission, Full, Slot};
use crate::upstream::OwnSessions;
use room_list::{Answer, RoomList};
use shard::Delivery;
use spectator::Spectator;
use ticker::Pace;

pub(crate) use player_tap::PlayerTap;
pub(crate) use rooms::{LiveRoom, Rooms};

/// Everything that spectators are shown.
pub(crate) struct Spectators {
    access: Access,
    slots: Admission,
    secret: Secret,
    rooms: Arc<Rooms>,
    list: RoomList,
}

impl Spectators {
    /// Begin to show races. `None`: nobody may watch.
    pub(crate) fn new(
        spectating: &Spectating,
        max_per_ip: usize,
        timeouts: &Timeouts,
        sessions: OwnSessions,
    ) -> Option<Self> {
        if spectating.access == Access::Off {
            return None;
        }
        let pace = Pace {
            started: Instant::now(),
            tick: Duration::from_secs(1) / spectating.hz.max(1),
            delay: spectating.delay,
        };
        let (metrics, lifecycle) = (&sessions.metrics, sessions.lifecycle.clone());
        let delivery = Delivery::new(timeouts, Arc::clone(metrics), lifecycle);
        let rooms = Arc::new(Rooms::new(pace, delivery, Arc::clone(metrics)));
        Some(Self {
            access: spectating.access.clone(),
            slots: Admission::new(spectating.max_spectators, max_per_ip),
            secret: sessions.secret.clone(),
            rooms: Arc::clone(&rooms),
            list: RoomList::new(sessions, rooms),
        })
    }

    /// Say whether somebody who offers `token` may watch.
    pub(crate) fn admits(&self, token: Option<&str>) -> bool {
        self.access.admits(token)
    }

    /// Take a slot for a spectator at an address.
    ///
    /// # Errors
    /// No slot is free.
    pub(crate) fn enter(&self, address: std::net::IpAddr) -> Result<Slot, Full> {
        self.slots.enter(address)
    }

    /// Listen to one more player.
    pub(crate) fn tap(&self) -> PlayerTap {
        PlayerTap::new(Arc::clone(&self.rooms), self.secret.clone())
    }

    /// Show a room to a spectator until either side ends it. The room need not exist yet.
    pub(crate) fn show(&self, room: &RoomId, (socket, read_ahead): (TcpStream, Bytes), slot: Slot) {
        // It fails if the spectator is gone already.
        let Ok(mut spectator) = Spectator::new(socket, slot) else {
            return;
        };
        match spectator.take(&read_ahead) {
            Ok(()) => self.rooms.watch(room, spectator),
            Err(reason) => self.close(spectator, reason),
        }
    }

    fn close(&self, spectator: Spectator, reason: CloseReason) {
        self.rooms.delivery().close(spectator, reason);
    }

    /// Give the game server's list of rooms, at most two seconds old.
    ///
    /// # Errors
    /// There is no list. The text tells the client why.
    pub(crate) async fn list(&self) -> Answer {
        self.list.ask().await
    }

    /// Find a room that is played in or watched.
    pub(crate) fn find(&self, room: &RoomId) -> Option<Arc<LiveRoom>> {
        self.rooms.find(room)
    }

    /// All rooms of this relay.
    pub(crate) fn rooms(&self) -> &Arc<Rooms> {
        &self.rooms
    }

    /// How many rooms have a player of this relay or an observer, and how many are watched.
    pub(crate) fn count_rooms(&self) -> (u64, u64) {
        let rooms = self.rooms.all();
        let count = |is: fn(&LiveRoom) -> bool| rooms.iter().filter(|room| is(room)).count() as u64;
        let watched = count(|room| room.ticker.is_watched());
        (count(LiveRoom::is_live), watched)
    }
}
