//! Contract 2: races for spectators. Taps on the traffic of bridged players say where the cars are (`tap`), each
//! room is kept once (`room`, `live`), and every spectator is sent the same frames (`spectator`). Players notice
//! nothing: a tap reads what passes, and only while somebody watches does it open datagrams.

mod access;
mod frame;
mod listing;
mod live;
mod room;
mod spectator;
mod tally;
mod tap;

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use protocol::event::Room;
use protocol::id::{RoomId, Secret, SessionId};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::{Config, Patience};
use crate::context::Context;
use crate::phase::Phase;
use listing::{Answer, Listing};
use live::{Live, Pace, Registry, lock};
use tap::{Heard, Tap};

pub use access::{Access, AccessToken};
pub(crate) use tally::Tally;

/// What races are shown with.
#[derive(Debug, Clone)]
pub struct Spectating {
    /// Who may watch.
    pub access: Access,
    /// Snapshots a second, 1 to 30.
    pub hz: u32,
    /// How much later than it happens a race is shown, at most 600 s.
    pub delay: Duration,
    /// Spectators at once.
    pub max_spectators: usize,
}

impl Default for Spectating {
    fn default() -> Self {
        Self {
            access: Access::Open,
            hz: 20,
            delay: Duration::ZERO,
            // Each takes a file descriptor; with 5000 players, who take three each, that makes 20,000.
            max_spectators: 5000,
        }
    }
}

/// All rooms that are played in or watched through this relay.
pub(crate) struct Hub {
    secret: Secret,
    pace: Pace,
    rooms: Registry,
    listing: Listing,
    tally: Arc<Tally>,
}

impl Hub {
    /// Make a hub; none where nobody may watch.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let spectating = &config.spectating;
        (spectating.access != Access::Off).then(|| Self {
            secret: config.udp_secret.clone(),
            pace: Pace {
                started: Instant::now(),
                tick: Duration::from_secs(1) / spectating.hz.max(1),
                delay: spectating.delay,
            },
            rooms: Registry::default(),
            listing: Listing::default(),
            tally: Arc::default(),
        })
    }

    /// Listen to one more player.
    pub(crate) fn tap(&self) -> Tapped<'_> {
        Tapped {
            hub: self,
            tap: Tap::new(self.secret.clone()),
            live: None,
        }
    }

    /// Show a room to a spectator until either side ends it. A room that does not exist may come to exist.
    pub(crate) async fn show(
        &self,
        room: &RoomId,
        (socket, read_ahead): (TcpStream, Bytes),
        patience: &Patience,
        phase: watch::Receiver<Phase>,
    ) {
        let watching = self.live(room).watch();
        spectator::run(socket, read_ahead, watching, patience, phase).await;
    }

    /// What was counted so far.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Give the game server's list of rooms, at most two seconds old.
    pub(crate) async fn list(&self, context: &Arc<Context>) -> Answer {
        self.listing.ask(context).await
    }

    /// Say whether a room's positions are known, and how many watch it.
    pub(crate) fn look(&self, room: &RoomId) -> (bool, usize) {
        let live = self.find(room);
        live.map_or((false, 0), |live| (live.is_live(), live.spectators()))
    }

    fn live(&self, room: &RoomId) -> Arc<Live> {
        Live::of(room, &self.rooms, self.pace, &self.tally)
    }

    /// Find a room that is played in or watched.
    fn find(&self, room: &RoomId) -> Option<Arc<Live>> {
        lock(&self.rooms).get(room).and_then(Weak::upgrade)
    }

    /// Take what the game server says of all rooms.
    fn describe(&self, rooms: &[Room]) {
        for room in rooms {
            if let Some(live) = self.find(&room.id) {
                live.change(|live| {
                    live.describe(Some(&room.name), room.host_id.as_ref(), room.is_active);
                });
            }
        }
    }
}

/// Listens to one player. Dropping it says that the player is gone.
pub(crate) struct Tapped<'a> {
    hub: &'a Hub,
    tap: Tap,
    /// The room the player is in.
    live: Option<Arc<Live>>,
}

impl Tapped<'_> {
    /// A line goes down to the player.
    pub(crate) fn line(&mut self, line: &str) {
        let Some(heard) = self.tap.handle_line(line, self.hub.pace.now()) else {
            return;
        };
        match heard {
            Heard::Entered(room) => self.enter(&room),
            Heard::Created(room, name) => {
                self.enter(&room);
                let host = self.tap.id().cloned();
                self.change(|room| room.describe(Some(&name), host.as_ref(), false));
            }
            Heard::Left => self.leave(),
            Heard::Named(name) => {
                if let Some(me) = self.tap.id().cloned() {
                    self.change(|room| room.rename(&me, &name));
                }
            }
            Heard::Players(players) => self.change(|room| room.list(&players)),
            Heard::Sender(id, name) => self.change(|room| room.rename(&id, &name)),
            Heard::Started(host) => self.change(|room| room.describe(None, host.as_ref(), true)),
            Heard::Rooms(rooms) => self.hub.describe(&rooms),
        }
    }

    /// A datagram goes up to the game server.
    pub(crate) fn up(&self, datagram: &[u8]) {
        let Some((live, me)) = self.watched() else {
            return;
        };
        Tally::one(&self.hub.tally.datagrams);
        if let Some(update) = self.tap.read_up(datagram) {
            live.handle_update(&update, me, false);
        }
    }

    /// A datagram goes down to the player.
    pub(crate) fn down(&self, datagram: &[u8]) {
        let Some((live, me)) = self.watched() else {
            return;
        };
        let mixed = self.tap.is_mixed(self.hub.pace.now());
        // In a room full of tapped players almost nothing is wanted, and reading it would be most of the work.
        if tap::peek(datagram).is_some_and(|car| !live.wants(&car, me, mixed)) {
            return;
        }
        Tally::one(&self.hub.tally.datagrams);
        if let Some(update) = self.tap.read_down(datagram) {
            live.handle_update(&update, me, mixed);
        }
    }

    fn watched(&self) -> Option<(&Live, &SessionId)> {
        let live = self.live.as_deref().filter(|live| live.is_watched())?;
        Some((live, self.tap.id()?))
    }

    fn enter(&mut self, room: &RoomId) {
        self.leave();
        let Some(me) = self.tap.id() else { return };
        let live = self.hub.live(room);
        live.change(|room| room.enter(me, self.tap.name()));
        self.live = Some(live);
    }

    fn leave(&mut self) {
        if let (Some(live), Some(me)) = (self.live.take(), self.tap.id()) {
            live.change(|room| room.leave(me));
        }
    }

    fn change(&self, change: impl FnOnce(&mut room::Room)) {
        if let Some(live) = &self.live {
            live.change(change);
        }
    }
}

impl Drop for Tapped<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
