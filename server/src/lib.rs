//! A small game server that speaks MP-Server's first generation: the embedded default of the demo and the
//! opponent in the tests. The rules are a state machine without I/O; the sockets lie around it.

mod accept;
mod bots;
mod certificate;
mod connection;
mod engine;
mod outbox;
mod password;
pub mod rules;
mod server;
mod udp;

pub use bots::{Bots, MAX_BOTS};
pub use certificate::{CERTIFICATE_FILE, KEY_FILE};
pub use server::{Options, Server};
