//! A WebSocket to a relay, as the browser's client has it: the transport of the test players.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use anyhow::{Context as _, ensure};
use client_native::{Incoming, Transport};
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::frame::{Notice, SUBPROTOCOL};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Bytes read in one go. The default is 128 KiB, and to clear them for each frame took a third of a load program's time.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// The connection ended: the close code and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the connection ended: {code} {reason}")]
pub struct Ended {
    /// The WebSocket's close code; 1006 if there was none.
    pub code: u16,
    /// The reason beside it.
    pub reason: String,
}

/// A player's connection with a relay.
pub struct WebSocket {
    socket: WebSocketStream<TcpStream>,
    queue: VecDeque<Message>,
    unflushed: bool,
}

/// Connect to an address of a relay that speaks this subprotocol.
///
/// # Errors
/// The relay cannot be reached, refuses, or selects another subprotocol.
pub(crate) async fn connect(
    url: &str,
    subprotocol: &'static str,
) -> anyhow::Result<WebSocketStream<TcpStream>> {
    let request = url.into_client_request()?;
    let authority = request.uri().authority().context("no host")?.to_string();
    connect_over(TcpStream::connect(&authority).await?, url, subprotocol).await
}

/// Connect over a connection with the relay.
///
/// # Errors
/// The relay refuses, or selects another subprotocol.
pub async fn connect_over(
    tcp: TcpStream,
    url: &str,
    subprotocol: &'static str,
) -> anyhow::Result<WebSocketStream<TcpStream>> {
    const HEADER: &str = "Sec-WebSocket-Protocol";
    let mut request = url.into_client_request()?;
    let offered = HeaderValue::from_static(subprotocol);
    request.headers_mut().insert(HEADER, offered);
    tcp.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
    let (socket, response) = client_async_with_config(request, tcp, Some(config)).await?;
    let selected = response.headers().get(HEADER);
    ensure!(selected.is_some_and(|selected| selected == subprotocol));
    Ok(socket)
}

impl WebSocket {
    /// Connect to a relay's `/ws`.
    ///
    /// # Errors
    /// The relay cannot be reached or refuses.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            socket: connect(url, SUBPROTOCOL).await?,
            queue: VecDeque::new(),
            unflushed: false,
        })
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming, Ended>> {
        // A connection that is gone says so when it is read.
        let _pending_or_failed = self.poll_write(cx);
        loop {
            let incoming = match ready!(self.socket.poll_next_unpin(cx)) {
                Some(Ok(Message::Text(text))) if Notice::parse(&text).is_none() => {
                    Ok(Incoming::Line(text.to_string()))
                }
                Some(Ok(Message::Binary(datagram))) => Ok(Incoming::Datagram(datagram)),
                Some(Ok(Message::Close(Some(close)))) => Err(Ended {
                    code: close.code.into(),
                    reason: close.reason.to_string(),
                }),
                Some(Ok(Message::Close(None)) | Err(_)) | None => Err(Ended {
                    code: 1006,
                    reason: String::new(),
                }),
                Some(Ok(_)) => continue,
            };
            return Poll::Ready(incoming);
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.queue.is_empty() {
            ready!(self.socket.poll_ready_unpin(cx))?;
            if let Some(message) = self.queue.pop_front() {
                self.socket.start_send_unpin(message)?;
            }
            self.unflushed = true;
        }
        if self.unflushed {
            ready!(self.socket.poll_flush_unpin(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}

impl Transport for WebSocket {
    type End = Ended;

    fn queue_line(&mut self, line: &str) -> Result<(), Ended> {
        self.queue.push_back(Message::text(line));
        Ok(())
    }

    fn send_datagram(&mut self, datagram: &[u8]) {
        self.queue.push_back(Message::binary(datagram.to_vec()));
    }

    async fn receive(&mut self) -> Result<Incoming, Ended> {
        poll_fn(|cx| self.poll_receive(cx)).await
    }

    fn close(&mut self) {
        self.queue.push_back(Message::Close(None));
    }
}
