//! How many bots there are and where: some in their home room, and as many in each room that a player made, so that
//! whoever creates a room drives among moving cars.

use std::sync::Arc;
use std::time::Duration;

use protocol::command::Command;
use protocol::event::Event;
use protocol::id::RoomId;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};

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
    rooms: [Option<VisitedRoom>; MAX_VISITED_ROOMS],
    tasks: JoinSet<()>,
}

/// The bots in one player's room.
struct VisitedRoom {
    id: RoomId,
    /// One for each bot there may be.
    bots: Vec<Option<AbortHandle>>,
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
        rooms: [const { None }; MAX_VISITED_ROOMS],
        tasks: JoinSet::new(),
    };
    loop {
        if let Err(error) = visitors.follow_rooms().await {
            tracing::warn!("bots: {error:#}");
        }
        sleep(RETRY).await;
    }
}

impl VisitedRoom {
    fn size(&self) -> usize {
        self.bots.iter().filter(|bot| is_working(bot)).count()
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
        while self.tasks.try_join_next().is_some() {}
        for room in &mut self.rooms {
            room.take_if(|room| room.size() == 0);
        }
        let listed = self.roster.rooms.borrow().clone();
        for room in listed.iter() {
            let wanted = self.roster.wanted(room, self.count);
            if wanted > 0 {
                self.fill(&room.id, wanted);
            }
        }
    }

    /// Send bots to a room until it has `wanted`, unless too many rooms are visited already.
    fn fill(&mut self, id: &RoomId, wanted: usize) {
        let is_it = |room: &Option<VisitedRoom>| room.as_ref().is_some_and(|room| room.id == *id);
        let place = self.rooms.iter().position(is_it);
        let place = place.or_else(|| self.rooms.iter().position(Option::is_none));
        let Some(index) = place else { return };
        let room = self.rooms[index].get_or_insert_with(|| VisitedRoom {
            id: *id,
            bots: vec![None; self.count],
        });
        for number in 0..self.count {
            if room.size() < wanted && !is_working(&room.bots[number]) {
                let visit = visit_room(Arc::clone(&self.roster), number, index, *id);
                room.bots[number] = Some(self.tasks.spawn(visit));
            }
        }
    }
}

async fn visit_room(roster: Arc<Roster>, number: usize, index: usize, room: RoomId) {
    if let Err(error) = bot::visit(&roster, number, index, &room).await {
        tracing::debug!(number, "bot in a player's room: {error:#}");
    }
}

fn is_working(bot: &Option<AbortHandle>) -> bool {
    bot.as_ref().is_some_and(|bot| !bot.is_finished())
}
