//! All spectators of one room, in shards of some hundred. A shard is one task: at each snapshot it goes through its
//! spectators and writes the same bytes to each socket, sees what they sent, and pings them now and then. So a
//! spectator needs no task, no timer and no waking of its own. Players go first: a shard lets everybody else have
//! a turn after a few writes, and no more shards write at once than there are processors.

use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use super::live::{Live, View, lock};
use super::spectator::Spectator;
use super::tally::Tally;
use crate::close::Ending;
use crate::context::Context;
use crate::lifecycle::{self, Phase};

/// Spectators of one shard: writing to them takes one to two milliseconds, and a large room is shared evenly among
/// the processors.
const SHARD_PLACES: usize = 256;
/// Spectators looked after before everybody else gets a turn: about a tenth of a millisecond of writing.
const BATCH: usize = 16;
/// Between two looks at spectators who are shown nothing: who left or was blocked is noticed by then.
const BEAT: Duration = Duration::from_millis(200);

/// The shards of one room.
#[derive(Default)]
pub(crate) struct Crowd(Mutex<Vec<Arc<Shard>>>);

struct Shard {
    lobby: Mutex<Lobby>,
    /// Somebody is in the lobby.
    knock: Notify,
}

struct Lobby {
    arrivals: Vec<Spectator>,
    /// Spectators of the shard, those in the lobby included; never more than `SHARD_PLACES`.
    taken: usize,
    /// The shard's task is over, and takes nobody any more.
    has_ended: bool,
}

impl Crowd {
    /// Let a spectator into a shard that has a place, or into a new one.
    pub(crate) fn admit(&self, spectator: Spectator, live: &Arc<Live>, context: &Arc<Context>) {
        let mut shards = lock(&self.0);
        let mut spectator = Some(spectator);
        for shard in shards.iter() {
            shard.admit(&mut spectator);
            if spectator.is_none() {
                return;
            }
        }
        let shard = Arc::new(Shard {
            lobby: Mutex::new(Lobby {
                taken: 1,
                arrivals: spectator.into_iter().collect(),
                has_ended: false,
            }),
            knock: Notify::new(),
        });
        shard.knock.notify_one();
        shards.push(Arc::clone(&shard));
        tokio::spawn(Show::new(shard, live, context).run());
    }

    fn remove(&self, shard: &Arc<Shard>) {
        lock(&self.0).retain(|other| !Arc::ptr_eq(other, shard));
    }
}

impl Shard {
    /// Take a spectator out of `arrival`, if there is a place.
    fn admit(&self, arrival: &mut Option<Spectator>) {
        let mut lobby = lock(&self.lobby);
        if lobby.taken < SHARD_PLACES && !lobby.has_ended {
            lobby.taken += 1;
            lobby.arrivals.extend(arrival.take());
            self.knock.notify_one();
        }
    }
}

/// What woke a shard up.
enum Wake {
    /// Somebody came in.
    Knock,
    /// There is something new to show.
    View,
    /// Nothing was shown for a while, or pings are due.
    Beat,
}

/// A shard at work.
struct Show {
    shard: Arc<Shard>,
    live: Arc<Live>,
    context: Arc<Context>,
    view: watch::Receiver<View>,
    /// Never more than `SHARD_PLACES`.
    spectators: Vec<Spectator>,
    looked: Instant,
    pinged: Instant,
}

impl Show {
    fn new(shard: Arc<Shard>, live: &Arc<Live>, context: &Arc<Context>) -> Self {
        Self {
            shard,
            live: Arc::clone(live),
            context: Arc::clone(context),
            view: live.subscribe(),
            spectators: Vec::new(),
            looked: Instant::now(),
            pinged: Instant::now(),
        }
    }

    async fn run(mut self) {
        let mut phase = self.context.phase.clone();
        tokio::select! {
            () = self.show() => return,
            () = lifecycle::until(&mut phase, |phase| phase >= Phase::Closing) => {}
        }
        self.live.crowd().remove(&self.shard);
        let mut lobby = lock(&self.shard.lobby);
        lobby.has_ended = true;
        self.spectators.append(&mut lobby.arrivals);
        drop(lobby);
        for spectator in mem::take(&mut self.spectators) {
            self.part(spectator, Ending::restarting());
        }
    }

    /// Show the room until nobody is left.
    async fn show(&mut self) {
        while !self.has_ended() {
            let wake = self.wait().await;
            let known = self.spectators.len();
            self.spectators
                .append(&mut lock(&self.shard.lobby).arrivals);
            match wake {
                Wake::Knock => self.go_through(known, false).await,
                Wake::View | Wake::Beat => {
                    let ping = self.pinged.elapsed() >= self.context.config.patience.ping;
                    self.looked = Instant::now();
                    self.go_through(0, ping).await;
                }
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        let ping = self.pinged + self.context.config.patience.ping;
        tokio::select! {
            () = self.shard.knock.notified() => Wake::Knock,
            // The room is kept by this task, so this never ends before it.
            _ = self.view.changed() => Wake::View,
            () = sleep_until(ping.min(self.looked + BEAT)) => Wake::Beat,
        }
    }

    /// Look after all spectators from this place on.
    async fn go_through(&mut self, mut place: usize, ping: bool) {
        let live = Arc::clone(&self.live);
        // They are never closed, so this is always a turn.
        let _turn = live.rooms().turns.acquire().await;
        if ping {
            self.pinged = Instant::now();
        }
        if place == 0 {
            self.view.mark_unchanged();
        }
        loop {
            place = self.look_after(place, ping);
            if place >= self.spectators.len() {
                return;
            }
            yield_now().await;
        }
    }

    /// Look after some spectators; gives the place of the next one.
    fn look_after(&mut self, first: usize, ping: bool) -> usize {
        // Always the newest, which may have come while others were looked after.
        let view = self.view.borrow().clone();
        let mut written = Written::default();
        let mut place = first;
        for _ in 0..BATCH {
            let Some(spectator) = self.spectators.get_mut(place) else {
                break;
            };
            match spectator.turn(&view, ping, &mut written) {
                Ok(()) => place += 1,
                Err(ending) => {
                    let spectator = self.spectators.swap_remove(place);
                    self.part(spectator, ending);
                }
            }
        }
        written.count(&self.live.rooms().tally);
        place
    }

    fn part(&self, spectator: Spectator, ending: Ending) {
        lock(&self.shard.lobby).taken -= 1;
        self.live.unwatch();
        self.live.rooms().tally.closed(ending.code);
        tokio::spawn(spectator.close(ending, Arc::clone(&self.context)));
    }

    /// Say whether nobody is left, in which case nobody comes in any more.
    fn has_ended(&self) -> bool {
        let mut lobby = lock(&self.shard.lobby);
        lobby.has_ended = lobby.taken == 0;
        if lobby.has_ended {
            drop(lobby);
            self.live.crowd().remove(&self.shard);
            return true;
        }
        false
    }
}

/// What was written to some spectators.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) skipped: u64,
}

impl Written {
    fn count(&self, tally: &Tally) {
        Tally::add(&tally.frames, self.frames);
        Tally::add(&tally.bytes, self.bytes);
        Tally::add(&tally.skipped, self.skipped);
    }
}
