//! The newest of a series of measurements, and their quantiles.

/// The newest `N` values. They are never NaN.
#[derive(Debug, Clone)]
pub(crate) struct Ring<const N: usize> {
    /// In order of arrival, as a ring.
    values: [f64; N],
    /// The same, sorted: quantiles are asked for more often than values come.
    sorted: [f64; N],
    len: usize,
    next: usize,
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self {
            values: [0.0; N],
            sorted: [0.0; N],
            len: 0,
            next: 0,
        }
    }
}

impl<const N: usize> Ring<N> {
    pub(crate) fn push(&mut self, value: f64) {
        if self.len == N {
            self.forget(self.values[self.next]);
        }
        let place = self.place(value);
        self.sorted.copy_within(place..self.len, place + 1);
        self.sorted[place] = value;
        self.values[self.next] = value;
        self.next = (self.next + 1) % N;
        self.len += 1;
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = f64> {
        self.values[..self.len].iter().copied()
    }

    /// The value that this share of all values does not exceed.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.len.checked_sub(1)?;
        let place = (share * last as f64).round() as usize;
        self.sorted[..self.len].get(place).copied()
    }

    fn forget(&mut self, value: f64) {
        let place = self.place(value);
        self.sorted.copy_within(place + 1..self.len, place);
        self.len -= 1;
    }

    /// The place of a value among the sorted ones, or where it would be.
    fn place(&self, value: f64) -> usize {
        self.sorted[..self.len].partition_point(|other| other.total_cmp(&value).is_lt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_newest_values(values in prop::collection::vec(-9f64..9.0, 1..40), share in 0f64..1.0) {
            let mut ring = Ring::<8>::default();
            values.iter().for_each(|&value| ring.push(value));
            let mut newest: Vec<f64> = values.iter().rev().take(8).copied().collect();
            newest.sort_by(f64::total_cmp);
            let place = (share * (newest.len() - 1) as f64).round() as usize;
            prop_assert_eq!(ring.quantile(share), Some(newest[place]));
            let sum = |values: &[f64]| values.iter().sum::<f64>();
            let kept: Vec<f64> = ring.iter().collect();
            prop_assert!((sum(&kept) - sum(&newest)).abs() < 1e-9);
        }
    }
}
