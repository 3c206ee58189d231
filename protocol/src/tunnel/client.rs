//! The client's end.

use std::fmt;

use super::{ResumeOffer, ResumeToken};

/// Lines that are kept to be sent again. A client waits for each answer, so the relay has surely had older ones.
const MAX_KEPT_LINES: usize = 64;

/// The client's end of a session: which lines have come, and the newest ones that were sent.
#[derive(Clone)]
pub struct ClientEnd {
    token: ResumeToken,
    received: u64,
    /// Lines sent in all. `None` after a reload of the page, which forgets what was on its way.
    sent: Option<u64>,
    /// The newest lines sent, oldest first.
    kept: Vec<String>,
    /// The session is not wanted any more.
    given_up: bool,
}

/// What the relay holds for a client whose WebSocket is open again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// Nothing: a new session begins.
    New,
    /// The session. The lines of [`ClientEnd::missing`] must be sent again.
    Resumed,
    /// The session, but lines are missing that cannot be sent again.
    Broken,
}

/// Without the lines, one of which has the password.
impl fmt::Debug for ClientEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientEnd")
            .field("received", &self.received)
            .field("sent", &self.sent)
            .field("kept", &self.kept.len())
            .field("given_up", &self.given_up)
            .finish_non_exhaustive()
    }
}

impl ClientEnd {
    /// Make the end of a session that is yet to begin.
    pub fn new(token: ResumeToken) -> Self {
        Self {
            token,
            received: 0,
            sent: Some(0),
            kept: Vec::new(),
            given_up: false,
        }
    }

    /// Go on with the session of a page that was left, from what it offered last. Lines that it had sent and that did not
    /// arrive are lost with it.
    pub fn restore(offer: ResumeOffer) -> Self {
        Self {
            received: offer.received,
            sent: None,
            ..Self::new(offer.token)
        }
    }

    /// What to offer with the next WebSocket.
    pub fn offer(&self) -> ResumeOffer {
        ResumeOffer {
            token: self.token.clone(),
            received: if self.given_up {
                u64::MAX
            } else {
                self.received
            },
        }
    }

    /// Begin a new session with the next WebSocket. If the relay still has the old one, it ends it first, so that its player
    /// does not stay behind as a ghost: the offer has a number that no session reaches.
    pub fn give_up(&mut self) {
        self.given_up = true;
    }

    /// A line of the game server has come, or the notice of one that was too long.
    pub fn handle_line(&mut self) {
        self.received += 1;
    }

    /// A line goes to the relay, or would if there were a WebSocket.
    pub fn send(&mut self, line: &str) {
        if self.kept.len() == MAX_KEPT_LINES {
            self.kept.remove(0);
        }
        self.kept.push(line.to_owned());
        self.sent = self.sent.map(|sent| sent + 1);
    }

    /// The relay's first frame has come. `received` counts the lines that it has taken.
    pub fn handle_ready(&mut self, resumed: bool, received: u64) -> Attached {
        if !resumed {
            *self = Self::new(self.token.clone());
            return Attached::New;
        }
        let kept = self.kept.len();
        let sent = *self
            .sent
            .get_or_insert(received.saturating_add(kept as u64));
        let missing = sent
            .checked_sub(received)
            .and_then(|missing| usize::try_from(missing).ok());
        match missing.filter(|&missing| missing <= kept) {
            Some(missing) => {
                self.kept.drain(..kept - missing);
                Attached::Resumed
            }
            None => Attached::Broken,
        }
    }

    /// The lines that the relay has not had, in their order.
    pub fn missing(&self) -> &[String] {
        &self.kept
    }
}
