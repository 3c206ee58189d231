//! How an observer makes the game server send it positions. Servers send them only to sessions that have sent a datagram of their own,
//! and would show the other players what it says. So the observer sends what is taken and shown to nobody.
//!
//! Before the token generation only a position will do (facts, section 6.3). The observer's is beyond the range of a number: the server
//! takes it and learns the address, but cannot write it for the others (facts, section 6.2). Those that check positions do not check the
//! first one, nor one that comes more than five seconds after the last (facts, section 6.5). The token generation learns the address from
//! any datagram that it accepts: there it is an input without controls, for a room that does not exist.

use protocol::cipher::Cipher;
use protocol::generation::Generation;
use protocol::id::SessionId;

/// Times it is sent at first. Datagrams get lost.
const FIRST_SENDS: u32 = 3;
/// Looks between those where positions are checked. Sooner than five seconds after the last such a position is refused.
const CHECKED_LOOKS: u32 = 6;
/// Looks without a datagram after which it is sent again. Routers on the way forget the address after half a minute.
const REFRESH_LOOKS: u32 = 25;

/// No room has this id, since they are random.
const NO_ROOM: &str = "00000000000000000000000000000000";

/// Says when to send the datagram, asked once a look.
#[derive(Debug)]
pub(super) struct EndpointRefresh {
    /// Looks between the first sends.
    pause: u32,
    /// Looks since a datagram came or one was sent.
    looks: u32,
    sends: u32,
    datagrams: u64,
}

impl EndpointRefresh {
    /// Begin with a send at the first look. `generation`: the game server's, if it is known.
    pub(super) fn new(generation: Option<Generation>) -> Self {
        let pause = match generation {
            Some(Generation::First | Generation::Token) => 1,
            Some(Generation::Chat | Generation::Accounts) | None => CHECKED_LOOKS,
        };
        Self {
            pause,
            looks: pause - 1,
            sends: 0,
            datagrams: 0,
        }
    }

    /// Say whether the datagram is due. `datagrams` is how many have come in all.
    pub(super) fn is_due(&mut self, datagrams: u64) -> bool {
        self.looks += 1;
        if datagrams != self.datagrams {
            (self.datagrams, self.looks) = (datagrams, 0);
        }
        let is_first = datagrams == 0 && self.sends < FIRST_SENDS && self.looks >= self.pause;
        let is_due = is_first || self.looks >= REFRESH_LOOKS;
        if is_due {
            self.looks = 0;
            self.sends += 1;
        }
        is_due
    }
}

/// Make the sealed datagram that tells the address.
pub(super) fn registration(
    me: &SessionId,
    cipher: &Cipher,
    generation: Option<Generation>,
) -> Vec<u8> {
    let json = match generation {
        Some(Generation::Token) => {
            format!(r#"{{"command":"INPUT","sessionId":"{me}","roomId":"{NO_ROOM}","input":{{}}}}"#)
        }
        _ => {
            let beyond = r#"{"x":1e39,"y":1e39,"z":1e39}"#;
            format!(
                r#"{{"command":"UPDATE","sessionId":"{me}","position":{beyond},"rotation":{{"x":0,"y":0,"z":0,"w":1}}}}"#
            )
        }
    };
    // It is far shorter than what may be sealed.
    cipher.seal(json.as_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::id::Secret;

    #[test]
    fn the_position_is_sent_until_datagrams_come_and_again_after_a_silence() {
        let mut refresh = EndpointRefresh::new(Some(Generation::Chat));
        let sent: Vec<_> = (1..=60).filter(|_| refresh.is_due(0)).collect();
        assert_eq!(sent, [1, 7, 13, 38], "five seconds apart");
        let mut refresh = EndpointRefresh::new(Some(Generation::First));
        let sent: Vec<_> = (1..=60).filter(|_| refresh.is_due(0)).collect();
        assert_eq!(sent, [1, 2, 3, 28, 53]);
        let sent: Vec<_> = (1..=60).filter(|_| refresh.is_due(7)).collect();
        assert_eq!(sent, [26, 51], "then nothing comes any more");
        let flowing = (0..100).filter(|&look| refresh.is_due(8 + look));
        assert_eq!(flowing.count(), 0);
    }

    #[test]
    fn what_is_sent_shows_nothing_to_the_other_players() {
        let me: SessionId = "a".repeat(32).parse().unwrap();
        let cipher = Cipher::new(&me, &Secret::default());
        let sent = |generation| -> serde_json::Value {
            let json = cipher.open(&registration(&me, &cipher, generation));
            serde_json::from_slice(&json.unwrap()).unwrap()
        };
        for generation in [None, Some(Generation::First), Some(Generation::Chat)] {
            let position = sent(generation);
            assert_eq!(position["command"], "UPDATE");
            assert_eq!(position["sessionId"], me.as_str());
            let x = position["position"]["x"].as_f64().unwrap();
            assert!((x as f32).is_infinite());
        }
        let input = sent(Some(Generation::Token));
        assert_eq!(input["command"], "INPUT");
        assert_eq!(input["sessionId"], me.as_str());
        assert_eq!(input["input"], serde_json::json!({}));
    }
}
