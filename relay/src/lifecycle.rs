//! The relay's lifecycle: running, draining, closing, aborting. Every task has a handle whose tokens tell the stage, and
//! the relay waits for the tasks that were spawned through a handle.

use std::future::Future;
use std::time::Duration;

use anyhow::anyhow;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The longest wait for tasks after the drain: the goodbyes take 3 s.
const CLOSING_LIMIT: Duration = Duration::from_secs(4);

/// The longest wait for responses that are due when the drain begins.
const RESPONSES_LIMIT: Duration = Duration::from_secs(1);

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
    connections: TaskTracker,
    spectators: TaskTracker,
    /// What the relay cannot do without, and has lost.
    lost: watch::Sender<Option<&'static str>>,
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
            connections: TaskTracker::new(),
            spectators: TaskTracker::new(),
            lost: watch::Sender::default(),
        }
    }

    /// Spawn a task of a session with the game server. It may finish while the relay drains.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.sessions.spawn(task)
    }

    /// Spawn a task of an HTTP connection, or of a client that is refused. The drain waits for it for a second at most.
    pub(crate) fn spawn_connection(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.connections.spawn(task);
    }

    /// Spawn a task for spectators. The drain does not wait for it, since spectators never finish by themselves.
    pub(crate) fn spawn_spectator(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spectators.spawn(task);
    }

    /// Spawn a task that the relay cannot do without. The relay has failed if it ends before the drain, by a panic too.
    pub(crate) fn spawn_essential(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let lifecycle = self.clone();
        let guard = scopeguard::guard((), move |()| {
            if !lifecycle.draining.is_cancelled() {
                lifecycle.lost.send_replace(Some(name));
            }
        });
        tokio::spawn(async move {
            let _guard = guard;
            task.await;
        });
    }

    /// Say what the relay has lost.
    pub(crate) fn lost(&self) -> Option<&'static str> {
        *self.lost.borrow()
    }

    /// Wait until something essential is lost.
    pub(crate) async fn failure(&self) -> anyhow::Error {
        let mut lost = self.lost.subscribe();
        // The sender is in `self`, so the wait does not end without a value.
        let name = lost
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|name| *name);
        anyhow!("{} is no longer served", name.unwrap_or("a port"))
    }

    /// Let players finish, then close everything.
    pub(crate) async fn stop(&self) {
        self.sessions.close();
        self.connections.close();
        self.spectators.close();
        self.draining.cancel();
        let responses = self.drain.min(RESPONSES_LIMIT);
        let _finished_or_not = tokio::join!(
            timeout(self.drain, self.sessions.wait()),
            timeout(responses, self.connections.wait()),
        );
        self.closing.cancel();
        let all = async {
            tokio::join!(
                self.sessions.wait(),
                self.connections.wait(),
                self.spectators.wait()
            )
        };
        let _ended_or_not = timeout(CLOSING_LIMIT, all).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_essential_task_that_ends_or_panics_is_a_failure_until_the_drain() {
        for task in [|| (), || panic!("of the test")] {
            let lifecycle = Lifecycle::new(Duration::ZERO);
            assert_eq!(lifecycle.lost(), None);
            lifecycle.spawn_essential("a port", async move { task() });
            let failure = lifecycle.failure().await.to_string();
            assert_eq!(failure, "a port is no longer served");
            assert_eq!(lifecycle.lost(), Some("a port"));
        }
        let lifecycle = Lifecycle::new(Duration::ZERO);
        lifecycle.draining.cancel();
        let (ended, end) = tokio::sync::oneshot::channel::<()>();
        lifecycle.spawn_essential("a port", async move { drop(ended) });
        assert!(end.await.is_err());
        tokio::task::yield_now().await;
        assert_eq!(lifecycle.lost(), None);
    }
}
