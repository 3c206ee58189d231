//! The browser's clock and its one timer, in a page and in a Worker alike: both have them on the global object.

use std::time::Duration;
use wasm_bindgen::prelude::*;

use crate::browser::{Date, clear_timeout, performance_now, queue_microtask, set_timeout};

/// The time since the page or the Worker started; never goes back.
pub(crate) fn now() -> Duration {
    Duration::try_from_secs_f64(performance_now() / 1000.0).unwrap_or_default()
}

/// The time of day as the log shows it, `HH:mm:ss.fff`.
pub(crate) fn time_of_day() -> String {
    let date = Date::new();
    let mut time = date.to_time_string();
    // What follows is the zone.
    time.truncate("12:34:56".len());
    format!("{time}.{:03}", date.milliseconds())
}

/// Call back as soon as what runs now is done.
pub(crate) fn call_soon(callback: impl FnOnce() + 'static) {
    queue_microtask(&Closure::once_into_js(callback));
}

/// Calls back once at a time, which may be moved. Dropping it calls nothing more.
pub(crate) struct Timer {
    callback: Closure<dyn FnMut()>,
    set: Option<(Duration, JsValue)>,
}

impl Timer {
    pub(crate) fn new(callback: impl FnMut() + 'static) -> Self {
        Self {
            callback: Closure::new(callback),
            set: None,
        }
    }

    /// Ask to be called at `due`, or not at all.
    pub(crate) fn set(&mut self, due: Option<Duration>) {
        if self.set.as_ref().map(|(set, _)| *set) == due {
            return;
        }
        self.clear();
        let Some(due) = due else { return };
        // A millisecond more than less: a timer that comes early finds nothing to do and is set again.
        let wait = (due.saturating_sub(now()).as_secs_f64() * 1000.0) as u32;
        let handle = set_timeout(self.callback.as_ref(), f64::from(wait) + 1.0);
        self.set = Some((due, handle));
    }

    /// Forget the time asked for, since it has come.
    pub(crate) fn fired(&mut self) {
        self.set = None;
    }

    fn clear(&mut self) {
        if let Some((_, handle)) = self.set.take() {
            clear_timeout(&handle);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}
