//! JSON as System.Text.Json reads it, the library of the original server (facts, section 1.5). Values stay raw text until
//! a rule looks at them, so that the spelling of numbers and duplicate keys survive.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::json_format::to_json;

/// How deep arrays and objects may be nested. To the original, deeper text is malformed.
pub(crate) const MAX_DEPTH: usize = 64;

/// A text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotJson;

/// A field has another type than the rule wants. The original gives no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrongType;

/// One JSON object: its members in the order of the text, keys and values raw.
pub(crate) struct Object<'a>(Vec<(&'a str, &'a str)>);

/// Read a text; gives `None` if it is JSON and not an object.
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

    /// Lend the raw value of a field. Of several with the same name the last counts.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        let named = |key: &str| match key.get(1..key.len() - 1) {
            Some(plain) if !plain.contains('\\') => plain == name,
            _ => serde_json::from_str::<String>(key).is_ok_and(|key| key == name),
        };
        let found = self.0.iter().rev().find(|(key, _)| named(key));
        found.map(|&(_, value)| value)
    }

    /// Read a text field: `None` if it is absent, `Some(None)` if it is null.
    ///
    /// # Errors
    /// It is not a text, or holds half of a surrogate pair.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Option<String>>, WrongType> {
        let text = |raw| serde_json::from_str(raw).map_err(|_| WrongType);
        self.raw(name).map(text).transpose()
    }

    /// Read a number field as a 32-bit float, as the original keeps it; `None` if it is absent.
    ///
    /// # Errors
    /// It is not a number.
    pub(crate) fn float(&self, name: &str) -> Result<Option<f32>, WrongType> {
        self.raw(name).map(float).transpose()
    }

    /// Read a number field as a 32-bit integer: `None` if it is absent, `Some(None)` if it is another number.
    ///
    /// # Errors
    /// It is not a number.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<Option<i32>>, WrongType> {
        let integer = |raw| float(raw).map(|_| raw.parse().ok());
        self.raw(name).map(integer).transpose()
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

/// List the raw elements of an array; `None` if the value is not an array.
pub(crate) fn elements(raw: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

fn float(raw: &str) -> Result<f32, WrongType> {
    // JSON's numbers start like this; Rust would also read `inf` and `nan`.
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

/// Write a valid JSON text as the original passes it on: without white space, texts escaped in its way, and everything else
/// as it came.
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
                out.push_str(&to_json(&text));
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
    fn an_integer_has_no_point_no_exponent_and_32_bits() {
        let object = parse(r#"{"a":-7,"b":1.0,"c":1e2,"d":2147483648,"e":"1","f":null}"#);
        let object = object.unwrap().unwrap();
        assert_eq!(object.integer("a"), Ok(Some(Some(-7))));
        assert_eq!(object.integer("absent"), Ok(None));
        for other in ["b", "c", "d"] {
            assert_eq!(object.integer(other), Ok(Some(None)), "{other}");
        }
        for wrong in ["e", "f"] {
            assert_eq!(object.integer(wrong), Err(WrongType), "{wrong}");
        }
    }

    #[test]
    fn json_other_than_an_object_is_not_an_error() {
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
    fn compact_json_keeps_order_duplicates_and_number_spelling() {
        let sent = "{ \"b\" : [1.50, -0,1e5 ,\n1E+400], \"a\":\"\\u00e9é/ x\",\"a\":{\"t\":true,\"ë\":null} }";
        let passed =
            r#"{"b":[1.50,-0,1e5,1E+400],"a":"\u00E9\u00E9/ x","a":{"t":true,"\u00EB":null}}"#;
        assert_eq!(compact(sent).as_deref(), Ok(passed));
        assert_eq!(compact(r#"{"a":"\ud800"}"#), Err(WrongType));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = parse(&text).map(|object| object.map(|object| object.text("command").is_ok()));
            let text = to_json(&text);
            prop_assert_eq!(compact(&text), Ok(text));
        }
    }
}
