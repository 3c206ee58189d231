//! Which bots there are: one crew at home, and one in every room that a player made, so that whoever creates a
//! room drives among moving cars.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::command::Command;
use protocol::event::{Event, Room};
use protocol::id::{RoomId, SessionId};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::player::{Player, Target};
use super::track::Track;
use super::{MOST_TAKEN_SEATS, bot};

/// How many players' rooms get bots. Bots are clients like any other and cost as much.
pub(super) const MAX_CREWS: usize = 4;
/// How often the room list is looked at.
const POLL: Duration = Duration::from_secs(1);
/// How long a bot waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

/// What all bots share.
pub(super) struct Shared {
    pub(super) target: Target,
    pub(super) track: Arc<Track>,
    /// The name of the home room.
    pub(super) room: String,
    /// The home room, once there is one.
    pub(super) home: watch::Sender<Option<RoomId>>,
    /// The newest room list.
    pub(super) rooms: watch::Sender<Arc<Vec<Room>>>,
    /// Every session that is a bot's, and the room it is in.
    bots: Mutex<HashMap<SessionId, Option<RoomId>>>,
}

/// The bots in one player's room.
struct Crew {
    room: RoomId,
    /// One for each bot there may be.
    bots: Vec<Option<AbortHandle>>,
}

impl Shared {
    pub(super) fn new(target: Target, track: Track, room: String) -> Self {
        Self {
            target,
            track: Arc::new(track),
            room,
            home: watch::Sender::new(None),
            rooms: watch::Sender::new(Arc::default()),
            bots: Mutex::default(),
        }
    }

    pub(super) fn bots(&self) -> MutexGuard<'_, HashMap<SessionId, Option<RoomId>>> {
        self.bots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Say how many bots a room should have: all, unless players need the seats. None where no player is host.
    fn wanted(&self, room: &Room, count: usize) -> usize {
        let bots = self.bots();
        let Some(host) = &room.host_id else { return 0 };
        if bots.contains_key(host) {
            return 0;
        }
        let here = bots
            .values()
            .filter(|at| at.as_ref() == Some(&room.id))
            .count();
        let players = usize::try_from(room.player_count)
            .unwrap_or(usize::MAX)
            .saturating_sub(here);
        count.min(MOST_TAKEN_SEATS.saturating_sub(players))
    }
}

impl Crew {
    fn new(room: RoomId, count: usize) -> Self {
        let bots = (0..count).map(|_| None).collect();
        Self { room, bots }
    }

    fn is_working(bot: &Option<AbortHandle>) -> bool {
        bot.as_ref().is_some_and(|bot| !bot.is_finished())
    }

    fn size(&self) -> usize {
        self.bots.iter().filter(|bot| Self::is_working(bot)).count()
    }
}

/// Run all bots: never ends. Dropping the future ends them.
pub(super) async fn run(shared: Arc<Shared>, count: usize) {
    let mut home = JoinSet::new();
    for number in 0..count {
        let shared = Arc::clone(&shared);
        home.spawn(async move {
            loop {
                if let Err(error) = bot::at_home(&shared, number).await {
                    tracing::warn!(number, "bot at home: {error:#}");
                }
                tokio::time::sleep(RETRY).await;
            }
        });
    }
    let mut guests = JoinSet::new();
    let mut crews = [const { None }; MAX_CREWS];
    loop {
        if let Err(error) = supervise(&shared, count, &mut crews, &mut guests).await {
            tracing::warn!("bots: {error:#}");
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Look at the rooms again and again, and send guests where players are. Ends when the connection breaks.
async fn supervise(
    shared: &Arc<Shared>,
    count: usize,
    crews: &mut [Option<Crew>; MAX_CREWS],
    guests: &mut JoinSet<()>,
) -> anyhow::Result<()> {
    let mut player = Player::connect(&shared.target).await?;
    loop {
        if let Ok(Event::RoomList(rooms)) = player.ask(Command::ListRooms).await? {
            shared.rooms.send_replace(Arc::new(rooms));
            while guests.try_join_next().is_some() {}
            send_guests(shared, count, crews, guests);
        }
        let next = Instant::now() + POLL;
        while player.next(next).await?.is_some() {}
    }
}

fn send_guests(
    shared: &Arc<Shared>,
    count: usize,
    crews: &mut [Option<Crew>; MAX_CREWS],
    guests: &mut JoinSet<()>,
) {
    for crew in crews.iter_mut() {
        if crew.as_ref().is_some_and(|crew| crew.size() == 0) {
            *crew = None;
        }
    }
    let rooms = shared.rooms.borrow().clone();
    for room in rooms.iter() {
        let wanted = shared.wanted(room, count);
        if wanted == 0 {
            continue;
        }
        let has = |crew: &Option<Crew>| crew.as_ref().is_some_and(|crew| crew.room == room.id);
        let place = crews
            .iter()
            .position(has)
            .or_else(|| crews.iter().position(Option::is_none));
        let Some(index) = place else { continue };
        let crew = crews[index].get_or_insert_with(|| Crew::new(room.id, count));
        for number in 0..count {
            if crew.size() < wanted && !Crew::is_working(&crew.bots[number]) {
                let (shared, room) = (Arc::clone(shared), room.id);
                crew.bots[number] = Some(guests.spawn(async move {
                    if let Err(error) = bot::as_guest(&shared, number, index, &room).await {
                        tracing::debug!(number, "bot as a guest: {error:#}");
                    }
                }));
            }
        }
    }
}
