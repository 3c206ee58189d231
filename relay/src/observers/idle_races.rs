//! Watched rooms whose race was started and whose bridged players are idle, and for how long. Pure.

use std::collections::HashMap;

use protocol::id::RoomId;

/// The rooms, each with the number of looks in a row at which it was idle. Never more than are watched.
#[derive(Debug, Default)]
pub(super) struct IdleRaces(HashMap<RoomId, u32>);

impl IdleRaces {
    /// Take one look: these rooms are idle, and no others.
    pub(super) fn look<'a>(&mut self, rooms: impl IntoIterator<Item = &'a RoomId>) {
        let before = std::mem::take(&mut self.0);
        let looks = |room| {
            before
                .get(room)
                .map_or(1, |looks: &u32| looks.saturating_add(1))
        };
        let rooms = rooms.into_iter();
        self.0 = rooms.map(|room| (*room, looks(room))).collect();
    }

    /// Say at how many looks in a row a room was idle.
    pub(super) fn looks(&self, room: &RoomId) -> u32 {
        self.0.get(room).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_looks_in_a_row_count() {
        let [one, two] = ["1", "2"].map(|letter| letter.repeat(32).parse().unwrap());
        let mut idle = IdleRaces::default();
        for looks in 1..=5 {
            idle.look([&one, &two]);
            assert_eq!((idle.looks(&one), idle.looks(&two)), (looks, looks));
        }
        idle.look([&two]);
        assert_eq!((idle.looks(&one), idle.looks(&two)), (0, 6));
        idle.look([&one, &two]);
        assert_eq!((idle.looks(&one), idle.looks(&two)), (1, 7));
        idle.look([]);
        assert!(idle.0.is_empty(), "nothing is kept of other rooms");
    }
}
