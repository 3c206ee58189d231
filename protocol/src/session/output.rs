//! What comes out of a session: for the server, and for the application.

use super::CommandError;
use crate::datagram::{Input, Update};
use crate::event::{Event, GameStarted, Player};
use crate::generation::Generation;
use crate::id::{RoomId, SessionId};
use std::time::Duration;

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No welcome yet, or the connection is gone.
    Disconnected,
    /// Welcomed, not signed in.
    Connected,
    /// Signed in: everything may be sent.
    Authenticated,
}

/// Names a command until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

/// Something to send to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transmit {
    /// A command line without its newline.
    Line(String),
    /// A datagram, as it is.
    Datagram(Vec<u8>),
    /// The goodbye is done: close the connection.
    Close,
}

/// Something for the application.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// The session has come further, or fallen back.
    StateChanged(State),
    /// A command is answered, or never will be.
    Answer {
        /// The command, as [`Session::send`](super::Session::send) named it.
        ticket: Ticket,
        /// The server's answer, or why there is none.
        answer: Result<Event, CommandError>,
    },
    /// The generation of the server is known now.
    Generation(Generation),
    /// A `PING` or a heartbeat came back.
    RoundTrip(Duration),
    /// Nothing comes any more, not even the answer to a `PING`: the connection is dead, whatever TCP says.
    Silent,
    /// The race begins. Comes once, although the server tells the host twice.
    GameStarted(GameStarted),
    /// A player sent a text.
    Message {
        /// Who sent it.
        sender_id: SessionId,
        /// The name the sender goes by.
        sender_name: String,
        /// The text.
        message: String,
    },
    /// Somebody sent a text to the room (chat generation and later).
    Chat {
        /// The name the sender goes by.
        sender_name: String,
        /// The text.
        message: String,
    },
    /// Somebody entered the room (token generation).
    PlayerJoined(Player),
    /// Somebody left the room, or was cut off (token generation).
    PlayerLeft(Player),
    /// An administrator ends the session.
    Kicked {
        /// The server's reason.
        message: String,
    },
    /// The session is no longer in its room, although it did not leave it.
    RoomLost(RoomId),
    /// Where a remote car is.
    Update(Update),
    /// What a remote driver does.
    Input(Input),
    /// An unknown line that answers no command, whole.
    Unknown {
        /// Its `type`, or else its `command` or its `action`; empty if it has none.
        kind: String,
        /// The line.
        line: String,
    },
}
