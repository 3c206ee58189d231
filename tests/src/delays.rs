//! A histogram of delays: bounded memory however many are counted, by several threads at once.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Steps of a tenth of a millisecond: 5 s. Longer delays count as this long.
const SLOWEST: usize = 50_000;

/// The number of delays of each length, to a tenth of a millisecond.
pub struct Delays(Vec<AtomicU32>);

impl Default for Delays {
    fn default() -> Self {
        Self((0..=SLOWEST).map(|_| AtomicU32::new(0)).collect())
    }
}

impl Delays {
    /// Count a delay.
    pub fn count(&self, delay: Duration) {
        let tenths = usize::try_from(delay.as_micros() / 100).unwrap_or(SLOWEST);
        self.0[tenths.min(SLOWEST)].fetch_add(1, Ordering::Relaxed);
    }

    /// The number of delays counted.
    pub fn number(&self) -> u64 {
        self.counts().sum()
    }

    /// The delay in milliseconds that this share of all did not exceed; not a number if none was counted.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = (self.number() as f64 * share).ceil().max(1.0);
        let mut passed = 0;
        let place = self.counts().position(|count| {
            passed += count;
            passed as f64 >= wanted
        });
        place.map_or(f64::NAN, |place| place as f64 / 10.0)
    }

    fn counts(&self) -> impl Iterator<Item = u64> {
        let counts = self.0.iter();
        counts.map(|count| count.load(Ordering::Relaxed).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_bounds_its_share_of_the_delays() {
        let delays = Delays::default();
        (1..=1000).for_each(|n| delays.count(Duration::from_micros(100 * n)));
        assert_eq!(delays.number(), 1000);
        let quantiles = [0.0, 0.001, 0.5, 0.99, 1.0].map(|share| delays.quantile(share));
        assert_eq!(quantiles, [0.1, 0.1, 50.0, 99.0, 100.0]);
    }

    #[test]
    fn without_delays_there_is_no_quantile_and_the_slowest_count_at_the_end() {
        let delays = Delays::default();
        assert!(delays.quantile(0.5).is_nan());
        delays.count(Duration::from_secs(3600));
        assert_eq!(delays.quantile(0.5), 5000.0);
    }
}
