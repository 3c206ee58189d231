//! One player's connection: cuts its bytes into lines for the engine, and writes the engine's lines. It ends without
//! TLS's close_notify, as the original's does.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use protocol::line::LineDecoder;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use crate::admission::Slot;
use crate::engine::{Engine, Link, Reading};
use crate::pace::Pace;
use rules::Conn;

/// How much is read at once. A command has about a hundred bytes.
const READ_BYTES: usize = 2 * 1024;
/// How much is cut into lines at once. Each byte may be a line of its own, which takes some thirty bytes while it waits.
const CUT_BYTES: usize = 256;
/// How many lines are taken from the queue at once. Few ever wait.
const WRITE_LINES: usize = 64;
/// How much is written at once.
const WRITE_BYTES: usize = 8 * 1024;
/// How long a peer may accept nothing of what waits for it. However much waits, a peer that reads is not cut off.
const STALL_LIMIT: Duration = Duration::from_secs(10);
/// How much the system may hold for a peer. With more, it would report a slow reader's progress too seldom.
const SOCKET_BUFFER_BYTES: usize = 64 * 1024;
/// How long the end of a connection waits for the peer's own end. Closing with bytes unread would reset the connection and
/// lose the last reply.
const LINGER_LIMIT: Duration = Duration::from_secs(2);
/// How much is read and dropped meanwhile.
const MAX_LINGER_BYTES: u64 = 1 << 20;

/// Serve one connection until either side ends it.
pub(crate) async fn serve(engine: Arc<Engine>, stream: TlsStream<TcpStream>, slot: &Slot) {
    let Ok(peer) = stream.get_ref().0.peer_addr() else {
        // It is gone already.
        return;
    };
    let Link {
        conn,
        mut lines,
        resume,
        pace,
    } = engine.connect(peer.ip());
    // The session ends with this task, however that ends.
    let session = scopeguard::guard((), |()| engine.disconnect(conn));
    tracing::debug!(conn = conn.0, "connected");
    let (mut reader, mut writer) = tokio::io::split(stream);
    let reading = async {
        read_lines(&engine, conn, &resume, &pace, slot, &mut reader).await;
        // The peer has ended its side. What is queued for it still goes out.
        engine.disconnect(conn);
        std::future::pending::<()>().await;
    };
    let written = |bytes| engine.written(conn, bytes);
    tokio::select! {
        () = reading => {}
        ended = write_lines(&mut lines, &mut writer, written) => {
            if let Err(error) = ended {
                tracing::debug!(conn = conn.0, %error, "cut off");
            }
        }
    }
    drop(session);
    tracing::debug!(conn = conn.0, "disconnected");
    let (tcp, _) = reader.unsplit(writer).into_inner();
    end(tcp).await;
}

/// Bound what the system holds for a peer.
pub(crate) fn bound_buffers(tcp: &TcpStream) {
    // Larger buffers only cost memory, and report a slow peer's progress later.
    let _ = SockRef::from(tcp).set_send_buffer_size(SOCKET_BUFFER_BYTES);
}

/// End a TCP connection in order.
pub(crate) async fn end(mut tcp: TcpStream) {
    if tcp.shutdown().await.is_ok() {
        let mut rest = tcp.take(MAX_LINGER_BYTES);
        // What the peer still sends is dropped, and its end may be an error.
        let _ = timeout(
            LINGER_LIMIT,
            tokio::io::copy(&mut rest, &mut tokio::io::sink()),
        )
        .await;
    }
}

async fn read_lines(
    engine: &Arc<Engine>,
    conn: Conn,
    resume: &Notify,
    pace: &Pace,
    slot: &Slot,
    reader: &mut (impl AsyncRead + Unpin),
) {
    let mut signed_in = false;
    let mut decoder = LineDecoder::new(engine.reading(conn).line_limit);
    let mut bytes = vec![0; READ_BYTES];
    // An end without close_notify is an error to TLS and an ordinary end here.
    while let Ok(count @ 1..) = reader.read(&mut bytes).await {
        for piece in bytes[..count].chunks(CUT_BYTES) {
            decoder.push(piece);
            while let Some(line) = decoder.next_line() {
                pace.keep().await;
                engine.line(conn, line);
                let reading = once_ready(engine, conn, resume).await;
                for _ in 0..engine.take_cost(conn) {
                    pace.keep().await;
                }
                if reading.signed_in && !signed_in {
                    signed_in = true;
                    slot.sign_in();
                }
                decoder.set_limit(reading.line_limit);
            }
        }
    }
}

/// Wait until the session takes the next line.
async fn once_ready(engine: &Engine, conn: Conn, resume: &Notify) -> Reading {
    loop {
        let reading = engine.reading(conn);
        if reading.takes_lines {
            return reading;
        }
        resume.notified().await;
    }
}

/// Write lines until they end, and report what was written.
///
/// # Errors
/// The peer is gone, or accepted nothing for [`STALL_LIMIT`].
async fn write_lines(
    lines: &mut UnboundedReceiver<Arc<str>>,
    writer: &mut (impl AsyncWrite + Unpin),
    written: impl Fn(usize),
) -> io::Result<()> {
    let (mut queued, mut bytes) = (Vec::new(), Vec::new());
    while lines.recv_many(&mut queued, WRITE_LINES).await > 0 {
        for line in queued.drain(..) {
            if bytes.len() + line.len() >= WRITE_BYTES {
                write_whole(writer, &bytes).await?;
                written(bytes.len());
                bytes.clear();
            }
            if line.len() >= WRITE_BYTES {
                // A list goes to many, so it is not copied for each.
                write_whole(writer, line.as_bytes()).await?;
                written(line.len());
            } else {
                bytes.extend_from_slice(line.as_bytes());
            }
            bytes.push(b'\n');
        }
        write_whole(writer, &bytes).await?;
        written(bytes.len());
        bytes.clear();
    }
    Ok(())
}

/// Write bytes in pieces, each of which must get on.
async fn write_whole(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    for mut piece in bytes.chunks(WRITE_BYTES) {
        while !piece.is_empty() {
            let count = timeout(STALL_LIMIT, writer.write(piece)).await??;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            piece = &piece[count..];
        }
        timeout(STALL_LIMIT, writer.flush()).await??;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;
    use tokio::time::{Instant, sleep};

    fn queued(lines: &[&str]) -> UnboundedReceiver<Arc<str>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        for line in lines {
            sender.send((*line).into()).unwrap();
        }
        receiver
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_accepts_nothing_is_given_up_after_the_limit() {
        let (mut writer, _reader) = tokio::io::duplex(64);
        let start = Instant::now();
        let mut lines = queued(&["x".repeat(65).as_str()]);
        let ended = write_lines(&mut lines, &mut writer, |_| {}).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), STALL_LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_gets_everything_however_much_waits() {
        let (mut writer, mut reader) = tokio::io::duplex(64 * 1024);
        let long = "x".repeat(1 << 20);
        let sent = [long.as_str(), "short", "", long.as_str(), "end"];
        let mut lines = queued(&sent);
        let reading = async {
            let (mut heard, mut piece) = (Vec::new(), vec![0; 64 * 1024]);
            loop {
                sleep(STALL_LIMIT - Duration::from_secs(1)).await;
                match reader.read(&mut piece).await {
                    Ok(count @ 1..) => heard.extend_from_slice(&piece[..count]),
                    _ => return heard,
                }
            }
        };
        let counted = std::cell::Cell::new(0);
        let written = |bytes| counted.set(counted.get() + bytes);
        let writing = async {
            write_lines(&mut lines, &mut writer, written).await.unwrap();
            drop(writer);
        };
        let (heard, ()) = tokio::join!(reading, writing);
        assert!(heard == (sent.join("\n") + "\n").into_bytes());
        assert_eq!(counted.get(), heard.len());
    }
}
