//! Why a connection is closed: the close code of contract 1, a text for the client, and the cause for the log.

use std::borrow::Cow;
use std::fmt;

use protocol::frame::CloseCode;

/// The longest text: a close frame holds 125 bytes, and the code takes two.
const MAX_TEXT_BYTES: usize = 123;

/// Why a connection is closed. `Display` writes the text and the cause.
#[derive(Debug)]
pub(crate) struct CloseReason {
    pub(crate) code: CloseCode,
    /// For the client: what happened and what to do.
    text: Cow<'static, str>,
    /// For the operator: the cause. A reason with a cause is logged as a warning.
    pub(crate) cause: Option<String>,
}

impl CloseReason {
    pub(crate) fn new(code: CloseCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            text: text.into(),
            cause: None,
        }
    }

    pub(crate) fn with_cause(self, cause: impl Into<Option<String>>) -> Self {
        Self {
            cause: cause.into(),
            ..self
        }
    }

    /// The browser has closed or is gone.
    pub(crate) fn left() -> Self {
        Self::new(CloseCode::Normal, "The player left.")
    }

    pub(crate) fn said_goodbye() -> Self {
        Self::new(CloseCode::Normal, "The player said goodbye.")
    }

    /// A client's session was kept for it, and the time is up.
    pub(crate) fn stayed_away() -> Self {
        Self::new(CloseCode::Normal, "The player did not come back in time.")
    }

    pub(crate) fn taken_over() -> Self {
        Self::new(
            CloseCode::TakenOver,
            "Another connection has taken this session over.",
        )
    }

    /// The game server took the connection and says nothing.
    pub(crate) fn unwelcome() -> Self {
        Self::new(
            CloseCode::ServerTimeout,
            "The game server takes connections but does not welcome players: try again in a moment.",
        )
        .with_cause("no welcome".to_owned())
    }

    pub(crate) fn restarting() -> Self {
        Self::new(
            CloseCode::Restarting,
            "The relay is restarting: reconnect in a moment.",
        )
    }

    pub(crate) fn malformed(text: &'static str) -> Self {
        Self::new(CloseCode::Malformed, text)
    }

    pub(crate) fn sent_too_much() -> Self {
        Self::new(
            CloseCode::SentTooMuch,
            "This client sent more than a player may: slow it down.",
        )
    }

    pub(crate) fn too_large(what: &str, limit: usize) -> Self {
        let text = format!("{what} has more than the {limit} bytes that are allowed.");
        Self::new(CloseCode::FrameTooLarge, text)
    }

    /// The text, cut to what a close frame holds.
    pub(crate) fn text(&self) -> &str {
        let mut end = self.text.len().min(MAX_TEXT_BYTES);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        &self.text[..end]
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())?;
        match &self.cause {
            Some(cause) => write!(f, " Cause: {cause}"),
            None => Ok(()),
        }
    }
}

/// Say in one line what an error is and what caused it.
pub(crate) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let words: Vec<_> = anyhow::Chain::new(error).map(ToString::to_string).collect();
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let reason = CloseReason::new(CloseCode::Full, "ä".repeat(100));
        assert_eq!(reason.text(), "ä".repeat(61));
        assert_eq!(CloseReason::left().text(), "The player left.");
    }
}
