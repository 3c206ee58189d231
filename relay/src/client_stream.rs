//! The connection of one client: over TCP or a Unix socket, with TLS of the relay's own or without. Players, spectators and HTTP use it
//! alike, and none of them needs to know what carries it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::server::TlsStream;

/// A connection with a client.
#[derive(Debug)]
pub(crate) enum ClientStream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    /// TLS over one of the others.
    Tls(Box<TlsStream<Self>>),
}

/// Do the same with whatever carries the connection.
macro_rules! with {
    ($stream:expr, $inner:ident => $do:expr) => {
        match $stream {
            ClientStream::Tcp($inner) => $do,
            #[cfg(unix)]
            ClientStream::Unix($inner) => $do,
            ClientStream::Tls($inner) => $do,
        }
    };
}

impl ClientStream {
    /// Say whether it is a Unix socket. Its peer has no address.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Tcp(_) => false,
            #[cfg(unix)]
            Self::Unix(_) => true,
            Self::Tls(tls) => tls.get_ref().0.is_local(),
        }
    }

    /// Say whether the client has closed its end. What it sent before may be unread. Always false except on Linux.
    pub(crate) fn is_closed_by_client(&self) -> bool {
        #[cfg(target_os = "linux")]
        {
            use rustix::event::{PollFd, PollFlags, Timespec, poll};
            let socket = self.socket();
            let closed = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
            let mut asked = [PollFd::new(&*socket, PollFlags::RDHUP)];
            // Without waiting.
            let answered = poll(&mut asked, Some(&Timespec::default()));
            answered.is_ok() && asked[0].revents().intersects(closed)
        }
        #[cfg(not(target_os = "linux"))]
        false
    }

    /// The system's socket, to set its options.
    fn socket(&self) -> SockRef<'_> {
        match self {
            Self::Tcp(tcp) => SockRef::from(tcp),
            #[cfg(unix)]
            Self::Unix(unix) => SockRef::from(unix),
            Self::Tls(tls) => tls.get_ref().0.socket(),
        }
    }

    /// Send small pieces at once.
    pub(crate) fn set_nodelay(&self) -> io::Result<()> {
        match self.is_local() {
            true => Ok(()),
            false => self.socket().set_tcp_nodelay(true),
        }
    }

    /// Let the system hold about so many bytes for the client.
    pub(crate) fn set_send_buffer_size(&self, bytes: usize) -> io::Result<()> {
        self.socket().set_send_buffer_size(bytes)
    }

    /// Let the system hold about so many bytes that have come and are not read yet.
    pub(crate) fn set_receive_buffer_size(&self, bytes: usize) -> io::Result<()> {
        self.socket().set_recv_buffer_size(bytes)
    }

    /// Keep the system's buffer of bytes that are not sent yet short.
    pub(crate) fn limit_unsent(&self, bytes: u32) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if !self.is_local() {
            return self.socket().set_tcp_notsent_lowat(bytes);
        }
        // Elsewhere bytes that are sent but not acknowledged count too, so the limit is higher there.
        self.set_send_buffer_size(4 * bytes as usize)
    }

    /// Read what has come, without waiting.
    ///
    /// # Errors
    /// `WouldBlock`: nothing has come. Otherwise the connection is gone.
    pub(crate) fn try_read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_read(space),
            #[cfg(unix)]
            Self::Unix(unix) => unix.try_read(space),
            Self::Tls(tls) => {
                let mut space = ReadBuf::new(space);
                without_waiting(|cx| Pin::new(tls).poll_read(cx, &mut space))?;
                Ok(space.filled().len())
            }
        }
    }

    /// Write as much as the system takes, without waiting. TLS may hold some of it, which [`try_flush`](Self::try_flush) sends.
    ///
    /// # Errors
    /// `WouldBlock`: it takes nothing. Otherwise the connection is gone.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.try_write(bytes),
            #[cfg(unix)]
            Self::Unix(unix) => unix.try_write(bytes),
            Self::Tls(tls) => without_waiting(|cx| Pin::new(tls).poll_write(cx, bytes)),
        }
    }

    /// Send what TLS still holds, without waiting.
    ///
    /// # Errors
    /// As [`try_write`](Self::try_write).
    pub(crate) fn try_flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tls(tls) => without_waiting(|cx| Pin::new(tls).poll_flush(cx)),
            _ => Ok(()),
        }
    }

    #[cfg(test)]
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0.tcp(),
            #[cfg(unix)]
            Self::Unix(_) => panic!("a Unix socket"),
        }
    }

    /// Forget the task that has read so far, and with it the task's memory.
    pub(crate) fn forget_task(&self) {
        let mut nobody = Context::from_waker(Waker::noop());
        match self {
            Self::Tcp(tcp) => drop(tcp.poll_read_ready(&mut nobody)),
            #[cfg(unix)]
            Self::Unix(unix) => drop(unix.poll_read_ready(&mut nobody)),
            Self::Tls(tls) => tls.get_ref().0.forget_task(),
        }
    }
}

/// Poll once. Nobody is woken later.
fn without_waiting<T>(poll: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<T>>) -> io::Result<T> {
    match poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
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
