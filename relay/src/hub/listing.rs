//! The game server's list of rooms for `/api/rooms`: one session of the relay's own, however many ask. It is there
//! only while somebody asks, is signed in nowhere, and leaves with a goodbye.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::command::Command;
use protocol::event::{Event, Room};
use protocol::frame::CloseCode;
use protocol::session::{Config, Output, Session, State, Ticket, Transmit};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::live::lock;
use crate::context::Context;
use crate::ending::Ending;
use crate::phase::{self, Phase};
use crate::upstream::{Lines, Turn, Unsent, Upstream};

/// A list is given again for so long, and so is the news that there is none.
const FRESH: Duration = Duration::from_secs(2);
/// The session ends when nobody has asked for so long.
const IDLE: Duration = Duration::from_secs(30);
/// The longest wait for a list once the game server is connected.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// The longest goodbye.
const GOODBYE_LIMIT: Duration = Duration::from_secs(3);
/// Questions that may wait for one list; HTTP connections are limited too.
const MAX_WAITING: usize = 256;

/// All rooms, or the reason for the one who asked why there is no list.
pub(crate) type Answer = Result<Arc<Vec<Room>>, String>;

/// Asks for the rooms. The session behind it comes and goes.
#[derive(Default)]
pub(super) struct Listing {
    questions: Mutex<Option<mpsc::Sender<oneshot::Sender<Answer>>>>,
}

impl Listing {
    /// Give a list of all rooms that is at most two seconds old.
    pub(super) async fn ask(&self, context: &Arc<Context>) -> Answer {
        let (answer, answered) = oneshot::channel();
        self.pass_on(answer, context);
        let busy = |_| "The relay is busy: ask again in a moment.".to_owned();
        answered.await.map_err(busy)?
    }

    /// Hand a question to the session, and start one where there is none. Where too many wait it is dropped.
    fn pass_on(&self, mut answer: oneshot::Sender<Answer>, context: &Arc<Context>) {
        use mpsc::error::TrySendError;
        let mut questions = lock(&self.questions);
        if let Some(running) = questions.as_ref() {
            match running.try_send(answer) {
                Ok(()) | Err(TrySendError::Full(_)) => return,
                Err(TrySendError::Closed(back)) => answer = back,
            }
        }
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        if sender.try_send(answer).is_ok() {
            tokio::spawn(run(Arc::clone(context), receiver));
        }
        *questions = Some(sender);
    }
}

/// Answer questions until there are none, or the relay stops.
async fn run(context: Arc<Context>, questions: mpsc::Receiver<oneshot::Sender<Answer>>) {
    let mut phase = context.phase.clone();
    let mut asker = Asker::new(questions);
    let mut upstream = None;
    let ending = tokio::select! {
        Err(ending) = asker.live(&context, &mut upstream) => ending,
        () = phase::until(&mut phase, |phase| phase != Phase::Running) => Stop::Done,
    };
    let (parting, failing) = match ending {
        Stop::Done => (true, None),
        Stop::Failed(ending) => (false, Some(ending)),
    };
    if let Some(upstream) = upstream.filter(|upstream| parting && !upstream.lines.has_ended()) {
        asker.questions.close();
        tokio::select! {
            _gone_or_late = timeout(GOODBYE_LIMIT, asker.part(upstream)) => {}
            () = phase::until(&mut phase, |phase| phase == Phase::Aborting) => {}
        }
    }
    if let Some(ending) = failing {
        let detail = ending.detail.as_deref().unwrap_or_default();
        tracing::warn!("no list of rooms: {} {detail}", ending.reason());
        tokio::select! {
            () = asker.refuse(ending.reason()) => {}
            () = phase::until(&mut phase, |phase| phase != Phase::Running) => {}
        }
    }
}

/// Why the session ends.
enum Stop {
    /// Nobody asks any more.
    Done,
    Failed(Ending),
}

struct Asker {
    questions: mpsc::Receiver<oneshot::Sender<Answer>>,
    /// Never more than `MAX_WAITING`.
    waiting: Vec<oneshot::Sender<Answer>>,
    /// When those who wait are given up.
    deadline: Instant,
    newest: Option<(Instant, Arc<Vec<Room>>)>,
    asked: Option<Ticket>,
    last_question: Instant,
    session: Session,
    started: Instant,
    unsent: Unsent,
}

impl Asker {
    fn new(questions: mpsc::Receiver<oneshot::Sender<Answer>>) -> Self {
        let now = Instant::now();
        Self {
            questions,
            waiting: Vec::new(),
            deadline: now,
            newest: None,
            asked: None,
            last_question: now,
            session: Session::new(Config::default()),
            started: now,
            unsent: Unsent::default(),
        }
    }

    /// Dial, and answer questions until nobody asks for a while.
    async fn live(
        &mut self,
        context: &Context,
        upstream: &mut Option<Upstream>,
    ) -> Result<Infallible, Stop> {
        let dialled = context.dialer.dial().await.map_err(Stop::Failed)?;
        let lines = &mut upstream.insert(dialled).lines;
        // Questions waited for the dial as well, which has a limit of its own.
        self.deadline = Instant::now() + ANSWER_LIMIT;
        self.last_question = Instant::now();
        loop {
            self.bring_on();
            self.send();
            self.take_answers(context)?;
            let session_due = self.session.poll_timeout().map(|due| self.started + due);
            let waiting = !self.waiting.is_empty();
            tokio::select! {
                turn = lines.turn(&mut self.unsent) => self.take_lines(lines, turn)?,
                Some(question) = self.questions.recv() => self.take_question(question),
                () = sleep_until(session_due.unwrap_or(self.deadline)), if session_due.is_some() => {
                    self.session.handle_timeout(self.started.elapsed());
                }
                () = sleep_until(self.deadline), if waiting => return Err(no_answer()),
                () = sleep_until(self.last_question + IDLE), if !waiting => return Err(Stop::Done),
            }
        }
    }

    fn take_question(&mut self, question: oneshot::Sender<Answer>) {
        self.last_question = Instant::now();
        match &self.newest {
            Some((at, rooms)) if at.elapsed() < FRESH => {
                // Who asked may have gone.
                let _gone = question.send(Ok(Arc::clone(rooms)));
            }
            _ if self.waiting.len() < MAX_WAITING => {
                if self.waiting.is_empty() {
                    self.deadline = self.last_question + ANSWER_LIMIT;
                }
                self.waiting.push(question);
            }
            // Dropped, which says that the relay is busy.
            _ => {}
        }
    }

    /// Ask the game server where somebody waits and nothing was asked yet.
    fn bring_on(&mut self) {
        let welcome = self.session.state() != State::Disconnected;
        if welcome && self.asked.is_none() && !self.waiting.is_empty() {
            let now = self.started.elapsed();
            self.asked = self.session.send(Command::ListRooms, now).ok();
        }
    }

    fn send(&mut self) {
        while let Some(transmit) = self.session.poll_transmit() {
            if let Transmit::Line(line) = transmit {
                // A few short lines never fill it; and if, time ends the wait.
                let _stalled = self.unsent.push(&line);
            }
        }
    }

    fn take_lines(&mut self, lines: &mut Lines, turn: Turn) -> Result<(), Stop> {
        while let Some(line) = lines.next() {
            let line = line.map_err(|error| ended(Some(error.to_string())))?;
            self.session.handle_line(&line, self.started.elapsed());
        }
        match turn {
            Turn::Read => Ok(()),
            Turn::Ended(detail) => Err(ended(detail)),
        }
    }

    fn take_answers(&mut self, context: &Context) -> Result<(), Stop> {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Answer { ticket, answer } if Some(ticket) == self.asked => {
                    let Ok(Event::RoomList(rooms)) = answer else {
                        return Err(no_answer());
                    };
                    self.asked = None;
                    self.answer(rooms, context);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn answer(&mut self, rooms: Vec<Room>, context: &Context) {
        if let Some(hub) = &context.hub {
            hub.describe(&rooms);
        }
        let rooms = Arc::new(rooms);
        for question in self.waiting.drain(..) {
            let _gone = question.send(Ok(Arc::clone(&rooms)));
        }
        self.newest = Some((Instant::now(), rooms));
    }

    /// Say goodbye.
    async fn part(&mut self, mut upstream: Upstream) {
        self.session.goodbye(self.started.elapsed());
        loop {
            while let Some(transmit) = self.session.poll_transmit() {
                match transmit {
                    Transmit::Line(line) => drop(self.unsent.push(&line)),
                    Transmit::Datagram(_) => {}
                    Transmit::Close => return,
                }
            }
            let due = self.session.poll_timeout().map(|due| self.started + due);
            tokio::select! {
                turn = upstream.lines.turn(&mut self.unsent) => {
                    if self.take_lines(&mut upstream.lines, turn).is_err() {
                        return;
                    }
                }
                () = sleep_until(due.unwrap_or(self.started)), if due.is_some() => {
                    self.session.handle_timeout(self.started.elapsed());
                }
            }
        }
    }

    /// Tell everybody who asks for a while that there is no list, so that a game server in trouble is left alone.
    async fn refuse(&mut self, reason: &str) {
        for question in self.waiting.drain(..) {
            let _gone = question.send(Err(reason.to_owned()));
        }
        let refusing = async {
            while let Some(question) = self.questions.recv().await {
                let _gone = question.send(Err(reason.to_owned()));
            }
        };
        let _always_late = timeout(FRESH, refusing).await;
    }
}

fn no_answer() -> Stop {
    let reason = "The game server did not say which rooms there are: ask again in a moment.";
    Stop::Failed(Ending::new(CloseCode::ServerTimeout, reason))
}

fn ended(detail: Option<String>) -> Stop {
    let reason = "The game server ended the session: ask again in a moment.";
    let ending = Ending::new(CloseCode::ServerEnded, reason);
    Stop::Failed(match detail {
        Some(detail) => ending.with_detail(detail),
        None => ending,
    })
}
