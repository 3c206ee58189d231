//! What went through one player's session, for the log.

use std::net::IpAddr;
use std::time::Duration;

use crate::close::CloseReason;

/// Counts of one session.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) lines_up: u64,
    pub(super) lines_down: u64,
    pub(super) datagrams_up: u64,
    pub(super) datagrams_down: u64,
    /// Datagrams that could not be forwarded: too long, too early, or the system had no buffer.
    pub(super) lost: u64,
}

impl Traffic {
    /// Log one line for the session, and never what was said in it. `dropped` counts datagrams that newer ones pushed out.
    pub(super) fn log(&self, peer: IpAddr, reason: &CloseReason, lasted: Duration, dropped: u64) {
        let Self {
            lines_up,
            lines_down,
            datagrams_up,
            datagrams_down,
            lost,
        } = self;
        let (code, seconds) = (reason.code.number(), lasted.as_secs());
        let traffic = format_args!(
            "{lines_up} lines and {datagrams_up} datagrams up, {lines_down} and {datagrams_down} down, \
             {dropped} dropped, {lost} lost"
        );
        match &reason.cause {
            Some(_) => tracing::warn!(%peer, code, seconds, "{reason} ({traffic})"),
            None => tracing::info!(%peer, code, seconds, "{reason} ({traffic})"),
        }
    }
}
