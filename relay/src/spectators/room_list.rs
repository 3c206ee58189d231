//! The game server's list of rooms: one session of the relay's own asks for it, however many want it. The session exists
//! only while somebody asks, does not sign in, and leaves with a goodbye.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use client_native::AskError;
use parking_lot::Mutex;
use protocol::command::Command;
use protocol::event::{Event, Room};
use protocol::frame::CloseCode;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument as _;

use super::rooms::Rooms;
use crate::close::CloseReason;
use crate::metrics::Limit;
use crate::upstream::session::ended;
use crate::upstream::{OwnSession, OwnSessions};

/// How long a list is reused, and how long a failure is repeated.
const FRESH: Duration = Duration::from_secs(2);
/// The session ends when nobody has asked for this long.
const IDLE: Duration = Duration::from_secs(30);
/// The longest wait for a list once the game server is connected.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Requests that may wait for one list. HTTP connections are limited too.
const MAX_WAITING: usize = 256;

/// All rooms, or a text that tells the client why there is no list.
pub(crate) type Answer = Result<Arc<Vec<Room>>, String>;

/// Waits for an answer.
type Request = oneshot::Sender<Answer>;

/// The list of rooms. The session that asks for it comes and goes.
pub(crate) struct RoomList {
    sessions: OwnSessions,
    /// Rooms that are played in or watched are told what the list says of them.
    rooms: Arc<Rooms>,
    requests: Mutex<Option<mpsc::Sender<Request>>>,
}

impl RoomList {
    pub(crate) fn new(sessions: OwnSessions, rooms: Arc<Rooms>) -> Self {
        Self {
            sessions,
            rooms,
            requests: Mutex::default(),
        }
    }

    /// Give a list of all rooms that is at most two seconds old.
    pub(crate) async fn ask(&self) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.pass_on(answer);
        let busy = |_| "The relay is busy: ask again in a moment.".to_owned();
        answered.await.map_err(busy)?
    }

    /// Hand a request to the session, and start a session if there is none. Drop the request if too many wait.
    fn pass_on(&self, mut request: Request) {
        use mpsc::error::TrySendError;
        let mut requests = self.requests.lock();
        if let Some(running) = requests.as_ref() {
            match running.try_send(request) {
                Ok(()) => return,
                Err(TrySendError::Full(_)) => {
                    return self.sessions.metrics.reached(Limit::RoomQuestions);
                }
                Err(TrySendError::Closed(back)) => request = back,
            }
        }
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        if sender.try_send(request).is_ok() {
            let (sessions, rooms) = (self.sessions.clone(), Arc::clone(&self.rooms));
            let run = run(sessions, rooms, receiver);
            let run = run.instrument(self.sessions.span.clone());
            self.sessions.lifecycle.spawn(run);
        }
        *requests = Some(sender);
    }
}

/// Answer requests until none comes for a while, or the relay stops.
async fn run(sessions: OwnSessions, rooms: Arc<Rooms>, mut requests: mpsc::Receiver<Request>) {
    let mut session = None;
    let answered = tokio::select! {
        answered = answer(&sessions, &rooms, &mut requests, &mut session) => answered,
        () = sessions.lifecycle.draining.cancelled() => Ok(()),
    };
    let Err(reason) = answered else {
        requests.close();
        if let Some(session) = session {
            sessions.close(session).await;
        }
        return;
    };
    tracing::warn!("no list of rooms: {reason}");
    // All requests are refused for a while, so that a game server in trouble is left alone.
    let refusing = async {
        while let Some(request) = requests.recv().await {
            refuse(request, &reason);
        }
    };
    tokio::select! {
        _always_late = timeout(FRESH, refusing) => {}
        () = sessions.lifecycle.draining.cancelled() => {}
    }
}

/// Dial, and answer requests until none comes for a while. Those that come while the game server is asked wait, and get
/// the same list, which is fresh then.
async fn answer(
    sessions: &OwnSessions,
    rooms: &Rooms,
    requests: &mut mpsc::Receiver<Request>,
    session: &mut Option<OwnSession>,
) -> Result<(), CloseReason> {
    let session = session.insert(sessions.open().await?);
    let mut newest: Option<(Instant, Arc<Vec<Room>>)> = None;
    while let Some(request) = next(requests, session).await? {
        newest.take_if(|(at, _)| at.elapsed() >= FRESH);
        if newest.is_none() {
            match ask(session).await {
                Ok(list) => {
                    rooms.describe(&list);
                    newest = Some((Instant::now(), Arc::new(list)));
                }
                Err(reason) => {
                    refuse(request, &reason);
                    return Err(reason);
                }
            }
        }
        if let Some((_, list)) = &newest {
            // The one who asked may be gone.
            let _gone = request.send(Ok(Arc::clone(list)));
        }
    }
    Ok(())
}

/// Wait for the next request. `None`: none comes.
async fn next(
    requests: &mut mpsc::Receiver<Request>,
    session: &mut OwnSession,
) -> Result<Option<Request>, CloseReason> {
    let mut idle = pin!(sleep(IDLE));
    loop {
        tokio::select! {
            request = requests.recv() => return Ok(request),
            output = session.next_output() => drop(output.map_err(ended)?),
            () = &mut idle => return Ok(None),
        }
    }
}

/// Ask the game server for the list.
async fn ask(session: &mut OwnSession) -> Result<Vec<Room>, CloseReason> {
    match timeout(ANSWER_LIMIT, session.ask(Command::ListRooms)).await {
        Ok(Ok(Event::RoomList(rooms))) => Ok(rooms),
        Ok(Err(AskError::Ended(end))) => Err(ended(end)),
        _ => {
            let text = "The game server did not say which rooms there are: ask again in a moment.";
            Err(CloseReason::new(CloseCode::ServerTimeout, text))
        }
    }
}

fn refuse(request: Request, reason: &CloseReason) {
    let _gone = request.send(Err(reason.text().to_owned()));
}
