//! What a TOML file may hold for an option: its key, and the type of its value. `command_line` reads by it, and `effective`
//! prints by it.

use std::any::TypeId;
use std::time::Duration;

use clap::{Arg, ArgAction};

/// The key of the list of game servers.
pub(super) const SERVERS: &str = "servers";

/// Options that a file cannot set.
const NOT_OF_FILE: [&str; 3] = ["config", "check-config", "print-config"];

/// The type of a value in a TOML file. It follows from the type that clap parses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Switch,
    Number,
    Text,
}

/// Give the option's key in a file. `None`: a file cannot set it.
pub(super) fn key(option: &Arg) -> Option<&str> {
    option.get_long().filter(|key| !NOT_OF_FILE.contains(key))
}

pub(super) fn kind(option: &Arg) -> Kind {
    let parsed = option.get_value_parser().type_id();
    let is = |kind: TypeId| parsed == kind;
    if matches!(option.get_action(), ArgAction::Append) {
        Kind::List
    } else if is(TypeId::of::<bool>()) {
        Kind::Switch
    } else if is(TypeId::of::<u32>()) || is(TypeId::of::<usize>()) || is(TypeId::of::<Duration>()) {
        Kind::Number
    } else {
        Kind::Text
    }
}
