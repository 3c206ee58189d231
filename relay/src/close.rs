//! How a player's session ended: the close code of contract 1, words for the player, and details for the log.

use std::borrow::Cow;

use protocol::frame::CloseCode;

/// A close frame holds 125 bytes, two of them the code.
const MAX_REASON_BYTES: usize = 123;

/// Why a session is over.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) code: CloseCode,
    /// For the player: what happened and what to do.
    reason: Cow<'static, str>,
    /// For the operator: what is behind it.
    pub(crate) detail: Option<String>,
}

impl Ending {
    pub(crate) fn new(code: CloseCode, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            reason: reason.into(),
            detail: None,
        }
    }

    pub(crate) fn with_detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// The browser is gone or going: nobody is left to tell.
    pub(crate) fn left() -> Self {
        Self::new(CloseCode::Normal, "The player left.")
    }

    pub(crate) fn restarting() -> Self {
        Self::new(
            CloseCode::Restarting,
            "The relay is restarting: reconnect in a moment.",
        )
    }

    pub(crate) fn malformed(reason: &'static str) -> Self {
        Self::new(CloseCode::Malformed, reason)
    }

    pub(crate) fn sent_too_much() -> Self {
        Self::new(
            CloseCode::SentTooMuch,
            "This client sent more than a player may: slow it down.",
        )
    }

    /// The reason as far as a close frame holds it.
    pub(crate) fn reason(&self) -> &str {
        let mut end = self.reason.len().min(MAX_REASON_BYTES);
        while !self.reason.is_char_boundary(end) {
            end -= 1;
        }
        &self.reason[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_letters() {
        let ending = Ending::new(CloseCode::Full, "ä".repeat(100));
        assert_eq!(ending.reason(), "ä".repeat(61));
        assert_eq!(Ending::left().reason(), "The player left.");
    }
}
