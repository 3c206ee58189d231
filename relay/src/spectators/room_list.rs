//! The game server's list of rooms for `/api/rooms`: one session of the relay's own, however many ask. It is there
//! only while somebody asks, is signed in nowhere, and leaves with a goodbye.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::command::Command;
use protocol::event::{Event, Room};
use protocol::frame::CloseCode;
use protocol::session::{Output, Ticket};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::Hub;
use super::live::{Live, lock};
use crate::close::Ending;
use crate::context::Context;
use crate::lifecycle::{self, Phase};
use crate::metrics::Limit;
use crate::upstream::session::Guest;

/// A list is given again for so long, and so is the news that there is none.
const FRESH: Duration = Duration::from_secs(2);
/// The session ends when nobody has asked for so long.
const IDLE: Duration = Duration::from_secs(30);
/// The longest wait for a list once the game server is connected.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Questions that may wait for one list; HTTP connections are limited too.
const MAX_WAITING: usize = 256;

/// All rooms, or the reason for the one who asked why there is no list.
pub(crate) type Answer = Result<Arc<Vec<Room>>, String>;

/// Asks for the rooms. The session behind it comes and goes.
#[derive(Default)]
pub(crate) struct Listing {
    questions: Mutex<Option<mpsc::Sender<oneshot::Sender<Answer>>>>,
}

impl Listing {
    /// Give a list of all rooms that is at most two seconds old.
    pub(crate) async fn ask(&self, context: &Arc<Context>) -> Answer {
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
                Ok(()) => return,
                Err(TrySendError::Full(_)) => {
                    return context.metrics.reached(Limit::RoomQuestions);
                }
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

impl Hub {
    /// How many rooms have a player of this relay or an observer, and how many are watched.
    pub(crate) fn count_rooms(&self) -> (u64, u64) {
        let rooms = self.rooms.all();
        let count = |is: fn(&Live) -> bool| rooms.iter().filter(|live| is(live)).count() as u64;
        (count(Live::is_live), count(Live::is_watched))
    }
}

/// Answer questions until there are none, or the relay stops.
async fn run(context: Arc<Context>, questions: mpsc::Receiver<oneshot::Sender<Answer>>) {
    let mut phase = context.phase.clone();
    let mut asker = Asker::new(questions);
    let mut guest = None;
    let ending = tokio::select! {
        Err(ending) = asker.live(&context, &mut guest) => ending,
        () = lifecycle::until(&mut phase, |phase| phase != Phase::Running) => Stop::Done,
    };
    match ending {
        Stop::Done => {
            asker.questions.close();
            if let Some(guest) = guest {
                guest.part(&context).await;
            }
        }
        Stop::Failed(ending) => {
            let detail = ending.detail.as_deref().unwrap_or_default();
            tracing::warn!("no list of rooms: {} {detail}", ending.reason());
            tokio::select! {
                () = asker.refuse(ending.reason()) => {}
                () = lifecycle::until(&mut phase, |phase| phase != Phase::Running) => {}
            }
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
        }
    }

    /// Dial, and answer questions until nobody asks for a while.
    async fn live(
        &mut self,
        context: &Context,
        guest: &mut Option<Guest>,
    ) -> Result<Infallible, Stop> {
        let dialled = Guest::dial(context).await.map_err(Stop::Failed)?;
        let guest = guest.insert(dialled);
        // Questions waited for the dial as well, which has a limit of its own.
        self.deadline = Instant::now() + ANSWER_LIMIT;
        self.last_question = Instant::now();
        loop {
            self.bring_on(guest);
            self.take_answers(guest, context)?;
            let waiting = !self.waiting.is_empty();
            tokio::select! {
                turn = guest.turn(|_| {}) => turn.map_err(Stop::Failed)?,
                Some(question) = self.questions.recv() => self.take_question(question, context),
                () = sleep_until(self.deadline), if waiting => return Err(no_answer()),
                () = sleep_until(self.last_question + IDLE), if !waiting => return Err(Stop::Done),
            }
        }
    }

    fn take_question(&mut self, question: oneshot::Sender<Answer>, context: &Context) {
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
            _ => context.metrics.reached(Limit::RoomQuestions),
        }
    }

    /// Ask the game server where somebody waits and nothing was asked yet.
    fn bring_on(&mut self, guest: &mut Guest) {
        if guest.is_welcome() && self.asked.is_none() && !self.waiting.is_empty() {
            self.asked = guest.ask(Command::ListRooms).ok();
        }
    }

    fn take_answers(&mut self, guest: &mut Guest, context: &Context) -> Result<(), Stop> {
        while let Some(output) = guest.poll_output() {
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
