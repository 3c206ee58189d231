//! The game server's side: how it is dialled and trusted, and the relay's own sessions with it.

mod certificate;
pub(crate) mod dial;
pub(crate) mod readiness;
pub(crate) mod session;
mod trust;

pub(crate) use dial::Dialer;
pub(crate) use readiness::Readiness;
pub(crate) use session::{OwnSession, OwnSessions};
pub(crate) use trust::TrustedServer;
