//! `NAME` and `AUTHENTICATE`: who may have which name. The original gives almost any name to anyone (facts, section 4.1).
//! The default mode gives a free name to the first player who asks, and a password reserves it.

use protocol::cipher::Cipher;
use protocol::id::Password;

use super::account::{Full, PasswordHash};
use super::command::{is_same_in_any_case, upper_case};
use super::policy::SignIn;
use super::reply::Reply;
use super::session::{ANONYMOUS, Purpose};
use super::{Conn, PasswordAnswer, PasswordJob, Rules};

/// The longest player name in the default mode; the original has no limit.
pub const MAX_PLAYER_NAME_CHARS: usize = 32;

const WRONG_FOR_NAME: &str = "Invalid password for this player name.";
const WRONG: &str = "Invalid password.";
const BUSY: &str = "Too many players sign in right now. Please try again in a moment.";

impl Rules {
    pub(super) fn sign_in(&mut self, conn: Conn, name: Option<String>, password: Option<Password>) {
        if self.takes_any_name() {
            self.sign_in_faithfully(conn, name.unwrap_or_else(|| ANONYMOUS.to_owned()), password);
        } else {
            // An empty password counts as no password.
            let password = password.filter(|password| !password.reveal().is_empty());
            self.sign_in_sanely(conn, name.unwrap_or_default(), password);
        }
    }

    fn sign_in_faithfully(&mut self, conn: Conn, name: String, password: Option<Password>) {
        let Some(password) = password else {
            return self.accept(conn, name);
        };
        let empty = password.reveal().is_empty();
        if self.is_online_elsewhere(conn, &name) {
            match self.accounts.hash(&name).cloned() {
                _ if empty => self.refuse(conn, WRONG_FOR_NAME),
                None => self.accept(conn, name),
                Some(hash) => {
                    self.ask(
                        conn,
                        Purpose::TakeName(name),
                        PasswordJob::Verify(password, hash),
                    );
                }
            }
        } else if empty || name.is_empty() {
            self.accept(conn, name);
        } else {
            self.register(conn, name, password);
        }
    }

    fn sign_in_sanely(&mut self, conn: Conn, name: String, password: Option<Password>) {
        if let Err(complaint) = check_name(&name, MAX_PLAYER_NAME_CHARS) {
            return self.refuse(conn, &complaint);
        }
        let hash = self.accounts.hash(&upper_case(&name)).cloned();
        match (hash, password) {
            (Some(hash), Some(password)) => {
                self.ask(
                    conn,
                    Purpose::TakeName(name),
                    PasswordJob::Verify(password, hash),
                );
            }
            (_, None) if self.already_is(conn, &name) => self.accept(conn, name),
            (Some(_), None) => {
                self.refuse(
                    conn,
                    "This player name is registered. Sign in with its password.",
                );
            }
            (None, _) if self.is_online_elsewhere(conn, &name) => {
                self.refuse(conn, "This player name is in use. Please choose another.");
            }
            (None, Some(password)) => self.register(conn, name, password),
            (None, None) => self.accept(conn, name),
        }
    }

    pub(super) fn authenticate(&mut self, conn: Conn, password: Option<Password>) {
        let Some(password) = password else {
            return self.error(conn, "Password is required for authentication.");
        };
        let Some(session) = self.sessions.get(&conn) else {
            return;
        };
        if session.name.is_empty() || session.name == ANONYMOUS {
            return self.refuse(conn, "Please set your name first with the NAME command.");
        }
        let hash = self
            .accounts
            .hash(&self.account_key(&session.name))
            .cloned();
        match hash {
            _ if password.reveal().is_empty() => self.confirm(conn, false),
            None => self.confirm(conn, true),
            Some(hash) => {
                self.ask(
                    conn,
                    Purpose::Authenticate,
                    PasswordJob::Verify(password, hash),
                );
            }
        }
    }

    /// Do what a password job was for.
    pub(super) fn finish(&mut self, conn: Conn, purpose: Purpose, answer: PasswordAnswer) {
        match (purpose, answer) {
            (Purpose::TakeName(name), PasswordAnswer::Verified(true)) => self.accept(conn, name),
            (Purpose::TakeName(_), PasswordAnswer::Verified(false)) => {
                self.refuse(conn, WRONG_FOR_NAME);
            }
            (Purpose::Authenticate, PasswordAnswer::Verified(right)) => self.confirm(conn, right),
            (Purpose::Register(name, password), PasswordAnswer::Hashed(hash)) => {
                // Another session may have taken the name while this password was being hashed.
                let key = self.account_key(&name);
                let taken =
                    self.accounts.hash(&key).is_some() || self.is_online_elsewhere(conn, &name);
                if taken && !self.takes_any_name() {
                    self.sign_in_sanely(conn, name, Some(password));
                } else if self.store(key, hash).is_ok() {
                    self.accept(conn, name);
                } else {
                    self.refuse(conn, "This server cannot register any more player names.");
                }
            }
            (_, PasswordAnswer::Busy) => self.error(conn, BUSY),
            _ => self.error(conn, "The password could not be checked. Please try again."),
        }
    }

    fn store(&mut self, key: String, hash: PasswordHash) -> Result<(), Full> {
        let (sessions, exact) = (&self.sessions, self.takes_any_name());
        let online = || {
            let signed_in = sessions.values().filter(|session| session.authenticated);
            let keys = signed_in.map(|session| account_key(&session.name, exact));
            keys.collect()
        };
        self.accounts.store(key, hash, online)
    }

    fn register(&mut self, conn: Conn, name: String, password: Password) {
        let job = PasswordJob::Hash(password.clone());
        self.ask(conn, Purpose::Register(name, password), job);
    }

    fn accept(&mut self, conn: Conn, name: String) {
        // Its old name is free from now on.
        self.touch_account(conn);
        self.authenticate_session(conn);
        self.rename(conn, &name);
        let reply = Reply::NameOk {
            name: &name,
            authenticated: Some(true),
            udp_encryption: Some(true),
        };
        self.reply(conn, &reply);
    }

    /// Sign a session in: from now on it has a key.
    pub(super) fn authenticate_session(&mut self, conn: Conn) {
        if let Some(session) = self.sessions.get_mut(&conn) {
            session.authenticated = true;
            let secret = &self.secret;
            session
                .cipher
                .get_or_insert_with(|| Cipher::new(&session.id, secret));
        }
    }

    /// Give a session a name.
    pub(super) fn rename(&mut self, conn: Conn, name: &str) {
        if let Some(session) = self.sessions.get_mut(&conn) {
            name.clone_into(&mut session.name);
        }
        if self.policy.renames_in_room {
            self.rename_in_room(conn);
        }
    }

    /// Note that a session's name is in use until now.
    pub(super) fn touch_account(&mut self, conn: Conn) {
        let session = self.sessions.get(&conn);
        if let Some(session) = session.filter(|session| session.authenticated) {
            let key = self.account_key(&session.name);
            self.accounts.touch(&key);
        }
    }

    /// Show a new name to the room at once. The original shows it at the next `UPDATE`.
    fn rename_in_room(&mut self, conn: Conn) {
        if let Some(session) = self.sessions.get(&conn)
            && let Some(room) = &session.room
            && let Some(player) = self.rooms.player_mut(room, &session.id)
        {
            player.name.clone_from(&session.name);
        }
    }

    fn refuse(&mut self, conn: Conn, message: &str) {
        self.reply(conn, &Reply::AuthFailed { message });
    }

    /// Answer `AUTHENTICATE`. On the original a wrong password ends a session that was signed in.
    fn confirm(&mut self, conn: Conn, right: bool) {
        let signs_out = self.takes_any_name();
        let Some(session) = self.sessions.get_mut(&conn) else {
            return;
        };
        session.authenticated = right || (session.authenticated && !signs_out);
        if right {
            let name = &session.name;
            let line = Reply::AuthOk { name }.to_line();
            self.send(conn, line);
        } else {
            self.refuse(conn, WRONG);
        }
    }

    fn account_key(&self, name: &str) -> String {
        account_key(name, self.takes_any_name())
    }

    fn takes_any_name(&self) -> bool {
        self.policy.sign_in == SignIn::AnyName
    }

    /// Say whether another session has this name, in any case. A session that is not signed in has no name in the default
    /// mode; on the original it is `Anonymous`.
    pub(super) fn is_online_elsewhere(&self, conn: Conn, name: &str) -> bool {
        self.sessions.iter().any(|(&other, session)| {
            let counts = session.authenticated || self.takes_any_name();
            other != conn && counts && is_same_in_any_case(&session.name, name)
        })
    }

    fn already_is(&self, conn: Conn, name: &str) -> bool {
        let session = self.sessions.get(&conn);
        session.is_some_and(|session| {
            session.authenticated && is_same_in_any_case(&session.name, name)
        })
    }
}

/// The original registers names by their exact spelling. In the default mode names that differ only in case are one.
fn account_key(name: &str, exact: bool) -> String {
    if exact {
        name.to_owned()
    } else {
        upper_case(name)
    }
}

/// Check that a name can be told from others. The complaint is for the player.
pub(super) fn check_name(name: &str, most: usize) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("A player name cannot be empty.".to_owned());
    }
    if !names::is_visible(name) {
        return Err("A player name needs a letter that can be seen.".to_owned());
    }
    if names::has_unseen(name) {
        return Err("A player name cannot have invisible characters.".to_owned());
    }
    if name.chars().count() > most {
        return Err(format!("A player name has at most {most} characters."));
    }
    Ok(())
}
