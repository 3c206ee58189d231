//! The subprotocol `resume.TOKEN.N`, by which a client offers to resume. It travels in a header, so no access log keeps it.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;

/// Random bytes of a token: 128 bits.
pub const TOKEN_BYTES: usize = 16;
/// 128 bits in base64url have this many letters.
const MIN_LETTERS: usize = 22;
const MAX_LETTERS: usize = 64;
const PREFIX: &str = "resume.";

/// A text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token has {MIN_LETTERS} to {MAX_LETTERS} letters of base64url")]
pub struct InvalidToken;

/// A client's secret name for its session. Whoever knows it can take the session over, so it never prints itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResumeToken(String);

impl ResumeToken {
    /// Make a token of random bytes. It is spelt in hexadecimal digits, which are letters of base64url too.
    pub fn from_random(bytes: [u8; TOKEN_BYTES]) -> Self {
        Self(HEXLOWER.encode(&bytes))
    }

    /// The token as the wire spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ResumeToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let is_token =
            (MIN_LETTERS..=MAX_LETTERS).contains(&text.len()) && text.bytes().all(is_letter);
        is_token.then(|| Self(text.into())).ok_or(InvalidToken)
    }
}

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken(***)")
    }
}

/// What a client offers beside the subprotocol itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeOffer {
    /// Names the session.
    pub token: ResumeToken,
    /// How many lines of the game server the client has had.
    pub received: u64,
}

impl ResumeOffer {
    /// Read a subprotocol. `None`: it is another one, or damaged.
    pub fn parse(subprotocol: &str) -> Option<Self> {
        let (token, received) = subprotocol.strip_prefix(PREFIX)?.split_once('.')?;
        let is_number = received.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self {
            token: token.parse().ok()?,
            received: received.parse().ok().filter(|_| is_number)?,
        })
    }

    /// Write the subprotocol.
    pub fn to_subprotocol(&self) -> String {
        [PREFIX, self.token.as_str(), ".", &self.received.to_string()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_spelt_as_the_contract_has_it() {
        let token = ResumeToken::from_random([0xab; TOKEN_BYTES]);
        let offer = ResumeOffer { token, received: 7 };
        let text = "resume.abababababababababababababababab.7";
        assert_eq!(offer.to_subprotocol(), text);
        assert_eq!(ResumeOffer::parse(text), Some(offer));
    }

    #[test]
    fn other_and_damaged_subprotocols_are_no_offers() {
        let token = "A-_9".repeat(6);
        assert!(ResumeOffer::parse(&format!("resume.{token}.0")).is_some());
        for damaged in [
            "mp-relay.v1".to_owned(),
            format!("resume.{token}"),
            format!("resume.{token}."),
            format!("resume.{token}.+1"),
            format!("resume.{token}.-1"),
            format!("resume.{token}.1.2"),
            format!("resume.{token}.99999999999999999999"),
            format!("Resume.{token}.0"),
            format!("resume.{}.0", &token[..21]),
            format!("resume.{}.0", token.repeat(3)),
            format!("resume.{}ä.0", &token[..22]),
        ] {
            assert_eq!(ResumeOffer::parse(&damaged), None, "{damaged}");
        }
    }

    #[test]
    fn a_token_does_not_print_itself() {
        let token = ResumeToken::from_random([0xab; TOKEN_BYTES]);
        let offer = ResumeOffer { token, received: 7 };
        assert!(!format!("{offer:?}").contains("abab"));
    }
}
