//! The lines a server sends, member by member, so that order and spelling are those of the recordings.

use std::fmt::Write as _;
use std::sync::Arc;

use super::json::write_text;

/// A line under construction. Shared once it is done, since a push goes to many.
pub(crate) struct Reply(String);

impl Reply {
    /// Begin a line of a command.
    pub(crate) fn new(command: &str) -> Self {
        Self(format!(r#"{{"command":"{command}""#))
    }

    /// Add a text, escaped.
    pub(crate) fn text(mut self, key: &str, text: &str) -> Self {
        self.key(key);
        write_text(&mut self.0, text);
        self
    }

    /// Add a flag.
    pub(crate) fn flag(mut self, key: &str, value: bool) -> Self {
        self.key(key);
        self.0.push_str(if value { "true" } else { "false" });
        self
    }

    /// Add a value that is JSON already.
    pub(crate) fn json(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        self.0.push_str(value);
        self
    }

    /// End the line.
    pub(crate) fn end(mut self) -> Arc<str> {
        self.0.push('}');
        self.0.into()
    }

    fn key(&mut self, key: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, r#","{key}":"#);
    }
}

/// Write the `ERROR` line of a message.
pub(crate) fn error(message: &str) -> Arc<str> {
    Reply::new("ERROR").text("message", message).end()
}

/// Write the `AUTH_FAILED` line of a message.
pub(crate) fn auth_failed(message: &str) -> Arc<str> {
    Reply::new("AUTH_FAILED").text("message", message).end()
}

/// Write a text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_text(&mut out, text);
    out
}
