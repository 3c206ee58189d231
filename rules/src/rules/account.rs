//! Which names have a password. Hashes are made and checked elsewhere and only kept here.

use std::collections::{HashMap, HashSet};
use std::fmt;

/// How many names may be registered: ten times the sessions there may be, and a bound on memory. A new name takes the place of
/// the one that has been unused for longest.
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

/// All [`MAX_ACCOUNTS`] names belong to players who are online.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The registered names, in the spelling the caller uses as key.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    /// At most [`MAX_ACCOUNTS`].
    by_name: HashMap<String, Account>,
    /// Counts all uses. It tells which account was used before which.
    uses: u64,
}

#[derive(Debug)]
struct Account {
    hash: PasswordHash,
    last_use: u64,
}

impl Accounts {
    /// Find the hash of a name.
    pub(crate) fn hash(&self, name: &str) -> Option<&PasswordHash> {
        self.by_name.get(name).map(|account| &account.hash)
    }

    /// Note that a name was used until now.
    pub(crate) fn touch(&mut self, name: &str) {
        if let Some(account) = self.by_name.get_mut(name) {
            self.uses += 1;
            account.last_use = self.uses;
        }
    }

    /// Store the hash of a name. It replaces an earlier one. If there are too many, the name that has been unused for longest
    /// and is not `online` is given up.
    pub(crate) fn store(
        &mut self,
        name: String,
        hash: PasswordHash,
        online: impl FnOnce() -> HashSet<String>,
    ) -> Result<(), Full> {
        if self.by_name.len() >= MAX_ACCOUNTS && !self.by_name.contains_key(&name) {
            let online = online();
            let unused = self.by_name.iter();
            let unused = unused.filter(|(name, _)| !online.contains(*name));
            let oldest = unused.min_by_key(|(_, account)| account.last_use);
            let oldest = oldest.map(|(name, _)| name.clone()).ok_or(Full)?;
            self.by_name.remove(&oldest);
        }
        self.uses += 1;
        let last_use = self.uses;
        self.by_name.insert(name, Account { hash, last_use });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash() -> PasswordHash {
        PasswordHash::new("a")
    }

    fn full() -> Accounts {
        let mut accounts = Accounts::default();
        for index in 0..MAX_ACCOUNTS {
            let stored = accounts.store(index.to_string(), hash(), HashSet::new);
            assert_eq!(stored, Ok(()));
        }
        accounts
    }

    #[test]
    fn a_full_registry_gives_up_the_name_that_was_unused_for_longest() {
        let mut accounts = full();
        accounts.touch("0");
        accounts.touch("nobody");
        let online = || HashSet::from(["1".to_owned()]);
        assert_eq!(accounts.store("new".into(), hash(), online), Ok(()));
        assert_eq!(accounts.hash("2"), None);
        for kept in ["0", "1", "3", "new"] {
            assert!(accounts.hash(kept).is_some(), "{kept}");
        }
        assert_eq!(accounts.by_name.len(), MAX_ACCOUNTS);
        // A known name takes nobody's place.
        let other = PasswordHash::new("b");
        let stored = accounts.store("7".into(), other.clone(), HashSet::new);
        assert_eq!((stored, accounts.hash("7")), (Ok(()), Some(&other)));
        assert!(accounts.hash("3").is_some());
    }

    #[test]
    fn the_names_of_players_who_are_online_are_never_given_up() {
        let mut accounts = full();
        let all = || (0..MAX_ACCOUNTS).map(|index| index.to_string()).collect();
        assert_eq!(accounts.store("new".into(), hash(), all), Err(Full));
    }
}
