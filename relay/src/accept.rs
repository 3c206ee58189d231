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

use crate::admission::Admission;
use crate::context::Context;
use crate::http::Peer;
use crate::phase::{self, Phase};

/// HTTP connections at once, players not counted: enough for a class that opens the page together.
const MAX_HTTP_CONNECTIONS: usize = 1024;
/// Of these from one address: a browser opens six, and a school has one address.
const MAX_HTTP_PER_IP: usize = 256;
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

/// Open the port.
pub(crate) fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    match try_listen(address) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => bail!(
            "port {port} of {ip} is taken: stop the program that has it, or take another with --listen {ip}:PORT",
            port = address.port(),
            ip = address.ip(),
        ),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => bail!(
            "port {} is only for privileged programs: take one above 1023 with --listen {}:PORT",
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

/// Accept until the relay stops.
pub(crate) async fn run(listener: TcpListener, router: Router, context: Arc<Context>) {
    // No limit for players of one address says that a proxy stands before the relay.
    let per_ip = (context.config.max_per_ip > 0).then_some(MAX_HTTP_PER_IP);
    let places = Admission::new(MAX_HTTP_CONNECTIONS, per_ip.unwrap_or(0));
    let mut phase = context.phase.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = phase::until(&mut phase, |phase| phase != Phase::Running) => return,
        };
        match accepted {
            Ok((socket, peer)) => {
                // Who comes when there is no place is hung up on: there is no place for an answer either.
                let Ok(place) = places.enter(peer.ip()) else {
                    continue;
                };
                let (router, context) = (router.clone(), Arc::clone(&context));
                tokio::spawn(async move {
                    serve(socket, peer, router, &context).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(socket: TcpStream, peer: SocketAddr, router: Router, context: &Context) {
    if socket.set_nodelay(true).is_err() {
        return;
    }
    let peer = Extension(Peer(peer.ip().to_canonical()));
    let service = TowerToHyperService::new(router.layer(peer));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(context.config.patience.http_head)
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(socket), service)
            .with_upgrades()
    );
    let mut phase = context.phase.clone();
    // Whatever goes wrong on an HTTP connection concerns nobody but its client, who has been answered.
    tokio::select! {
        _result = connection.as_mut() => return,
        () = tokio::time::sleep(MAX_HTTP_LIFE) => return,
        () = phase::until(&mut phase, |phase| phase != Phase::Running) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _result = connection => {}
        () = phase::until(&mut phase, |phase| phase >= Phase::Closing) => {}
    }
}
