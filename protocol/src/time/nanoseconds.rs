//! A duration in one number instead of the two of `core::time::Duration`, which make the browser's module 1.5 KB larger.
//! It has the names that are used of that one, and what would overflow there is the longest or the shortest here.

use core::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

const PER_SECOND: u64 = 1_000_000_000;
const PER_MILLISECOND: u64 = 1_000_000;
const PER_MICROSECOND: u64 = 1_000;

/// A span of time of up to 584 years, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(u64);

impl Duration {
    /// No time.
    pub const ZERO: Self = Self(0);
    /// The longest.
    pub const MAX: Self = Self(u64::MAX);

    /// Make one of nanoseconds.
    pub const fn from_nanos(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// Make one of microseconds.
    pub const fn from_micros(microseconds: u64) -> Self {
        Self(microseconds.saturating_mul(PER_MICROSECOND))
    }

    /// Make one of milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds.saturating_mul(PER_MILLISECOND))
    }

    /// Make one of seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(PER_SECOND))
    }

    /// Give whole seconds.
    pub const fn as_secs(self) -> u64 {
        self.0 / PER_SECOND
    }

    /// Give whole milliseconds.
    pub const fn as_millis(self) -> u128 {
        (self.0 / PER_MILLISECOND) as u128
    }

    /// Give whole microseconds.
    pub const fn as_micros(self) -> u128 {
        (self.0 / PER_MICROSECOND) as u128
    }

    /// Give the whole milliseconds beyond the whole seconds.
    pub const fn subsec_millis(self) -> u32 {
        (self.0 / PER_MILLISECOND % 1000) as u32
    }

    /// Give seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / PER_SECOND as f64
    }

    /// Give seconds.
    pub fn as_secs_f32(self) -> f32 {
        self.as_secs_f64() as f32
    }

    /// Subtract; nothing where more is taken than there is.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Subtract; zero where more is taken than there is.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Add; the longest where there is no longer one.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Take a whole number of times.
    pub const fn saturating_mul(self, times: u32) -> Self {
        Self(self.0.saturating_mul(times as u64))
    }

    /// Take a number of times; what is below zero is none.
    pub fn mul_f64(self, times: f64) -> Self {
        Self((self.0 as f64 * times + 0.5) as u64)
    }

    /// Give how many of `other` this one is.
    pub fn div_duration_f64(self, other: Self) -> f64 {
        self.0 as f64 / other.0 as f64
    }

    /// Give how far the two are from each other.
    pub const fn abs_diff(self, other: Self) -> Self {
        Self(self.0.abs_diff(other.0))
    }
}

impl Add for Duration {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl Sub for Duration {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl Mul<u32> for Duration {
    type Output = Self;

    fn mul(self, times: u32) -> Self {
        self.saturating_mul(times)
    }
}

impl Div<u32> for Duration {
    type Output = Self;

    fn div(self, parts: u32) -> Self {
        Self(self.0.checked_div(parts.into()).unwrap_or(u64::MAX))
    }
}

impl AddAssign for Duration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Duration {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration as Judge;

    use proptest::prelude::*;

    use super::*;

    fn is_same(one: Duration, judge: Judge) -> bool {
        u128::from(one.0) == judge.as_nanos()
    }

    fn is_near(one: f64, judge: f64, part: f64) -> bool {
        (one - judge).abs() <= judge * part + 1e-9
    }

    /// Times as there are in a session, and longer ones.
    fn nanoseconds() -> impl Strategy<Value = u64> {
        prop_oneof![0..4 * PER_SECOND, 0..1000 * PER_SECOND, 0..u64::MAX / 4]
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_standard_library(
            one in nanoseconds(), other in nanoseconds(), times in 1u32..4, parts in 1u32..5000, factor in 0.0..4.0,
        ) {
            let (a, b) = (Duration::from_nanos(one), Duration::from_nanos(other));
            let (x, y) = (Judge::from_nanos(one), Judge::from_nanos(other));
            prop_assert!(is_same(a + b, x + y));
            prop_assert!(is_same(a - b, x.saturating_sub(y)));
            prop_assert!(is_same(a * times, x * times));
            prop_assert!(is_same(a / parts, x / parts));
            prop_assert!(is_same(a.abs_diff(b), x.abs_diff(y)));
            prop_assert_eq!(a.checked_sub(b).map(|rest| rest.0.into()), x.checked_sub(y).map(|rest| rest.as_nanos()));
            prop_assert_eq!(a.cmp(&b), x.cmp(&y));
            prop_assert_eq!(a.as_secs(), x.as_secs());
            prop_assert_eq!(a.as_millis(), x.as_millis());
            prop_assert_eq!(a.as_micros(), x.as_micros());
            prop_assert_eq!(a.subsec_millis(), x.subsec_millis());
            prop_assert!(is_near(a.as_secs_f64(), x.as_secs_f64(), 1e-12));
            prop_assert!(is_near(a.as_secs_f32().into(), x.as_secs_f32().into(), 1e-6));
            prop_assert!(is_near(a.mul_f64(factor).as_secs_f64(), x.mul_f64(factor).as_secs_f64(), 1e-9));
            if other > 0 {
                prop_assert!(is_near(a.div_duration_f64(b), x.div_duration_f64(y), 1e-9));
            }
        }
    }

    #[test]
    fn what_would_overflow_is_the_longest_or_none() {
        let (longest, second) = (Duration::MAX, Duration::from_secs(1));
        assert_eq!(longest + second, longest);
        assert_eq!(longest * 2, longest);
        assert_eq!(second / 0, longest);
        assert_eq!(Duration::from_secs(u64::MAX), longest);
        assert_eq!(Duration::from_millis(u64::MAX), longest);
        assert_eq!(Duration::from_micros(u64::MAX), longest);
        assert_eq!(Duration::ZERO - second, Duration::ZERO);
        assert_eq!(second.mul_f64(-1.0), Duration::ZERO);
    }

    #[test]
    fn assigning_adds_and_takes() {
        let mut time = Duration::from_millis(5);
        time += Duration::from_millis(3);
        assert_eq!(time, Duration::from_micros(8000));
        time -= Duration::from_millis(9);
        assert_eq!(time, Duration::ZERO);
    }
}
