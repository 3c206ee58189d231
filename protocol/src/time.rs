//! Times, and small sums with them that would each be compiled in many places: durations of numbers, and the sooner of two.

#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(unreachable_pub, reason = "tests only compare it")
)]
mod nanoseconds;

/// Time since something: the standard library's, but for the browser, where a smaller one takes its place.
#[cfg(not(target_arch = "wasm32"))]
pub use core::time::Duration;
#[cfg(target_arch = "wasm32")]
pub use nanoseconds::Duration;

/// Make a duration of seconds. Where there is none, since they are below 0 or no number, it is none; what is too long is
/// the longest of some centuries.
pub fn seconds(seconds: f64) -> Duration {
    // A cast to an integer keeps to its range.
    Duration::from_nanos((seconds * 1e9 + 0.5) as u64)
}

/// The sooner of two moments, where there are any.
#[inline(never)]
pub fn sooner(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        _ => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_of_any_number_are_a_duration() {
        assert_eq!(seconds(1.25), Duration::from_millis(1250));
        for nothing in [-1.0, f64::NEG_INFINITY, f64::NAN, 0.0, 1e-10] {
            assert_eq!(seconds(nothing), Duration::ZERO, "{nothing}");
        }
        assert!(seconds(f64::INFINITY) > Duration::from_secs(60 * 60 * 24 * 365 * 500));
    }

    #[test]
    fn nothing_is_later_than_any_moment() {
        let (one, two) = (Some(Duration::from_secs(1)), Some(Duration::from_secs(2)));
        assert_eq!((sooner(one, two), sooner(two, one)), (one, one));
        assert_eq!((sooner(None, two), sooner(two, None)), (two, two));
        assert_eq!(sooner(None, None), None);
    }
}
