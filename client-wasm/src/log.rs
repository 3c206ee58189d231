//! The log: lines like the guide's, `[TCP SEND] 12:34:56.789 …`, to the console and to listeners, by level. What
//! may not be in a log (passwords, what players write) is taken out before.

use crate::browser;
use crate::clock::{call_soon, time_of_day};
use crate::listeners::{LOG, Listeners};
use crate::object::Object;

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
        if self.shows(Level::Debug) {
            let text = protocol::log::redact(line);
            self.write(Level::Debug, &["TCP ", direction].concat(), &text);
        }
    }

    /// Log a datagram sent or received: its length, since its content is a position.
    pub(crate) fn datagram(&self, direction: &str, bytes: usize) {
        if self.shows(Level::Trace) {
            let text = format!("{bytes} bytes");
            self.write(Level::Trace, &["UDP ", direction].concat(), &text);
        }
    }

    /// Log what the connection does.
    pub(crate) fn info(&self, component: &str, text: &str) {
        self.write(Level::Info, component, text);
    }

    /// Log something that should not be.
    pub(crate) fn warn(&self, component: &str, text: &str) {
        self.write(Level::Warn, component, text);
    }

    fn shows(&self, level: Level) -> bool {
        level <= self.level
    }

    fn write(&self, level: Level, component: &str, text: &str) {
        if !self.shows(level) {
            return;
        }
        let line = ["[", component, "] ", &time_of_day(), " ", text].concat();
        match level {
            Level::Off => return,
            Level::Error => browser::error(&line),
            Level::Warn => browser::warn(&line),
            Level::Info => browser::info(&line),
            Level::Debug | Level::Trace => browser::debug(&line),
        }
        if self.listeners.has(LOG) {
            // Later, since whoever logs has the session borrowed, and a listener may call it.
            let listeners = self.listeners.clone();
            let event = Object::new()
                .text("level", level.name())
                .text("line", &line)
                .done();
            call_soon(move || listeners.call(LOG, &event));
        }
    }
}
