//! Who gets in: at most so many at once in all, and so many from one address. A place is a guard whose drop
//! gives it back.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The half of an IPv6 address that names a household; the rest of it costs nobody anything to change.
const IPV6_NETWORK: u128 = !0 << 64;

/// A count of places in all and per address. The map holds only addresses that have a place.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    places: usize,
    /// 0 is no limit.
    places_per_address: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// All places are taken.
    Full,
    /// This address has all the places one address gets.
    TooManyFromAddress,
}

/// One taken place.
#[derive(Debug)]
pub(crate) struct Place {
    address: IpAddr,
    taken: Arc<Mutex<Taken>>,
}

impl Admission {
    pub(crate) fn new(places: usize, places_per_address: usize) -> Self {
        Self {
            places,
            places_per_address,
            taken: Arc::default(),
        }
    }

    /// Take a place for someone at `address`.
    pub(crate) fn enter(&self, address: IpAddr) -> Result<Place, NoPlace> {
        let address = network_of(address);
        let mut taken = lock(&self.taken);
        if taken.total >= self.places {
            return Err(NoPlace::Full);
        }
        let here = taken.by_address.get(&address).copied().unwrap_or(0);
        if self.places_per_address > 0 && here >= self.places_per_address {
            return Err(NoPlace::TooManyFromAddress);
        }
        taken.total += 1;
        taken.by_address.insert(address, here + 1);
        Ok(Place {
            address,
            taken: Arc::clone(&self.taken),
        })
    }

    /// How many places are taken, and how many there are.
    pub(crate) fn taken(&self) -> (usize, usize) {
        (lock(&self.taken).total, self.places)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.total -= 1;
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & IPV6_NETWORK).into(),
        v4 => v4,
    }
}

/// Nothing panics while the lock is held, so a poisoned one is as good as any.
fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn places_are_limited_in_all_and_come_back() {
        let admission = Admission::new(2, 0);
        let first = admission.enter(address("192.0.2.1")).unwrap();
        let _second = admission.enter(address("192.0.2.1")).unwrap();
        let third = admission.enter(address("192.0.2.2"));
        assert_eq!(third.unwrap_err(), NoPlace::Full);
        assert_eq!(admission.taken(), (2, 2));
        drop(first);
        assert!(admission.enter(address("192.0.2.2")).is_ok());
    }

    #[test]
    fn one_address_cannot_take_all_places() {
        let admission = Admission::new(10, 1);
        let held = admission.enter(address("2001:db8::1")).unwrap();
        let neighbour = admission.enter(address("2001:db8::ffff"));
        assert_eq!(neighbour.unwrap_err(), NoPlace::TooManyFromAddress);
        assert!(admission.enter(address("2001:db8:0:1::1")).is_ok());
        drop(held);
        assert!(lock(&admission.taken).by_address.is_empty());
    }

    #[test]
    fn an_ipv4_address_is_the_same_in_ipv6_spelling() {
        let admission = Admission::new(10, 1);
        let _held = admission.enter(address("192.0.2.1")).unwrap();
        assert!(admission.enter(address("::ffff:192.0.2.1")).is_err());
    }
}
