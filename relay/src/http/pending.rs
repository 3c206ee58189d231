//! Connections to which no response is due: they have not sent the head of a request yet, or wait after one. They cost their owner
//! nothing, so when all slots are taken the oldest of them makes room for a newcomer.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::limits::{Admission, Full, Slot, network_of};

/// Connections that a browser opens at once.
const MAX_OF_BROWSER: usize = 6;

/// The slots of a port, and which of them are held by pending connections.
#[derive(Clone)]
pub(crate) struct Slots {
    slots: Admission,
    /// The oldest first. Never more than there are slots.
    pending: Arc<Mutex<Pending>>,
}

#[derive(Default)]
struct Pending {
    next_number: u64,
    connections: BTreeMap<u64, Connection>,
}

struct Connection {
    address: IpAddr,
    slot: Slot,
    evicted: CancellationToken,
}

/// A connection's place. Dropping it frees the slot.
pub(crate) struct Place {
    slots: Slots,
    number: u64,
    /// The connection must end: its slot went to a newcomer.
    pub(crate) evicted: CancellationToken,
    /// Held while a response is due.
    slot: Mutex<Option<Slot>>,
}

impl Slots {
    pub(crate) fn new(slots: Admission) -> Self {
        Self {
            slots,
            pending: Arc::default(),
        }
    }

    /// How many slots are taken, and how many there are.
    pub(crate) fn taken(&self) -> (usize, usize) {
        self.slots.taken()
    }

    /// Take a slot for a new connection. If none is free, a pending connection loses its own: the oldest of the same address if
    /// that has too many, otherwise the oldest of the address that has most of them.
    ///
    /// # Errors
    /// All slots are taken by connections to which a response is due.
    pub(crate) fn enter(&self, address: IpAddr) -> Result<Place, Full> {
        let network = network_of(address);
        let mut pending = self.pending.lock();
        let slot = match self.slots.enter(address) {
            Err(full) if pending.evict((full == Full::OfAddress).then_some(network)) => {
                self.slots.enter(address)
            }
            entered => entered,
        }?;
        let number = pending.next_number;
        pending.next_number += 1;
        let evicted = CancellationToken::new();
        let connection = Connection {
            address: network,
            slot,
            evicted: evicted.clone(),
        };
        pending.connections.insert(number, connection);
        Ok(Place {
            slots: self.clone(),
            number,
            evicted,
            slot: Mutex::default(),
        })
    }
}

impl Slots {
    /// End a pending connection, because the system has no file descriptors left: the oldest of the address that has most of them, if
    /// it has more than a browser opens.
    pub(crate) fn make_room(&self) {
        let mut pending = self.pending.lock();
        if let Some((address, count)) = pending.most()
            && count > MAX_OF_BROWSER
        {
            pending.evict(Some(address));
        }
    }
}

impl Pending {
    /// Find the address with the most connections, and how many it has.
    fn most(&self) -> Option<(IpAddr, usize)> {
        let mut counts = HashMap::<_, usize>::new();
        for connection in self.connections.values() {
            *counts.entry(connection.address).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count)
    }

    /// End the oldest connection of an address, or of the address with the most. Says whether there was one.
    fn evict(&mut self, address: Option<IpAddr>) -> bool {
        let address = address.or_else(|| self.most().map(|(address, _)| address));
        let mut oldest = self.connections.iter();
        let oldest = oldest.find(|(_, connection)| Some(connection.address) == address);
        let Some(number) = oldest.map(|(number, _)| *number) else {
            return false;
        };
        let evicted = self.connections.remove(&number);
        evicted.is_some_and(|connection| {
            connection.evicted.cancel();
            drop(connection.slot);
            true
        })
    }
}

impl Place {
    /// A proxy has named the client of this connection. Each request may have another one. If the client has too
    /// many connections, its oldest pending one is closed first.
    pub(crate) fn identify(&self, client: IpAddr) -> Result<(), Full> {
        let mut pending = self.slots.pending.lock();
        let network = network_of(client);
        match self.reassign(&mut pending, client) {
            Err(_full) if pending.evict(Some(network)) => self.reassign(&mut pending, client),
            reassigned => reassigned,
        }
    }

    fn reassign(&self, pending: &mut Pending, client: IpAddr) -> Result<(), Full> {
        let slots = &self.slots.slots;
        if let Some(connection) = pending.connections.get_mut(&self.number) {
            slots.reassign(&mut connection.slot, client)?;
            connection.address = network_of(client);
        } else if let Some(slot) = &mut *self.slot.lock() {
            slots.reassign(slot, client)?;
        }
        Ok(())
    }

    /// A response is due: nobody takes this place.
    pub(crate) fn keep(&self) {
        let connection = self.slots.pending.lock().connections.remove(&self.number);
        if let Some(connection) = connection {
            *self.slot.lock() = Some(connection.slot);
        }
    }

    /// The head of the response is made: the place may be taken again.
    pub(crate) fn release(&self) {
        let mut pending = self.slots.pending.lock();
        let Some(slot) = self.slot.lock().take() else {
            return;
        };
        let connection = Connection {
            address: slot.address(),
            slot,
            evicted: self.evicted.clone(),
        };
        pending.connections.insert(self.number, connection);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _pending = self.slots.pending.lock().connections.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::UNKNOWN;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn a_connection_that_waits_after_a_response_makes_room_again() {
        let slots = Slots::new(Admission::new(2, 0));
        let asked = slots.enter(address(1)).unwrap();
        asked.keep();
        let other = slots.enter(address(1)).unwrap();
        other.keep();
        assert!(
            slots.enter(address(2)).is_err(),
            "responses are due to both"
        );
        asked.release();
        let _newcomer = slots.enter(address(2)).unwrap();
        assert!(asked.evicted.is_cancelled() && !other.evicted.is_cancelled());
        // A request that comes in this moment changes nothing.
        asked.keep();
        asked.release();
        assert_eq!(slots.taken(), (2, 2));
        drop(asked);
        assert_eq!(slots.taken(), (2, 2));
    }

    #[test]
    fn the_oldest_pending_connection_of_the_address_with_the_most_makes_room() {
        let slots = Slots::new(Admission::new(5, 3));
        let many: Vec<_> = (0..3).map(|_| slots.enter(address(1)).unwrap()).collect();
        let others: Vec<_> = (0..2).map(|_| slots.enter(address(2)).unwrap()).collect();
        let evicted = |places: &[Place]| -> Vec<bool> {
            let all = places.iter();
            all.map(|place| place.evicted.is_cancelled()).collect()
        };
        let newcomer = slots.enter(address(3)).unwrap();
        assert_eq!(evicted(&many), [true, false, false]);
        newcomer.keep();
        many[1].keep();
        // The one with a head is safe, so the other one goes.
        let _own = slots.enter(address(1)).unwrap();
        assert_eq!(evicted(&many), [true, false, false]);
        assert_eq!(evicted(&others), [true, false]);
        for place in &others {
            place.keep();
        }
        assert_eq!(slots.taken(), (5, 5));
        drop((many, others, newcomer));
    }

    #[test]
    fn without_descriptors_only_an_address_with_more_than_a_browser_opens_makes_room() {
        let slots = Slots::new(Admission::new(100, 0));
        let one = slots.enter(address(1)).unwrap();
        let few: Vec<_> = (0..6).map(|_| slots.enter(address(2)).unwrap()).collect();
        slots.make_room();
        let is_out = |place: &Place| place.evicted.is_cancelled();
        assert!(!is_out(&one) && !few.iter().any(is_out));
        let another = slots.enter(address(2)).unwrap();
        slots.make_room();
        assert!(is_out(&few[0]) && !few[1..].iter().any(is_out) && !is_out(&another));
    }

    #[test]
    fn the_clients_of_a_proxy_count_once_they_are_named() {
        let slots = Slots::new(Admission::new(10, 1));
        let places: Vec<_> = (0..4).map(|_| slots.enter(UNKNOWN).unwrap()).collect();
        assert_eq!(places[0].identify(address(1)), Ok(()));
        // A client's older connection makes room if it has sent no request.
        assert_eq!(places[1].identify(address(1)), Ok(()));
        assert!(places[0].evicted.is_cancelled());
        places[1].keep();
        places[2].keep();
        assert_eq!(places[2].identify(address(1)), Err(Full::OfAddress));
        assert_eq!(places[2].identify(address(2)), Ok(()));
        // The proxy's next request on this connection is another client's.
        assert_eq!(places[1].identify(address(3)), Ok(()));
        assert_eq!(places[3].identify(address(1)), Ok(()));
        drop(places);
        assert_eq!(slots.taken().0, 0);
    }

    #[test]
    fn an_address_replaces_its_own_connections_and_none_with_a_request() {
        let slots = Slots::new(Admission::new(10, 2));
        let first = slots.enter(address(1)).unwrap();
        let second = slots.enter(address(1)).unwrap();
        let third = slots.enter(address(1)).unwrap();
        assert!(first.evicted.is_cancelled() && !second.evicted.is_cancelled());
        second.keep();
        third.keep();
        assert_eq!(slots.enter(address(1)).err(), Some(Full::OfAddress));
        drop((first, second));
        assert_eq!(slots.taken().0, 1);
        drop(third);
        assert_eq!(slots.taken().0, 0);
    }
}
