//! A signed-in player, whose datagrams the relay lets pass.

use protocol::cipher::Cipher;
use protocol::id::Secret;
use tokio_tungstenite::tungstenite::Message;

use crate::browser::Browser;
use crate::game::Player;

/// The session that [`sign_in`] makes.
pub(crate) const ID: &str = "0123456789abcdef0123456789abcdef";

/// Let the game server welcome a player and take the name.
pub(crate) async fn sign_in(browser: &mut Browser, player: &mut Player) {
    sign_in_as(ID, browser, player).await;
}

pub(crate) async fn sign_in_as(id: &str, browser: &mut Browser, player: &mut Player) {
    let name_ok =
        r#"{"command":"NAME_OK","name":"Annabel","authenticated":true,"udpEncryption":true}"#;
    for line in [&format!("CONNECTED|{id}"), name_ok] {
        player.send(format!("{line}\n")).await;
        browser.expect(line).await;
    }
}

/// A datagram of this session, with a note that tells it from others.
pub(crate) fn sealed_by(id: &str, note: &str) -> Vec<u8> {
    let json = format!(r#"{{"command":"UPDATE","sessionId":"{id}","note":"{note}"}}"#);
    let cipher = Cipher::new(&id.parse().unwrap(), &Secret::default());
    cipher.seal(json.as_bytes()).unwrap()
}

pub(crate) fn sealed(note: &str) -> Vec<u8> {
    sealed_by(ID, note)
}

/// The same as a frame.
pub(crate) fn datagram(note: &str) -> Message {
    Message::binary(sealed(note))
}
