//! A bad network as a seeded machine without I/O: delay, jitter, loss, reordering and duplication, the same for the
//! same seed. Tests put it between two ends; nothing in it waits.

use std::time::Duration;

/// How bad the network is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Conditions {
    /// The mean transit time.
    pub(crate) latency: Duration,
    /// The most by which a single item is faster or slower than `latency`, evenly spread.
    pub(crate) jitter: Duration,
    /// How many of a hundred are lost.
    pub(crate) loss_percent: f64,
    /// How many of a hundred are held back by one more `latency`, so that later ones overtake them.
    pub(crate) reorder_percent: f64,
    /// How many of a hundred arrive twice.
    pub(crate) duplicate_percent: f64,
}

impl Conditions {
    /// A network that passes everything on at once.
    pub(crate) const PERFECT: Self = Self {
        latency: Duration::ZERO,
        jitter: Duration::ZERO,
        loss_percent: 0.0,
        reorder_percent: 0.0,
        duplicate_percent: 0.0,
    };
}

/// The most items in flight; one more is lost, as in a full router.
const MAX_IN_FLIGHT: usize = 4096;

/// One direction of a bad network.
#[derive(Debug, Clone)]
pub(crate) struct Network<T> {
    conditions: Conditions,
    random: u64,
    /// In order of arrival.
    in_flight: Vec<(Duration, T)>,
}

impl<T: Clone> Network<T> {
    /// Make a network; the same `seed` gives the same fate to the same items.
    pub(crate) fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            random: seed,
            in_flight: Vec::new(),
        }
    }

    /// Send an item.
    pub(crate) fn send(&mut self, item: T, now: Duration) {
        if self.percent(self.conditions.loss_percent) {
            return;
        }
        if self.percent(self.conditions.duplicate_percent) {
            self.dispatch(item.clone(), now);
        }
        self.dispatch(item, now);
    }

    /// Give the next item that has arrived, with its time of arrival.
    pub(crate) fn poll(&mut self, now: Duration) -> Option<(Duration, T)> {
        let arrived = self.in_flight.first().is_some_and(|&(at, _)| at <= now);
        arrived.then(|| self.in_flight.remove(0))
    }

    /// Say when the next item arrives.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.in_flight.first().map(|&(at, _)| at)
    }

    fn dispatch(&mut self, item: T, now: Duration) {
        let Conditions {
            latency,
            jitter,
            reorder_percent,
            ..
        } = self.conditions;
        let mut at = now + latency + jitter.mul_f64(2.0 * self.fraction());
        at = at.saturating_sub(jitter).max(now);
        if self.percent(reorder_percent) {
            at += latency;
        }
        if self.in_flight.len() < MAX_IN_FLIGHT {
            let place = self.in_flight.partition_point(|&(other, _)| other <= at);
            self.in_flight.insert(place, (at, item));
        }
    }

    fn percent(&mut self, percent: f64) -> bool {
        self.fraction() * 100.0 < percent
    }

    /// The next number from 0 up to 1 (SplitMix64: small, seeded, and good enough for a network).
    fn fraction(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn fates(seed: u64) -> Vec<(Duration, u32)> {
        let conditions = Conditions {
            latency: ms(60),
            jitter: ms(20),
            loss_percent: 5.0,
            reorder_percent: 1.0,
            duplicate_percent: 1.0,
        };
        let mut network = Network::new(conditions, seed);
        for item in 0..2000u32 {
            network.send(item, ms(50) * item);
        }
        std::iter::from_fn(|| network.poll(Duration::MAX)).collect()
    }

    #[test]
    fn the_same_seed_is_the_same_network() {
        assert_eq!(fates(7), fates(7));
        assert_ne!(fates(7), fates(8));
    }

    #[test]
    fn it_is_as_bad_as_its_conditions() {
        let fates = fates(1);
        let mut items: Vec<u32> = fates.iter().map(|&(_, item)| item).collect();
        let overtaken = items.windows(2).filter(|pair| pair[0] > pair[1]).count();
        assert!((5..60).contains(&overtaken), "{overtaken} overtaken");
        items.sort_unstable();
        let all = items.len();
        items.dedup();
        assert!(
            (1..60).contains(&(all - items.len())),
            "{} doubled",
            all - items.len()
        );
        assert!(
            (40..180).contains(&(2000 - items.len())),
            "{} lost",
            2000 - items.len()
        );
        for (at, item) in fates {
            let late = at - ms(50) * item;
            assert!(late >= ms(40) && late <= ms(140), "{late:?}");
        }
    }

    #[test]
    fn nothing_arrives_before_its_time() {
        let mut network = Network::new(
            Conditions {
                latency: ms(60),
                ..Conditions::PERFECT
            },
            0,
        );
        network.send('a', ms(10));
        assert_eq!(network.poll(ms(69)), None);
        assert_eq!(network.timeout(), Some(ms(70)));
        assert_eq!(network.poll(ms(70)), Some((ms(70), 'a')));
    }
}
