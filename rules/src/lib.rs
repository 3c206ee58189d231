//! The rules of the game server, without I/O: `server` puts sockets around them, `mock-wasm` runs them in a page.

mod rules;

pub use rules::*;
