//! A player without a browser: `protocol::session` over a WebSocket to the relay, as the wasm client has it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::command::Command;
use protocol::event::Event;
use protocol::frame::{Notice, SUBPROTOCOL};
use protocol::id::{Password, RoomId, SessionId};
use protocol::session::{CommandError, Config, Output, Session, State, Ticket, Transmit};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// How long anything a test waits for may take before it is given up.
const DEADLINE: Duration = Duration::from_secs(20);

/// The connection ended: the close code and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The WebSocket's close code; 1006 where there was none.
    pub code: u16,
    /// The reason beside it.
    pub reason: String,
}

type WebSocket = tokio_tungstenite::WebSocketStream<TcpStream>;

/// A player.
pub struct Player {
    /// The protocol's side of the player.
    pub session: Session,
    socket: WebSocket,
    started: Instant,
    ended: Option<Ended>,
    outputs: std::collections::VecDeque<Output>,
}

impl Player {
    /// Connect to a relay's `/ws`; gives the player once the relay took the WebSocket, welcomed or not.
    ///
    /// # Errors
    /// The relay cannot be reached or refuses.
    pub async fn dial(url: &str) -> anyhow::Result<Self> {
        Self::dial_with(url, Config::default()).await
    }

    async fn dial_with(url: &str, config: Config) -> anyhow::Result<Self> {
        let mut request = url.into_client_request()?;
        let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", subprotocol);
        let authority = request
            .uri()
            .authority()
            .context("an address without a host")?
            .to_string();
        let tcp = TcpStream::connect(&authority).await?;
        tcp.set_nodelay(true)?;
        let (socket, _) = tokio_tungstenite::client_async(request, tcp).await?;
        Ok(Self {
            session: Session::new(config),
            socket,
            started: Instant::now(),
            ended: None,
            outputs: std::collections::VecDeque::new(),
        })
    }

    /// Connect and wait for the welcome.
    ///
    /// # Errors
    /// The connection ends first, or nothing comes.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let mut player = Self::dial(url).await?;
        player
            .until(|player| player.session.state() == State::Connected)
            .await?;
        Ok(player)
    }

    /// Connect and sign in with a password made of the name.
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
        let mut player = Self::dial_with(url, config).await?;
        player
            .until(|player| player.session.state() == State::Connected)
            .await?;
        let password = Some(Password::new(format!("password of {name}")));
        player
            .ask(Command::Name {
                name: name.to_owned(),
                password,
            })
            .await??;
        Ok(player)
    }

    /// The time since this player connected: the clock of its session.
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Send a command and wait for its answer.
    ///
    /// # Errors
    /// It cannot be sent, or the connection ends. What the server refuses is the inner error.
    pub async fn ask(&mut self, command: Command) -> anyhow::Result<Result<Event, CommandError>> {
        let ticket = self.session.send(command, self.now())?;
        let mut answer = None;
        self.until(|player| {
            answer = player.answer_of(ticket);
            answer.is_some()
        })
        .await?;
        answer.context("no answer")
    }

    /// Make a room.
    ///
    /// # Errors
    /// The server refuses, or the connection ends.
    pub async fn create_room(&mut self, name: &str) -> anyhow::Result<RoomId> {
        match self
            .ask(Command::CreateRoom {
                name: name.to_owned(),
            })
            .await??
        {
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

    /// Who is in the room, by id.
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

    /// Go on until something is so.
    ///
    /// # Errors
    /// The connection ends first, or it takes longer than 20 s.
    pub async fn until(&mut self, mut done: impl FnMut(&mut Self) -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + DEADLINE;
        while !done(self) {
            if let Some(ended) = &self.ended {
                bail!("the connection ended: {} {}", ended.code, ended.reason);
            }
            if Instant::now() > deadline {
                bail!("not within {DEADLINE:?}");
            }
            self.turn(Duration::from_millis(100)).await?;
        }
        Ok(())
    }

    /// Go on until the connection has ended.
    ///
    /// # Errors
    /// It has not within 20 s.
    pub async fn until_ended(&mut self) -> anyhow::Result<Ended> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(ended) = self.ended.clone() {
                return Ok(ended);
            }
            if Instant::now() > deadline {
                bail!("not ended within {DEADLINE:?}");
            }
            self.turn(Duration::from_millis(100)).await?;
        }
    }

    /// Take the next output that `wanted` accepts, and drop those before it.
    pub fn take<T>(&mut self, mut wanted: impl FnMut(Output) -> Option<T>) -> Option<T> {
        while let Some(output) = self.outputs.pop_front() {
            if let Some(found) = wanted(output) {
                return Some(found);
            }
        }
        None
    }

    /// Send a text frame as it is, past the session.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send_text(&mut self, text: &str) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// Send a binary frame as it is, past the session.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> anyhow::Result<()> {
        Ok(self.socket.send(Message::binary(bytes)).await?)
    }

    /// Say goodbye and wait for the end.
    ///
    /// # Errors
    /// The end does not come.
    pub async fn goodbye(&mut self) -> anyhow::Result<Ended> {
        self.session.goodbye(self.now());
        self.until_ended().await
    }

    /// Do what is due, then wait for one frame, the session's next time-out or `at_most`.
    ///
    /// # Errors
    /// The socket fails in another way than by ending.
    pub async fn turn(&mut self, at_most: Duration) -> anyhow::Result<()> {
        self.flush().await?;
        if self.ended.is_some() {
            return Ok(());
        }
        let due = self
            .session
            .poll_timeout()
            .map(|due| due.saturating_sub(self.now()));
        let wait = due.unwrap_or(at_most).min(at_most);
        match tokio::time::timeout(wait, self.socket.next()).await {
            Ok(frame) => self.handle(frame),
            Err(_) => self.session.handle_timeout(self.now()),
        }
        self.flush().await
    }

    async fn flush(&mut self) -> anyhow::Result<()> {
        while let Some(transmit) = self.session.poll_transmit() {
            if self.ended.is_some() {
                continue;
            }
            let message = match transmit {
                Transmit::Line(line) => Message::text(line),
                Transmit::Datagram(datagram) => Message::binary(datagram),
                Transmit::Close => Message::Close(None),
            };
            // A connection that is gone says so when it is read.
            let _ = self.socket.send(message).await;
        }
        while let Some(output) = self.session.poll_output() {
            self.outputs.push_back(output);
        }
        Ok(())
    }

    fn handle(&mut self, frame: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) {
        let now = self.now();
        match frame {
            Some(Ok(Message::Text(text))) if Notice::parse(&text).is_none() => {
                self.session.handle_line(&text, now)
            }
            Some(Ok(Message::Binary(datagram))) => {
                let _ = self.session.handle_datagram(&datagram, now);
            }
            Some(Ok(Message::Close(close))) => {
                let ended = close.map(|close| Ended {
                    code: close.code.into(),
                    reason: close.reason.as_str().to_owned(),
                });
                self.end(ended);
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => self.end(None),
        }
    }

    fn end(&mut self, ended: Option<Ended>) {
        let lost = || Ended {
            code: 1006,
            reason: String::new(),
        };
        self.ended.get_or_insert_with(|| ended.unwrap_or_else(lost));
        self.session.handle_close();
    }

    /// Take the answer to a command sent before, where it has come.
    pub fn answer_of(&mut self, wanted: Ticket) -> Option<Result<Event, CommandError>> {
        let is_wanted =
            |output: &Output| matches!(output, Output::Answer { ticket, .. } if *ticket == wanted);
        let place = self.outputs.iter().position(is_wanted)?;
        match self.outputs.remove(place) {
            Some(Output::Answer { answer, .. }) => Some(answer),
            _ => None,
        }
    }
}
