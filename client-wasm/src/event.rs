//! What happens to a state machine. The WebSocket and the driver make events; the machines handle them.

use crate::error::RaceError;

/// Something that happened to a machine.
pub(crate) enum Event {
    /// The WebSocket is open.
    Opened,
    Text(String),
    Binary(Vec<u8>),
    /// The WebSocket was closed by either side.
    Closed {
        number: u16,
        reason: String,
    },
    /// The WebSocket could not be made.
    NotOpened(RaceError),
    /// The time of `poll_timeout` has come.
    Timeout,
    /// The network is back.
    Online,
}
