//! The browser's client as JavaScript classes: [`Session`] for players and [`Spectator`] for those who watch, each over a
//! WebSocket to the relay. They work in a page, in a Worker and in Node.
//!
//! The crate `protocol` has everything about the protocol. Here are the WebSocket, the clock, the timer, and the values
//! of JavaScript.

mod clock;
mod driver;
mod error;
mod event;
mod listeners;
mod log;
mod objects;
mod options;
mod samples;
mod session;
mod session_machine;
mod socket;
mod spectator;
mod spectator_machine;

#[cfg(target_arch = "wasm32")]
use rlsf::SmallGlobalTlsf;

pub use session::Session;
pub use spectator::{RaceClient, Spectator};

/// A fifth of the default allocator in size, and as quick.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: SmallGlobalTlsf = SmallGlobalTlsf::new();

#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
