//! What the log says of players' sessions: how each ended and what went through it, and when its browser comes and goes.

use std::net::IpAddr;
use std::time::Duration;

use crate::close::CloseReason;
use crate::log::{ConnectionId, Repeats};

/// Limits the log lines that players cause. A flood of one kind hides no line of another.
#[derive(Debug)]
pub(crate) struct SessionLines {
    ended: Repeats,
    failed: Repeats,
    parked: Repeats,
    resumed: Repeats,
}

impl SessionLines {
    pub(crate) fn new() -> Self {
        Self {
            ended: Repeats::new(),
            failed: Repeats::new(),
            parked: Repeats::new(),
            resumed: Repeats::new(),
        }
    }

    /// A browser is gone, and its session is kept.
    pub(super) fn parked(&self, connection: ConnectionId, peer: IpAddr, at_most: Duration) {
        let Some(left_out) = self.parked.next() else {
            return;
        };
        let seconds = at_most.as_secs();
        tracing::info!(%connection, %peer, seconds, left_out, "The player's connection is gone. The session is kept for it.");
    }

    /// A session has a browser again.
    pub(super) fn resumed(&self, connection: ConnectionId, peer: IpAddr) {
        if let Some(left_out) = self.resumed.next() {
            tracing::info!(%connection, %peer, left_out, "The player is back. The session goes on.");
        }
    }
}

/// Counts of one session.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) lines_up: u64,
    pub(super) lines_down: u64,
    pub(super) datagrams_up: u64,
    pub(super) datagrams_down: u64,
    /// Datagrams that came and were not forwarded: foreign, unusable, unsendable, or for a player who is away.
    pub(super) lost: u64,
}

/// A session that has ended.
pub(super) struct Ended<'a> {
    pub(super) connection: ConnectionId,
    /// The address of the newest browser.
    pub(super) peer: IpAddr,
    pub(super) reason: &'a CloseReason,
    pub(super) lasted: Duration,
    /// Datagrams that newer ones pushed out.
    pub(super) dropped: u64,
}

impl Traffic {
    /// Log one line for the session, and never what was said in it.
    pub(super) fn log(&self, ended: &Ended<'_>, lines: &SessionLines) {
        let Self {
            lines_up,
            lines_down,
            datagrams_up,
            datagrams_down,
            lost,
        } = self;
        let Ended {
            connection,
            peer,
            reason,
            lasted,
            dropped,
        } = ended;
        let (code, seconds) = (reason.code.number(), lasted.as_secs());
        let traffic = format_args!(
            "{lines_up} lines and {datagrams_up} datagrams up, {lines_down} and {datagrams_down} down, \
             {dropped} dropped, {lost} lost"
        );
        let limited = match reason.cause.is_some() {
            true => lines.failed.next(),
            false => lines.ended.next(),
        };
        match (limited, reason.cause.is_some()) {
            (Some(left_out), true) => {
                tracing::warn!(%connection, %peer, code, seconds, left_out, "{reason} ({traffic})");
            }
            (Some(left_out), false) => {
                tracing::info!(%connection, %peer, code, seconds, left_out, "{reason} ({traffic})");
            }
            // Whoever wants every session asks for the finer level.
            (None, _) => tracing::debug!(%connection, %peer, code, seconds, "{reason} ({traffic})"),
        }
    }
}
