//! When an observer may enter a room and when it must leave. Pure.

use protocol::event::Room;
use protocol::id::SessionId;
use strum::IntoStaticStr;
use thiserror::Error;

use crate::spectators::room::BridgedPlayers;

/// Seats of a room whose server does not tell (facts, section 5).
const SEATS: u32 = 20;
/// Looks without a spectator after which an observer leaves. A page that is reloaded is back by then.
const UNWATCHED_LOOKS: u32 = 10;
/// Looks without a position in a started race after which an observer leaves. Some games load a race for ten seconds.
const SILENT_LOOKS: u32 = 60;
/// Looks in a row at a started race with idle players of this relay, after which an observer enters. Players whose pages
/// still load the race will drive soon.
const IDLE_LOOKS: u32 = 5;
/// Looks after which an observer may have to make way for another address. So nobody sees a race for a moment only.
pub(super) const SHARED_LOOKS: u32 = 10;
/// Looks for which no observer enters a room again, once one had to leave it.
pub(super) const COOLDOWN_LOOKS: u32 = 10;
/// The longest cooldown. Each futile observation doubles it up to here.
const MAX_COOLDOWN_LOOKS: u32 = 320;

/// Why an observer leaves, in words for the log. `strum` makes one word of it for the metrics.
#[derive(Debug, Clone, PartialEq, Eq, Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum LeaveReason {
    #[error("nobody watches any more")]
    Unwatched,
    #[error("nobody watched any more when it came")]
    UnwatchedOnArrival,
    /// A player of this relay drives, or waits for the race to start.
    #[error("a player of this relay takes its place")]
    Bridged,
    #[error("it became the host")]
    Host,
    #[error("it was alone")]
    #[strum(serialize = "last")]
    Alone,
    #[error("it had the last seat")]
    LastSeat,
    #[error("it makes way for spectators of another address")]
    Shared,
    #[error("the room is gone")]
    Gone,
    #[error("the race was started and nobody drove")]
    Silent,
    #[error("the game server has accounts, and the relay has none that it may use")]
    NoAccount,
    /// The game server refused a command, in these words.
    #[error("it was not let in: {0}")]
    Refused(String),
    /// The game server cannot be reached or ended the session.
    #[error("{0}")]
    Failed(String),
    #[error("the relay stops")]
    Stopping,
}

/// Say whether an observer may enter: players are there, and at least one seat stays free.
pub(super) fn may_enter(room: &Room) -> bool {
    (1..seats(room).saturating_sub(1)).contains(&room.player_count)
}

fn seats(room: &Room) -> u32 {
    room.max_players.unwrap_or(SEATS)
}

/// Say why an observer must leave, by what the game server says of its room.
pub(super) fn must_leave(room: Option<&Room>, me: &SessionId) -> Result<(), LeaveReason> {
    match room {
        None => Err(LeaveReason::Gone),
        Some(room) if room.player_count <= 1 => Err(LeaveReason::Alone),
        Some(room) if room.host_id.as_ref() == Some(me) => Err(LeaveReason::Host),
        Some(room) if room.player_count >= seats(room) => Err(LeaveReason::LastSeat),
        Some(_) => Ok(()),
    }
}

/// Say whether an observer is wanted. `idle_looks`: for how many looks in a row the bridged players were idle in a
/// started race.
pub(super) fn is_wanted(players: BridgedPlayers, idle_looks: u32) -> bool {
    match players {
        BridgedPlayers::None => true,
        BridgedPlayers::Idle => idle_looks >= IDLE_LOOKS,
        BridgedPlayers::Driving => false,
    }
}

/// Say whether an observer must leave because of the bridged players.
pub(super) fn must_give_way(players: BridgedPlayers, is_race: bool) -> Result<(), LeaveReason> {
    match players {
        BridgedPlayers::None => Ok(()),
        BridgedPlayers::Idle if is_race => Ok(()),
        BridgedPlayers::Idle | BridgedPlayers::Driving => Err(LeaveReason::Bridged),
    }
}

/// Say for how many looks no observer may enter the room again. `before` is the cooldown before this one.
pub(super) fn cooldown_after(leave: &LeaveReason, before: u32) -> Option<u32> {
    match leave {
        // Without an account none is sent again.
        LeaveReason::NoAccount => None,
        LeaveReason::Unwatched | LeaveReason::Bridged | LeaveReason::Stopping => None,
        LeaveReason::Host | LeaveReason::Alone | LeaveReason::LastSeat | LeaveReason::Shared => {
            Some(COOLDOWN_LOOKS)
        }
        LeaveReason::UnwatchedOnArrival
        | LeaveReason::Silent
        | LeaveReason::Gone
        | LeaveReason::Refused(_)
        | LeaveReason::Failed(_) => Some((2 * before).clamp(COOLDOWN_LOOKS, MAX_COOLDOWN_LOOKS)),
    }
}

/// Counts looks without a spectator, and looks without a position in a started race.
#[derive(Debug, Default)]
pub(super) struct IdleLooks {
    unwatched: u32,
    silent: u32,
}

impl IdleLooks {
    /// Count one look. The error says why the observer must leave.
    pub(super) fn look(
        &mut self,
        is_watched: bool,
        is_silent_race: bool,
    ) -> Result<(), LeaveReason> {
        let count = |before: u32, goes_on: bool| if goes_on { before + 1 } else { 0 };
        self.unwatched = count(self.unwatched, !is_watched);
        self.silent = count(self.silent, is_silent_race);
        match self {
            Self { unwatched, .. } if *unwatched >= UNWATCHED_LOOKS => Err(LeaveReason::Unwatched),
            Self { silent, .. } if *silent >= SILENT_LOOKS => Err(LeaveReason::Silent),
            _ => Ok(()),
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
            max_players: None,
            player_count,
            is_active: false,
            host_id: Some(id(host)),
        }
    }

    #[test]
    fn an_observer_never_makes_a_room_nor_fills_it() {
        let open: Vec<_> = (0..=21).filter(|&n| may_enter(&room(n, "a"))).collect();
        assert_eq!(open, (1..=18).collect::<Vec<_>>());
        for (seats, expected) in [(0, 0), (2, 0), (3, 1), (128, 126)] {
            let sized = |n| Room {
                max_players: Some(seats),
                ..room(n, "a")
            };
            let open = (0..=200).filter(|&n| may_enter(&sized(n))).count();
            assert_eq!(open, expected, "{seats}");
            let me = id("o");
            let last = must_leave(Some(&sized(seats.max(2))), &me);
            assert_eq!(last, Err(LeaveReason::LastSeat), "{seats}");
        }
    }

    #[test]
    fn an_observer_leaves_as_the_last_as_the_host_and_from_the_last_seat() {
        let me = id("o");
        let leave = |room: Room| must_leave(Some(&room), &me).err();
        assert_eq!(leave(room(2, "a")), None);
        assert_eq!(leave(room(19, "a")), None);
        assert_eq!(leave(room(20, "a")), Some(LeaveReason::LastSeat));
        assert_eq!(leave(room(2, "o")), Some(LeaveReason::Host));
        assert_eq!(leave(room(1, "a")), Some(LeaveReason::Alone));
        assert_eq!(leave(room(1, "o")), Some(LeaveReason::Alone));
        assert_eq!(must_leave(None, &me), Err(LeaveReason::Gone));
    }

    #[test]
    fn an_observer_enters_a_race_of_idle_players_after_a_while() {
        for looks in [0, IDLE_LOOKS - 1, IDLE_LOOKS] {
            assert!(is_wanted(BridgedPlayers::None, looks));
            assert!(!is_wanted(BridgedPlayers::Driving, looks));
            assert_eq!(is_wanted(BridgedPlayers::Idle, looks), looks == IDLE_LOOKS);
        }
    }

    #[test]
    fn an_observer_makes_way_for_players_who_drive_or_wait_for_the_start() {
        for is_race in [false, true] {
            assert_eq!(must_give_way(BridgedPlayers::None, is_race), Ok(()));
            let way = must_give_way(BridgedPlayers::Driving, is_race);
            assert_eq!(way, Err(LeaveReason::Bridged));
        }
        assert_eq!(must_give_way(BridgedPlayers::Idle, true), Ok(()));
        let way = must_give_way(BridgedPlayers::Idle, false);
        assert_eq!(way, Err(LeaveReason::Bridged));
    }

    #[test]
    fn an_observer_stays_a_while_for_spectators_who_may_come_back() {
        let mut idle = IdleLooks::default();
        for _ in 1..UNWATCHED_LOOKS {
            assert_eq!(idle.look(false, false), Ok(()));
        }
        assert_eq!(idle.look(true, false), Ok(()));
        for _ in 1..UNWATCHED_LOOKS {
            assert_eq!(idle.look(false, false), Ok(()));
        }
        assert_eq!(idle.look(false, false), Err(LeaveReason::Unwatched));
    }

    #[test]
    fn each_futile_observation_makes_the_next_one_later() {
        let refused = LeaveReason::Refused("Room not found.".into());
        let cooldowns: Vec<_> =
            std::iter::successors(Some(0), |&before| cooldown_after(&refused, before))
                .skip(1)
                .take(7)
                .collect();
        assert_eq!(cooldowns, [10, 20, 40, 80, 160, 320, 320]);
        assert_eq!(cooldown_after(&LeaveReason::Host, 320), Some(10));
        assert_eq!(cooldown_after(&LeaveReason::Unwatched, 320), None);
        // The players may soon be idle again. The count of idle looks keeps observers away until then.
        assert_eq!(cooldown_after(&LeaveReason::Bridged, 320), None);
    }

    #[test]
    fn a_race_without_positions_is_left() {
        let mut idle = IdleLooks::default();
        for _ in 1..SILENT_LOOKS {
            assert_eq!(idle.look(true, true), Ok(()));
        }
        assert_eq!(idle.look(true, false), Ok(()), "somebody drove");
        for _ in 1..SILENT_LOOKS {
            assert_eq!(idle.look(true, true), Ok(()));
        }
        assert_eq!(idle.look(true, true), Err(LeaveReason::Silent));
    }
}
