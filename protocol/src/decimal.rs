//! Decimal numbers, read and spelt without the tables that do it exactly for every number there is: for numbers of up to
//! 15 digits and a power of ten up to 22 the result is the nearest one, as two exact `f64` make it; for others very nearly.

/// The digits that a 64-bit number surely holds.
const MAX_DIGITS: usize = 19;
/// Beyond this power of ten an `f32` is 0 or infinite, whatever the digits.
const MAX_POWER: i32 = 400;
/// So many digits tell each `f32` from all others.
const ENOUGH_DIGITS: i32 = 9;
/// The digits of the largest whole number.
const MAX_INTEGER_DIGITS: usize = 20;
/// A number with more digits before the point, or more noughts behind it, is spelt with a power of ten.
const MAX_PLAIN_POWER: i32 = 15;
const MIN_PLAIN_POWER: i32 = -6;

/// Read a number of JSON.
pub(crate) fn read(spelt: &str) -> f32 {
    let mut parts = spelt.as_bytes().split(|byte| matches!(byte, b'e' | b'E'));
    let mantissa = parts.next().unwrap_or_default();
    let mut power = read_power(parts.next().unwrap_or_default());
    let mut number: u64 = 0;
    let mut digits = 0;
    let mut is_fraction = false;
    for &byte in mantissa {
        if !byte.is_ascii_digit() {
            is_fraction |= byte == b'.';
            continue;
        }
        if digits < MAX_DIGITS {
            number = number * 10 + u64::from(byte - b'0');
            digits += usize::from(number > 0);
            power -= i32::from(is_fraction);
        } else {
            power += i32::from(!is_fraction);
        }
    }
    let size = if number == 0 {
        0.0
    } else {
        times_ten_to(number as f64, power)
    };
    let sign = if mantissa.starts_with(b"-") {
        -1.0
    } else {
        1.0
    };
    (size * sign) as f32
}

fn read_power(spelt: &[u8]) -> i32 {
    let digits = spelt.iter().filter(|byte| byte.is_ascii_digit());
    let size = digits.fold(0, |power: i32, &byte| {
        power
            .saturating_mul(10)
            .saturating_add(i32::from(byte) - 48)
    });
    // Half of it is room for the digits of the longest line.
    let size = size.min(i32::MAX / 2);
    if spelt.starts_with(b"-") { -size } else { size }
}

/// Append a finite number, as short as it can be and still be this one: `66`, `0.8`, `1.5e-8`. What is not finite cannot
/// be spelt, and is 0.
pub fn push_number(text: &mut String, number: f32) {
    if number.is_sign_negative() {
        text.push('-');
    }
    let size = f64::from(number.abs());
    if size == 0.0 || !size.is_finite() {
        text.push('0');
        return;
    }
    let (number, power) = shortest(size);
    let mut digits = [0; MAX_INTEGER_DIGITS];
    place_point(text, digits_of(number.into(), &mut digits), power);
}

/// Append a whole number.
pub fn push_integer(text: &mut String, number: u64) {
    let mut digits = [0; MAX_INTEGER_DIGITS];
    push_digits(text, digits_of(number, &mut digits));
}

/// Append digits of which the last counts ten to the `power`.
fn place_point(text: &mut String, digits: &[u8], power: i32) {
    let before_point = digits.len() as i32 + power;
    match usize::try_from(before_point) {
        Ok(count) if before_point <= MAX_PLAIN_POWER => match digits.split_at_checked(count) {
            Some((whole, fraction)) if !whole.is_empty() => {
                push_digits(text, whole);
                push_fraction(text, fraction);
            }
            Some((_, fraction)) => {
                text.push('0');
                push_fraction(text, fraction);
            }
            None => {
                push_digits(text, digits);
                push_noughts(text, power);
            }
        },
        Err(_) if before_point > MIN_PLAIN_POWER => {
            text.push_str("0.");
            push_noughts(text, -before_point);
            push_digits(text, digits);
        }
        _ => {
            let (first, fraction) = digits.split_at(1);
            push_digits(text, first);
            push_fraction(text, fraction);
            text.push('e');
            if before_point < 1 {
                text.push('-');
            }
            push_integer(text, (before_point - 1).unsigned_abs().into());
        }
    }
}

fn push_fraction(text: &mut String, digits: &[u8]) {
    if !digits.is_empty() {
        text.push('.');
        push_digits(text, digits);
    }
}

fn push_digits(text: &mut String, digits: &[u8]) {
    text.extend(digits.iter().copied().map(char::from));
}

fn push_noughts(text: &mut String, count: i32) {
    text.extend((0..count).map(|_| '0'));
}

/// Write a number's digits to the end of `room`; gives those.
fn digits_of(mut number: u64, room: &mut [u8; MAX_INTEGER_DIGITS]) -> &[u8] {
    let mut start = room.len();
    for place in room.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
        start -= 1;
        if number == 0 {
            break;
        }
    }
    room.get(start..).unwrap_or_default()
}

/// The fewest digits that are read as this number again, and the power of ten of the last of them.
fn shortest(size: f64) -> (u32, i32) {
    let mut first = 0;
    while times_ten_to(size, -first) >= 10.0 {
        first += 1;
    }
    while times_ten_to(size, -first) < 1.0 {
        first -= 1;
    }
    let (mut digits, mut power) = (0, first);
    for more in 0..ENOUGH_DIGITS {
        power = first - more;
        digits = (times_ten_to(size, -power) + 0.5) as u32;
        if times_ten_to(digits.into(), power) as f32 == size as f32 {
            break;
        }
    }
    while digits > 0 && digits.is_multiple_of(10) {
        digits /= 10;
        power += 1;
    }
    (digits, power)
}

fn times_ten_to(number: f64, power: i32) -> f64 {
    let mut factor = 1.0;
    for _ in 0..power.unsigned_abs().min(MAX_POWER as u32) {
        factor *= 10.0;
    }
    if power < 0 {
        number / factor
    } else {
        number * factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spelt(number: f32) -> String {
        let mut text = String::new();
        push_number(&mut text, number);
        text
    }

    #[test]
    fn numbers_are_spelt_as_short_as_they_can_be() {
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (66.0, "66"),
            (-2.0, "-2"),
            (0.8, "0.8"),
            (1.0 / 3.0, "0.33333334"),
            (123_456.79, "123456.79"),
            (1e7, "10000000"),
            (9.999_999e14, "999999900000000"),
            (1e15, "1e15"),
            (1.5e-7, "1.5e-7"),
            (0.000_01, "0.00001"),
            (f32::MAX, "3.4028235e38"),
            (f32::MIN_POSITIVE, "1.1754944e-38"),
            (1e-45, "1e-45"),
            (f32::INFINITY, "0"),
            (f32::NAN, "0"),
        ] {
            assert_eq!(spelt(number), expected);
        }
    }

    #[test]
    fn numbers_of_the_servers_are_read() {
        for (text, expected) in [
            ("1E-05", 1e-5),
            ("1E+15", 1e15),
            ("-0", -0.0),
            ("0.80000000000000000000000000001", 0.8),
            ("80000000000000000000000000000", 8e28),
            ("1e39", f32::INFINITY),
            ("-1e99999999999", f32::NEG_INFINITY),
            ("0e99999999999", 0.0),
            ("1e-99999999999", 0.0),
        ] {
            assert_eq!(read(text).to_bits(), f32::to_bits(expected), "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_spelt_whole() {
        for number in [0, 7, 10, 64_000, u64::MAX] {
            let mut text = String::new();
            push_integer(&mut text, number);
            assert_eq!(text, format!("{number}"));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn any_number_is_read_as_the_one_that_was_spelt(bits in any::<u32>()) {
            let number = f32::from_bits(bits);
            prop_assume!(number.is_finite());
            let text = spelt(number);
            prop_assert_eq!(read(&text).to_bits(), bits, "{}", text);
            prop_assert_eq!(text.parse::<f32>().map(f32::to_bits), Ok(bits), "{}", text);
        }

        #[test]
        fn coordinates_are_spelt_as_the_standard_library_spells_them(number in -1e5f32..1e5) {
            prop_assert_eq!(spelt(number), format!("{number}"));
        }

        #[test]
        fn numbers_of_others_are_read_as_the_standard_library_reads_them(
            whole in 0u32..200_000, fraction in "[0-9]{1,16}", power in -9i32..9,
        ) {
            let text = format!("{whole}.{fraction}E{power:+03}");
            prop_assert_eq!(Ok(read(&text)), text.parse::<f32>(), "{}", text);
        }
    }
}
