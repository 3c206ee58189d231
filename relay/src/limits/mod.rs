//! Limits: how many clients may be connected, and how much each may send.

mod admission;
pub(crate) mod rate;

pub(crate) use admission::{Admission, Full, Slot};
