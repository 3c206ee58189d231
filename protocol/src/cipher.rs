//! The seal of a datagram: AES-256-CBC with a key made from session id and secret (facts, section 6.1). The protocol
//! has no MAC, nonce or counter: it hides, but does not authenticate.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockCipherDecrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use sha2::{Digest, Sha256};

use crate::id::{Secret, SessionId};

/// The bytes before the ciphertext: its length, little-endian.
pub const HEADER_BYTES: usize = 4;
/// The largest datagram a server receives whole (facts, section 6.6). Longer ones are cut, and so are lost.
pub const MAX_DATAGRAM_BYTES: usize = 2048;
/// The longest plaintext that fits together with `HEADER_BYTES` and at least one byte of padding.
pub const MAX_PLAINTEXT_BYTES: usize = 2031;
/// The longest plaintext every generation takes (facts, section 11).
pub const SAFE_PLAINTEXT_BYTES: usize = 1007;

/// AES works on this many bytes at a time.
pub const BLOCK_BYTES: usize = 16;

/// A text is too long to be sealed into one datagram.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a datagram of {0} bytes is longer than the {MAX_PLAINTEXT_BYTES} that fit")]
pub struct SealError(pub usize);

/// A datagram could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Shorter than a header and one block, or longer than any datagram.
    #[error("a sealed datagram has {min} to {MAX_DATAGRAM_BYTES} bytes, this one has {0}", min = HEADER_BYTES + BLOCK_BYTES)]
    Size(usize),
    /// The header's length is not that of what follows, or not a whole number of blocks.
    #[error("the header says {said} bytes of ciphertext, {found} follow")]
    Length {
        /// What the header says.
        said: i32,
        /// What follows it.
        found: usize,
    },
    /// The padding is wrong: sealed with another key, or changed on the way.
    #[error("sealed with another key or damaged")]
    Padding,
}

/// Seals and opens the datagrams of one session. The key schedules are computed once, here.
#[derive(Clone)]
pub struct Cipher {
    encrypt: aes::Aes256Enc,
    decrypt: aes::Aes256Dec,
    iv: [u8; BLOCK_BYTES],
}

impl Cipher {
    /// Derive the key: SHA-256 of session id and secret is the key, its last half the fixed IV.
    pub fn new(session: &SessionId, secret: &Secret) -> Self {
        let mut hash = Sha256::new();
        hash.update(session.as_str().as_bytes());
        hash.update(secret.reveal().as_bytes());
        let key: [u8; 32] = hash.finalize().into();
        let mut iv = [0; BLOCK_BYTES];
        iv.copy_from_slice(&key[BLOCK_BYTES..]);
        Self {
            encrypt: aes::Aes256Enc::new(&key.into()),
            decrypt: aes::Aes256Dec::new(&key.into()),
            iv,
        }
    }

    /// Seal `plaintext` into a whole datagram, header included.
    ///
    /// # Errors
    /// The plaintext is longer than [`MAX_PLAINTEXT_BYTES`].
    pub fn seal(&self, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        if plaintext.len() > MAX_PLAINTEXT_BYTES {
            return Err(SealError(plaintext.len()));
        }
        let sealed = BLOCK_BYTES * (plaintext.len() / BLOCK_BYTES + 1);
        let mut datagram = Vec::with_capacity(HEADER_BYTES + sealed);
        datagram.extend_from_slice(&(sealed as u32).to_le_bytes());
        datagram.extend_from_slice(plaintext);
        datagram.resize(HEADER_BYTES + sealed, 0);
        cbc::Encryptor::inner_iv_init(&self.encrypt, &self.iv.into())
            .encrypt_padded::<Pkcs7>(&mut datagram[HEADER_BYTES..], plaintext.len())
            .map_err(|_| SealError(plaintext.len()))?;
        Ok(datagram)
    }

    /// Open a whole datagram.
    ///
    /// # Errors
    /// It is not a sealed datagram, or was sealed with another key. Only the padding shows a wrong key, and about one
    /// in 256 passes: check the plaintext.
    pub fn open(&self, datagram: &[u8]) -> Result<Vec<u8>, OpenError> {
        cbc::Decryptor::inner_iv_init(&self.decrypt, &self.iv.into())
            .decrypt_padded_vec::<Pkcs7>(ciphertext(datagram)?)
            .map_err(|_| OpenError::Padding)
    }

    /// Say whether a whole datagram ends in a valid padding: whether [`open`](Self::open) would open it. This opens only the last
    /// block.
    pub fn may_open(&self, datagram: &[u8]) -> bool {
        let Ok(ciphertext) = ciphertext(datagram) else {
            return false;
        };
        let (earlier, last) = ciphertext.split_at(ciphertext.len() - BLOCK_BYTES);
        let before = earlier.last_chunk::<BLOCK_BYTES>().copied();
        // What is xored with a block is the one before it.
        cbc::Decryptor::inner_iv_init(&self.decrypt, &before.unwrap_or(self.iv).into())
            .decrypt_padded_vec::<Pkcs7>(last)
            .is_ok()
    }

    /// Open only the first block of a whole datagram. With another session's key it looks random, so a server with many
    /// sessions need not open the rest with every key. The block of a short datagram ends in padding.
    ///
    /// # Errors
    /// It is not a sealed datagram.
    pub fn open_first_block(&self, datagram: &[u8]) -> Result<[u8; BLOCK_BYTES], OpenError> {
        let ciphertext = ciphertext(datagram)?;
        let first = ciphertext.first_chunk::<BLOCK_BYTES>();
        let mut block = aes::Block::from(*first.ok_or(OpenError::Size(datagram.len()))?);
        self.decrypt.decrypt_block(&mut block);
        let mut plain: [u8; BLOCK_BYTES] = block.into();
        for (byte, iv) in plain.iter_mut().zip(self.iv) {
            *byte ^= iv;
        }
        Ok(plain)
    }
}

/// Lend what follows the header, which must be true.
fn ciphertext(datagram: &[u8]) -> Result<&[u8], OpenError> {
    let size = datagram.len();
    let (header, ciphertext) = match datagram.split_first_chunk::<HEADER_BYTES>() {
        Some(parts) if parts.1.len() >= BLOCK_BYTES && size <= MAX_DATAGRAM_BYTES => parts,
        _ => return Err(OpenError::Size(size)),
    };
    let said = i32::from_le_bytes(*header);
    if usize::try_from(said) != Ok(ciphertext.len())
        || !ciphertext.len().is_multiple_of(BLOCK_BYTES)
    {
        return Err(OpenError::Length {
            said,
            found: ciphertext.len(),
        });
    }
    Ok(ciphertext)
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_block_is_the_beginning_of_the_plaintext(text in prop::collection::vec(any::<u8>(), 0..80)) {
            let id = "0123456789abcdef0123456789abcdef".parse().unwrap();
            let cipher = Cipher::new(&id, &Secret::default());
            let sealed = cipher.seal(&text).unwrap();
            let first = cipher.open_first_block(&sealed).unwrap();
            let length = text.len().min(BLOCK_BYTES);
            prop_assert_eq!(&first[..length], &text[..length]);
        }

        #[test]
        fn a_datagram_may_open_with_a_key_exactly_if_it_does(text in prop::collection::vec(any::<u8>(), 0..80), id in "[0-9a-f]{32}") {
            let own = "0123456789abcdef0123456789abcdef".parse().unwrap();
            let sealed = Cipher::new(&own, &Secret::default()).seal(&text).unwrap();
            for id in [own, id.parse().unwrap()] {
                let cipher = Cipher::new(&id, &Secret::default());
                prop_assert_eq!(cipher.may_open(&sealed), cipher.open(&sealed).is_ok());
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let id = "0123456789abcdef0123456789abcdef".parse().unwrap();
            let cipher = Cipher::new(&id, &Secret::default());
            let first = cipher.open_first_block(&bytes);
            prop_assert!(first.is_ok() || cipher.open(&bytes).is_err());
        }
    }
}
