//! Writes texts so that any reader takes them.

use super::Value;

/// The digits of a control character's number.
const HEX: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
];

/// Append a member of an object behind others: `,"name":"text"`.
pub(crate) fn push_member(json: &mut String, name: &str, text: &str) {
    json.push(',');
    push_text(json, name);
    json.push(':');
    push_text(json, text);
}

/// Append a text with its quotes.
pub(crate) fn push_text(json: &mut String, text: &str) {
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\0'..' ' => {
                let number = letter as usize;
                json.push_str("\\u00");
                json.extend([HEX[number >> 4 & 15], HEX[number & 15]]);
            }
            letter => json.push(letter),
        }
    }
    json.push('"');
}

impl Value<'_> {
    /// Append the value in its shortest form.
    pub(crate) fn push_to(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Flag(true) => json.push_str("true"),
            Self::Flag(false) => json.push_str("false"),
            Self::Number(spelt) => json.push_str(spelt),
            Self::Text(text) => push_text(json, text),
            Self::List(items) => {
                json.push('[');
                for (place, item) in items.iter().enumerate() {
                    separate(json, place);
                    item.push_to(json);
                }
                json.push(']');
            }
            Self::Object(members) => {
                json.push('{');
                for (place, (name, value)) in members.iter().enumerate() {
                    separate(json, place);
                    push_text(json, name);
                    json.push(':');
                    value.push_to(json);
                }
                json.push('}');
            }
        }
    }
}

fn separate(json: &mut String, place: usize) {
    if place > 0 {
        json.push(',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let mut json = String::new();
            push_text(&mut json, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).ok(), Some(text.clone()));
            let read = Value::parse(&json);
            prop_assert_eq!(read.as_ref().and_then(Value::as_str), Some(&*text));
        }
    }

    #[test]
    fn a_tree_is_written_as_it_was_read() {
        let json = r#"{"b":[1,-2.5e-7,true,null,{}],"a":"\"\\\n\u0001ä","c":[]}"#;
        let mut written = String::new();
        Value::parse(json).unwrap().push_to(&mut written);
        assert_eq!(written, json);
    }
}
