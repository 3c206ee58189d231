//! Observers: sessions of the relay's own that join a watched room in which no player of this relay drives.

mod cooldown;
pub(crate) mod overseer;
mod rules;
mod session;
mod sitting;
