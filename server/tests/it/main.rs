//! The server against what the original answered, and through real sockets.

#![allow(clippy::unwrap_used, reason = "a test may fail by a panic")]

mod accounts;
mod bots;
mod client;
mod program;
mod recording;
mod replay_rules;
mod replay_session;
mod replay_sockets;
mod seal;
mod smooth_race;
mod sockets;
mod transcript;
