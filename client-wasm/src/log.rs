//! Levels of the log, and its lines on the console, `[TCP SEND] 12:34:56.789 …` as in the guide.

use wasm_bindgen::JsValue;
use web_sys::console;

use crate::clock::time_of_day;

/// How much is logged. Each level includes those before it.
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
        let mut names = Self::NAMES.into_iter();
        names
            .find(|(known, _)| *known == name)
            .map(|(_, level)| level)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }

    /// Print a text to the console; gives the whole line.
    pub(crate) fn print(self, component: &str, text: &str) -> String {
        let line = format!("[{component}] {} {text}", time_of_day());
        let value = JsValue::from_str(&line);
        match self {
            Self::Off => {}
            Self::Error => console::error_1(&value),
            Self::Warn => console::warn_1(&value),
            Self::Info => console::info_1(&value),
            Self::Debug | Self::Trace => console::debug_1(&value),
        }
        line
    }
}
