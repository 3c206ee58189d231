//! What a spectator's client needs beside the snapshots (contract 2): subprotocol, token, the relay's address, the
//! room's text frame, and the connection. The relay takes the words and limits from here.

mod connection;
mod room;

pub use connection::{Connection, DisconnectReason, Output, State};
pub use room::{MAX_NAME_LETTERS, MAX_ROOM_BYTES, Player, Room};

use crate::id::RoomId;

/// The WebSocket subprotocol the spectator offers and the relay selects.
pub const SUBPROTOCOL: &str = "mp-spectate.v1";
/// The prefix of a token, which is offered as a second subprotocol so that no access log keeps it.
pub const TOKEN_PREFIX: &str = "access.";
/// The longest token. It travels in a header.
pub const MAX_TOKEN_LETTERS: usize = 128;
/// The path below a relay's address, before the room.
const PATH: &str = "/spectate/";

/// The target cannot be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// The address is not that of a relay.
    #[error(
        "the relay's address must be like https://play.example or ws://127.0.0.1:8080, without ? and #"
    )]
    Address,
    /// The room is not a room id.
    #[error("a room is an id as /api/rooms lists it, not a name")]
    Room,
    /// The token does not fit a subprotocol.
    #[error("a token has 1 to {MAX_TOKEN_LETTERS} letters and digits, or - _ . ~")]
    Token,
}

/// Make the WebSocket's address from a relay's address and a room. The scheme may be that of a page; a path is kept, and
/// `?server=NAME`, which picks one of several game servers.
///
/// # Errors
/// The address has another scheme, no host, another query or a fragment, or the room is not a room id.
pub fn address(relay: &str, room: &str) -> Result<String, InvalidTarget> {
    let room: RoomId = room.parse().map_err(|_| InvalidTarget::Room)?;
    let (scheme, rest) = relay.split_once(':').ok_or(InvalidTarget::Address)?;
    let rest = rest.strip_prefix("//").ok_or(InvalidTarget::Address)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        _ => return Err(InvalidTarget::Address),
    };
    let (rest, server) = rest.split_once("?server=").unwrap_or((rest, ""));
    let rest = rest.trim_end_matches('/');
    let has_host = !rest.is_empty() && !rest.starts_with('/');
    let plain = |byte: u8| byte > b' ' && !matches!(byte, b'?' | b'#' | b'\\');
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !has_host || !rest.bytes().all(plain) || !server.bytes().all(is_name) {
        return Err(InvalidTarget::Address);
    }
    let query = if server.is_empty() { "" } else { "?server=" };
    Ok([scheme, "://", rest, PATH, room.as_str(), query, server].concat())
}

/// Make the subprotocol that carries a token.
///
/// # Errors
/// The token is empty, too long, or has letters that a subprotocol may not have.
pub fn access(token: &str) -> Result<String, InvalidTarget> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    if (1..=MAX_TOKEN_LETTERS).contains(&token.len()) && token.bytes().all(plain) {
        Ok([TOKEN_PREFIX, token].concat())
    } else {
        Err(InvalidTarget::Token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn a_relays_address_leads_to_the_room() {
        for (relay, expected) in [
            ("http://127.0.0.1:8080", "ws://127.0.0.1:8080"),
            ("https://play.example/", "wss://play.example"),
            ("ws://[::1]:80//", "ws://[::1]:80"),
            ("WSS://play.example/races/", "wss://play.example/races"),
        ] {
            let expected = format!("{expected}/spectate/{ROOM}");
            assert_eq!(address(relay, ROOM), Ok(expected), "{relay}");
        }
    }

    #[test]
    fn an_address_may_name_a_game_server() {
        let expected = format!("wss://play.example/races/spectate/{ROOM}?server=we-st_2");
        let found = address("https://play.example/races/?server=we-st_2", ROOM);
        assert_eq!(found, Ok(expected));
        for name in ["a b", "a&b=c", "a/b", "a#b", "a?server=b"] {
            let found = address(&format!("http://play.example?server={name}"), ROOM);
            assert_eq!(found, Err(InvalidTarget::Address), "{name}");
        }
    }

    #[test]
    fn an_invalid_address_or_room_is_refused() {
        for relay in [
            "",
            "play.example",
            "/",
            "ftp://play.example",
            "http://",
            "http:///races",
            "http://play.example/?room=1",
            "http://play.example/#1",
            "http://play.example\\@other.example",
            "http://play example",
        ] {
            let found = address(relay, ROOM);
            assert_eq!(found, Err(InvalidTarget::Address), "{relay:?}");
        }
        for room in ["", "a/b", "../ws", "Sunday race"] {
            let found = address("http://play.example", room);
            assert_eq!(found, Err(InvalidTarget::Room), "{room:?}");
        }
    }

    #[test]
    fn a_token_travels_as_a_subprotocol_or_not_at_all() {
        assert_eq!(access("aA0-_.~").as_deref(), Ok("access.aA0-_.~"));
        for token in ["", "a b", "a,b", "ä", &"x".repeat(129)] {
            assert_eq!(access(token), Err(InvalidTarget::Token), "{token:?}");
        }
    }
}
