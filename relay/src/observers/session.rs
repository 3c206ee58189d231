//! One observer in one room: signs in, joins, looks at the room once a second, and leaves with a goodbye.

use std::convert::Infallible;
use std::sync::Arc;

use protocol::cipher::Cipher;
use protocol::command::Command;
use protocol::event::{Event, Room};
use protocol::generation::Generation;
use protocol::id::{RoomId, SessionId};
use protocol::session::Output;
use tokio::time::{Duration, Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::account::ObserverAccount;
use super::endpoint::{self, EndpointRefresh};
use super::rules::{IdleLooks, LeaveReason, may_enter, must_give_way, must_leave};
use crate::close::CloseReason;
use crate::spectators::{LiveRoom, Rooms};
use crate::upstream::session::ended;
use crate::upstream::{OwnSession, OwnSessions};

/// A position that arrives after `LEAVE_ROOM` can put the observer back into the room (facts, section 6.6), so the
/// goodbye waits this long.
const SETTLE: Duration = Duration::from_millis(500);
/// Letters of the session's id in an observer's name.
const ID_LETTERS: usize = 6;

/// What all observers of the relay share.
pub(super) struct Shared {
    pub(super) sessions: OwnSessions,
    pub(super) rooms: Arc<Rooms>,
    /// The name of observers in the game. Letters of their session's id follow.
    pub(super) name: String,
    /// Signs in where a name is not enough.
    pub(super) account: Arc<ObserverAccount>,
    /// The time between two looks.
    pub(super) look: Duration,
}

/// Observe a room until there is a reason to leave, or until it is told to make way.
pub(super) async fn observe(
    shared: &Shared,
    room: &RoomId,
    make_way: &CancellationToken,
) -> LeaveReason {
    let mut observer = Observer {
        shared,
        room: shared.rooms.find_or_make(room),
        me: None,
        datagrams: 0,
        position_sent: None,
    };
    let sessions = &shared.sessions;
    let mut session = None;
    let reason = tokio::select! {
        Err(reason) = observer.run(&mut session) => reason,
        () = sessions.lifecycle.draining.cancelled() => LeaveReason::Stopping,
        () = make_way.cancelled() => LeaveReason::Shared,
    };
    let settled = observer.position_sent.map(|sent| sent + SETTLE);
    drop(observer);
    if let Some(session) = session {
        if let Some(settled) = settled {
            sleep_until(settled).await;
        }
        sessions.close(session).await;
    }
    reason
}

/// Dropping it ends the observation of the room.
struct Observer<'a> {
    shared: &'a Shared,
    room: Arc<LiveRoom>,
    /// The observer's own id, once it is in the room.
    me: Option<SessionId>,
    /// Datagrams of other players that came.
    datagrams: u64,
    /// When the datagram that tells the address was last sent.
    position_sent: Option<Instant>,
}

impl Observer<'_> {
    async fn run(&mut self, session: &mut Option<OwnSession>) -> Result<Infallible, LeaveReason> {
        let session = session.insert(self.shared.sessions.open().await?);
        let me = self.sign_in(session).await?;
        self.enter(session, &me).await?;
        let cipher = Cipher::new(&me, &self.shared.sessions.secret);
        let known = self.shared.sessions.generation.known();
        let generation = session.session().generation().or(known);
        let mut refresh = EndpointRefresh::new(generation);
        let mut idle = IdleLooks::default();
        loop {
            let before = self.datagrams;
            let datagrams = &session.transport_mut().datagrams;
            if refresh.is_due(before)
                && datagrams.send(&endpoint::registration(&me, &cipher, generation))
            {
                self.position_sent = Some(Instant::now());
            }
            self.pause(session).await?;
            let room = self.find(session).await?;
            must_leave(room.as_ref(), &me)?;
            let players = self.ask(session, Command::GetRoomPlayers).await?;
            if let Event::RoomPlayers { players, .. } = players {
                self.room.change(|room| room.list(&players));
            }
            let is_race = room.is_some_and(|room| room.is_active);
            must_give_way(self.room.bridged(), is_race)?;
            let is_silent = self.datagrams == before;
            idle.look(self.room.is_watched(), is_race && is_silent)?;
        }
    }

    /// Take a name that no other player has. Gives the session's id.
    async fn sign_in(&mut self, session: &mut OwnSession) -> Result<SessionId, LeaveReason> {
        let me = session.welcome().await.map_err(ended)?;
        let letters: String = me.as_str().chars().take(ID_LETTERS).collect();
        let name = format!("{}-{letters}", self.shared.name);
        let take_name = || Command::Name {
            name: name.clone(),
            password: None,
        };
        if !has_accounts(session) {
            let taken = self.ask(session, take_name()).await;
            // What has no account with a game server of an old welcome shows only in its refusal.
            if taken.is_ok() || !has_accounts(session) {
                return taken.map(|_name_ok| me);
            }
            self.shared.sessions.generation.learn(Generation::Accounts);
        }
        self.shared.account.sign_in(session).await?;
        self.ask(session, take_name()).await?;
        Ok(me)
    }

    /// Join the room if it is still open: dialling may have taken a while.
    async fn enter(&mut self, session: &mut OwnSession, me: &SessionId) -> Result<(), LeaveReason> {
        let Some(room) = self.find(session).await? else {
            return Err(LeaveReason::Gone);
        };
        if !may_enter(&room) {
            return Err(LeaveReason::LastSeat);
        }
        must_give_way(self.room.bridged(), room.is_active)?;
        if !self.room.is_watched() {
            return Err(LeaveReason::UnwatchedOnArrival);
        }
        let room_id = self.room.id;
        self.ask(session, Command::JoinRoom { room_id }).await?;
        self.me = Some(*me);
        self.room.change(|room| room.observe(me));
        Ok(())
    }

    /// Ask for the list of rooms, and find this one in it.
    async fn find(&mut self, session: &mut OwnSession) -> Result<Option<Room>, LeaveReason> {
        match self.ask(session, Command::ListRooms).await? {
            Event::RoomList(rooms) => {
                self.shared.rooms.describe(&rooms);
                Ok(rooms.into_iter().find(|room| room.id == self.room.id))
            }
            _ => Err(LeaveReason::Refused("no list of rooms".into())),
        }
    }

    /// Send a command and wait for its answer, looking meanwhile.
    async fn ask(
        &mut self,
        session: &mut OwnSession,
        command: Command,
    ) -> Result<Event, LeaveReason> {
        let asked = session.send(command);
        let asked = asked.map_err(|error| LeaveReason::Failed(error.to_string()))?;
        loop {
            match session.next_output().await.map_err(ended)? {
                Output::Answer { ticket, answer } if ticket == asked => {
                    return answer.map_err(|error| LeaveReason::Refused(error.to_string()));
                }
                output => self.take(output),
            }
        }
    }

    /// Look until the next look at the list is due.
    async fn pause(&mut self, session: &mut OwnSession) -> Result<(), LeaveReason> {
        let until = Instant::now() + self.shared.look;
        while let Ok(output) = timeout_at(until, session.next_output()).await {
            self.take(output.map_err(ended)?);
        }
        Ok(())
    }

    /// Take what the session says of the room.
    fn take(&mut self, output: Output) {
        self.datagrams += u64::from(matches!(output, Output::Update(_) | Output::Input(_)));
        let (room, Some(me)) = (&self.room, &self.me) else {
            return;
        };
        match output {
            Output::Update(update) if room.is_watched() => {
                let counts = &self.shared.sessions.metrics.spectators;
                counts.opened_datagrams.inc();
                // An observer is never in another room, so all it sees is of this one.
                let mixed = false;
                room.handle_update(&update, me, mixed);
            }
            Output::Message {
                sender_id,
                sender_name,
                ..
            } => room.change(|room| room.rename(&sender_id, &sender_name)),
            Output::PlayerJoined(player) => room.change(|room| room.join(&player)),
            Output::PlayerLeft(player) => room.change(|room| room.part(&player.id)),
            Output::GameStarted(started) => {
                room.change(|room| room.describe(None, started.host_id.as_ref(), true));
            }
            _ => {}
        }
    }
}

fn has_accounts(session: &OwnSession) -> bool {
    let generation = session.session().generation();
    generation.is_some_and(Generation::has_accounts)
}

impl Drop for Observer<'_> {
    fn drop(&mut self) {
        if let Some(me) = &self.me {
            self.room.change(|room| room.end_observation(me));
        }
    }
}

impl From<CloseReason> for LeaveReason {
    fn from(reason: CloseReason) -> Self {
        Self::Failed(reason.to_string())
    }
}
