//! The TCP side of a connection with a game server, cut into lines. They pass untouched.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use protocol::line::{LineDecoder, LineError};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes read at a time. An ordinary line has a few hundred.
const READ_BYTES: usize = 8 * 1024;
/// Bytes of lines that may wait for a game server that does not read: four of the longest.
const MAX_UNSENT_BYTES: usize = 256 * 1024;

/// A TLS or plain connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Lines on their way to the game server. They may be queued before it is connected.
#[derive(Debug, Default)]
pub struct Unsent {
    /// Whole lines with their newlines; the first may be sent in part.
    bytes: BytesMut,
    /// Something was written and may still lie in the TLS layer.
    unflushed: bool,
}

/// Too many lines wait: the game server does not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the game server does not read")]
pub struct Stalled;

/// The game server ended the connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the game server ended the connection{}", detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default())]
pub struct Disconnected {
    /// What was wrong; `None` for an ordinary end.
    pub detail: Option<String>,
}

impl Unsent {
    /// Queue a line, without its newline.
    ///
    /// # Errors
    /// More than 256 KiB would wait.
    pub fn push(&mut self, line: &str) -> Result<(), Stalled> {
        if self.bytes.len() + line.len() + 1 > MAX_UNSENT_BYTES {
            return Err(Stalled);
        }
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.extend_from_slice(b"\n");
        Ok(())
    }
}

/// A byte stream of lines.
pub struct Lines {
    stream: Box<dyn Stream>,
    decoder: LineDecoder,
    /// Writing failed. The connection ends once everything the server sent is read.
    write_failed: bool,
    ended: bool,
}

impl Lines {
    /// Read and write lines on a connected stream.
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            decoder: LineDecoder::default(),
            write_failed: false,
            ended: false,
        }
    }

    /// How many bytes of an unfinished line are held.
    pub fn held_bytes(&self) -> usize {
        self.decoder.held_bytes()
    }

    /// Say whether the server has ended the connection.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Write what is unsent as far as the server takes it, and read once. [`next_line`](Self::next_line) then gives the
    /// lines. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The server ended the connection.
    pub async fn transfer(&mut self, unsent: &mut Unsent) -> Result<(), Disconnected> {
        std::future::poll_fn(|cx| self.poll_transfer(cx, unsent)).await
    }

    /// Write what is unsent as far as the server takes it, and read nothing. It never ends. Dropping the future loses nothing.
    pub async fn send_only(&mut self, unsent: &mut Unsent) {
        std::future::poll_fn(|cx| self.poll_send(cx, unsent)).await
    }

    /// Give the next line that came. Bytes that are not UTF-8 are replaced, as the servers do with what they read.
    ///
    /// # Errors
    /// The line was longer than [`MAX_LINE_BYTES`](protocol::line::MAX_LINE_BYTES).
    pub fn next_line(&mut self) -> Option<Result<String, LineError>> {
        Some(match self.decoder.next_line()? {
            Err(LineError::InvalidUtf8(bytes)) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            line => line,
        })
    }

    fn poll_transfer(
        &mut self,
        cx: &mut Context<'_>,
        unsent: &mut Unsent,
    ) -> Poll<Result<(), Disconnected>> {
        // Reading goes on meanwhile: a server that does not read may still speak.
        let _pending: Poll<()> = self.poll_send(cx, unsent);
        let mut space = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
        if read.is_ok() && !buffer.filled().is_empty() {
            self.decoder.push(buffer.filled());
            return Poll::Ready(Ok(()));
        }
        self.ended = true;
        let detail = read.err().and_then(|error| unusual(&error));
        Poll::Ready(Err(Disconnected { detail }))
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, unsent: &mut Unsent) -> Poll<()> {
        if !self.write_failed && matches!(self.poll_write(cx, unsent), Poll::Ready(Err(_))) {
            self.write_failed = true;
        }
        if self.write_failed {
            unsent.bytes.clear();
        }
        Poll::Pending
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
}

/// Game servers end connections without TLS's close_notify, or with a reset: both are ordinary.
fn unusual(error: &io::Error) -> Option<String> {
    use io::ErrorKind as Kind;
    let ordinary = matches!(
        error.kind(),
        Kind::UnexpectedEof | Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe
    );
    (!ordinary).then(|| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn lines_pass_both_ways_in_any_pieces_until_the_end() {
        let (ours, mut theirs) = tokio::io::duplex(8);
        let (mut lines, mut unsent) = (Lines::new(Box::new(ours)), Unsent::default());
        unsent.push("longer than the pipe").unwrap();
        let server = async {
            let mut heard = [0; 21];
            theirs.read_exact(&mut heard).await.unwrap();
            theirs
                .write_all(b"CONNECTED|1\r\n\xff\nrest")
                .await
                .unwrap();
            drop(theirs);
            heard
        };
        let client = async {
            let mut heard = Vec::new();
            while lines.transfer(&mut unsent).await.is_ok() {
                heard.extend(std::iter::from_fn(|| lines.next_line()));
            }
            heard
        };
        let (sent, heard) = tokio::join!(server, client);
        assert_eq!(&sent, b"longer than the pipe\n");
        assert_eq!(heard, [Ok("CONNECTED|1".into()), Ok("\u{fffd}".into())]);
        assert!(lines.has_ended());
    }

    #[tokio::test]
    async fn a_server_that_stops_reading_is_still_read() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let (reading, writing) = tokio::io::split(ours);
        let refusing = tokio::io::join(reading, Refusing);
        let mut lines = Lines::new(Box::new(refusing));
        let mut unsent = Unsent::default();
        unsent.push("nobody takes this").unwrap();
        theirs.write_all(b"said\n").await.unwrap();
        assert_eq!(lines.transfer(&mut unsent).await, Ok(()));
        assert_eq!(lines.next_line(), Some(Ok("said".into())));
        drop((theirs, writing));
        assert_eq!(
            lines.transfer(&mut unsent).await,
            Err(Disconnected { detail: None })
        );
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut unsent = Unsent::default();
        let line = "x".repeat(MAX_UNSENT_BYTES / 4 - 1);
        for _ in 0..4 {
            unsent.push(&line).unwrap();
        }
        assert_eq!(unsent.push(""), Err(Stalled));
    }

    /// The writing half of a connection that takes nothing more.
    struct Refusing;

    impl AsyncWrite for Refusing {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
}
