//! The UDP side of a connection with a game server. Datagrams pass untouched.

use std::io;

use bytes::Bytes;
use protocol::cipher::MAX_DATAGRAM_BYTES;
use tokio::net::UdpSocket;

/// A connected socket of one session. A server's datagrams name no recipient, so sessions cannot share a socket.
#[derive(Debug)]
pub struct Datagrams(UdpSocket);

/// What the socket had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A datagram of at most [`MAX_DATAGRAM_BYTES`].
    Datagram(Bytes),
    /// A datagram that is too long or empty, or the report of a closed port.
    Unusable,
    /// Nothing more has come.
    Nothing,
}

impl Datagrams {
    /// Use a socket that is connected with the game server.
    pub fn new(socket: UdpSocket) -> Self {
        Self(socket)
    }

    /// Send a datagram now or drop it, since a delayed one is out of date; says whether it was sent.
    pub fn send(&self, datagram: &[u8]) -> bool {
        // The system refuses once to report that an earlier datagram met a closed port.
        let sent = match self.0.try_send(datagram) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                self.0.try_send(datagram)
            }
            sent => sent,
        };
        sent.is_ok()
    }

    /// Wait until something has come. Dropping the future loses nothing.
    pub async fn readable(&self) {
        // It fails only when the runtime ends, and everything with it.
        let _ending = self.0.readable().await;
    }

    /// Give the next datagram that has come. The report of a closed port (ICMP) does not end a session: the server may
    /// open the port again.
    pub fn receive(&self) -> Received {
        // One byte more than the longest, to tell a longer one from it.
        let mut space = [0; MAX_DATAGRAM_BYTES + 1];
        match self.0.try_recv(&mut space) {
            Ok(length) if length > MAX_DATAGRAM_BYTES || length == 0 => Received::Unusable,
            Ok(length) => Received::Datagram(Bytes::copy_from_slice(&space[..length])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Received::Nothing,
            Err(_icmp) => Received::Unusable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn empty_and_too_long_datagrams_are_unusable() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(server.local_addr().unwrap()).await.unwrap();
        let client = socket.local_addr().unwrap();
        // A new socket is not writable before tokio has polled it.
        socket.writable().await.unwrap();
        let datagrams = Datagrams::new(socket);
        assert_eq!(datagrams.receive(), Received::Nothing);
        assert!(datagrams.send(b"up"));
        let mut space = [0; 8];
        let (length, _) = server.recv_from(&mut space).await.unwrap();
        assert_eq!(&space[..length], b"up");
        for (length, is_usable) in [
            (0, false),
            (1, true),
            (MAX_DATAGRAM_BYTES, true),
            (MAX_DATAGRAM_BYTES + 1, false),
        ] {
            server.send_to(&vec![7; length], client).await.unwrap();
            datagrams.readable().await;
            let expected = if is_usable {
                Received::Datagram(vec![7; length].into())
            } else {
                Received::Unusable
            };
            assert_eq!(datagrams.receive(), expected, "{length}");
        }
    }
}
