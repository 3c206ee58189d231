//! Whether players can be let in: the game server completes a TLS handshake and welcomes a session. The sessions of
//! players prove it. If none came lately, one session of the relay's own asks for everybody who wants to know.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::session::OwnSessions;
use crate::close::CloseReason;

/// How long a welcome proves that the game server can be reached.
const PROVEN: Duration = Duration::from_secs(10);

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
    /// The newest failure. It is locked while a session asks, so that only one does.
    failed: Arc<tokio::sync::Mutex<Failure>>,
}

impl Readiness {
    pub(crate) fn new(sessions: OwnSessions, retry_after: Duration) -> Self {
        Self {
            sessions,
            retry_after,
            welcomed: Mutex::default(),
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
        if self.is_proven() {
            return Ok(());
        }
        let failed = Arc::clone(&self.failed).lock_owned().await;
        if self.is_proven() {
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
            Ok(session) => {
                self.welcomed();
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
        let newest = *self.welcomed.lock();
        newest.is_some_and(|at| at.elapsed() < PROVEN)
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
