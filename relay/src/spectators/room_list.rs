//! The game server's list of rooms: one session of the relay's own asks for it, however many want it. The session exists
//! only while somebody asks, does not sign in, and leaves with a goodbye.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use protocol::command::Command;
use protocol::event::{Event, Room};
use protocol::frame::CloseCode;
use protocol::session::{Output, Ticket};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

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
            let run = run(sessions, ListSession::new(rooms, receiver));
            self.sessions.lifecycle.spawn(run);
        }
        *requests = Some(sender);
    }
}

/// Answer requests until there are none, or the relay stops.
async fn run(sessions: OwnSessions, mut list: ListSession) {
    let mut session = None;
    let end = tokio::select! {
        Err(end) = list.run(&sessions, &mut session) => end,
        () = sessions.lifecycle.draining.cancelled() => End::Idle,
    };
    match end {
        End::Idle => {
            list.requests.close();
            if let Some(session) = session {
                sessions.close(session).await;
            }
        }
        End::Failed(reason) => {
            tracing::warn!("no list of rooms: {reason}");
            tokio::select! {
                () = list.refuse(reason.text()) => {}
                () = sessions.lifecycle.draining.cancelled() => {}
            }
        }
    }
}

/// Why the session ends.
enum End {
    /// Nobody asks any more.
    Idle,
    Failed(CloseReason),
}

struct ListSession {
    rooms: Arc<Rooms>,
    requests: mpsc::Receiver<Request>,
    /// Never more than `MAX_WAITING`.
    waiting: Vec<Request>,
    /// When the waiting requests are given up.
    deadline: Instant,
    newest: Option<(Instant, Arc<Vec<Room>>)>,
    asked: Option<Ticket>,
    last_request: Instant,
}

impl ListSession {
    fn new(rooms: Arc<Rooms>, requests: mpsc::Receiver<Request>) -> Self {
        let now = Instant::now();
        Self {
            rooms,
            requests,
            waiting: Vec::new(),
            deadline: now,
            newest: None,
            asked: None,
            last_request: now,
        }
    }

    /// Dial, and answer requests until none comes for a while.
    async fn run(
        &mut self,
        sessions: &OwnSessions,
        session: &mut Option<OwnSession>,
    ) -> Result<Infallible, End> {
        let session = session.insert(sessions.open().await.map_err(End::Failed)?);
        // Requests waited for the dial as well, which has a limit of its own.
        self.deadline = Instant::now() + ANSWER_LIMIT;
        self.last_request = Instant::now();
        loop {
            if self.asked.is_none() && !self.waiting.is_empty() {
                self.asked = session.send(Command::ListRooms).ok();
            }
            let is_waiting = !self.waiting.is_empty();
            tokio::select! {
                output = session.next_output() => {
                    self.take(output.map_err(|end| End::Failed(ended(end)))?)?;
                }
                Some(request) = self.requests.recv() => self.take_request(request, sessions),
                () = sleep_until(self.deadline), if is_waiting => return Err(no_answer()),
                () = sleep_until(self.last_request + IDLE), if !is_waiting => return Err(End::Idle),
            }
        }
    }

    fn take_request(&mut self, request: Request, sessions: &OwnSessions) {
        self.last_request = Instant::now();
        match &self.newest {
            Some((at, rooms)) if at.elapsed() < FRESH => {
                // The one who asked may be gone.
                let _gone = request.send(Ok(Arc::clone(rooms)));
            }
            _ if self.waiting.len() < MAX_WAITING => {
                if self.waiting.is_empty() {
                    self.deadline = self.last_request + ANSWER_LIMIT;
                }
                self.waiting.push(request);
            }
            // Dropping the request says that the relay is busy.
            _ => sessions.metrics.reached(Limit::RoomQuestions),
        }
    }

    fn take(&mut self, output: Output) -> Result<(), End> {
        match output {
            Output::Answer { ticket, answer } if Some(ticket) == self.asked => {
                let Ok(Event::RoomList(rooms)) = answer else {
                    return Err(no_answer());
                };
                self.asked = None;
                self.answer(rooms);
            }
            _ => {}
        }
        Ok(())
    }

    fn answer(&mut self, rooms: Vec<Room>) {
        self.rooms.describe(&rooms);
        let rooms = Arc::new(rooms);
        for request in self.waiting.drain(..) {
            let _gone = request.send(Ok(Arc::clone(&rooms)));
        }
        self.newest = Some((Instant::now(), rooms));
    }

    /// Refuse all requests for a while, so that a game server in trouble is left alone.
    async fn refuse(&mut self, reason: &str) {
        for request in self.waiting.drain(..) {
            let _gone = request.send(Err(reason.to_owned()));
        }
        let refusing = async {
            while let Some(request) = self.requests.recv().await {
                let _gone = request.send(Err(reason.to_owned()));
            }
        };
        let _always_late = timeout(FRESH, refusing).await;
    }
}

fn no_answer() -> End {
    let text = "The game server did not say which rooms there are: ask again in a moment.";
    End::Failed(CloseReason::new(CloseCode::ServerTimeout, text))
}
