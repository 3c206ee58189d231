//! One room: who is in it, who is its host, and where each car starts (facts, section 5).

use std::net::SocketAddr;

use protocol::geometry::Vec3;
use protocol::id::{RoomId, SessionId};
use serde::Serialize;

/// How many players a room holds, if its creator does not say how many.
pub const ROOM_SEATS: usize = 20;

/// The x of each starting place in metres; all have y −2 and z 0.8 (facts, section 5.1).
pub const SPAWN_X: [f32; ROOM_SEATS] = [
    66.0, 60.0, 54.0, 47.0, 41.0, 35.0, 28.0, 22.0, 16.0, 9.0, 3.0, -3.0, -9.0, -15.0, -22.0,
    -28.0, -34.0, -41.0, -47.0, -54.0,
];

/// How a new player's starting place is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seating {
    /// The number of players already there, as on the original. Two players may share a place once somebody has left.
    ByCount,
    /// The first free one.
    LowestFree,
}

/// A player's entry in a room, shown as `ROOM_PLAYERS` has it. On the original it outlives the session (a ghost).
#[derive(Debug, Serialize)]
pub(crate) struct Player {
    pub(crate) id: SessionId,
    pub(crate) name: String,
    /// Index into the table of starting places.
    #[serde(skip)]
    pub(crate) spawn: usize,
    /// Where the player's datagrams come from; unknown until the first `UPDATE`.
    #[serde(skip)]
    pub(crate) endpoint: Option<SocketAddr>,
    /// It was killed and has not respawned.
    #[serde(skip)]
    pub(crate) is_dead: bool,
}

/// A player as others are told of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Member {
    pub(crate) id: SessionId,
    pub(crate) name: String,
}

/// A starting place as a number.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartNumber {
    spawn_index: usize,
}

/// How many players a room holds, and whether the list says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// The original takes any number; with none above zero the room stays empty.
    pub(crate) max_players: i32,
    pub(crate) is_listed: bool,
}

/// A room as an element of `ROOM_LIST`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listing<'a> {
    id: RoomId,
    name: &'a str,
    player_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_players: Option<i32>,
    is_active: bool,
    host_id: Option<SessionId>,
}

/// A room. Never holds more players than its size says, and each at most once.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) name: String,
    /// Only a kept room may have none.
    pub(crate) host: Option<SessionId>,
    pub(crate) started: bool,
    /// It stays when it is empty. Only an operator makes such a room.
    pub(crate) kept: bool,
    /// The place in the order of all rooms, given when the room is added to them.
    pub(crate) number: u64,
    /// In the order they came.
    players: Vec<Player>,
    seating: Seating,
    size: Size,
}

impl Room {
    /// Make an empty room.
    pub(crate) fn new(
        id: RoomId,
        name: String,
        host: Option<SessionId>,
        seating: Seating,
        size: Size,
    ) -> Self {
        Self {
            id,
            name,
            host,
            started: false,
            kept: false,
            number: 0,
            players: Vec::new(),
            seating,
            size,
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
        !self.is_full() && !self.holds(id)
    }

    /// Say whether as many are here as the room holds.
    pub(crate) fn is_full(&self) -> bool {
        i32::try_from(self.players.len()).is_ok_and(|count| count >= self.size.max_players)
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
        if self.kept && self.players.is_empty() {
            self.host = Some(id);
        }
        self.players.push(Player {
            id,
            name,
            spawn,
            endpoint,
            is_dead: false,
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

    /// If the host has left, make the player who has been here longest the host; a bot only if nobody else is here.
    pub(crate) fn pass_host(&mut self, left: &SessionId, is_bot: impl Fn(&SessionId) -> bool) {
        let person = self.players.iter().find(|player| !is_bot(&player.id));
        let next = person.or(self.players.first()).map(|player| player.id);
        if self.host.as_ref() == Some(left) && (next.is_some() || self.kept) {
            self.host = next;
        }
    }

    /// List who is here.
    pub(crate) fn members(&self) -> Vec<Member> {
        let member = |player: &Player| Member {
            id: player.id,
            name: player.name.clone(),
        };
        self.players.iter().map(member).collect()
    }

    /// Show the room as an element of `ROOM_LIST`.
    pub(crate) fn listing(&self) -> Listing<'_> {
        Listing {
            id: self.id,
            name: &self.name,
            player_count: self.players.len(),
            max_players: self.size.is_listed.then_some(self.size.max_players),
            is_active: self.started,
            host_id: self.host,
        }
    }

    fn lowest_free(&self) -> usize {
        let taken = |spawn: &usize| self.players.iter().any(|player| player.spawn == *spawn);
        (0..=self.players.len())
            .find(|spawn| !taken(spawn))
            .unwrap_or(0)
    }
}

impl Player {
    /// Where the player's car starts.
    pub(crate) fn starting_place(&self) -> Vec3 {
        let x = SPAWN_X.get(self.spawn).unwrap_or(&SPAWN_X[0]);
        Vec3::new(*x, -2.0, 0.8)
    }

    /// The number of that place.
    pub(crate) fn start_number(&self) -> StartNumber {
        StartNumber {
            spawn_index: self.spawn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::json_format::to_json;
    use crate::rules::reply::{Reply, Starts};

    const SIZE: Size = Size {
        max_players: ROOM_SEATS as i32,
        is_listed: false,
    };

    fn id(name: &str) -> SessionId {
        name.parse().unwrap()
    }

    fn room(seating: Seating, players: &[&str]) -> Room {
        let host = Some(id("A"));
        let mut room = Room::new("R".parse().unwrap(), "r".into(), host, seating, SIZE);
        for player in players {
            assert!(room.add(id(player), (*player).to_owned(), None));
        }
        room
    }

    fn spawns(room: &Room) -> Vec<usize> {
        room.players().iter().map(|player| player.spawn).collect()
    }

    #[test]
    fn only_the_original_gives_a_place_twice_after_somebody_left() {
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
        room.pass_host(&id("B"), |_| false);
        assert_eq!(room.host, Some(id("A")));
        room.remove(&id("A"));
        room.pass_host(&id("A"), |_| false);
        assert_eq!(room.host, Some(id("C")));
    }

    #[test]
    fn lists_are_spelled_as_recorded() {
        let mut room = room(Seating::ByCount, &["A", "B"]);
        room.name = "Zoë".into();
        assert_eq!(
            to_json(&room.listing()),
            r#"{"id":"R","name":"Zo\u00EB","playerCount":2,"isActive":false,"hostId":"A"}"#
        );
        assert_eq!(
            to_json(room.players()),
            r#"[{"id":"A","name":"A"},{"id":"B","name":"B"}]"#
        );
        let started = Reply::GameStarted {
            room_id: room.id,
            host_id: None,
            spawn_positions: Starts::Places(room.players()),
        };
        let places =
            r#""spawnPositions":{"A":{"x":66,"y":-2,"z":0.8},"B":{"x":60,"y":-2,"z":0.8}}"#;
        assert!(to_json(&started).contains(places));
        assert_eq!(
            to_json(&Starts::Numbers(room.players())),
            r#"{"A":{"spawnIndex":0},"B":{"spawnIndex":1}}"#
        );
        room.size.is_listed = true;
        assert!(to_json(&room.listing()).contains(r#""playerCount":2,"maxPlayers":20,"isActive""#));
    }

    #[test]
    fn a_room_holds_as_many_as_its_size_says() {
        let mut room = room(Seating::ByCount, &["A"]);
        room.size.max_players = 2;
        assert!(room.add(id("B"), "b".into(), None));
        assert!(room.is_full() && !room.add(id("C"), "c".into(), None));
        for nobody in [0, -1] {
            room.size.max_players = nobody;
            assert!(room.is_full(), "{nobody}");
        }
    }
}
