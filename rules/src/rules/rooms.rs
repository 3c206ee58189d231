//! All rooms of the server, and the line that lists them.

use std::collections::HashMap;
use std::sync::Arc;

use protocol::id::{MAX_ID_BYTES, RoomId, SessionId};
use protocol::line::MAX_LINE_BYTES;

use super::json_format::to_json;
use super::reply::Reply;
use super::room::{Player, Room};

/// How many rooms there may be. In the default mode every room has a player, so sessions are the limit. On the original
/// started rooms stay for ever. A list of this many fits into one line if their names are short.
pub const MAX_ROOMS: usize = 4_096;
/// The most bytes of a room in the list, without its name: two ids, and 112 bytes for keys, counts and state.
const MAX_LISTING_BYTES: usize = 112 + 2 * MAX_ID_BYTES;
/// The bytes around the rooms of a list.
const LIST_BYTES: usize = r#"{"command":"ROOM_LIST","rooms":[]}"#.len();

/// The rooms. Whoever adds one asks [`has_place_for`](Self::has_place_for) first, so their list always fits into one line.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    rooms: HashMap<RoomId, Room>,
    made: u64,
    /// The most bytes that all rooms take in the list.
    listed_bytes: usize,
    /// The `ROOM_LIST` line, until a room changes. Anybody may ask for it at any rate, signed in or not, so it is not
    /// written anew each time.
    list: Option<Arc<str>>,
}

impl Rooms {
    /// Count the rooms.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rooms.len()
    }

    /// Say whether one more room with this name may be added.
    pub(crate) fn has_place_for(&self, name: &str) -> bool {
        let bytes = LIST_BYTES + self.listed_bytes + listed_bytes(name);
        self.rooms.len() < MAX_ROOMS && bytes <= MAX_LINE_BYTES
    }

    /// Lend a room.
    pub(crate) fn get(&self, id: &RoomId) -> Option<&Room> {
        self.rooms.get(id)
    }

    /// Lend a room to be changed.
    pub(crate) fn get_mut(&mut self, id: &RoomId) -> Option<&mut Room> {
        self.list = None;
        self.rooms.get_mut(id)
    }

    /// Lend a player's entry in a room to be changed. The list does not show players.
    pub(crate) fn player_mut(&mut self, room: &RoomId, id: &SessionId) -> Option<&mut Player> {
        self.rooms.get_mut(room)?.player_mut(id)
    }

    /// Lend all rooms, the oldest first.
    pub(crate) fn in_order(&self) -> Vec<&Room> {
        let mut rooms: Vec<&Room> = self.rooms.values().collect();
        rooms.sort_unstable_by_key(|room| room.number);
        rooms
    }

    /// Add a new room at the end of the list.
    pub(crate) fn insert(&mut self, mut room: Room) {
        room.number = self.made;
        self.made += 1;
        self.list = None;
        self.listed_bytes += listed_bytes(&room.name);
        self.rooms.insert(room.id, room);
    }

    /// Drop a room.
    pub(crate) fn remove(&mut self, id: &RoomId) {
        if let Some(room) = self.rooms.remove(id) {
            self.list = None;
            self.listed_bytes -= listed_bytes(&room.name);
        }
    }

    /// Give the `ROOM_LIST` line, the oldest room first.
    pub(crate) fn list(&mut self) -> Arc<str> {
        if let Some(line) = &self.list {
            return Arc::clone(line);
        }
        let rooms = self.in_order().into_iter().map(Room::listing).collect();
        let line = Reply::RoomList { rooms }.to_line();
        self.list = Some(Arc::clone(&line));
        line
    }
}

/// Give the most bytes that a room with this name takes in the list.
fn listed_bytes(name: &str) -> usize {
    MAX_LISTING_BYTES + to_json(name).len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::room::{Seating, Size};

    #[test]
    fn the_list_is_written_again_only_after_a_change() {
        let [one, two] = ["1", "2"].map(|id| id.parse().unwrap());
        let host = "A".parse().unwrap();
        let mut rooms = Rooms::default();
        for id in [one, two] {
            let size = Size {
                max_players: 20,
                is_listed: false,
            };
            let seating = Seating::LowestFree;
            rooms.insert(Room::new(id, "r".into(), Some(host), seating, size));
        }
        let first = rooms.list();
        assert!(Arc::ptr_eq(&first, &rooms.list()));
        assert!(rooms.player_mut(&one, &host).is_none());
        assert!(Arc::ptr_eq(&first, &rooms.list()));

        rooms.get_mut(&one).unwrap().add(host, "Ann".into(), None);
        let second = rooms.list();
        assert_ne!(first, second);
        rooms.player_mut(&one, &host).unwrap().name = "Bob".into();
        assert!(Arc::ptr_eq(&second, &rooms.list()));
        rooms.remove(&two);
        assert_eq!(second.matches(r#""id""#).count(), 2);
        assert_eq!(rooms.list().matches(r#""id""#).count(), 1);
    }
}
