//! A session of the relay's own with the game server, for what no player asks: the list of rooms (`hub::listing`), a
//! look at a race in which nobody of this relay drives (`hub::observer`), whether the server answers (`readiness`).

use std::future::pending;
use std::time::Duration;

use protocol::command::Command;
use protocol::frame::CloseCode;
use protocol::id::SessionId;
use protocol::session::{Config, Output, SendError, Session, State, Ticket, Transmit};
use tokio::time::{Instant, sleep_until, timeout};

use crate::close::Ending;
use crate::context::Context;
use crate::lifecycle::{self, Phase};
use crate::metrics::Parted;
use crate::upstream::connection::{Received, Turn, Unsent, Upstream};

/// The longest goodbye: two answers, each of which the session gives 2 s.
const GOODBYE_LIMIT: Duration = Duration::from_secs(5);
/// Datagrams taken in one go, so that a flood of them does not keep lines from passing.
const MAX_DATAGRAMS_AT_ONCE: usize = 32;

/// What the game server said.
pub(crate) enum Heard<'a> {
    Line(&'a str),
    Datagram(&'a [u8]),
}

/// The session. Dropped without [`part`](Self::part), it leaves without a goodbye.
pub(crate) struct Guest {
    session: Session,
    upstream: Upstream,
    unsent: Unsent,
    started: Instant,
}

impl Guest {
    /// Dial, in turn with the players. The welcome is still to come.
    pub(crate) async fn dial(context: &Context) -> Result<Self, Ending> {
        let upstream = context.dialer.dial().await?;
        let config = Config {
            secret: context.config.udp_secret.clone(),
            ..Config::default()
        };
        Ok(Self {
            session: Session::new(config),
            upstream,
            unsent: Unsent::default(),
            started: Instant::now(),
        })
    }

    /// Say whether the game server has welcomed the session.
    pub(crate) fn is_welcome(&self) -> bool {
        self.session.state() != State::Disconnected
    }

    /// The id the game server gave, once it has welcomed the session.
    pub(crate) fn id(&self) -> Option<&SessionId> {
        self.session.id()
    }

    /// Send a datagram past the session; says whether it went.
    pub(crate) fn send_datagram(&self, datagram: &[u8]) -> bool {
        self.upstream.datagrams.send(datagram)
    }

    /// Queue a command.
    ///
    /// # Errors
    /// The session is not welcomed, or the command cannot be sent yet.
    pub(crate) fn ask(&mut self, command: Command) -> Result<Ticket, SendError> {
        self.session.send(command, self.started.elapsed())
    }

    /// Give the next output of the session.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.session.poll_output()
    }

    /// Send what waits, and take what comes or is due next. Safe to drop half-way.
    ///
    /// # Errors
    /// The game server ended the session.
    pub(crate) async fn turn(&mut self, mut heard: impl FnMut(Heard<'_>)) -> Result<(), Ending> {
        self.send();
        let due = self.session.poll_timeout().map(|due| self.started + due);
        let Upstream {
            lines, datagrams, ..
        } = &mut self.upstream;
        tokio::select! {
            turn = lines.turn(&mut self.unsent) => {
                while let Some(line) = lines.next() {
                    let line = line.map_err(|error| ended(Some(error.to_string())))?;
                    self.session.handle_line(&line, self.started.elapsed());
                    heard(Heard::Line(&line));
                }
                match turn {
                    Turn::Read => Ok(()),
                    Turn::Ended(detail) => Err(ended(detail)),
                }
            }
            () = datagrams.readable() => {
                for _ in 0..MAX_DATAGRAMS_AT_ONCE {
                    match datagrams.receive() {
                        Received::Datagram(datagram) => heard(Heard::Datagram(&datagram)),
                        Received::Unusable => {}
                        Received::Nothing => break,
                    }
                }
                Ok(())
            }
            () = at(due) => {
                self.session.handle_timeout(self.started.elapsed());
                Ok(())
            }
        }
    }

    /// Send what waits; says whether the goodbye is over.
    fn send(&mut self) -> bool {
        let mut is_over = false;
        while let Some(transmit) = self.session.poll_transmit() {
            match transmit {
                Transmit::Line(line) => {
                    // A few short lines never fill it; and if, the answer's time runs out.
                    let _stalled = self.unsent.push(&line);
                }
                Transmit::Datagram(datagram) => {
                    let _sent_or_lost = self.upstream.datagrams.send(&datagram);
                }
                Transmit::Close => is_over = true,
            }
        }
        is_over
    }

    /// Say goodbye, in a limited time, unless the relay ends at once.
    pub(crate) async fn part(mut self, context: &Context) {
        if self.upstream.lines.has_ended() {
            return context.metrics.parted(Parted::Ended);
        }
        let mut phase = context.phase.clone();
        let parted = tokio::select! {
            parted = timeout(GOODBYE_LIMIT, self.say_goodbye()) => parted,
            () = lifecycle::until(&mut phase, |phase| phase == Phase::Aborting) => return,
        };
        context.metrics.parted(parted.unwrap_or(Parted::TimedOut));
    }

    async fn say_goodbye(&mut self) -> Parted {
        self.session.goodbye(self.started.elapsed());
        let mut answered = false;
        while !self.send() {
            let heard = |heard: Heard<'_>| {
                if let Heard::Line(line) = heard {
                    answered |= line.contains(BYE_OK);
                }
            };
            let turned = self.turn(heard).await;
            if answered {
                return Parted::Answered;
            }
            if turned.is_err() {
                return Parted::Ended;
            }
        }
        Parted::TimedOut
    }
}

/// How a game server spells its answer to `BYE`.
const BYE_OK: &str = r#""command":"BYE_OK""#;

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

fn ended(detail: Option<String>) -> Ending {
    let reason = "The game server ended the session: ask again in a moment.";
    let ending = Ending::new(CloseCode::ServerEnded, reason);
    match detail {
        Some(detail) => ending.with_detail(detail),
        None => ending,
    }
}
