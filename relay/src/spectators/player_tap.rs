//! The tap on one bridged player's traffic: what it says goes to the player's room. It changes nothing on the way.

use std::sync::Arc;

use protocol::event::Event;
use protocol::id::{RoomId, Secret, SessionId};

use super::room::Room;
use super::rooms::{LiveRoom, Rooms};
use super::tap::{self, RoomEvent, Tap};

/// The longest line that is parsed. A list of 400 rooms is shorter.
const MAX_TAPPED_LINE_BYTES: usize = 64 * 1024;

/// The tap. Dropping it takes the player out of its room.
pub(crate) struct PlayerTap {
    rooms: Arc<Rooms>,
    tap: Tap,
    /// The room the player is in.
    room: Option<Arc<LiveRoom>>,
    /// The player has sent a position since it entered the room. Until then the game server sends it no positions, because
    /// entering a room clears the player's address (facts, section 6.3).
    is_driving: bool,
}

impl PlayerTap {
    pub(crate) fn new(rooms: Arc<Rooms>, secret: Secret) -> Self {
        Self {
            rooms,
            tap: Tap::new(secret),
            room: None,
            is_driving: false,
        }
    }

    /// A line goes down to the player.
    pub(crate) fn handle_line(&mut self, line: &str) {
        if line.len() > MAX_TAPPED_LINE_BYTES {
            return;
        }
        let now = self.rooms.pace.now();
        let Some(event) = self.tap.handle_event(Event::parse(line), now) else {
            return;
        };
        match event {
            RoomEvent::Entered(room) => self.enter(&room),
            RoomEvent::Created(room, name) => {
                self.enter(&room);
                let host = self.tap.id();
                self.change(|room| room.describe(Some(&name), host, false));
            }
            RoomEvent::Left => self.leave(),
            RoomEvent::Named(name) => {
                if let Some(me) = self.tap.id() {
                    self.change(|room| room.rename(me, &name));
                }
            }
            RoomEvent::Players(players) => self.change(|room| room.list(&players)),
            RoomEvent::Sender(id, name) => self.change(|room| room.rename(&id, &name)),
            RoomEvent::Started(host) => {
                self.change(|room| room.describe(None, host.as_ref(), true));
            }
            RoomEvent::Rooms(rooms) => self.rooms.describe(&rooms),
        }
    }

    /// A datagram goes up to the game server.
    pub(crate) fn handle_datagram_up(&mut self, datagram: &[u8]) {
        let (Some(LiveRoom { ticker, .. }), Some(me)) = (self.room.as_deref(), self.tap.id())
        else {
            return;
        };
        // Whether the player drives matters to later spectators too, so the position is read even if nobody watches.
        if self.is_driving && !ticker.is_watched() {
            return;
        }
        self.rooms.metrics.spectators.opened_datagrams.inc();
        let Some(update) = self.tap.read_up(datagram) else {
            return;
        };
        if !self.is_driving {
            self.is_driving = true;
            ticker.change(|room| room.drive(me));
        }
        if ticker.is_watched() {
            ticker.handle_update(&update, me, false);
        }
    }

    /// A datagram goes down to the player.
    pub(crate) fn handle_datagram_down(&self, datagram: &[u8]) {
        let Some((LiveRoom { ticker, .. }, me)) = self.watched() else {
            return;
        };
        let mixed = self.tap.is_mixed(self.rooms.pace.now());
        // In a room full of bridged players almost no position is wanted, and opening them is most of the work.
        if tap::peek(datagram).is_some_and(|car| !ticker.wants(&car, me, mixed)) {
            return;
        }
        self.rooms.metrics.spectators.opened_datagrams.inc();
        if let Some(update) = self.tap.read_down(datagram) {
            ticker.handle_update(&update, me, mixed);
        }
    }

    fn watched(&self) -> Option<(&LiveRoom, &SessionId)> {
        let room = self.room.as_deref()?;
        room.ticker.is_watched().then_some((room, self.tap.id()?))
    }

    fn enter(&mut self, room: &RoomId) {
        self.leave();
        let Some(me) = self.tap.id() else { return };
        let room = self.rooms.find_or_make(room);
        room.ticker.change(|room| room.enter(me, self.tap.name()));
        self.room = Some(room);
        self.is_driving = false;
    }

    fn leave(&mut self) {
        if let (Some(room), Some(me)) = (self.room.take(), self.tap.id()) {
            room.ticker.change(|room| room.leave(me));
        }
    }

    fn change(&self, change: impl FnOnce(&mut Room)) {
        if let Some(room) = &self.room {
            room.ticker.change(change);
        }
    }
}

impl Drop for PlayerTap {
    fn drop(&mut self) {
        self.leave();
    }
}
