//! Who may watch races.

use std::fmt;
use std::str::FromStr;

use anyhow::{bail, ensure};
use protocol::spectate::MAX_TOKEN_LETTERS;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The shortest token. 12 letters and digits cannot be guessed over the network.
const MIN_TOKEN_LETTERS: usize = 12;

/// Who may watch races.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Access {
    /// Everybody.
    #[default]
    Open,
    /// Nobody. The relay does not look at the traffic of players either.
    Off,
    /// Clients that offer this token.
    Token(AccessToken),
}

/// The token spectators need. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl Access {
    /// Say whether a client that offers `token` may watch.
    pub(crate) fn admits(&self, token: Option<&str>) -> bool {
        match self {
            Self::Open => true,
            Self::Off => false,
            Self::Token(expected) => token.is_some_and(|token| expected.is(token)),
        }
    }
}

impl AccessToken {
    fn new(text: &str) -> anyhow::Result<Self> {
        // A subprotocol may contain these, and a link need not escape them.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        ensure!(
            (MIN_TOKEN_LETTERS..=MAX_TOKEN_LETTERS).contains(&text.len())
                && text.bytes().all(plain),
            "a token has {MIN_TOKEN_LETTERS} to {MAX_TOKEN_LETTERS} letters and digits, or - _ . ~"
        );
        Ok(Self(text.to_owned()))
    }

    /// Compare in a time that does not depend on how much of the token is right.
    fn is(&self, token: &str) -> bool {
        let [expected, given] = [&self.0, token].map(Sha256::digest);
        expected.as_slice().ct_eq(given.as_slice()).into()
    }
}

impl FromStr for Access {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text.split_once(':') {
            None if text == "open" => Ok(Self::Open),
            None if text == "off" => Ok(Self::Off),
            Some(("token", token)) => Ok(Self::Token(AccessToken::new(token)?)),
            // The text may hold a token, so it is not repeated.
            _ => bail!(
                "races may be watched by everybody (open), nobody (off) or with a token (token:SECRET)"
            ),
        }
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_opens() {
        let access: Access = "token:abcdefghijkl-_.~".parse().unwrap();
        assert!(access.admits(Some("abcdefghijkl-_.~")));
        for wrong in [
            None,
            Some(""),
            Some("abcdefghijkl-_."),
            Some("Abcdefghijkl-_.~"),
        ] {
            assert!(!access.admits(wrong), "{wrong:?}");
        }
        assert!(Access::Open.admits(None) && !Access::Off.admits(Some("abcdefghijkl")));
        assert!(!format!("{access:?}").contains("abc"));
    }

    #[test]
    fn an_invalid_value_is_refused_without_repeating_it() {
        for wrong in [
            "",
            "opened",
            "secret-password",
            "token",
            "token:",
            "token:short",
            "token:with a space in it",
            "Token:abcdefghijkl",
        ] {
            let error = wrong.parse::<Access>().unwrap_err().to_string();
            assert!(wrong.len() < 8 || !error.contains(wrong), "{error}");
        }
        assert_eq!("open".parse::<Access>().unwrap(), Access::Open);
        assert_eq!("off".parse::<Access>().unwrap(), Access::Off);
    }
}
