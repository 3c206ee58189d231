//! What all bots of a server share: where the server is, the track, the newest list of rooms, and which sessions are
//! bots. Decides how many bots a room should have and when one should leave.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use client_native::{Client, Connection, Target, dial};
use parking_lot::Mutex;
use protocol::event::Room;
use protocol::id::{RoomId, Secret, SessionId};
use protocol::session::Config;
use tokio::sync::watch;
use tokio::time::timeout;

use super::track::Track;
use crate::rules::ROOM_SEATS;

/// How many bots there may be in one room: all seats except those kept free.
pub const MAX_BOTS: usize = MAX_TAKEN_SEATS;
/// Above this many players in a room, bots make way.
const MAX_TAKEN_SEATS: usize = ROOM_SEATS - 2;
/// How long connecting may take, the welcome included.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How many room lists in a row must say that only bots are left. One list may be older than a join.
const ABANDONED_LISTS: u32 = 2;

/// A connected bot's session.
pub(super) type BotClient = Client<Connection>;

/// What all bots share.
pub(super) struct Roster {
    target: Target,
    secret: Secret,
    pub(super) track: Arc<Track>,
    /// The name of the home room.
    pub(super) home_name: String,
    /// The home room, once there is one.
    pub(super) home: watch::Sender<Option<RoomId>>,
    /// The newest room list.
    pub(super) rooms: watch::Sender<Arc<Vec<Room>>>,
    /// Every session that is a bot's, and the room it is in.
    bots: Mutex<HashMap<SessionId, Option<RoomId>>>,
}

/// Keeps a session on the list of bots, and takes it off when dropped.
pub(super) struct Registration {
    roster: Arc<Roster>,
    pub(super) id: SessionId,
}

impl Roster {
    pub(super) fn new(target: Target, secret: Secret, track: Track, home_name: String) -> Self {
        Self {
            target,
            secret,
            track: Arc::new(track),
            home_name,
            home: watch::Sender::new(None),
            rooms: watch::Sender::new(Arc::default()),
            bots: Mutex::default(),
        }
    }

    /// Connect with the server and wait for its welcome.
    pub(super) async fn connect(&self) -> anyhow::Result<(BotClient, SessionId)> {
        let config = Config {
            secret: self.secret.clone(),
            ..Config::default()
        };
        let connecting = async {
            let mut client = Client::new(dial(&self.target).await?, config);
            let id = client.welcome().await?;
            anyhow::Ok((client, id))
        };
        timeout(CONNECT_LIMIT, connecting)
            .await
            .context("no connection in time")?
    }

    /// Put a session on the list of bots. Call this before it joins a room, or it counts as a player there.
    pub(super) fn register(self: &Arc<Self>, id: SessionId) -> Registration {
        self.bots.lock().insert(id, None);
        Registration {
            roster: Arc::clone(self),
            id,
        }
    }

    /// Say how many bots a room should have: all, unless players need the seats; none while its host is a bot.
    pub(super) fn wanted(&self, room: &Room, count: usize) -> usize {
        let bots = self.bots.lock();
        let Some(host) = &room.host_id else { return 0 };
        if bots.contains_key(host) {
            return 0;
        }
        let here = members(&bots, &room.id).count();
        let players = seats(room).saturating_sub(here);
        count.min(MAX_TAKEN_SEATS.saturating_sub(players))
    }

    /// Find a room in the newest list.
    pub(super) fn listed(&self, room: &RoomId) -> Option<Room> {
        let rooms = self.rooms.borrow();
        rooms.iter().find(|listed| listed.id == *room).cloned()
    }

    /// Say whether a visiting bot should leave: the room is nearly full, the bot is the host of a race that only it can
    /// start, or only bots are left. `abandoned` counts the lists in a row that name only bots.
    pub(super) fn should_leave(&self, bot: &SessionId, room: &RoomId, abandoned: &mut u32) -> bool {
        let Some(listed) = self.listed(room) else {
            return false;
        };
        let bots = self.bots.lock();
        let host = listed.host_id.as_ref();
        let hosted_by_bot = host.is_some_and(|host| bots.contains_key(host));
        let only_bots = hosted_by_bot && seats(&listed) <= members(&bots, room).count();
        *abandoned = if only_bots { *abandoned + 1 } else { 0 };
        // One bot makes way at a time.
        let too_full = seats(&listed) > MAX_TAKEN_SEATS && members(&bots, room).max() == Some(bot);
        let blocks_start = host == Some(bot) && !listed.is_active;
        too_full || blocks_start || *abandoned >= ABANDONED_LISTS
    }
}

impl Registration {
    /// Note the room the bot has joined.
    pub(super) fn joined(&self, room: &RoomId) {
        self.roster.bots.lock().insert(self.id, Some(*room));
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.roster.bots.lock().remove(&self.id);
    }
}

/// The bots in a room.
fn members<'a>(
    bots: &'a HashMap<SessionId, Option<RoomId>>,
    room: &'a RoomId,
) -> impl Iterator<Item = &'a SessionId> {
    let here = bots.iter().filter(|(_, at)| at.as_ref() == Some(room));
    here.map(|(id, _)| id)
}

fn seats(room: &Room) -> usize {
    usize::try_from(room.player_count).unwrap_or(usize::MAX)
}
