//! The options of a session as JavaScript gives them, checked.

use std::time::Duration;

use js_sys::Reflect;
use protocol::id::Secret;
use protocol::pacer::{MAX_RATE_HZ, MIN_RATE_HZ};
use protocol::session::Config;
use wasm_bindgen::JsValue;

use crate::failure::Failure;
use crate::log::Level;

const NAMES: [&str; 7] = [
    "secret",
    "updateHz",
    "plainDatagrams",
    "gzip",
    "batch",
    "commandTimeoutMs",
    "logLevel",
];

/// Read the options; what is not given keeps its default.
pub(crate) fn read(options: &JsValue) -> Result<(Config, Level), Failure> {
    let mut config = Config::default();
    let mut level = Level::Warn;
    if options.is_undefined() || options.is_null() {
        return Ok((config, level));
    }
    refuse_unknown(options)?;
    if let Some(secret) = text(options, "secret")? {
        config.secret = Secret::new(secret);
    }
    if let Some(rate) = number(options, "updateHz", MIN_RATE_HZ, MAX_RATE_HZ)? {
        config.update_rate_hz = rate;
    }
    if let Some(timeout) = number(options, "commandTimeoutMs", 100.0, 60_000.0)? {
        config.command_timeout = Duration::from_secs_f64(timeout / 1000.0);
    }
    config.plain_datagrams = flag(options, "plainDatagrams")?;
    config.gzip = flag(options, "gzip")?;
    config.batching = flag(options, "batch")?;
    if let Some(name) = text(options, "logLevel")? {
        level = Level::from_name(&name).ok_or_else(|| {
            Failure::invalid("option logLevel must be off, error, warn, info, debug or trace")
        })?;
    }
    Ok((config, level))
}

fn refuse_unknown(options: &JsValue) -> Result<(), Failure> {
    let keys =
        Reflect::own_keys(options).map_err(|_| Failure::invalid("options must be an object"))?;
    let unknown = keys
        .iter()
        .filter_map(|key| key.as_string())
        .find(|key| !NAMES.contains(&key.as_str()));
    match unknown {
        Some(key) => Err(Failure::invalid(format!(
            "there is no option {key}; there are {}",
            NAMES.join(", ")
        ))),
        None => Ok(()),
    }
}

fn get(options: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(options, &JsValue::from_str(name)).ok()?;
    (!value.is_undefined()).then_some(value)
}

fn text(options: &JsValue, name: &str) -> Result<Option<String>, Failure> {
    get(options, name)
        .map(|value| {
            value
                .as_string()
                .ok_or_else(|| Failure::invalid(format!("option {name} must be a string")))
        })
        .transpose()
}

fn number(options: &JsValue, name: &str, min: f64, max: f64) -> Result<Option<f64>, Failure> {
    get(options, name)
        .map(|value| {
            value
                .as_f64()
                .filter(|number| (min..=max).contains(number))
                .ok_or_else(|| {
                    Failure::invalid(format!(
                        "option {name} must be a number from {min} to {max}"
                    ))
                })
        })
        .transpose()
}

fn flag(options: &JsValue, name: &str) -> Result<bool, Failure> {
    get(options, name).map_or(Ok(false), |value| {
        value
            .as_bool()
            .ok_or_else(|| Failure::invalid(format!("option {name} must be true or false")))
    })
}
