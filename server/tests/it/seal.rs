//! Seals datagrams by the facts alone (section 6.1), independently of the project's own codec. Some datagrams of the
//! recordings are longer than that codec makes them.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt as _, KeyIvInit as _};
use sha2::{Digest as _, Sha256};

/// Seal a text as the client of a session does; `wrong` uses another secret than the server's.
pub(crate) fn seal(session: &str, text: &str, wrong: bool) -> Vec<u8> {
    let secret = if wrong {
        "not the secret"
    } else {
        "RacingServerUDP2024!"
    };
    let key: [u8; 32] = Sha256::digest(format!("{session}{secret}")).into();
    let iv: [u8; 16] = key[16..].try_into().unwrap();
    let encryptor = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &iv.into());
    let ciphertext = encryptor.encrypt_padded_vec::<Pkcs7>(text.as_bytes());
    let mut datagram = i32::try_from(ciphertext.len())
        .unwrap()
        .to_le_bytes()
        .to_vec();
    datagram.extend(ciphertext);
    datagram
}

#[test]
fn the_seal_is_that_of_the_published_vector() {
    let sealed = seal("0123456789abcdef0123456789abcdef", "{}", false);
    let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "1000000048c2b178bd14db6a7475d99f9615cc81");
}
