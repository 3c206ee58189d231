//! Whether players can be let in: the game server takes a TLS session and welcomes it. Players' own sessions are
//! the proof while they come; where none came lately, one session of the relay's own asks, however many want to know.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::close::Ending;
use crate::context::Context;
use crate::lifecycle::{self, Phase};
use crate::upstream::session::Guest;

/// A welcome proves for so long that the game server can be reached.
const PROVEN: Duration = Duration::from_secs(10);
/// The longest wait for a welcome once the game server is connected.
const WELCOME_LIMIT: Duration = Duration::from_secs(5);

/// Ready, or why not, in words.
type Answer = Result<(), String>;

#[derive(Default)]
pub(crate) struct Readiness {
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
    /// A session was welcomed.
    pub(crate) fn welcomed(&self) {
        let mut state = self.state();
        state.welcomed = Some(Instant::now());
        state.failed = None;
    }

    /// Say whether players can be let in.
    pub(crate) async fn ask(&self, context: &Arc<Context>) -> Answer {
        if *context.phase.borrow() != Phase::Running {
            return Err(stopping());
        }
        let mut probe = match self.known(context) {
            Ok(answer) => return answer,
            Err(probe) => probe,
        };
        match probe.wait_for(Option::is_some).await {
            Ok(answer) => answer.clone().unwrap_or_else(|| Err(stopping())),
            Err(_gone) => Err(stopping()),
        }
    }

    /// Give what is known, or else the probe that will know.
    fn known(&self, context: &Arc<Context>) -> Result<Answer, watch::Receiver<Option<Answer>>> {
        let mut state = self.state();
        if let Some((at, reason)) = &state.failed
            && at.elapsed() < context.config.patience.unready
        {
            return Ok(Err(reason.clone()));
        }
        if state.welcomed.is_some_and(|at| at.elapsed() < PROVEN) {
            return Ok(Ok(()));
        }
        let running = state
            .probe
            .take()
            .filter(|probe| probe.has_changed().is_ok());
        Err(state
            .probe
            .insert(running.unwrap_or_else(|| start(context)))
            .clone())
    }

    fn finish(&self, answer: &Answer) {
        let mut state = self.state();
        state.probe = None;
        state.failed = answer.clone().err().map(|reason| (Instant::now(), reason));
        if answer.is_ok() {
            state.welcomed = Some(Instant::now());
        }
    }

    /// Nothing panics while the lock is held, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ask in a task of its own: who wants to know may hang up, and the game server must not be dialled anew for that.
fn start(context: &Arc<Context>) -> watch::Receiver<Option<Answer>> {
    let (told, probe) = watch::channel(None);
    let context = Arc::clone(context);
    tokio::spawn(async move {
        let mut phase = context.phase.clone();
        let mut guest = None;
        let answer = tokio::select! {
            answer = probe_with(&context, &mut guest) => answer,
            () = lifecycle::until(&mut phase, |phase| phase != Phase::Running) => Err(stopping()),
        };
        context.readiness.finish(&answer);
        told.send_replace(Some(answer));
        if let Some(guest) = guest {
            guest.part(&context).await;
        }
    });
    probe
}

async fn probe_with(context: &Context, guest: &mut Option<Guest>) -> Answer {
    let words = |ending: Ending| {
        // At most once in `Patience::unready`.
        let detail = ending.detail.as_deref().unwrap_or_default();
        tracing::warn!("not ready: {} {detail}", ending.reason());
        ending.reason().to_owned()
    };
    let guest = guest.insert(Guest::dial(context).await.map_err(words)?);
    let welcome = async {
        while !guest.is_welcome() {
            guest.turn(|_| {}).await?;
        }
        Ok::<_, Ending>(())
    };
    match timeout(WELCOME_LIMIT, welcome).await {
        Ok(welcomed) => welcomed.map_err(words),
        Err(_elapsed) => Err("The game server does not welcome anybody.".into()),
    }
}

fn stopping() -> String {
    "The relay is stopping.".into()
}
