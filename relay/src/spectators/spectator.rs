//! One spectator: its socket gets the newest view as fast as it takes it, and skips the views in between. A spectator
//! has no task of its own until it is closed: its shard calls `turn`. It takes a few hundred bytes of memory, since
//! all spectators of a room share its frames.

use std::io;
use std::mem;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use protocol::frame::CloseCode;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use super::frame::{self, Reader, Received, Unexpected};
use super::view::View;
use crate::client_stream::ClientStream;
use crate::close::CloseReason;
use crate::discard::discard;
use crate::lifecycle::Lifecycle;
use crate::limits::{MAX_UNANSWERED_PINGS, Slot};
use crate::log::ConnectionId;

/// Bytes the system holds for a spectator: one or two seconds of a full room. More would only make it see old views.
const SEND_BUFFER_BYTES: usize = 16 * 1024;
/// Bytes read in one go.
const READ_BYTES: usize = 128;
/// Frames a spectator may send between two pings. It has no reason to send more than the answers to them.
const MAX_FRAMES_BETWEEN_PINGS: u8 = 32;

/// What was written to some spectators.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    pub(crate) skipped: u64,
}

/// A spectator. Thousands are kept, so every field counts.
pub(crate) struct Spectator {
    socket: ClientStream,
    slot: Slot,
    /// Its name in the log.
    connection: ConnectionId,
    /// What is left of a frame that was written in part.
    rest: Bytes,
    /// The answer to the newest ping. Empty: none is due.
    pong: Bytes,
    ping_is_due: bool,
    /// The system took nothing at the last attempt.
    is_blocked: bool,
    /// Frames that came since the last ping.
    frames: u8,
    /// Pings since the last sign of life.
    unanswered_pings: u8,
    /// The newest text and snapshot that were sent.
    text_number: u32,
    snapshot_number: u32,
    reader: Reader,
}

impl Spectator {
    /// Take over a connection whose handshake is done.
    ///
    /// # Errors
    /// The connection is gone.
    pub(crate) fn new(socket: ClientStream, slot: Slot) -> io::Result<Self> {
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        // The socket still holds the waker of the task that read the handshake, and with it the memory of that task.
        socket.forget_task();
        Ok(Self {
            socket,
            slot,
            connection: ConnectionId::next(),
            rest: Bytes::new(),
            pong: Bytes::new(),
            ping_is_due: false,
            is_blocked: false,
            frames: 0,
            unanswered_pings: 0,
            text_number: 0,
            snapshot_number: 0,
            reader: Reader::default(),
        })
    }

    /// Where it is connected from.
    pub(crate) const fn address(&self) -> IpAddr {
        self.slot.address()
    }

    /// Give its name in the log.
    pub(crate) const fn connection(&self) -> ConnectionId {
        self.connection
    }

    /// Read what came, ping if that is due, and write what is new. Never waits.
    ///
    /// # Errors
    /// The spectator left or must be closed.
    pub(crate) fn turn(
        &mut self,
        view: &View,
        ping: bool,
        written: &mut Written,
    ) -> Result<(), CloseReason> {
        self.read()?;
        if ping {
            self.ping()?;
        }
        self.write(view, written)
            .map_err(|_gone| CloseReason::left())
    }

    /// Write until there is nothing new or the system takes no more.
    fn write(&mut self, view: &View, written: &mut Written) -> io::Result<()> {
        // What TLS holds goes first, so that it never holds old snapshots.
        match self.socket.try_flush() {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_blocked = true;
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        loop {
            if self.rest.is_empty() {
                self.rest = self.control();
            }
            if !self.rest.is_empty() {
                let rest = self.rest.clone();
                if !self.send(&rest, written)? {
                    return Ok(());
                }
            } else if self.text_number != view.text_number {
                if !self.send(&view.text, written)? {
                    return Ok(());
                }
                self.text_number = view.text_number;
            } else if self.snapshot_number != view.snapshot_number && !view.snapshot.is_empty() {
                // Until the first byte is sent, a newer snapshot takes its place.
                if !self.send(&view.snapshot, written)? {
                    return Ok(());
                }
                self.skip_to(view.snapshot_number, written);
            } else {
                return Ok(());
            }
        }
    }

    /// Give the control frame that is due, if any.
    fn control(&mut self) -> Bytes {
        if !self.pong.is_empty() {
            return mem::take(&mut self.pong);
        }
        if mem::take(&mut self.ping_is_due) {
            return frame::ping();
        }
        Bytes::new()
    }

    /// Write as much of a frame as the system takes, and keep the rest. Says whether it took anything.
    fn send(&mut self, frame: &Bytes, written: &mut Written) -> io::Result<bool> {
        match self.socket.try_write(frame) {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Ok(length) => {
                self.rest = frame.slice(length..);
                written.bytes += length as u64;
                written.frames += u64::from(self.rest.is_empty());
                // A spectator that was blocked and no longer is has read something.
                if mem::take(&mut self.is_blocked) {
                    self.unanswered_pings = 0;
                }
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_blocked = true;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// A snapshot is sent. Count those that were skipped before it.
    fn skip_to(&mut self, number: u32, written: &mut Written) {
        if self.snapshot_number > 0 {
            let skipped = number.wrapping_sub(self.snapshot_number) - 1;
            written.skipped += u64::from(skipped);
        }
        self.snapshot_number = number;
    }

    /// Read what has come. The loop ends, because a spectator may not send much.
    fn read(&mut self) -> Result<(), CloseReason> {
        let mut space = [0; READ_BYTES];
        loop {
            match self.socket.try_read(&mut space) {
                Ok(0) => return Err(CloseReason::left()),
                Ok(length) => self.take(&space[..length])?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(_gone) => return Err(CloseReason::left()),
            }
        }
    }

    /// Take bytes that came.
    ///
    /// # Errors
    /// The spectator left or must be closed.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) -> Result<(), CloseReason> {
        loop {
            let received = self.reader.next(&mut bytes).map_err(|Unexpected| {
                CloseReason::malformed(
                    "A spectator only listens: the relay takes no messages here.",
                )
            })?;
            match received {
                None if bytes.is_empty() => return Ok(()),
                None => {}
                Some(received) => self.react(received)?,
            }
        }
    }

    fn react(&mut self, received: Received) -> Result<(), CloseReason> {
        // A ping that waits behind unread frames cannot have been answered.
        if !self.ping_is_due {
            self.unanswered_pings = 0;
        }
        self.frames += 1;
        if self.frames > MAX_FRAMES_BETWEEN_PINGS {
            return Err(CloseReason::new(
                CloseCode::SentTooMuch,
                "This client sent more than a spectator may.",
            ));
        }
        match received {
            Received::Close => return Err(CloseReason::left()),
            Received::Ping(payload) => self.pong = frame::pong(&payload),
            Received::Pong => {}
        }
        Ok(())
    }

    fn ping(&mut self) -> Result<(), CloseReason> {
        if self.unanswered_pings == MAX_UNANSWERED_PINGS {
            return Err(CloseReason::new(
                CloseCode::TooSlow,
                "This client does not read: open the race again.",
            ));
        }
        self.unanswered_pings += 1;
        self.frames = 0;
        self.ping_is_due = true;
        Ok(())
    }

    /// Send the reason and wait, for as long as `limit`, until the other side has closed too.
    pub(crate) async fn close(
        mut self,
        reason: CloseReason,
        limit: Duration,
        lifecycle: Lifecycle,
    ) {
        tokio::select! {
            _closed_or_not = timeout(limit, self.send_close(&reason)) => {}
            () = lifecycle.aborting.cancelled() => {}
        }
    }

    async fn send_close(&mut self, reason: &CloseReason) -> io::Result<()> {
        self.socket.write_all_buf(&mut self.rest).await?;
        let mut close = frame::close(reason.code.number(), reason.text());
        self.socket.write_all_buf(&mut close).await?;
        self.socket.shutdown().await?;
        discard(&mut self.socket).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Admission;
    use std::sync::Arc;

    use rcgen::{CertificateParams, KeyPair};
    use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
    use rustls::{ClientConfig, RootCertStore, ServerConfig};
    use tokio::io::{AsyncRead, AsyncReadExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::{TlsAcceptor, TlsConnector, client};

    /// Larger than all buffers of a connection together, so that ten of them are written in part.
    const LARGE: usize = 1 << 20;

    async fn watching() -> (Spectator, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (viewer, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (socket, peer) = accepted.unwrap();
        let slot = Admission::new(1, 0).enter(peer.ip()).unwrap();
        socket.writable().await.unwrap();
        (
            Spectator::new(ClientStream::Tcp(socket), slot).unwrap(),
            viewer.unwrap(),
        )
    }

    /// The same over TLS.
    async fn watching_over_tls() -> (Spectator, client::TlsStream<TcpStream>) {
        let (Spectator { socket, slot, .. }, viewer) = watching().await;
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            );
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let (accepted, connected) = tokio::join!(
            // Without a limit of what it holds, the whole frame is taken at once.
            TlsAcceptor::from(Arc::new(server.unwrap()))
                .accept_with(socket, |connection| connection.set_buffer_limit(None)),
            TlsConnector::from(Arc::new(client)).connect(name, viewer),
        );
        let socket = ClientStream::Tls(Box::new(accepted.unwrap()));
        (Spectator::new(socket, slot).unwrap(), connected.unwrap())
    }

    /// A view whose frames are told apart by their bytes.
    fn view(number: u8, length: usize) -> View {
        View {
            text: Bytes::from(vec![b't'; 3]),
            text_number: 1,
            snapshot: Bytes::from(vec![number; length]),
            snapshot_number: number.into(),
        }
    }

    async fn read(viewer: &mut (impl AsyncRead + Unpin), length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        viewer.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    #[test]
    fn a_spectator_is_small() {
        assert!(size_of::<Spectator>() <= 192, "{}", size_of::<Spectator>());
    }

    #[tokio::test]
    async fn the_text_goes_first_and_nothing_twice() {
        let (mut spectator, mut viewer) = watching().await;
        let mut written = Written::default();
        for number in [1, 1, 2, 2, 5] {
            let turn = spectator.turn(&view(number, 2), false, &mut written);
            assert!(turn.is_ok());
        }
        assert_eq!(read(&mut viewer, 9).await, *b"ttt\x01\x01\x02\x02\x05\x05");
        let Written {
            frames,
            bytes,
            skipped,
        } = written;
        assert_eq!((frames, bytes, skipped), (4, 9, 2));
    }

    #[tokio::test]
    async fn a_blocked_spectator_gets_the_rest_of_a_frame_and_then_the_newest() {
        let (spectator, viewer) = watching().await;
        blocked_and_then_the_newest(spectator, viewer).await;
    }

    #[tokio::test]
    async fn a_blocked_spectator_over_tls_gets_no_more_than_the_rest_of_a_frame_either() {
        let (spectator, viewer) = watching_over_tls().await;
        blocked_and_then_the_newest(spectator, viewer).await;
    }

    async fn blocked_and_then_the_newest(
        mut spectator: Spectator,
        mut viewer: impl AsyncRead + Unpin,
    ) {
        let mut written = Written::default();
        for number in 1..=9 {
            let view = view(number, LARGE);
            assert!(spectator.turn(&view, false, &mut written).is_ok());
        }
        assert!(spectator.is_blocked);
        let newest = view(9, LARGE);
        let write = async {
            loop {
                spectator.socket.tcp().writable().await.unwrap();
                assert!(spectator.turn(&newest, false, &mut written).is_ok());
                tokio::task::yield_now().await;
            }
        };
        let all = tokio::select! {
            all = timeout(Duration::from_secs(20), read(&mut viewer, 3 + 2 * LARGE)) => all.unwrap(),
            () = write => unreachable!("it writes on"),
        };
        let snapshots: Vec<_> = all[3..].chunks(LARGE).collect();
        assert!(snapshots[0].iter().all(|&byte| byte == 1));
        assert!(snapshots[1].iter().all(|&byte| byte == 9));
        assert_eq!((written.frames, written.skipped), (3, 7));
    }

    #[tokio::test]
    async fn a_spectator_that_answers_no_ping_is_closed_and_one_that_does_is_not() {
        let (mut spectator, mut viewer) = watching().await;
        let mut written = Written::default();
        let nothing = View::default();
        for _ in 0..10 {
            assert!(spectator.turn(&nothing, true, &mut written).is_ok());
            assert_eq!(read(&mut viewer, 2).await, [0x89, 0]);
            viewer.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.unwrap();
            spectator.socket.tcp().readable().await.unwrap();
        }
        for _ in 0..2 {
            assert!(spectator.turn(&nothing, true, &mut written).is_ok());
        }
        let over = spectator.turn(&nothing, true, &mut written);
        assert_eq!(over.unwrap_err().code, CloseCode::TooSlow);
    }

    #[tokio::test]
    async fn a_spectator_that_reads_nothing_is_closed_although_it_sends_pongs() {
        let (mut spectator, mut viewer) = watching().await;
        let mut written = Written::default();
        let large = view(1, 16 * LARGE);
        let mut turns = 0;
        let reason = loop {
            viewer.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await.unwrap();
            spectator.socket.tcp().readable().await.unwrap();
            match spectator.turn(&large, true, &mut written) {
                Ok(()) => turns += 1,
                Err(reason) => break reason,
            }
            assert!(turns < 10, "it is kept for ever");
        };
        assert_eq!(reason.code, CloseCode::TooSlow);
    }
}
