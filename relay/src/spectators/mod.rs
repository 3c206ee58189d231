//! Contract 2: races for spectators. Taps on the traffic of bridged players say where the cars are (`tap`), each
//! room is kept once (`room`, `live`), and every spectator is sent the same frames (`spectator`). Players notice
//! nothing: a tap reads what passes, and only while somebody watches does it open datagrams, but for those up to a
//! player's first position in a room.

mod access;
mod frame;
pub(crate) mod live;
pub(crate) mod room;
mod room_list;
mod shard;
mod spectator;
mod tally;
pub(crate) mod tap;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use protocol::event::Room;
use protocol::id::{RoomId, Secret, SessionId};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::config::Config;
use crate::context::Context;
use crate::limits::admission::Place;
use live::{Live, Pace, Rooms};
use room_list::{Answer, Listing};
use spectator::Spectator;
use tap::{Heard, Tap};

pub use access::{Access, AccessToken};
pub(crate) use tally::Tally;

/// All rooms that are played in or watched through this relay.
pub(crate) struct Hub {
    secret: Secret,
    pub(crate) rooms: Arc<Rooms>,
    listing: Listing,
}

impl Hub {
    /// Make a hub; none where nobody may watch.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let spectating = &config.spectating;
        (spectating.access != Access::Off).then(|| Self {
            secret: config.udp_secret.clone(),
            rooms: Arc::new(Rooms::new(Pace {
                started: Instant::now(),
                tick: Duration::from_secs(1) / spectating.hz.max(1),
                delay: spectating.delay,
            })),
            listing: Listing::default(),
        })
    }

    /// Listen to one more player.
    pub(crate) fn tap(&self) -> Tapped<'_> {
        Tapped {
            hub: self,
            tap: Tap::new(self.secret.clone()),
            live: None,
            shows: false,
        }
    }

    /// Show a room to a spectator until either side ends it. A room that does not exist may come to exist.
    pub(crate) fn show(
        &self,
        room: &RoomId,
        (socket, read_ahead): (TcpStream, Bytes),
        place: Place,
        context: &Arc<Context>,
    ) {
        // Who is gone already needs no farewell.
        let Ok(mut spectator) = Spectator::new(socket, place) else {
            return;
        };
        match spectator.take(&read_ahead) {
            Ok(()) => self.rooms.find_or_make(room).watch(spectator, context),
            Err(ending) => {
                self.rooms.tally.closed(ending.code);
                tokio::spawn(spectator.close(ending, Arc::clone(context)));
            }
        }
    }

    /// What was counted so far.
    pub(crate) fn tally(&self) -> &Tally {
        &self.rooms.tally
    }

    /// Give the game server's list of rooms, at most two seconds old.
    pub(crate) async fn list(&self, context: &Arc<Context>) -> Answer {
        self.listing.ask(context).await
    }

    /// Say whether a player of this relay or an observer is in a room, and how many watch it.
    pub(crate) fn look(&self, room: &RoomId) -> (bool, usize) {
        let live = self.rooms.find(room);
        live.map_or((false, 0), |live| (live.is_live(), live.spectators()))
    }

    /// Take what the game server says of all rooms.
    pub(crate) fn describe(&self, rooms: &[Room]) {
        for room in rooms {
            if let Some(live) = self.rooms.find(&room.id) {
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
    /// The player has told a place since it entered the room. Before, the game server sends it nobody's: it knows no
    /// address, since entering clears that (facts, section 6.3).
    shows: bool,
}

impl Tapped<'_> {
    /// A line goes down to the player.
    pub(crate) fn line(&mut self, line: &str) {
        let Some(heard) = self.tap.handle_line(line, self.hub.rooms.pace.now()) else {
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
    pub(crate) fn up(&mut self, datagram: &[u8]) {
        let (Some(live), Some(me)) = (&self.live, self.tap.id()) else {
            return;
        };
        // Who comes to watch later asks whether this player shows the race, so that is found out in any case.
        if self.shows && !live.is_watched() {
            return;
        }
        Tally::one(&self.hub.rooms.tally.datagrams);
        let Some(update) = self.tap.read_up(datagram) else {
            return;
        };
        if !self.shows {
            self.shows = true;
            live.change(|room| room.show(me));
        }
        if live.is_watched() {
            live.handle_update(&update, me, false);
        }
    }

    /// A datagram goes down to the player.
    pub(crate) fn down(&self, datagram: &[u8]) {
        let Some((live, me)) = self.watched() else {
            return;
        };
        let mixed = self.tap.is_mixed(self.hub.rooms.pace.now());
        // In a room full of tapped players almost nothing is wanted, and reading it would be most of the work.
        if tap::peek(datagram).is_some_and(|car| !live.wants(&car, me, mixed)) {
            return;
        }
        Tally::one(&self.hub.rooms.tally.datagrams);
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
        let live = self.hub.rooms.find_or_make(room);
        live.change(|room| room.enter(me, self.tap.name()));
        self.live = Some(live);
        self.shows = false;
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
