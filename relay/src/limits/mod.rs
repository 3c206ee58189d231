//! Limits of how many may come in, and of how much each may send.

pub(crate) mod admission;
pub(crate) mod rate;
