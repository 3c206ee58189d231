//! When an observer may come and when it must go. Pure.

use std::fmt;

use protocol::event::Room;
use protocol::id::SessionId;

use crate::spectators::room::Bridged;

/// Seats of a room on released servers (facts, section 5).
const SEATS: u32 = 20;
/// Looks without a spectator after which an observer goes: a page that is loaded anew is back by then.
const LINGER_LOOKS: u32 = 10;
/// Looks without a position in a started race after which it goes: a seat for nothing. Some games take ten
/// seconds to load a race.
const SILENT_LOOKS: u32 = 60;
/// Looks in a row at a started race which players of this relay only sit by, after which an observer comes: those
/// whose pages just load the race are about to show it themselves.
const SITTING_LOOKS: u32 = 5;
/// Looks after which an observer may come again where it had to make way.
pub(super) const REST_LOOKS: u32 = 10;
/// The longest rest of a room: each time in vain doubles it up to here.
const MAX_REST_LOOKS: u32 = 320;

/// Why an observer leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leave {
    /// Nobody watches any more.
    Unwatched,
    /// Nobody watches any more, before it was in.
    InVain,
    /// A player of this relay is here and shows the race, or the race that it is here for has not begun.
    Bridged,
    /// It is the host.
    Host,
    /// It is alone.
    Last,
    /// It has the last seat.
    Crowded,
    /// The room is gone.
    Gone,
    /// A started race, and nothing to see.
    Silent,
    /// The game server does not let it in; its words.
    Refused(String),
    /// The game server cannot be reached, or ended the session; for the log.
    Failed(String),
    /// The relay stops.
    Stopping,
}

/// Say whether an observer may enter: players are there, and one seat at least is left for another.
pub(super) fn may_enter(room: &Room) -> bool {
    (1..SEATS - 1).contains(&room.player_count)
}

/// Say why an observer must leave by what the game server says of its room.
pub(super) fn must_leave(room: Option<&Room>, me: &SessionId) -> Result<(), Leave> {
    match room {
        None => Err(Leave::Gone),
        Some(room) if room.player_count <= 1 => Err(Leave::Last),
        Some(room) if room.host_id.as_ref() == Some(me) => Err(Leave::Host),
        Some(room) if room.player_count >= SEATS => Err(Leave::Crowded),
        Some(_) => Ok(()),
    }
}

/// Say whether an observer is to come, `players` of this relay being there; one may have been there before.
pub(super) fn is_wanted(players: Bridged, sitting_looks: u32) -> bool {
    match players {
        Bridged::Nobody => true,
        Bridged::Sitting => sitting_looks >= SITTING_LOOKS,
        Bridged::Showing => false,
    }
}

/// Say whether an observer must go since `players` of this relay are there.
pub(super) fn must_give_way(players: Bridged, is_race: bool) -> Result<(), Leave> {
    match players {
        Bridged::Nobody => Ok(()),
        Bridged::Sitting if is_race => Ok(()),
        Bridged::Sitting | Bridged::Showing => Err(Leave::Bridged),
    }
}

/// Say for how many looks no observer may come again, after a rest of `before`.
pub(super) fn rest_after(leave: &Leave, before: u32) -> Option<u32> {
    match leave {
        Leave::Unwatched | Leave::Bridged | Leave::Stopping => None,
        Leave::Host | Leave::Last | Leave::Crowded => Some(REST_LOOKS),
        Leave::InVain | Leave::Silent | Leave::Gone | Leave::Refused(_) | Leave::Failed(_) => {
            Some((2 * before).clamp(REST_LOOKS, MAX_REST_LOOKS))
        }
    }
}

/// Counts looks with nobody watching, and looks with nothing to see.
#[derive(Debug, Default)]
pub(super) struct Idle {
    unwatched: u32,
    silent: u32,
}

impl Idle {
    /// Take one look; says why the observer must leave, where it must.
    pub(super) fn look(&mut self, is_watched: bool, is_silent_race: bool) -> Result<(), Leave> {
        let count = |before: u32, goes_on: bool| if goes_on { before + 1 } else { 0 };
        self.unwatched = count(self.unwatched, !is_watched);
        self.silent = count(self.silent, is_silent_race);
        match self {
            Self { unwatched, .. } if *unwatched >= LINGER_LOOKS => Err(Leave::Unwatched),
            Self { silent, .. } if *silent >= SILENT_LOOKS => Err(Leave::Silent),
            _ => Ok(()),
        }
    }
}

impl Leave {
    /// One word for the metrics.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Unwatched => "unwatched",
            Self::InVain => "in_vain",
            Self::Bridged => "bridged",
            Self::Host => "host",
            Self::Last => "last",
            Self::Crowded => "crowded",
            Self::Gone => "gone",
            Self::Silent => "silent",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Stopping => "stopping",
        }
    }
}

impl fmt::Display for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unwatched => f.write_str("nobody watches any more"),
            Self::InVain => f.write_str("nobody watched any more when it came"),
            Self::Bridged => f.write_str("a player of this relay takes its place"),
            Self::Host => f.write_str("it became the host"),
            Self::Last => f.write_str("it was alone"),
            Self::Crowded => f.write_str("it had the last seat"),
            Self::Gone => f.write_str("the room is gone"),
            Self::Silent => f.write_str("the race was started and nobody drove"),
            Self::Refused(words) => write!(f, "it was not let in: {words}"),
            Self::Failed(words) => f.write_str(words),
            Self::Stopping => f.write_str("the relay stops"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(letter: &str) -> SessionId {
        letter.repeat(32).parse().unwrap()
    }

    fn room(player_count: u32, host: &str) -> Room {
        Room {
            id: "1".repeat(32).parse().unwrap(),
            name: "go".into(),
            player_count,
            is_active: false,
            host_id: Some(id(host)),
        }
    }

    #[test]
    fn an_observer_never_makes_a_room_nor_fills_it() {
        let open: Vec<_> = (0..=21).filter(|&n| may_enter(&room(n, "a"))).collect();
        assert_eq!(open, (1..=18).collect::<Vec<_>>());
    }

    #[test]
    fn an_observer_leaves_as_the_last_as_the_host_and_from_the_last_seat() {
        let me = id("o");
        let leave = |room: Room| must_leave(Some(&room), &me).err();
        assert_eq!(leave(room(2, "a")), None);
        assert_eq!(leave(room(19, "a")), None);
        assert_eq!(leave(room(20, "a")), Some(Leave::Crowded));
        assert_eq!(leave(room(2, "o")), Some(Leave::Host));
        assert_eq!(leave(room(1, "a")), Some(Leave::Last));
        assert_eq!(leave(room(1, "o")), Some(Leave::Last));
        assert_eq!(must_leave(None, &me), Err(Leave::Gone));
    }

    #[test]
    fn where_players_of_the_relay_sit_by_a_race_an_observer_comes_after_a_while() {
        for looks in [0, SITTING_LOOKS - 1, SITTING_LOOKS] {
            assert!(is_wanted(Bridged::Nobody, looks));
            assert!(!is_wanted(Bridged::Showing, looks));
            assert_eq!(is_wanted(Bridged::Sitting, looks), looks == SITTING_LOOKS);
        }
    }

    #[test]
    fn an_observer_makes_way_for_who_shows_the_race_or_waits_for_it() {
        for is_race in [false, true] {
            assert_eq!(must_give_way(Bridged::Nobody, is_race), Ok(()));
            let way = must_give_way(Bridged::Showing, is_race);
            assert_eq!(way, Err(Leave::Bridged));
        }
        assert_eq!(must_give_way(Bridged::Sitting, true), Ok(()));
        let way = must_give_way(Bridged::Sitting, false);
        assert_eq!(way, Err(Leave::Bridged));
    }

    #[test]
    fn an_observer_stays_a_while_for_who_may_come_back() {
        let mut idle = Idle::default();
        for _ in 1..LINGER_LOOKS {
            assert_eq!(idle.look(false, false), Ok(()));
        }
        assert_eq!(idle.look(true, false), Ok(()));
        for _ in 1..LINGER_LOOKS {
            assert_eq!(idle.look(false, false), Ok(()));
        }
        assert_eq!(idle.look(false, false), Err(Leave::Unwatched));
    }

    #[test]
    fn each_visit_in_vain_makes_the_next_one_later() {
        let refused = Leave::Refused("Room not found.".into());
        let rests: Vec<_> = std::iter::successors(Some(0), |&rest| rest_after(&refused, rest))
            .skip(1)
            .take(7)
            .collect();
        assert_eq!(rests, [10, 20, 40, 80, 160, 320, 320]);
        assert_eq!(rest_after(&Leave::Host, 320), Some(10));
        assert_eq!(rest_after(&Leave::Unwatched, 320), None);
        // Who drives may soon sit again, and the count of looks keeps observers away until then.
        assert_eq!(rest_after(&Leave::Bridged, 320), None);
    }

    #[test]
    fn a_seat_for_nothing_is_given_up() {
        let mut idle = Idle::default();
        for _ in 1..SILENT_LOOKS {
            assert_eq!(idle.look(true, true), Ok(()));
        }
        assert_eq!(idle.look(true, false), Ok(()), "somebody drove");
        for _ in 1..SILENT_LOOKS {
            assert_eq!(idle.look(true, true), Ok(()));
        }
        assert_eq!(idle.look(true, true), Err(Leave::Silent));
    }
}
