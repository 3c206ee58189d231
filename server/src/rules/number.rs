//! 32-bit floats spelled as .NET spells them: shortest digits that read back, integers without a point, and an
//! exponent only far from one (facts, section 6.4).

use std::fmt::Write as _;

/// Digits before the point from which .NET turns to an exponent: one more than a float's longest shortest form.
const MOST_PLAIN_DIGITS: i32 = 9;
/// The smallest decimal position that is still written plainly: `0.0001`.
const LEAST_PLAIN_POSITION: i32 = -3;

/// Write a finite float.
pub(crate) fn write_float(out: &mut String, value: f32) {
    // Rust's exponent form gives the same shortest digits: `-1.5e-7`.
    let spelled = format!("{value:e}");
    let (sign, unsigned) = match spelled.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", &spelled[..]),
    };
    let (mantissa, exponent) = unsigned.split_once('e').unwrap_or((unsigned, "0"));
    let digits = mantissa.replace('.', "");
    // How many digits stand before the decimal point; 0.01 has -1.
    let position = exponent.parse::<i32>().unwrap_or(0) + 1;
    out.push_str(sign);
    if value != 0.0 && !(LEAST_PLAIN_POSITION..=MOST_PLAIN_DIGITS).contains(&position) {
        write_scientific(out, &digits, position - 1);
    } else {
        write_plain(out, &digits, position);
    }
}

fn write_scientific(out: &mut String, digits: &str, exponent: i32) {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    // Writing to a String cannot fail.
    let _ = write!(out, "{first}{point}{rest}E{exponent:+03}");
}

fn write_plain(out: &mut String, digits: &str, position: i32) {
    let before = usize::try_from(position).unwrap_or(0);
    let zeros = usize::try_from(-position).unwrap_or(0);
    if before == 0 {
        let _ = write!(out, "0.{:0<zeros$}{digits}", "");
    } else if digits.len() > before {
        let (whole, fraction) = digits.split_at(before);
        let _ = write!(out, "{whole}.{fraction}");
    } else {
        let _ = write!(out, "{digits:0<before$}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: f32) -> String {
        let mut out = String::new();
        write_float(&mut out, value);
        out
    }

    #[test]
    fn floats_are_spelled_as_the_original_does() {
        for spelled in [
            "66",
            "-2",
            "0.8",
            "0.33333334",
            "123456.79",
            "10000000",
            "16777216",
            "123456790",
            "1E+09",
            "1E+15",
            "1E+20",
            "0.0001",
            "1E-05",
            "1.5E-07",
            "1E-07",
            "0",
            "-0",
            "0.1",
            "-2.25",
            "3.4028235E+38",
            "1E-45",
            "-1.2345678E+10",
            "0.0012",
            "100",
            "99.5",
        ] {
            assert_eq!(written(spelled.parse().unwrap()), spelled);
        }
        assert_eq!(written(16_777_217.0), "16777216");
    }

    proptest! {
        #[test]
        fn every_finite_float_reads_back(bits in any::<u32>()) {
            let value = f32::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(written(value).parse::<f32>().unwrap().to_bits(), bits);
        }
    }
}
