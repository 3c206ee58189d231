//! Whether players can be let in: the game server completes a TLS handshake and welcomes a session. The sessions of
//! players prove it. If none came lately, one session of the relay's own asks for everybody who wants to know. It also finds out
//! the generation if that is unknown.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::session::OwnSessions;
use crate::close::CloseReason;

/// How long a welcome proves that the game server can be reached.
const PROVEN: Duration = Duration::from_secs(10);
/// The longest wait for the generation of a game server that has welcomed a session.
const GENERATION_LIMIT: Duration = Duration::from_secs(2);

/// Ready, or why not, in words.
type Answer = Result<(), String>;

/// When the game server could not be reached, and why.
type Failure = Option<(Instant, String)>;

pub(crate) struct Readiness {
    sessions: OwnSessions,
    /// How long the game server is not asked again once it could not be reached.
    retry_after: Duration,
    /// The newest welcome.
    welcomed: Mutex<Option<Instant>>,
    /// When the generation was last asked for.
    generation_asked: Mutex<Option<Instant>>,
    /// The newest failure. It is locked while a session asks, so that only one does.
    failed: Arc<tokio::sync::Mutex<Failure>>,
}

impl Readiness {
    pub(crate) fn new(sessions: OwnSessions, retry_after: Duration) -> Self {
        Self {
            sessions,
            retry_after,
            welcomed: Mutex::default(),
            generation_asked: Mutex::default(),
            failed: Arc::default(),
        }
    }

    /// The game server welcomed a session.
    pub(crate) fn welcomed(&self) {
        *self.welcomed.lock() = Some(Instant::now());
    }

    /// Say whether players can be let in.
    pub(crate) async fn ask(self: &Arc<Self>) -> Answer {
        if self.sessions.lifecycle.draining.is_cancelled() {
            return Err(stopping());
        }
        if !self.is_proven() {
            return self.look().await;
        }
        if self.may_ask_generation() {
            // Players are let in anyway, so it may fail, and nobody waits longer than this.
            let _known = timeout(GENERATION_LIMIT, self.look()).await;
        }
        Ok(())
    }

    /// Open a session unless another one has just told what there is to know.
    async fn look(self: &Arc<Self>) -> Answer {
        let failed = Arc::clone(&self.failed).lock_owned().await;
        if self.is_proven() && !self.may_ask_generation() {
            return Ok(());
        }
        if let Some((at, reason)) = &*failed
            && at.elapsed() < self.retry_after
        {
            return Err(reason.clone());
        }
        // In a task of its own: a client that hangs up must not make the relay dial again.
        let probe = Arc::clone(self).probe(failed);
        let probe = probe.instrument(self.sessions.span.clone());
        let answer = self.sessions.lifecycle.spawn(probe).await;
        answer.unwrap_or_else(|_gone| Err(stopping()))
    }

    async fn probe(self: Arc<Self>, mut failed: OwnedMutexGuard<Failure>) -> Answer {
        let opened = tokio::select! {
            opened = self.sessions.open() => opened.map_err(|reason| not_ready(&reason)),
            () = self.sessions.lifecycle.draining.cancelled() => Err(stopping()),
        };
        match opened {
            Ok(mut session) => {
                self.welcomed();
                if self.may_ask_generation() {
                    *self.generation_asked.lock() = Some(Instant::now());
                    let asked = self.sessions.find_generation(&mut session);
                    // A game server that welcomes players is ready, whatever it answers to this.
                    let _known = timeout(GENERATION_LIMIT, asked).await;
                }
                let sessions = self.sessions.clone();
                let close = async move { sessions.close(session).await };
                self.sessions.lifecycle.spawn(close);
                Ok(())
            }
            Err(reason) => {
                *failed = Some((Instant::now(), reason.clone()));
                Err(reason)
            }
        }
    }

    fn is_proven(&self) -> bool {
        is_fresh(*self.welcomed.lock())
    }

    /// Say whether the generation is unknown and was not asked for lately.
    fn may_ask_generation(&self) -> bool {
        self.sessions.generation.known().is_none() && !is_fresh(*self.generation_asked.lock())
    }
}

fn is_fresh(at: Option<Instant>) -> bool {
    at.is_some_and(|at| at.elapsed() < PROVEN)
}

/// Logged at most once in `retry_after`.
fn not_ready(reason: &CloseReason) -> String {
    tracing::warn!("not ready: {reason}");
    reason.text().to_owned()
}

fn stopping() -> String {
    "The relay is stopping.".into()
}
