//! Some hundred spectators of one room, in one task. At each snapshot the task writes the same bytes to every socket,
//! reads what came, and pings now and then, so a spectator needs no task, timer or waking of its own. Players go first:
//! a shard yields after a few writes, and no more shards write at once than there are threads.

use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use super::spectator::{Spectator, Written};
use super::ticker::{Ticker, lock};
use super::view::View;
use crate::close::CloseReason;
use crate::config::Timeouts;
use crate::lifecycle::{Lifecycle, Stage};
use crate::metrics::Metrics;

/// Spectators of one shard. Writing to them takes one to two milliseconds, and the shards of a large room use all
/// threads evenly.
const SHARD_SLOTS: usize = 256;
/// Spectators that get their turn before the task yields: about a tenth of a millisecond of writing.
const BATCH: usize = 16;
/// How often a shard looks at its spectators when there is nothing to show. Spectators that left or were blocked are
/// noticed by then.
const IDLE_LOOK: Duration = Duration::from_millis(200);

/// What all shards of the relay share.
pub(crate) struct Delivery {
    /// The time between two pings.
    ping: Duration,
    /// The longest wait for the answer to a close frame.
    close: Duration,
    /// Turns at writing: as many as there are threads. More at once would delay all of them, and players too.
    turns: Semaphore,
    metrics: Arc<Metrics>,
    pub(crate) lifecycle: Lifecycle,
}

impl Delivery {
    pub(crate) fn new(timeouts: &Timeouts, metrics: Arc<Metrics>, lifecycle: Lifecycle) -> Self {
        Self {
            ping: timeouts.ping,
            close: timeouts.close,
            turns: Semaphore::new(Handle::current().metrics().num_workers()),
            metrics,
            lifecycle,
        }
    }

    /// Close a spectator, in a task of its own.
    pub(crate) fn close(&self, spectator: Spectator, reason: CloseReason) {
        self.metrics.spectators.closed(reason.code);
        let close = spectator.close(reason, self.close, self.lifecycle.clone());
        self.lifecycle.spawn_spectator(close);
    }

    fn count(&self, written: &Written) {
        let counts = &self.metrics.spectators;
        for (counter, more) in [
            (&counts.frames, written.frames),
            (&counts.bytes, written.bytes),
            (&counts.skipped, written.skipped),
        ] {
            if more > 0 {
                counter.inc_by(more);
            }
        }
    }
}

/// The entrance of a shard.
pub(crate) struct Shard {
    queue: Mutex<Queue>,
    /// A spectator is in the queue.
    arrival: Notify,
}

struct Queue {
    arrivals: Vec<Spectator>,
    /// Spectators of the shard, those in the queue included. Never more than `SHARD_SLOTS`.
    taken: usize,
    /// The shard's task has ended and takes no more spectators.
    has_ended: bool,
}

impl Shard {
    /// Make a shard for a first spectator. It needs [`run`](Self::run).
    pub(crate) fn new(first: Spectator) -> Self {
        let shard = Self {
            queue: Mutex::new(Queue {
                arrivals: vec![first],
                taken: 1,
                has_ended: false,
            }),
            arrival: Notify::new(),
        };
        shard.arrival.notify_one();
        shard
    }

    /// Take a spectator, or give it back if no slot is free.
    pub(crate) fn admit(&self, spectator: Spectator) -> Option<Spectator> {
        let mut queue = lock(&self.queue);
        if queue.taken >= SHARD_SLOTS || queue.has_ended {
            return Some(spectator);
        }
        queue.taken += 1;
        queue.arrivals.push(spectator);
        self.arrival.notify_one();
        None
    }

    /// Show the room to the spectators until none is left or the relay closes.
    pub(crate) async fn run(self: Arc<Self>, ticker: Arc<Ticker>, delivery: Arc<Delivery>) {
        let mut task = ShardTask {
            shard: self,
            view: ticker.subscribe(),
            ticker,
            delivery: Arc::clone(&delivery),
            spectators: Vec::new(),
            looked: Instant::now(),
            pinged: Instant::now(),
        };
        tokio::select! {
            () = task.show() => {}
            () = delivery.lifecycle.reached(|stage| stage >= Stage::Closing) => task.close_all(),
        }
    }
}

/// Why a shard looks at its spectators.
enum Trigger {
    /// A spectator arrived.
    Arrival,
    /// There is a new view, nothing was shown for a while, or pings are due.
    Look,
}

struct ShardTask {
    shard: Arc<Shard>,
    ticker: Arc<Ticker>,
    delivery: Arc<Delivery>,
    view: watch::Receiver<View>,
    /// Never more than `SHARD_SLOTS`.
    spectators: Vec<Spectator>,
    looked: Instant,
    pinged: Instant,
}

impl ShardTask {
    async fn show(&mut self) {
        while !self.has_ended() {
            let trigger = self.wait().await;
            let known = self.spectators.len();
            let arrivals = mem::take(&mut lock(&self.shard.queue).arrivals);
            self.spectators.extend(arrivals);
            match trigger {
                Trigger::Arrival => self.look_from(known, false).await,
                Trigger::Look => {
                    let ping = self.pinged.elapsed() >= self.delivery.ping;
                    self.looked = Instant::now();
                    self.look_from(0, ping).await;
                }
            }
        }
    }

    async fn wait(&mut self) -> Trigger {
        let ping = self.pinged + self.delivery.ping;
        tokio::select! {
            () = self.shard.arrival.notified() => Trigger::Arrival,
            // This task keeps the ticker, so the view does not end.
            _ = self.view.changed() => Trigger::Look,
            () = sleep_until(ping.min(self.looked + IDLE_LOOK)) => Trigger::Look,
        }
    }

    /// Give a turn to all spectators from an index on.
    async fn look_from(&mut self, mut index: usize, ping: bool) {
        let delivery = Arc::clone(&self.delivery);
        // The semaphore is never closed.
        let _turn = delivery.turns.acquire().await;
        if ping {
            self.pinged = Instant::now();
        }
        if index == 0 {
            self.view.mark_unchanged();
        }
        loop {
            index = self.look_at_batch(index, ping);
            if index >= self.spectators.len() {
                return;
            }
            yield_now().await;
        }
    }

    /// Give a turn to some spectators. Gives the index of the next one.
    fn look_at_batch(&mut self, first: usize, ping: bool) -> usize {
        // A newer view may have come since the last batch.
        let view = self.view.borrow().clone();
        let mut written = Written::default();
        let mut index = first;
        for _ in 0..BATCH {
            let Some(spectator) = self.spectators.get_mut(index) else {
                break;
            };
            match spectator.turn(&view, ping, &mut written) {
                Ok(()) => index += 1,
                Err(reason) => {
                    let spectator = self.spectators.swap_remove(index);
                    self.close(spectator, reason);
                }
            }
        }
        self.delivery.count(&written);
        index
    }

    fn close(&self, spectator: Spectator, reason: CloseReason) {
        lock(&self.shard.queue).taken -= 1;
        self.ticker.unwatch();
        self.delivery.close(spectator, reason);
    }

    fn close_all(mut self) {
        let mut queue = lock(&self.shard.queue);
        queue.has_ended = true;
        self.spectators.append(&mut queue.arrivals);
        drop(queue);
        for spectator in mem::take(&mut self.spectators) {
            self.close(spectator, CloseReason::restarting());
        }
    }

    /// Say whether no spectator is left. Then none is admitted any more.
    fn has_ended(&self) -> bool {
        let mut queue = lock(&self.shard.queue);
        queue.has_ended = queue.taken == 0;
        queue.has_ended
    }
}
