//! Limits: how many clients may be connected, and how much each may send.

mod admission;
pub(crate) mod rate;

/// Pings in a row that may go unanswered: with 20 s between two, a client is gone after 40 to 60 s of silence. Pings are
/// counted instead of time, because a machine that slept must not wake up to dead clients.
pub(crate) const MAX_UNANSWERED_PINGS: u8 = 2;

pub(crate) use admission::{Admission, Full, Slot};
