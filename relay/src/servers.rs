//! The game servers of this relay, and which of them a request names: `?server=NAME`. Players, rooms and spectators of one never
//! meet those of another.

use std::sync::Arc;

use protocol::id::Secret;
use tracing::Span;

use crate::config::{GameServer, Label, ServerName};
use crate::limits::Turns;
use crate::spectators::Spectators;
use crate::upstream::{Dialer, Readiness, ServerGeneration};

/// The parameter of a request's address that names a game server.
const PARAMETER: &str = "server";

/// One game server.
pub(crate) struct Server {
    /// `None`: it is the only one.
    pub(crate) name: Option<ServerName>,
    pub(crate) label: Option<Label>,
    pub(crate) dialer: Arc<Dialer>,
    /// What it has shown of its generation.
    pub(crate) generation: Arc<ServerGeneration>,
    /// Its players' turns to sign in.
    pub(crate) sign_ins: Turns,
    /// Is told of every welcome.
    pub(crate) readiness: Arc<Readiness>,
    /// Spectators see what its players do. `None`: nobody may watch.
    pub(crate) spectators: Option<Arc<Spectators>>,
    /// Opens its players' datagrams.
    pub(crate) secret: Secret,
    /// Its identity goes unchecked.
    pub(crate) is_insecure: bool,
    /// Names it in log lines.
    pub(crate) span: Span,
}

/// All game servers.
pub(crate) struct Servers {
    /// Never empty. The first one is the default.
    all: Vec<Arc<Server>>,
}

impl Servers {
    pub(crate) fn new(servers: Vec<Server>) -> Self {
        Self {
            all: servers.into_iter().map(Arc::new).collect(),
        }
    }

    /// List all of them, the default one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Server>> {
        self.all.iter()
    }

    /// Find the one that the query of an address names. An address without a name means the default one. `None`: there is none
    /// of this name.
    pub(crate) fn named_in(&self, query: Option<&str>) -> Option<&Arc<Server>> {
        let Some(name) = name_in(query.unwrap_or_default()) else {
            return self.all.first();
        };
        self.all().find(|server| {
            let known = server.name.as_ref();
            known.is_some_and(|known| known.as_str() == name)
        })
    }
}

/// Make the span of a game server's log lines. A single one needs none.
pub(crate) fn span_of(game: &GameServer) -> Span {
    match &game.name {
        // As important as the most important line, so that no level of the log hides it.
        Some(name) => tracing::error_span!("server", %name),
        None => Span::none(),
    }
}

/// Say whether the query of an address names a game server.
pub(crate) fn is_named(query: Option<&str>) -> bool {
    name_in(query.unwrap_or_default()).is_some()
}

fn name_in(query: &str) -> Option<String> {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let named = parameters.find(|(key, _)| key == PARAMETER);
    named.map(|(_, name)| name.into_owned())
}
