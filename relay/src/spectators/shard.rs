//! Some hundred spectators of one room, in one task. At each snapshot the task writes the same bytes to every socket,
//! reads what came, and pings now and then, so a spectator needs no task, timer or waking of its own. Players go first:
//! a shard yields after a few writes, and no more shards write at once than there are threads.

use std::future::Future;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use super::live_room::LiveRoom;
use super::spectator::{Spectator, Written};
use super::view::View;
use crate::close::CloseReason;
use crate::config::Timeouts;
use crate::lifecycle::Lifecycle;
use crate::log::Repeats;
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
    /// Log lines about spectators that were closed for a fault of theirs.
    lines: Repeats,
    metrics: Arc<Metrics>,
    pub(crate) lifecycle: Lifecycle,
}

impl Delivery {
    pub(crate) fn new(timeouts: &Timeouts, metrics: Arc<Metrics>, lifecycle: Lifecycle) -> Self {
        Self {
            ping: timeouts.ping,
            close: timeouts.close,
            turns: Semaphore::new(Handle::current().metrics().num_workers()),
            lines: Repeats::new(),
            metrics,
            lifecycle,
        }
    }

    /// Close a spectator, in a task of its own.
    pub(crate) fn close(&self, spectator: Spectator, reason: CloseReason) {
        self.metrics.closed_spectator(reason.code);
        self.log(&spectator, &reason);
        let close = spectator.close(reason, self.close, self.lifecycle.clone());
        self.lifecycle.spawn_spectator(close);
    }

    /// Log what the spectator did wrong, and at the finer level that it left.
    fn log(&self, spectator: &Spectator, reason: &CloseReason) {
        let (connection, peer) = (spectator.connection(), spectator.address());
        let code = reason.code.number();
        if !Metrics::is_fault_of_spectator(reason.code) {
            tracing::debug!(%connection, %peer, code, "a spectator: {reason}");
        } else if let Some(left_out) = self.lines.next() {
            tracing::info!(%connection, %peer, code, left_out, "a spectator: {reason}");
        }
    }

    fn count(&self, written: &Written) {
        let counts = &self.metrics.spectators;
        for (counter, more) in [
            (&counts.frames, written.frames),
            (&self.metrics.spectator_bytes, written.bytes),
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
    arrivals: mpsc::Sender<Spectator>,
    /// Spectators of the shard, those that still arrive included. Never more than `SHARD_SLOTS`.
    taken: AtomicUsize,
}

impl Shard {
    /// Make a shard for a first spectator, and the task that shows the room until no spectator is left or the relay
    /// closes.
    pub(crate) fn new(
        first: Spectator,
        room: Arc<LiveRoom>,
        delivery: Arc<Delivery>,
    ) -> (Arc<Self>, impl Future<Output = ()> + Send) {
        let (sender, arrivals) = mpsc::channel(SHARD_SLOTS);
        let shard = Arc::new(Self {
            arrivals: sender,
            taken: AtomicUsize::new(1),
        });
        let mut task = ShardTask {
            shard: Arc::clone(&shard),
            arrivals,
            view: room.shown.subscribe(),
            room,
            delivery,
            spectators: vec![first],
            looked: Instant::now(),
            pinged: Instant::now(),
        };
        let running = async move {
            let lifecycle = task.delivery.lifecycle.clone();
            tokio::select! {
                () = task.show() => {}
                () = lifecycle.closing.cancelled() => task.close_all().await,
            }
        };
        (shard, running)
    }

    /// Take a spectator, or give it back if no slot is free. Calls must not overlap.
    pub(crate) fn admit(&self, spectator: Spectator) -> Option<Spectator> {
        if self.taken.load(Ordering::Relaxed) >= SHARD_SLOTS {
            return Some(spectator);
        }
        self.taken.fetch_add(1, Ordering::Relaxed);
        // It fails if the task has ended.
        let refused = self.arrivals.try_send(spectator).err();
        refused.map(TrySendError::into_inner)
    }
}

struct ShardTask {
    shard: Arc<Shard>,
    arrivals: mpsc::Receiver<Spectator>,
    room: Arc<LiveRoom>,
    delivery: Arc<Delivery>,
    view: watch::Receiver<View>,
    /// Never more than `SHARD_SLOTS`.
    spectators: Vec<Spectator>,
    looked: Instant,
    pinged: Instant,
}

impl ShardTask {
    async fn show(&mut self) {
        self.look_from(0, false).await;
        loop {
            if self.spectators.is_empty() {
                // From now on only those come that are on their way already.
                self.arrivals.close();
                let Some(late) = self.arrivals.recv().await else {
                    return;
                };
                self.spectators.push(late);
                self.look_from(0, false).await;
            }
            let known = self.spectators.len();
            let ping = self.pinged + self.delivery.ping;
            tokio::select! {
                Some(arrival) = self.arrivals.recv() => {
                    self.spectators.push(arrival);
                    while let Ok(arrival) = self.arrivals.try_recv() {
                        self.spectators.push(arrival);
                    }
                    self.look_from(known, false).await;
                }
                // This task keeps the room, so the view does not end.
                _ = self.view.changed() => self.look_at_all().await,
                () = sleep_until(ping.min(self.looked + IDLE_LOOK)) => self.look_at_all().await,
            }
        }
    }

    async fn look_at_all(&mut self) {
        let ping = self.pinged.elapsed() >= self.delivery.ping;
        self.looked = Instant::now();
        self.look_from(0, ping).await;
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
        self.shard.taken.fetch_sub(1, Ordering::Relaxed);
        self.room.unwatch(spectator.address());
        self.delivery.close(spectator, reason);
    }

    async fn close_all(&mut self) {
        self.arrivals.close();
        while let Some(arrival) = self.arrivals.recv().await {
            self.spectators.push(arrival);
        }
        for spectator in mem::take(&mut self.spectators) {
            self.close(spectator, CloseReason::restarting());
        }
    }
}
