//! What the rules ask of whoever keeps the accounts of the token generation, and what they are answered (facts, section 4.2).

use std::time::Duration;

use protocol::id::{Password, Token};
use protocol::limits;

/// The longest user name in UTF-16 units, as in the original's database.
pub const MAX_USERNAME_UNITS: usize = *limits::USERNAME_UNITS.end();
/// The shortest user name.
pub const MIN_USERNAME_UNITS: usize = *limits::USERNAME_UNITS.start();
/// The shortest password.
pub const MIN_PASSWORD_UNITS: usize = limits::MIN_PASSWORD_UNITS;
/// The longest e-mail address.
pub const MAX_EMAIL_UNITS: usize = 100;

/// Work on the accounts, which needs their database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountJob {
    /// Make an account, and a token for it.
    Register {
        /// Its name, of 3 to 50 UTF-16 units.
        username: String,
        /// Its password.
        password: Password,
        /// An address that no other account has, of at most 100 UTF-16 units.
        email: Option<String>,
    },
    /// Check the password of an account, and make a token for it.
    LogIn {
        /// Its name, in any case.
        username: String,
        /// The password.
        password: Password,
    },
    /// Find the account of a token.
    FindToken(Token),
}

/// The answer to an [`AccountJob`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountAnswer {
    /// The account may be used.
    Found(Account),
    /// It may not.
    Refused(AccountRefusal),
    /// It could not be done.
    Failed,
    /// It was not tried: too many wait already.
    Busy,
}

/// An account that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub user_id: i64,
    /// Its name as it was registered.
    pub username: String,
    /// A new token, unless it was found by one.
    pub token: Option<Token>,
}

/// Why an account may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountRefusal {
    /// Another account has the name.
    UsernameTaken,
    /// Another account has the address.
    EmailTaken,
    /// There is no such name, or the password is wrong.
    WrongPassword,
    /// The operator has disabled it.
    Disabled,
    /// Too many passwords were wrong.
    LockedUntil(
        /// Since 1970, UTC.
        Duration,
    ),
    /// There is no such token, or it has expired.
    UnknownToken,
    /// There are as many accounts as there may be.
    Full,
}

/// Which command a job is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountKind {
    Register,
    LogIn,
    AutoAuth,
}
