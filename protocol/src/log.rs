//! Lines for a log: passwords, secrets, tokens and what players write to each other become `***`.

use std::borrow::Cow;

use crate::json::{self, Object, Value};

/// The longest line that is shown. Of a longer one only the length is.
const MAX_SHOWN_BYTES: usize = 2048;

/// Fields whose text never belongs in a log.
const SECRET_FIELDS: [&str; 4] = ["password", "token", "secret", "email"];
/// Commands whose `message` is a player's text. In other lines it is the server's own sentence.
const CHAT_COMMANDS: [&str; 4] = ["RELAY_MESSAGE", "RELAYED_MESSAGE", "MESSAGE", "CHAT"];

/// Make a command line or a server line safe to log. The welcome becomes its word, and anything else that is not a
/// JSON object becomes its length.
pub fn redact(line: &str) -> String {
    if line.len() > MAX_SHOWN_BYTES {
        return length(line);
    }
    match Value::parse(line) {
        Some(mut value @ Value::Object(_)) => {
            hide(&mut value);
            json::to_string(&value)
        }
        _ if line.starts_with("CONNECTED|") => "CONNECTED|***".to_owned(),
        _ => length(line),
    }
}

fn length(line: &str) -> String {
    format!("({} bytes)", line.len())
}

fn hide(value: &mut Value<'_>) {
    match value {
        Value::Object(Object(members)) => {
            let word = |(name, value): &(Cow<'_, str>, Value<'_>)| {
                let is_players = |text: &str| {
                    CHAT_COMMANDS
                        .iter()
                        .any(|word| text.eq_ignore_ascii_case(word))
                };
                name == "command" && value.as_str().is_some_and(is_players)
            };
            let players = members.iter().any(word);
            for (name, field) in members {
                if SECRET_FIELDS.contains(&&**name) || (players && name == "message") {
                    *field = Value::Text("***".into());
                } else {
                    hide(field);
                }
            }
        }
        Value::List(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_messages_do_not_show_and_sentences_of_the_server_do() {
        for (line, hidden) in [
            (
                r#"{"command":"NAME","name":"Ann","password":"hunter2"}"#,
                "hunter2",
            ),
            (
                r#"{"command":"RELAY_MESSAGE","targetId":"a","message":"psst"}"#,
                "psst",
            ),
            (
                r#"{"command":"relayed_message","senderId":"a","message":"psst"}"#,
                "psst",
            ),
            (
                r#"{"command":"BATCH","messages":[{"command":"RELAY_MESSAGE","message":"psst"}]}"#,
                "psst",
            ),
            ("psst", "psst"),
            ("CONNECTED|0123456789abcdef", "0123"),
        ] {
            assert!(!redact(line).contains(hidden), "{}", redact(line));
        }
        let error = r#"{"command":"ERROR","message":"Room not found."}"#;
        assert!(redact(error).contains("Room not found."));
        assert_eq!(redact(&"x".repeat(5000)), "(5000 bytes)");
    }
}
