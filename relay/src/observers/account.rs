//! The account of the observers of one game server, for the generations that have accounts. Its password is tried once, and from then on
//! the token of that sign-in is used: a wrong password may lock the account, and then one more locks it again (facts, Q35).

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use client_native::{AskError, Disconnected};
use parking_lot::{Mutex, RwLock};
use protocol::event::Event;
use protocol::id::{Password, Token};
use protocol::refusal::Refusal;
use protocol::session::{CommandError, SignIn};

use super::rules::LeaveReason;
use crate::config::GameServer;
use crate::upstream::OwnSession;
use crate::upstream::session::ended;

/// How often the password may be sent without an answer. Three wrong ones lock an account (facts, section 4.2).
const MAX_UNANSWERED: u8 = 2;
/// The longest file with a password.
const MAX_PASSWORD_BYTES: usize = 1024;

/// What spectators are told where there is no account.
const MISSING: &str =
    "The game server shows races only to players with an account, and this relay has none.";
/// What they are told where it is of no use.
const REFUSED: &str = "The game server does not let this relay's account in.";

/// The account, replaced when the configuration is read again.
#[derive(Debug, Default)]
pub(crate) struct ObserverAccount {
    current: RwLock<Arc<Account>>,
}

/// One reading of the configuration.
#[derive(Debug, Default)]
struct Account {
    /// The name and the password. `None`: no account is configured.
    credentials: Option<(String, Password)>,
    state: Mutex<State>,
    /// Held during a sign-in, so that only one tries the password.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    /// The password was refused.
    is_refused: bool,
    /// How often the password was sent and not answered, because the session ended or was given up.
    unanswered: u8,
}

impl State {
    /// Say whether the password may be sent: it is not known to be wrong, and will not lock the account if it is.
    fn may_try(&self) -> bool {
        !self.is_refused && self.unanswered < MAX_UNANSWERED
    }
}

impl ObserverAccount {
    /// Read the account that is configured for a game server.
    ///
    /// # Errors
    /// The password's file cannot be read, or holds no password.
    pub(crate) fn read(game: &GameServer) -> anyhow::Result<Self> {
        let (Some(name), Some(file)) = (&game.observer_account, &game.observer_password_file)
        else {
            return Ok(Self::default());
        };
        let account = Account {
            credentials: Some((name.clone(), password(file)?)),
            ..Account::default()
        };
        Ok(Self {
            current: RwLock::new(Arc::new(account)),
        })
    }

    /// Use what was read again. A password that was refused is tried once more.
    pub(crate) fn replace(&self, new: &Self) {
        let new = Arc::clone(&new.current.read());
        *self.current.write() = new;
    }

    /// Say to spectators why no observer can sign in to a game server with accounts. `None`: one can.
    pub(super) fn objection(&self) -> Option<&'static str> {
        let account = self.current.read();
        let state = account.state.lock();
        match account.credentials {
            None => Some(MISSING),
            Some(_) if state.token.is_none() && !state.may_try() => Some(REFUSED),
            Some(_) => None,
        }
    }

    /// Sign a session in to the account.
    ///
    /// # Errors
    /// There is no account, it was refused now or before, or the session ended.
    pub(super) async fn sign_in(&self, session: &mut OwnSession) -> Result<(), LeaveReason> {
        let account = Arc::clone(&self.current.read());
        account.sign_in(session).await
    }
}

impl Account {
    async fn sign_in(&self, session: &mut OwnSession) -> Result<(), LeaveReason> {
        let Some((name, password)) = &self.credentials else {
            return Err(LeaveReason::NoAccount);
        };
        let _turn = self.turn.lock().await;
        let token = self.state.lock().token.clone();
        if let Some(token) = token {
            let by_token = SignIn {
                token: Some(token),
                ..SignIn::with_name(name)
            };
            match session.sign_in(by_token).await {
                Ok(_) => return Ok(()),
                Err(error) if means(&error, Refusal::TokenExpired) => {
                    self.state.lock().token = None;
                }
                Err(error) => return Err(failed(error)),
            }
        }
        {
            let mut state = self.state.lock();
            if !state.may_try() {
                return Err(LeaveReason::NoAccount);
            }
            // Counted before it is sent, because this may be cancelled while it waits.
            state.unanswered += 1;
        }
        let by_password = SignIn {
            password: Some(password.clone()),
            ..SignIn::with_name(name)
        };
        match session.sign_in(by_password).await {
            Ok(answer) => {
                let mut state = self.state.lock();
                if let Event::LoginOk(account) = answer {
                    state.token = account.token;
                }
                // The password was right, so it may be used again once the token has expired.
                state.unanswered = 0;
                Ok(())
            }
            Err(error @ AskError::Answer(CommandError::Refused { .. })) => {
                self.state.lock().is_refused = true;
                tracing::error!(
                    "the game server did not take the account of --observer-account ({error}). Its password is not tried again, because \
                     a wrong one may lock the account: correct it, and have the relay read its configuration again (SIGHUP)"
                );
                Err(failed(error))
            }
            Err(error) => {
                if !self.state.lock().may_try() {
                    tracing::error!(
                        "the game server did not answer the sign-in of --observer-account ({error}). Its password is not tried again, because a \
                         third wrong one would lock the account: have the relay read its configuration again (SIGHUP)"
                    );
                }
                Err(failed(error))
            }
        }
    }
}

fn means(error: &AskError<Disconnected>, expected: Refusal) -> bool {
    matches!(error, AskError::Answer(CommandError::Refused { refusal, .. }) if *refusal == expected)
}

fn failed(error: AskError<Disconnected>) -> LeaveReason {
    match error {
        AskError::Ended(end) => ended(end).into(),
        AskError::Answer(refusal) => LeaveReason::Refused(refusal.to_string()),
        AskError::Send(error) => LeaveReason::Failed(error.to_string()),
    }
}

/// Read the first line of a file.
fn password(file: &Path) -> anyhow::Result<Password> {
    let shown = file.display();
    let text = fs::read_to_string(file)
        .with_context(|| format!("cannot read --observer-password-file {shown}"))?;
    let line = text.lines().next().unwrap_or_default();
    ensure!(
        (1..=MAX_PASSWORD_BYTES).contains(&line.len()),
        "--observer-password-file {shown} must have the password in its first line, of at most {MAX_PASSWORD_BYTES} bytes"
    );
    Ok(Password::new(line))
}
