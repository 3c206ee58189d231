//! The interface between the driver of a session and its connection with a game server: direct ([`Connection`]), or
//! through a relay's WebSocket as in the tests.
//!
//! [`Connection`]: crate::Connection

use std::error::Error;
use std::future::Future;

use bytes::Bytes;

/// What came from the game server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A line, without its newline.
    Line(String),
    /// A datagram, as it came.
    Datagram(Bytes),
}

/// A connection with a game server.
pub trait Transport: Send {
    /// How a connection ends.
    type End: Error + Send + Sync + 'static;

    /// Queue a line, without its newline. [`receive`](Self::receive) writes it.
    ///
    /// # Errors
    /// Too much waits already: the other side does not read.
    fn queue_line(&mut self, line: &str) -> Result<(), Self::End>;

    /// Send a datagram, or lose it.
    fn send_datagram(&mut self, datagram: &[u8]);

    /// Write what is queued, and wait for the next thing that comes. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The connection has ended. Later calls give the same error.
    fn receive(&mut self) -> impl Future<Output = Result<Incoming, Self::End>> + Send;

    /// Begin to close. Nothing may be queued after this.
    fn close(&mut self);
}
