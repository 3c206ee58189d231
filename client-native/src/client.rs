//! The driver: carries lines, datagrams and time between a session and its transport.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::command::Command;
use protocol::event::Event;
use protocol::geometry::{Quat, Vec3};
use protocol::id::SessionId;
use protocol::session::{
    CommandError, Config, DatagramError, Output, SendError, Session, SignIn, Ticket, Transmit,
};
use tokio::time::{Instant, sleep_until};

use crate::transport::{Incoming, Transport};

/// Outputs kept while an answer is awaited. Later ones are lost, except answers.
const MAX_KEPT_OUTPUTS: usize = 4096;

/// A session and its connection. It sends and receives only while one of its `async` methods is awaited. Each of them
/// may be dropped half-way and loses nothing.
pub struct Client<T> {
    session: Session,
    transport: T,
    /// When the session's clock read zero.
    started: Instant,
    /// Outputs that came while an answer was awaited.
    kept: VecDeque<Output>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// The session is done and the transport was told to close.
    Closing,
    /// The connection has ended.
    Ended,
}

/// A command failed. `E` is how the connection ended.
#[derive(Debug, thiserror::Error)]
pub enum AskError<E> {
    /// It could not be sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The server refused it or did not answer.
    #[error(transparent)]
    Answer(CommandError),
    /// The connection ended first.
    #[error(transparent)]
    Ended(E),
}

/// How a goodbye went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoodbyeOutcome {
    /// The server answered `BYE`.
    Answered,
    /// The server did not answer in time.
    Unanswered,
    /// The connection ended first.
    Ended,
}

impl<T: Transport> Client<T> {
    /// Begin a session on a connection. Its clock starts now, and the server's welcome is still to come.
    pub fn new(transport: T, config: Config) -> Self {
        Self {
            session: Session::new(config),
            transport,
            started: Instant::now(),
            kept: VecDeque::new(),
            stage: Stage::Open,
        }
    }

    /// Lend the session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Lend the connection.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }

    /// Read the session's clock.
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Say whether the connection has ended.
    pub fn has_ended(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// Queue a command. Its answer comes as an output with this ticket.
    ///
    /// # Errors
    /// It cannot be sent in the session's present state; nothing was queued.
    pub fn send(&mut self, command: Command) -> Result<Ticket, SendError> {
        self.session.send(command, self.started.elapsed())
    }

    /// Find out the server's generation once signed in; see [`Session::ask_generation`]. It comes as an output.
    pub fn ask_generation(&mut self) {
        self.session.ask_generation(self.started.elapsed());
    }

    /// Offer the own car's newest place; see [`Session::send_update`].
    ///
    /// # Errors
    /// The numbers are not a valid place, or the session is in no room.
    pub fn send_update(&mut self, position: Vec3, rotation: Quat) -> Result<bool, DatagramError> {
        let now = self.started.elapsed();
        self.session.send_update(position, rotation, now)
    }

    /// Give the next output that has come.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.kept.pop_front().or_else(|| self.session.poll_output())
    }

    /// Send what waits, then wait for one thing: something that comes, or a time-out of the session. What comes is given
    /// once the session has taken it.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn step(&mut self) -> Result<Option<Incoming>, T::End> {
        self.flush()?;
        let due = self.session.poll_timeout().map(|due| self.started + due);
        let incoming = tokio::select! {
            incoming = self.transport.receive() => Some(incoming.map_err(|end| self.end(end))?),
            () = sleep_until(due.unwrap_or(self.started)), if due.is_some() => None,
        };
        let now = self.started.elapsed();
        match &incoming {
            Some(Incoming::Line(line)) => self.session.handle_line(line, now),
            Some(Incoming::Datagram(datagram)) => {
                // The session counts datagrams that break the protocol.
                let _ = self.session.handle_datagram(datagram, now);
            }
            None => self.session.handle_timeout(now),
        }
        self.flush()?;
        Ok(incoming)
    }

    /// Wait for the next output.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn next_output(&mut self) -> Result<Output, T::End> {
        loop {
            if let Some(output) = self.poll_output() {
                return Ok(output);
            }
            self.step().await?;
        }
    }

    /// Wait for the server's welcome; gives the session's id.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn welcome(&mut self) -> Result<SessionId, T::End> {
        loop {
            if let Some(id) = self.session.id() {
                return Ok(*id);
            }
            self.step().await?;
        }
    }

    /// Send a command and wait for its answer. Other outputs are kept for [`poll_output`](Self::poll_output).
    ///
    /// # Errors
    /// The command failed.
    pub async fn ask(&mut self, command: Command) -> Result<Event, AskError<T::End>> {
        let asked = self.send(command)?;
        self.answer(asked).await
    }

    /// Sign in with what the server takes, and wait for the answer; see [`Session::sign_in`]. Other outputs are kept for
    /// [`poll_output`](Self::poll_output).
    ///
    /// # Errors
    /// The server takes none of it.
    pub async fn sign_in(&mut self, sign_in: SignIn) -> Result<Event, AskError<T::End>> {
        let asked = self.session.sign_in(sign_in, self.started.elapsed())?;
        self.answer(asked).await
    }

    /// Wait for the answer to a command.
    async fn answer(&mut self, asked: Ticket) -> Result<Event, AskError<T::End>> {
        loop {
            match self.session.poll_output() {
                Some(Output::Answer { ticket, answer }) if ticket == asked => {
                    return answer.map_err(AskError::Answer);
                }
                Some(output) => self.keep(output),
                // The session's own time-out bounds the wait.
                None => drop(self.step().await.map_err(AskError::Ended)?),
            }
        }
    }

    /// Leave the room, say `BYE`, and begin to close. The session limits each wait to 2 s.
    pub async fn goodbye(&mut self) -> GoodbyeOutcome {
        self.session.goodbye(self.started.elapsed());
        let mut outcome = GoodbyeOutcome::Unanswered;
        loop {
            // The stage shows whether the connection has ended.
            let _ended = self.flush();
            match self.stage {
                Stage::Closing => return outcome,
                Stage::Ended => return GoodbyeOutcome::Ended,
                Stage::Open => {}
            }
            if let Ok(Some(Incoming::Line(line))) = self.step().await
                && matches!(Event::parse(&line), Event::ByeOk)
            {
                outcome = GoodbyeOutcome::Answered;
            }
        }
    }

    fn keep(&mut self, output: Output) {
        // A session has few commands at once, so answers are bounded too.
        if self.kept.len() < MAX_KEPT_OUTPUTS || matches!(output, Output::Answer { .. }) {
            self.kept.push_back(output);
        }
    }

    /// Hand what the session wants sent to the transport.
    fn flush(&mut self) -> Result<(), T::End> {
        while let Some(transmit) = self.session.poll_transmit() {
            match transmit {
                Transmit::Line(line) => {
                    let queued = self.transport.queue_line(&line);
                    queued.map_err(|end| self.end(end))?;
                }
                Transmit::Datagram(datagram) => self.transport.send_datagram(&datagram),
                Transmit::Close => self.close(),
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        if self.stage == Stage::Open {
            self.stage = Stage::Closing;
            self.transport.close();
        }
    }

    fn end(&mut self, end: T::End) -> T::End {
        self.stage = Stage::Ended;
        self.session.handle_close();
        end
    }
}

#[cfg(test)]
mod tests;
