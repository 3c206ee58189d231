//! Which generation one game server is of, as far as it has shown. The sessions of players and the relay's own tell it; it is
//! never asked for at the start, nor because a page asks.

use std::sync::Arc;

use parking_lot::Mutex;
use protocol::event::Event;
use protocol::generation::Generation;

/// What is known of one game server. It is forgotten when the game server may have been replaced.
#[derive(Debug, Default)]
pub(crate) struct ServerGeneration {
    known: Mutex<Option<Generation>>,
}

impl ServerGeneration {
    /// The generation. `None`: it has not shown yet.
    pub(crate) fn known(&self) -> Option<Generation> {
        *self.known.lock()
    }

    /// A session was welcomed in this way.
    pub(crate) fn welcomed(&self, welcome: Generation) {
        match welcome {
            Generation::Token => self.learn(Generation::Token),
            // Three generations welcome like the first one.
            _ => drop(self.known.lock().take_if(|it| *it == Generation::Token)),
        }
    }

    /// A session has shown the generation.
    pub(crate) fn learn(&self, generation: Generation) {
        if self.known.lock().replace(generation) != Some(generation) {
            tracing::info!("the game server is of the {generation} generation");
        }
    }

    /// The game server cannot be reached. Another one may come back in its place.
    pub(crate) fn forget(&self) {
        *self.known.lock() = None;
    }
}

/// What the lines of one session tell of its game server.
pub(crate) struct SessionGeneration {
    server: Arc<ServerGeneration>,
    told: Option<Generation>,
}

impl SessionGeneration {
    pub(crate) fn new(server: Arc<ServerGeneration>) -> Self {
        Self { server, told: None }
    }

    /// An event comes down.
    pub(crate) fn handle_event(&mut self, event: &Event) {
        if let Event::Welcome { generation, .. } = event {
            self.server.welcomed(*generation);
        }
        let tells = event.tells_generation();
        // Later servers give the answers of earlier ones too.
        if let Some(generation) = tells.filter(|&it| self.told.is_none_or(|told| told < it)) {
            self.told = Some(generation);
            self.server.learn(generation);
        }
    }

    /// The generation, as far as this session knows it.
    pub(crate) const fn told(&self) -> Option<Generation> {
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "CONNECTED|0123456789abcdef0123456789abcdef";
    const JSON: &str = r#"{"command":"CONNECTED","sessionId":"0123456789abcdef0123456789abcdef"}"#;

    /// What the server is known as after a session with these lines.
    fn after(server: &Arc<ServerGeneration>, lines: &[&str]) -> Option<Generation> {
        let mut session = SessionGeneration::new(Arc::clone(server));
        for line in lines {
            session.handle_event(&Event::parse(line));
        }
        server.known()
    }

    #[test]
    fn what_players_are_told_shows_the_generation() {
        let error = |words: &str| format!(r#"{{"command":"ERROR","message":"{words}"}}"#);
        let account = r#"{"command":"LOGIN_OK","userId":1,"username":"Ann","token":"x"}"#;
        for (lines, expected) in [
            (vec![OLD], None),
            (vec![JSON], Some(Generation::Token)),
            (vec![JSON, account], Some(Generation::Token)),
            (
                vec![
                    OLD,
                    r#"{"command":"UNKNOWN_COMMAND","originalCommand":"MESSAGE"}"#,
                ],
                Some(Generation::First),
            ),
            (
                vec![
                    OLD,
                    r#"{"command":"UNKNOWN_COMMAND","originalCommand":"BATCH"}"#,
                ],
                None,
            ),
            (
                vec![OLD, r#"{"command":"MESSAGE_OK"}"#],
                Some(Generation::Chat),
            ),
            (
                vec![OLD, &error("Message content is required.")],
                Some(Generation::Chat),
            ),
            (
                vec![OLD, account, r#"{"command":"MESSAGE_OK"}"#],
                Some(Generation::Accounts),
            ),
            (
                vec![
                    OLD,
                    &error("Authentication required. Use REGISTER, LOGIN, or AUTO_AUTH first."),
                ],
                Some(Generation::Accounts),
            ),
            (
                vec![
                    OLD,
                    &error("Authentication required. Please use NAME command with password."),
                ],
                None,
            ),
        ] {
            assert_eq!(after(&Arc::default(), &lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_server_that_was_replaced_is_known_anew() {
        let server = Arc::default();
        let account = r#"{"command":"AUTO_AUTH_FAILED","message":"Token is required."}"#;
        for (line, expected) in [
            (JSON, Some(Generation::Token)),
            (OLD, None),
            (r#"{"command":"MESSAGE_OK"}"#, Some(Generation::Chat)),
            (OLD, Some(Generation::Chat)),
            (account, Some(Generation::Accounts)),
            (JSON, Some(Generation::Token)),
        ] {
            assert_eq!(after(&server, &[line]), expected, "{line}");
        }
        server.forget();
        assert_eq!(server.known(), None);
    }
}
