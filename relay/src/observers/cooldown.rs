//! Rooms that no observer goes to for a while, since the last one had to make way or saw nothing. Pure.

use std::collections::HashMap;
use std::time::Duration;

use protocol::id::RoomId;

use super::rules::{Leave, rest_after};

/// Rooms that rest. Each was visited a short while ago, and few are at once; more are not remembered.
const MAX_RESTING: usize = 1024;

/// The rooms that rest, and those whose next rest may be longer.
#[derive(Debug, Default)]
pub(super) struct Resting {
    /// Never more than `MAX_RESTING`.
    rests: HashMap<RoomId, Rest>,
}

#[derive(Debug)]
struct Rest {
    until: Duration,
    /// How long it was, in looks.
    looks: u32,
}

impl Resting {
    /// Say whether nobody may go to a room now.
    pub(super) fn holds(&self, room: &RoomId, now: Duration) -> bool {
        self.rests.get(room).is_some_and(|rest| rest.until > now)
    }

    /// An observer left a room; `look` is the time between two looks.
    pub(super) fn begin(&mut self, room: RoomId, leave: &Leave, now: Duration, look: Duration) {
        let before = self.rests.remove(&room).map_or(0, |rest| rest.looks);
        if let Some(looks) = rest_after(leave, before)
            && self.rests.len() < MAX_RESTING
        {
            let until = now + look * looks;
            self.rests.insert(room, Rest { until, looks });
        }
    }

    /// Forget rooms that have rested, but those somebody may go to again.
    pub(super) fn forget(&mut self, now: Duration, is_wanted: impl Fn(&RoomId) -> bool) {
        self.rests
            .retain(|room, rest| rest.until > now || is_wanted(room));
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
    fn a_room_rests_longer_each_time_until_it_was_worth_a_visit() {
        let (mut resting, one) = (Resting::default(), room("1"));
        resting.begin(one, &Leave::Silent, at(0), LOOK);
        assert!(resting.holds(&one, at(9)) && !resting.holds(&one, at(10)));
        assert!(!resting.holds(&room("2"), at(0)));
        // It is visited again, which takes longer than the rest.
        resting.forget(at(60), |wanted| *wanted == one);
        resting.begin(one, &Leave::Silent, at(100), LOOK);
        assert!(resting.holds(&one, at(119)) && !resting.holds(&one, at(120)));
        resting.begin(one, &Leave::Unwatched, at(200), LOOK);
        assert!(!resting.holds(&one, at(200)));
        resting.begin(one, &Leave::Silent, at(300), LOOK);
        assert!(!resting.holds(&one, at(310)), "it begins anew");
    }

    #[test]
    fn rooms_nobody_wants_are_forgotten_and_few_are_remembered() {
        let mut resting = Resting::default();
        for number in 0..2000 {
            let room = format!("{number:032}").parse().unwrap();
            resting.begin(room, &Leave::Host, at(0), LOOK);
        }
        assert_eq!(resting.rests.len(), MAX_RESTING);
        resting.forget(at(9), |_| false);
        assert_eq!(resting.rests.len(), MAX_RESTING);
        resting.forget(at(10), |_| false);
        assert!(resting.rests.is_empty());
    }
}
