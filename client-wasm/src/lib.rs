//! The browser's client: `protocol::session` over a WebSocket to the relay, as a JavaScript class. Works in a page
//! and in a Worker. Everything about the protocol itself is in the crate `protocol`; here are only the browser's
//! socket, clock, timer and values.

mod clock;
mod connection;
mod convert;
mod failure;
mod listeners;
mod log;
mod options;
mod session;
mod socket;
mod view;

pub use session::Session;
