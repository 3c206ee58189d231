//! The commands of a session: which are queued, which one is outstanding, and which one a line answers. The protocol
//! has no request ids, so answers are matched in order and by kind.

use super::{Session, SignIn, State, Ticket, Transmit};
use crate::command::{self, Command, CommandKind, MAX_BATCH};
use crate::event::Event;
use crate::frame::MAX_CLIENT_LINE_BYTES;
use crate::goodbye::settle_time;
use crate::id::RoomId;
use std::collections::VecDeque;
use std::time::Duration;

/// How long a batch waits for more commands to go with it (guide, section 10.1).
const BATCH_WAIT: Duration = Duration::from_millis(50);
/// How many commands stay on record after their time-out. More would mean a server that answers nothing.
const MAX_TIMED_OUT: usize = 16;
/// The round trip for [`Session::quiet_until`] before one is measured.
const ASSUMED_ROUND_TRIP: Duration = Duration::from_millis(100);

/// Which command a line answers.
#[derive(Debug)]
pub(super) enum Answered {
    /// The outstanding command. The session's own commands have no ticket.
    Outstanding {
        ticket: Option<Ticket>,
        kind: CommandKind,
        /// It is a step of this sign-in.
        sign_in: Option<Box<SignIn>>,
    },
    /// A command that has timed out.
    TimedOut { kind: CommandKind },
    /// No command.
    None,
}

#[derive(Debug)]
struct Pending {
    ticket: Option<Ticket>,
    command: Command,
    queued: Duration,
    /// The next command in the queue must not go unless this one is answered.
    guards_next: bool,
    /// It is a step of this sign-in.
    sign_in: Option<Box<SignIn>>,
}

impl Pending {
    /// Make a command of the session's own, which nobody waits for.
    fn own(command: Command, now: Duration) -> Self {
        Self {
            ticket: None,
            command,
            queued: now,
            guards_next: false,
            sign_in: None,
        }
    }
}

/// What was sent and is not answered yet: one command, or one batch.
#[derive(Debug)]
struct Outstanding {
    commands: VecDeque<Pending>,
    is_batch: bool,
    sent: Duration,
    deadline: Duration,
    /// A line that could have answered it was taken as the answer to a command that timed out. If no other line
    /// comes, that was its own answer, and none is expected after its time-out.
    shadowed: bool,
}

#[derive(Debug)]
struct TimedOut {
    kind: CommandKind,
    sent: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Commands {
    next_ticket: u64,
    queue: VecDeque<Pending>,
    outstanding: Option<Outstanding>,
    /// Oldest first. Their answers may still come.
    timed_out: Vec<TimedOut>,
    /// Commands of a batch that were never answered although a later one was.
    skipped: Vec<Ticket>,
    /// When the command was sent that was answered last.
    answered_sent: Duration,
    batch_refused: bool,
}

impl Commands {
    pub(super) fn queue(
        &mut self,
        command: Command,
        sign_in: Option<Box<SignIn>>,
        now: Duration,
    ) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.queue.push_back(Pending {
            ticket: Some(ticket),
            sign_in,
            ..Pending::own(command, now)
        });
        ticket
    }

    /// Go on with a sign-in by another command, before everything that waits.
    pub(super) fn queue_step(
        &mut self,
        command: Command,
        ticket: Option<Ticket>,
        sign_in: Box<SignIn>,
        now: Duration,
    ) {
        self.queue.push_front(Pending {
            ticket,
            sign_in: Some(sign_in),
            ..Pending::own(command, now)
        });
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.outstanding.is_none()
    }

    pub(super) fn holds_sign_in(&self) -> bool {
        self.any(|command| command.kind().is_sign_in())
    }

    /// Say whether a command that ends the stay in the current room waits or is outstanding.
    pub(super) fn will_leave(&self) -> bool {
        self.any(|command| {
            matches!(
                command,
                Command::LeaveRoom | Command::JoinRoom { .. } | Command::CreateRoom { .. }
            )
        })
    }

    /// Say whether the answer to joining this room is still to come. Pushes of the room may come before it.
    pub(super) fn is_joining(&self, room: RoomId) -> bool {
        let outstanding = self.outstanding.iter().flat_map(|sent| &sent.commands);
        outstanding
            .into_iter()
            .any(|pending| pending.command == Command::JoinRoom { room_id: room })
    }

    fn any(&self, test: impl Fn(&Command) -> bool) -> bool {
        let has =
            |commands: &VecDeque<Pending>| commands.iter().any(|pending| test(&pending.command));
        let outstanding = self.outstanding.as_ref();
        has(&self.queue) || outstanding.is_some_and(|outstanding| has(&outstanding.commands))
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.outstanding
            .as_ref()
            .map(|outstanding| outstanding.deadline)
    }

    /// When the outstanding `PING` was sent, if there is one.
    pub(super) fn ping_sent(&self) -> Option<Duration> {
        let outstanding = self.outstanding.as_ref()?;
        let is_ping = |pending: &Pending| pending.command == Command::Ping;
        outstanding
            .commands
            .iter()
            .any(is_ping)
            .then_some(outstanding.sent)
    }

    /// Give the outstanding command more time.
    pub(super) fn extend(&mut self, deadline: Duration) {
        if let Some(outstanding) = &mut self.outstanding {
            outstanding.deadline = outstanding.deadline.max(deadline);
        }
    }

    /// Bring the outstanding command's deadline forward.
    pub(super) fn hurry(&mut self, deadline: Duration) {
        if let Some(outstanding) = &mut self.outstanding {
            outstanding.deadline = outstanding.deadline.min(deadline);
        }
    }

    /// Give up the command that is past its deadline, and the one that depends on it. Gives their tickets.
    pub(super) fn time_out(&mut self, now: Duration) -> Vec<Ticket> {
        let Some(timed_out) = self
            .outstanding
            .take_if(|outstanding| outstanding.deadline <= now)
        else {
            return Vec::new();
        };
        let mut tickets = Vec::new();
        for pending in timed_out.commands {
            if !timed_out.shadowed {
                self.timed_out.push(TimedOut {
                    kind: pending.command.kind(),
                    sent: timed_out.sent,
                });
            }
            tickets.extend(pending.ticket);
            if pending.guards_next {
                tickets.extend(self.queue.pop_front().and_then(|guarded| guarded.ticket));
            }
        }
        let too_many = self.timed_out.len().saturating_sub(MAX_TIMED_OUT);
        self.timed_out.drain(..too_many);
        tickets
    }

    pub(super) fn drop_queue(&mut self) -> Vec<Ticket> {
        tickets(std::mem::take(&mut self.queue))
    }

    pub(super) fn drop_outstanding(&mut self) -> Vec<Ticket> {
        self.outstanding
            .take()
            .map_or_else(Vec::new, |outstanding| tickets(outstanding.commands))
    }

    /// Forget what holds for one connection only.
    pub(super) fn forget(&mut self) {
        self.timed_out.clear();
        self.batch_refused = false;
    }

    pub(super) fn take_skipped(&mut self) -> Vec<Ticket> {
        std::mem::take(&mut self.skipped)
    }

    pub(super) fn answered_sent(&self) -> Duration {
        self.answered_sent
    }

    /// Find the command that an event answers, and take it off. Answers come in order: the answer to a command that
    /// timed out comes before that of the outstanding one.
    pub(super) fn answer(&mut self, event: &Event) -> Answered {
        let late = self
            .timed_out
            .iter()
            .position(|late| event.answers(late.kind));
        let own = self.outstanding.as_ref().and_then(|outstanding| {
            outstanding
                .commands
                .iter()
                .position(|pending| event.answers(pending.command.kind()))
        });
        match (late, own) {
            (Some(index), _) => self.answer_timed_out(index, own.is_some()),
            (None, Some(index)) => self.answer_outstanding(index),
            (None, None) => Answered::None,
        }
    }

    fn answer_timed_out(&mut self, index: usize, shadows: bool) -> Answered {
        if let Some(outstanding) = self.outstanding.as_mut().filter(|_| shadows) {
            outstanding.shadowed = true;
        }
        // The ones before it are forgotten.
        let Some(&TimedOut { kind, sent }) = self.timed_out.get(index) else {
            return Answered::None;
        };
        self.timed_out.drain(..=index);
        self.answered_sent = sent;
        Answered::TimedOut { kind }
    }

    fn answer_outstanding(&mut self, index: usize) -> Answered {
        self.timed_out.clear();
        let Some(outstanding) = &mut self.outstanding else {
            return Answered::None;
        };
        let sent = outstanding.sent;
        for _ in 0..index {
            let before = outstanding.commands.pop_front();
            self.skipped
                .extend(before.and_then(|pending| pending.ticket));
        }
        let own = outstanding.commands.pop_front();
        if outstanding.commands.is_empty() {
            self.outstanding = None;
        }
        let Some(own) = own else {
            return Answered::None;
        };
        self.answered_sent = sent;
        Answered::Outstanding {
            ticket: own.ticket,
            kind: own.command.kind(),
            sign_in: own.sign_in,
        }
    }

    /// If the server says that it does not know `BATCH`, send the commands of this batch, and all later ones, singly.
    pub(super) fn refuses_batch(&mut self, event: &Event) -> bool {
        let refused =
            event.answers(CommandKind::Batch) && matches!(event, Event::UnknownCommand { .. });
        let Some(batch) = self
            .outstanding
            .take_if(|outstanding| refused && outstanding.is_batch)
        else {
            return false;
        };
        self.batch_refused = true;
        for pending in batch.commands.into_iter().rev() {
            self.queue.push_front(pending);
        }
        true
    }

    /// How many commands at the front of the queue may go in one batch, which is one line for the relay too.
    fn batchable(&self) -> usize {
        let mut bytes = command::batch_line([].into_iter()).len();
        self.queue
            .iter()
            .take(MAX_BATCH)
            .take_while(|pending| pending.command.kind().is_batchable())
            .take_while(|pending| {
                bytes += pending.command.to_line().len() + ",".len();
                bytes <= MAX_CLIENT_LINE_BYTES
            })
            .count()
    }
}

/// Give the tickets of commands. The session's own have no tickets.
fn tickets(commands: VecDeque<Pending>) -> Vec<Ticket> {
    let tickets = commands.into_iter().filter_map(|pending| pending.ticket);
    tickets.collect()
}

/// What the session does with the front of its queue.
enum Next {
    /// Send this many commands in one line.
    Send(usize),
    /// Wait on purpose.
    Hold(Duration),
    /// Leave the room first.
    LeaveFirst,
    /// Nothing waits.
    Nothing,
}

impl Session {
    /// Send what may be sent: one command at a time, then a goodbye's steps, and a `PING` when nothing was sent for
    /// long.
    pub(super) fn advance(&mut self, now: Duration) {
        self.held_until = None;
        if self.state == State::Disconnected || self.commands.outstanding.is_some() {
            return;
        }
        match self.next(now) {
            Next::Send(count) => self.send_next(count, now),
            Next::Hold(until) => self.held_until = Some(until),
            Next::LeaveFirst => {
                let leave = Pending {
                    guards_next: true,
                    ..Pending::own(Command::LeaveRoom, now)
                };
                self.commands.queue.push_front(leave);
                self.advance(now);
            }
            Next::Nothing if self.is_closing => self.advance_goodbye(now),
            Next::Nothing if self.wants_to_know_chat() => {
                self.is_chat_asked = true;
                self.send_own(Command::Message { message: None }, now);
            }
            Next::Nothing if self.last_line_sent + self.config.keep_alive <= now => {
                self.send_own(Command::Ping, now);
            }
            Next::Nothing => {}
        }
    }

    fn next(&self, now: Duration) -> Next {
        let Some(front) = self.commands.queue.front() else {
            return Next::Nothing;
        };
        match front.command {
            Command::JoinRoom { .. } | Command::CreateRoom { .. } if self.room.is_some() => {
                Next::LeaveFirst
            }
            Command::LeaveRoom => match self.quiet_until().filter(|&until| until > now) {
                Some(until) => Next::Hold(until),
                None => Next::Send(1),
            },
            _ => self.next_batch(front.queued + BATCH_WAIT, now),
        }
    }

    fn next_batch(&self, due: Duration, now: Duration) -> Next {
        let batching = self.config.batching
            && !self.commands.batch_refused
            && self.state == State::Authenticated;
        if !batching {
            return Next::Send(1);
        }
        match self.commands.batchable() {
            0 => Next::Send(1),
            count if count == MAX_BATCH || count < self.commands.queue.len() || due <= now => {
                Next::Send(count)
            }
            _ => Next::Hold(due),
        }
    }

    /// When the last datagram has surely reached the server. One processed during `LEAVE_ROOM` would bring this
    /// player back as a ghost (facts, section 6.6).
    pub(super) fn quiet_until(&self) -> Option<Duration> {
        self.last_datagram_sent
            .filter(|_| self.room.is_some())
            .map(|sent| sent + settle_time(self.assumed_round_trip()))
    }

    pub(super) fn assumed_round_trip(&self) -> Duration {
        self.round_trip.unwrap_or(ASSUMED_ROUND_TRIP)
    }

    fn send_next(&mut self, count: usize, now: Duration) {
        let behind = self.commands.queue.split_off(count);
        let commands = std::mem::replace(&mut self.commands.queue, behind);
        self.transmit_commands(commands, now);
    }

    /// Send a command of the session's own. Nobody waits for its answer.
    pub(super) fn send_own(&mut self, command: Command, now: Duration) {
        self.transmit_commands([Pending::own(command, now)].into(), now);
    }

    fn transmit_commands(&mut self, commands: VecDeque<Pending>, now: Duration) {
        let is_batch = commands.len() > 1;
        let line = match commands.front() {
            Some(single) if !is_batch => single.command.to_line(),
            _ => command::batch_line(commands.iter().map(|pending| &pending.command)),
        };
        let timeout = if self.is_closing {
            super::goodbye::STEP_TIMEOUT.min(self.config.command_timeout)
        } else {
            self.config.command_timeout
        };
        self.commands.outstanding = Some(Outstanding {
            commands,
            is_batch,
            sent: now,
            deadline: now + timeout,
            shadowed: false,
        });
        self.last_line_sent = now;
        self.transmits.push_back(Transmit::Line(line));
    }
}
