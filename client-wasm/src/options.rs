//! Reads and checks the options of a session and of a spectator.

use std::ops::RangeInclusive;
use std::time::Duration;

use js_sys::{Function, Object, Reflect};
use protocol::id::{Password, Secret, Token};
use protocol::pacer::{MAX_RATE_HZ, MIN_RATE_HZ};
use protocol::reconnect::ReconnectPolicy;
use protocol::session::{Config, SignIn};
use protocol::timeline::DEFAULT_HISTORY;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::clock::{Clock, from_ms};
use crate::error::RaceError;
use crate::log::Level;
use crate::session_machine::Saved;
use crate::socket::Opener;

/// The options of a session.
pub(crate) struct SessionOptions {
    pub(crate) config: Config,
    /// A session to go on with.
    pub(crate) saved: Option<Saved>,
    pub(crate) reconnect: ReconnectPolicy,
    pub(crate) opener: Opener,
    pub(crate) clock: Clock,
    pub(crate) level: Level,
}

/// The options of a spectator.
pub(crate) struct SpectatorOptions {
    pub(crate) token: Option<String>,
    pub(crate) history: Duration,
    pub(crate) opener: Opener,
    pub(crate) clock: Clock,
    pub(crate) level: Level,
}

impl SessionOptions {
    const NAMES: [&str; 14] = [
        "secret",
        "generation",
        "resume",
        "updateHz",
        "plainDatagrams",
        "gzip",
        "batch",
        "commandTimeoutMs",
        "retryMinMs",
        "retryMaxMs",
        "retries",
        "webSocket",
        "clock",
        "logLevel",
    ];

    /// Read the options. One that is not given keeps its default.
    pub(crate) fn read(options: &JsValue) -> Result<Self, RaceError> {
        let options = Options::of(options, &Self::NAMES)?;
        let mut config = Config::default();
        if let Some(secret) = options.text("secret")? {
            config.secret = Secret::new(secret);
        }
        // A relay may know of generations that this client does not.
        config.generation = options
            .text("generation")?
            .and_then(|name| name.parse().ok());
        if let Some(rate) = options.number("updateHz", MIN_RATE_HZ as u32..=MAX_RATE_HZ as u32)? {
            config.update_rate_hz = rate;
        }
        if let Some(timeout) = options.number("commandTimeoutMs", 100..=60_000)? {
            config.command_timeout = from_ms(timeout);
        }
        config.plain_datagrams = options.flag("plainDatagrams")?;
        config.batching = options.flag("batch")?;
        if options.flag("gzip")? {
            return Err(RaceError::invalid(
                "option gzip must be false: the browser's client leaves compression out",
            ));
        }
        Ok(Self {
            config,
            reconnect: options.reconnect()?,
            saved: options.text("resume")?.as_deref().and_then(Saved::parse),
            opener: options.opener()?,
            clock: options.clock()?,
            level: options.level()?,
        })
    }
}

/// Read who signs in.
pub(crate) fn read_sign_in(who: &JsValue) -> Result<SignIn, RaceError> {
    let options = Options::of(who, &["name", "password", "create", "token"])?;
    Ok(SignIn {
        name: options.text("name")?.unwrap_or_default(),
        password: options.text("password")?.map(Password::new),
        create: options.flag("create")?,
        token: options.text("token")?.map(Token::new),
    })
}

impl SpectatorOptions {
    const NAMES: [&str; 5] = ["token", "historySeconds", "webSocket", "clock", "logLevel"];

    /// Read the options. One that is not given keeps its default.
    pub(crate) fn read(options: &JsValue) -> Result<Self, RaceError> {
        let options = Options::of(options, &Self::NAMES)?;
        let longest = DEFAULT_HISTORY.as_secs() as u32;
        let history = options.number("historySeconds", 0..=longest)?;
        Ok(Self {
            token: options.text("token")?,
            history: history.map_or(DEFAULT_HISTORY, |seconds| from_ms(seconds * 1000.0)),
            opener: options.opener()?,
            clock: options.clock()?,
            level: options.level()?,
        })
    }
}

/// An object of options with known names, if there is one.
struct Options<'a>(Option<&'a JsValue>);

impl<'a> Options<'a> {
    fn of(options: &'a JsValue, names: &[&str]) -> Result<Self, RaceError> {
        if options.is_undefined() || options.is_null() {
            return Ok(Self(None));
        }
        if !options.is_object() {
            return Err(RaceError::invalid("options must be an object"));
        }
        let object: &Object = options.unchecked_ref();
        let mut keys = Object::keys(object)
            .into_iter()
            .filter_map(|key| key.as_string());
        match keys.find(|key| !names.contains(&key.as_str())) {
            Some(key) => Err(RaceError::invalid(format!(
                "there is no option {key}; there are {}",
                names.join(", ")
            ))),
            None => Ok(Self(Some(options))),
        }
    }

    /// Give an option that `read` has checked. `read` gives `None` for a wrong one.
    fn get<T>(
        &self,
        name: &str,
        right: &str,
        read: impl Fn(&JsValue) -> Option<T>,
    ) -> Result<Option<T>, RaceError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let read = read(&value).map(Some);
        read.ok_or_else(|| RaceError::invalid(format!("option {name} must be {right}")))
    }

    fn value(&self, name: &str) -> Option<JsValue> {
        // An import that throws leaves a slot of wasm-bindgen's table taken for good, so nothing is asked of `undefined`.
        let value = Reflect::get(self.0?, &name.into()).ok()?;
        (!value.is_undefined()).then_some(value)
    }

    fn text(&self, name: &str) -> Result<Option<String>, RaceError> {
        self.get(name, "a string", JsValue::as_string)
    }

    fn number(&self, name: &str, range: RangeInclusive<u32>) -> Result<Option<f64>, RaceError> {
        let (min, max) = range.into_inner();
        let right = format!("a number from {min} to {max}");
        let allowed = f64::from(min)..=f64::from(max);
        self.get(name, &right, |value| {
            value.as_f64().filter(|number| allowed.contains(number))
        })
    }

    fn flag(&self, name: &str) -> Result<bool, RaceError> {
        let flag = self.get(name, "true or false", JsValue::as_bool)?;
        Ok(flag.unwrap_or(false))
    }

    fn reconnect(&self) -> Result<ReconnectPolicy, RaceError> {
        let player = ReconnectPolicy::PLAYER;
        let limit = |name| self.number(name, 0..=u32::MAX);
        Ok(ReconnectPolicy {
            min: limit("retryMinMs")?.map_or(player.min, from_ms),
            max: limit("retryMaxMs")?.map_or(player.max, from_ms),
            attempts: limit("retries")?.map_or(player.attempts, |retries| retries as u32),
            ..player
        })
    }

    fn opener(&self) -> Result<Opener, RaceError> {
        let function = self.get("webSocket", "a function", |value| {
            value.dyn_ref::<Function>().cloned()
        });
        function.map(Opener)
    }

    fn clock(&self) -> Result<Clock, RaceError> {
        let clock = self.get("clock", "an object", |value| {
            value.is_object().then(|| value.clone())
        });
        clock.map(Clock::new)
    }

    fn level(&self) -> Result<Level, RaceError> {
        let right = "off, error, warn, info, debug or trace";
        let level = self.get("logLevel", right, |value| {
            Level::from_name(&value.as_string()?)
        });
        Ok(level?.unwrap_or_default())
    }
}
