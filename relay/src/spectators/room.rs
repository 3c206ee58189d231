//! One room as spectators see it: who is in it, and all its cars at a tick. Pure: `live_room` has the lock and the clock.
//!
//! Several sources, the bridged players and the observer, may bring positions of the same car. Each car is taken from one
//! source at a time: from its own player if that is bridged, because nothing is lost on that way yet, otherwise from
//! the source that brought it first. Of sealed positions, the copies of one bridged player are opened: everybody in the room is sent
//! the same, and whose position it is shows only once it is open.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use protocol::datagram::Update;
use protocol::event::Player;
use protocol::id::{RoomId, SessionId};
use protocol::interpolation::{Cars, Change};
use protocol::snapshot::{self, Snapshot};
use protocol::spectate::MAX_NAME_LETTERS;

use super::public_id::PublicIds;

mod text;

/// Players at once: ten times the seats of a released server, and an index fits into a byte.
const MAX_PLAYERS: usize = 200;
/// How long the source of a car must be silent before the car is taken from another one.
const SOURCE_SILENCE: Duration = Duration::from_millis(500);
/// Observers that are remembered: if the goodbye of one failed, the server still lists it as a player.
const MAX_OBSERVERS: usize = 16;
/// Bridged players that are remembered after they left. A late position, or one of a server that has not noticed, must
/// not bring them back: only their own tap may.
const MAX_DEPARTED: usize = 256;

/// A room with bridged players, spectators, or both.
pub(crate) struct Room {
    id: RoomId,
    /// The ids by which spectators know the players.
    ids: PublicIds,
    name: String,
    host: Option<SessionId>,
    is_active: bool,
    /// Never more than `MAX_PLAYERS`.
    players: HashMap<SessionId, PlayerState>,
    /// Never more than `MAX_DEPARTED`, the newest.
    departed: VecDeque<SessionId>,
    /// Observers, the newest last. Never more than `MAX_OBSERVERS`. They are not players.
    observers: VecDeque<SessionId>,
    /// The newest of `observers` is in the room.
    is_observed: bool,
    /// Why nothing can be shown, for spectators, unless a source is here after all.
    notice: Option<&'static str>,
    /// The bridged player whose copies of sealed positions are opened.
    reader: Option<Reader>,
    cars: Cars,
    ticks: u32,
    /// The text for spectators has changed since it was last written.
    changed: bool,
}

/// What is known of one player of the room.
#[derive(Default)]
struct PlayerState {
    index: u8,
    name: String,
    /// The player is bridged by this relay and in this room.
    is_bridged: bool,
    /// The player is bridged and has sent a position since it came in. The game server sends positions to no others.
    is_driving: bool,
    /// The newest list of players names this one, or the server said that it came in.
    is_listed: bool,
    has_car: bool,
    /// The source of the car, and when it last brought a position.
    source: Option<(SessionId, Duration)>,
}

struct Reader {
    id: SessionId,
    /// When it last brought a position.
    at: Duration,
    /// It may also bring positions of another room.
    mixed: bool,
}

/// What the bridged players of a room do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BridgedPlayers {
    /// There are none.
    None,
    /// None of them drives, so the game server sends them no positions yet.
    Idle,
    /// At least one drives. It gets the positions of all cars, and so do spectators.
    Driving,
}

impl Room {
    pub(crate) fn new(id: RoomId, ids: PublicIds) -> Self {
        Self {
            id,
            ids,
            name: String::new(),
            host: None,
            is_active: false,
            players: HashMap::new(),
            departed: VecDeque::new(),
            observers: VecDeque::new(),
            is_observed: false,
            notice: None,
            reader: None,
            cars: Cars::default(),
            ticks: 0,
            changed: false,
        }
    }

    /// A bridged player came in.
    pub(crate) fn enter(&mut self, id: &SessionId, name: Option<&str>) {
        self.departed.retain(|departed| departed != id);
        if let Some(player) = self.player(id) {
            player.is_bridged = true;
        }
        if let Some(name) = name {
            self.rename(id, name);
        }
    }

    /// A bridged player has sent a position, so the game server sends it those of the others.
    pub(crate) fn drive(&mut self, id: &SessionId) {
        if let Some(player) = self.players.get_mut(id) {
            player.is_driving = player.is_bridged;
        }
        self.changed |= self.notice.is_some();
    }

    /// A bridged player left, and its car with it.
    pub(crate) fn leave(&mut self, id: &SessionId) {
        // Each bridged player who stays is told of it.
        self.departed.retain(|departed| departed != id);
        if self.departed.len() == MAX_DEPARTED {
            self.departed.pop_front();
        }
        self.departed.push_back(*id);
        self.cars.remove(id);
        self.changed |= self.players.remove(id).is_some();
        self.lose_source(id);
    }

    /// The server says that a player came in.
    pub(crate) fn join(&mut self, player: &Player) {
        self.departed.retain(|departed| departed != &player.id);
        if let Some(state) = self.player(&player.id) {
            state.is_listed = true;
            self.rename(&player.id, &player.name);
        }
    }

    /// The server says that a player left. Of a bridged one its own tap knows more.
    pub(crate) fn part(&mut self, id: &SessionId) {
        if !self.players.get(id).is_some_and(|player| player.is_bridged) {
            self.leave(id);
        }
    }

    /// An observer came in.
    pub(crate) fn observe(&mut self, id: &SessionId) {
        if self.observers.len() == MAX_OBSERVERS {
            self.observers.pop_front();
        }
        self.observers.push_back(*id);
        self.is_observed = true;
        self.notice = None;
        self.cars.remove(id);
        self.changed |= self.players.remove(id).is_some();
    }

    /// An observer left.
    pub(crate) fn end_observation(&mut self, id: &SessionId) {
        self.is_observed &= self.observers.back() != Some(id);
        self.lose_source(id);
    }

    /// A source is gone. Its cars may come from another one at once. Without any source the list of players is out of date.
    fn lose_source(&mut self, gone: &SessionId) {
        self.reader.take_if(|reader| reader.id == *gone);
        let is_live = self.is_live();
        for player in self.players.values_mut() {
            player.source.take_if(|(source, _)| source == gone);
            player.is_listed &= is_live;
        }
    }

    /// Take a player's name. It is ignored if the player is not here.
    pub(crate) fn rename(&mut self, id: &SessionId, name: &str) {
        if let Some(player) = self.players.get_mut(id) {
            let name: String = name.chars().take(MAX_NAME_LETTERS).collect();
            self.changed |= player.name != name;
            player.name = name;
        }
    }

    /// Take the server's list of players. It is complete, and may name players who are gone.
    pub(crate) fn list(&mut self, players: &[Player]) {
        for player in self.players.values_mut() {
            player.is_listed = false;
        }
        for player in players {
            if let Some(state) = self.player(&player.id) {
                state.is_listed = true;
                self.rename(&player.id, &player.name);
            }
        }
        self.follow_cars();
    }

    /// Take the room's name and host, if they are known, and whether its race was started.
    pub(crate) fn describe(
        &mut self,
        name: Option<&str>,
        host: Option<&SessionId>,
        is_active: bool,
    ) {
        let name = name.map(|name| name.chars().take(MAX_NAME_LETTERS).collect());
        let name = name.unwrap_or_else(|| self.name.clone());
        let host = host.or(self.host.as_ref()).cloned();
        self.changed |= (&name, &host, is_active) != (&self.name, &self.host, self.is_active);
        (self.name, self.host, self.is_active) = (name, host, is_active);
    }

    /// Say whether a position of `car` that `source` brings now is wanted. `mixed`: the source may bring
    /// positions of another room.
    pub(crate) fn wants(
        &self,
        car: &SessionId,
        source: &SessionId,
        mixed: bool,
        now: Duration,
    ) -> bool {
        let player = self.players.get(car);
        if mixed
            && car != source
            && !player.is_some_and(|player| player.is_bridged || player.is_listed)
        {
            return false;
        }
        if self.departed.contains(car) || self.observers.contains(car) {
            return false;
        }
        match player.and_then(|player| player.source.as_ref()) {
            Some((current, at)) => {
                current == source || car == source || now.saturating_sub(*at) >= SOURCE_SILENCE
            }
            None => true,
        }
    }

    /// Say whether a sealed position that `source` brings now is opened. It is for one bridged player, until that leaves or brings nothing
    /// for a while. One that brings positions of this room only is preferred.
    pub(crate) fn reads(&mut self, source: &SessionId, mixed: bool, now: Duration) -> bool {
        let is_others = self.reader.as_ref().is_some_and(|reader| {
            let is_silent = now.saturating_sub(reader.at) >= SOURCE_SILENCE;
            reader.id != *source && !is_silent && (mixed || !reader.mixed)
        });
        if !is_others {
            let (id, at) = (*source, now);
            self.reader = Some(Reader { id, at, mixed });
        }
        !is_others
    }

    /// Take a position that is wanted.
    pub(crate) fn handle_update(&mut self, source: &SessionId, update: &Update, now: Duration) {
        let Some(player) = self.player(&update.session_id) else {
            return;
        };
        player.source = Some((*source, now));
        self.cars.handle_update(update, now);
    }

    /// Take why nothing can be shown. `None`: it can.
    pub(crate) fn set_notice(&mut self, notice: Option<&'static str>) {
        self.changed |= self.notice != notice;
        self.notice = notice;
    }

    /// Say whether a bridged player or an observer is here. Without any, nothing is known of the room.
    pub(crate) fn is_live(&self) -> bool {
        self.is_observed || self.bridged() != BridgedPlayers::None
    }

    /// Say whether an observer is here.
    pub(crate) const fn is_observed(&self) -> bool {
        self.is_observed
    }

    /// Say what the bridged players who are here do.
    pub(crate) fn bridged(&self) -> BridgedPlayers {
        let any = |is: fn(&PlayerState) -> bool| self.players.values().any(is);
        match (
            any(|player| player.is_driving),
            any(|player| player.is_bridged),
        ) {
            (true, _) => BridgedPlayers::Driving,
            (false, true) => BridgedPlayers::Idle,
            (false, false) => BridgedPlayers::None,
        }
    }

    /// Make the next snapshot: where all cars are at `now`.
    pub(crate) fn sample(&mut self, now: Duration) -> Snapshot {
        // A snapshot tells its time in whole milliseconds. At 50 m/s the rest would be up to 5 cm.
        let whole_ms = now.as_millis() as u64;
        let now = Duration::from_millis(whole_ms);
        self.cars.handle_timeout(now);
        self.follow_cars();
        let mut cars = Vec::new();
        let poses: Vec<_> = self.cars.sample(now).collect();
        for (slot, pose) in poses {
            let player = self.cars.id(slot).and_then(|id| self.players.get(id));
            let Some(player) = player else { continue };
            cars.push(snapshot::Car {
                index: player.index,
                stale: pose.stale,
                position: pose.position,
                rotation: pose.rotation,
                speed: pose.speed,
                age: pose.age,
            });
        }
        cars.sort_by_key(|car| car.index);
        self.ticks = self.ticks.wrapping_add(1);
        Snapshot {
            number: self.ticks,
            // Wraps after 49 days, as the layout says.
            time_ms: whole_ms as u32,
            cars,
        }
    }

    /// Write the text for spectators, if it has changed since.
    pub(crate) fn take_text(&mut self) -> Option<String> {
        std::mem::take(&mut self.changed).then(|| self.text())
    }

    /// The state of a player, made if it is missing. `None`: there are too many players, or it is an observer.
    fn player(&mut self, id: &SessionId) -> Option<&mut PlayerState> {
        if self.observers.contains(id) {
            return None;
        }
        if !self.players.contains_key(id) {
            let index = self.free_index()?;
            let state = PlayerState {
                index,
                ..PlayerState::default()
            };
            self.players.insert(*id, state);
            self.changed = true;
        }
        self.players.get_mut(id)
    }

    fn free_index(&self) -> Option<u8> {
        if self.players.len() >= MAX_PLAYERS {
            return None;
        }
        (0..=u8::MAX).find(|index| !self.players.values().any(|player| player.index == *index))
    }

    fn follow_cars(&mut self) {
        while let Some(change) = self.cars.poll_change() {
            let (id, here) = match change {
                Change::Joined { id, .. } => (id, true),
                Change::Left { id, .. } => (id, false),
            };
            if let Some(player) = self.players.get_mut(&id) {
                player.has_car = here;
                player.source.take_if(|_| !here);
            }
        }
        // A player is gone when it is neither bridged nor listed and has no car.
        let before = self.players.len();
        self.players
            .retain(|_, player| player.is_bridged || player.is_listed || player.has_car);
        self.changed |= self.players.len() != before;
    }
}

#[cfg(test)]
mod tests;
