//! How many clients may be connected at once, in all and from one address. A slot is a guard whose drop frees it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{UNKNOWN, network_of};

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
        taken.add(address, self.slots_per_address)?;
        taken.total += 1;
        Ok(Slot {
            address,
            taken: Arc::clone(&self.taken),
        })
    }

    /// Let a slot count for another address, because its client has moved there, or is known better now.
    pub(crate) fn reassign(&self, slot: &mut Slot, address: IpAddr) -> Result<(), Full> {
        let address = network_of(address);
        if address != slot.address {
            let mut taken = self.taken.lock();
            taken.add(address, self.slots_per_address)?;
            taken.remove(slot.address);
            slot.address = address;
        }
        Ok(())
    }

    /// How many slots are taken, and how many there are.
    pub(crate) fn taken(&self) -> (usize, usize) {
        (self.taken.lock().total, self.slots)
    }
}

impl Taken {
    fn add(&mut self, address: IpAddr, at_most: usize) -> Result<(), Full> {
        let here = self.by_address.get(&address).copied().unwrap_or(0);
        if at_most > 0 && here >= at_most && address != UNKNOWN {
            return Err(Full::OfAddress);
        }
        self.by_address.insert(address, here + 1);
        Ok(())
    }

    fn remove(&mut self, address: IpAddr) {
        if let Some(here) = self.by_address.get_mut(&address) {
            *here -= 1;
            if *here == 0 {
                self.by_address.remove(&address);
            }
        }
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
        taken.remove(self.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_slot_counts_for_the_client_that_is_known_last() {
        let admission = Admission::new(4, 1);
        let mut slots: Vec<_> = (0..3).map(|_| admission.enter(UNKNOWN).unwrap()).collect();
        let [first, second] = ["192.0.2.1", "192.0.2.2"].map(address);
        assert_eq!(admission.reassign(&mut slots[0], first), Ok(()));
        assert_eq!(admission.reassign(&mut slots[0], first), Ok(()));
        let full = admission.reassign(&mut slots[1], first);
        assert_eq!(full, Err(Full::OfAddress));
        assert_eq!(slots[1].address(), UNKNOWN);
        assert_eq!(admission.reassign(&mut slots[0], second), Ok(()));
        assert_eq!(admission.reassign(&mut slots[1], first), Ok(()));
        assert_eq!(admission.taken(), (3, 4));
        drop(slots);
        assert_eq!(admission.taken(), (0, 4));
        assert!(admission.enter(first).is_ok());
        assert!(admission.taken.lock().by_address.is_empty());
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
