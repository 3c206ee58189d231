//! A player, direct or through a relay: lines and datagrams, without a session. It is in a room from the start.

use std::time::Duration;

use anyhow::Context as _;
use client_native::{Connection, Incoming, Transport as _, dial};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use protocol::cipher::Cipher;
use protocol::id::Secret;
use tests::WebSocket;
use tokio::time::timeout;

use crate::route::{Route, Target};

/// The longest wait for anything.
const DEADLINE: Duration = Duration::from_secs(20);
/// Players that connect at the same time: a relay lets a limited number wait.
const CONNECTING: usize = 8;
/// A connected player.
pub(crate) struct Player {
    link: Link,
    /// Seals datagrams as this player.
    pub(crate) cipher: Cipher,
    /// The session id.
    pub(crate) id: String,
}

enum Link {
    Direct(Connection),
    Relayed(WebSocket),
}

impl Player {
    /// Connect several players.
    pub(crate) async fn connect_all(route: &Route, number: usize) -> anyhow::Result<Vec<Self>> {
        let connecting = stream::iter(0..number).map(|_| Self::connect(route));
        connecting.buffer_unordered(CONNECTING).try_collect().await
    }

    /// Connect and wait until the player is in its room.
    pub(crate) async fn connect(route: &Route) -> anyhow::Result<Self> {
        let mut link = Link::open(route).await?;
        let mut id = None;
        loop {
            let Incoming::Line(line) = link.next().await? else {
                continue;
            };
            if let Some(welcome) = line.strip_prefix("CONNECTED|") {
                id = Some(welcome.to_owned());
            } else if line.contains("JOIN_OK") {
                break;
            }
        }
        let id = id.context("a room before the welcome")?;
        Ok(Self {
            link,
            cipher: Cipher::new(&id.parse()?, &Secret::default()),
            id,
        })
    }

    /// Queue a line, given without its newline. [`next`](Self::next) writes it.
    pub(crate) fn send_line(&mut self, line: &str) -> anyhow::Result<()> {
        match &mut self.link {
            Link::Direct(connection) => connection.queue_line(line)?,
            Link::Relayed(socket) => socket.queue_line(line)?,
        }
        Ok(())
    }

    /// Send a datagram, through a relay with the next call of [`next`](Self::next).
    pub(crate) fn send_datagram(&mut self, datagram: &[u8]) {
        match &mut self.link {
            Link::Direct(connection) => connection.send_datagram(datagram),
            Link::Relayed(socket) => socket.send_datagram(datagram),
        }
    }

    /// Send what waits, and wait for the next line or datagram. Safe to drop half-way.
    ///
    /// # Errors
    /// The connection has ended, or nothing comes for 20 s.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Incoming> {
        self.link.next().await
    }

    /// Wait for the next line.
    pub(crate) async fn next_line(&mut self) -> anyhow::Result<String> {
        match self.next().await? {
            Incoming::Line(line) => Ok(line),
            Incoming::Datagram(_) => anyhow::bail!("a datagram that nobody sent"),
        }
    }
}

impl Link {
    async fn open(route: &Route) -> anyhow::Result<Self> {
        Ok(match &route.target {
            Target::Game(game) => Self::Direct(dial(game).await?),
            Target::Relay(relay) => {
                let url = format!("ws://{}/ws", relay.address);
                Self::Relayed(WebSocket::connect(&url).await?)
            }
        })
    }

    async fn next(&mut self) -> anyhow::Result<Incoming> {
        let receive = async {
            anyhow::Ok(match self {
                Self::Direct(connection) => connection.receive().await?,
                Self::Relayed(socket) => socket.receive().await?,
            })
        };
        timeout(DEADLINE, receive).await.context("no answer")?
    }
}
