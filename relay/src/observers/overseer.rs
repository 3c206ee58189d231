//! Observers (contract 2, opt-in): for a watched room that no player of this relay shows, a session of the relay's own
//! joins and looks (`visit`). It takes a seat, so `rules` say when it may come and must go. Here is who sends
//! them out: at most so many at once, to the most watched rooms first, and not again at once where it went wrong.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use protocol::event::Room;
use protocol::id::RoomId;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::cooldown::Resting;
use super::rules::{Leave, REST_LOOKS, is_wanted, may_enter};
use super::sitting::Sitting;
use crate::config::Observing;
use crate::context::Context;
use crate::lifecycle::{self, Phase};
use crate::metrics::Limit;
use crate::spectators::Hub;
use crate::spectators::room::Bridged;

/// Send observers out until the relay stops, and wait for those still out.
pub(crate) async fn oversee(context: Arc<Context>, observing: Observing) {
    let mut phase = context.phase.clone();
    let mut overseer = Overseer {
        observing,
        visits: JoinSet::new(),
        visited: Vec::new(),
        resting: Resting::default(),
        sitting: Sitting::default(),
        started: Instant::now(),
    };
    tokio::select! {
        () = overseer.run(&context) => {}
        () = lifecycle::until(&mut phase, |phase| phase != Phase::Running) => {}
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
    resting: Resting,
    sitting: Sitting,
    started: Instant,
}

/// A watched room that nobody shows.
struct Unseen {
    room: RoomId,
    spectators: usize,
    bridged: Bridged,
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
            let unseen = self.unseen(hub);
            if unseen.is_empty() || self.free() == 0 || Instant::now() < next_list {
                self.sitting.look([]);
                continue;
            }
            match hub.list(context).await {
                Ok(rooms) => {
                    let wanted = self.wanted(unseen, &rooms);
                    wanted.into_iter().for_each(|room| self.send(room, context));
                }
                // The game server is in trouble; it is not asked by this for a while.
                Err(_told_in_the_log) => {
                    self.sitting.look([]);
                    next_list = Instant::now() + context.config.patience.observe * REST_LOOKS;
                }
            }
        }
    }

    fn free(&self) -> usize {
        self.observing.at_once.saturating_sub(self.visited.len())
    }

    /// Watched rooms nobody looks at, the most watched first. Not all of them need exist.
    fn unseen(&mut self, hub: &Hub) -> Vec<Unseen> {
        let now = self.started.elapsed();
        let mut unseen = hub.unseen();
        let visited = &self.visited;
        let rooms: HashSet<_> = unseen.iter().map(|unseen| &unseen.room).collect();
        self.resting
            .forget(now, |room| visited.contains(room) || rooms.contains(room));
        unseen.retain(|Unseen { room, .. }| {
            !visited.contains(room) && !self.resting.holds(room, now)
        });
        unseen.sort_by_key(|unseen| std::cmp::Reverse(unseen.spectators));
        unseen
    }

    /// Those of the rooms that an observer is to go to, by what the game server says of all `rooms`.
    fn wanted(&mut self, mut unseen: Vec<Unseen>, rooms: &[Room]) -> Vec<RoomId> {
        let rooms: HashMap<_, _> = rooms.iter().map(|room| (&room.id, room)).collect();
        let races = unseen.iter().filter(|unseen| {
            let is_race = rooms.get(&unseen.room).is_some_and(|room| room.is_active);
            is_race && unseen.bridged == Bridged::Sitting
        });
        self.sitting.look(races.map(|unseen| &unseen.room));
        unseen.retain(|Unseen { room, bridged, .. }| {
            rooms.get(room).is_some_and(|room| may_enter(room))
                && is_wanted(*bridged, self.sitting.looks(room))
        });
        unseen.into_iter().map(|unseen| unseen.room).collect()
    }

    fn send(&mut self, room: RoomId, context: &Arc<Context>) {
        if self.free() == 0 {
            return context.metrics.reached(Limit::Observers);
        }
        let (context, name) = (Arc::clone(context), self.observing.name.clone());
        self.visited.push(room);
        self.visits.spawn(async move {
            context.metrics.observing();
            let leave = super::session::make(&context, &room, &name).await;
            context.metrics.observed(leave.word());
            tracing::info!(%room, "an observer left: {leave}");
            Visit { room, leave }
        });
    }

    fn take_back(&mut self, visit: Visit, context: &Context) {
        let Visit { room, leave } = visit;
        self.visited.retain(|visited| *visited != room);
        let (now, look) = (self.started.elapsed(), context.config.patience.observe);
        self.resting.begin(room, &leave, now, look);
    }
}

impl Hub {
    /// Rooms that are watched, but shown neither by an observer nor by a player.
    fn unseen(&self) -> Vec<Unseen> {
        let mut rooms = self.rooms.all();
        rooms.retain(|live| live.is_watched() && !live.is_observed());
        let unseen = rooms.iter().map(|live| Unseen {
            room: *live.id(),
            spectators: live.spectators(),
            bridged: live.bridged(),
        });
        unseen
            .filter(|unseen| unseen.bridged != Bridged::Showing)
            .collect()
    }
}
