//! Which connections stay when more come than there are slots. Connections that have not signed in make place: those who
//! connect and do nothing keep nobody out. Without I/O and clock; `accept` asks it.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

/// The half of an IPv6 address that names a network. The other half can be changed at no cost.
const IPV6_NETWORK: u128 = !0 << 64;

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// In all.
    pub(crate) slots: usize,
    /// From one address; 0 is no limit.
    pub(crate) per_address: usize,
    /// A connection that has not signed in makes place for a new one. Otherwise the new one is refused.
    pub(crate) evicts: bool,
}

/// The connections there are.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    limits: Limits,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    next: u64,
    /// The oldest first.
    connections: BTreeMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    network: IpAddr,
    signed_in: bool,
    evicted: CancellationToken,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// All slots belong to players.
    InAll,
    /// This address has all the slots it gets.
    OfAddress,
}

/// One connection's slot. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct Slot {
    number: u64,
    held: Arc<Mutex<Held>>,
    /// Cancelled when the connection must end, because a newer one has taken its slot.
    pub(crate) evicted: CancellationToken,
}

impl Admission {
    /// Start without connections.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            held: Arc::default(),
        }
    }

    /// Take a slot for a connection from `address`.
    pub(crate) fn enter(&self, address: IpAddr) -> Result<Slot, Full> {
        let network = network_of(address);
        let mut held = self.held.lock();
        let Limits {
            slots, per_address, ..
        } = self.limits;
        let here = || {
            held.connections
                .values()
                .filter(|one| one.network == network)
        };
        let (crowded, refusal) = if per_address > 0 && here().count() >= per_address {
            (Some(network), Full::OfAddress)
        } else if held.connections.len() >= slots {
            (held.most_idle_network(), Full::InAll)
        } else {
            return Ok(held.admit(network, &self.held));
        };
        let oldest = crowded.and_then(|network| held.oldest_open(network));
        let oldest = oldest.filter(|_| self.limits.evicts).ok_or(refusal)?;
        if let Some(connection) = held.connections.remove(&oldest) {
            connection.evicted.cancel();
        }
        Ok(held.admit(network, &self.held))
    }
}

impl Held {
    fn admit(&mut self, network: IpAddr, held: &Arc<Mutex<Self>>) -> Slot {
        let (number, evicted) = (self.next, CancellationToken::new());
        self.next += 1;
        let connection = Connection {
            network,
            signed_in: false,
            evicted: evicted.clone(),
        };
        self.connections.insert(number, connection);
        Slot {
            number,
            held: Arc::clone(held),
            evicted,
        }
    }

    /// Find the network with the most connections that have not signed in, beyond those that have. So a relay with many
    /// players does not make place for many strangers with one connection each. Of several, the one with the oldest counts.
    fn most_idle_network(&self) -> Option<IpAddr> {
        let mut excess: HashMap<IpAddr, (i64, u64)> = HashMap::new();
        for (number, connection) in &self.connections {
            let (count, oldest) = excess.entry(connection.network).or_insert((0, u64::MAX));
            *count += if connection.signed_in { -1 } else { 1 };
            if !connection.signed_in {
                *oldest = (*oldest).min(*number);
            }
        }
        let with_open = excess
            .into_iter()
            .filter(|(_, (_, oldest))| *oldest < u64::MAX);
        let most =
            with_open.max_by_key(|(_, (count, oldest))| (*count, std::cmp::Reverse(*oldest)));
        most.map(|(network, _)| network)
    }

    fn oldest_open(&self, network: IpAddr) -> Option<u64> {
        let mut oldest_first = self.connections.iter();
        let oldest = oldest_first.find(|(_, one)| one.network == network && !one.signed_in);
        oldest.map(|(number, _)| *number)
    }
}

impl Slot {
    /// Note that the connection's player has signed in: it keeps its slot.
    pub(crate) fn sign_in(&self) {
        if let Some(connection) = self.held.lock().connections.get_mut(&self.number) {
            connection.signed_in = true;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.held.lock().connections.remove(&self.number);
    }
}

/// Give what counts as one address: an IPv4 address, or a network of 2⁶⁴ IPv6 addresses.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & IPV6_NETWORK).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(slots: usize, per_address: usize) -> Admission {
        Admission::new(Limits {
            slots,
            per_address,
            evicts: true,
        })
    }

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    /// Enter; the player signs in.
    fn player(admission: &Admission, address: IpAddr) -> Slot {
        let slot = admission.enter(address).unwrap();
        slot.sign_in();
        slot
    }

    fn evicted(slots: &[Slot]) -> Vec<usize> {
        let evicted = slots.iter().enumerate();
        let evicted = evicted.filter(|(_, slot)| slot.evicted.is_cancelled());
        evicted.map(|(index, _)| index).collect()
    }

    #[test]
    fn the_oldest_connection_without_a_player_makes_place() {
        let admission = admission(3, 0);
        let ann = player(&admission, address(1));
        let silent = [1, 1, 1].map(|last| admission.enter(address(last)).unwrap());
        assert_eq!(evicted(&silent), [0]);
        let bob = player(&admission, address(2));
        let cy = player(&admission, address(2));
        assert_eq!(evicted(&silent), [0, 1, 2]);
        assert_eq!(admission.enter(address(3)).unwrap_err(), Full::InAll);
        drop(bob);
        assert!(admission.enter(address(3)).is_ok());
        assert!(evicted(&[ann, cy]).is_empty());
    }

    #[test]
    fn the_address_with_the_most_connections_without_a_player_makes_place() {
        let admission = admission(6, 0);
        let newcomer = admission.enter(address(1)).unwrap();
        let silent = [2; 5].map(|last| admission.enter(address(last)).unwrap());
        let _other = admission.enter(address(3)).unwrap();
        assert_eq!((evicted(&[newcomer]), evicted(&silent)), (vec![], vec![0]));
    }

    #[test]
    fn a_relay_with_players_is_not_evicted_by_many_strangers() {
        let admission = admission(8, 0);
        let _players = [1; 3].map(|last| player(&admission, address(last)));
        let newcomers = [1; 2].map(|last| admission.enter(address(last)).unwrap());
        let strangers = [2, 3, 4, 5].map(|last| admission.enter(address(last)).unwrap());
        assert_eq!(
            (evicted(&newcomers), evicted(&strangers)),
            (vec![], vec![0])
        );
    }

    #[test]
    fn one_address_gets_its_limit_and_others_the_rest() {
        let admission = admission(9, 2);
        let silent = admission.enter(address(1)).unwrap();
        let _first = player(&admission, address(1));
        let second = player(&admission, address(1));
        assert!(silent.evicted.is_cancelled());
        assert_eq!(admission.enter(address(1)).unwrap_err(), Full::OfAddress);
        let _other = player(&admission, address(2));
        drop(second);
        assert!(admission.enter(address(1)).is_ok());
        // The half of an IPv6 address that costs nothing does not count.
        let [one, two, three, far] = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:1::1"]
            .map(|text| text.parse().unwrap());
        let _both = [one, two].map(|address| player(&admission, address));
        assert_eq!(admission.enter(three).unwrap_err(), Full::OfAddress);
        assert!(admission.enter(far).is_ok());
    }

    #[test]
    fn without_eviction_a_full_house_refuses() {
        let admission = Admission::new(Limits {
            slots: 1,
            per_address: 0,
            evicts: false,
        });
        let first = admission.enter(address(1)).unwrap();
        assert_eq!(admission.enter(address(1)).unwrap_err(), Full::InAll);
        drop(first);
        assert!(admission.enter(address(1)).is_ok());
    }
}
