//! Whether players can be let in: the game server completes a TLS handshake and welcomes a session. The sessions of
//! players prove it while they come. Where none came lately, one session of the relay's own asks, however many want to
//! know.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::session::{OwnSession, OwnSessions};
use crate::close::CloseReason;
use crate::lifecycle::Stage;

/// How long a welcome proves that the game server can be reached.
const PROVEN: Duration = Duration::from_secs(10);

/// Ready, or why not, in words.
type Answer = Result<(), String>;

pub(crate) struct Readiness {
    sessions: OwnSessions,
    /// How long the game server is not asked again once it could not be reached.
    retry_after: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The newest welcome.
    welcomed: Option<Instant>,
    failed: Option<(Instant, String)>,
    /// The one session that asks, while there is one.
    probe: Option<watch::Receiver<Option<Answer>>>,
}

impl Readiness {
    pub(crate) fn new(sessions: OwnSessions, retry_after: Duration) -> Self {
        Self {
            sessions,
            retry_after,
            state: Mutex::default(),
        }
    }

    /// The game server welcomed a session.
    pub(crate) fn welcomed(&self) {
        let mut state = self.state();
        state.welcomed = Some(Instant::now());
        state.failed = None;
    }

    /// Say whether players can be let in.
    pub(crate) async fn ask(self: &Arc<Self>) -> Answer {
        if self.sessions.lifecycle.stage() != Stage::Running {
            return Err(stopping());
        }
        let mut probe = match self.known() {
            Ok(answer) => return answer,
            Err(probe) => probe,
        };
        match probe.wait_for(Option::is_some).await {
            Ok(answer) => answer.clone().unwrap_or_else(|| Err(stopping())),
            Err(_gone) => Err(stopping()),
        }
    }

    /// Give what is known, or else the probe that will know.
    fn known(self: &Arc<Self>) -> Result<Answer, watch::Receiver<Option<Answer>>> {
        let mut state = self.state();
        if let Some((at, reason)) = &state.failed
            && at.elapsed() < self.retry_after
        {
            return Ok(Err(reason.clone()));
        }
        if state.welcomed.is_some_and(|at| at.elapsed() < PROVEN) {
            return Ok(Ok(()));
        }
        let running = state.probe.take();
        let running = running.filter(|probe| probe.has_changed().is_ok());
        let probe = running.unwrap_or_else(|| self.start_probe());
        state.probe = Some(probe.clone());
        Err(probe)
    }

    /// Ask in a task of its own: a client that hangs up must not make the relay dial again.
    fn start_probe(self: &Arc<Self>) -> watch::Receiver<Option<Answer>> {
        let (told, probe) = watch::channel(None);
        let this = Arc::clone(self);
        self.sessions.lifecycle.spawn(async move {
            let opened = tokio::select! {
                opened = this.sessions.open() => opened.map_err(|reason| not_ready(&reason)),
                () = this.sessions.lifecycle.stopping() => Err(stopping()),
            };
            this.finish(opened, &told).await;
        });
        probe
    }

    async fn finish(
        &self,
        opened: Result<OwnSession, String>,
        told: &watch::Sender<Option<Answer>>,
    ) {
        let answer = opened.as_ref().map(|_| ()).map_err(Clone::clone);
        {
            let mut state = self.state();
            state.probe = None;
            state.failed = answer.clone().err().map(|reason| (Instant::now(), reason));
            if answer.is_ok() {
                state.welcomed = Some(Instant::now());
            }
        }
        told.send_replace(Some(answer));
        if let Ok(session) = opened {
            self.sessions.close(session).await;
        }
    }

    /// Nothing panics while the lock is held, so a poisoned lock is sound.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logged at most once in `retry_after`.
fn not_ready(reason: &CloseReason) -> String {
    tracing::warn!("not ready: {reason}");
    reason.text().to_owned()
}

fn stopping() -> String {
    "The relay is stopping.".into()
}
