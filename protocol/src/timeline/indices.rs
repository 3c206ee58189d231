//! A set of the small numbers that name cars in snapshots.

/// How many there can be.
pub(super) const INDICES: usize = 256;

/// A set of indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Indices([u64; INDICES / 64]);

impl Indices {
    pub(super) const ALL: Self = Self([u64::MAX; INDICES / 64]);

    pub(super) fn insert(&mut self, index: u8) {
        self.0[usize::from(index / 64)] |= 1 << (index % 64);
    }

    pub(super) fn contains(&self, index: u8) -> bool {
        self.0[usize::from(index / 64)] & (1 << (index % 64)) != 0
    }
}
