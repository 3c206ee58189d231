//! Contract 1 between browser and relay: the subprotocol, the notices and the close codes of `GET /ws`. The relay and
//! the browser's client share it.

use serde::Serialize;

use crate::json::{self, Object};

/// The WebSocket subprotocol the client offers and the relay selects.
pub const SUBPROTOCOL: &str = "mp-relay.v1";

/// The longest text frame the relay takes from a browser, in bytes: one command line. Servers escape a letter to up to six, so
/// a longest message becomes 48 KiB for its reader.
pub const MAX_CLIENT_LINE_BYTES: usize = 8 * 1024;

/// A text frame from the relay itself. No line of a game server has the key `relay`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "relay",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Notice {
    /// Always the first frame: lines and datagrams flow from here on.
    Ready {
        /// The relay still held this client's session and goes on with it.
        resumed: bool,
        /// How many text frames the relay has taken from this client in this session.
        received: u64,
        /// How long the relay keeps a session whose WebSocket broke; 0 if it does not.
        resume_seconds: u32,
    },
    /// The relay is about to restart: finish and reconnect.
    Draining {
        /// How long it will go on.
        seconds: u32,
    },
    /// A line of the game server was too long to pass on. It was most likely the answer to the command that waits. It stands for
    /// the line, and counts as one.
    LineTooLong {
        /// The longest line that passes, in bytes.
        limit: u32,
    },
}

impl Notice {
    /// Read a text frame as a notice. `None` if it is a line of the game server.
    pub fn parse(frame: &str) -> Option<Self> {
        // A notice starts with its key, so lines of the game server are not parsed twice.
        if !frame.starts_with("{\"relay\":") {
            return None;
        }
        let fields = Object::parse(frame)?;
        match fields.str("relay")? {
            "ready" => Some(Self::Ready {
                resumed: fields.bool("resumed")?,
                received: fields.integer("received")?,
                resume_seconds: fields.integer("resumeSeconds")?,
            }),
            "draining" => Some(Self::Draining {
                seconds: fields.integer("seconds")?,
            }),
            "lineTooLong" => Some(Self::LineTooLong {
                limit: fields.integer("limit")?,
            }),
            _ => None,
        }
    }

    /// Write the notice as a text frame.
    pub fn to_frame(&self) -> String {
        json::to_string(self)
    }
}

/// Why a WebSocket was closed, with the code on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// Done.
    Normal = 1000,
    /// Done: the page or the relay went away in order.
    GoingAway = 1001,
    /// Origin or address not allowed.
    NotAllowed = 1008,
    /// A frame was larger than allowed.
    FrameTooLarge = 1009,
    /// The relay is restarting.
    Restarting = 1012,
    /// The relay is full.
    Full = 1013,
    /// The game server ended the session.
    ServerEnded = 4000,
    /// The game server cannot be reached.
    ServerUnreachable = 4001,
    /// The game server's certificate is not trusted.
    CertificateNotTrusted = 4002,
    /// The game server did not answer in time.
    ServerTimeout = 4003,
    /// This client sent too much.
    SentTooMuch = 4004,
    /// This client was too slow to read.
    TooSlow = 4005,
    /// A malformed frame: a newline in a line, an empty datagram.
    Malformed = 4006,
    /// Another WebSocket with the same token has taken the session over.
    TakenOver = 4007,
    /// From a client: nothing came through this WebSocket any more, and another one will go on with the session.
    Interrupted = 4008,
    /// From a client: its page is left, and may be reloaded and go on with the session.
    Left = 4009,
}

/// What a client should do after a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Do not try again.
    No,
    /// Try again, with growing pauses.
    Yes,
    /// Try again, with longer pauses: the relay is full at the moment.
    Later,
}

impl Retry {
    /// Say what follows a close with this number. A number that the contract does not name comes from a lost connection.
    pub fn after_close(number: u16) -> Self {
        CloseCode::from_number(number).map_or(Self::Yes, CloseCode::retry)
    }
}

impl CloseCode {
    /// All codes, for tables and tests.
    pub const ALL: [Self; 16] = [
        Self::Normal,
        Self::GoingAway,
        Self::NotAllowed,
        Self::FrameTooLarge,
        Self::Restarting,
        Self::Full,
        Self::ServerEnded,
        Self::ServerUnreachable,
        Self::CertificateNotTrusted,
        Self::ServerTimeout,
        Self::SentTooMuch,
        Self::TooSlow,
        Self::Malformed,
        Self::TakenOver,
        Self::Interrupted,
        Self::Left,
    ];

    /// The number on the wire.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// Find the code of a number. `None` if this contract does not name it.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// Say whether a WebSocket that was closed with this number may be followed by another one of the same session. Every
    /// close of the relay's own ends the session.
    pub fn is_interruption(number: u16) -> bool {
        matches!(
            Self::from_number(number),
            None | Some(Self::GoingAway | Self::Interrupted | Self::Left)
        )
    }

    /// Say whether the client should try again.
    pub fn retry(self) -> Retry {
        match self {
            Self::Restarting | Self::Full => Retry::Later,
            Self::ServerEnded
            | Self::ServerUnreachable
            | Self::ServerTimeout
            | Self::TooSlow
            | Self::Interrupted
            | Self::Left => Retry::Yes,
            Self::Normal
            | Self::GoingAway
            | Self::NotAllowed
            | Self::FrameTooLarge
            | Self::CertificateNotTrusted
            | Self::SentTooMuch
            | Self::Malformed
            | Self::TakenOver => Retry::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_spelt_as_the_contract_has_them() {
        let ready = Notice::Ready {
            resumed: false,
            received: 0,
            resume_seconds: 30,
        };
        assert_eq!(
            ready.to_frame(),
            r#"{"relay":"ready","resumed":false,"received":0,"resumeSeconds":30}"#
        );
        assert_eq!(Notice::parse(&ready.to_frame()), Some(ready));
        let draining = Notice::Draining { seconds: 5 };
        assert_eq!(draining.to_frame(), r#"{"relay":"draining","seconds":5}"#);
        assert_eq!(Notice::parse(&draining.to_frame()), Some(draining));
        let too_long = Notice::LineTooLong { limit: 1024 };
        assert_eq!(
            too_long.to_frame(),
            r#"{"relay":"lineTooLong","limit":1024}"#
        );
        assert_eq!(Notice::parse(&too_long.to_frame()), Some(too_long));
    }

    #[test]
    fn a_line_of_the_game_server_is_no_notice() {
        for line in [
            r#"{"command":"PONG"}"#,
            "CONNECTED|0123",
            "",
            r#"{"relay":"other"}"#,
            r#"{"relay":7}"#,
        ] {
            assert_eq!(Notice::parse(line), None, "{line}");
        }
    }

    #[test]
    fn every_code_is_found_by_its_number() {
        for code in CloseCode::ALL {
            assert_eq!(CloseCode::from_number(code.number()), Some(code));
        }
        assert_eq!(CloseCode::from_number(4999), None);
    }
}
