//! The sessions that a client can come back to, by its token. A WebSocket that offers the token is handed to its session, which
//! goes on with it or gives it back once it has ended. Nothing here prints a token.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use protocol::tunnel::ResumeToken;
use tokio::sync::{Notify, oneshot};

use super::websocket::WebSocket;
use crate::log::ConnectionId;
use crate::servers::Server;

/// A WebSocket whose client may enter.
pub(crate) struct Arrival {
    pub(crate) browser: WebSocket,
    pub(crate) peer: IpAddr,
    /// The game server that its client wants.
    pub(crate) server: Arc<Server>,
    /// Its name in the log, unless it goes on with a session that has one.
    pub(crate) connection: ConnectionId,
    /// How many lines of the session its client has had.
    pub(crate) received: u64,
}

impl Arrival {
    /// Make an arrival whose client has had no line.
    pub(crate) fn new(browser: WebSocket, peer: IpAddr, server: Arc<Server>) -> Self {
        Self {
            browser,
            peer,
            server,
            connection: ConnectionId::next(),
            received: 0,
        }
    }
}

/// An arrival that waits for a session to take it. Dropping it unanswered says that the session has taken it.
pub(super) struct Newcomer {
    pub(super) arrival: Arrival,
    answer: oneshot::Sender<Returned>,
}

/// An arrival that no session has taken.
pub(crate) enum Returned {
    /// The session has ended: there is room for a new one.
    Ended(Arrival),
    /// A newer WebSocket came meanwhile.
    Superseded(Arrival),
}

/// The sessions. It has one entry for each session whose client has a token.
#[derive(Clone, Default)]
pub(crate) struct Resumable(Arc<Mutex<HashMap<ResumeToken, Entry>>>);

#[derive(Default)]
struct Entry {
    /// Never more than one: the newest.
    newcomer: Option<Newcomer>,
    came: Arc<Notify>,
}

/// The entry of one session. Dropping it removes the entry and gives back who waits.
pub(crate) struct Registration {
    sessions: Resumable,
    token: ResumeToken,
    came: Arc<Notify>,
    refused: Option<Newcomer>,
}

impl Resumable {
    /// Hand an arrival to the session under this token. The receiver fails once the session has taken it. If there is no session,
    /// the token is registered for a new one.
    pub(crate) fn hand_over(
        &self,
        token: &ResumeToken,
        arrival: Arrival,
    ) -> Result<oneshot::Receiver<Returned>, Box<(Arrival, Registration)>> {
        let mut sessions = self.0.lock();
        match sessions.entry(token.clone()) {
            Place::Occupied(mut session) => {
                let (answer, returned) = oneshot::channel();
                let session = session.get_mut();
                let newcomer = Newcomer { arrival, answer };
                // Attempts come in any order. One that its client has given up takes no place.
                if session.newcomer.is_some() && newcomer.arrival.browser.is_abandoned() {
                    newcomer.give_back(Returned::Superseded);
                    return Ok(returned);
                }
                if let Some(older) = session.newcomer.replace(newcomer) {
                    older.give_back(Returned::Superseded);
                }
                session.came.notify_one();
                Ok(returned)
            }
            Place::Vacant(place) => {
                let came = Arc::clone(&place.insert(Entry::default()).came);
                let registration = Registration {
                    sessions: self.clone(),
                    token: token.clone(),
                    came,
                    refused: None,
                };
                Err(Box::new((arrival, registration)))
            }
        }
    }
}

impl Registration {
    /// Wait for an arrival. Cancelling the wait loses none.
    pub(super) async fn newcomer(&self) -> Newcomer {
        loop {
            // First the wait: the session asks at each turn of its loop, and the lock is everybody's.
            self.came.notified().await;
            let mut sessions = self.sessions.0.lock();
            let newcomer = sessions.get_mut(&self.token);
            if let Some(newcomer) = newcomer.and_then(|session| session.newcomer.take()) {
                return newcomer;
            }
        }
    }

    /// Give this one back once the session has ended.
    pub(super) fn refuse(&mut self, newcomer: Newcomer) {
        self.refused = Some(newcomer);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let session = self.sessions.0.lock().remove(&self.token);
        let waiting = session.and_then(|session| session.newcomer);
        // The one that came last is answered last. Which of them then begins the new session is not certain.
        for newcomer in self.refused.take().into_iter().chain(waiting) {
            newcomer.give_back(Returned::Ended);
        }
    }
}

impl Newcomer {
    fn give_back(self, why: fn(Arrival) -> Returned) {
        // If nobody waits for the answer, the relay is ending.
        let _ending = self.answer.send(why(self.arrival));
    }
}
