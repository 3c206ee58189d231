//! The relay behind `mp-server-client/mock`: the game server's own rules and bots, as one class for JavaScript. JavaScript
//! makes up the sockets in front of it, and brings the time and the seed. Here are no socket, no clock and no luck.

mod binding;
mod bot;
mod luck;
mod relay;
mod watched;

#[cfg(target_arch = "wasm32")]
use rlsf::SmallGlobalTlsf;

pub use binding::MockServer;

/// A fifth of the default allocator in size, and as quick.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: SmallGlobalTlsf = SmallGlobalTlsf::new();
