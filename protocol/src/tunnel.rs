//! A session that outlives its WebSockets (contract 1, "Resume"): both ends count the lines that came and keep the ones that
//! may not have arrived. After a loss each tells its count, and the other sends again what is missing. Nothing is lost and
//! nothing is doubled. No I/O and no clock.
//!
//! [`ClientEnd`] is the client's, [`RelayEnd`] the relay's. Datagrams are not kept: an old position is of no use.

mod client;
mod offer;
mod relay;
#[cfg(test)]
mod tests;

pub use client::{Attached, ClientEnd};
pub use offer::{InvalidToken, ResumeOffer, ResumeToken, TOKEN_BYTES};
pub use relay::RelayEnd;

/// What a kept line counts beside its bytes, so that empty lines are bounded too.
pub const LINE_OVERHEAD_BYTES: usize = 64;
