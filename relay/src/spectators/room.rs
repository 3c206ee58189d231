//! One room as spectators see it: who is in it, and all its cars at a tick. Pure: `live` has the lock and the clock.
//!
//! Several taps see the same car, so each car is taken from one of them at a time: from its own player where that is
//! tapped, since nothing was lost yet on that way, otherwise from whoever brought it first.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use protocol::datagram::Update;
use protocol::event::Player;
use protocol::id::{RoomId, SessionId};
use protocol::interpolation::{Cars, Change};
use protocol::snapshot::{self, Snapshot};
use serde::Serialize;

/// Players at once; ten times the seats of a released server, and an index fits into a byte.
const MAX_PLAYERS: usize = 200;
/// Letters of a name that are passed on.
const MAX_NAME_LETTERS: usize = 64;
/// A car is taken from another tap once the one that brought it was silent for so long.
const SOURCE_SILENCE: Duration = Duration::from_millis(500);
/// Sessions of the relay's own that are remembered: the goodbye of one may fail, and others still name it.
const MAX_OBSERVERS: usize = 16;
/// Tapped players who left are remembered: a position still on its way, or sent by a server that has not noticed,
/// must not bring them back. They come back the way they came, through their own tap.
const MAX_DEPARTED: usize = 256;

/// A room with tapped players, spectators, or both.
pub(crate) struct Room {
    id: RoomId,
    name: String,
    host: Option<SessionId>,
    is_active: bool,
    /// Never more than `MAX_PLAYERS`.
    players: HashMap<SessionId, Seat>,
    /// Never more than `MAX_DEPARTED`, the newest.
    departed: VecDeque<SessionId>,
    /// Sessions of the relay's own, the newest last, never more than `MAX_OBSERVERS`. They are no players.
    observers: VecDeque<SessionId>,
    /// The newest of `observers` is here and looks.
    is_observed: bool,
    cars: Cars,
    ticks: u32,
    /// What a spectator is told has changed since it was last written.
    changed: bool,
}

/// What is known of one player.
struct Seat {
    index: u8,
    name: String,
    /// The player is bridged by this relay and in this room.
    tapped: bool,
    /// A tapped player who has told a place since it came in: the game server sends positions to nobody else.
    shows: bool,
    /// The server named the player when it was last asked who is here.
    listed: bool,
    has_car: bool,
    /// The tap that brings the car, and when it last did.
    source: Option<(SessionId, Duration)>,
}

/// What the players of this relay who are in a room mean for its spectators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bridged {
    /// There are none.
    Nobody,
    /// They say who is here, but the game server sends them no positions yet.
    Sitting,
    /// One at least sees all the cars, and so do spectators.
    Showing,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    room: &'a RoomId,
    name: &'a str,
    host_id: Option<&'a SessionId>,
    is_active: bool,
    players: Vec<ToldPlayer<'a>>,
}

#[derive(Serialize)]
struct ToldPlayer<'a> {
    index: u8,
    id: &'a SessionId,
    name: &'a str,
}

impl Room {
    pub(crate) fn new(id: RoomId) -> Self {
        Self {
            id,
            name: String::new(),
            host: None,
            is_active: false,
            players: HashMap::new(),
            departed: VecDeque::new(),
            observers: VecDeque::new(),
            is_observed: false,
            cars: Cars::default(),
            ticks: 0,
            changed: false,
        }
    }

    /// A tapped player came in.
    pub(crate) fn enter(&mut self, id: &SessionId, name: Option<&str>) {
        self.departed.retain(|departed| departed != id);
        if let Some(seat) = self.seat(id) {
            seat.tapped = true;
        }
        if let Some(name) = name {
            self.rename(id, name);
        }
    }

    /// A tapped player who is here has told a place, so it is sent everybody else's.
    pub(crate) fn show(&mut self, id: &SessionId) {
        if let Some(seat) = self.players.get_mut(id) {
            seat.shows = seat.tapped;
        }
    }

    /// A tapped player is gone, and its car with it.
    pub(crate) fn leave(&mut self, id: &SessionId) {
        if self.departed.len() == MAX_DEPARTED {
            self.departed.pop_front();
        }
        self.departed.push_back(*id);
        self.cars.remove(id);
        self.changed |= self.players.remove(id).is_some();
        self.lose_source(id);
    }

    /// A session of the relay's own came in to look.
    pub(crate) fn observe(&mut self, id: &SessionId) {
        if self.observers.len() == MAX_OBSERVERS {
            self.observers.pop_front();
        }
        self.observers.push_back(*id);
        self.is_observed = true;
        self.cars.remove(id);
        self.changed |= self.players.remove(id).is_some();
    }

    /// The session that looked looks no more.
    pub(crate) fn end_observation(&mut self, id: &SessionId) {
        self.is_observed &= self.observers.back() != Some(id);
        self.lose_source(id);
    }

    /// What a tap brought may come from another one at once. Without any, nobody says any more who is here.
    fn lose_source(&mut self, tap: &SessionId) {
        let is_live = self.is_live();
        for seat in self.players.values_mut() {
            seat.source.take_if(|(source, _)| source == tap);
            seat.listed &= is_live;
        }
    }

    /// Take a player's name; who is not here gets none.
    pub(crate) fn rename(&mut self, id: &SessionId, name: &str) {
        if let Some(seat) = self.players.get_mut(id) {
            let name: String = name.chars().take(MAX_NAME_LETTERS).collect();
            self.changed |= seat.name != name;
            seat.name = name;
        }
    }

    /// The server says who is here. Ghosts are among them, but nobody is missing.
    pub(crate) fn list(&mut self, players: &[Player]) {
        for seat in self.players.values_mut() {
            seat.listed = false;
        }
        for player in players {
            if let Some(seat) = self.seat(&player.id) {
                seat.listed = true;
                self.rename(&player.id, &player.name);
            }
        }
        self.follow_cars();
    }

    /// Take name, host and state of the room, as far as they are known.
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

    /// Say whether a position of `car`, brought by `tap` now, is to be taken. `mixed` says that what the tap brings
    /// may be of another room.
    pub(crate) fn wants(
        &self,
        car: &SessionId,
        tap: &SessionId,
        mixed: bool,
        now: Duration,
    ) -> bool {
        let seat = self.players.get(car);
        if mixed && car != tap && !seat.is_some_and(|seat| seat.tapped || seat.listed) {
            return false;
        }
        if self.departed.contains(car) || self.observers.contains(car) {
            return false;
        }
        match seat.and_then(|seat| seat.source.as_ref()) {
            Some((source, at)) => {
                source == tap || car == tap || now.saturating_sub(*at) >= SOURCE_SILENCE
            }
            None => true,
        }
    }

    /// Take a position that is wanted.
    pub(crate) fn handle_update(&mut self, tap: &SessionId, update: &Update, now: Duration) {
        let Some(seat) = self.seat(&update.session_id) else {
            return;
        };
        seat.source = Some((*tap, now));
        self.cars.handle_update(update, now);
    }

    /// Say whether somebody of this relay is here, player or observer: they say who else is.
    pub(crate) fn is_live(&self) -> bool {
        self.is_observed || self.bridged() != Bridged::Nobody
    }

    /// Say whether an observer is here and looks.
    pub(crate) const fn is_observed(&self) -> bool {
        self.is_observed
    }

    /// Say what the players of this relay who are here mean for spectators.
    pub(crate) fn bridged(&self) -> Bridged {
        let any = |is: fn(&Seat) -> bool| self.players.values().any(is);
        match (any(|seat| seat.shows), any(|seat| seat.tapped)) {
            (true, _) => Bridged::Showing,
            (false, true) => Bridged::Sitting,
            (false, false) => Bridged::Nobody,
        }
    }

    /// Say where all cars are at `now`, as the next snapshot.
    pub(crate) fn sample(&mut self, now: Duration) -> Snapshot {
        // A snapshot tells whole milliseconds, so that is when its cars are looked at: at 50 m/s the rest is 5 cm.
        let whole_ms = now.as_millis() as u64;
        let now = Duration::from_millis(whole_ms);
        self.cars.handle_timeout(now);
        self.follow_cars();
        let mut cars = Vec::new();
        let poses: Vec<_> = self.cars.sample(now).collect();
        for (slot, pose) in poses {
            let seat = self.cars.id(slot).and_then(|id| self.players.get(id));
            let Some(seat) = seat else { continue };
            cars.push(snapshot::Car {
                index: seat.index,
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

    /// Write what spectators are told of the room, if it has changed since.
    pub(crate) fn take_text(&mut self) -> Option<String> {
        std::mem::take(&mut self.changed).then(|| self.text())
    }

    /// Write what spectators are told of the room.
    pub(crate) fn text(&self) -> String {
        let mut players: Vec<_> = self
            .players
            .iter()
            .map(|(id, seat)| ToldPlayer {
                index: seat.index,
                id,
                name: &seat.name,
            })
            .collect();
        players.sort_by_key(|player| player.index);
        let told = Told {
            room: &self.id,
            name: &self.name,
            host_id: self.host.as_ref(),
            is_active: self.is_active,
            players,
        };
        // Strings, ids and lists of them cannot fail to serialise.
        serde_json::to_string(&told).unwrap_or_default()
    }

    /// The seat of a player, new where there is none yet; nothing where all are taken, or for who is no player.
    fn seat(&mut self, id: &SessionId) -> Option<&mut Seat> {
        if self.observers.contains(id) {
            return None;
        }
        if !self.players.contains_key(id) {
            let index = self.free_index()?;
            let seat = Seat {
                index,
                name: String::new(),
                tapped: false,
                shows: false,
                listed: false,
                has_car: false,
                source: None,
            };
            self.players.insert(*id, seat);
            self.changed = true;
        }
        self.players.get_mut(id)
    }

    fn free_index(&self) -> Option<u8> {
        if self.players.len() >= MAX_PLAYERS {
            return None;
        }
        (0..=u8::MAX).find(|index| !self.players.values().any(|seat| seat.index == *index))
    }

    fn follow_cars(&mut self) {
        while let Some(change) = self.cars.poll_change() {
            let (id, here) = match change {
                Change::Joined { id, .. } => (id, true),
                Change::Left { id, .. } => (id, false),
            };
            if let Some(seat) = self.players.get_mut(&id) {
                seat.has_car = here;
                seat.source.take_if(|_| !here);
            }
        }
        // Whom nothing speaks for any more is gone.
        let before = self.players.len();
        self.players
            .retain(|_, seat| seat.tapped || seat.listed || seat.has_car);
        self.changed |= self.players.len() != before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::geometry::{Quat, Vec3};

    fn id(letter: char) -> SessionId {
        letter.to_string().repeat(32).parse().unwrap()
    }

    fn room() -> Room {
        Room::new("1".repeat(32).parse().unwrap())
    }

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// A tap brings a position, as `live` passes it on. Says whether it was taken.
    fn bring(room: &mut Room, tap: char, car: char, x: f32, mixed: bool, now: Duration) -> bool {
        let wanted = room.wants(&id(car), &id(tap), mixed, now);
        if wanted {
            let update = Update {
                session_id: id(car),
                seq: None,
                position: Vec3::new(x, 0.0, 0.0),
                rotation: Quat::IDENTITY,
            };
            room.handle_update(&id(tap), &update, now);
        }
        wanted
    }

    fn players(room: &Room) -> Vec<(u64, String)> {
        let told: serde_json::Value = serde_json::from_str(&room.text()).unwrap();
        let players = told["players"].as_array().unwrap().iter();
        players
            .map(|player| {
                let id = player["id"].as_str().unwrap();
                (player["index"].as_u64().unwrap(), id[..1].to_owned())
            })
            .collect()
    }

    #[test]
    fn a_car_is_where_it_was_at_the_millisecond_that_is_told() {
        let drive = |now| {
            let mut room = room();
            room.enter(&id('a'), None);
            for step in 0..40 {
                let x = 3.0 * step as f32;
                assert!(bring(&mut room, 'a', 'a', x, false, ms(50 * step)));
            }
            room.sample(now)
        };
        let late = drive(ms(2000) + Duration::from_micros(999));
        assert_eq!(late, drive(ms(2000)));
        assert_ne!(late.cars[0].position, drive(ms(2001)).cars[0].position);
    }

    #[test]
    fn two_taps_of_one_room_make_one_car_each_with_its_own_path() {
        let mut room = room();
        room.enter(&id('a'), Some("Ann"));
        room.enter(&id('b'), Some("Bob"));
        let mut taken = 0;
        for step in 0..40 {
            let now = ms(50 * step);
            let x = step as f32;
            assert!(bring(&mut room, 'a', 'a', x, false, now));
            assert!(bring(&mut room, 'b', 'b', -x, false, now));
            taken += usize::from(bring(&mut room, 'b', 'a', x, false, now + ms(9)));
            taken += usize::from(bring(&mut room, 'a', 'b', -x, false, now + ms(9)));
        }
        assert_eq!(taken, 0, "each car comes from its own player");
        let snapshot = room.sample(ms(50 * 39 + 20));
        let cars: Vec<_> = snapshot
            .cars
            .iter()
            .map(|car| (car.index, car.stale))
            .collect();
        assert_eq!(cars, [(0, false), (1, false)]);
        let [a, b] = [snapshot.cars[0].position.x, snapshot.cars[1].position.x];
        assert!((33.0..39.5).contains(&a), "{a}");
        assert!((a + b).abs() < 0.01, "{a} {b}");
        assert!((snapshot.cars[0].speed - 20.0).abs() < 1.0);
    }

    #[test]
    fn a_car_goes_on_from_another_tap_once_its_own_is_silent() {
        let mut room = room();
        room.enter(&id('a'), None);
        assert!(bring(&mut room, 'a', 'c', 0.0, false, ms(0)));
        room.enter(&id('b'), None);
        assert!(!bring(&mut room, 'b', 'c', 0.0, false, ms(499)));
        assert!(bring(&mut room, 'b', 'c', 0.0, false, ms(500)));
        assert!(!bring(&mut room, 'a', 'c', 0.0, false, ms(501)));
        room.leave(&id('b'));
        assert!(bring(&mut room, 'a', 'c', 0.0, false, ms(502)));
    }

    #[test]
    fn who_left_is_gone_at_once_and_nothing_on_its_way_brings_it_back() {
        let mut room = room();
        room.enter(&id('a'), None);
        room.enter(&id('b'), None);
        assert!(bring(&mut room, 'a', 'a', 0.0, false, ms(0)));
        assert!(bring(&mut room, 'b', 'b', 0.0, false, ms(0)));
        assert_eq!(room.sample(ms(50)).cars.len(), 2);
        room.leave(&id('b'));
        assert!(!bring(&mut room, 'a', 'b', 0.0, false, ms(100)));
        assert!(!bring(&mut room, 'a', 'b', 0.0, false, ms(9000)));
        assert_eq!(players(&room), [(0, "a".into())]);
        assert_eq!(room.sample(ms(100)).cars.len(), 1);
        room.enter(&id('b'), None);
        assert!(bring(&mut room, 'b', 'b', 0.0, false, ms(200)));
    }

    #[test]
    fn a_tap_between_two_rooms_brings_only_cars_that_are_known_to_be_here() {
        let mut room = room();
        room.enter(&id('a'), None);
        room.enter(&id('b'), None);
        assert!(!bring(&mut room, 'a', 'c', 0.0, true, ms(0)), "a stranger");
        assert!(bring(&mut room, 'a', 'a', 0.0, true, ms(0)), "itself");
        assert!(bring(&mut room, 'a', 'b', 0.0, true, ms(0)), "tapped");
        let name = String::from("Cy");
        room.list(&[Player { id: id('c'), name }]);
        assert!(bring(&mut room, 'a', 'c', 0.0, true, ms(0)), "listed");
    }

    #[test]
    fn a_player_without_a_tap_vanishes_when_its_positions_stop() {
        let mut room = room();
        room.enter(&id('a'), None);
        assert!(bring(&mut room, 'a', 'c', 0.0, false, ms(0)));
        assert_eq!(room.sample(ms(50)).cars.len(), 1);
        assert_eq!(players(&room).len(), 2);
        assert!(room.take_text().is_some());
        assert!(room.sample(ms(400)).cars[0].stale);
        assert_eq!(room.take_text(), None, "nothing has changed");
        assert_eq!(room.sample(ms(5000)).cars, []);
        assert_eq!(players(&room), [(0, "a".into())]);
        assert!(room.take_text().is_some());
    }

    #[test]
    fn an_observer_brings_cars_and_is_no_player() {
        let mut room = room();
        room.list(&[Player {
            id: id('o'),
            name: String::from("spectator-relay"),
        }]);
        room.observe(&id('o'));
        assert!(room.is_live() && room.is_observed());
        assert_eq!(room.bridged(), Bridged::Nobody);
        let named = |letter| Player {
            id: id(letter),
            name: String::from("Ann"),
        };
        room.list(&[named('a'), named('o')]);
        assert_eq!(players(&room), [(0, "a".into())]);
        assert!(bring(&mut room, 'o', 'a', 1.0, false, ms(0)));
        assert!(bring(&mut room, 'o', 'c', 2.0, false, ms(0)));
        assert!(!bring(&mut room, 'o', 'o', 0.0, false, ms(0)));
        assert_eq!(room.sample(ms(50)).cars.len(), 2);
        // A player of this relay comes: the cars go on from there, and the observer stays unknown.
        room.enter(&id('b'), None);
        room.end_observation(&id('o'));
        assert!(bring(&mut room, 'b', 'a', 1.0, false, ms(60)));
        assert!(!bring(&mut room, 'b', 'o', 0.0, false, ms(60)));
        room.list(&[named('a'), named('b'), named('o')]);
        assert_eq!(players(&room).len(), 3, "a, b and c");
    }

    #[test]
    fn a_tapped_player_shows_the_race_once_it_has_told_a_place() {
        let mut room = room();
        let name = String::from("Cy");
        room.enter(&id('a'), None);
        room.list(&[Player { id: id('c'), name }]);
        assert_eq!(room.bridged(), Bridged::Sitting);
        assert!(room.is_live(), "it says who is here");
        room.show(&id('c'));
        assert_eq!(room.bridged(), Bridged::Sitting, "c is of no tap");
        room.show(&id('a'));
        assert_eq!(room.bridged(), Bridged::Showing);
        room.enter(&id('b'), None);
        assert_eq!(room.bridged(), Bridged::Showing, "one is enough");
        room.leave(&id('a'));
        assert_eq!(room.bridged(), Bridged::Sitting);
        room.enter(&id('a'), None);
        assert_eq!(room.bridged(), Bridged::Sitting, "it has to again");
        room.leave(&id('a'));
        room.leave(&id('b'));
        assert_eq!(room.bridged(), Bridged::Nobody);
        assert!(!room.is_live());
    }

    #[test]
    fn who_is_here_stays_known_by_a_player_who_only_sits_when_an_observer_goes() {
        let mut room = room();
        let name = String::from("Cy");
        room.enter(&id('a'), None);
        room.observe(&id('o'));
        room.list(&[Player { id: id('c'), name }]);
        assert!(bring(&mut room, 'o', 'c', 1.0, false, ms(0)));
        room.end_observation(&id('o'));
        assert!(room.is_live());
        assert_eq!(room.sample(ms(9000)).cars, []);
        assert_eq!(players(&room), [(0, "a".into()), (1, "c".into())]);
    }

    #[test]
    fn a_room_that_nobody_looks_at_any_more_is_told_as_empty() {
        let mut room = room();
        let name = String::from("Ann");
        room.observe(&id('o'));
        room.list(&[Player { id: id('a'), name }]);
        assert!(bring(&mut room, 'o', 'a', 1.0, false, ms(0)));
        room.end_observation(&id('o'));
        assert!(!room.is_live());
        assert_eq!(room.sample(ms(50)).cars.len(), 1, "it stops, then it goes");
        assert_eq!(room.sample(ms(9000)).cars, []);
        assert_eq!(players(&room), []);
        // An earlier one that ends late does not blind a later one.
        room.observe(&id('p'));
        room.end_observation(&id('o'));
        assert!(room.is_live());
    }

    #[test]
    fn indices_are_small_kept_and_given_anew() {
        let mut room = room();
        for letter in ['a', 'b', 'c'] {
            room.enter(&id(letter), None);
        }
        room.leave(&id('b'));
        room.enter(&id('d'), None);
        let expected = [(0, "a".into()), (1, "d".into()), (2, "c".into())];
        assert_eq!(players(&room), expected);
    }

    #[test]
    fn a_room_is_told_as_the_contract_has_it() {
        let mut room = room();
        room.enter(&id('a'), Some("Zoë \"1\""));
        room.describe(Some("go"), Some(&id('a')), false);
        room.describe(None, None, true);
        let (r, a) = ("1".repeat(32), "a".repeat(32));
        let text = format!(
            r#"{{"room":"{r}","name":"go","hostId":"{a}","isActive":true,"players":[{{"index":0,"id":"{a}","name":"Zoë \"1\""}}]}}"#
        );
        assert_eq!(room.take_text(), Some(text));
        room.describe(Some("go"), Some(&id('a')), true);
        room.rename(&id('a'), "Zoë \"1\"");
        room.rename(&id('x'), "nobody here");
        assert_eq!(room.take_text(), None);
    }

    #[test]
    fn a_flood_of_made_up_players_is_bounded() {
        let mut room = room();
        room.enter(&id('a'), None);
        for number in 0..1000 {
            let update = Update {
                session_id: number.to_string().parse().unwrap(),
                seq: None,
                position: Vec3::new(1e30, 0.0, 0.0),
                rotation: Quat::IDENTITY,
            };
            room.handle_update(&id('a'), &update, ms(0));
        }
        assert_eq!(room.players.len(), MAX_PLAYERS);
        assert_eq!(room.sample(ms(50)).cars, []);
        assert_eq!(players(&room).len(), 1, "what is no place is no player");
    }
}
