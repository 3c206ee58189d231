//! Hears from the browser that the network is back, in a page and in a Worker alike.

use wasm_bindgen::prelude::*;

use crate::browser::{add_event_listener, remove_event_listener};

const EVENT: &str = "online";

/// Calls back whenever the network comes back, until it is dropped.
pub(crate) struct Online {
    callback: Closure<dyn Fn()>,
}

impl Online {
    pub(crate) fn new(callback: impl Fn() + 'static) -> Self {
        let callback = Closure::new(callback);
        // Without a page or a Worker there is no such event.
        let _ = add_event_listener(EVENT, callback.as_ref());
        Self { callback }
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        let _ = remove_event_listener(EVENT, self.callback.as_ref());
    }
}
