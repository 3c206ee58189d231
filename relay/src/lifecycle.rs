//! The relay's lifecycle: running, draining, closing. Every task has a handle that tells the stage, and the relay waits
//! for the tasks that were spawned through a handle.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// The longest wait for tasks after the drain: the goodbyes take 3 s.
const CLOSING_LIMIT: Duration = Duration::from_secs(4);

/// A stage of the lifecycle. The stage only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Running,
    /// Nobody new comes in. Players may finish for this long.
    Draining(Duration),
    /// The relay says goodbye for the players who are still here.
    Closing,
    /// Everything ends at once.
    Aborting,
}

/// A task's handle of the lifecycle.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle {
    stage: watch::Receiver<Stage>,
    sessions: TaskTracker,
    spectators: TaskTracker,
}

impl Lifecycle {
    /// The current stage.
    pub(crate) fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Wait for a stage that `is_reached` accepts. The end of the relay ends the wait too.
    pub(crate) async fn reached(&self, is_reached: impl Fn(Stage) -> bool) {
        let mut stage = self.stage.clone();
        let _gone = stage.wait_for(|&stage| is_reached(stage)).await;
    }

    /// Wait until the relay no longer runs.
    pub(crate) async fn stopping(&self) {
        self.reached(|stage| stage != Stage::Running).await;
    }

    /// Wait for the next stage. An unseen handle gives the current stage first.
    pub(crate) async fn next(&mut self) -> Stage {
        match self.stage.changed().await {
            Ok(()) => *self.stage.borrow_and_update(),
            Err(_gone) => Stage::Aborting,
        }
    }

    /// Make a handle that has not seen the current stage.
    pub(crate) fn unseen(&self) -> Self {
        let mut unseen = self.clone();
        unseen.stage.mark_changed();
        unseen
    }

    /// Spawn a task of an HTTP connection or of a session with the game server. It may finish while the relay drains.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.sessions.spawn(task);
    }

    /// Spawn a task for spectators. The drain does not wait for it, since spectators never finish by themselves.
    pub(crate) fn spawn_spectator(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spectators.spawn(task);
    }
}

/// The relay's own side: it sets the stage. Dropped, it aborts everything.
#[derive(Debug)]
pub(crate) struct Control {
    stage: watch::Sender<Stage>,
    lifecycle: Lifecycle,
}

impl Control {
    /// Begin in the stage `Running`.
    pub(crate) fn new() -> Self {
        let (stage, seen) = watch::channel(Stage::Running);
        let lifecycle = Lifecycle {
            stage: seen,
            sessions: TaskTracker::new(),
            spectators: TaskTracker::new(),
        };
        Self { stage, lifecycle }
    }

    /// Make a handle for a task.
    pub(crate) fn handle(&self) -> Lifecycle {
        self.lifecycle.clone()
    }

    /// Let players finish for as long as `drain`, then close everything.
    pub(crate) async fn stop(&self, drain: Duration) {
        let Lifecycle {
            sessions,
            spectators,
            ..
        } = &self.lifecycle;
        sessions.close();
        spectators.close();
        self.stage.send_replace(Stage::Draining(drain));
        let _finished_or_not = timeout(drain, sessions.wait()).await;
        self.stage.send_replace(Stage::Closing);
        let all = async { tokio::join!(sessions.wait(), spectators.wait()) };
        let _ended_or_not = timeout(CLOSING_LIMIT, all).await;
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stage.send_replace(Stage::Aborting);
    }
}
