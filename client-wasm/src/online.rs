//! Hears from the browser that the network is back, in a page and in a Worker alike.

use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

const EVENT: &str = "online";

/// Calls back whenever the network comes back, until it is dropped.
pub(crate) struct Online {
    target: EventTarget,
    callback: Closure<dyn Fn()>,
}

impl Online {
    pub(crate) fn new(callback: impl Fn() + 'static) -> Self {
        let target: EventTarget = js_sys::global().unchecked_into();
        let callback = Closure::new(callback);
        // Fails only where a listener is no function.
        let _ = target.add_event_listener_with_callback(EVENT, callback.as_ref().unchecked_ref());
        Self { target, callback }
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self
            .target
            .remove_event_listener_with_callback(EVENT, callback);
    }
}
