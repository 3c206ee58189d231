//! One room: who is in it, who is its host, and where each car starts (facts, section 5).

use std::fmt::Write as _;
use std::net::SocketAddr;

use protocol::id::{RoomId, SessionId};

use super::json::write_text;

/// How many players a room holds.
pub const ROOM_SEATS: usize = 20;

/// The x of each starting place in metres; all have y −2 and z 0.8 (facts, section 5.1).
const SPAWN_X: [i32; ROOM_SEATS] = [
    66, 60, 54, 47, 41, 35, 28, 22, 16, 9, 3, -3, -9, -15, -22, -28, -34, -41, -47, -54,
];

/// How a new player's starting place is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seating {
    /// The number of players already there, as the original: places get doubled once somebody has left.
    ByCount,
    /// The first that nobody has.
    LowestFree,
}

/// A player's entry in a room. It outlives the session on the original (a ghost).
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) id: SessionId,
    pub(crate) name: String,
    /// Index into the table of starting places.
    pub(crate) spawn: usize,
    /// Where the player's datagrams come from; unknown until the first `UPDATE`.
    pub(crate) endpoint: Option<SocketAddr>,
}

/// A room. Never holds more than [`ROOM_SEATS`] players, and each at most once.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) name: String,
    pub(crate) host: SessionId,
    pub(crate) started: bool,
    /// Counts the rooms of this server, so that lists have an order.
    pub(crate) number: u64,
    /// In the order they came.
    players: Vec<Player>,
    seating: Seating,
}

impl Room {
    /// Make an empty room.
    pub(crate) fn new(
        id: RoomId,
        name: String,
        host: SessionId,
        number: u64,
        seating: Seating,
    ) -> Self {
        Self {
            id,
            name,
            host,
            started: false,
            number,
            players: Vec::new(),
            seating,
        }
    }

    /// Lend the players in the order they came.
    pub(crate) fn players(&self) -> &[Player] {
        &self.players
    }

    /// Say whether a player is listed here.
    pub(crate) fn holds(&self, id: &SessionId) -> bool {
        self.players.iter().any(|player| player.id == *id)
    }

    /// Say whether a player can be added.
    pub(crate) fn admits(&self, id: &SessionId) -> bool {
        self.players.len() < ROOM_SEATS && !self.holds(id)
    }

    /// Add a player if the room [`admits`](Self::admits) it; says whether it did.
    pub(crate) fn add(
        &mut self,
        id: SessionId,
        name: String,
        endpoint: Option<SocketAddr>,
    ) -> bool {
        if !self.admits(&id) {
            return false;
        }
        let spawn = match self.seating {
            Seating::ByCount => self.players.len(),
            Seating::LowestFree => self.lowest_free(),
        };
        self.players.push(Player {
            id,
            name,
            spawn,
            endpoint,
        });
        true
    }

    /// Remove a player; says whether it was here.
    pub(crate) fn remove(&mut self, id: &SessionId) -> bool {
        let before = self.players.len();
        self.players.retain(|player| player.id != *id);
        self.players.len() < before
    }

    /// Lend a player's entry.
    pub(crate) fn player_mut(&mut self, id: &SessionId) -> Option<&mut Player> {
        self.players.iter_mut().find(|player| player.id == *id)
    }

    /// Pass the host's part to whoever has been here longest, if the host was `left` and anybody remains.
    pub(crate) fn pass_host(&mut self, left: &SessionId) {
        if self.host == *left
            && let Some(next) = self.players.first()
        {
            self.host = next.id;
        }
    }

    /// List where the datagrams of everybody but one go.
    pub(crate) fn endpoints_except(&self, sender: &str) -> Vec<SocketAddr> {
        let others = self
            .players
            .iter()
            .filter(|player| player.id.as_str() != sender);
        others.filter_map(|player| player.endpoint).collect()
    }

    /// Write the room as an element of `ROOM_LIST`.
    pub(crate) fn write_listing(&self, out: &mut String) {
        let _ = write!(out, r#"{{"id":"{}","name":"#, self.id);
        write_text(out, &self.name);
        let (count, started, host) = (self.players.len(), self.started, &self.host);
        let _ = write!(
            out,
            r#","playerCount":{count},"isActive":{started},"hostId":"{host}"}}"#
        );
    }

    /// Write the players as `ROOM_PLAYERS` has them.
    pub(crate) fn players_json(&self) -> String {
        list(&self.players, '[', ']', |out, player| {
            let _ = write!(out, r#"{{"id":"{}","name":"#, player.id);
            write_text(out, &player.name);
            out.push('}');
        })
    }

    /// Write the starting places as `GAME_STARTED` has them.
    pub(crate) fn spawns_json(&self) -> String {
        list(&self.players, '{', '}', |out, player| {
            let x = SPAWN_X.get(player.spawn).unwrap_or(&SPAWN_X[0]);
            let _ = write!(out, r#""{}":{{"x":{x},"y":-2,"z":0.8}}"#, player.id);
        })
    }

    fn lowest_free(&self) -> usize {
        let taken = |spawn: &usize| self.players.iter().any(|player| player.spawn == *spawn);
        (0..ROOM_SEATS).find(|spawn| !taken(spawn)).unwrap_or(0)
    }
}

/// Write items between two brackets, with commas.
pub(crate) fn list<T>(
    items: impl IntoIterator<Item = T>,
    open: char,
    close: char,
    mut write: impl FnMut(&mut String, T),
) -> String {
    let mut out = String::from(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(&mut out, item);
    }
    out.push(close);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> SessionId {
        name.parse().unwrap()
    }

    fn room(seating: Seating, players: &[&str]) -> Room {
        let mut room = Room::new("R".parse().unwrap(), "r".into(), id("A"), 0, seating);
        for player in players {
            assert!(room.add(id(player), (*player).to_owned(), None));
        }
        room
    }

    fn spawns(room: &Room) -> Vec<usize> {
        room.players().iter().map(|player| player.spawn).collect()
    }

    #[test]
    fn the_original_doubles_a_place_after_somebody_left_and_we_do_not() {
        for (seating, expected) in [
            (Seating::ByCount, [0, 2, 2]),
            (Seating::LowestFree, [0, 2, 1]),
        ] {
            let mut room = room(seating, &["A", "B", "C"]);
            assert!(room.remove(&id("B")));
            assert!(room.add(id("D"), "d".into(), None));
            assert_eq!(spawns(&room), expected);
        }
    }

    #[test]
    fn a_room_takes_twenty_and_nobody_twice() {
        let names: Vec<String> = (0..ROOM_SEATS).map(|index| format!("P{index}")).collect();
        let mut room = room(
            Seating::LowestFree,
            &names.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        assert!(!room.add(id("late"), String::new(), None));
        assert!(room.remove(&id("P7")));
        assert!(!room.add(id("P8"), String::new(), None));
        assert!(room.add(id("late"), String::new(), None));
        assert_eq!(room.player_mut(&id("late")).unwrap().spawn, 7);
    }

    #[test]
    fn the_host_is_passed_to_whoever_was_here_longest() {
        let mut room = room(Seating::LowestFree, &["A", "B", "C"]);
        room.remove(&id("B"));
        room.pass_host(&id("B"));
        assert_eq!(room.host, id("A"));
        room.remove(&id("A"));
        room.pass_host(&id("A"));
        assert_eq!(room.host, id("C"));
    }

    #[test]
    fn lists_are_spelled_as_recorded() {
        let mut room = room(Seating::ByCount, &["A", "B"]);
        room.name = "Zoë".into();
        let mut listing = String::new();
        room.write_listing(&mut listing);
        assert_eq!(
            listing,
            r#"{"id":"R","name":"Zo\u00EB","playerCount":2,"isActive":false,"hostId":"A"}"#
        );
        assert_eq!(
            room.players_json(),
            r#"[{"id":"A","name":"A"},{"id":"B","name":"B"}]"#
        );
        assert_eq!(
            room.spawns_json(),
            r#"{"A":{"x":66,"y":-2,"z":0.8},"B":{"x":60,"y":-2,"z":0.8}}"#
        );
    }
}
