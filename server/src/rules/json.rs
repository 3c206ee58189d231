//! JSON exactly as System.Text.Json reads and writes it, the library of the original server (facts, section 1.5).
//! Values stay raw text until a rule looks at them, so that number spelling and duplicate keys survive.

use std::fmt::{self, Write as _};

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep arrays and objects may be nested; one more is no JSON to the original.
pub(crate) const MAX_DEPTH: usize = 64;

/// A text is no JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotJson;

/// A field is there but has another type than the rule wants. The original then answers nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrongType;

/// One JSON object: its members in the order of the text, keys and values raw.
pub(crate) struct Object<'a>(Vec<(&'a str, &'a str)>);

/// Read a text; nothing where it is JSON but no object.
pub(crate) fn parse(text: &str) -> Result<Option<Object<'_>>, NotJson> {
    let whole: &RawValue = serde_json::from_str(text).map_err(|_| NotJson)?;
    if depth(whole.get()) > MAX_DEPTH {
        return Err(NotJson);
    }
    Ok(Object::read(whole.get()).ok())
}

impl<'a> Object<'a> {
    /// Read one value of a text that is known to be JSON.
    pub(crate) fn read(raw: &'a str) -> Result<Self, WrongType> {
        serde_json::from_str(raw).map_err(|_| WrongType)
    }

    /// Lend the raw value of a field; of several with one name the last.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        let named = |key: &str| match key.get(1..key.len() - 1) {
            Some(plain) if !plain.contains('\\') => plain == name,
            _ => serde_json::from_str::<String>(key).is_ok_and(|key| key == name),
        };
        let found = self.0.iter().rev().find(|(key, _)| named(key));
        found.map(|&(_, value)| value)
    }

    /// Read a text field: nothing where it is absent, `Some(None)` where it is null.
    ///
    /// # Errors
    /// It is no text, or holds half of a surrogate pair.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Option<String>>, WrongType> {
        self.raw(name).map(text).transpose()
    }

    /// Read a number field as the 32-bit float the original keeps; nothing where it is absent.
    ///
    /// # Errors
    /// It is no number.
    pub(crate) fn float(&self, name: &str) -> Result<Option<f32>, WrongType> {
        self.raw(name).map(float).transpose()
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    members.push((key.get(), value.get()));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// List the raw elements of an array; nothing where the value is no array.
pub(crate) fn elements(raw: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

fn text(raw: &str) -> Result<Option<String>, WrongType> {
    match raw.as_bytes() {
        [b'"', ..] => serde_json::from_str(raw).map(Some).map_err(|_| WrongType),
        b"null" => Ok(None),
        _ => Err(WrongType),
    }
}

fn float(raw: &str) -> Result<f32, WrongType> {
    // Only JSON's numbers start so; Rust also reads `inf` and `nan`.
    match raw.as_bytes() {
        [b'-' | b'0'..=b'9', ..] => raw.parse().map_err(|_| WrongType),
        _ => Err(WrongType),
    }
}

/// Say how deep a valid JSON text is nested.
fn depth(json: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    let mut rest = json.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => skip_string(&mut rest),
            b'{' | b'[' => {
                now += 1;
                most = most.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    most
}

fn skip_string(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

/// Write a text as the original escapes it: ASCII only, and none of `< > & ' + "` and backtick as itself.
pub(crate) fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '<' | '>' | '&' | '\'' | '+' | '"' | '`' => write_unit(out, char as u16),
            ' '..='~' => out.push(char),
            _ => {
                for &mut unit in char.encode_utf16(&mut [0; 2]) {
                    write_unit(out, unit);
                }
            }
        }
    }
    out.push('"');
}

fn write_unit(out: &mut String, unit: u16) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\u{unit:04X}");
}

/// Write a valid JSON text as the original passes it on: without white space, texts escaped its way, everything
/// else as it came.
///
/// # Errors
/// A text holds half of a surrogate pair, which the original cannot write.
pub(crate) fn compact(json: &str) -> Result<String, WrongType> {
    let mut out = String::with_capacity(json.len() + 16);
    let mut at = 0;
    while let Some(&byte) = json.as_bytes().get(at) {
        let mut end = at + 1;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'"' => {
                let mut rest = json.as_bytes()[end..].iter().copied();
                skip_string(&mut rest);
                end = json.len() - rest.len();
                let text: String = serde_json::from_str(&json[at..end]).map_err(|_| WrongType)?;
                write_text(&mut out, &text);
            }
            _ => out.push(char::from(byte)),
        }
        at = end;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        write_text(&mut out, text);
        out
    }

    #[test]
    fn texts_are_escaped_as_the_original_does() {
        assert_eq!(written("Zoë"), r#""Zo\u00EB""#);
        assert_eq!(
            written("<>&'+\"`"),
            r#""\u003C\u003E\u0026\u0027\u002B\u0022\u0060""#
        );
        assert_eq!(written("\\/\u{8}\t\n\u{c}\r"), r#""\\/\b\t\n\f\r""#);
        assert_eq!(written("\0\u{1f}\u{7f}"), r#""\u0000\u001F\u007F""#);
        assert_eq!(written("日本 🏁"), r#""\u65E5\u672C \uD83C\uDFC1""#);
    }

    #[test]
    fn the_last_of_duplicate_keys_wins_and_keys_may_be_escaped() {
        let object = parse(r#" {"a":1,"a":"x","\u0062":"y"} "#).unwrap().unwrap();
        assert_eq!(object.text("a"), Ok(Some(Some("x".into()))));
        assert_eq!(object.text("b"), Ok(Some(Some("y".into()))));
        assert_eq!(object.text("A"), Ok(None));
    }

    #[test]
    fn a_field_is_absent_null_a_text_or_of_the_wrong_type() {
        let object = parse(r#"{"n":null,"five":5,"o":{},"half":"\ud83c","ok":"\ud83c\udfc1"}"#);
        let object = object.unwrap().unwrap();
        assert_eq!(object.text("absent"), Ok(None));
        assert_eq!(object.text("n"), Ok(Some(None)));
        for wrong in ["five", "o", "half"] {
            assert_eq!(object.text(wrong), Err(WrongType), "{wrong}");
        }
        assert_eq!(object.text("ok"), Ok(Some(Some("🏁".into()))));
    }

    #[test]
    fn what_is_no_object_is_json_all_the_same() {
        for json in ["[]", "5", "\"x\"", "null", "true", "\"\\ud800\"", "1e999"] {
            assert!(matches!(parse(json), Ok(None)), "{json}");
        }
        for bad in [
            "",
            "  ",
            "{",
            "{}x",
            "{},",
            "{\"a\":1,}",
            "{'a':1}",
            "/**/{}",
            "NaN",
            "01",
            "1.",
            "\u{feff}{}",
            "{\"a\":\"\u{1}\"}",
            "\u{fffd}\u{fffd}{}",
            "\"\\ud8\"",
        ] {
            assert!(matches!(parse(bad), Err(NotJson)), "{bad:?}");
        }
    }

    #[test]
    fn nesting_ends_at_sixty_four() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert!(parse(&nested(MAX_DEPTH + 1)).is_err());
        assert!(parse(&format!("{{\"a\":\"{}\"}}", "[".repeat(100))).is_ok());
        assert!(parse(&nested(100_000)).is_err());
    }

    #[test]
    fn what_is_passed_on_keeps_order_duplicates_and_number_spelling() {
        let sent = "{ \"b\" : [1.50, -0,1e5 ,\n1E+400], \"a\":\"\\u00e9é/ x\",\"a\":{\"t\":true,\"ë\":null} }";
        let passed =
            r#"{"b":[1.50,-0,1e5,1E+400],"a":"\u00E9\u00E9/ x","a":{"t":true,"\u00EB":null}}"#;
        assert_eq!(compact(sent).as_deref(), Ok(passed));
        assert_eq!(compact(r#"{"a":"\ud800"}"#), Err(WrongType));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_escaping_is_read_back(text in any::<String>()) {
            let _ = parse(&text).map(|object| object.map(|object| object.text("command").is_ok()));
            let escaped = written(&text);
            prop_assert!(escaped.is_ascii());
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
            prop_assert_eq!(compact(&escaped), Ok(escaped));
        }
    }
}
