//! `GET /spectate/ROOM_ID`: lets spectators in. Pages of every site may show a race: nothing a browser would send of
//! its own accord, such as a cookie, opens anything here.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use hyper::upgrade::Upgraded;
use protocol::frame::CloseCode;
use protocol::id::RoomId;

use super::{Peer, refuse, upgrade};
use crate::close::Ending;
use crate::context::Context;
use crate::http::websocket::{WebSocket, raw};
use crate::limits::admission::{NoPlace, Place};
use crate::metrics::{Refused, Who};
use crate::spectators::Hub;

/// The subprotocol of contract 2.
const SUBPROTOCOL: &str = "mp-spectate.v1";
/// What a token is offered behind, beside the subprotocol.
const TOKEN_PREFIX: &str = "access.";

/// Upgrade a spectator. Refusals are close codes, as for players.
pub(super) async fn spectator(
    State(context): State<Arc<Context>>,
    Extension(Peer(peer)): Extension<Peer>,
    Path(room): Path<String>,
    mut request: Request,
) -> Response {
    let switch = match upgrade::accept(&request, SUBPROTOCOL) {
        Ok(switch) => switch,
        Err(refusal) => return *refusal,
    };
    let token = upgrade::offered(request.headers(), TOKEN_PREFIX);
    let wanted = check(&context, token, &room);
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        // Who hangs up in between is gone.
        if let Ok(upgraded) = upgraded.await {
            admit(upgraded, wanted, peer, &context).await;
        }
    });
    switch
}

/// Why somebody may not watch: for the spectator, and for the count.
type Refusal = (Ending, Refused);

fn check(context: &Context, token: Option<&str>, room: &str) -> Result<RoomId, Refusal> {
    let not_allowed = |reason| Ending::new(CloseCode::NotAllowed, reason);
    if context.hub.is_none() {
        let reason = "This relay shows no races: its operator can allow it.";
        return Err((not_allowed(reason), Refused::Off));
    }
    if !context.config.spectating.access.admits(token) {
        let reason = match token {
            Some(_) => "This access token is not the right one: ask for a new link.",
            None => "Races are shown here only with an access token: ask for a link that has one.",
        };
        return Err((not_allowed(reason), Refused::Token));
    }
    let no_room = Ending::malformed("The address names no room: /spectate/ROOM_ID.");
    room.parse().map_err(|_| (no_room, Refused::NoRoom))
}

async fn admit(
    upgraded: Upgraded,
    wanted: Result<RoomId, Refusal>,
    peer: IpAddr,
    context: &Arc<Context>,
) {
    let (refusal, counted) = match (wanted, &context.hub) {
        (Ok(room), Some(hub)) => match context.spectators.enter(peer) {
            Ok(place) => return show(upgraded, &room, place, hub, context),
            Err(NoPlace::Full) => (
                full("There are too many spectators: try again later."),
                Refused::Full,
            ),
            Err(NoPlace::TooManyFromAddress) => (
                full("Too many spectators are connected from this address: try again later."),
                Refused::Address,
            ),
        },
        (Err(refusal), _) => refusal,
        // Nobody is admitted without a hub.
        (Ok(_), None) => return,
    };
    context.metrics.refused(Who::Spectator, counted);
    if let Ok(socket) = WebSocket::over(upgraded).await {
        refuse(socket, &refusal, peer, context).await;
    }
}

fn show(upgraded: Upgraded, room: &RoomId, place: Place, hub: &Hub, context: &Arc<Context>) {
    if let Ok(connection) = raw(upgraded) {
        hub.show(room, connection, place, context);
    }
}

fn full(reason: &'static str) -> Ending {
    Ending::new(CloseCode::Full, reason)
}
