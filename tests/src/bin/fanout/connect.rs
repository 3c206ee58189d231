//! Connects spectators: a few handshakes at a time, without a library, whose buffers would be held for thousands.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use socket2::{Domain, Protocol, Socket, Type};

use crate::races::Races;
use crate::spectator::Connected;
use crate::spectators::Spectators;

/// Handshakes at once.
const AT_ONCE: usize = 4;
/// The head of the relay's answer has a few hundred bytes.
const MAX_HEAD_BYTES: usize = 8 * 1024;
const DEADLINE: Duration = Duration::from_secs(20);

/// Connect spectators with these numbers to the rooms in turn.
pub(crate) fn connect_all(
    spectators: &Spectators,
    relay: SocketAddr,
    races: &Races,
    numbers: std::ops::Range<usize>,
) -> anyhow::Result<()> {
    at_once(|first| {
        for number in numbers.clone().skip(first).step_by(AT_ONCE) {
            let room = number % races.count();
            let (socket, read_ahead) = watch(relay, races.room_id(room), None)?;
            let connected = Connected {
                socket,
                room,
                read_ahead,
            };
            spectators.add(connected, number)?;
        }
        Ok(())
    })
}

/// Connect spectators who will read nothing, with the smallest receive buffers the system allows.
pub(crate) fn connect_stalled(
    relay: SocketAddr,
    room: &str,
    number: usize,
) -> anyhow::Result<Vec<TcpStream>> {
    const BUFFER_BYTES: usize = 4 * 1024;
    let all = std::sync::Mutex::new(Vec::new());
    at_once(|first| {
        for _ in (first..number).step_by(AT_ONCE) {
            let (socket, _) = watch(relay, room, Some(BUFFER_BYTES))?;
            if let Ok(mut all) = all.lock() {
                all.push(socket);
            }
        }
        Ok(())
    })?;
    all.into_inner().ok().context("a thread panicked")
}

/// Run a function in a few threads, each with its number.
pub(crate) fn at_once(each: impl Fn(usize) -> anyhow::Result<()> + Sync) -> anyhow::Result<()> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|n| {
                scope.spawn({
                    let each = &each;
                    move || each(n)
                })
            })
            .collect();
        for thread in threads {
            let done = thread.join();
            done.map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        }
        Ok(())
    })
}

/// Connect, with a receive buffer of this size unless the system chooses.
pub(crate) fn connect(address: SocketAddr, receive: Option<usize>) -> anyhow::Result<TcpStream> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if let Some(bytes) = receive {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.connect(&address.into())?;
    Ok(socket.into())
}

/// Begin to watch a room; gives the socket and the bytes that came right behind the handshake.
fn watch(
    relay: SocketAddr,
    room: &str,
    receive: Option<usize>,
) -> anyhow::Result<(TcpStream, Vec<u8>)> {
    let mut socket = connect(relay, receive)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(DEADLINE))?;
    let request = format!(
        "GET /spectate/{room} HTTP/1.1\r\nHost: {relay}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: mp-spectate.v1\r\n\r\n"
    );
    socket.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    let end = loop {
        let mut space = [0; 2048];
        let length = socket.read(&mut space).context("no answer")?;
        ensure!(length > 0 && head.len() < MAX_HEAD_BYTES, "no handshake");
        head.extend(&space[..length]);
        if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
    };
    ensure!(
        head.starts_with(b"HTTP/1.1 101 "),
        "refused: {}",
        String::from_utf8_lossy(&head)
    );
    let read_ahead = head.split_off(end);
    Ok((socket, read_ahead))
}
