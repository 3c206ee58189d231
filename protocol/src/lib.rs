//! The MP-Server protocol without I/O: bytes and a clock reading go in, bytes and events come out.
//!
//! Nothing here opens a socket, starts a thread, reads a clock or draws a random number. So every rule of the
//! protocol is tested natively with a virtual clock, and runs unchanged in the browser.

pub mod cipher;
pub mod command;
pub mod compression;
pub mod datagram;
pub mod event;
pub mod frame;
pub mod generation;
pub mod geometry;
pub mod goodbye;
pub mod id;
pub mod interpolation;
pub mod json;
pub mod limits;
pub mod line;
pub mod log;
pub mod metrics;
pub mod pacer;
pub mod reconnect;
pub mod refusal;
pub mod session;
pub mod snapshot;
pub mod spectate;
pub mod timeline;
pub mod tunnel;

mod ring;

/// Convert seconds, cut to whole nanoseconds. A time below zero counts as zero, and so does what is not a number.
pub(crate) fn from_seconds(seconds: f64) -> std::time::Duration {
    std::time::Duration::from_nanos((seconds * 1e9) as u64)
}

#[cfg(test)]
mod tests;
