//! A direct connection with a game server: lines over TCP, datagrams over UDP.

use std::time::Duration;

use crate::datagrams::{Datagrams, Received};
use crate::lines::{Disconnected, Lines, Unsent};
use crate::transport::{Incoming, Transport};

/// The connection. [`dial`](crate::dial()) makes one; its parts may also be used without a session, as the relay does for
/// its players.
pub struct Connection {
    /// The TCP side.
    pub lines: Lines,
    /// Lines to be written.
    pub unsent: Unsent,
    /// The UDP side.
    pub datagrams: Datagrams,
    /// How long the TCP handshake took.
    pub round_trip: Duration,
}

impl Transport for Connection {
    type End = Disconnected;

    fn queue_line(&mut self, line: &str) -> Result<(), Disconnected> {
        self.unsent.push(line).map_err(broken)
    }

    fn send_datagram(&mut self, datagram: &[u8]) {
        let _sent_or_lost = self.datagrams.send(datagram);
    }

    async fn receive(&mut self) -> Result<Incoming, Disconnected> {
        loop {
            match self.lines.next_line() {
                Some(Ok(line)) => return Ok(Incoming::Line(line)),
                // The answer that is too long is lost, and its command times out.
                Some(Err(_too_long)) => continue,
                None => {}
            }
            tokio::select! {
                transferred = self.lines.transfer(&mut self.unsent) => transferred?,
                () = self.datagrams.readable() => {
                    if let Received::Datagram(datagram) = self.datagrams.receive() {
                        return Ok(Incoming::Datagram(datagram));
                    }
                }
            }
        }
    }

    /// Everything is written by the time a session closes, and game servers need no close_notify: dropping is enough.
    fn close(&mut self) {}
}

fn broken(error: impl std::error::Error) -> Disconnected {
    Disconnected {
        detail: Some(error.to_string()),
    }
}
