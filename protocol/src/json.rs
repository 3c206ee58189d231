//! JSON on the wire, in both directions. One visitor reads every line and datagram into a borrowed tree of values. A
//! derived reader for each kind of line would double what a browser downloads. Writing is derived.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::str::FromStr;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter};

use crate::geometry::{Quat, Vec3};

/// Room for the longest spelling of an `f32`.
const MAX_NUMBER_BYTES: usize = 24;

/// A value with its content, borrowed from the text where it has no escapes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// A number without point and exponent.
    Integer(i64),
    /// Any other number as the nearest `f32`, infinite if it is too large. Numbers of up to 15 digits, which is all
    /// that servers send, are rounded once.
    Number(f32),
    Text(Cow<'a, str>),
    List(Vec<Self>),
    Object(Object<'a>),
}

/// The members of an object in the order of the text. Of two with the same name the later counts (facts, section
/// 1.5).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object<'a>(pub(crate) Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Value<'a> {
    /// Read a text that is one value. `None` if it is not JSON, has a number beyond the range of an `f64`, or nests
    /// deeper than the 127 levels that serde_json takes.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    fn as_f32(&self) -> Option<f32> {
        match self {
            Self::Integer(number) => Some(*number as f32),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl<'a> Object<'a> {
    /// Read a text that is one object.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        match Value::parse(text)? {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn str(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    pub(crate) fn string(&self, name: &str) -> Option<String> {
        self.str(name).map(str::to_owned)
    }

    pub(crate) fn bool(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A whole number that fits. A number with a point is not whole, even `1.0` (facts, section 6.2).
    pub(crate) fn integer<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        match self.get(name)? {
            Value::Integer(number) => T::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(crate) fn id<Id: FromStr>(&self, name: &str) -> Option<Id> {
        self.str(name)?.parse().ok()
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Self> {
        self.get(name)?.as_object()
    }

    pub(crate) fn list(&self, name: &str) -> Option<&[Value<'a>]> {
        match self.get(name)? {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// A number: `absent` if there is no such member, `None` if it is not a number.
    pub(crate) fn number_or(&self, name: &str, absent: f32) -> Option<f32> {
        self.get(name).map_or(Some(absent), Value::as_f32)
    }

    /// These members as a place; an absent one is 0 (facts, section 6.2).
    pub(crate) fn vec3(&self) -> Option<Vec3> {
        let number = |name| self.number_or(name, 0.0);
        Some(Vec3::new(number("x")?, number("y")?, number("z")?))
    }

    /// The place under `name`; the origin if there is no such member.
    pub(crate) fn vec3_or_origin(&self, name: &str) -> Option<Vec3> {
        match self.get(name) {
            Some(value) => value.as_object()?.vec3(),
            None => Some(Vec3::default()),
        }
    }

    /// The rotation under `name`; the identity if there is no such member.
    pub(crate) fn quat_or_identity(&self, name: &str) -> Option<Quat> {
        let Some(value) = self.get(name) else {
            return Some(Quat::IDENTITY);
        };
        let object = value.as_object()?;
        let number = |name| object.number_or(name, 0.0);
        let w = object.number_or("w", 1.0)?;
        Some(Quat::new(number("x")?, number("y")?, number("z")?, w))
    }

    fn get(&self, name: &str) -> Option<&Value<'a>> {
        let mut members = self.0.iter().rev();
        members.find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

/// Takes any value of JSON. It has no error messages of its own, because a browser would download them.
struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(i64::try_from(number).map_or(Value::Number(number as f32), Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number as f32))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            // The name of a member is always a string.
            if let Value::Text(name) = name {
                members.push((name, value));
            }
        }
        Ok(Value::Object(Object(members)))
    }
}

/// Write a value as one line of JSON, with numbers as the servers spell them (facts, section 6.4): an `f32` in its
/// shortest form, without a point if it is whole. A value whose map keys are not strings becomes the empty text.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8(to_vec(value)).unwrap_or_default()
}

/// Write a value like [`to_string`], as bytes.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut json = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::with_formatter(&mut json, ServerNumbers);
    match value.serialize(&mut serializer) {
        Ok(()) => json,
        Err(_) => Vec::new(),
    }
}

/// Compact JSON whose numbers are `66` and `-0`, not `66.0` and `-0.0`.
struct ServerNumbers;

impl Formatter for ServerNumbers {
    fn write_f32<W: ?Sized + io::Write>(&mut self, writer: &mut W, number: f32) -> io::Result<()> {
        let mut spelt = [0; MAX_NUMBER_BYTES];
        let mut unused = &mut spelt[..];
        CompactFormatter.write_f32(&mut unused, number)?;
        let unused = unused.len();
        let spelt = &spelt[..MAX_NUMBER_BYTES - unused];
        writer.write_all(spelt.strip_suffix(b".0").unwrap_or(spelt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn object(text: &str) -> Object<'_> {
        Object::parse(text).unwrap()
    }

    fn number(spelt: &str) -> Option<f32> {
        Value::parse(spelt)?.as_f32()
    }

    #[test]
    fn a_line_is_borrowed_from_its_text() {
        let text = r#" { "command" : "PONG", "a":[1,-0.5E+07,true,null],"b":"Zo\u00EB \uD83C\uDFC1\/\n" } "#;
        let list = vec![
            Value::Integer(1),
            Value::Number(-5e6),
            Value::Bool(true),
            Value::Null,
        ];
        let read = object(text);
        let expected = Object(vec![
            ("command".into(), Value::Text("PONG".into())),
            ("a".into(), Value::List(list)),
            ("b".into(), Value::Text("Zoë 🏁/\n".into())),
        ]);
        assert_eq!(read, expected);
        assert!(matches!(
            read.0[0],
            (Cow::Borrowed("command"), Value::Text(Cow::Borrowed("PONG")))
        ));
    }

    #[test]
    fn the_later_of_two_members_counts() {
        assert_eq!(object(r#"{"a":1,"a":2}"#).integer::<u32>("a"), Some(2));
    }

    #[test]
    fn only_numbers_spelt_whole_are_whole() {
        for (spelt, whole) in [
            ("7", Some(7)),
            ("-7", Some(-7)),
            ("1.0", None),
            ("1e0", None),
            ("2147483648", None),
            ("18446744073709551616", None),
            ("\"7\"", None),
        ] {
            let text = format!(r#"{{"seq":{spelt}}}"#);
            assert_eq!(object(&text).integer::<i32>("seq"), whole, "{spelt}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{a:1}",
            "01",
            "NaN",
            "1 2",
            "\"\n\"",
            "\u{feff}1",
            "1e400",
        ] {
            assert_eq!(Value::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let (max_depth, nested) = (127, |depth: usize| "[".repeat(depth) + &"]".repeat(depth));
        assert!(Value::parse(&nested(max_depth)).is_some());
        assert_eq!(Value::parse(&nested(max_depth + 1)), None);
        assert_eq!(Value::parse(&"[{\"a\":".repeat(500_000)), None);
    }

    #[test]
    fn q31_numbers_of_the_servers_are_read() {
        for (text, expected) in [
            ("1E-05", 1e-5),
            ("1E+15", 1e15),
            ("-0", -0.0),
            ("0.80000000000000000000000000001", 0.8),
            ("80000000000000000000000000000", 8e28),
            ("1e39", f32::INFINITY),
            ("0e99999999999", 0.0),
            ("1e-99999999999", 0.0),
        ] {
            assert_eq!(
                number(text).map(f32::to_bits),
                Some(f32::to_bits(expected)),
                "{text}"
            );
        }
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
            (9.999_999e14, "9.999999e+14"),
            (1e16, "1e+16"),
            (1.5e-7, "1.5e-7"),
            (f32::MAX, "3.4028235e+38"),
            (f32::MIN_POSITIVE, "1.1754944e-38"),
            (1e-45, "1e-45"),
        ] {
            assert_eq!(to_string::<f32>(&number), expected);
        }
    }

    #[test]
    fn a_tree_is_written_as_it_was_read() {
        let json = r#"{"b":[1,-2.5e-7,true,null,{}],"a":"\"\\\n\u0001ä","c":[]}"#;
        assert_eq!(to_string(&Value::parse(json)), json);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn any_number_is_read_as_the_one_that_was_spelt(bits in any::<u32>()) {
            let spelt = f32::from_bits(bits);
            prop_assume!(spelt.is_finite());
            let text = to_string(&spelt);
            prop_assert_eq!(number(&text).map(f32::to_bits), Some(bits), "{}", text);
            prop_assert_eq!(text.parse::<f32>().map(f32::to_bits), Ok(bits), "{}", text);
        }

        #[test]
        fn coordinates_are_as_short_as_the_standard_library_spells_them(number in -1e5f32..1e5) {
            prop_assume!(number.abs() > 1e-4);
            // Of two spellings that are equally short and equally near, either is right.
            let spelt = to_string(&number);
            prop_assert_eq!(spelt.len(), number.to_string().len(), "{}", spelt);
            prop_assert_eq!(spelt.parse(), Ok(number));
        }

        #[test]
        fn numbers_of_others_are_read_as_the_standard_library_reads_them(
            whole in 0u32..200_000, fraction in "[0-9]{1,16}", power in -9i32..9,
        ) {
            let text = format!("{whole}.{fraction}E{power:+03}");
            prop_assert_eq!(number(&text), text.parse::<f32>().ok(), "{}", text);
        }

        #[test]
        fn no_text_panics(text in "\\PC*|[\\[\\]{}\",:0-9eE.+\\\\u-]{0,40}") {
            let _ = Value::parse(&text);
        }
    }
}
