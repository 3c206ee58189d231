//! One player's connection: cuts its bytes into lines for the engine, and writes the engine's lines. It ends without
//! TLS's close_notify, as the original's does.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use protocol::line::LineDecoder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use crate::engine::{Engine, Link, QueuedLine};
use rules::Conn;

/// How much is read at once. A command has about a hundred bytes.
const READ_BYTES: usize = 16 * 1024;
/// How many lines are written at once. Few ever wait.
const WRITE_LINES: usize = 64;
/// How long a peer may take to accept what is written to it.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// How long the end of a connection waits for the peer's own end. Closing with bytes unread would reset the connection and
/// lose the last reply.
const LINGER_LIMIT: Duration = Duration::from_secs(2);
/// How much is read and dropped meanwhile.
const MAX_LINGER_BYTES: u64 = 1 << 20;

/// Serve one connection until either side ends it.
pub(crate) async fn serve(engine: Arc<Engine>, stream: TlsStream<TcpStream>, address: IpAddr) {
    let Link {
        conn,
        mut lines,
        signals,
    } = engine.connect(address);
    // The session ends with this task, however that ends.
    let session = scopeguard::guard((), |()| engine.disconnect(conn));
    tracing::debug!(conn = conn.0, "connected");
    let (mut reader, mut writer) = tokio::io::split(stream);
    let reading = async {
        read_lines(&engine, conn, &signals.resume, &mut reader).await;
        // The peer has ended its side. What is queued for it still goes out.
        engine.disconnect(conn);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = reading => {}
        () = write_lines(&mut lines, &mut writer) => {}
        () = signals.stalled.cancelled() => {}
    }
    drop(session);
    tracing::debug!(conn = conn.0, "disconnected");
    let (tcp, _) = reader.unsplit(writer).into_inner();
    end(tcp).await;
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
    reader: &mut (impl AsyncRead + Unpin),
) {
    let mut decoder = LineDecoder::default();
    let mut bytes = vec![0; READ_BYTES];
    // An end without close_notify is an error to TLS and an ordinary end here.
    while let Ok(count @ 1..) = reader.read(&mut bytes).await {
        decoder.push(&bytes[..count]);
        while let Some(line) = decoder.next_line() {
            engine.line(conn, line);
            while !engine.takes_lines(conn) {
                resume.notified().await;
            }
        }
    }
}

async fn write_lines(
    lines: &mut UnboundedReceiver<QueuedLine>,
    writer: &mut (impl AsyncWrite + Unpin),
) {
    let mut queued = Vec::new();
    while lines.recv_many(&mut queued, WRITE_LINES).await > 0 {
        let mut bytes = Vec::new();
        for (line, _permits) in queued.drain(..) {
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        let write = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        if !matches!(timeout(WRITE_LIMIT, write).await, Ok(Ok(()))) {
            return;
        }
    }
}
