//! The relay's own accept loop: what a framework's does, plus a limit of connections and a limit of time for the
//! head of a request. Players leave it when they are upgraded; they have limits of their own.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

use crate::config::Config;
use crate::http::Peer;
use crate::lifecycle::{self, Phase};
use crate::limits::admission::{Admission, NoPlace};
use crate::metrics::{Limit, Metrics};

/// HTTP connections at once, players not counted: enough for a class that opens the page together.
const MAX_HTTP_CONNECTIONS: usize = 1024;
/// Of these from one address: a browser opens six, and a school has one address.
const MAX_HTTP_PER_IP: usize = 256;
/// Connections to the operator's own port at once: a scraper or two, and a person who looks.
const MAX_OPERATOR_CONNECTIONS: usize = 16;
/// The longest life of an HTTP connection; the page is down in a second or two, and who reads it so slowly that
/// it is not holds a place for nothing.
const MAX_HTTP_LIFE: Duration = Duration::from_secs(300);
/// Connections the system holds ready.
const BACKLOG: u32 = 1024;
/// The head of a request: a browser's has 1 KiB or two.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Headers in it.
const MAX_HEADERS: usize = 64;
/// The pause after a failed accept, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Open the port that `option` sets.
pub(crate) fn listen(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    match try_listen(address) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => bail!(
            "port {port} of {ip} is taken: stop the program that has it, or take another with {option} {ip}:PORT",
            port = address.port(),
            ip = address.ip(),
        ),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => bail!(
            "port {} is only for privileged programs: take one above 1023 with {option} {}:PORT",
            address.port(),
            address.ip()
        ),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}")),
    }
}

fn try_listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // On Windows the option would let two programs share the port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// One port, and what is answered there.
pub(crate) struct Port {
    pub(crate) listener: TcpListener,
    pub(crate) router: Router,
    pub(crate) places: Admission,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) phase: watch::Receiver<Phase>,
    /// The phases in which nobody new comes in, and connections end with the answer that is due.
    pub(crate) is_over: fn(Phase) -> bool,
    /// The longest wait for the head of a request.
    pub(crate) head: Duration,
}

/// The places of the port where browsers connect.
pub(crate) fn places(config: &Config) -> Admission {
    // No limit for players of one address says that a proxy stands before the relay.
    let per_ip = (config.max_per_ip > 0).then_some(MAX_HTTP_PER_IP);
    Admission::new(MAX_HTTP_CONNECTIONS, per_ip.unwrap_or(0))
}

/// The places of the operator's own port.
pub(crate) fn operator_places() -> Admission {
    Admission::new(MAX_OPERATOR_CONNECTIONS, 0)
}

impl Port {
    /// Accept until it is over.
    pub(crate) async fn run(self) {
        let mut phase = self.phase.clone();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = lifecycle::until(&mut phase, self.is_over) => return,
            };
            match accepted {
                Ok((socket, peer)) => self.take(socket, peer),
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn take(&self, socket: TcpStream, peer: SocketAddr) {
        // Who comes when there is no place is hung up on: there is no place for an answer either.
        let place = match self.places.enter(peer.ip()) {
            Ok(place) => place,
            Err(NoPlace::Full) => return self.metrics.reached(Limit::HttpConnections),
            Err(NoPlace::TooManyFromAddress) => {
                return self.metrics.reached(Limit::HttpConnectionsOfAddress);
            }
        };
        let (router, phase) = (self.router.clone(), self.phase.clone());
        let (head, is_over) = (self.head, self.is_over);
        tokio::spawn(async move {
            serve(socket, peer, router, phase, (head, is_over)).await;
            drop(place);
        });
    }
}

async fn serve(
    socket: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut phase: watch::Receiver<Phase>,
    (head, is_over): (Duration, fn(Phase) -> bool),
) {
    if socket.set_nodelay(true).is_err() {
        return;
    }
    let peer = Extension(Peer(peer.ip().to_canonical()));
    let service = TowerToHyperService::new(router.layer(peer));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head)
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(socket), service)
            .with_upgrades()
    );
    // Whatever goes wrong on an HTTP connection concerns nobody but its client, who has been answered.
    tokio::select! {
        _result = connection.as_mut() => return,
        () = tokio::time::sleep(MAX_HTTP_LIFE) => return,
        () = lifecycle::until(&mut phase, is_over) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _result = connection => {}
        () = lifecycle::until(&mut phase, |phase| phase >= Phase::Closing) => {}
    }
}
