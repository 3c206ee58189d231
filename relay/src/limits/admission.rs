//! How many clients may be connected at once, in all and from one address. A slot is a guard whose drop frees it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::network_of;

/// The slots, counted in all and for each address.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    slots: usize,
    /// 0 is no limit.
    slots_per_address: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    /// Holds only addresses that have a slot.
    by_address: HashMap<IpAddr, usize>,
}

/// Why no slot is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// All slots are taken.
    InAll,
    /// This address has all the slots one address gets.
    OfAddress,
}

/// One taken slot.
#[derive(Debug)]
pub(crate) struct Slot {
    address: IpAddr,
    taken: Arc<Mutex<Taken>>,
}

impl Admission {
    /// Make `slots` slots. One address gets at most `slots_per_address`; 0 is no limit.
    pub(crate) fn new(slots: usize, slots_per_address: usize) -> Self {
        Self {
            slots,
            slots_per_address,
            taken: Arc::default(),
        }
    }

    /// Take a slot for a client at `address`.
    pub(crate) fn enter(&self, address: IpAddr) -> Result<Slot, Full> {
        let address = network_of(address);
        let mut taken = self.taken.lock();
        if taken.total >= self.slots {
            return Err(Full::InAll);
        }
        let here = taken.by_address.get(&address).copied().unwrap_or(0);
        if self.slots_per_address > 0 && here >= self.slots_per_address {
            return Err(Full::OfAddress);
        }
        taken.total += 1;
        taken.by_address.insert(address, here + 1);
        Ok(Slot {
            address,
            taken: Arc::clone(&self.taken),
        })
    }

    /// How many slots are taken, and how many there are.
    pub(crate) fn taken(&self) -> (usize, usize) {
        (self.taken.lock().total, self.slots)
    }
}

impl Slot {
    /// The address whose slot it is, as [`network_of`] gives it.
    pub(crate) const fn address(&self) -> IpAddr {
        self.address
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        taken.total -= 1;
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn slots_are_limited_in_all_and_come_back() {
        let admission = Admission::new(2, 0);
        let first = admission.enter(address("192.0.2.1")).unwrap();
        let _second = admission.enter(address("192.0.2.1")).unwrap();
        let third = admission.enter(address("192.0.2.2"));
        assert_eq!(third.unwrap_err(), Full::InAll);
        assert_eq!(admission.taken(), (2, 2));
        drop(first);
        assert!(admission.enter(address("192.0.2.2")).is_ok());
    }

    #[test]
    fn one_address_cannot_take_all_slots() {
        let admission = Admission::new(10, 1);
        let held = admission.enter(address("2001:db8::1")).unwrap();
        let neighbour = admission.enter(address("2001:db8::ffff"));
        assert_eq!(neighbour.unwrap_err(), Full::OfAddress);
        assert!(admission.enter(address("2001:db8:0:1::1")).is_ok());
        drop(held);
        assert!(admission.taken.lock().by_address.is_empty());
    }

    #[test]
    fn an_ipv4_address_is_the_same_in_ipv6_spelling() {
        let admission = Admission::new(10, 1);
        let _held = admission.enter(address("192.0.2.1")).unwrap();
        assert!(admission.enter(address("::ffff:192.0.2.1")).is_err());
    }
}
