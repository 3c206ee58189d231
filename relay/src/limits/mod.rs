//! Limits: how many clients may be connected, and how much each may send.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

mod admission;
mod budget;
mod guesses;
pub(crate) mod rate;
mod turns;

/// The half of an IPv6 address that names a network. The other half can be changed at no cost.
const IPV6_NETWORK: u128 = !0 << 64;

/// Stands for a client behind a proxy that has not been named yet. No limit of one address holds for it.
pub(crate) const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Pings in a row that may go unanswered: with 20 s between two, a client is gone after 40 to 60 s of silence. Pings are
/// counted instead of time, because a machine that slept must not wake up to dead clients.
pub(crate) const MAX_UNANSWERED_PINGS: u8 = 2;

pub(crate) use admission::{Admission, Full, Slot};
pub(crate) use budget::{Budget, Share};
pub(crate) use guesses::{Guess, Guesses};
pub(crate) use turns::{Asker, NoPlace, Rank, Sizes, Turn, Turns, Wait};

/// Give what counts as one address.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & IPV6_NETWORK).into(),
        v4 => v4,
    }
}
