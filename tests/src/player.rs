//! A player without a browser: a session over a WebSocket to the relay, as the browser's client has it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use client_native::{AskError, Client, Transport as _};
use protocol::command::Command;
use protocol::event::Event;
use protocol::id::{Password, RoomId, SessionId};
use protocol::refusal::Refusal;
use protocol::session::{CommandError, Config, Output, SignIn};
use tokio::time::{Instant, timeout};

use crate::websocket::{Ended, WebSocket};

/// How long anything a test waits for may take.
const DEADLINE: Duration = Duration::from_secs(20);
/// How long one step of a wait takes at most.
const STEP: Duration = Duration::from_millis(100);

/// A player.
pub struct Player {
    /// The player's session and connection.
    pub client: Client<WebSocket>,
    /// The name that was signed in with; empty before.
    pub name: String,
    ended: Option<Ended>,
}

impl Player {
    /// Connect to a relay's `/ws`. The game server's welcome is still to come.
    ///
    /// # Errors
    /// The relay cannot be reached or refuses.
    pub async fn dial(url: &str) -> anyhow::Result<Self> {
        Self::dial_with(url, Config::default()).await
    }

    async fn dial_with(url: &str, config: Config) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::new(WebSocket::connect(url).await?, config),
            name: String::new(),
            ended: None,
        })
    }

    /// Connect and wait for the welcome.
    ///
    /// # Errors
    /// The connection ends first, or nothing comes.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        Self::connect_with(url, Config::default()).await
    }

    /// Connect with a session of this configuration and wait for the welcome.
    ///
    /// # Errors
    /// The connection ends first, or nothing comes.
    pub async fn connect_with(url: &str, config: Config) -> anyhow::Result<Self> {
        let mut player = Self::dial_with(url, config).await?;
        let welcome = timeout(DEADLINE, player.client.welcome()).await;
        welcome.context("no welcome")??;
        Ok(player)
    }

    /// Connect and sign in with a password made of the name. Where there are accounts it makes one of this name, if there is none.
    ///
    /// # Errors
    /// The server refuses, or the connection ends.
    pub async fn sign_in(url: &str, name: &str) -> anyhow::Result<Self> {
        Self::sign_in_with(url, name, Config::default()).await
    }

    /// Sign in with a session of this configuration.
    ///
    /// # Errors
    /// The server refuses, or the connection ends.
    pub async fn sign_in_with(url: &str, name: &str, config: Config) -> anyhow::Result<Self> {
        let mut player = Self::connect_with(url, config).await?;
        player.name = name.to_owned();
        let sign_in = SignIn {
            name: name.to_owned(),
            password: Some(Password::new(format!("password of {name}"))),
            create: true,
            token: None,
        };
        let answer = player.sign_in_as(sign_in.clone()).await?;
        if let Err(CommandError::Refused {
            refusal: Refusal::NameTaken,
            ..
        }) = answer
        {
            let create = false;
            player.sign_in_as(SignIn { create, ..sign_in }).await??;
        } else {
            answer?;
        }
        Ok(player)
    }

    /// Sign in, on a connection that is welcomed.
    ///
    /// # Errors
    /// It cannot be sent, or the connection ends. What the server refuses is the inner error.
    pub async fn sign_in_as(
        &mut self,
        sign_in: SignIn,
    ) -> anyhow::Result<Result<Event, CommandError>> {
        inner(self.client.sign_in(sign_in).await)
    }

    /// Send a command and wait for its answer.
    ///
    /// # Errors
    /// It cannot be sent, or the connection ends. What the server refuses is the inner error.
    pub async fn ask(&mut self, command: Command) -> anyhow::Result<Result<Event, CommandError>> {
        inner(self.client.ask(command).await)
    }

    /// Make a room.
    ///
    /// # Errors
    /// The server refuses, or the connection ends.
    pub async fn create_room(&mut self, name: &str) -> anyhow::Result<RoomId> {
        let name = name.to_owned();
        match self.ask(Command::create_room(name)).await?? {
            Event::RoomCreated { room_id, .. } => Ok(room_id),
            other => bail!("not a room: {other:?}"),
        }
    }

    /// Enter a room.
    ///
    /// # Errors
    /// The connection ends. What the server refuses is the inner error.
    pub async fn join_room(
        &mut self,
        room_id: &RoomId,
    ) -> anyhow::Result<Result<Event, CommandError>> {
        self.ask(Command::JoinRoom { room_id: *room_id }).await
    }

    /// The ids of all players in the room.
    ///
    /// # Errors
    /// The server refuses, or the connection ends.
    pub async fn room_players(&mut self) -> anyhow::Result<Vec<SessionId>> {
        match self.ask(Command::GetRoomPlayers).await?? {
            Event::RoomPlayers { players, .. } => {
                Ok(players.into_iter().map(|player| player.id).collect())
            }
            other => bail!("not the players: {other:?}"),
        }
    }

    /// Step until a condition holds.
    ///
    /// # Errors
    /// The connection ends first, or it takes longer than 20 s.
    pub async fn until(&mut self, mut done: impl FnMut(&mut Self) -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + DEADLINE;
        while !done(self) {
            if let Some(ended) = &self.ended {
                return Err(ended.clone().into());
            }
            if Instant::now() > deadline {
                bail!("not within {DEADLINE:?}");
            }
            self.step(STEP).await;
        }
        Ok(())
    }

    /// How the connection ended, if it has.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// Step until the connection has ended.
    ///
    /// # Errors
    /// It does not end within 20 s.
    pub async fn until_ended(&mut self) -> anyhow::Result<Ended> {
        let mut ended = None;
        self.until(|player| {
            ended = player.ended.clone();
            ended.is_some()
        })
        .await?;
        ended.context("no end")
    }

    /// Take the next output that `wanted` accepts, and drop those before it.
    pub fn take<T>(&mut self, wanted: impl FnMut(Output) -> Option<T>) -> Option<T> {
        std::iter::from_fn(|| self.client.poll_output()).find_map(wanted)
    }

    /// Send a text frame as it is, past the session.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send_text(&mut self, text: &str) -> anyhow::Result<()> {
        self.client.transport_mut().queue_line(text)?;
        self.step(Duration::ZERO).await;
        Ok(())
    }

    /// Send a binary frame as it is, past the session.
    pub async fn send_binary(&mut self, bytes: &[u8]) {
        self.client.transport_mut().send_datagram(bytes);
        self.step(Duration::ZERO).await;
    }

    /// Say goodbye and wait for the end.
    ///
    /// # Errors
    /// The end does not come.
    pub async fn goodbye(&mut self) -> anyhow::Result<Ended> {
        self.client.goodbye().await;
        self.until_ended().await
    }

    /// Send what waits, and wait for one thing to come or `at_most`.
    pub async fn step(&mut self, at_most: Duration) {
        if self.ended.is_none()
            && let Ok(Err(ended)) = timeout(at_most, self.client.step()).await
        {
            self.ended = Some(ended);
        }
    }
}

/// Set apart what the server refuses.
fn inner(answer: Result<Event, AskError<Ended>>) -> anyhow::Result<Result<Event, CommandError>> {
    match answer {
        Ok(event) => Ok(Ok(event)),
        Err(AskError::Answer(error)) => Ok(Err(error)),
        Err(error) => Err(error.into()),
    }
}
