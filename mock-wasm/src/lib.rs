//! The relay behind `mp-server-client/mock`: the game server's own rules and bots, as one class for JavaScript. JavaScript
//! simulates the sockets in front of it, and passes the time and the seed. This crate has no socket, clock or random source.

mod binding;
mod bot;
mod luck;
mod relay;
mod watched;

#[cfg(target_arch = "wasm32")]
use rlsf::SmallGlobalTlsf;

pub use binding::MockServer;

/// A fifth of the size of the default allocator, and as fast.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: SmallGlobalTlsf = SmallGlobalTlsf::new();
