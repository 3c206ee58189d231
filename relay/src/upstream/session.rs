//! Sessions of the relay's own with the game server, for what no player asks: the list of rooms, a look at a race in
//! which no player of this relay drives, and whether the server answers.

use std::sync::Arc;
use std::time::Duration;

use client_native::{AskError, Client, Connection, Disconnected};
use protocol::frame::CloseCode;
use protocol::generation::Generation;
use protocol::id::Secret;
use protocol::session::{Config, SignIn};
use tokio::time::timeout;
use tracing::Span;

use super::dial::Dialer;
use super::generation::ServerGeneration;
use crate::close::CloseReason;
use crate::lifecycle::Lifecycle;
use crate::metrics::Metrics;

/// The longest wait for a welcome once the game server is connected.
const WELCOME_LIMIT: Duration = Duration::from_secs(5);
/// The name of a session that asks for the generation. Nobody sees it, because the session enters no room.
const PROBE_NAME: &str = "relay";

/// A session that the game server has welcomed. Dropped without [`OwnSessions::close`], it leaves without a goodbye.
pub(crate) type OwnSession = Client<Connection>;

/// Opens sessions of the relay's own, and closes them in order.
#[derive(Clone)]
pub(crate) struct OwnSessions {
    pub(crate) dialer: Arc<Dialer>,
    pub(crate) secret: Secret,
    pub(crate) metrics: Arc<Metrics>,
    /// Is told what these sessions find out.
    pub(crate) generation: Arc<ServerGeneration>,
    pub(crate) lifecycle: Lifecycle,
    /// Names the game server in log lines.
    pub(crate) span: Span,
}

impl OwnSessions {
    /// Dial in turn with the players, and wait for the welcome.
    ///
    /// # Errors
    /// The game server cannot be reached or does not welcome the session.
    pub(crate) async fn open(&self) -> Result<OwnSession, CloseReason> {
        let connection = self.dialer.dial(None).await?;
        let config = Config {
            secret: self.secret.clone(),
            ..Config::default()
        };
        let mut session = Client::new(connection, config);
        match timeout(WELCOME_LIMIT, session.welcome()).await {
            Ok(welcomed) => drop(welcomed.map_err(ended)?),
            Err(_elapsed) => {
                let text = "The game server takes connections but does not welcome them.";
                return Err(CloseReason::new(CloseCode::ServerTimeout, text));
            }
        }
        let welcome = session.session().generation();
        self.generation
            .welcomed(welcome.unwrap_or(Generation::First));
        Ok(session)
    }

    /// Find out the game server's generation, if nothing has shown it yet. A name that needs no account signs the session in, where there
    /// are none, and its refusal shows the others.
    pub(crate) async fn find_generation(
        &self,
        session: &mut OwnSession,
    ) -> Result<(), CloseReason> {
        let signed_in = session.sign_in(SignIn::with_name(PROBE_NAME)).await;
        if let Err(AskError::Ended(end)) = signed_in {
            return Err(ended(end));
        }
        session.ask_generation();
        loop {
            match session.session().generation() {
                Some(generation) => break self.generation.learn(generation),
                None if signed_in.is_err() => break,
                None => drop(session.next_output().await.map_err(ended)?),
            }
        }
        Ok(())
    }

    /// Say goodbye, unless the relay aborts. The session limits each of the two waits.
    pub(crate) async fn close(&self, mut session: OwnSession) {
        tokio::select! {
            outcome = session.goodbye() => self.metrics.said_goodbye(outcome),
            () = self.lifecycle.aborting.cancelled() => {}
        }
    }
}

/// The close reason of a session that the game server ended.
pub(crate) fn ended(Disconnected { detail }: Disconnected) -> CloseReason {
    let text = "The game server ended the session: ask again in a moment.";
    CloseReason::new(CloseCode::ServerEnded, text).with_cause(detail)
}
