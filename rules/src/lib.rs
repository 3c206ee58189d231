//! The rules of the game server, without I/O: `server` adds sockets, `mock-wasm` runs them in a page.

mod rules;

pub use rules::*;
