//! Accepts TCP connections and starts TLS on them: many at once by default, one after another in the faithful mode.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::admission::{Admission, Slot};
use crate::connection;
use crate::engine::Engine;

/// How long a peer may take to begin its TLS handshake. Clients send their hello at once.
const FIRST_BYTES_LIMIT: Duration = Duration::from_secs(2);
/// How long a handshake may take: a slow phone on a bad network needs two or three seconds.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long a peer may be silent before it is closed in the faithful mode. The original closed one after 0.1 s (recording
/// `plain_tcp`); a real client sends its hello at once.
const FAITHFUL_SILENCE: Duration = Duration::from_secs(1);
/// How long to wait when the system cannot accept, most likely because descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often a refused connection is logged at most.
const WARNING_PAUSE: Duration = Duration::from_secs(10);
/// The first byte of every TLS connection.
const TLS_HANDSHAKE_RECORD: u8 = 0x16;

/// What accepting connections needs.
pub(crate) struct Accept {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) engine: Arc<Engine>,
    pub(crate) admission: Admission,
    pub(crate) faithful: bool,
}

impl Accept {
    /// Accept connections. Never ends; dropping the future ends all of them.
    pub(crate) async fn run(self, listener: TcpListener) {
        let mut tasks = JoinSet::new();
        let mut warned: Option<Instant> = None;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = tasks.join_next() => continue,
            };
            let (tcp, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            match self.admission.enter(from.ip()) {
                Ok(slot) => self.start(tcp, slot, &mut tasks).await,
                Err(full) => {
                    if warned.is_none_or(|at| at.elapsed() >= WARNING_PAUSE) {
                        tracing::warn!(?full, "connection refused");
                        warned = Some(Instant::now());
                    }
                }
            }
        }
    }

    async fn start(&self, tcp: TcpStream, slot: Slot, tasks: &mut JoinSet<()>) {
        let (acceptor, engine) = (self.acceptor.clone(), Arc::clone(&self.engine));
        if self.faithful {
            // The original's defect: nobody else is accepted meanwhile.
            let stream = faithful_handshake(&acceptor, tcp, tasks).await;
            tasks.spawn(async move { finish(engine, stream, &slot).await });
        } else {
            tasks.spawn(async move {
                let serve = async { finish(engine, handshake(&acceptor, tcp).await, &slot).await };
                tokio::select! {
                    () = serve => {}
                    () = slot.evicted.cancelled() => tracing::debug!("made place for another"),
                }
            });
        }
    }
}

async fn finish(engine: Arc<Engine>, stream: anyhow::Result<TlsStream<TcpStream>>, slot: &Slot) {
    match stream {
        Ok(stream) => connection::serve(engine, stream, slot).await,
        Err(error) => tracing::debug!("no connection: {error:#}"),
    }
}

async fn handshake(acceptor: &TlsAcceptor, tcp: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
    let speaks = speaks_tls(&tcp, FIRST_BYTES_LIMIT).await;
    ensure!(speaks, "the peer does not speak TLS");
    start_tls(acceptor, tcp).await
}

async fn start_tls(acceptor: &TlsAcceptor, tcp: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
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
    if speaks_tls(&tcp, FAITHFUL_SILENCE).await {
        return start_tls(acceptor, tcp).await;
    }
    tasks.spawn(connection::end(tcp));
    bail!("the peer does not speak TLS");
}

/// Say whether a peer begins a TLS handshake within a time.
async fn speaks_tls(tcp: &TcpStream, limit: Duration) -> bool {
    let mut first = [0];
    let peeked = timeout(limit, tcp.peek(&mut first)).await;
    matches!(peeked, Ok(Ok(1))) && first == [TLS_HANDSHAKE_RECORD]
}
