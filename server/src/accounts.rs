//! The accounts of the token generation in SQLite: names, hashed passwords, and the hashes of tokens (facts, section 4.2). The
//! engine calls it on threads of low priority. The rules check lengths before, and say what players read.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use data_encoding::BASE64;
use parking_lot::Mutex;
use protocol::id::Password;
use rules::{
    Account, AccountAnswer, AccountJob, AccountRefusal, MAX_EMAIL_UNITS, MAX_USERNAME_UNITS, Token,
};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use sha2::{Digest as _, Sha256};

use crate::password::{Hasher, on_a_thread};

/// How many wrong passwords lock an account. Only a right one sets the count back (facts, section 4.2).
const MAX_WRONG_PASSWORDS: i64 = 3;
/// For how long it is locked.
const LOCK_TIME: Duration = Duration::from_secs(30 * 60);
/// How long a token lives, used or not.
const TOKEN_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many random bytes a token has.
const TOKEN_BYTES: usize = 48;
/// How many tokens an account may have: one for each device, with room to spare. A new one takes the place of the oldest.
const MAX_TOKENS: i64 = 32;
/// How many accounts there may be. With their tokens they take some 100 MB.
const MAX_ACCOUNTS: i64 = 200_000;
/// How long a statement waits for another program that has the file open.
const BUSY_LIMIT: Duration = Duration::from_secs(5);

/// The version of [`SCHEMA`], kept in `PRAGMA user_version`.
const SCHEMA_VERSION: i64 = 1;
/// Times are seconds since 1970. The keys are what must be different, in lower case.
const SCHEMA: &str = "
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        username TEXT NOT NULL,
        username_key TEXT NOT NULL UNIQUE,
        email TEXT,
        email_key TEXT UNIQUE,
        password TEXT NOT NULL,
        wrong_passwords INTEGER NOT NULL DEFAULT 0,
        locked_until INTEGER NOT NULL DEFAULT 0,
        disabled INTEGER NOT NULL DEFAULT 0,
        created INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE tokens (
        hash BLOB PRIMARY KEY,
        account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
        issued INTEGER NOT NULL,
        expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tokens_of_account ON tokens (account, issued);
    CREATE INDEX tokens_by_end ON tokens (expires);
";

/// Where the accounts are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountFile {
    /// In memory: they are gone when the server stops.
    Memory,
    /// In this file, and in files beside it whose names begin like it.
    File(PathBuf),
}

/// The accounts.
pub(crate) struct Accounts {
    database: Mutex<Connection>,
    hasher: Arc<Hasher>,
    wall_clock: fn() -> SystemTime,
}

/// Why a job was not done: the account may not be used, or the database failed.
enum Failure {
    Refused(AccountRefusal),
    Database(rusqlite::Error),
    Hashing,
    NoRandomness,
}

/// What a password is checked against.
struct Stored {
    id: i64,
    username: String,
    hash: String,
    locked_until: Duration,
    is_disabled: bool,
}

impl FromStr for AccountFile {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            ":memory:" => Self::Memory,
            path => Self::File(path.into()),
        })
    }
}

impl Accounts {
    /// Open the accounts, or make an empty file.
    ///
    /// # Errors
    /// The file cannot be opened, or is no file of accounts of this version.
    pub(crate) fn open(
        file: &AccountFile,
        hasher: Arc<Hasher>,
        wall_clock: fn() -> SystemTime,
    ) -> anyhow::Result<Self> {
        let database = match file {
            AccountFile::Memory => Connection::open_in_memory().map_err(Into::into),
            AccountFile::File(path) => open_file(path),
        };
        let prepared = database.and_then(|mut database| {
            prepare(&mut database)?;
            Ok(database)
        });
        let database = prepared.with_context(|| match file {
            AccountFile::Memory => "cannot keep accounts in memory".to_owned(),
            AccountFile::File(path) => format!("cannot use the accounts in {}", path.display()),
        })?;
        let accounts = Self {
            database: Mutex::new(database),
            hasher,
            wall_clock,
        };
        let now = seconds(accounts.now());
        let database = accounts.database.lock();
        database.execute("DELETE FROM tokens WHERE expires <= ?1", [now])?;
        drop(database);
        Ok(accounts)
    }

    /// Do one job on a thread of its own.
    pub(crate) async fn work(self: Arc<Self>, job: AccountJob) -> AccountAnswer {
        let work = move || self.answer(job);
        on_a_thread("account", work)
            .await
            .unwrap_or(AccountAnswer::Failed)
    }

    fn answer(&self, job: AccountJob) -> AccountAnswer {
        let done = match job {
            AccountJob::Register {
                username,
                password,
                email,
            } => self.register(&username, &password, email.as_deref()),
            AccountJob::LogIn { username, password } => self.log_in(&username, &password),
            AccountJob::FindToken(token) => self.find_token(&token),
        };
        match done {
            Ok(account) => AccountAnswer::Found(account),
            Err(Failure::Refused(refusal)) => AccountAnswer::Refused(refusal),
            Err(Failure::Database(error)) => {
                tracing::warn!(%error, "the database of accounts");
                AccountAnswer::Failed
            }
            Err(Failure::Hashing | Failure::NoRandomness) => AccountAnswer::Failed,
        }
    }

    fn register(
        &self,
        username: &str,
        password: &Password,
        email: Option<&str>,
    ) -> Result<Account, Failure> {
        let fits = |text: &str, most| text.encode_utf16().count() <= most;
        let fits = fits(username, MAX_USERNAME_UNITS)
            && email.is_none_or(|email| fits(email, MAX_EMAIL_UNITS));
        // The rules have checked it.
        debug_assert!(fits, "a name or address is too long");
        let names = (key(username), email.map(key));
        self.transact(|rows| is_free(rows, &names))?;
        let hash = self.hasher.hash(password.reveal().as_bytes());
        let hash = hash.ok_or(Failure::Hashing)?;
        let now = self.now();
        self.transact(|rows| {
            // Another may have taken the name meanwhile.
            is_free(rows, &names)?;
            rows.execute(
                "INSERT INTO accounts (username, username_key, email, email_key, password, created)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (username, &names.0, email, &names.1, &hash, seconds(now)),
            )?;
            let user_id = rows.last_insert_rowid();
            Ok(Account {
                user_id,
                username: username.to_owned(),
                token: Some(issue_token(rows, user_id, now)?),
            })
        })
    }

    fn log_in(&self, username: &str, password: &Password) -> Result<Account, Failure> {
        let key = key(username);
        let stored = self.transact(|rows| usable(rows, &key, self.now()))?;
        let right = self
            .hasher
            .verify(password.reveal().as_bytes(), &stored.hash);
        let right = right.ok_or(Failure::Hashing)?;
        let now = self.now();
        let token = self.transact(|rows| {
            // Others may have locked it meanwhile. Then this password was one too many, right or wrong.
            usable(rows, &key, now)?;
            if !right {
                note_wrong_password(rows, stored.id, now)?;
                return Ok(None);
            }
            rows.execute(
                "UPDATE accounts SET wrong_passwords = 0, locked_until = 0 WHERE id = ?1",
                [stored.id],
            )?;
            issue_token(rows, stored.id, now).map(Some)
        })?;
        Ok(Account {
            user_id: stored.id,
            username: stored.username,
            token: Some(token.ok_or(Failure::Refused(AccountRefusal::WrongPassword))?),
        })
    }

    fn find_token(&self, token: &Token) -> Result<Account, Failure> {
        let (hash, now) = (hash_token(token), seconds(self.now()));
        let found = self.transact(|rows| {
            let found = rows.query_row(
                "SELECT accounts.id, username, disabled FROM tokens JOIN accounts ON accounts.id = account
                 WHERE hash = ?1 AND expires > ?2",
                (hash, now),
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            );
            Ok(found.optional()?)
        })?;
        match found {
            None => Err(Failure::Refused(AccountRefusal::UnknownToken)),
            Some((_, _, true)) => Err(Failure::Refused(AccountRefusal::Disabled)),
            Some((user_id, username, false)) => Ok(Account {
                user_id,
                username,
                token: None,
            }),
        }
    }

    /// Do what `act` does, all or nothing.
    fn transact<T>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut database = self.database.lock();
        let rows = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = act(&rows)?;
        rows.commit()?;
        Ok(done)
    }

    fn now(&self) -> Duration {
        let since = (self.wall_clock)().duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or_default()
    }
}

/// Open a file that only its owner can read.
fn open_file(path: &Path) -> anyhow::Result<Connection> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    Ok(Connection::open(path)?)
}

fn prepare(database: &mut Connection) -> anyhow::Result<()> {
    database.busy_timeout(BUSY_LIMIT)?;
    // Reads the file for the first time, so a file that is no database fails here.
    database.pragma_update(None, "journal_mode", "WAL")?;
    // An account that was promised outlives a loss of power.
    database.pragma_update(None, "synchronous", "FULL")?;
    database.pragma_update(None, "foreign_keys", true)?;
    let rows = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = rows.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        let tables: i64 =
            rows.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        ensure!(tables == 0, "it is a database of another program");
        rows.execute_batch(SCHEMA)?;
        rows.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    } else {
        ensure!(
            version == SCHEMA_VERSION,
            "it has version {version}, and this server knows version {SCHEMA_VERSION}"
        );
    }
    rows.commit()?;
    Ok(())
}

/// Check that nobody has a name or an address, and that there is room for one more.
fn is_free(
    rows: &Transaction<'_>,
    (username, email): &(String, Option<String>),
) -> Result<(), Failure> {
    let has = |query: &str, key: &str| rows.query_row(query, [key], |row| row.get::<_, bool>(0));
    let by_name = "SELECT EXISTS (SELECT 1 FROM accounts WHERE username_key = ?1)";
    if has(by_name, username)? {
        return Err(Failure::Refused(AccountRefusal::UsernameTaken));
    }
    let by_email = "SELECT EXISTS (SELECT 1 FROM accounts WHERE email_key = ?1)";
    if let Some(email) = email
        && has(by_email, email)?
    {
        return Err(Failure::Refused(AccountRefusal::EmailTaken));
    }
    // Accounts are never deleted here, and counting them would read the whole table.
    let newest: Option<i64> =
        rows.query_row("SELECT max(id) FROM accounts", [], |row| row.get(0))?;
    if newest.unwrap_or(0) >= MAX_ACCOUNTS {
        return Err(Failure::Refused(AccountRefusal::Full));
    }
    Ok(())
}

/// Find an account that may be used now.
fn usable(rows: &Transaction<'_>, username: &str, now: Duration) -> Result<Stored, Failure> {
    let found = rows.query_row(
        "SELECT id, username, password, locked_until, disabled FROM accounts WHERE username_key = ?1",
        [username],
        |row| {
            Ok(Stored {
                id: row.get(0)?,
                username: row.get(1)?,
                hash: row.get(2)?,
                locked_until: Duration::from_secs(u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0)),
                is_disabled: row.get(4)?,
            })
        },
    );
    // Whether a name exists is no secret: `REGISTER` tells.
    let unknown = Failure::Refused(AccountRefusal::WrongPassword);
    let found = found.optional()?.ok_or(unknown)?;
    if found.is_disabled {
        return Err(Failure::Refused(AccountRefusal::Disabled));
    }
    if found.locked_until > now {
        let end = found.locked_until;
        return Err(Failure::Refused(AccountRefusal::LockedUntil(end)));
    }
    Ok(found)
}

/// Count a wrong password, and lock the account if it is one too many.
fn note_wrong_password(rows: &Transaction<'_>, id: i64, now: Duration) -> Result<(), Failure> {
    rows.execute(
        "UPDATE accounts SET wrong_passwords = wrong_passwords + 1,
         locked_until = iif(wrong_passwords + 1 >= ?2, ?3, locked_until) WHERE id = ?1",
        (id, MAX_WRONG_PASSWORDS, seconds(now + LOCK_TIME)),
    )?;
    Ok(())
}

/// Make a token for an account, and delete those that have expired or are too many.
fn issue_token(rows: &Transaction<'_>, account: i64, now: Duration) -> Result<Token, Failure> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| Failure::NoRandomness)?;
    let token = Token::new(BASE64.encode(&bytes));
    rows.execute("DELETE FROM tokens WHERE expires <= ?1", [seconds(now)])?;
    rows.execute(
        "DELETE FROM tokens WHERE hash IN
         (SELECT hash FROM tokens WHERE account = ?1 ORDER BY issued DESC LIMIT -1 OFFSET ?2)",
        (account, MAX_TOKENS - 1),
    )?;
    rows.execute(
        "INSERT INTO tokens (hash, account, issued, expires) VALUES (?1, ?2, ?3, ?4)",
        (
            hash_token(&token),
            account,
            seconds(now),
            seconds(now + TOKEN_LIFE),
        ),
    )?;
    Ok(token)
}

/// A token is random, so its hash needs no salt and no time.
fn hash_token(token: &Token) -> [u8; 32] {
    Sha256::digest(token.reveal()).into()
}

fn key(text: &str) -> String {
    text.to_lowercase()
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

#[cfg(test)]
mod tests;
