//! The newest of a row of measurements, and where most of them lie.

/// The newest `N` values, none of them NaN.
#[derive(Debug, Clone)]
pub(crate) struct Ring<const N: usize> {
    values: [f64; N],
    len: usize,
    next: usize,
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self {
            values: [0.0; N],
            len: 0,
            next: 0,
        }
    }
}

impl<const N: usize> Ring<N> {
    pub(crate) fn push(&mut self, value: f64) {
        self.values[self.next] = value;
        self.next = (self.next + 1) % N;
        self.len = (self.len + 1).min(N);
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

    /// The value that this share of all does not exceed.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let mut sorted = self.values;
        let sorted = &mut sorted[..self.len];
        sorted.sort_unstable_by(f64::total_cmp);
        let last = self.len.checked_sub(1)?;
        sorted.get((share * last as f64).round() as usize).copied()
    }
}
