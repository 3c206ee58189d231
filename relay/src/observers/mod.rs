//! Observers (contract 2, opt-in): for a watched room in which no player of this relay drives, a session of the relay's
//! own joins and brings the positions. It takes a seat, so `rules` say when it may enter and must leave.

pub(crate) mod account;
mod cooldown;
mod endpoint;
mod idle_races;
pub(crate) mod overseer;
mod rules;
mod session;
mod shares;
