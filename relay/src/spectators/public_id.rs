//! The ids by which the public knows players. A session id is the key to a player's car, so it never leaves the relay towards
//! anyone who is not in the player's room.

use data_encoding::BASE64URL_NOPAD;
use protocol::id::SessionId;
use sha2::{Digest as _, Sha256};

/// Bytes of a hash that make an id of twelve letters. Two of a thousand players have the same with a chance of 10⁻¹⁶.
const ID_BYTES: usize = 9;
const KEY_BYTES: usize = 32;

/// Gives each session an id for the public: the same for as long as the relay runs, and without a way back.
#[derive(Clone)]
pub(crate) struct PublicIds {
    key: [u8; KEY_BYTES],
}

impl PublicIds {
    /// Draw a key.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut key = [0; KEY_BYTES];
        let provider = rustls::crypto::ring::default_provider();
        let filled = provider.secure_random.fill(&mut key);
        filled.map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?;
        Ok(Self { key })
    }

    /// Give the id of a session. It is always `Some`, because the letters of base64url are those of an id.
    pub(crate) fn of(&self, session: &SessionId) -> Option<SessionId> {
        let hash = Sha256::new()
            .chain_update(self.key)
            .chain_update(session.as_str())
            .finalize();
        BASE64URL_NOPAD.encode(&hash[..ID_BYTES]).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_stable_and_another_relay_gives_another() {
        let (ids, other) = (PublicIds::new().unwrap(), PublicIds::new().unwrap());
        let [ann, bob] = ['a', 'b'].map(|letter| letter.to_string().repeat(32).parse().unwrap());
        assert_eq!(ids.of(&ann), ids.of(&ann));
        assert_ne!(ids.of(&ann), ids.of(&bob));
        assert_ne!(ids.of(&ann), other.of(&ann));
        assert_eq!(ids.of(&ann).unwrap().as_str().len(), 12);
    }
}
