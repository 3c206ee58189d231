//! Which sessions are bots, what they are called, how many a room should have, and when one should leave.

use std::collections::HashMap;

use protocol::event::Room;
use protocol::id::{RoomId, SessionId};
use rules::ROOM_SEATS;

/// How many bots there may be in one room: all seats except those kept free.
pub const MAX_BOTS: usize = MAX_TAKEN_SEATS;
/// Above this many players in a room, bots make way.
const MAX_TAKEN_SEATS: usize = ROOM_SEATS - 2;
/// How many room lists in a row must say that only bots are left. One list may be older than a join.
const ABANDONED_LISTS: u32 = 2;

const NAMES: [&str; MAX_BOTS] = [
    "Aila", "Bruno", "Chiara", "Dario", "Emeka", "Freya", "Goran", "Hana", "Ines", "Jonas",
    "Kaito", "Lena", "Mateo", "Nadia", "Olga", "Pavel", "Quinn", "Rosa",
];

/// Name a bot in the bots' own room, by its number there.
pub fn home_name(number: usize) -> String {
    format!("Bot {}", NAMES[number % MAX_BOTS])
}

/// Name a bot in a player's room, by its number there. `index` tells the visited rooms apart.
pub fn visitor_name(number: usize, index: usize) -> String {
    format!("{} {}", home_name(number), index + 2)
}

/// Every session that is a bot's, and the room it is in.
#[derive(Debug, Default)]
pub struct Lineup(HashMap<SessionId, Option<RoomId>>);

impl Lineup {
    /// Note a bot. Call this before it joins a room, or it counts as a player there.
    pub fn add(&mut self, bot: SessionId) {
        self.0.insert(bot, None);
    }

    /// Note the room a bot has joined.
    pub fn join(&mut self, bot: SessionId, room: RoomId) {
        self.0.insert(bot, Some(room));
    }

    /// Forget a bot that is gone.
    pub fn remove(&mut self, bot: &SessionId) {
        self.0.remove(bot);
    }

    /// Say how many bots a room should have: all, unless players need the seats; none while its host is a bot.
    pub fn wanted(&self, room: &Room, count: usize) -> usize {
        let Some(host) = &room.host_id else { return 0 };
        if self.0.contains_key(host) {
            return 0;
        }
        let players = seats(room).saturating_sub(self.members(&room.id).count());
        count.min(MAX_TAKEN_SEATS.saturating_sub(players))
    }

    /// Say whether a visiting bot should leave: the room is nearly full, the bot is the host of a race that a player cannot
    /// start or restart, or only bots are left. `abandoned` counts the lists in a row that name only bots.
    pub fn should_leave(&self, bot: &SessionId, listed: &Room, abandoned: &mut u32) -> bool {
        let host = listed.host_id.as_ref();
        let hosted_by_bot = host.is_some_and(|host| self.0.contains_key(host));
        let has_players = seats(listed) > self.members(&listed.id).count();
        let only_bots = hosted_by_bot && !has_players;
        *abandoned = if only_bots { *abandoned + 1 } else { 0 };
        // One bot makes way at a time.
        let too_full =
            seats(listed) > MAX_TAKEN_SEATS && self.members(&listed.id).max() == Some(bot);
        let blocks_start = host == Some(bot) && (has_players || !listed.is_active);
        too_full || blocks_start || *abandoned >= ABANDONED_LISTS
    }

    /// The bots in a room.
    fn members(&self, room: &RoomId) -> impl Iterator<Item = &SessionId> {
        let here = self.0.iter().filter(|(_, at)| at.as_ref() == Some(room));
        here.map(|(id, _)| id)
    }
}

fn seats(room: &Room) -> usize {
    usize::try_from(room.player_count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn room(host: &str, players: usize) -> Room {
        Room {
            id: "R".parse().unwrap(),
            name: "Race".into(),
            host_id: host.parse().ok(),
            max_players: None,
            player_count: players.try_into().unwrap(),
            is_active: false,
        }
    }

    fn lineup(bots: &[&str]) -> Lineup {
        let mut lineup = Lineup::default();
        for bot in bots {
            lineup.add(bot.parse().unwrap());
            lineup.join(bot.parse().unwrap(), "R".parse().unwrap());
        }
        lineup
    }

    #[test]
    fn a_player_s_room_gets_the_bots_that_leave_seats_free() {
        let lineup = lineup(&["B1", "B2"]);
        assert_eq!(lineup.wanted(&room("Ann", 3), 6), 6);
        assert_eq!(lineup.wanted(&room("Ann", 2 + MAX_BOTS - 1), 6), 1);
        assert_eq!(lineup.wanted(&room("B1", 3), 6), 0, "hosted by a bot");
        assert_eq!(lineup.wanted(&room("", 3), 6), 0, "without a host");
    }

    #[test]
    fn a_bot_leaves_when_it_is_in_the_way_or_alone() {
        let lineup = lineup(&["B1", "B2"]);
        let leaves = |bot: &str, room: &Room, abandoned: &mut u32| {
            lineup.should_leave(&bot.parse().unwrap(), room, abandoned)
        };
        assert!(!leaves("B1", &room("Ann", 3), &mut 0));
        let full = room("Ann", MAX_BOTS + 1);
        assert!(!leaves("B1", &full, &mut 0) && leaves("B2", &full, &mut 0));
        assert!(leaves("B1", &room("B1", 3), &mut 0), "it blocks the start");
        let racing = |host, players| Room {
            is_active: true,
            ..room(host, players)
        };
        assert!(
            leaves("B1", &racing("B1", 3), &mut 0),
            "a player cannot restart the race"
        );
        assert!(
            !leaves("B2", &racing("B1", 3), &mut 0),
            "it is not the host"
        );
        assert!(!leaves("B1", &racing("Ann", 3), &mut 0));
        assert!(
            !leaves("B1", &racing("B1", 2), &mut 0),
            "only bots are there"
        );
        let mut abandoned = 0;
        assert!(!leaves("B2", &room("B1", 2), &mut abandoned));
        assert!(leaves("B2", &room("B1", 2), &mut abandoned));
    }

    #[test]
    fn every_bot_has_its_own_name_and_every_name_is_short_enough() {
        let rooms = 4;
        let visitors =
            (0..rooms).flat_map(|index| (0..MAX_BOTS).map(move |n| visitor_name(n, index)));
        let names: Vec<String> = (0..MAX_BOTS).map(home_name).chain(visitors).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        let room_for_id = 5;
        assert!(
            names
                .iter()
                .all(|name| name.len() + room_for_id <= rules::MAX_PLAYER_NAME_CHARS)
        );
    }
}
