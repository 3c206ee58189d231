//! Contract 2: races for spectators. Taps on the traffic of bridged players say where the cars are, each room is kept
//! once, and all its spectators are sent the same frames. Players notice nothing: datagrams are opened only while
//! somebody watches, except those up to a player's first position in a room.

mod authorization;
mod frame;
mod live_room;
mod player_tap;
mod public_id;
pub(crate) mod room;
mod room_list;
mod rooms;
mod shard;
mod spectator;
mod view;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{RoomId, Secret};
use tokio::time::Instant;

use crate::client_stream::ClientStream;
use crate::config::{Access, Config};
use crate::descriptors;
use crate::lifecycle::Lifecycle;
use crate::limits::{Admission, Slot};
use crate::metrics::Metrics;
use crate::upstream::OwnSessions;
use authorization::Authorization;
use live_room::SnapshotClock;
use public_id::PublicIds;
use room::Room;
use room_list::RoomList;
use shard::Delivery;
use spectator::Spectator;

pub(crate) use authorization::Denied;
pub(crate) use live_room::LiveRoom;
pub(crate) use player_tap::PlayerTap;
pub(crate) use rooms::Rooms;

/// What the spectators of all game servers share.
#[derive(Clone)]
pub(crate) struct Watching {
    authorization: Arc<Authorization>,
    slots: Admission,
    clock: SnapshotClock,
    delivery: Arc<Delivery>,
}

impl Watching {
    /// Decide who may watch. `None`: nobody.
    pub(crate) fn new(
        config: &Config,
        metrics: &Arc<Metrics>,
        lifecycle: &Lifecycle,
    ) -> Option<Self> {
        let spectating = &config.spectating;
        if spectating.access == Access::Off {
            return None;
        }
        let delivery = Delivery::new(&config.timeouts, Arc::clone(metrics), lifecycle.clone());
        Some(Self {
            authorization: Arc::new(Authorization::new(
                spectating.access.clone(),
                config.tells_clients_apart(),
            )),
            slots: Admission::new(
                spectating.max_spectators,
                descriptors::places_of_address(config),
            ),
            clock: SnapshotClock {
                started: Instant::now(),
                tick: Duration::from_secs(1) / spectating.hz.max(1),
                delay: spectating.delay,
            },
            delivery: Arc::new(delivery),
        })
    }
}

/// Everything that spectators of one game server are shown.
pub(crate) struct Spectators {
    pub(crate) authorization: Arc<Authorization>,
    pub(crate) slots: Admission,
    secret: Secret,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) list: RoomList,
    /// How much later than it happened everything is shown.
    pub(crate) delay: Duration,
}

impl Spectators {
    /// Begin to show the races of a game server. Players of different ones never have the same public id.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn new(watching: Watching, sessions: OwnSessions) -> anyhow::Result<Self> {
        let Watching {
            authorization,
            slots,
            clock,
            delivery,
        } = watching;
        let (ids, metrics) = (PublicIds::new()?, Arc::clone(&sessions.metrics));
        let rooms = Arc::new(Rooms::new(clock, delivery, ids, metrics));
        Ok(Self {
            authorization,
            slots,
            secret: sessions.secret.clone(),
            rooms: Arc::clone(&rooms),
            list: RoomList::new(sessions, rooms),
            delay: clock.delay,
        })
    }

    /// Listen to one more player.
    pub(crate) fn tap(&self) -> PlayerTap {
        PlayerTap::new(Arc::clone(&self.rooms), self.secret.clone())
    }

    /// Show a room to a spectator until either side ends it. The room need not exist yet.
    pub(crate) fn show(
        &self,
        room: &RoomId,
        (socket, read_ahead): (ClientStream, Bytes),
        slot: Slot,
    ) {
        // It fails if the spectator is gone already.
        let Ok(mut spectator) = Spectator::new(socket, slot) else {
            return;
        };
        match spectator.take(&read_ahead) {
            Ok(()) => self.rooms.watch(*room, spectator),
            Err(reason) => self.rooms.delivery.close(spectator, reason),
        }
    }

    /// How many rooms have a player of this relay or an observer, and how many are watched.
    pub(crate) fn count_rooms(&self) -> (u64, u64) {
        let rooms = self.rooms.all();
        let count = |is: fn(&LiveRoom) -> bool| rooms.iter().filter(|room| is(room)).count() as u64;
        let watched = count(|room| room.is_watched());
        (count(|room| room.look(Room::is_live)), watched)
    }
}
