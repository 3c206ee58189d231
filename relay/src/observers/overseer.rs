//! Sends observers into rooms: a limited number at once, shared out between the addresses of spectators, and into no room
//! that cools down.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use protocol::event::Room;
use protocol::generation::Generation;
use protocol::id::RoomId;
use tokio::task::JoinError;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::JoinMap;

use super::account::ObserverAccount;
use super::cooldown::Cooldowns;
use super::idle_races::IdleRaces;
use super::rules::{COOLDOWN_LOOKS, LeaveReason, SHARED_LOOKS, is_wanted, may_enter};
use super::session::{Shared, observe};
use super::shares::{Shares, Watched};
use crate::config::Observing;
use crate::metrics::Limit;
use crate::spectators::room::{self, BridgedPlayers};
use crate::spectators::{LiveRoom, Rooms, Spectators};
use crate::upstream::OwnSessions;

/// Send observers out until the relay stops, and wait for those that are still out. `is_shared`: they are
/// shared out by address. `look`: the time between two looks.
pub(crate) async fn oversee(
    observing: Observing,
    is_shared: bool,
    look: Duration,
    account: Arc<ObserverAccount>,
    spectators: Arc<Spectators>,
    sessions: OwnSessions,
) {
    let lifecycle = sessions.lifecycle.clone();
    let mut overseer = Overseer {
        at_once: observing.at_once,
        shares: Shares::new(observing.at_once, is_shared),
        shared: Arc::new(Shared {
            sessions,
            rooms: Arc::clone(&spectators.rooms),
            name: observing.name,
            account,
            look,
        }),
        spectators,
        observers: JoinMap::new(),
        out: HashMap::new(),
        refused: HashSet::new(),
        cooldowns: Cooldowns::default(),
        idle_races: IdleRaces::default(),
        started: Instant::now(),
    };
    tokio::select! {
        () = overseer.run() => {}
        () = lifecycle.draining.cancelled() => {}
    }
    // They notice themselves that the relay stops, and say goodbye.
    while let Some((room, ended)) = overseer.observers.join_next().await {
        overseer.take_back(room, ended);
    }
}

struct Overseer {
    at_once: usize,
    shares: Shares,
    shared: Arc<Shared>,
    spectators: Arc<Spectators>,
    observers: JoinMap<RoomId, LeaveReason>,
    /// The same rooms.
    out: HashMap<RoomId, Out>,
    /// Rooms that want an observer and got none, because all were out. Each is counted once.
    refused: HashSet<RoomId>,
    cooldowns: Cooldowns,
    idle_races: IdleRaces,
    started: Instant,
}

/// An observer that is out.
struct Out {
    since: Instant,
    make_way: CancellationToken,
}

impl Overseer {
    async fn run(&mut self) {
        let mut looks = interval(self.shared.look);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut next_list = Instant::now();
        loop {
            tokio::select! {
                Some((room, ended)) = self.observers.join_next() => {
                    self.take_back(room, ended);
                    continue;
                }
                _ = looks.tick() => {}
            }
            let candidates = self.candidates();
            if candidates.is_empty() || Instant::now() < next_list {
                self.idle_races.look([]);
                continue;
            }
            match self.spectators.list.ask().await {
                Ok(rooms) => {
                    let wanted = self.wanted(&candidates, &rooms);
                    self.refused.retain(|room| wanted.contains(room));
                    let objection = self.objection();
                    self.explain(&wanted, objection);
                    if objection.is_none() {
                        self.send_all(wanted);
                    }
                }
                // The game server is in trouble, so it is left alone for a while. The log has the reason.
                Err(_logged) => {
                    self.idle_races.look([]);
                    next_list = Instant::now() + self.shared.look * COOLDOWN_LOOKS;
                }
            }
        }
    }

    /// Watched rooms that nobody shows. Some of them may not exist.
    fn candidates(&mut self) -> Vec<Arc<LiveRoom>> {
        let now = self.started.elapsed();
        let mut rooms = self.spectators.rooms.all();
        rooms.retain(|room| {
            room.is_watched()
                && !room.look(room::Room::is_observed)
                && room.bridged() != BridgedPlayers::Driving
        });
        let observers = &self.observers;
        let ids: HashSet<_> = rooms.iter().map(|room| room.id).collect();
        self.cooldowns.forget(now, |room| {
            observers.contains_key(room) || ids.contains(room)
        });
        rooms.retain(|room| {
            !observers.contains_key(&room.id) && !self.cooldowns.holds(&room.id, now)
        });
        rooms
    }

    /// Select the rooms that want an observer. `listed` is the game server's list.
    fn wanted(&mut self, candidates: &[Arc<LiveRoom>], listed: &[Room]) -> Vec<RoomId> {
        let listed: HashMap<_, _> = listed.iter().map(|room| (&room.id, room)).collect();
        let candidates = candidates.iter().map(|room| (&room.id, room.bridged()));
        let candidates: Vec<_> = candidates.collect();
        let idle = candidates.iter().filter(|(id, bridged)| {
            let is_race = listed.get(id).is_some_and(|room| room.is_active);
            is_race && *bridged == BridgedPlayers::Idle
        });
        self.idle_races.look(idle.map(|(id, _)| *id));
        let wanted = candidates.into_iter().filter(|(id, bridged)| {
            listed.get(id).is_some_and(|room| may_enter(room))
                && is_wanted(*bridged, self.idle_races.looks(id))
        });
        wanted.map(|(id, _)| *id).collect()
    }

    /// Say why no observer can sign in. `None`: one can, or the game server has not shown yet that it has accounts.
    fn objection(&self) -> Option<&'static str> {
        let generation = self.shared.sessions.generation.known();
        let has_accounts = generation.is_some_and(Generation::has_accounts);
        has_accounts
            .then(|| self.shared.account.objection())
            .flatten()
    }

    /// Tell the spectators of these rooms why they see nothing.
    fn explain(&self, wanted: &[RoomId], notice: Option<&'static str>) {
        let rooms = wanted
            .iter()
            .filter_map(|room| self.spectators.rooms.find(room));
        for room in rooms {
            room.change(|room| room.set_notice(notice));
        }
    }

    /// Send observers into these rooms, and count a refusal for each that gets none: all are out, or those who watch it have
    /// their share.
    fn send_all(&mut self, wanted: Vec<RoomId>) {
        let rooms = &self.spectators.rooms;
        let out = self.observers.keys().map(|room| watched(rooms, *room));
        self.shares.count(out.collect());
        let mut wanted: Vec<_> = wanted
            .into_iter()
            .map(|room| watched(rooms, room))
            .collect();
        // Their spectators may have left while the list was asked for.
        wanted.retain(|watched| watched.spectators > 0);
        while self.observers.len() < self.at_once
            && let Some(next) = self.shares.next(&mut wanted)
        {
            self.shares.take(&next);
            self.send(next.room);
        }
        self.make_way(&wanted);
        for Watched { room, .. } in wanted {
            if self.refused.insert(room) {
                self.shared.sessions.metrics.reached(Limit::Observers);
            }
        }
    }

    /// When all are out, let one leave that another address has a better right to. The next look sends one there.
    fn make_way(&self, wanted: &[Watched]) {
        let is_leaving = self.out.values().any(|out| out.make_way.is_cancelled());
        if is_leaving || self.observers.len() < self.at_once {
            return;
        }
        let rooms = &self.spectators.rooms;
        let long = self.shared.look * SHARED_LOOKS;
        let settled = self
            .out
            .iter()
            .filter(|(_, out)| out.since.elapsed() >= long);
        let settled: Vec<_> = settled.map(|(room, _)| watched(rooms, *room)).collect();
        let surplus = self.shares.surplus(wanted, &settled);
        if let Some(out) = surplus.and_then(|room| self.out.get(&room)) {
            out.make_way.cancel();
        }
    }

    fn send(&mut self, room: RoomId) {
        self.refused.remove(&room);
        self.shared.sessions.metrics.observers.inc();
        let shared = Arc::clone(&self.shared);
        let make_way = CancellationToken::new();
        let out = Out {
            since: Instant::now(),
            make_way: make_way.clone(),
        };
        self.out.insert(room, out);
        let observation = async move { observe(&shared, &room, &make_way).await };
        self.observers.spawn(room, observation);
    }

    /// Count and log why an observer left, and let its room cool down. A panic counts as a failure.
    fn take_back(&mut self, room: RoomId, ended: Result<LeaveReason, JoinError>) {
        self.out.remove(&room);
        let reason = ended.unwrap_or_else(|error| LeaveReason::Failed(error.to_string()));
        let metrics = &self.shared.sessions.metrics;
        metrics.observer_ended((&reason).into());
        tracing::info!(%room, "an observer left: {reason}");
        if let Some(objection) = self.objection() {
            self.explain(&[room], Some(objection));
        }
        let (now, look) = (self.started.elapsed(), self.shared.look);
        self.cooldowns.begin(room, &reason, now, look);
    }
}

fn watched(rooms: &Rooms, room: RoomId) -> Watched {
    let live = rooms.find(&room);
    Watched {
        room,
        addresses: live
            .as_ref()
            .map_or_else(Vec::new, |live| live.watching_addresses()),
        spectators: live.map_or(0, |live| live.spectators()),
    }
}
