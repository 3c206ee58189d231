//! The browser's client: `protocol::session` for players and `protocol::timeline` for spectators, each over a WebSocket
//! to the relay, as JavaScript classes. Works in a page and in a Worker. Everything about the protocol itself is in the
//! crate `protocol`; here are only the browser's socket, clock, timer and values.

mod browser;
mod clock;
mod connection;
mod convert;
mod failure;
mod listeners;
mod log;
mod object;
mod online;
mod options;
mod session;
mod socket;
mod spectator;
mod view;
mod watching;

pub use session::Session;
pub use spectator::{RaceClient, Spectator};
