//! Who may watch races and see which there are. Compares access tokens, and slows down addresses that send wrong ones.

use std::net::IpAddr;
use std::time::Duration;

use parking_lot::Mutex;
use thiserror::Error;
use tokio::time::Instant;

use crate::config::Access;
use crate::limits::{Guess, Guesses};

/// The access rule, the same for the list of rooms and for each race.
pub(crate) struct Authorization {
    access: Access,
    /// `None`: all clients may have one address, that of a proxy, and must not slow each other down.
    guesses: Option<Mutex<Guesses>>,
    started: Instant,
}

/// Why a client may not watch, in words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Denied {
    #[error("Races are shown here only with an access token: ask for a link that has one.")]
    TokenMissing,
    #[error("This access token is not the right one: ask for a new link.")]
    TokenWrong,
    #[error("Too many wrong access tokens came from this address: try again in a moment.")]
    TooManyWrong {
        /// How long no token of this address is compared.
        wait: Duration,
    },
}

impl Authorization {
    pub(super) fn new(access: Access, tells_clients_apart: bool) -> Self {
        Self {
            access,
            guesses: tells_clients_apart.then(Mutex::default),
            started: Instant::now(),
        }
    }

    /// Say whether a client at `peer` that offers `token` may watch.
    pub(crate) fn check(&self, token: Option<&str>, peer: IpAddr) -> Result<(), Denied> {
        if self.access.admits(None) {
            return Ok(());
        }
        let token = token.ok_or(Denied::TokenMissing)?;
        let is_right = || self.access.admits(Some(token));
        let Some(guesses) = &self.guesses else {
            return is_right().then_some(()).ok_or(Denied::TokenWrong);
        };
        let now = self.started.elapsed();
        match guesses.lock().check(peer, now, is_right) {
            Guess::Right => Ok(()),
            Guess::Wrong => Err(Denied::TokenWrong),
            Guess::TooMany(wait) => Err(Denied::TooManyWrong { wait }),
        }
    }
}
