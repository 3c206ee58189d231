//! Text frames of the relay itself: notices to a player, and rooms to a spectator.

use protocol::frame::Notice;
use protocol::snapshot::MAX_CARS;
use protocol::spectate::{MAX_NAME_LETTERS, Room};

/// What is read means the same after it was written, and is as short as it must be.
pub fn check(frame: &str) {
    if let Some(notice) = Notice::parse(frame) {
        assert_eq!(Notice::parse(&notice.to_frame()), Some(notice));
    }
    if let Some(room) = Room::parse(frame) {
        let names = room.players.iter().map(|player| &player.name);
        let longest = names
            .chain([&room.name])
            .map(|name| name.chars().count())
            .max();
        assert!(longest <= Some(MAX_NAME_LETTERS) && room.players.len() <= MAX_CARS);
        assert_eq!(Room::parse(&room.to_frame()), Some(room));
    }
}
