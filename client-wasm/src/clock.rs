//! The browser's clock and its one timer, in a page and in a Worker alike: both have them on the global object.

use std::time::Duration;

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The time since the page or the Worker started; never goes back.
pub(crate) fn now() -> Duration {
    Duration::from_secs_f64(performance_now().max(0.0) / 1000.0)
}

/// The time of day as the log shows it, `HH:mm:ss.fff`.
pub(crate) fn time_of_day() -> String {
    let date = js_sys::Date::new_0();
    let (h, m, s) = (date.get_hours(), date.get_minutes(), date.get_seconds());
    format!("{h:02}:{m:02}:{s:02}.{:03}", date.get_milliseconds())
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
        let wait = due.saturating_sub(now()).as_secs_f64() * 1000.0;
        let arguments = [self.callback.as_ref(), &JsValue::from_f64(wait.ceil())];
        self.set = call_global("setTimeout", &arguments).map(|handle| (due, handle));
    }

    /// Forget the time asked for, since it has come.
    pub(crate) fn fired(&mut self) {
        self.set = None;
    }

    fn clear(&mut self) {
        if let Some((_, handle)) = self.set.take() {
            call_global("clearTimeout", &[&handle]);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clear();
    }
}

fn call_global(name: &str, arguments: &[&JsValue]) -> Option<JsValue> {
    let global = js_sys::global();
    let function: Function = Reflect::get(&global, &JsValue::from_str(name))
        .ok()?
        .dyn_into()
        .ok()?;
    let list = js_sys::Array::new();
    arguments.iter().for_each(|argument| {
        list.push(argument);
    });
    function.apply(&global, &list).ok()
}
