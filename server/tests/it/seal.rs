//! Seals datagrams by the facts alone (section 6.1), independently of the project's own codec. Some datagrams of the
//! recordings are longer than that codec makes them.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use sha2::{Digest as _, Sha256};

/// What the server uses by default.
pub(crate) const SECRET: &str = "RacingServerUDP2024!";
/// What no server uses.
pub(crate) const WRONG_SECRET: &str = "not the secret";

/// Seal a text as the client of a session does.
pub(crate) fn seal(session: &str, secret: &str, text: &str) -> Vec<u8> {
    let (key, iv) = key(session, secret);
    let encryptor = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &iv.into());
    let ciphertext = encryptor.encrypt_padded_vec::<Pkcs7>(text.as_bytes());
    let mut datagram = i32::try_from(ciphertext.len())
        .unwrap()
        .to_le_bytes()
        .to_vec();
    datagram.extend(ciphertext);
    datagram
}

/// Open a datagram with the key of a session. `None` if the padding is wrong.
pub(crate) fn open(session: &str, secret: &str, datagram: &[u8]) -> Option<Vec<u8>> {
    let (key, iv) = key(session, secret);
    let ciphertext = datagram.get(4..)?;
    let decryptor = cbc::Decryptor::<aes::Aes256>::new(&key.into(), &iv.into());
    decryptor.decrypt_padded_vec::<Pkcs7>(ciphertext).ok()
}

fn key(session: &str, secret: &str) -> ([u8; 32], [u8; 16]) {
    let key: [u8; 32] = Sha256::digest(format!("{session}{secret}")).into();
    (key, key[16..].try_into().unwrap())
}

#[test]
fn the_seal_is_that_of_the_published_vector() {
    let sealed = seal("0123456789abcdef0123456789abcdef", SECRET, "{}");
    let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "1000000048c2b178bd14db6a7475d99f9615cc81");
}
