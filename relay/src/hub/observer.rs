//! Observers (contract 2, opt-in): for a watched room in which no player of this relay is, a session of the relay's
//! own joins and looks (`visit`). It takes a seat, so `rules` say when it may come and must go. Here is who sends
//! them out: at most so many at once, to the most watched rooms first, and not again at once where it went wrong.

mod rules;
mod visit;

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::ensure;
use protocol::id::RoomId;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Hub;
use super::live::Live;
use crate::context::Context;
use crate::metrics::Limit;
use crate::phase::{self, Phase};
use rules::{Leave, REST_LOOKS, may_enter, rest_after};

/// Rooms that rest. With the shortest rest and ten observers a second that is more than ever rest.
const MAX_RESTING: usize = 1024;
/// Letters of an observer's name; game servers take 32, and seven are its own.
const MAX_NAME_LETTERS: usize = 24;

/// Observers as the operator allows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observing {
    /// What they are called in the game; six letters of their session follow.
    pub name: String,
    /// How many there may be at once.
    pub at_once: usize,
}

impl Default for Observing {
    fn default() -> Self {
        Self {
            name: "spectator-relay".into(),
            // Each is one more player to the game server, which tries every player's key on every datagram.
            at_once: 8,
        }
    }
}

impl Observing {
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let letters = self.name.chars().count();
        ensure!(
            (1..=MAX_NAME_LETTERS).contains(&letters),
            "--observer-name has at least one letter and at most {MAX_NAME_LETTERS}, not {letters}"
        );
        ensure!(
            self.at_once > 0,
            "--max-observers must be at least 1; without --spectate-observer there are none"
        );
        Ok(())
    }
}

/// Send observers out until the relay stops, and wait for those still out.
pub(crate) async fn oversee(context: Arc<Context>, observing: Observing) {
    let mut phase = context.phase.clone();
    let mut overseer = Overseer {
        observing,
        visits: JoinSet::new(),
        visited: Vec::new(),
        resting: HashMap::new(),
    };
    tokio::select! {
        () = overseer.run(&context) => {}
        () = phase::until(&mut phase, |phase| phase != Phase::Running) => {}
    }
    // They see for themselves that the relay stops, and say goodbye.
    while overseer.visits.join_next().await.is_some() {}
}

/// A visit that is over.
struct Visit {
    room: RoomId,
    leave: Leave,
}

struct Overseer {
    observing: Observing,
    visits: JoinSet<Visit>,
    /// The rooms of `visits`.
    visited: Vec<RoomId>,
    /// Never more than `MAX_RESTING`.
    resting: HashMap<RoomId, Rest>,
}

/// No observer goes to this room for a while.
struct Rest {
    until: Instant,
    /// How long it was, for the next.
    looks: u32,
}

impl Overseer {
    async fn run(&mut self, context: &Arc<Context>) {
        let Some(hub) = &context.hub else { return };
        let mut looks = interval(context.config.patience.observe);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut next_list = Instant::now();
        loop {
            tokio::select! {
                Some(visit) = self.visits.join_next() => {
                    // A visit that panicked is none of a room that is known; its room is visited no more.
                    if let Ok(visit) = visit {
                        self.take_back(visit, context);
                    }
                    continue;
                }
                _ = looks.tick() => {}
            }
            let wanted = self.wanted(hub, context);
            if wanted.is_empty() || Instant::now() < next_list {
                continue;
            }
            match hub.list(context).await {
                Ok(rooms) => {
                    let open =
                        |id: &RoomId| rooms.iter().any(|room| room.id == *id && may_enter(room));
                    wanted
                        .into_iter()
                        .filter(open)
                        .for_each(|room| self.send(room, context));
                }
                // The game server is in trouble; it is not asked by this for a while.
                Err(_told_in_the_log) => {
                    next_list = Instant::now() + context.config.patience.observe * REST_LOOKS;
                }
            }
        }
    }

    /// Watched rooms nobody looks at, the most watched first, as many as there may be observers.
    fn wanted(&mut self, hub: &Hub, context: &Context) -> Vec<RoomId> {
        let now = Instant::now();
        let mut rooms = hub.unseen();
        rooms.retain(|(room, _)| !self.visited.contains(room));
        // Who rests is remembered while its room is watched, for the length of the next rest.
        self.resting
            .retain(|id, rest| rest.until > now || rooms.iter().any(|(room, _)| room == id));
        rooms.retain(|(room, _)| self.resting.get(room).is_none_or(|rest| rest.until <= now));
        rooms.sort_by_key(|(_, spectators)| std::cmp::Reverse(*spectators));
        let free = self.observing.at_once.saturating_sub(self.visited.len());
        if rooms.len() > free {
            context.metrics.reached(Limit::Observers);
        }
        rooms.truncate(free);
        rooms.into_iter().map(|(room, _)| room).collect()
    }

    fn send(&mut self, room: RoomId, context: &Arc<Context>) {
        let (context, name) = (Arc::clone(context), self.observing.name.clone());
        self.visited.push(room.clone());
        self.visits.spawn(async move {
            context.metrics.observing();
            let leave = visit::make(&context, &room, &name).await;
            context.metrics.observed(leave.word());
            tracing::info!(%room, "an observer left: {leave}");
            Visit { room, leave }
        });
    }

    fn take_back(&mut self, visit: Visit, context: &Context) {
        let Visit { room, leave } = visit;
        self.visited.retain(|visited| *visited != room);
        let before = self.resting.remove(&room).map_or(0, |rest| rest.looks);
        let Some(looks) = rest_after(&leave, before) else {
            return;
        };
        if self.resting.len() < MAX_RESTING {
            let until = Instant::now() + context.config.patience.observe * looks;
            self.resting.insert(room, Rest { until, looks });
        }
    }
}

impl Hub {
    /// Rooms that are watched and not seen, each with the number of its spectators.
    fn unseen(&self) -> Vec<(RoomId, usize)> {
        let mut rooms = self.rooms.all();
        rooms.retain(|live| live.is_watched() && !live.is_live());
        let count = |live: Arc<Live>| (live.id().clone(), live.spectators());
        rooms.into_iter().map(count).collect()
    }
}
