//! Reads the TOML file: each key becomes a flag, so that clap reads all options in one way. Errors give positions, never the
//! text there, which may hold a secret.

use std::ffi::OsString;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::option::{self, Kind, SERVERS, kind};
use crate::close::with_causes;

/// A file that was read.
pub(super) struct File<'a> {
    path: &'a Path,
    text: &'a str,
    keys: Spanned<DeTable<'a>>,
}

/// One table of the file.
pub(super) struct Section<'a> {
    file: &'a File<'a>,
    /// Its place, if it is not the whole file.
    pub(super) place: Option<String>,
    table: &'a DeTable<'a>,
}

/// Read the text of a file.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    std::fs::read_to_string(path).with_context(|| format!("cannot read the configuration {shown}"))
}

impl<'a> File<'a> {
    /// Find the keys in the text of a file.
    pub(super) fn parse(path: &'a Path, text: &'a str) -> anyhow::Result<Self> {
        let keys = DeTable::parse(text).map_err(|error| {
            let place = place(text, error.span().unwrap_or_default());
            let (shown, reason) = (path.display(), error.message());
            anyhow!("the configuration {shown} is wrong in {place}: {reason}")
        })?;
        Ok(Self { path, text, keys })
    }

    /// Give the options outside of tables.
    pub(super) fn options(&self) -> Section<'_> {
        Section {
            file: self,
            place: None,
            table: self.keys.get_ref(),
        }
    }

    /// Give the tables of the list of game servers.
    pub(super) fn servers(&self) -> anyhow::Result<Vec<Section<'_>>> {
        let Some(list) = self.keys.get_ref().get(SERVERS) else {
            return Ok(Vec::new());
        };
        let wrong = || {
            let (shown, place) = (self.path.display(), place(self.text, list.span()));
            anyhow!(
                "the configuration {shown} has a wrong value for the key {SERVERS} in {place}: it takes tables, each under \
                 [[{SERVERS}]]"
            )
        };
        let tables = list.get_ref().as_array().ok_or_else(wrong)?;
        let sections = tables.iter().map(|table| {
            let place = place(self.text, table.span());
            let table = table.get_ref().as_table().ok_or_else(wrong)?;
            Ok(Section {
                file: self,
                place: Some(place),
                table,
            })
        });
        let sections: Vec<_> = sections.collect::<anyhow::Result<_>>()?;
        match sections.is_empty() {
            true => Err(wrong()),
            false => Ok(sections),
        }
    }
}

impl Section<'_> {
    /// Say whether it has this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Write its keys as flags of a command, except those that are `set` already.
    pub(super) fn flags(
        &self,
        command: &Command,
        is_set: impl Fn(&Arg) -> bool,
    ) -> anyhow::Result<Vec<OsString>> {
        let (shown, text) = (self.file.path.display(), self.file.text);
        let mut flags = Vec::new();
        for (key, value) in self.table {
            let (key_at, key) = (key.span(), key.get_ref().as_ref());
            if self.place.is_none() && key == SERVERS {
                continue;
            }
            let mut options = command.get_arguments();
            let option = options.find(|option| option::key(option) == Some(key));
            let Some(option) = option else {
                let place = place(text, key_at);
                let similar = similar(command, key);
                bail!("the configuration {shown} has an unknown key in {place}{similar}");
            };
            let place = place(text, value.span());
            let values = texts(option, value.get_ref()).map_err(|wanted| {
                anyhow!("the configuration {shown} has a wrong value for the key {key} in {place}: it takes {wanted}")
            })?;
            if !is_set(option) {
                flags.extend(values.iter().map(|value| format!("--{key}={value}").into()));
            }
        }
        Ok(flags)
    }
}

/// Name the line and the column, in letters, where a span starts.
fn place(text: &str, span: Range<usize>) -> String {
    let before = text.get(..span.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let letters = before.chars().rev();
    let column = letters.take_while(|&letter| letter != '\n').count() + 1;
    format!("line {line}, column {column}")
}

/// Ask clap for a known key like this unknown one.
fn similar(command: &Command, key: &str) -> String {
    let command = command.clone().no_binary_name(true);
    let error = command.try_get_matches_from([format!("--{key}")]).err();
    match error.and_then(|error| error.get(ContextKind::SuggestedArg).cloned()) {
        Some(ContextValue::String(known)) => {
            format!("; a similar one is {}", known.trim_start_matches('-'))
        }
        _ => String::new(),
    }
}

/// Write the values of a key as texts for clap.
///
/// # Errors
/// The value has another type than the key takes. The error names the wanted one.
fn texts(option: &Arg, value: &DeValue) -> Result<Vec<String>, &'static str> {
    match kind(option) {
        Kind::List => {
            let wanted = "a list of strings without commas";
            let list = value.as_array().ok_or(wanted)?;
            let text = |item: &Spanned<DeValue>| {
                let text = item.get_ref().as_str()?;
                (!text.contains(',')).then(|| text.to_owned())
            };
            let texts: Option<Vec<_>> = list.iter().map(text).collect();
            texts.ok_or(wanted)
        }
        Kind::Switch => {
            let switch = value.as_bool().ok_or("true or false")?;
            Ok(vec![switch.to_string()])
        }
        Kind::Number => {
            let number = value.as_integer();
            let number = number.and_then(|it| i64::from_str_radix(it.as_str(), it.radix()).ok());
            let number = number.ok_or("a whole number")?;
            Ok(vec![number.to_string()])
        }
        Kind::Text => {
            let text = value.as_str().ok_or("a string")?;
            Ok(vec![text.to_owned()])
        }
    }
}

/// Put an error of clap about the value of a key into words. `place` is that of a table. `None`: it is about no value.
pub(super) fn wrong_value(
    error: &clap::Error,
    file: &Path,
    place: Option<&str>,
) -> Option<anyhow::Error> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let (file, option, cause) = (file.display(), word(option), causes(error));
    let key = option.trim_start_matches('-');
    let place = place.map_or_else(String::new, |place| {
        format!(" of the [[{SERVERS}]] in {place}")
    });
    Some(anyhow!(
        "the configuration {file} has a wrong value for the key {key}{place}: {cause}"
    ))
}

/// Take the option's name of clap's usage.
pub(super) fn word(usage: &str) -> String {
    usage.split(' ').next().unwrap_or_default().to_owned()
}

/// Say why clap refuses a value. It gives no cause for an empty one.
pub(super) fn causes(error: &clap::Error) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| "it cannot be empty".into(), with_causes)
}
