//! `GET /ws`: lets players in (contract 1). Once the WebSocket handshake is valid, every refusal is a close code, because a
//! browser does not tell a page why a handshake was refused.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::Response;
use protocol::frame::{CloseCode, SUBPROTOCOL};
use protocol::tunnel::ResumeOffer;

use super::{Peer, Services, UNKNOWN_SERVER, origin, upgrade};
use crate::close::CloseReason;
use crate::limits::Full;
use crate::log::ConnectionId;
use crate::metrics::{ClientKind, Limit, Refusal};
use crate::players::Players;
use crate::players::resumable::{Arrival, Registration, Returned};
use crate::players::websocket::WebSocket;

/// Letters of a refused origin that are logged. Real origins are shorter.
const MAX_LOGGED_ORIGIN: usize = 200;

/// Why a client is not let in: for the client, and for the count.
pub(super) type Refused = (CloseReason, Refusal);

/// Upgrade a player.
pub(super) async fn player(
    State(services): State<Arc<Services>>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
) -> Response {
    let switch = match upgrade::accept(&request, SUBPROTOCOL) {
        Ok(switch) => switch,
        Err(refusal) => return *refusal,
    };
    let is_allowed = origin::is_allowed(request.headers(), &services.config);
    let refused = (!is_allowed).then(|| origin_refused(&request));
    let server = services.servers.named_in(request.uri().query()).cloned();
    let is_on = !services.players.resume.is_zero();
    let offer = upgrade::subprotocols(request.headers()).find_map(ResumeOffer::parse);
    let offer = offer.filter(|_| is_on);
    let upgraded = hyper::upgrade::on(&mut request);
    let lifecycle = services.lifecycle.clone();
    lifecycle.spawn_connection(async move {
        // It fails if the client has hung up meanwhile.
        let Ok(upgraded) = upgraded.await else { return };
        let Ok(socket) = WebSocket::over(upgraded, &services.metrics).await else {
            return;
        };
        let refused = too_many_attempts(&services.players, peer).or(refused);
        let server = match (refused, server) {
            (Some(refused), _) => Err(refused),
            (None, server) => server.ok_or_else(unknown_server),
        };
        match (server, offer) {
            (Err(refused), _) => {
                let client = (peer, ConnectionId::next());
                refuse(socket, ClientKind::Player, refused, client, &services).await;
            }
            (Ok(server), Some(offer)) => {
                let arrival = Arrival::new(socket, peer, server);
                resume(arrival, offer, services).await;
            }
            (Ok(server), None) => begin(Arrival::new(socket, peer, server), None, services).await,
        }
    });
    switch
}

/// Hand a WebSocket to the session that it offers to resume, or begin a new one.
async fn resume(mut arrival: Arrival, offer: ResumeOffer, services: Arc<Services>) {
    arrival.received = offer.received;
    let peer = arrival.peer;
    let players = &services.players;
    loop {
        match players.resumable.hand_over(&offer.token, arrival) {
            Err(free) => {
                let (arrival, registration) = *free;
                return begin(arrival, Some(registration), services).await;
            }
            Ok(returned) => match returned.await {
                Ok(Returned::Ended(returned)) => arrival = returned,
                Ok(Returned::Superseded(Arrival { browser, .. })) => {
                    return players.close_alone(browser, peer, CloseReason::taken_over());
                }
                Err(_taken) => return,
            },
        }
    }
}

/// Begin a session, if there is a slot for it.
async fn begin(arrival: Arrival, registration: Option<Registration>, services: Arc<Services>) {
    let Arrival { peer, .. } = arrival;
    match services.players.slots.enter(peer) {
        // Only now it is a player's session, for which a drain waits.
        Ok(slot) => {
            let lifecycle = services.lifecycle.clone();
            lifecycle.spawn(async move {
                let players = &services.players;
                players.bridge(arrival, slot, registration).await;
            });
        }
        Err(which) => {
            drop(registration);
            let (who, client) = (ClientKind::Player, (peer, arrival.connection));
            refuse(arrival.browser, who, full(which), client, &services).await;
        }
    }
}

/// No game server has the name in the address. The relay dials only those that it was configured with.
pub(super) fn unknown_server() -> Refused {
    let reason = CloseReason::new(CloseCode::NotAllowed, UNKNOWN_SERVER);
    (reason, Refusal::Server)
}

fn too_many_attempts(players: &Players, peer: IpAddr) -> Option<Refused> {
    let attempts = players.attempts.as_ref()?;
    let text = "Too many attempts to connect from this address: wait a moment.";
    let refused = || (CloseReason::new(CloseCode::Full, text), Refusal::Attempts);
    (!attempts.allow(peer)).then(refused)
}

fn full(which: Full) -> Refused {
    let (text, counted) = match which {
        Full::InAll => ("The relay is full: try again later.", Refusal::Full),
        Full::OfAddress => (
            "Too many players are connected from this address: try again later.",
            Refusal::Address,
        ),
    };
    (CloseReason::new(CloseCode::Full, text), counted)
}

/// Tell a client why it is refused. It holds a slot until it has been told. If no slot is free, it gets the reason and no
/// time to answer.
pub(super) async fn refuse(
    socket: WebSocket,
    who: ClientKind,
    (reason, counted): Refused,
    (peer, connection): (IpAddr, ConnectionId),
    services: &Services,
) {
    services.metrics.refused(who, counted);
    let Ok(_slot) = services.refusals.enter(peer) else {
        socket.close_at_once(&reason);
        return services.metrics.reached(Limit::Refusals);
    };
    if let Some(left_out) = services.refusal_lines.next() {
        let code = reason.code.number();
        tracing::info!(%connection, %peer, code, left_out, "{reason}");
    }
    let at_most = services.config.timeouts.close;
    let close = socket.close_alone(&reason, at_most, &services.lifecycle);
    close.await;
}

fn origin_refused(request: &Request) -> Refused {
    let origin = request.headers().get(header::ORIGIN);
    let origin = origin
        .and_then(|origin| origin.to_str().ok())
        .unwrap_or("?");
    let shown: String = origin.chars().take(MAX_LOGGED_ORIGIN).collect();
    let reason = CloseReason::new(
        CloseCode::NotAllowed,
        "Pages of this site may not connect here: the relay's operator can allow it.",
    );
    let cause = format!("to allow it, use --allow-origin {shown}");
    (reason.with_cause(cause), Refusal::Origin)
}
