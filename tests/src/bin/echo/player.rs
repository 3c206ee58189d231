//! A player, direct or through a relay: lines and datagrams, without a session. It is in a room from the start.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, stream};
use protocol::cipher::Cipher;
use protocol::id::Secret;
use rustls::pki_types::ServerName;
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines, ReadHalf, WriteHalf, split,
};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::way::{End, Way};

/// The longest wait for anything.
const DEADLINE: Duration = Duration::from_secs(20);
/// Players that connect at the same time: a relay lets a limited number wait.
const CONNECTING: usize = 8;
/// The most bytes of a datagram.
const DATAGRAM_BYTES: usize = 2048;

/// A connected player.
pub(crate) struct Player {
    link: Link,
    /// Seals datagrams as this player.
    pub(crate) cipher: Cipher,
    /// The session id.
    pub(crate) id: String,
}

enum Link {
    Direct {
        lines: Lines<BufReader<ReadHalf<TlsStream<TcpStream>>>>,
        writing: WriteHalf<TlsStream<TcpStream>>,
        datagrams: UdpSocket,
    },
    Relayed(Box<WebSocketStream<TcpStream>>),
}

/// What a player receives.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming {
    Line(String),
    Datagram(Vec<u8>),
}

impl Player {
    /// Connect several players.
    pub(crate) async fn connect_all(way: &Way, number: usize) -> anyhow::Result<Vec<Self>> {
        let connecting = stream::iter(0..number).map(|_| Self::connect(way));
        connecting.buffer_unordered(CONNECTING).try_collect().await
    }

    /// Connect and wait until the player is in its room.
    pub(crate) async fn connect(way: &Way) -> anyhow::Result<Self> {
        let mut link = Link::open(way).await?;
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

    /// Send a line, given without its newline.
    pub(crate) async fn send_line(&mut self, line: String) -> anyhow::Result<()> {
        match &mut self.link {
            Link::Direct { writing, .. } => {
                writing.write_all((line + "\n").as_bytes()).await?;
                writing.flush().await?;
            }
            Link::Relayed(socket) => socket.send(Message::text(line)).await?,
        }
        Ok(())
    }

    /// Send a datagram.
    pub(crate) async fn send_datagram(&mut self, datagram: &[u8]) -> anyhow::Result<()> {
        match &mut self.link {
            Link::Direct { datagrams, .. } => {
                datagrams.send(datagram).await?;
            }
            Link::Relayed(socket) => socket.send(Message::binary(datagram.to_vec())).await?,
        }
        Ok(())
    }

    /// Wait for the next line or datagram. Safe to drop half-way.
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
    async fn open(way: &Way) -> anyhow::Result<Self> {
        match &way.end {
            End::Game { tls, tcp, udp } => {
                let socket = TcpStream::connect(tcp).await?;
                socket.set_nodelay(true)?;
                let name = ServerName::IpAddress(tcp.ip().into());
                let (reading, writing) = split(tls.connect(name, socket).await?);
                let datagrams = UdpSocket::bind("127.0.0.1:0").await?;
                datagrams.connect(udp).await?;
                Ok(Self::Direct {
                    lines: BufReader::new(reading).lines(),
                    writing,
                    datagrams,
                })
            }
            End::Relay(relay) => {
                let mut request = format!("ws://{}/ws", relay.address).into_client_request()?;
                let subprotocol = HeaderValue::from_static(protocol::frame::SUBPROTOCOL);
                let headers = request.headers_mut();
                headers.insert("Sec-WebSocket-Protocol", subprotocol);
                let socket = TcpStream::connect(relay.address).await?;
                socket.set_nodelay(true)?;
                let (socket, _) = tokio_tungstenite::client_async(request, socket).await?;
                Ok(Self::Relayed(Box::new(socket)))
            }
        }
    }

    async fn next(&mut self) -> anyhow::Result<Incoming> {
        timeout(DEADLINE, self.receive())
            .await
            .context("no answer")?
    }

    async fn receive(&mut self) -> anyhow::Result<Incoming> {
        match self {
            Self::Direct {
                lines, datagrams, ..
            } => {
                let mut space = [0; DATAGRAM_BYTES];
                tokio::select! {
                    line = lines.next_line() => Ok(Incoming::Line(line?.context("the game server hung up")?)),
                    length = datagrams.recv(&mut space) => Ok(Incoming::Datagram(space[..length?].to_vec())),
                }
            }
            Self::Relayed(socket) => loop {
                let message = socket.next().await.context("the relay hung up")??;
                ensure!(!message.is_close(), "the relay closed: {message:?}");
                match message {
                    Message::Text(line) => return Ok(Incoming::Line(line.to_string())),
                    Message::Binary(datagram) => return Ok(Incoming::Datagram(datagram.into())),
                    _ => {}
                }
            },
        }
    }
}
