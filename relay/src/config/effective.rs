//! The options as they are in effect after flags, variables, file and defaults: printed as a TOML file without secrets, and
//! compared when the configuration is read again. `command_line` makes them.

use std::any::TypeId;
use std::fmt;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};
use toml::{Table, Value};

use super::access::Access;
use super::option::{Kind, SERVERS, key, kind};

/// What stands for a secret where it is printed.
pub(super) const HIDDEN: &str = "***";

/// The options in effect, each by its key in a file. Prints as a TOML file; secrets print as `***`.
#[derive(Clone, PartialEq)]
pub struct EffectiveOptions {
    shown: Table,
    /// The same with the secrets.
    whole: Table,
}

impl EffectiveOptions {
    pub(super) fn new(options: &[Arg], matches: &ArgMatches) -> Self {
        let mut all = Self {
            shown: Table::new(),
            whole: Table::new(),
        };
        for option in options {
            if let (Some(key), Some(value)) = (key(option), value(option, matches)) {
                if !is_own_secret(option, matches) {
                    all.shown.insert(key.to_owned(), shown(option, &value));
                }
                all.whole.insert(key.to_owned(), value);
            }
        }
        all
    }

    /// Replace the options of a single game server by a list of several.
    pub(super) fn list_servers(&mut self, servers: Vec<Self>, single: &[String]) {
        for table in [&mut self.shown, &mut self.whole] {
            table.retain(|key, _| !single.iter().any(|it| it == key));
        }
        let (shown, whole): (Vec<_>, Vec<_>) = servers
            .into_iter()
            .map(|server| (server.shown, server.whole))
            .unzip();
        self.shown.insert(SERVERS.to_owned(), shown.into());
        self.whole.insert(SERVERS.to_owned(), whole.into());
    }

    /// List the keys that have another value in `other`. Those of a listed game server are written `servers.NAME.KEY`.
    pub fn changes(&self, other: &Self) -> Vec<String> {
        let (old, new) = (flat(&self.whole), flat(&other.whole));
        let added = new.keys().filter(|key| !old.contains_key(*key));
        let changed = old.iter();
        let changed = changed.filter(|(key, value)| new.get(*key) != Some(*value));
        let keys = changed.map(|(key, _)| key).chain(added);
        keys.cloned().collect()
    }
}

/// Write the options of listed game servers beside the others. What stays of the list are the names, in their order.
fn flat(options: &Table) -> Table {
    let mut flat = options.clone();
    let Some(Value::Array(servers)) = flat.remove(SERVERS) else {
        return flat;
    };
    let mut names = Vec::new();
    for server in servers.iter().filter_map(Value::as_table) {
        let name = server.get("name").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        names.push(Value::from(name));
        for (key, value) in server {
            flat.insert(format!("{SERVERS}.{name}.{key}"), value.clone());
        }
    }
    flat.insert(SERVERS.to_owned(), names.into());
    flat
}

impl fmt::Display for EffectiveOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown.to_string())
    }
}

impl fmt::Debug for EffectiveOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fmt(f)
    }
}

/// Give the value in the type of TOML that a file has for it. `None`: the option is not set and has no default.
fn value(option: &Arg, matches: &ArgMatches) -> Option<Value> {
    let texts = matches.try_get_raw(option.get_id().as_str()).ok();
    let texts = texts.flatten().into_iter().flatten();
    let mut texts = texts.map(|text| text.to_string_lossy().into_owned());
    let kind = kind(option);
    if kind == Kind::List {
        return Some(texts.collect::<Vec<_>>().into());
    }
    let text = texts.next()?;
    let typed = match kind {
        Kind::Switch => text.parse().map(Value::Boolean).ok(),
        Kind::Number => text.parse().map(Value::Integer).ok(),
        Kind::List | Kind::Text => None,
    };
    Some(typed.unwrap_or(Value::String(text)))
}

/// A secret that nobody has set is the game servers' own, and is left out: `***` would be another one.
fn is_own_secret(option: &Arg, matches: &ArgMatches) -> bool {
    let is_default =
        matches.value_source(option.get_id().as_str()) == Some(ValueSource::DefaultValue);
    let is_access = option.get_value_parser().type_id() == TypeId::of::<Access>();
    option.is_hide_env_values_set() && is_default && !is_access
}

fn shown(option: &Arg, value: &Value) -> Value {
    if !option.is_hide_env_values_set() {
        return value.clone();
    }
    let is_access = option.get_value_parser().type_id() == TypeId::of::<Access>();
    match value.as_str() {
        Some(plain @ ("open" | "off")) if is_access => plain.into(),
        Some(_) if is_access => format!("token:{HIDDEN}").into(),
        _ => HIDDEN.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::config::Invocation;

    fn options(arguments: &[&str]) -> EffectiveOptions {
        let arguments = [&["mp-relay", "--server", "a:1"], arguments].concat();
        let read = Invocation::read(arguments.into_iter().map(OsString::from));
        read.unwrap().options
    }

    #[test]
    fn what_is_printed_is_a_file_with_the_same_options() {
        let printed = options(&[
            "--trust",
            "system",
            "--allow-origin",
            "https://a,https://b",
            "--spectate-observer",
            "--server-name",
            "an \"odd\" name",
        ]);
        let text = printed.to_string();
        for line in [
            "server = \"a:1\"",
            "allow-origin = [\"https://a\", \"https://b\"]",
            "spectate-observer = true",
            "max-connections = 5000",
            "drain-seconds = 5",
            "resume-seconds = 30",
            "spectate = \"open\"",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}: {text}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let read = options(&["--config", file.path().to_str().unwrap()]);
        assert_eq!(read.to_string(), text);
        assert!(!text.contains("udp-secret"), "it is the default");
        assert_eq!(read.changes(&printed), [""; 0]);
    }

    #[test]
    fn secrets_are_not_printed_and_their_changes_are_named() {
        let plain = options(&["--trust", "system"]);
        let secret = options(&[
            "--trust=system",
            "--spectate=token:HIDDENHIDDEN",
            "--udp-secret=HIDDEN",
            "--server-name=b",
        ]);
        let shown = format!("{secret} {secret:?}");
        assert!(!shown.contains("HIDDEN"), "{shown}");
        assert!(shown.contains("spectate = \"token:***\""), "{shown}");
        assert!(shown.contains("udp-secret = \"***\""), "{shown}");
        let changes = ["spectate", "udp-secret", "server-name"];
        assert_eq!(plain.changes(&secret), changes);
        let other = options(&["--trust=system", "--spectate=token:hiddenhidden"]);
        assert_eq!(secret.changes(&other).len(), 3);
    }
}
