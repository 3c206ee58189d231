//! A budget of bytes for what waits in all buffers together, and for those of one address. A buffer that holds little is always
//! allowed; one that holds more must wait while the budget is spent.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use super::network_of;

/// What a buffer may hold however much others hold.
const FREE_BYTES: usize = 32 * 1024;

/// The budget.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    bytes: usize,
    /// 0 is no limit.
    bytes_per_address: usize,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    /// Holds only addresses that hold bytes.
    by_address: HashMap<IpAddr, usize>,
}

/// What one buffer holds. Dropping it gives the bytes back.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Budget,
    address: IpAddr,
    /// Counted in `Held`: what is beyond `FREE_BYTES`.
    counted: usize,
}

impl Budget {
    /// Make a budget of `bytes` in all and `bytes_per_address` for one address; 0 is no limit for an address.
    pub(crate) fn new(bytes: usize, bytes_per_address: usize) -> Self {
        Self {
            bytes,
            bytes_per_address,
            held: Arc::default(),
        }
    }

    /// Make a share that holds nothing yet.
    pub(crate) fn share(&self, address: IpAddr) -> Share {
        Share {
            budget: self.clone(),
            address: network_of(address),
            counted: 0,
        }
    }

    /// How many bytes are counted, and how many may be.
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.held.lock().total, self.bytes)
    }
}

impl Share {
    /// Say how many bytes the buffer holds now. False: it must not grow.
    pub(crate) fn set(&mut self, bytes: usize) -> bool {
        let counted = bytes.saturating_sub(FREE_BYTES);
        if counted == 0 && self.counted == 0 {
            return true;
        }
        let mut held = self.budget.held.lock();
        held.total = held.total + counted - self.counted;
        let here = held.by_address.entry(self.address).or_default();
        *here = *here + counted - self.counted;
        let (total, of_address) = (held.total, held.by_address[&self.address]);
        if of_address == 0 {
            held.by_address.remove(&self.address);
        }
        self.counted = counted;
        let Budget {
            bytes,
            bytes_per_address,
            ..
        } = self.budget;
        counted == 0
            || (total <= bytes && (bytes_per_address == 0 || of_address <= bytes_per_address))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const BOB: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn little_is_always_allowed_and_much_only_within_the_budget() {
        let budget = Budget::new(1000, 600);
        let mut anns = budget.share(ANN);
        assert!(anns.set(FREE_BYTES + 600));
        assert!(!anns.set(FREE_BYTES + 601), "beyond the address's part");
        let mut more_of_ann = budget.share(ANN);
        assert!(more_of_ann.set(FREE_BYTES));
        assert!(!more_of_ann.set(FREE_BYTES + 1));
        let mut bobs = budget.share(BOB);
        assert!(bobs.set(FREE_BYTES + 398));
        assert!(!bobs.set(FREE_BYTES + 399), "beyond all");
        assert_eq!(budget.held(), (1001, 1000));
        drop(anns);
        assert!(bobs.set(FREE_BYTES + 600));
        assert_eq!(budget.held(), (601, 1000));
        drop((more_of_ann, bobs));
        assert_eq!(budget.held(), (0, 1000));
        assert!(budget.held.lock().by_address.is_empty());
    }
}
