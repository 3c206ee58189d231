//! The narrow seam between a player's session and the way its browser is connected. WebSocket is the one
//! transport today (`websocket`); another one implements this trait and nothing else changes.

use std::future::Future;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::close::Ending;
use crate::players::outbox::Outbox;

/// What comes from a browser.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A command line; not yet checked for newlines or emptiness.
    Line(String),
    /// A datagram; not yet checked for its size.
    Datagram(Bytes),
    /// A sign of life without content.
    Control,
    /// The browser has closed or vanished.
    Left,
    /// The browser broke the transport's rules.
    Refused(Ending),
}

/// One browser's connection.
pub(crate) trait Transport: Send {
    /// Write from the outbox as far as the browser takes it, and give what comes from it. Neither waits for the
    /// other, and dropping the wait loses nothing.
    fn poll_turn(&mut self, cx: &mut Context<'_>, outbox: &mut Outbox) -> Poll<Incoming>;

    /// Write what is left in the outbox, say how it ended, and see the connection closed. May take for ever: the
    /// caller has the clock.
    fn close(&mut self, outbox: &mut Outbox, ending: &Ending) -> impl Future<Output = ()> + Send;
}
