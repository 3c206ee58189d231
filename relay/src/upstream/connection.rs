//! The game server's side of one player: its TCP connection, cut into lines, and its UDP socket. `dial` makes it,
//! `bridge` drives it. Lines and datagrams pass untouched.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use protocol::cipher::MAX_DATAGRAM_BYTES;
use protocol::line::{LineDecoder, LineError};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UdpSocket;

/// Bytes read at a time; an ordinary line has a few hundred.
const READ_BYTES: usize = 8 * 1024;
/// Bytes of lines that may wait for a game server that does not read: four of the longest.
const MAX_UNSENT_BYTES: usize = 256 * 1024;

/// A TLS or plain connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Lines on their way to the game server; they may be queued before it is connected.
#[derive(Debug, Default)]
pub(crate) struct Unsent {
    /// Whole lines with their ends, the first perhaps sent in part.
    bytes: BytesMut,
    /// Something was written and may still lie in the TLS layer.
    unflushed: bool,
}

/// More waits than may: the game server does not read.
#[derive(Debug)]
pub(crate) struct Stalled;

impl Unsent {
    pub(crate) fn push(&mut self, line: &str) -> Result<(), Stalled> {
        if self.bytes.len() + line.len() + 1 > MAX_UNSENT_BYTES {
            return Err(Stalled);
        }
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.extend_from_slice(b"\n");
        Ok(())
    }
}

/// How a turn ended.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Bytes came in: take the lines.
    Read,
    /// The game server ended the connection; the text says how, where it was not in order.
    Ended(Option<String>),
}

/// One player's connection with the game server.
pub(crate) struct Upstream {
    pub(crate) lines: Lines,
    pub(crate) datagrams: Datagrams,
    /// Measured by the TCP handshake.
    pub(crate) round_trip: Duration,
}

/// The TCP side.
pub(crate) struct Lines {
    stream: Box<dyn Stream>,
    /// Writing failed: whatever the server still said is read, then it is over.
    deaf: bool,
    ended: bool,
    decoder: LineDecoder,
}

impl Lines {
    pub(crate) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            deaf: false,
            ended: false,
            decoder: LineDecoder::default(),
        }
    }

    /// Write what waits as far as the server takes it, and read what it says. Safe to drop half-way.
    pub(crate) async fn turn(&mut self, unsent: &mut Unsent) -> Turn {
        std::future::poll_fn(|cx| self.poll_turn(cx, unsent)).await
    }

    /// Say whether the server has ended the connection.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>, unsent: &mut Unsent) -> Poll<Turn> {
        // Pending or done, reading goes on: a server that does not read may still speak.
        if !self.deaf && matches!(self.poll_write(cx, unsent), Poll::Ready(Err(_))) {
            self.deaf = true;
        }
        if self.deaf {
            unsent.bytes.clear();
        }
        let mut space = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
        if read.is_ok() && !buffer.filled().is_empty() {
            self.decoder.push(buffer.filled());
            return Poll::Ready(Turn::Read);
        }
        self.ended = true;
        Poll::Ready(Turn::Ended(read.err().and_then(|error| unusual(&error))))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, unsent: &mut Unsent) -> Poll<io::Result<()>> {
        while !unsent.bytes.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &unsent.bytes))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            unsent.bytes.advance(written);
            unsent.unflushed = true;
        }
        if unsent.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            unsent.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Give the next line that came in. What is no UTF-8 is replaced, as the servers themselves do with what they
    /// read: their own lines are ASCII, and a session is worth more than one broken line.
    ///
    /// # Errors
    /// The line was too long to forward.
    pub(crate) fn next(&mut self) -> Option<Result<String, LineError>> {
        Some(match self.decoder.next_line()? {
            Err(LineError::InvalidUtf8(bytes)) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            line => line,
        })
    }
}

/// The UDP side: a socket of this player's own, since what a server sends names no recipient.
pub(crate) struct Datagrams(pub(crate) UdpSocket);

impl Datagrams {
    /// Send a datagram now or never: one that cannot go at once is old when it can. Gives whether it went.
    pub(crate) fn send(&self, datagram: &[u8]) -> bool {
        // A refusal is the report of an earlier datagram, which met a closed port. It is told once.
        let sent = match self.0.try_send(datagram) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                self.0.try_send(datagram)
            }
            sent => sent,
        };
        sent.is_ok()
    }

    /// Wait until something has come in. Safe to drop half-way.
    pub(crate) async fn readable(&self) {
        // It fails only when the runtime ends, and everything with it.
        let _ending = self.0.readable().await;
    }

    /// Give the next datagram that has come in. A closed port on the other side (ICMP) is not the end of a
    /// session: the server may open it again.
    pub(crate) fn receive(&self) -> Received {
        // One byte more than the largest, to know a larger one from it.
        let mut space = [0; MAX_DATAGRAM_BYTES + 1];
        match self.0.try_recv(&mut space) {
            Ok(length) if length > MAX_DATAGRAM_BYTES || length == 0 => Received::Unusable,
            Ok(length) => Received::Datagram(Bytes::copy_from_slice(&space[..length])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Received::Nothing,
            Err(_icmp) => Received::Unusable,
        }
    }
}

/// What the UDP socket had.
#[derive(Debug)]
pub(crate) enum Received {
    Datagram(Bytes),
    /// Too long, empty, or the report of a closed port.
    Unusable,
    Nothing,
}

/// Game servers end connections without TLS's own goodbye, or with a reset: both are ordinary.
fn unusual(error: &io::Error) -> Option<String> {
    use io::ErrorKind as Kind;
    let ordinary = matches!(
        error.kind(),
        Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe
    );
    (!ordinary).then(|| error.to_string())
}
