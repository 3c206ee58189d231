//! The types of ids and secrets. An id is checked once, where it enters; a secret never prints itself.

use std::fmt;
use std::num::NonZeroU8;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most bytes an id may have. The servers send 32 hexadecimal digits; other servers may choose a longer spelling.
pub const MAX_ID_BYTES: usize = 64;

/// A text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to {MAX_ID_BYTES} ASCII letters, digits, `-` or `_`")]
pub struct InvalidId;

/// The text of an id, stored inline, so that copying and comparing an id allocates nothing. All bytes after the text
/// are 0, so ids compare as their texts do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Text {
    bytes: [u8; MAX_ID_BYTES],
    length: NonZeroU8,
}

impl Text {
    fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.length.get()));
        // Only ASCII is stored.
        str::from_utf8(text.unwrap_or_default()).unwrap_or_default()
    }
}

impl FromStr for Text {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let length = u8::try_from(text.len()).ok().and_then(NonZeroU8::new);
        let mut bytes = [0; MAX_ID_BYTES];
        match (bytes.get_mut(..text.len()), length) {
            (Some(place), Some(length)) if text.bytes().all(plain) => {
                place.copy_from_slice(text.as_bytes());
                Ok(Self { bytes, length })
            }
            _ => Err(InvalidId),
        }
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Text);

        impl $name {
            /// Give the id as the wire spells it.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.parse().map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }
    };
}

id! {
    /// One connection of a player. The server draws a new one for every TCP connection (facts, section 1.4).
    SessionId
}

id! {
    /// One room (facts, section 1.4: the shape of a session id).
    RoomId
}

/// The secret that makes the key of the datagrams, together with the session id. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret every server of the first generation was built with (facts, section 6.1). It is public.
    pub const FIRST_GENERATION: &'static str = "RacingServerUDP2024!";

    /// Wrap a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Give the secret itself. Never log it.
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

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Wrap a ", $what, ".")]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            #[doc = concat!("Give the ", $what, " itself. Never log it.")]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("***")
            }
        }
    };
}

secret! {
    /// A player's password. Prints as `***`.
    Password, "password"
}

secret! {
    /// What an account gives its player to sign in again without the password (facts, section 4.2). Prints as `***`.
    Token, "token"
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
    fn ids_of_any_length_come_back_and_compare_as_their_texts() {
        let texts = ["0", "a", "a-", "aa", "b", &"z".repeat(MAX_ID_BYTES)];
        for pair in texts.windows(2) {
            let [one, other] = [pair[0], pair[1]].map(|text| text.parse::<SessionId>().unwrap());
            assert_eq!((one.as_str(), other.as_str()), (pair[0], pair[1]));
            assert!(one < other && one != other);
        }
    }

    #[test]
    fn an_id_is_one_string_of_json() {
        let id: RoomId = "r-1".parse().unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""r-1""#);
        assert_eq!(serde_json::from_str::<RoomId>(r#""r-1""#).unwrap(), id);
        assert!(serde_json::from_str::<RoomId>(r#""""#).is_err());
    }

    #[test]
    fn secrets_do_not_print() {
        let (password, token) = (Password::new("s3cret"), Token::new("s3cret"));
        let shown = format!("{:?} {password:?} {token:?}", Secret::new("s3cret"));
        assert_eq!(shown, "*** *** ***");
    }
}
