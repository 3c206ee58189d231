//! A spectator without a browser: keeps the newest state of its room, as a page does.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::StreamExt as _;
use protocol::id::RoomId;
use protocol::snapshot::{Car, Snapshot};
use relay::Relay;
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::websocket;

/// How long anything a test waits for may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// A spectator of a room.
pub struct Spectator {
    socket: tokio_tungstenite::WebSocketStream<TcpStream>,
    /// The newest state of the room; null before the first.
    pub room: Value,
    /// The newest snapshot.
    pub snapshot: Option<Snapshot>,
    /// The number of snapshots that were skipped.
    pub skipped: u32,
    /// The kinds of the frames so far: `t` and `b`.
    pub kinds: String,
}

impl Spectator {
    /// Watch a room of a relay.
    ///
    /// # Errors
    /// The relay refuses.
    pub async fn watch(relay: &Relay, room: &RoomId) -> anyhow::Result<Self> {
        Self::watch_from([127, 0, 0, 1], relay, room).await
    }

    /// Watch a room of a relay from an address of this machine.
    ///
    /// # Errors
    /// The relay refuses.
    pub async fn watch_from(from: [u8; 4], relay: &Relay, room: &RoomId) -> anyhow::Result<Self> {
        let url = format!("ws://{}/spectate/{room}", relay.addr());
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let tcp = socket.connect(relay.addr()).await?;
        let connecting = websocket::connect_over(tcp, &url, "mp-spectate.v1");
        Ok(Self {
            socket: timeout(DEADLINE, connecting).await??,
            room: Value::Null,
            snapshot: None,
            skipped: 0,
            kinds: String::new(),
        })
    }

    /// Take frames for a time; says how many came.
    ///
    /// # Errors
    /// The connection ends, or a frame breaks the contract.
    pub async fn listen(&mut self, time: Duration) -> anyhow::Result<usize> {
        let until = Instant::now() + time;
        let mut frames = 0;
        while let Ok(message) = timeout_at(until, self.socket.next()).await {
            self.take(message.context("the end")??)?;
            frames += 1;
        }
        Ok(frames)
    }

    /// Take frames until a condition holds.
    ///
    /// # Errors
    /// It does not hold within 20 s, or the connection ends.
    pub async fn until(&mut self, done: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + DEADLINE;
        while !done(self) {
            let Ok(message) = timeout_at(deadline, self.socket.next()).await else {
                bail!("not within {DEADLINE:?}: {} {:?}", self.room, self.snapshot)
            };
            self.take(message.context("the end")??)?;
        }
        Ok(())
    }

    /// The small index of each player, by name. The relay tells spectators no session ids.
    pub fn indices(&self) -> HashMap<&str, u64> {
        let players = self.room["players"].as_array().into_iter().flatten();
        players
            .filter_map(|player| Some((player["name"].as_str()?, player["index"].as_u64()?)))
            .collect()
    }

    /// The car of a player in the newest snapshot. The name may not be known yet.
    pub fn car(&self, name: &str) -> Option<Car> {
        let indices = self.indices();
        let index = *indices.get(name).or(indices.get(""))?;
        let cars = &self.snapshot.as_ref()?.cars;
        cars.iter()
            .find(|car| u64::from(car.index) == index)
            .copied()
    }

    fn take(&mut self, message: Message) -> anyhow::Result<()> {
        match message {
            Message::Text(text) => {
                self.room = serde_json::from_str(&text)?;
                self.kinds.push('t');
            }
            Message::Binary(bytes) => {
                let snapshot = Snapshot::decode(&bytes)?;
                if let Some(before) = &self.snapshot {
                    ensure!(snapshot.number > before.number, "an older snapshot");
                    self.skipped += snapshot.number - before.number - 1;
                }
                self.snapshot = Some(snapshot);
                self.kinds.push('b');
            }
            Message::Close(frame) => bail!("closed: {frame:?}"),
            _ => {}
        }
        Ok(())
    }
}
