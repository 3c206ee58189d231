//! Bytes that our encoder did not make: the vectors of the facts, sealed and opened, and bytes that must be refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use protocol::cipher::{Cipher, MAX_PLAINTEXT_BYTES, OpenError, SAFE_PLAINTEXT_BYTES, SealError};
use protocol::datagram::{Datagram, DecodeError};
use protocol::id::{Secret, SessionId};
use serde::Deserialize;

#[derive(Deserialize)]
struct Seals {
    vectors: Vec<Seal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seal {
    name: String,
    session_id: SessionId,
    secret: String,
    plaintext: String,
    packet: String,
}

#[derive(Deserialize)]
struct Refused {
    secret: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    session_id: SessionId,
    packet: String,
    refused_by: String,
}

fn seals() -> Vec<Seal> {
    let file: Seals = serde_json::from_str(include_str!("../vectors/seal.json")).unwrap();
    assert_eq!(file.vectors.len(), 9);
    file.vectors
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn every_vector_is_sealed_to_the_byte_and_opened_again() {
    for vector in seals() {
        let cipher = Cipher::new(&vector.session_id, &Secret::new(vector.secret));
        let packet = bytes(&vector.packet);
        assert_eq!(
            cipher.seal(vector.plaintext.as_bytes()).unwrap(),
            packet,
            "{}",
            vector.name
        );
        assert_eq!(
            cipher.open(&packet).unwrap(),
            vector.plaintext.as_bytes(),
            "{}",
            vector.name
        );
    }
}

#[test]
fn the_server_spelling_of_the_vectors_is_ours() {
    for name in ["V3", "V4", "V6", "V7"] {
        let vector = seals()
            .into_iter()
            .find(|vector| vector.name == name)
            .unwrap();
        let cipher = Cipher::new(&vector.session_id, &Secret::new(vector.secret));
        let datagram = Datagram::decode(&bytes(&vector.packet), Some(&cipher)).unwrap();
        assert!(matches!(datagram, Datagram::Update(_)), "{name}");
        assert_eq!(datagram.to_json(), vector.plaintext, "{name}");
    }
}

#[test]
fn every_negative_case_is_refused_where_it_should_be() {
    let file: Refused = serde_json::from_str(include_str!("../vectors/refused.json")).unwrap();
    assert_eq!(file.cases.len(), 8);
    for case in file.cases {
        let cipher = Cipher::new(&case.session_id, &Secret::new(file.secret.clone()));
        let opened = cipher.open(&bytes(&case.packet));
        match case.refused_by.as_str() {
            "open" => assert!(opened.is_err(), "{}", case.name),
            "content" => {
                assert!(opened.is_ok(), "{}", case.name);
                let decoded = Datagram::decode(&bytes(&case.packet), Some(&cipher));
                assert_eq!(decoded, Err(DecodeError::Unknown), "{}", case.name);
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn the_size_edges_are_where_the_facts_have_them() {
    let vector = &seals()[0];
    let cipher = Cipher::new(&vector.session_id, &Secret::new(vector.secret.clone()));
    let sealed = |length: usize| {
        cipher
            .seal(&vec![b'x'; length])
            .map(|packet| packet.len() - 4)
    };
    assert_eq!(sealed(SAFE_PLAINTEXT_BYTES), Ok(1008));
    assert_eq!(sealed(SAFE_PLAINTEXT_BYTES + 1), Ok(1024));
    assert_eq!(sealed(MAX_PLAINTEXT_BYTES), Ok(2032));
    assert_eq!(sealed(MAX_PLAINTEXT_BYTES + 1), Err(SealError(2032)));
    let part_of_a_block = [[17, 0, 0, 0].as_slice(), &[0; 17]].concat();
    assert_eq!(
        cipher.open(&part_of_a_block),
        Err(OpenError::Length {
            said: 17,
            found: 17
        })
    );
    assert_eq!(cipher.open(&vec![0; 3000]), Err(OpenError::Size(3000)));
}
