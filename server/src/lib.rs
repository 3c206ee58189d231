//! A small game server that speaks MP-Server's first generation, for the demo and the tests. The rules are a state machine
//! without I/O; the rest is sockets around it.

mod accept;
mod bots;
mod certificate;
mod connection;
mod engine;
mod password;
pub mod rules;
mod server;
mod udp;

pub use bots::{Bots, MAX_BOTS};
pub use certificate::{CERTIFICATE_FILE, KEY_FILE};
pub use server::{Options, Server};
