//! Figures about the network, as in the guide's section 11.5: round trip, packets sent, received and lost, rates.
//! Loss can only be estimated: senders of the first generation do not number their datagrams.

use std::time::Duration;

/// A rate is measured over this many slices, which are a second together.
const SLICES: usize = 10;
const SLICE_MS: u32 = 1000 / SLICES as u32;

/// Counts events of the last second.
#[derive(Debug, Clone, Default)]
pub struct Rate {
    slices: [u32; SLICES],
    /// The number of the newest slice since the clock's zero.
    newest: u64,
}

impl Rate {
    /// Count `amount` more.
    pub fn add(&mut self, amount: u32, now: Duration) {
        self.turn(now);
        let slice = &mut self.slices[self.newest as usize % SLICES];
        *slice = slice.saturating_add(amount);
    }

    /// Say how many there were in the last second.
    pub fn per_second(&self, now: Duration) -> u32 {
        let mut turned = self.clone();
        turned.turn(now);
        turned
            .slices
            .iter()
            .fold(0, |sum, &slice| sum.saturating_add(slice))
    }

    fn turn(&mut self, now: Duration) {
        let current = now.as_secs() * SLICES as u64 + u64::from(now.subsec_millis() / SLICE_MS);
        let passed = current.saturating_sub(self.newest).min(SLICES as u64);
        for step in 1..=passed {
            self.slices[(current - passed + step) as usize % SLICES] = 0;
        }
        self.newest = self.newest.max(current);
    }
}

/// Datagrams sent and received by one session.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Datagrams sent.
    pub packets_sent: u64,
    /// Datagrams received and understood.
    pub packets_received: u64,
    /// Datagrams received that were damaged, or not of the protocol.
    pub packets_refused: u64,
    /// Bytes sent in datagrams.
    pub bytes_sent: u64,
    /// Bytes received in datagrams.
    pub bytes_received: u64,
    /// Datagrams sent in the last second.
    pub sent_rate: Rate,
    /// Datagrams received in the last second, refused ones too.
    pub received_rate: Rate,
}

impl Traffic {
    pub(crate) fn sent(&mut self, bytes: usize, now: Duration) {
        self.packets_sent += 1;
        self.bytes_sent += bytes as u64;
        self.sent_rate.add(1, now);
    }

    pub(crate) fn received(&mut self, bytes: usize, understood: bool, now: Duration) {
        self.bytes_received += bytes as u64;
        self.received_rate.add(1, now);
        match understood {
            true => self.packets_received += 1,
            false => self.packets_refused += 1,
        }
    }
}

/// How many datagrams of others did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loss {
    /// Datagrams that arrived.
    pub arrived: u64,
    /// Datagrams missed: counted if the sender numbers them, otherwise estimated from its cadence.
    pub lost: u64,
}

impl Loss {
    /// The share that was lost, 0 to 100.
    pub fn percent(self) -> f64 {
        let all = self.arrived + self.lost;
        if all == 0 {
            0.0
        } else {
            self.lost as f64 * 100.0 / all as f64
        }
    }
}

impl std::ops::AddAssign for Loss {
    fn add_assign(&mut self, other: Self) {
        self.arrived += other.arrived;
        self.lost += other.lost;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_rate_is_that_of_the_last_second() {
        let mut rate = Rate::default();
        for step in 0..60 {
            rate.add(1, ms(50) * step);
        }
        assert_eq!(rate.per_second(ms(2950)), 20);
        assert_eq!(rate.per_second(ms(3450)), 10);
        assert_eq!(rate.per_second(ms(3950)), 0);
        assert_eq!(rate.per_second(Duration::from_secs(1_000_000)), 0);
    }

    #[test]
    fn loss_is_a_share_of_all() {
        assert_eq!(Loss::default().percent(), 0.0);
        assert_eq!(
            Loss {
                arrived: 95,
                lost: 5
            }
            .percent(),
            5.0
        );
    }
}
