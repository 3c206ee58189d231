//! Identifiers and secrets that travel through the whole project as types of their own.
//! An id is checked once, where it enters; a secret never prints itself.

use std::fmt;
use std::str::FromStr;

/// The most bytes an id may have. The servers send 32 hexadecimal digits; the room for more is for servers
/// that choose another spelling.
pub const MAX_ID_BYTES: usize = 64;

/// A text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to {MAX_ID_BYTES} ASCII letters, digits, `-` or `_`")]
pub struct InvalidId;

fn checked(text: &str) -> Result<String, InvalidId> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=MAX_ID_BYTES).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(InvalidId)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Lend the id as the wire spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                checked(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

id! {
    /// One connection of a player. The server draws a new one for every TCP connection (facts, section 1.4).
    SessionId
}

id! {
    /// One room (facts, section 1.4: same shape as a session id).
    RoomId
}

/// The secret that, with the session id, makes the key of the datagrams. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret every server of the first generation was built with (facts, section 6.1). It is public.
    pub const FIRST_GENERATION: &'static str = "RacingServerUDP2024!";

    /// Wrap a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Lend the secret itself. Never put it in a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Default for Secret {
    fn default() -> Self {
        Self::new(Self::FIRST_GENERATION)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A player's password. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wrap a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Lend the password itself. Never put it in a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_the_wire_is_taken_and_anything_else_refused() {
        assert!(
            "0123456789abcdef0123456789abcdef"
                .parse::<SessionId>()
                .is_ok()
        );
        for bad in ["", "a b", "a\n", "ä", "a\"", &"x".repeat(65)] {
            assert_eq!(bad.parse::<RoomId>(), Err(InvalidId), "{bad:?}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let shown = format!("{:?} {:?}", Secret::new("s3cret"), Password::new("s3cret"));
        assert_eq!(shown, "*** ***");
    }
}
