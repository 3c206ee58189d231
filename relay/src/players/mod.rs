//! Players: each has a browser on one side and a connection of its own with the game server on the other.

mod bridge;
mod goodbye;
pub(crate) mod outbox;
mod session;
mod traffic;
pub(crate) mod websocket;

use std::sync::Arc;

use protocol::id::Secret;

use crate::config::Timeouts;
use crate::lifecycle::Lifecycle;
use crate::limits::rate::{Attempts, RateLimits};
use crate::limits::{Admission, Budget};
use crate::metrics::Metrics;
use crate::spectators::Spectators;
use crate::upstream::{Dialer, Readiness};

/// Bytes that may wait in the buffers of all players, beyond a little for each.
pub(crate) const MAX_BUFFERED_BYTES: usize = 128 << 20;
/// The part of it for one address.
pub(crate) const MAX_BUFFERED_BYTES_OF_ADDRESS: usize = 16 << 20;

/// What the sessions of players need.
pub(crate) struct Players {
    pub(crate) slots: Admission,
    pub(crate) dialer: Arc<Dialer>,
    /// Is told of every welcome.
    pub(crate) readiness: Arc<Readiness>,
    /// Spectators see what players do. `None`: nobody may watch.
    pub(crate) spectators: Option<Arc<Spectators>>,
    /// `None`: a proxy stands in front, and all players have its address.
    pub(crate) attempts: Option<Attempts>,
    /// Opens the players' datagrams.
    pub(crate) secret: Secret,
    /// What waits for browsers.
    pub(crate) buffers: Budget,
    pub(crate) rate_limits: RateLimits,
    pub(crate) timeouts: Timeouts,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) lifecycle: Lifecycle,
}
