//! The relay's own accept loop. It adds what a framework's lacks: limits of connections, and of the time for the head of a
//! request. Players and spectators leave it when they are upgraded, and have limits of their own.

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::io::Errno;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::pending::{Place, Slots};
use super::port::Port;
use super::tls::Tls;
use super::{Peer, Services, client_address, proxy_protocol};
use crate::client_stream::ClientStream;
use crate::config::Config;
use crate::descriptors;
use crate::lifecycle::Lifecycle;
use crate::limits::{Admission, Full, UNKNOWN};
use crate::metrics::{Limit, Metrics};

/// HTTP connections at once, players not counted: enough for a school class that opens the page together.
const MAX_HTTP_CONNECTIONS: usize = 1024;
/// HTTP connections of one address. A browser opens six, and a school has one address.
const MAX_HTTP_PER_IP: usize = 256;
/// Connections to the operator's own port at once: one or two scrapers, and a person.
const MAX_OPERATOR_CONNECTIONS: usize = 16;
/// The longest life of an HTTP connection. The page is loaded in a second or two, and a slow reader must not hold a slot
/// for ever.
const MAX_HTTP_LIFE: Duration = Duration::from_secs(300);
/// The longest head of a request. A browser's has one or two KiB.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// The most headers of a request.
const MAX_HEADERS: usize = 64;
/// The answer to a client with too many requests, or to one of a proxy's with too many connections. The proxy's other clients go on.
const TOO_MANY: &str =
    "Too many connections or requests come from this address: try again later.\n";
/// The pause after a failed accept. The usual cause is that no file descriptors are left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Who a port is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Browsers. The port closes when the drain begins, and the relay waits a moment for the responses that are due.
    Public,
    /// The operator's programs. They may watch the drain, and the relay does not wait for them.
    Operator,
}

/// Make the slots of the port where browsers connect. If clients are not told apart, one address may have all of them.
pub(crate) fn public_slots(config: &Config) -> Slots {
    let per_ip = descriptors::connections_of_address(MAX_HTTP_PER_IP, config);
    let per_ip = config.tells_clients_apart().then_some(per_ip);
    Slots::new(Admission::new(MAX_HTTP_CONNECTIONS, per_ip.unwrap_or(0)))
}

impl Audience {
    /// When the port closes. Connections of the public port end after the response that is due, the operator's at once.
    fn end(self, lifecycle: &Lifecycle) -> &CancellationToken {
        match self {
            Self::Public => &lifecycle.draining,
            Self::Operator => &lifecycle.closing,
        }
    }
}

/// Serve a port until it is closed. It ends earlier only if the system takes the port away.
pub(crate) async fn serve(port: Port, audience: Audience, router: Router, services: Arc<Services>) {
    let Services {
        metrics, lifecycle, ..
    } = &*services;
    let slots = match audience {
        Audience::Public => services.connections.clone(),
        Audience::Operator => Slots::new(Admission::new(MAX_OPERATOR_CONNECTIONS, 0)),
    };
    let end = audience.end(lifecycle);
    loop {
        let accepted = tokio::select! {
            accepted = port.accept() => accepted,
            () = end.cancelled() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_final(&error) => {
                return tracing::error!("cannot accept connections any more: {error}");
            }
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                if is_out_of_descriptors(&error) {
                    slots.make_room();
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Whoever may write to the relay's Unix socket is a proxy of the operator's.
        let is_proxied = audience == Audience::Public
            && (stream.is_local() || services.config.front.trusts(peer));
        // Without a slot the connection is dropped: a response would need a slot too.
        let place = match slots.enter(if is_proxied { UNKNOWN } else { peer }) {
            Ok(place) => place,
            Err(full) => {
                count(metrics, full);
                continue;
            }
        };
        let connection = Connection {
            peer: peer.to_canonical(),
            is_proxied,
            place,
            tls: services
                .tls
                .clone()
                .filter(|_| audience == Audience::Public),
            services: Arc::clone(&services),
        };
        let (router, end) = (router.clone(), end.clone());
        let task = connection.serve(stream, router, end);
        match audience {
            Audience::Public => lifecycle.spawn_connection(task),
            Audience::Operator => drop(tokio::spawn(task)),
        }
    }
}

fn too_many() -> Response {
    let close = [(header::CONNECTION, "close")];
    (StatusCode::TOO_MANY_REQUESTS, close, TOO_MANY).into_response()
}

/// Count a connection that gets no slot.
fn count(metrics: &Metrics, full: Full) {
    metrics.reached(match full {
        Full::InAll => Limit::HttpConnections,
        Full::OfAddress => Limit::HttpConnectionsOfAddress,
    });
}

/// Say whether a port that fails to accept a connection will never accept one again. Linux says so of a socket that was
/// shut down with EINVAL, and of one that is gone with EBADF or ENOTSOCK.
fn is_final(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidInput || is_one_of(error, &[Errno::BADF, Errno::NOTSOCK])
}

/// Say whether no file descriptors are left.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    is_one_of(error, &[Errno::MFILE, Errno::NFILE])
}

fn is_one_of(error: &io::Error, errors: &[Errno]) -> bool {
    Errno::from_io_error(error).is_some_and(|error| errors.contains(&error))
}

/// A connection that was accepted.
struct Connection {
    /// Who is at its other end. `is_proxied`: a trusted proxy, which names its clients.
    peer: IpAddr,
    is_proxied: bool,
    place: Place,
    /// `None`: the port speaks plain HTTP.
    tls: Option<Tls>,
    services: Arc<Services>,
}

impl Connection {
    /// Serve it until it ends. At `end` it ends after the response that is due, or at once if it has sent no request yet.
    async fn serve(mut self, stream: ClientStream, router: Router, end: CancellationToken) {
        let evicted = self.place.evicted.clone();
        let opened = tokio::select! {
            opened = timeout(self.services.config.timeouts.http_head, self.open(stream)) => opened,
            () = evicted.cancelled() => return,
            () = end.cancelled() => return,
        };
        match opened {
            Ok(Ok(stream)) => self.answer(stream, router, end).await,
            Ok(Err(error)) => self.log(&error),
            Err(_too_slow) => {}
        }
    }

    /// A wrong PROXY header is the operator's concern. Handshakes of TLS fail for many reasons that are not.
    fn log(&self, error: &io::Error) {
        let peer = self.peer;
        if !self.is_proxied || error.kind() != io::ErrorKind::InvalidData {
            tracing::debug!(%peer, "not served: {error}");
        } else if let Some(left_out) = self.services.refusal_lines.next() {
            tracing::warn!(%peer, left_out, "not served: {error}");
        }
    }

    /// Read what comes before HTTP.
    async fn open(&mut self, mut stream: ClientStream) -> io::Result<ClientStream> {
        stream.set_nodelay()?;
        let front = &self.services.config.front;
        if self.is_proxied
            && front.proxy_protocol
            && let Some(client) = proxy_protocol::read(&mut stream).await?
        {
            self.peer = client;
            self.is_proxied = front.trusts(client);
            if !self.is_proxied {
                self.identify(client)
                    .map_err(|_full| io::Error::other("too many connections of this address"))?;
            }
        }
        match &self.tls {
            Some(tls) => tls.accept(stream).await,
            None => Ok(stream),
        }
    }

    fn identify(&self, client: IpAddr) -> Result<(), Full> {
        let identified = self.place.identify(client);
        identified.inspect_err(|full| count(&self.services.metrics, *full))
    }

    /// Answer its requests. When the relay is closing, it ends at once.
    async fn answer(self, stream: ClientStream, router: Router, end: CancellationToken) {
        let service = TowerToHyperService::new(router);
        let has_asked = AtomicBool::new(false);
        let service = service_fn(|mut request: Request<Incoming>| {
            has_asked.store(true, Ordering::Relaxed);
            self.place.keep();
            let client = self.client(&request);
            let requests = self.services.requests.as_ref();
            let is_admitted = requests.is_none_or(|requests| requests.allow(client))
                && (!self.is_proxied || self.identify(client).is_ok());
            request.extensions_mut().insert(Peer(client));
            let answer = is_admitted.then(|| service.call(request));
            async {
                let answer = match answer {
                    Some(answer) => answer.await,
                    None => Ok(too_many()),
                };
                self.place.release();
                answer
            }
        });
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.services.config.timeouts.http_head)
                .max_buf_size(MAX_HEAD_BYTES)
                .max_headers(MAX_HEADERS)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
        );
        // An error of an HTTP connection concerns only its client, which has its response already.
        tokio::select! {
            _result = connection.as_mut() => return,
            () = tokio::time::sleep(MAX_HTTP_LIFE) => return,
            () = self.place.evicted.cancelled() => return,
            () = end.cancelled() => {}
        }
        // Until its first request hyper takes a connection for a busy one.
        if !has_asked.load(Ordering::Relaxed) {
            return;
        }
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            _result = connection => {}
            () = self.services.lifecycle.closing.cancelled() => {}
        }
    }

    /// Whose request it is.
    fn client(&self, request: &Request<Incoming>) -> IpAddr {
        match self.is_proxied {
            true => {
                client_address::behind(self.peer, request.headers(), &self.services.config.front)
            }
            false => self.peer,
        }
    }
}
