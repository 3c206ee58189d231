//! Players: each has a browser on one side and a connection of its own with the game server on the other.

mod attachment;
mod bridge;
mod goodbye;
pub(crate) mod outbox;
mod parking;
pub(crate) mod resumable;
mod session;
pub(crate) mod sign_in;
pub(crate) mod traffic;
pub(crate) mod websocket;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use resumable::Resumable;
use traffic::SessionLines;
use websocket::WebSocket;

use crate::close::CloseReason;
use crate::config::Timeouts;
use crate::lifecycle::Lifecycle;
use crate::limits::rate::{AddressRate, RateLimits};
use crate::limits::{Admission, Budget};
use crate::metrics::{Limit, Metrics};

/// Bytes that may wait in the buffers of all players, beyond a little for each.
pub(crate) const MAX_BUFFERED_BYTES: usize = 128 << 20;
/// The part of it for one address.
pub(crate) const MAX_BUFFERED_BYTES_OF_ADDRESS: usize = 16 << 20;

/// What the sessions of players need.
pub(crate) struct Players {
    pub(crate) slots: Admission,
    /// Sessions whose clients may come back.
    pub(crate) resumable: Resumable,
    /// How long a session waits for its client to come back. 0 is not at all.
    pub(crate) resume: Duration,
    /// WebSockets that are being told that another one has their session. Refused clients cannot take these places.
    pub(crate) takeovers: Admission,
    /// `None`: a proxy stands in front, and all players have its address.
    pub(crate) attempts: Option<AddressRate>,
    /// The same for lines that cost the game server much.
    pub(crate) costly_lines: Option<AddressRate>,
    /// What waits for browsers.
    pub(crate) buffers: Budget,
    pub(crate) rate_limits: RateLimits,
    pub(crate) timeouts: Timeouts,
    pub(crate) lines: SessionLines,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) lifecycle: Lifecycle,
}

impl Players {
    /// Close a WebSocket in the background. If too many are being closed, its client gets the reason and no time to answer.
    pub(crate) fn close_alone(&self, browser: WebSocket, peer: IpAddr, reason: CloseReason) {
        let Ok(slot) = self.takeovers.enter(peer) else {
            browser.close_at_once(&reason);
            return self.metrics.reached(Limit::Refusals);
        };
        let (at_most, lifecycle) = (self.timeouts.close, self.lifecycle.clone());
        self.lifecycle.spawn_connection(async move {
            browser.close_alone(&reason, at_most, &lifecycle).await;
            drop(slot);
        });
    }
}
