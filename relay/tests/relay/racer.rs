//! A player of our own game server, who comes through a relay and drives.

use protocol::cipher::Cipher;
use protocol::event::Event;
use protocol::generation::Generation;
use protocol::id::{RoomId, Secret, SessionId};
use relay::Relay;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::browser::Browser;

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct Racer {
    browser: Browser,
    pub(crate) id: SessionId,
    cipher: Cipher,
    seq: u32,
}

impl Racer {
    /// Sign in with what the game server takes. Where there are accounts, one is made.
    pub(crate) async fn sign_in(relay: &Relay, generation: Generation, name: &str) -> Self {
        let mut browser = Browser::ready(relay).await;
        let welcome = browser.line().await;
        let Event::Welcome { session_id: id, .. } = Event::parse(&welcome) else {
            panic!("not a welcome: {welcome}");
        };
        let cipher = Cipher::new(&id, &Secret::default());
        let mut racer = Self {
            browser,
            id,
            cipher,
            seq: 0,
        };
        let command = match generation.has_accounts() {
            true => json!({ "command": "REGISTER", "username": name, "password": PASSWORD }),
            false => json!({ "command": "NAME", "name": name }),
        };
        let signed_in =
            |event: &Event| matches!(event, Event::RegisterOk(_) | Event::NameOk { .. });
        racer.ask(&command, signed_in).await;
        racer
    }

    /// Send a command, and wait for a line that fits.
    async fn ask(&mut self, command: &serde_json::Value, fits: impl Fn(&Event) -> bool) -> Event {
        self.browser.say(&command.to_string()).await;
        self.hear(fits).await
    }

    /// Wait for a line that fits. Datagrams and other lines are passed over.
    pub(crate) async fn hear(&mut self, fits: impl Fn(&Event) -> bool) -> Event {
        loop {
            if let Message::Text(line) = self.browser.next().await {
                let event = Event::parse(&line);
                if fits(&event) {
                    return event;
                }
            }
        }
    }

    pub(crate) async fn create_room(&mut self, name: &str) -> RoomId {
        let command = json!({ "command": "CREATE_ROOM", "name": name });
        let created = |event: &Event| matches!(event, Event::RoomCreated { .. });
        match self.ask(&command, created).await {
            Event::RoomCreated { room_id, .. } => room_id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn join(&mut self, room: &RoomId) {
        let command = json!({ "command": "JOIN_ROOM", "roomId": room.as_str() });
        let joined = |event: &Event| matches!(event, Event::JoinOk { .. });
        self.ask(&command, joined).await;
    }

    /// The ids of all players in the room.
    pub(crate) async fn players(&mut self) -> Vec<SessionId> {
        let command = json!({ "command": "GET_ROOM_PLAYERS" });
        let listed = |event: &Event| matches!(event, Event::RoomPlayers { .. });
        match self.ask(&command, listed).await {
            Event::RoomPlayers { players, .. } => players.iter().map(|player| player.id).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// Send a position.
    pub(crate) async fn drive(&mut self, x: f32) {
        self.seq += 1;
        let update = json!({
            "command": "UPDATE", "sessionId": self.id.as_str(), "seq": self.seq,
            "position": { "x": x, "y": 0, "z": 0 }, "rotation": { "x": 0, "y": 0, "z": 0, "w": 1 }
        });
        let sealed = self.cipher.seal(update.to_string().as_bytes()).unwrap();
        self.browser.send(Message::binary(sealed)).await;
    }

    /// Take the datagrams and lines that have come until the answer to a `PING`; gives the plaintexts of the datagrams.
    pub(crate) async fn datagrams(&mut self) -> Vec<String> {
        self.browser.say(r#"{"command":"PING"}"#).await;
        let mut texts = Vec::new();
        loop {
            match self.browser.next().await {
                Message::Text(line) if Event::parse(&line) == Event::Pong => return texts,
                Message::Binary(datagram) => {
                    let open = self.cipher.open(&datagram);
                    let text = open.unwrap_or_else(|_plain| datagram.to_vec());
                    texts.push(String::from_utf8(text).unwrap());
                }
                _ => {}
            }
        }
    }
}
