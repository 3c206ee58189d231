//! A browser as the relay sees it: a WebSocket client that is not ours.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use relay::Relay;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::within;

pub(crate) const READY: &str =
    r#"{"relay":"ready","resumed":false,"received":0,"resumeSeconds":0}"#;
pub(crate) const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "mp-relay.v1");
/// Small, so that a side that does not read is noticed soon.
const SOCKET_BUFFER_BYTES: u32 = 16 * 1024;

pub(crate) struct Browser<S = TcpStream> {
    pub(crate) socket: WebSocketStream<S>,
}

/// Ask for `/ws` with these headers beside the ordinary ones.
pub(crate) fn request(relay: SocketAddr, headers: &[(&'static str, &str)]) -> Request {
    let mut request = format!("ws://{relay}/ws").into_client_request().unwrap();
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        request
            .headers_mut()
            .append(HeaderName::from_static(name), value);
    }
    request
}

impl Browser {
    /// Connect; no frame has been read yet.
    pub(crate) async fn connect(relay: &Relay) -> Self {
        Self::connect_with(relay, &[]).await
    }

    /// Connect with a relay in another process.
    pub(crate) async fn connect_at(relay: SocketAddr) -> Self {
        let request = request(relay, &[PROTOCOL]);
        Self::try_connect_at(relay, request).await.unwrap()
    }

    /// Connect with a relay in another process, from another address of this machine.
    pub(crate) async fn connect_at_from(address: [u8; 4], relay: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        let request = request(relay, &[PROTOCOL]);
        Self::handshake(socket, relay, &[], request).await.unwrap()
    }

    /// Offer these subprotocols to a relay in another process.
    pub(crate) async fn offer_at(relay: SocketAddr, offer: &str) -> Self {
        let request = request(relay, &[("sec-websocket-protocol", offer)]);
        Self::try_connect_at(relay, request).await.unwrap()
    }

    pub(crate) async fn connect_with(relay: &Relay, headers: &[(&'static str, &str)]) -> Self {
        let request = request(relay.addr(), &[&[PROTOCOL], headers].concat());
        Self::try_connect(relay, request).await.unwrap()
    }

    /// Connect from another address of this machine.
    pub(crate) async fn connect_from(address: [u8; 4], relay: &Relay) -> Self {
        Self::request_from(address, relay, request(relay.addr(), &[PROTOCOL])).await
    }

    /// Send a request from another address of this machine.
    pub(crate) async fn request_from(address: [u8; 4], relay: &Relay, request: Request) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        let connecting = Self::handshake(socket, relay.addr(), &[], request);
        connecting.await.unwrap()
    }

    /// Connect through a proxy that begins with these bytes.
    pub(crate) async fn connect_after(bytes: &[u8], relay: &Relay) -> Result<Self, Error> {
        let socket = TcpSocket::new_v4().unwrap();
        let request = request(relay.addr(), &[PROTOCOL]);
        Self::handshake(socket, relay.addr(), bytes, request).await
    }

    pub(crate) async fn try_connect(relay: &Relay, request: Request) -> Result<Self, Error> {
        Self::try_connect_at(relay.addr(), request).await
    }

    pub(crate) async fn try_connect_at(relay: SocketAddr, request: Request) -> Result<Self, Error> {
        let socket = TcpSocket::new_v4().unwrap();
        Self::handshake(socket, relay, &[], request).await
    }

    async fn handshake(
        socket: TcpSocket,
        relay: SocketAddr,
        first: &[u8],
        request: Request,
    ) -> Result<Self, Error> {
        socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES).unwrap();
        socket.set_send_buffer_size(SOCKET_BUFFER_BYTES).unwrap();
        let mut socket = socket.connect(relay).await.unwrap();
        socket.set_nodelay(true).unwrap();
        socket.write_all(first).await.unwrap();
        Self::over(socket, request).await
    }

    /// Connect and read the ready notice.
    pub(crate) async fn ready(relay: &Relay) -> Self {
        let mut browser = Self::connect(relay).await;
        browser.expect(READY).await;
        browser
    }

    /// Wait until the relay has sent its last byte. Nothing is read, so no ping is answered.
    pub(crate) async fn wait_for_end(&self) {
        let socket = self.socket.get_ref();
        let end = async {
            while !socket
                .ready(Interest::READABLE)
                .await
                .unwrap()
                .is_read_closed()
            {
                tokio::task::yield_now().await;
            }
        };
        within("the end", end).await;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Browser<S> {
    /// Ask for an upgrade over a connection with the relay.
    pub(crate) async fn over(socket: S, request: Request) -> Result<Self, Error> {
        let config = WebSocketConfig::default().read_buffer_size(4096);
        let handshake = client_async_with_config(request, socket, Some(config));
        let (socket, _response) = within("the handshake", handshake).await?;
        Ok(Self { socket })
    }

    /// Wait for the next frame that is not a ping.
    pub(crate) async fn next(&mut self) -> Message {
        loop {
            let next = within("a frame", self.socket.next()).await;
            match next.expect("a frame before the end").unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    pub(crate) async fn line(&mut self) -> String {
        match self.next().await {
            Message::Text(line) => line.as_str().to_owned(),
            other => panic!("a line was due, not {other:?}"),
        }
    }

    pub(crate) async fn expect(&mut self, line: &str) {
        assert_eq!(self.line().await, line);
    }

    pub(crate) async fn datagram(&mut self) -> Vec<u8> {
        match self.next().await {
            Message::Binary(datagram) => datagram.into(),
            other => panic!("a datagram was due, not {other:?}"),
        }
    }

    pub(crate) async fn send(&mut self, message: impl Into<Message>) {
        let sent = within("the relay to read", self.socket.send(message.into())).await;
        sent.unwrap();
    }

    pub(crate) async fn say(&mut self, line: &str) {
        self.send(Message::text(line)).await;
    }

    /// Read on to the close frame and give its code and reason. The connection must then end in order.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        let frame = loop {
            match self.next().await {
                Message::Close(frame) => break frame.expect("a close frame with a code"),
                Message::Text(_) | Message::Binary(_) => {}
                other => panic!("{other:?}"),
            }
        };
        let mut rest = Vec::new();
        let _flushed = self.socket.flush().await;
        let end = self.socket.get_mut().read_to_end(&mut rest);
        assert_eq!(within("the end", end).await.unwrap(), 0);
        (frame.code.into(), frame.reason.as_str().to_owned())
    }

    /// Read on to the close frame, which must have this code and contain these words.
    pub(crate) async fn expect_close(&mut self, code: u16, words: &str) {
        let (got, reason) = self.closed().await;
        assert_eq!((got, reason.contains(words)), (code, true), "{reason}");
        assert!(reason.len() <= 123, "{reason}");
    }
}
