//! The options of a session and of a spectator as JavaScript gives them, checked.

use protocol::id::Secret;
use protocol::pacer::{MAX_RATE_HZ, MIN_RATE_HZ};
use protocol::session::Config;
use protocol::timeline::DEFAULT_HISTORY;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};

use crate::browser::{self, Function};
use crate::failure::Failure;
use crate::log::Level;
use crate::socket::Opener;

const NAMES: [&str; 8] = [
    "secret",
    "updateHz",
    "plainDatagrams",
    "gzip",
    "batch",
    "commandTimeoutMs",
    "webSocket",
    "logLevel",
];

const SPECTATE_NAMES: [&str; 4] = ["token", "historySeconds", "webSocket", "logLevel"];

/// The options of a spectator.
pub(crate) struct Spectate {
    pub(crate) token: Option<String>,
    pub(crate) history: Duration,
    pub(crate) opener: Opener,
    pub(crate) level: Level,
}

/// The options of a session.
#[derive(Default)]
pub(crate) struct Play {
    pub(crate) config: Config,
    pub(crate) opener: Opener,
    pub(crate) level: Level,
}

/// Read the options of a spectator; what is not given keeps its default.
pub(crate) fn read_spectate(options: &JsValue) -> Result<Spectate, Failure> {
    let mut read = Spectate {
        token: None,
        history: DEFAULT_HISTORY,
        opener: Opener::default(),
        level: Level::default(),
    };
    if options.is_undefined() || options.is_null() {
        return Ok(read);
    }
    refuse_unknown(options, &SPECTATE_NAMES)?;
    read.token = text(options, "token")?;
    if let Some(seconds) = number(
        options,
        "historySeconds",
        0.0,
        DEFAULT_HISTORY.as_secs_f64(),
    )? {
        read.history = Duration::from_secs_f64(seconds);
    }
    read.opener = opener(options)?;
    read.level = level(options)?;
    Ok(read)
}

/// Read the options of a session; what is not given keeps its default.
pub(crate) fn read(options: &JsValue) -> Result<Play, Failure> {
    let mut read = Play::default();
    if options.is_undefined() || options.is_null() {
        return Ok(read);
    }
    refuse_unknown(options, &NAMES)?;
    let config = &mut read.config;
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
    if flag(options, "gzip")? {
        return Err(Failure::invalid(
            "option gzip must be false: the browser's client leaves compression out",
        ));
    }
    config.batching = flag(options, "batch")?;
    read.opener = opener(options)?;
    read.level = level(options)?;
    Ok(read)
}

fn opener(options: &JsValue) -> Result<Opener, Failure> {
    let function = get(options, "webSocket");
    if function
        .as_ref()
        .is_some_and(|function| !function.is_function())
    {
        return Err(wrong("webSocket", "a function"));
    }
    let function = function.map(JsCast::unchecked_into::<Function>);
    Ok(Opener::new(function))
}

fn level(options: &JsValue) -> Result<Level, Failure> {
    let Some(name) = text(options, "logLevel")? else {
        return Ok(Level::default());
    };
    let known = Level::from_name(&name);
    known.ok_or_else(|| wrong("logLevel", "off, error, warn, info, debug or trace"))
}

fn refuse_unknown(options: &JsValue, names: &[&str]) -> Result<(), Failure> {
    let keys = browser::keys(options).ok().filter(|_| options.is_object());
    let keys = keys.ok_or_else(|| Failure::invalid("options must be an object"))?;
    let keys = browser::text_of(&keys);
    let unknown = keys
        .split(',')
        .find(|key| !key.is_empty() && !names.contains(key));
    match unknown {
        Some(key) => Err(Failure::invalid(
            [
                "there is no option ",
                key,
                "; there are ",
                &names.join(", "),
            ]
            .concat(),
        )),
        None => Ok(()),
    }
}

fn get(options: &JsValue, name: &str) -> Option<JsValue> {
    let value = browser::get(options, name).ok()?;
    (!value.is_undefined()).then_some(value)
}

fn text(options: &JsValue, name: &str) -> Result<Option<String>, Failure> {
    get(options, name)
        .map(|value| value.as_string().ok_or_else(|| wrong(name, "a string")))
        .transpose()
}

fn number(options: &JsValue, name: &str, min: f64, max: f64) -> Result<Option<f64>, Failure> {
    get(options, name)
        .map(|value| {
            value
                .as_f64()
                .filter(|number| (min..=max).contains(number))
                .ok_or_else(|| wrong(name, &format!("a number from {min} to {max}")))
        })
        .transpose()
}

fn flag(options: &JsValue, name: &str) -> Result<bool, Failure> {
    get(options, name).map_or(Ok(false), |value| {
        value.as_bool().ok_or_else(|| wrong(name, "true or false"))
    })
}

fn wrong(name: &str, right: &str) -> Failure {
    Failure::invalid(["option ", name, " must be ", right].concat())
}
