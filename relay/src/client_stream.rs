//! The connection of one client, as the port gave it. Players, spectators and HTTP use it alike, and none of them needs to know what
//! carries it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection with a client.
#[derive(Debug)]
pub(crate) enum ClientStream {
    Tcp(TcpStream),
}

/// Do the same with whatever carries the connection.
macro_rules! with {
    ($stream:expr, $inner:ident => $do:expr) => {
        match $stream {
            Self::Tcp($inner) => $do,
        }
    };
}

impl ClientStream {
    /// The system's socket, to set its options.
    fn socket(&self) -> SockRef<'_> {
        match self {
            Self::Tcp(tcp) => SockRef::from(tcp),
        }
    }

    /// Send small pieces at once.
    pub(crate) fn set_nodelay(&self) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.set_nodelay(true),
        }
    }

    /// Let the system hold about so many bytes for the client.
    pub(crate) fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
        self.socket().set_send_buffer_size(bytes)
    }

    /// Keep the system's buffer of bytes that are not sent yet short.
    pub(crate) fn limit_unsent(&self, bytes: u32) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        match self {
            Self::Tcp(tcp) => SockRef::from(tcp).set_tcp_notsent_lowat(bytes),
        }
        // Other systems also count bytes that are sent but not acknowledged, so the limit is higher there.
        #[cfg(not(target_os = "linux"))]
        self.set_send_buffer_size(4 * bytes as usize)
    }

    /// Read what has come, without waiting.
    ///
    /// # Errors
    /// `WouldBlock`: nothing has come. Otherwise the connection is gone.
    pub(crate) fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_read(space),
        }
    }

    /// Write as much as the system takes, without waiting.
    ///
    /// # Errors
    /// `WouldBlock`: it takes nothing. Otherwise the connection is gone.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_write(bytes),
        }
    }

    #[cfg(test)]
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(tcp) => tcp,
        }
    }

    /// Forget the task that has read so far, and with it the task's memory.
    pub(crate) fn forget_task(&self) {
        let mut nobody = Context::from_waker(std::task::Waker::noop());
        match self {
            Self::Tcp(tcp) => drop(tcp.poll_read_ready(&mut nobody)),
        }
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        with!(self.get_mut(), inner => Pin::new(inner).poll_read(cx, space))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        with!(self.get_mut(), inner => Pin::new(inner).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        with!(self.get_mut(), inner => Pin::new(inner).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        with!(self, inner => inner.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with!(self.get_mut(), inner => Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        with!(self.get_mut(), inner => Pin::new(inner).poll_shutdown(cx))
    }
}
