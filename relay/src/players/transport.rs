//! The interface between a player's session and the connection with its browser. WebSocket is the one transport today
//! (`http::websocket`).

use std::future::Future;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::outbox::Outbox;
use crate::close::CloseReason;

/// What comes from a browser.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A command line. It may be empty or contain newlines.
    Line(String),
    /// A datagram of any size.
    Datagram(Bytes),
    /// A frame without content: a sign of life.
    Control,
    /// The browser has closed or is gone.
    Left,
    /// The browser broke the rules of the transport.
    Refused(CloseReason),
}

/// A connection with one browser.
pub(crate) trait Transport: Send {
    /// Write from the outbox as far as the browser takes it, and give what comes. Neither waits for the other.
    /// Cancelling the wait loses nothing.
    fn poll_turn(&mut self, cx: &mut Context<'_>, outbox: &mut Outbox) -> Poll<Incoming>;

    /// Write what is left in the outbox, send the reason, and wait until the browser has closed too. There is no time
    /// limit here.
    fn close(
        &mut self,
        outbox: &mut Outbox,
        reason: &CloseReason,
    ) -> impl Future<Output = ()> + Send;
}
