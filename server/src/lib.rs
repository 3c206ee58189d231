//! A small game server that speaks MP-Server's protocol as one of its generations, for the demo and the tests: sockets around the
//! crate `rules`, accounts in SQLite, and bots that the crate `drivers` drives.

mod accept;
mod accounts;
mod admission;
mod bots;
mod certificate;
mod connection;
mod descriptors;
mod engine;
mod pace;
mod password;
mod password_queue;
mod server;
mod udp;

pub use accounts::AccountFile;
pub use bots::{Bots, MAX_BOTS};
pub use certificate::{CERTIFICATE_FILE, KEY_FILE};
pub use descriptors::raise_descriptor_limit;
pub use server::{Options, Server};
