//! How many bots there are and where: some in their home room, and as many in each room that a player made, so that
//! whoever creates a room drives among moving cars.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use protocol::command::Command;
use protocol::event::Event;
use protocol::id::RoomId;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::task::JoinMap;

use super::bot::{self, MAX_VISITED_ROOMS};
use super::roster::Roster;

/// How often the room list is looked at.
const POLL: Duration = Duration::from_secs(1);
/// How long a bot waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

/// The bots in players' rooms.
struct Visitors {
    roster: Arc<Roster>,
    /// Bots in each room.
    count: usize,
    /// The rooms that are visited. A bot's name contains the index of its room here.
    rooms: [Option<RoomId>; MAX_VISITED_ROOMS],
    /// Each bot by the index of its room and its number there.
    bots: JoinMap<(usize, usize), ()>,
}

/// Start the bots of the home room, and the task that sends bots to players' rooms.
pub(super) fn start(roster: Arc<Roster>, count: usize) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for number in 0..count {
        tasks.spawn(stay_home(Arc::clone(&roster), number));
    }
    tasks.spawn(visit(roster, count));
    tasks
}

async fn stay_home(roster: Arc<Roster>, number: usize) {
    loop {
        if let Err(error) = bot::stay_home(&roster, number).await {
            tracing::warn!(number, "bot in its home room: {error:#}");
        }
        sleep(RETRY).await;
    }
}

async fn visit(roster: Arc<Roster>, count: usize) {
    let mut visitors = Visitors {
        roster,
        count,
        rooms: [None; MAX_VISITED_ROOMS],
        bots: JoinMap::new(),
    };
    loop {
        if let Err(error) = visitors.follow_rooms().await {
            tracing::warn!("bots: {error:#}");
        }
        sleep(RETRY).await;
    }
}

impl Visitors {
    /// Ask for the rooms at regular intervals, and send bots where players are. Ends when the connection does.
    async fn follow_rooms(&mut self) -> anyhow::Result<()> {
        let (mut client, _) = self.roster.connect().await?;
        loop {
            if let Event::RoomList(rooms) = client.ask(Command::ListRooms).await? {
                self.roster.rooms.send_replace(Arc::new(rooms));
                self.send();
            }
            let next = Instant::now() + POLL;
            while let Ok(output) = timeout_at(next, client.next_output()).await {
                output?;
            }
        }
    }

    fn send(&mut self) {
        while self.bots.join_next().now_or_never().flatten().is_some() {}
        for index in 0..MAX_VISITED_ROOMS {
            if self.bots_in(index) == 0 {
                self.rooms[index] = None;
            }
        }
        let listed = self.roster.rooms.borrow().clone();
        for room in listed.iter() {
            let wanted = self.roster.wanted(room, self.count);
            if wanted > 0 {
                self.fill(room.id, wanted);
            }
        }
    }

    /// Send bots to a room until it has `wanted`, unless too many rooms are visited already.
    fn fill(&mut self, id: RoomId, wanted: usize) {
        let mut rooms = self.rooms.iter();
        let known = rooms.position(|room| *room == Some(id));
        let Some(index) = known.or_else(|| self.rooms.iter().position(Option::is_none)) else {
            return;
        };
        self.rooms[index] = Some(id);
        for number in 0..self.count {
            if self.bots_in(index) < wanted && !self.bots.contains_key(&(index, number)) {
                let visit = visit_room(Arc::clone(&self.roster), number, index, id);
                self.bots.spawn((index, number), visit);
            }
        }
    }

    fn bots_in(&self, index: usize) -> usize {
        self.bots.keys().filter(|(room, _)| *room == index).count()
    }
}

async fn visit_room(roster: Arc<Roster>, number: usize, index: usize, room: RoomId) {
    if let Err(error) = bot::visit(&roster, number, index, &room).await {
        tracing::debug!(number, "bot in a player's room: {error:#}");
    }
}
