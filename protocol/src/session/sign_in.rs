//! Signing in, whatever the server takes: a name, an account with its password, or an account's token. Which of them it is shows in
//! the welcome, or in the answer to the first try (facts, section 11), so finding out costs nobody a round trip on the older
//! servers.

use std::time::Duration;

use super::{CommandError, SendError, Session, State, Ticket};
use crate::command::{Command, CommandKind};
use crate::event::Event;
use crate::generation::Generation;
use crate::id::{Password, Token};
use crate::limits;
use crate::refusal::Refusal;

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The name to be known by, and that of the account where there are accounts.
    pub name: String,
    /// Without accounts it keeps others from the name while its owner is online (facts, section 4.1).
    pub password: Option<Password>,
    /// Make a new account, where there are accounts.
    pub create: bool,
    /// The token of an earlier sign-in. It is tried before the password, where there are accounts.
    pub token: Option<Token>,
}

impl SignIn {
    /// Sign in with a name alone, which is enough where there are no accounts.
    pub fn with_name(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            password: None,
            create: false,
            token: None,
        }
    }

    fn name_command(&self) -> Command {
        Command::Name {
            name: self.name.clone(),
            password: self.password.clone(),
        }
    }

    /// The command for the account, by its password.
    fn account_command(&self) -> Command {
        let username = self.name.clone();
        let password = self.password.clone().unwrap_or_else(|| Password::new(""));
        match self.create {
            true => Command::Register { username, password },
            false => Command::Login { username, password },
        }
    }

    /// A step was answered. Gives the next one, if the answer asks for it; an error ends the sign-in.
    pub(super) fn next_step(
        &self,
        kind: CommandKind,
        answer: &Event,
    ) -> Result<Option<Command>, CommandError> {
        let Some(refusal) = answer.refused().map(Refusal::of_message) else {
            return Ok(None);
        };
        let next = match (kind, refusal) {
            // The older servers know no tokens.
            (CommandKind::AutoAuth, Refusal::AuthRequired) => self.name_command(),
            (CommandKind::AutoAuth, Refusal::TokenExpired) if self.password.is_some() => {
                self.account_command()
            }
            (CommandKind::Name, Refusal::AuthRequired) => self.account_command(),
            _ => return Ok(None),
        };
        let checked = limits::check(&next).map_err(|refusal| CommandError::Refused {
            refusal,
            message: refusal.words().to_owned(),
        });
        checked.map(|()| Some(next))
    }
}

impl Session {
    /// Sign in with what the server takes. The answer, under the ticket given here, is `NAME_OK`, `REGISTER_OK`, `LOGIN_OK` or
    /// `AUTO_AUTH_OK`. A wrong password is never tried again, because it may lock the account (facts, Q35).
    ///
    /// # Errors
    /// It cannot be sent now, or the server would refuse it. Nothing was queued.
    pub fn sign_in(&mut self, sign_in: SignIn, now: Duration) -> Result<Ticket, SendError> {
        let has_accounts = self.generation().map(Generation::has_accounts);
        let command = match (&sign_in.token, has_accounts) {
            (Some(token), None | Some(true)) => Command::AutoAuth {
                token: token.clone(),
            },
            (None, Some(true)) => sign_in.account_command(),
            (_, Some(false)) | (None, None) => sign_in.name_command(),
        };
        self.queue_command(command, Some(Box::new(sign_in)), now)
    }

    /// What an answer tells of the server's generation.
    pub(super) fn learn_generation(&mut self, answer: &Event) {
        // What was assumed may be too low.
        if let Some(learnt) = answer.tells_generation()
            && self.generation.is_none_or(|known| known < learnt)
        {
            self.set_generation(learnt);
        }
    }

    /// Find out the server's generation, once signed in and when nothing else waits: [`Output::Generation`](super::Output::Generation)
    /// tells it. Only where the welcome and the answers so far leave it open does it take a command, a `MESSAGE` without a text, which
    /// no server passes on (facts, section 11).
    pub fn ask_generation(&mut self, now: Duration) {
        self.is_chat_wanted = true;
        self.advance(now);
    }

    /// Signed in by a name, a session does not know whether there is chat.
    pub(super) fn wants_to_know_chat(&self) -> bool {
        self.is_chat_wanted
            && self.state == State::Authenticated
            && self.generation.is_none()
            && !self.is_chat_asked
    }
}
