//! The clock and the timer. A page, a Worker and Node all have them on their global object; the option `clock` replaces them.

use std::cell::Cell;
use std::time::Duration;

use js_sys::Date;
use wasm_bindgen::prelude::*;
use web_sys::WorkerGlobalScope;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static GLOBAL: WorkerGlobalScope;

    /// What has the time: `performance`, or the option `clock`.
    #[derive(Clone)]
    type Time;
    #[wasm_bindgen(method)]
    fn now(this: &Time) -> f64;

    /// What has timers: the global object, or the option `clock`. web-sys has numbers for handles, but in Node they are objects.
    #[derive(Clone)]
    type Timers;
    #[wasm_bindgen(method, js_name = setTimeout)]
    fn set_timeout(this: &Timers, callback: &JsValue, ms: f64) -> JsValue;
    #[wasm_bindgen(method, js_name = clearTimeout)]
    fn clear_timeout(this: &Timers, handle: &JsValue);
}

/// The time and the timers of a session or a spectator: the browser's, or those of the option `clock`.
#[derive(Clone)]
pub(crate) struct Clock {
    time: Time,
    timers: Timers,
}

impl Clock {
    /// Take the clock of the option, an object with `now`, `setTimeout` and `clearTimeout`; by default the browser's.
    pub(crate) fn new(given: Option<JsValue>) -> Self {
        let global =
            |global: &WorkerGlobalScope| (global.performance().into(), JsValue::from(global));
        let (time, timers): (JsValue, JsValue) = match given {
            Some(clock) => (clock.clone(), clock),
            None => GLOBAL.with(global),
        };
        Self {
            time: time.unchecked_into(),
            timers: timers.unchecked_into(),
        }
    }

    /// The time since the page or the Worker started. It never goes back.
    pub(crate) fn now(&self) -> Duration {
        from_ms(self.time.now())
    }
}

/// Convert JavaScript's milliseconds. A number below zero, or NaN, is zero.
pub(crate) fn from_ms(ms: f64) -> Duration {
    Duration::from_nanos((ms * 1e6) as u64)
}

/// Convert to JavaScript's milliseconds.
pub(crate) fn to_ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The local time of day for the log, `HH:mm:ss.fff`.
pub(crate) fn time_of_day() -> String {
    let date = Date::new_0();
    // `12:34:56 GMT+0200`, and `2026-01-01T10:34:56.789Z`.
    let local = String::from(date.to_time_string());
    let utc = String::from(date.to_iso_string());
    let parts = [local.get(..8), utc.get(19..23)];
    parts.into_iter().flatten().collect()
}

/// Call back as soon as the running JavaScript has returned.
pub(crate) fn call_soon(callback: impl FnOnce() + 'static) {
    let callback = Closure::once_into_js(callback);
    GLOBAL.with(|global| global.queue_microtask(callback.unchecked_ref()));
}

/// A timer that calls back once at a time that may be moved. Dropping it cancels the call.
pub(crate) struct Timer {
    timers: Timers,
    callback: Closure<dyn Fn()>,
    /// When it is due, and the browser's handle.
    set: Cell<Option<(Duration, JsValue)>>,
}

impl Timer {
    pub(crate) fn new(clock: &Clock, callback: impl Fn() + 'static) -> Self {
        Self {
            timers: clock.timers.clone(),
            callback: Closure::new(callback),
            set: Cell::new(None),
        }
    }

    /// Ask for a call at `due`, or cancel it.
    pub(crate) fn set(&self, due: Option<Duration>, now: Duration) {
        let set = self.set.take();
        if set.as_ref().map(|(set, _)| *set) == due {
            self.set.set(set);
            return;
        }
        if let Some((_, handle)) = set {
            self.timers.clear_timeout(&handle);
        }
        self.set.set(due.map(|due| {
            // Rounded up, because a call that comes early would find nothing to do.
            let wait = to_ms(due.saturating_sub(now)).floor() + 1.0;
            (due, self.timers.set_timeout(self.callback.as_ref(), wait))
        }));
    }

    /// Forget the time that was asked for: it has come.
    pub(crate) fn fired(&self) {
        self.set.set(None);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.set(None, Duration::ZERO);
    }
}

/// Calls back whenever the browser says that the network is back. Dropping it stops the calls.
pub(crate) struct OnlineListener {
    callback: Closure<dyn Fn()>,
}

impl OnlineListener {
    const EVENT: &str = "online";

    pub(crate) fn new(callback: impl Fn() + 'static) -> Self {
        let callback = Closure::new(callback);
        // Node has no such event: the call fails there, and nothing is lost.
        let _ = GLOBAL.with(|global| {
            global.add_event_listener_with_callback(Self::EVENT, callback.as_ref().unchecked_ref())
        });
        Self { callback }
    }
}

impl Drop for OnlineListener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ =
            GLOBAL.with(|global| global.remove_event_listener_with_callback(Self::EVENT, callback));
    }
}
