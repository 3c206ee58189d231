//! JSON as System.Text.Json spells it, the library of the original server (facts, sections 1.5 and 6.4).

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};

/// What most lines fit into, in bytes.
const LINE_BYTES: usize = 192;

/// Write a value as JSON.
pub(crate) fn to_json(value: &(impl Serialize + ?Sized)) -> String {
    let mut out = Vec::with_capacity(LINE_BYTES);
    // Memory takes everything, and all keys are texts.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut out, SystemTextJson));
    String::from_utf8(out).unwrap_or_default()
}

/// Texts are ASCII without `< > & ' + "` and backtick, 32-bit floats as .NET writes them.
struct SystemTextJson;

impl Formatter for SystemTextJson {
    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        writer.write_all(spell_float(value).as_bytes())
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for char in fragment.chars() {
            match char {
                '<' | '>' | '&' | '\'' | '+' | '`' => write_unit(writer, char as u16)?,
                ' '..='~' => writer.write_all(&[char as u8])?,
                _ => {
                    for &mut unit in char.encode_utf16(&mut [0; 2]) {
                        write_unit(writer, unit)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        match escape {
            CharEscape::Quote => write_unit(writer, u16::from(b'"')),
            CharEscape::AsciiControl(byte) => write_unit(writer, u16::from(byte)),
            other => CompactFormatter.write_char_escape(writer, other),
        }
    }
}

fn write_unit<W: ?Sized + Write>(writer: &mut W, unit: u16) -> io::Result<()> {
    write!(writer, "\\u{unit:04X}")
}

/// Spell a finite float with the fewest digits that read back, integers without a point, and an exponent only below
/// 0.0001 and from 1,000,000,000.
fn spell_float(value: f32) -> String {
    if value == 0.0 || (1e-4..1e9).contains(&value.abs()) {
        return value.to_string();
    }
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{mantissa}E{exponent:+03}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_are_escaped_as_the_original_does() {
        assert_eq!(to_json("Zoë"), r#""Zo\u00EB""#);
        assert_eq!(
            to_json("<>&'+\"`"),
            r#""\u003C\u003E\u0026\u0027\u002B\u0022\u0060""#
        );
        assert_eq!(to_json("\\/\u{8}\t\n\u{c}\r"), r#""\\/\b\t\n\f\r""#);
        assert_eq!(to_json("\0\u{1f}\u{7f}"), r#""\u0000\u001F\u007F""#);
        assert_eq!(to_json("日本 🏁"), r#""\u65E5\u672C \uD83C\uDFC1""#);
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
            let value: f32 = spelled.parse().unwrap();
            assert_eq!(to_json(&value), spelled);
        }
        assert_eq!(to_json(&16_777_217.0_f32), "16777216");
    }

    proptest! {
        #[test]
        fn every_finite_float_reads_back(bits in any::<u32>()) {
            let value = f32::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(to_json(&value).parse::<f32>().unwrap().to_bits(), bits);
        }

        #[test]
        fn every_text_is_ascii_and_reads_back(text in any::<String>()) {
            let escaped = to_json(&text);
            prop_assert!(escaped.is_ascii());
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }
}
