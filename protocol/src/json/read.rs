//! Reads JSON by the letter of RFC 8259, one byte after the other.

use std::borrow::Cow;

use super::Value;

/// How deep values may lie in each other: far more than in any line there is, and far less than a stack takes.
const MAX_DEPTH: usize = 32;

/// Read a text that is one value, with nothing but spaces around it.
pub(super) fn value(text: &str) -> Option<Value<'_>> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(MAX_DEPTH)?;
    reader.skip_spaces();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a str,
    /// Bytes read; the text's length at most.
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        self.skip_spaces();
        match self.peek()? {
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.list(depth.checked_sub(1)?),
            b'"' => self.string().map(Value::Text),
            b't' => self.word("true", Value::Flag(true)),
            b'f' => self.word("false", Value::Flag(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value<'a>> {
        let mut members = Vec::new();
        self.items(b'}', |reader| {
            reader.skip_spaces();
            let name = reader.string()?;
            reader.skip_spaces();
            reader.expect(b':')?;
            members.push((name, reader.value(depth)?));
            Some(())
        })?;
        Some(Value::Object(members))
    }

    fn list(&mut self, depth: usize) -> Option<Value<'a>> {
        let mut items = Vec::new();
        self.items(b']', |reader| {
            items.push(reader.value(depth)?);
            Some(())
        })?;
        Some(Value::List(items))
    }

    /// Read what is between two brackets, item by item.
    fn items(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.skip_spaces();
        if self.take(end) {
            return Some(());
        }
        loop {
            item(self)?;
            self.skip_spaces();
            if self.take(end) {
                return Some(());
            }
            self.expect(b',')?;
        }
    }

    /// Read a string with its quotes. It is lent where nothing in it is escaped.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.expect(b'"')?;
        let mut unescaped: Option<String> = None;
        loop {
            let plain = self.plain()?;
            let is_end = self.peek()? == b'"';
            self.at += 1;
            match &mut unescaped {
                None if is_end => return Some(Cow::Borrowed(plain)),
                _ => unescaped.get_or_insert_default().push_str(plain),
            }
            if is_end {
                return unescaped.map(Cow::Owned);
            }
            let letter = self.escaped()?;
            unescaped.get_or_insert_default().push(letter);
        }
    }

    /// Read up to the next quote or backslash.
    fn plain(&mut self) -> Option<&'a str> {
        let start = self.at;
        while !matches!(self.peek()?, b'"' | b'\\') {
            // A control character must be escaped.
            if self.peek()? < b' ' {
                return None;
            }
            self.at += 1;
        }
        self.text.get(start..self.at)
    }

    /// Read what follows a backslash.
    fn escaped(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            _ => return None,
        })
    }

    /// Read four digits, or twice four where the first name a half of a pair.
    fn code_point(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.expect(b'\\')?;
        self.expect(b'u')?;
        let second = self.four_digits()?.checked_sub(0xdc00)?;
        let pair = 0x1_0000 + ((first - 0xd800) << 10) + second;
        char::from_u32(pair).filter(|_| second < 0x400)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let mut number = 0;
        for _ in 0..4 {
            number = number * 16 + char::from(self.peek()?).to_digit(16)?;
            self.at += 1;
        }
        Some(number)
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        self.take(b'-');
        // No number begins with a nought that more digits follow.
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        self.text.get(start..self.at).map(Value::Number)
    }

    /// Read digits, one at least.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += word.len();
        rest.starts_with(word.as_bytes()).then_some(value)
    }

    fn skip_spaces(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value as Judge;

    /// What another reader makes of the same text.
    fn judged(text: &str) -> Option<Judge> {
        serde_json::from_str(text).ok()
    }

    fn is_same(value: &Value<'_>, judge: &Judge) -> bool {
        match (value, judge) {
            (Value::Null, Judge::Null) => true,
            (Value::Flag(flag), Judge::Bool(other)) => flag == other,
            (Value::Number(spelt), Judge::Number(other)) => {
                spelt.parse() == Ok(other.as_f64()).map(|n| n.unwrap_or(f64::NAN))
            }
            (Value::Text(text), Judge::String(other)) => text == other,
            (Value::List(items), Judge::Array(others)) => {
                items.len() == others.len() && items.iter().zip(others).all(|(a, b)| is_same(a, b))
            }
            (Value::Object(members), Judge::Object(others)) => {
                others.iter().all(|(name, other)| {
                    let member = members.iter().rev().find(|(known, _)| known == name);
                    member.is_some_and(|(_, value)| is_same(value, other))
                })
            }
            _ => false,
        }
    }

    #[test]
    fn a_line_is_lent_from_its_text() {
        let text = r#" { "command" : "PONG", "a":[1,-0.5E+07,true,null],"a":"Zo\u00EB \uD83C\uDFC1\/\n" } "#;
        let list = vec![
            Value::Number("1"),
            Value::Number("-0.5E+07"),
            Value::Flag(true),
            Value::Null,
        ];
        let expected = Value::Object(vec![
            ("command".into(), Value::Text("PONG".into())),
            ("a".into(), Value::List(list)),
            ("a".into(), Value::Text("Zoë 🏁/\n".into())),
        ]);
        let read = value(text).unwrap();
        assert_eq!(read, expected);
        let Value::Object(members) = read else {
            panic!("no object")
        };
        assert!(matches!(members[0].0, Cow::Borrowed("command")));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "[",
            "[1",
            "[1,]",
            "[,1]",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{a:1}"#,
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "0x1",
            "NaN",
            "nul",
            "truee",
            "1 2",
            "\"",
            "\"\n\"",
            r#""\x""#,
            r#""\u12""#,
            r#""\u+123""#,
            r#""\uD83C""#,
            r#""\uD83Cx""#,
            r#""\uDFC1""#,
            r#""\uD83C\uD83C""#,
            "\u{feff}1",
        ] {
            assert_eq!(value(text), None, "{text:?}");
            assert_eq!(judged(text), None, "{text:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(value(&nested(MAX_DEPTH)).is_some());
        assert_eq!(value(&nested(MAX_DEPTH + 1)), None);
        assert_eq!(value(&"[{\"a\":".repeat(500_000)), None);
    }

    /// Texts that are JSON, or nearly.
    fn text() -> impl Strategy<Value = String> {
        let token = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\\u00e9",
            "\\ud83c\\udfc1",
            "\\ud83c",
            "\\n",
            "a",
            "ä",
            "🏁",
            "\n",
            " ",
            "null",
            "true",
            "false",
            "0",
            "1",
            "-",
            "12",
            "0.5",
            "e3",
            "E-07",
            ".",
            "{\"a\":",
            "\"b\"",
            "[1,",
            "\"\":",
        ]);
        prop::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_another_reader_reads_it(text in text()) {
            let read = value(&text);
            prop_assert_eq!(read.is_some(), judged(&text).is_some(), "{}", text);
            if let (Some(read), Some(judge)) = (read, judged(&text)) {
                prop_assert!(is_same(&read, &judge), "{:?} {:?}", read, judge);
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = value(&text);
        }
    }
}
