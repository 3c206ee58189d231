//! `REGISTER`, `LOGIN`, `AUTO_AUTH` and the `NAME` of later servers: signing in with an account (facts, sections 2.3 and 4.2).
//! The accounts themselves are kept elsewhere.

use protocol::id::{Password, Token};

use super::account_job::{
    Account, AccountAnswer, AccountJob, AccountKind, AccountRefusal, MAX_EMAIL_UNITS,
    MAX_USERNAME_UNITS, MIN_PASSWORD_UNITS, MIN_USERNAME_UNITS,
};
use super::reply::Reply;
use super::session::Purpose;
use super::sign_in::{MAX_PLAYER_NAME_CHARS, check_name};
use super::wall_clock::WallClock;
use super::{Conn, Output, Rules, Ticket};

const WRONG_PASSWORD: &str = "Invalid username or password.";

impl Rules {
    pub(super) fn create_account(
        &mut self,
        conn: Conn,
        username: String,
        password: Password,
        email: Option<String>,
    ) {
        let fail = |rules: &mut Self, message: &str| {
            rules.reply(conn, &Reply::RegisterFailed { message });
        };
        let length = units(&username);
        if username.trim().is_empty()
            || !(MIN_USERNAME_UNITS..=MAX_USERNAME_UNITS).contains(&length)
        {
            return fail(self, "Username must be 3–50 characters.");
        }
        let secret = password.reveal();
        if secret.trim().is_empty() || units(secret) < MIN_PASSWORD_UNITS {
            return fail(self, "Password must be at least 6 characters.");
        }
        if self.policy.bounds_texts
            && let Err(complaint) = check_name(&username, MAX_USERNAME_UNITS)
        {
            return fail(self, &complaint);
        }
        if email
            .as_deref()
            .is_some_and(|email| units(email) > MAX_EMAIL_UNITS)
        {
            // The original's database refuses it, and it says nothing.
            if self.policy.bounds_texts {
                fail(self, "An e-mail address has at most 100 characters.");
            }
            return;
        }
        let job = AccountJob::Register {
            username,
            password,
            email,
        };
        self.ask_account(conn, AccountKind::Register, job);
    }

    pub(super) fn log_in(&mut self, conn: Conn, username: String, password: Password) {
        if units(&username) > MAX_USERNAME_UNITS {
            // The original's database refuses it, and it says nothing.
            if self.policy.bounds_texts {
                let message = WRONG_PASSWORD;
                self.reply(conn, &Reply::LoginFailed { message });
            }
            return;
        }
        let job = AccountJob::LogIn { username, password };
        self.ask_account(conn, AccountKind::LogIn, job);
    }

    pub(super) fn auto_auth(&mut self, conn: Conn, token: Token) {
        if token.reveal().is_empty() {
            let message = "Token is required.";
            return self.reply(conn, &Reply::AutoAuthFailed { message });
        }
        self.ask_account(conn, AccountKind::AutoAuth, AccountJob::FindToken(token));
    }

    /// Give a session that is signed in another name until it ends.
    pub(super) fn change_name(&mut self, conn: Conn, name: String) {
        if self.policy.bounds_texts {
            if let Err(complaint) = check_name(&name, MAX_PLAYER_NAME_CHARS) {
                return self.error(conn, &complaint);
            }
            if self.is_online_elsewhere(conn, &name) {
                return self.error(conn, "This player name is in use. Please choose another.");
            }
        } else if name.trim().is_empty() {
            return self.error(conn, "Display name cannot be empty.");
        }
        self.rename(conn, &name);
        let reply = Reply::NameOk {
            name: &name,
            authenticated: None,
            udp_encryption: None,
        };
        self.reply(conn, &reply);
    }

    /// Take the answer to an account job.
    pub fn handle_account(&mut self, ticket: Ticket, answer: AccountAnswer) {
        let Some(Purpose::Account(kind)) = self.take_purpose(ticket) else {
            return;
        };
        let conn = ticket.conn;
        match answer {
            AccountAnswer::Found(account) => self.use_account(conn, kind, account),
            AccountAnswer::Refused(refusal) => self.fail(conn, kind, &refusal.message()),
            AccountAnswer::Busy => self.fail(
                conn,
                kind,
                "Too many players sign in right now. Please try again in a moment.",
            ),
            // The original says nothing when its database is away.
            AccountAnswer::Failed if !self.policy.bounds_texts => {}
            AccountAnswer::Failed => {
                self.fail(
                    conn,
                    kind,
                    "The account could not be checked. Please try again.",
                );
            }
        }
        self.work(conn);
    }

    fn ask_account(&mut self, conn: Conn, kind: AccountKind, job: AccountJob) {
        if let Some(ticket) = self.wait_for(conn, Purpose::Account(kind)) {
            self.outputs.push_back(Output::Account { ticket, job });
        }
    }

    fn use_account(&mut self, conn: Conn, kind: AccountKind, account: Account) {
        self.authenticate_session(conn);
        self.rename(conn, &account.username);
        let Account {
            user_id,
            ref username,
            ref token,
        } = account;
        let token = token.as_ref().map_or("", Token::reveal);
        let reply = match kind {
            AccountKind::Register => Reply::RegisterOk {
                user_id,
                username,
                token,
            },
            AccountKind::LogIn => Reply::LoginOk {
                user_id,
                username,
                token,
            },
            AccountKind::AutoAuth => Reply::AutoAuthOk { user_id, username },
        };
        self.reply(conn, &reply);
        if self.policy.has_envelopes {
            self.sync_inventory(conn);
        }
    }

    fn fail(&mut self, conn: Conn, kind: AccountKind, message: &str) {
        let reply = match kind {
            AccountKind::Register => Reply::RegisterFailed { message },
            AccountKind::LogIn => Reply::LoginFailed { message },
            AccountKind::AutoAuth => Reply::AutoAuthFailed { message },
        };
        self.reply(conn, &reply);
    }
}

impl AccountRefusal {
    fn message(self) -> String {
        let text = match self {
            Self::UsernameTaken => "Username already taken.",
            Self::EmailTaken => "Email already registered.",
            Self::WrongPassword => WRONG_PASSWORD,
            Self::Disabled => "Account is disabled.",
            Self::LockedUntil(end) => {
                let minute = WallClock(end).minute();
                return format!("Account locked. Try again after {minute} UTC.");
            }
            Self::UnknownToken => "Token invalid or expired.",
            Self::Full => "This server cannot hold any more accounts.",
        };
        text.to_owned()
    }
}

/// Count a text as the original does: in UTF-16 units.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
