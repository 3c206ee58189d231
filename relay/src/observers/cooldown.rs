//! Rooms that no observer enters for a while, because the last one had to leave or saw nothing. Pure.

use std::collections::HashMap;
use std::time::Duration;

use protocol::id::RoomId;

use super::rules::{LeaveReason, cooldown_after};

/// Rooms that are remembered. Few are observed at once, so few cool down.
const MAX_ROOMS: usize = 1024;

/// The rooms that cool down, and those whose next cooldown is longer.
#[derive(Debug, Default)]
pub(super) struct Cooldowns {
    /// Never more than `MAX_ROOMS`.
    rooms: HashMap<RoomId, Cooldown>,
}

#[derive(Debug)]
struct Cooldown {
    until: Duration,
    /// Its length, in looks.
    looks: u32,
}

impl Cooldowns {
    /// Say whether no observer may enter a room now.
    pub(super) fn holds(&self, room: &RoomId, now: Duration) -> bool {
        self.rooms
            .get(room)
            .is_some_and(|cooldown| cooldown.until > now)
    }

    /// An observer left a room. `look` is the time between two looks.
    pub(super) fn begin(
        &mut self,
        room: RoomId,
        leave: &LeaveReason,
        now: Duration,
        look: Duration,
    ) {
        let before = self
            .rooms
            .remove(&room)
            .map_or(0, |cooldown| cooldown.looks);
        if let Some(looks) = cooldown_after(leave, before)
            && self.rooms.len() < MAX_ROOMS
        {
            let until = now + look * looks;
            self.rooms.insert(room, Cooldown { until, looks });
        }
    }

    /// Forget rooms that have cooled down, except those that an observer may enter again.
    pub(super) fn forget(&mut self, now: Duration, is_wanted: impl Fn(&RoomId) -> bool) {
        self.rooms
            .retain(|room, cooldown| cooldown.until > now || is_wanted(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Duration = Duration::from_secs(1);

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn room(letter: &str) -> RoomId {
        letter.repeat(32).parse().unwrap()
    }

    #[test]
    fn a_cooldown_is_longer_each_time_until_an_observation_succeeds() {
        let (mut cooldowns, one) = (Cooldowns::default(), room("1"));
        cooldowns.begin(one, &LeaveReason::Silent, at(0), LOOK);
        assert!(cooldowns.holds(&one, at(9)) && !cooldowns.holds(&one, at(10)));
        assert!(!cooldowns.holds(&room("2"), at(0)));
        // It is observed again, which takes longer than the cooldown.
        cooldowns.forget(at(60), |wanted| *wanted == one);
        cooldowns.begin(one, &LeaveReason::Silent, at(100), LOOK);
        assert!(cooldowns.holds(&one, at(119)) && !cooldowns.holds(&one, at(120)));
        cooldowns.begin(one, &LeaveReason::Unwatched, at(200), LOOK);
        assert!(!cooldowns.holds(&one, at(200)));
        cooldowns.begin(one, &LeaveReason::Silent, at(300), LOOK);
        assert!(!cooldowns.holds(&one, at(310)), "it begins anew");
    }

    #[test]
    fn rooms_that_nobody_wants_are_forgotten_and_few_are_remembered() {
        let mut cooldowns = Cooldowns::default();
        for number in 0..2000 {
            let room = format!("{number:032}").parse().unwrap();
            cooldowns.begin(room, &LeaveReason::Host, at(0), LOOK);
        }
        assert_eq!(cooldowns.rooms.len(), MAX_ROOMS);
        cooldowns.forget(at(9), |_| false);
        assert_eq!(cooldowns.rooms.len(), MAX_ROOMS);
        cooldowns.forget(at(10), |_| false);
        assert!(cooldowns.rooms.is_empty());
    }
}
