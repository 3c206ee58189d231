//! The log: lines like the guide's, `[TCP SEND] 12:34:56.789 …`, to the console and to listeners, by level. What
//! may not be in a log (passwords, what players write) is taken out before.

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::console;

use crate::clock::time_of_day;
use crate::convert::object;
use crate::listeners::{LOG, Listeners};

/// How much is logged; each level with all before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Off,
    Error,
    #[default]
    Warn,
    Info,
    Debug,
    Trace,
}

impl Level {
    const NAMES: [(&'static str, Self); 6] = [
        ("off", Self::Off),
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, level)| level)
    }

    fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }
}

/// The log of one session.
#[derive(Clone)]
pub(crate) struct Log {
    level: Level,
    listeners: Listeners,
}

impl Log {
    pub(crate) fn new(level: Level, listeners: Listeners) -> Self {
        Self { level, listeners }
    }

    /// Log a command line sent or received.
    pub(crate) fn line(&self, direction: &str, line: &str) {
        self.write(Level::Debug, &format!("TCP {direction}"), || {
            protocol::log::redact(line)
        });
    }

    /// Log a datagram sent or received: its length, since its content is a position.
    pub(crate) fn datagram(&self, direction: &str, bytes: usize) {
        self.write(Level::Trace, &format!("UDP {direction}"), || {
            format!("{bytes} bytes")
        });
    }

    /// Log what the connection does.
    pub(crate) fn info(&self, component: &str, text: &str) {
        self.write(Level::Info, component, || text.to_owned());
    }

    /// Log something that should not be.
    pub(crate) fn warn(&self, component: &str, text: &str) {
        self.write(Level::Warn, component, || text.to_owned());
    }

    fn write(&self, level: Level, component: &str, text: impl FnOnce() -> String) {
        if level > self.level {
            return;
        }
        let line = format!("[{component}] {} {}", time_of_day(), text());
        let shown = JsValue::from_str(&line);
        match level {
            Level::Off => return,
            Level::Error => console::error_1(&shown),
            Level::Warn => console::warn_1(&shown),
            Level::Info => console::info_1(&shown),
            Level::Debug | Level::Trace => console::debug_1(&shown),
        }
        if self.listeners.has(LOG) {
            // Later, since whoever logs has the session borrowed, and a listener may call it.
            let listeners = self.listeners.clone();
            let event = object([("level", level.name().into()), ("line", shown)]);
            spawn_local(async move { listeners.call(LOG, &event) });
        }
    }
}
