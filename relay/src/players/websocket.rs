//! The connection with one browser: contract 1's frames over an upgraded HTTP connection.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{FutureExt as _, Sink as _, SinkExt as _, Stream as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use prometheus_client::metrics::counter::Counter;
use protocol::frame::MAX_CLIENT_LINE_BYTES;
use protocol::line::MAX_LINE_BYTES;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Bytes, Utf8Bytes};
use tokio_util::io::{InspectReader, InspectWriter};

use super::outbox::{Outbox, Outgoing};
use crate::client_stream::ClientStream;
use crate::close::CloseReason;
use crate::discard::discard;
use crate::lifecycle::Lifecycle;
use crate::metrics::Metrics;

/// Every connection holds a buffer of this size. The default is 128 KiB.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Bytes gathered before they are written. Frames beyond them wait in the outbox, where old ones can be dropped.
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// One longest line behind a full write buffer. The outbox hands over no more while writing is blocked.
const MAX_WRITE_BUFFER_BYTES: usize = MAX_LINE_BYTES + 4 * WRITE_BUFFER_BYTES;
/// Bytes the system holds unsent: a quarter of a second of a full room. A position in there grows old and cannot be dropped.
const MAX_UNSENT_BYTES: u32 = 16 * 1024;
/// Bytes that may come without a whole message: a longest line in pieces. Frames without content cost bytes too.
const MAX_UNFINISHED_BYTES: u64 = 2 * MAX_CLIENT_LINE_BYTES as u64;
/// Bytes that the system takes from a browser before the relay does: more than a player may send in a second and a far browser has
/// on its way. Otherwise one that floods the relay would fill megabytes.
const RECEIVE_BUFFER_BYTES: usize = 128 * 1024;

/// Bytes that are read as frames once the relay has closed: what a browser may have sent before it knows. What follows is dropped
/// unseen.
const MAX_UNHEARD_BYTES: u64 = 256 * 1024;

/// The number with which a client closes a WebSocket that another one will follow.
const INTERRUPTED: u16 = protocol::frame::CloseCode::Interrupted as u16;
/// And the one for a page that may be reloaded.
const LEFT: u16 = protocol::frame::CloseCode::Left as u16;

/// What comes from a browser.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A command line of at most `MAX_CLIENT_LINE_BYTES`. It may be empty or contain newlines.
    Line(Utf8Bytes),
    /// A datagram of any size.
    Datagram(Bytes),
    /// A frame without content: a sign of life.
    Control,
    /// The answer to a ping: its content.
    Pong(Bytes),
    /// Nothing came, but the browser has taken bytes while the relay did not read for it.
    Wrote,
    /// The browser has closed or is gone.
    Left(Departure),
    /// The browser broke the rules of WebSocket.
    Refused(CloseReason),
}

/// How a browser left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// It closed the WebSocket.
    Closed,
    /// Its page was left, and may be reloaded.
    GoingAway,
    /// The connection broke, or the client gave it up for another one.
    Lost,
}

/// Sees bytes on their way.
type Inspect = Box<dyn FnMut(&[u8]) + Send + Sync>;
type Socket = InspectReader<InspectWriter<ClientStream, Inspect>, Inspect>;

/// A connection with one browser.
pub(crate) struct WebSocket {
    stream: WebSocketStream<Socket>,
    /// Bytes read from the socket.
    read: ByteCount,
    /// Bytes that the system has taken.
    written: ByteCount,
    /// Bytes that have left the outbox, without the headers of frames.
    handed_over: u64,
    /// The value of `read` when the newest message was whole.
    accounted: u64,
    /// Reading has failed. What still comes in is read as plain bytes.
    broken: bool,
    /// Writing has failed. What came before is still read: the browser may have closed in order.
    write_failed: bool,
}

/// A number of bytes, shared with the socket that counts them.
#[derive(Clone, Default)]
struct ByteCount(Arc<AtomicU64>);

impl ByteCount {
    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Count what passes, here and for all WebSockets together.
    fn inspect(&self, all: Counter) -> Inspect {
        let count = Arc::clone(&self.0);
        Box::new(move |bytes| {
            count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            all.inc_by(bytes.len() as u64);
        })
    }
}

impl WebSocket {
    /// Take over a connection whose HTTP handshake is done.
    pub(crate) async fn over(upgraded: Upgraded, metrics: &Metrics) -> io::Result<Self> {
        let (socket, read_ahead) = raw(upgraded)?;
        socket.limit_unsent(MAX_UNSENT_BYTES)?;
        socket.set_receive_buffer_size(RECEIVE_BUFFER_BYTES)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
            .max_message_size(Some(MAX_CLIENT_LINE_BYTES))
            .max_frame_size(Some(MAX_CLIENT_LINE_BYTES));
        let (role, read_ahead) = (Role::Server, read_ahead.into());
        let (read, written) = (ByteCount::default(), ByteCount::default());
        let socket = InspectWriter::new(socket, written.inspect(metrics.bytes_down.clone()));
        let socket = InspectReader::new(socket, read.inspect(metrics.bytes_up.clone()));
        let stream =
            WebSocketStream::from_partially_read(socket, read_ahead, role, Some(config)).await;
        Ok(Self {
            stream,
            read,
            written,
            handed_over: 0,
            accounted: 0,
            broken: false,
            write_failed: false,
        })
    }

    /// Say whether the client has given this WebSocket up.
    pub(super) fn is_abandoned(&self) -> bool {
        let socket = self.stream.get_ref().get_ref().get_ref();
        socket.is_closed_by_client()
    }

    /// Give how many bytes came since the last call, the headers of frames included.
    pub(super) fn take_read_bytes(&mut self) -> u64 {
        let read = self.read.get();
        read - std::mem::replace(&mut self.accounted, read)
    }

    /// Give how many bytes the system has taken in all.
    pub(super) fn written_bytes(&self) -> u64 {
        self.written.get()
    }

    /// Give how many bytes have left the outbox and are not taken by the system yet.
    pub(super) fn unwritten_bytes(&self) -> usize {
        usize::try_from(self.handed_over.saturating_sub(self.written.get())).unwrap_or(usize::MAX)
    }

    /// Write from the outbox as far as the browser takes it, and give what comes. Neither waits for the other. With `is_paused`
    /// it also ends when something was written. Cancelling the wait loses nothing.
    pub(super) async fn turn(&mut self, outbox: &mut Outbox, is_paused: bool) -> Incoming {
        poll_fn(|cx| self.poll_turn(cx, outbox, is_paused)).await
    }

    fn poll_turn(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &mut Outbox,
        is_paused: bool,
    ) -> Poll<Incoming> {
        let written = self.written.get();
        if !self.write_failed && matches!(self.poll_write(cx, outbox), Poll::Ready(Err(_))) {
            self.write_failed = true;
        }
        if is_paused && self.written.get() != written {
            return Poll::Ready(Incoming::Wrote);
        }
        let Poll::Ready(next) = Pin::new(&mut self.stream).poll_next(cx) else {
            if self.read.get() - self.accounted > MAX_UNFINISHED_BYTES {
                self.broken = true;
                let text = "A message comes in more pieces than a browser makes.";
                return Poll::Ready(Incoming::Refused(CloseReason::malformed(text)));
            }
            if self.write_failed {
                return Poll::Ready(Incoming::Left(Departure::Lost));
            }
            return Poll::Pending;
        };
        Poll::Ready(match next {
            Some(Ok(Message::Text(text))) => Incoming::Line(text),
            Some(Ok(Message::Binary(datagram))) => Incoming::Datagram(datagram),
            Some(Ok(Message::Close(frame))) => {
                Incoming::Left(match frame.map(|frame| frame.code) {
                    Some(CloseCode::Library(LEFT)) => Departure::GoingAway,
                    Some(CloseCode::Library(INTERRUPTED)) => Departure::Lost,
                    _ => Departure::Closed,
                })
            }
            Some(Ok(Message::Pong(payload))) => Incoming::Pong(payload),
            Some(Ok(Message::Ping(_) | Message::Frame(_))) => Incoming::Control,
            None => Incoming::Left(Departure::Lost),
            Some(Err(error)) => {
                self.broken = true;
                refused(&error)
            }
        })
    }

    /// Write what is left in the outbox, send the reason, and wait until the browser has closed too. There is no time
    /// limit here.
    pub(crate) async fn close(&mut self, outbox: &mut Outbox, reason: &CloseReason) {
        // If the browser is gone, every step fails at once.
        let _gone = poll_fn(|cx| self.poll_write(cx, outbox)).await;
        let frame = CloseFrame {
            code: reason.code.number().into(),
            reason: reason.text().into(),
        };
        let _gone = self.stream.send(Message::Close(Some(frame))).await;
        let _gone = self.stream.flush().await;
        let is_closed = poll_fn(|cx| self.poll_closed(cx)).await;
        let socket = self.stream.get_mut();
        let _gone = socket.shutdown().await;
        if !is_closed {
            discard(socket).await;
        }
    }

    /// Read up to the browser's own close frame. False: it breaks the rules, or sends on and on.
    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            let next = Pin::new(&mut self.stream).poll_next(cx);
            // Frames without content make no message, however many there are.
            let is_much = self.read.get() - self.accounted > MAX_UNHEARD_BYTES;
            match next {
                Poll::Ready(Some(Err(_))) => self.broken = true,
                Poll::Ready(None) => return Poll::Ready(!self.broken),
                _ if is_much => return Poll::Ready(false),
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Close a WebSocket that belongs to no session. It takes a bounded time, and less if the relay closes.
    pub(crate) async fn close_alone(
        mut self,
        reason: &CloseReason,
        at_most: Duration,
        lifecycle: &Lifecycle,
    ) {
        let mut nothing = Outbox::new(false);
        let close = self.close(&mut nothing, reason);
        tokio::select! {
            _closed_or_not = timeout(at_most, close) => {}
            () = lifecycle.closing.cancelled() => {}
        }
    }

    /// Close a WebSocket that belongs to no session, and wait for nothing. Its client is told if the system takes the frame at once, which it
    /// does for a client that reads.
    pub(crate) fn close_at_once(mut self, reason: &CloseReason) {
        let mut nothing = Outbox::new(false);
        let close = tokio::task::unconstrained(self.close(&mut nothing, reason));
        let _closed_or_not = close.now_or_never();
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &mut Outbox,
    ) -> Poll<Result<(), tungstenite::Error>> {
        loop {
            ready!(Pin::new(&mut self.stream).poll_ready(cx))?;
            let Some(outgoing) = outbox.pop() else {
                ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
                // Headers and the library's own pongs were written too.
                self.handed_over = self.written.get();
                return Poll::Ready(Ok(()));
            };
            let message = match outgoing {
                Outgoing::Ping(written) => {
                    Message::Ping(Bytes::copy_from_slice(&written.to_be_bytes()))
                }
                Outgoing::Text(text) => Message::Text(text),
                Outgoing::Datagram(datagram) => Message::Binary(datagram),
            };
            self.handed_over += message.len() as u64;
            Pin::new(&mut self.stream).start_send(message)?;
            outbox.handle_written();
        }
    }
}

/// Give the socket of a connection whose HTTP handshake is done, and the bytes read from it already.
pub(crate) fn raw(upgraded: Upgraded) -> io::Result<(ClientStream, Bytes)> {
    let parts = upgraded
        .downcast::<TokioIo<ClientStream>>()
        .map_err(|_| io::Error::other("not upgraded from a client's connection"))?;
    Ok((parts.io.into_inner(), parts.read_buf))
}

fn refused(error: &tungstenite::Error) -> Incoming {
    use tungstenite::Error as E;
    Incoming::Refused(match error {
        E::Capacity(CapacityError::MessageTooLong { .. }) => {
            CloseReason::too_large("A frame", MAX_CLIENT_LINE_BYTES)
        }
        E::Utf8(_) => CloseReason::malformed("A text frame is not valid UTF-8."),
        E::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            return Incoming::Left(Departure::Lost);
        }
        E::Protocol(_) | E::Capacity(_) => {
            CloseReason::malformed("A frame breaks the rules of WebSocket.")
        }
        _ => {
            return Incoming::Left(Departure::Lost);
        }
    })
}
