//! The game server's side: how it is dialled and trusted, of which generation it is, and the relay's own sessions with it.

mod certificate;
pub(crate) mod dial;
mod generation;
pub(crate) mod readiness;
pub(crate) mod session;
mod trust;

pub(crate) use dial::Dialer;
pub(crate) use generation::{ServerGeneration, SessionGeneration};
pub(crate) use readiness::Readiness;
pub(crate) use session::{OwnSession, OwnSessions};
pub(crate) use trust::TrustedServer;
