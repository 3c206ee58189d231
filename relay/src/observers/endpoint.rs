//! How an observer makes the game server send it positions. A server of the first generation sends them only to sessions
//! that have sent one, and would show the other players a car there. So the observer's position is beyond the range of a
//! number: the server takes it and learns the address, but cannot write it for the others (facts, section 6.2).

use protocol::cipher::Cipher;
use protocol::id::SessionId;

/// Times the position is sent at first, once a look. Datagrams get lost.
const FIRST_SENDS: u32 = 3;
/// Looks without a datagram after which it is sent again. Routers on the way forget the address after half a minute.
const REFRESH_LOOKS: u32 = 25;

/// Says when to send the position, asked once a look.
#[derive(Debug, Default)]
pub(super) struct EndpointRefresh {
    /// Looks since a datagram came or the position was sent.
    looks: u32,
    sends: u32,
    datagrams: u64,
}

impl EndpointRefresh {
    /// Say whether the position is due. `datagrams` is how many have come in all.
    pub(super) fn is_due(&mut self, datagrams: u64) -> bool {
        self.looks += 1;
        if datagrams != self.datagrams {
            (self.datagrams, self.looks) = (datagrams, 0);
        }
        let is_first = datagrams == 0 && self.sends < FIRST_SENDS;
        let is_due = is_first || self.looks >= REFRESH_LOOKS;
        if is_due {
            self.looks = 0;
            self.sends += 1;
        }
        is_due
    }
}

/// Make the sealed datagram with the position.
pub(super) fn position(me: &SessionId, cipher: &Cipher) -> Vec<u8> {
    let beyond = r#"{"x":1e39,"y":1e39,"z":1e39}"#;
    let json = format!(
        r#"{{"command":"UPDATE","sessionId":"{me}","position":{beyond},"rotation":{{"x":0,"y":0,"z":0,"w":1}}}}"#
    );
    // It is far shorter than what may be sealed.
    cipher.seal(json.as_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::id::Secret;

    #[test]
    fn the_position_is_sent_until_datagrams_come_and_again_after_a_silence() {
        let mut refresh = EndpointRefresh::default();
        let sent: Vec<_> = (1..=60).filter(|_| refresh.is_due(0)).collect();
        assert_eq!(sent, [1, 2, 3, 28, 53]);
        let sent: Vec<_> = (1..=60).filter(|_| refresh.is_due(7)).collect();
        assert_eq!(sent, [26, 51], "then nothing comes any more");
        let flowing = (0..100).filter(|&look| refresh.is_due(8 + look));
        assert_eq!(flowing.count(), 0);
    }

    #[test]
    fn the_position_is_beyond_every_number() {
        let me: SessionId = "a".repeat(32).parse().unwrap();
        let cipher = Cipher::new(&me, &Secret::default());
        let json = cipher.open(&position(&me, &cipher)).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["command"], "UPDATE");
        assert_eq!(json["sessionId"], me.as_str());
        let x = json["position"]["x"].as_f64().unwrap();
        assert!((x as f32).is_infinite());
    }
}
