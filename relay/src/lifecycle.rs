//! The relay's lifecycle: running, draining, closing, aborting. Every task has a handle whose tokens tell the stage, and
//! the relay waits for the tasks that were spawned through a handle.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The longest wait for tasks after the drain: the goodbyes take 3 s.
const CLOSING_LIMIT: Duration = Duration::from_secs(4);

/// A task's handle of the lifecycle. A stage that is reached includes those before it.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle {
    /// Nobody new comes in. Players may finish.
    pub(crate) draining: CancellationToken,
    /// The relay says goodbye for the players who are still here.
    pub(crate) closing: CancellationToken,
    /// Everything ends at once.
    pub(crate) aborting: CancellationToken,
    /// How long players may take to finish.
    pub(crate) drain: Duration,
    sessions: TaskTracker,
    spectators: TaskTracker,
}

impl Lifecycle {
    /// Begin to run.
    pub(crate) fn new(drain: Duration) -> Self {
        let aborting = CancellationToken::new();
        let closing = aborting.child_token();
        Self {
            draining: closing.child_token(),
            closing,
            aborting,
            drain,
            sessions: TaskTracker::new(),
            spectators: TaskTracker::new(),
        }
    }

    /// Spawn a task of an HTTP connection or of a session with the game server. It may finish while the relay drains.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.sessions.spawn(task)
    }

    /// Spawn a task for spectators. The drain does not wait for it, since spectators never finish by themselves.
    pub(crate) fn spawn_spectator(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spectators.spawn(task);
    }

    /// Let players finish, then close everything.
    pub(crate) async fn stop(&self) {
        self.sessions.close();
        self.spectators.close();
        self.draining.cancel();
        let _finished_or_not = timeout(self.drain, self.sessions.wait()).await;
        self.closing.cancel();
        let all = async { tokio::join!(self.sessions.wait(), self.spectators.wait()) };
        let _ended_or_not = timeout(CLOSING_LIMIT, all).await;
    }
}
