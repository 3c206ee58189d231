//! The game server's side: how it is dialled and trusted, its lines and datagrams, and sessions of the relay's own.

pub(crate) mod connection;
pub(crate) mod dial;
pub(crate) mod readiness;
pub(crate) mod session;
pub(crate) mod trust;
