//! What all bots of a server share: where the server is, the track, the newest list of rooms, and which sessions are bots.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use client_native::{Client, Connection, Target, dial};
use drivers::{Lineup, Track};
use parking_lot::Mutex;
use protocol::event::Room;
use protocol::id::{RoomId, Secret, SessionId};
use protocol::session::Config;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::engine::Engine;

/// How long connecting may take, the welcome included.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A connected bot's session.
pub(super) type BotClient = Client<Connection>;

/// What all bots share.
pub(super) struct Roster {
    target: Target,
    secret: Secret,
    /// Learns which sessions are bots, because a bot should not become the host of people.
    engine: Arc<Engine>,
    pub(super) track: Arc<Track>,
    /// The name of the home room.
    pub(super) home_name: String,
    /// The home room, once there is one.
    pub(super) home: watch::Sender<Option<RoomId>>,
    /// The newest room list.
    pub(super) rooms: watch::Sender<Arc<Vec<Room>>>,
    bots: Mutex<Lineup>,
}

/// Keeps a session on the list of bots, and takes it off when dropped.
pub(super) struct Registration {
    roster: Arc<Roster>,
    pub(super) id: SessionId,
}

impl Roster {
    pub(super) fn new(
        target: Target,
        secret: Secret,
        track: Track,
        home_name: String,
        engine: Arc<Engine>,
    ) -> Self {
        Self {
            target,
            secret,
            engine,
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
        self.bots.lock().add(id);
        self.engine.mark_bot(&id);
        Registration {
            roster: Arc::clone(self),
            id,
        }
    }

    /// Say how many bots a room should have.
    pub(super) fn wanted(&self, room: &Room, count: usize) -> usize {
        self.bots.lock().wanted(room, count)
    }

    /// Find a room in the newest list.
    pub(super) fn listed(&self, room: &RoomId) -> Option<Room> {
        let rooms = self.rooms.borrow();
        rooms.iter().find(|listed| listed.id == *room).cloned()
    }

    /// Say whether a visiting bot should leave, by the newest list. `abandoned` counts the lists in a row that name only bots.
    pub(super) fn should_leave(&self, bot: &SessionId, room: &RoomId, abandoned: &mut u32) -> bool {
        let listed = self.listed(room);
        listed.is_some_and(|listed| self.bots.lock().should_leave(bot, &listed, abandoned))
    }
}

impl Registration {
    /// Note the room the bot has joined.
    pub(super) fn joined(&self, room: &RoomId) {
        self.roster.bots.lock().join(self.id, *room);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.roster.bots.lock().remove(&self.id);
    }
}
