//! The functions of real numbers that only the standard library has, small, and the same on every machine. Exact enough
//! for `f32`, which is all that goes on the wire or to the screen; the tests say how exact.

use core::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI, TAU};

/// The square root, rounded as well as can be; not a number below 0.
pub(crate) fn sqrt(number: f32) -> f32 {
    if number <= 0.0 || !number.is_finite() {
        return if number < 0.0 { f32::NAN } else { number };
    }
    // Tiny numbers have no exponent of their own to halve.
    if number < f32::MIN_POSITIVE {
        return sqrt(number * 16_777_216.0) / 4096.0;
    }
    // Half the exponent is 4 % off at most, and each step of Newton's squares that.
    let guess = f32::from_bits((number.to_bits() >> 1) + 0x1fbd_1df5);
    let number = f64::from(number);
    let closer = |root: f64| 0.5 * (root + number / root);
    closer(closer(closer(guess.into()))) as f32
}

/// The nearest whole number; of two, the one further from 0.
pub(crate) fn round(number: f64) -> f64 {
    // Beyond this, all numbers are whole.
    if number.abs() >= 4_503_599_627_370_496.0 || number.is_nan() {
        return number;
    }
    (number + 0.5_f64.copysign(number)) as i64 as f64
}

/// What is left after some time of something that fades: e to the power of minus `times`.
pub(crate) fn fade(times: f64) -> f32 {
    if times.is_nan() || times > 80.0 {
        return 0.0;
    }
    // A thousand and twenty-fourth part of the way by the first terms of the series, and all the way by squaring.
    let step = -times.max(0.0) / 1024.0;
    let mut left = 1.0 + step * (1.0 + step * (0.5 + step * (1.0 / 6.0 + step / 24.0)));
    for _ in 0..10 {
        left *= left;
    }
    left as f32
}

/// The sine of an angle in radians.
pub(crate) fn sin(angle: f32) -> f32 {
    let angle = f64::from(angle);
    let angle = angle - TAU * round(angle / TAU);
    // The second and the third quarter are the first and the fourth in a mirror.
    let angle = if angle.abs() > FRAC_PI_2 {
        PI.copysign(angle) - angle
    } else {
        angle
    };
    let square = angle * angle;
    let terms = [110.0, 72.0, 42.0, 20.0, 6.0];
    let series = terms.into_iter().fold(1.0 - square / 156.0, |inner, term| {
        1.0 - square / term * inner
    });
    (angle * series) as f32
}

/// The cosine of an angle in radians.
pub(crate) fn cos(angle: f32) -> f32 {
    sin((f64::from(angle.abs()) + FRAC_PI_2) as f32)
}

/// The angle to a point from the x axis in radians, −π to π.
pub(crate) fn atan2(y: f32, x: f32) -> f32 {
    let (tall, wide) = (f64::from(y.abs()), f64::from(x.abs()));
    let (small, large) = (tall.min(wide), tall.max(wide));
    let flat = if large > 0.0 {
        atan(small / large)
    } else {
        0.0
    };
    let steep = if tall > wide { FRAC_PI_2 - flat } else { flat };
    let angle = if x < 0.0 { PI - steep } else { steep };
    (angle as f32).copysign(y)
}

/// The angle in radians whose cosine is this, of −1 to 1.
pub(crate) fn acos(cosine: f32) -> f32 {
    let sine = (1.0 - cosine) * (1.0 + cosine);
    atan2(sqrt(sine.max(0.0)), cosine)
}

/// For 0 to 1.
fn atan(slope: f64) -> f64 {
    // The upper half is an eighth of a turn and a little more or less, which the series is good for.
    let (base, slope) = if slope > 0.414_213_562 {
        (FRAC_PI_4, (slope - 1.0) / (slope + 1.0))
    } else {
        (0.0, slope)
    };
    let square = slope * slope;
    let odd = [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0];
    let series = odd
        .into_iter()
        .fold(1.0 / 17.0, |inner, odd| 1.0 / odd - square * inner);
    base + slope * series
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn roots_are_those_of_the_standard_library(bits in any::<u32>()) {
            let number = f32::from_bits(bits);
            prop_assert!(sqrt(number).to_bits() == number.sqrt().to_bits() || number.is_nan() || number < 0.0);
        }

        #[test]
        fn rounding_is_that_of_the_standard_library(number in -1e17f64..1e17, small in -300f64..300.0) {
            prop_assert_eq!(round(number), number.round());
            prop_assert_eq!(round(small), small.round());
        }

        #[test]
        fn what_fades_is_exact_to_a_ten_millionth(times in 0f64..90.0) {
            let exact = (-times).exp();
            prop_assert!((f64::from(fade(times)) - exact).abs() < 1e-7, "{} {}", fade(times), exact);
        }

        #[test]
        fn angles_are_exact_to_a_few_parts_of_ten_millions(angle in -20f32..20.0, x in -1f32..1.0, y in -1f32..1.0) {
            prop_assert!((sin(angle) - angle.sin()).abs() < 3e-7, "sin {}", angle);
            prop_assert!((cos(angle) - angle.cos()).abs() < 2e-6, "cos {}", angle);
            prop_assert!((atan2(y, x) - y.atan2(x)).abs() < 5e-7, "atan2 {} {}", y, x);
            prop_assert!((acos(x) - x.acos()).abs() < 5e-7, "acos {}", x);
        }
    }

    #[test]
    fn the_edges_are_those_of_the_standard_library() {
        for number in [
            0.0,
            -0.0,
            1e-45,
            f32::MIN_POSITIVE,
            1.0,
            4.0,
            f32::MAX,
            f32::INFINITY,
        ] {
            assert_eq!(sqrt(number).to_bits(), number.sqrt().to_bits(), "{number}");
        }
        assert!(sqrt(-1.0).is_nan() && sqrt(f32::NAN).is_nan());
        for (y, x) in [
            (0.0, 0.0),
            (0.0, 1.0),
            (0.0, -1.0),
            (-0.0, -1.0),
            (1.0, 0.0),
            (-1.0, 0.0),
            (1.0, 1.0),
        ] {
            assert!((atan2(y, x) - f32::atan2(y, x)).abs() < 3e-7, "{y} {x}");
        }
        for number in [0.5, -0.5, 1.5, -2.5, 0.0, f64::MAX, f64::INFINITY] {
            assert_eq!(round(number), number.round(), "{number}");
        }
        assert_eq!((acos(1.0), acos(-1.0)), (0.0, core::f32::consts::PI));
        assert_eq!(
            (fade(0.0), fade(f64::INFINITY), fade(f64::NAN)),
            (1.0, 0.0, 0.0)
        );
    }
}
