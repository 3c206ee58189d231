//! The one UDP socket: datagrams in, those to others out. Many datagrams are taken per wake-up, since all cars
//! tend to send at the same instant.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use protocol::cipher::MAX_DATAGRAM_BYTES;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::engine::{Datagram, Engine};

/// What the system is asked to hold between two wake-ups, each way: two seconds of 100 cars at 20 Hz. It may grant less.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;
/// How many datagrams are taken before other tasks run.
const BURST: usize = 64;

/// Open the socket.
pub(crate) fn bind(address: SocketAddr) -> anyhow::Result<UdpSocket> {
    let bind = || {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        // Smaller buffers only lose datagrams sooner.
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
        UdpSocket::from_std(socket.into())
    };
    bind().with_context(|| format!("cannot open UDP {address}; is the port taken?"))
}

/// Serve the socket. Never ends.
pub(crate) async fn run(socket: UdpSocket, engine: Arc<Engine>) {
    let mut bytes = [0; MAX_DATAGRAM_BYTES];
    loop {
        if let Err(error) = socket.readable().await {
            tracing::warn!(%error, "UDP socket");
        }
        for _ in 0..BURST {
            // An error says that none is left, or reports a peer's closed port.
            let Ok((count, from)) = socket.try_recv_from(&mut bytes) else {
                break;
            };
            for datagram in engine.datagram(from, &bytes[..count]) {
                send(&socket, &datagram).await;
            }
        }
        tokio::task::yield_now().await;
    }
}

async fn send(socket: &UdpSocket, Datagram { to, payload }: &Datagram) {
    let sent = socket.try_send_to(payload, *to);
    if sent.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock) {
        // The send buffer is full. Waiting saves the burst; a receiver's error does not matter here.
        let _ = socket.send_to(payload, *to).await;
    }
}
