//! Which names have a password. Hashes are made and checked elsewhere and only kept here.

use std::collections::HashMap;
use std::fmt;

/// How many names may be registered: far more than a demo needs, and a bound on memory.
pub const MAX_ACCOUNTS: usize = 10_000;

/// A hashed password as a text in PHC form. Prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wrap a hash.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Lend the hash itself. Never put it in a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// All [`MAX_ACCOUNTS`] names are taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The registered names, in the spelling the caller uses as key.
#[derive(Debug, Default)]
pub(crate) struct Accounts(HashMap<String, PasswordHash>);

impl Accounts {
    /// Find the hash of a name.
    pub(crate) fn hash(&self, name: &str) -> Option<&PasswordHash> {
        self.0.get(name)
    }

    /// Store the hash of a name. It replaces an earlier one.
    pub(crate) fn store(&mut self, name: String, hash: PasswordHash) -> Result<(), Full> {
        if self.0.len() >= MAX_ACCOUNTS && !self.0.contains_key(&name) {
            return Err(Full);
        }
        self.0.insert(name, hash);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_registry_refuses_new_names_but_updates_known_ones() {
        let mut accounts = Accounts::default();
        for index in 0..MAX_ACCOUNTS {
            assert_eq!(
                accounts.store(index.to_string(), PasswordHash::new("a")),
                Ok(())
            );
        }
        assert_eq!(
            accounts.store("x".into(), PasswordHash::new("a")),
            Err(Full)
        );
        assert_eq!(accounts.store("7".into(), PasswordHash::new("b")), Ok(()));
        assert_eq!(accounts.hash("7"), Some(&PasswordHash::new("b")));
    }
}
