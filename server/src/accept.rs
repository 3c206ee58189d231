//! Accepts TCP connections and starts TLS on them: many at once by default, one after another in the faithful mode.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::connection;
use crate::engine::Engine;
use rules::MAX_SESSIONS;

/// How long a handshake may take: a slow phone on a bad network needs two or three seconds.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long a peer may be silent before it is closed in the faithful mode. The original closed one after 0.1 s (recording
/// `plain_tcp`); a real client sends its hello at once.
const FAITHFUL_SILENCE: Duration = Duration::from_secs(1);
/// How long to wait when the system cannot accept, most likely because descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The first byte of every TLS connection.
const TLS_HANDSHAKE_RECORD: u8 = 0x16;

/// Accept connections. Never ends; dropping the future ends all of them.
pub(crate) async fn run(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    engine: Arc<Engine>,
    faithful: bool,
) {
    let seats = Arc::new(Semaphore::new(MAX_SESSIONS));
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => continue,
        };
        let (tcp, address) = match accepted {
            Ok((tcp, from)) => (tcp, from.ip()),
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else {
            tracing::warn!(MAX_SESSIONS, "full: connection refused");
            continue;
        };
        let (acceptor, engine) = (acceptor.clone(), Arc::clone(&engine));
        if faithful {
            // The original's defect: nobody else is accepted meanwhile.
            let stream = faithful_handshake(&acceptor, tcp, &mut tasks).await;
            tasks.spawn(async move {
                finish(engine, stream, address).await;
                drop(seat);
            });
        } else {
            tasks.spawn(async move {
                finish(engine, handshake(&acceptor, tcp).await, address).await;
                drop(seat);
            });
        }
    }
}

async fn finish(
    engine: Arc<Engine>,
    stream: anyhow::Result<TlsStream<TcpStream>>,
    address: IpAddr,
) {
    match stream {
        Ok(stream) => connection::serve(engine, stream, address).await,
        Err(error) => tracing::debug!("no connection: {error:#}"),
    }
}

async fn handshake(acceptor: &TlsAcceptor, tcp: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
    tcp.set_nodelay(true)?;
    connection::bound_buffers(&tcp);
    let accepted = timeout(HANDSHAKE_LIMIT, acceptor.accept(tcp)).await;
    accepted
        .context("no TLS handshake in time")?
        .context("TLS handshake failed")
}

/// Close a peer that is silent or does not speak TLS without an alert, as the original does.
async fn faithful_handshake(
    acceptor: &TlsAcceptor,
    tcp: TcpStream,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    let peeked = timeout(FAITHFUL_SILENCE, tcp.peek(&mut first)).await;
    if matches!(peeked, Ok(Ok(1))) && first == [TLS_HANDSHAKE_RECORD] {
        return handshake(acceptor, tcp).await;
    }
    tasks.spawn(connection::end(tcp));
    bail!("the peer does not speak TLS");
}
