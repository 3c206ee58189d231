//! Datagrams of anybody: opened, decompressed and read, then written and sealed again.

use protocol::cipher::{Cipher, MAX_DATAGRAM_BYTES};
use protocol::compression::{self, MAX_INFLATED_BYTES};
use protocol::datagram::Datagram;
use protocol::id::{Secret, SessionId};

/// How the bytes arrive.
#[derive(Debug, arbitrary::Arbitrary)]
pub enum Input<'a> {
    /// As they are.
    Raw(&'a [u8]),
    /// Sealed with the session's key.
    Sealed(&'a [u8]),
    /// Compressed, then sealed.
    Compressed(&'a [u8]),
}

/// What can be read can be written and read again, and nothing becomes longer than it may.
pub fn check(input: Input<'_>) {
    let id: SessionId = "0123456789abcdef0123456789abcdef".parse().expect("an id");
    let cipher = Cipher::new(&id, &Secret::default());
    let bytes = match input {
        Input::Raw(bytes) => bytes.to_vec(),
        Input::Sealed(text) => match cipher.seal(text) {
            Ok(sealed) => {
                assert!(sealed.len() <= MAX_DATAGRAM_BYTES);
                assert_eq!(cipher.open(&sealed).as_deref(), Ok(text));
                sealed
            }
            Err(_) => return,
        },
        Input::Compressed(text) => {
            let compressed = compression::deflate(text);
            let fits = text.len() <= MAX_INFLATED_BYTES;
            assert_eq!(
                compression::inflate(&compressed).ok(),
                fits.then(|| text.to_vec())
            );
            match cipher.seal(&compressed) {
                Ok(sealed) => sealed,
                Err(_) => return,
            }
        }
    };
    if let Ok(inflated) = compression::inflate(&bytes) {
        assert!(inflated.len() <= MAX_INFLATED_BYTES);
    }
    // Padding and length of a sealed text are determined, so nothing else opens to the same.
    if let Ok(text) = cipher.open(&bytes) {
        assert_eq!(cipher.seal(&text).as_deref(), Ok(&bytes[..]));
        let first = cipher.open_first_block(&bytes).expect("it opens whole");
        let length = text.len().min(first.len());
        assert_eq!(first[..length], text[..length]);
    }
    if let Ok(datagram) = Datagram::decode(&bytes, Some(&cipher)) {
        let json = datagram.to_json();
        assert_eq!(Datagram::from_json(json.as_bytes()), Ok(datagram));
    }
}
