//! Listeners of events. They may be added at any time, also while listeners are called. Adding gives a function that
//! removes.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::console;

use crate::error::RaceError;

/// The event of log lines.
pub(crate) const LOG: &str = "log";
/// The most listeners at once. A page with more forgets to unsubscribe.
const MAX_LISTENERS: usize = 1000;

struct Listener {
    id: u32,
    kind: &'static str,
    callback: Function,
}

#[derive(Default)]
struct List {
    last_id: u32,
    listeners: Vec<Listener>,
}

/// The listeners of one session or spectator.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Rc<RefCell<List>>);

impl Listeners {
    /// Add a listener to one of the known events; gives the function that removes it.
    pub(crate) fn add(
        &self,
        kinds: &[&'static str],
        kind: &str,
        callback: Function,
    ) -> Result<JsValue, RaceError> {
        let Some(&kind) = kinds.iter().find(|known| **known == kind) else {
            let known = kinds.join(", ");
            let message = format!("there is no event {kind}; there are {known}");
            return Err(RaceError::invalid(message));
        };
        let mut list = self.0.borrow_mut();
        if list.listeners.len() >= MAX_LISTENERS {
            return Err(RaceError::invalid(
                "too many listeners: call what on() gave back",
            ));
        }
        list.last_id += 1;
        let id = list.last_id;
        list.listeners.push(Listener { id, kind, callback });
        Ok(self.remover(id))
    }

    /// Call the listeners of an event. An error that one throws is reported, and the others are called.
    pub(crate) fn call(&self, kind: &str, event: &JsValue) {
        for callback in self.callbacks(kind) {
            if let Err(thrown) = callback.call1(&JsValue::UNDEFINED, event) {
                console::error_2(&"a listener of the race client threw".into(), &thrown);
            }
        }
    }

    /// Say whether anybody listens to an event.
    pub(crate) fn has(&self, kind: &str) -> bool {
        let list = self.0.borrow();
        list.listeners.iter().any(|listener| listener.kind == kind)
    }

    pub(crate) fn clear(&self) {
        self.0.borrow_mut().listeners.clear();
    }

    fn callbacks(&self, kind: &str) -> Vec<Function> {
        let list = self.0.borrow();
        let listeners = list.listeners.iter();
        listeners
            .filter(|listener| listener.kind == kind)
            .map(|listener| listener.callback.clone())
            .collect()
    }

    fn remover(&self, id: u32) -> JsValue {
        let list = Rc::downgrade(&self.0);
        // The engine frees it with the function.
        Closure::<dyn Fn()>::new(move || {
            if let Some(list) = list.upgrade() {
                let listeners = &mut list.borrow_mut().listeners;
                listeners.retain(|listener| listener.id != id);
            }
        })
        .into_js_value()
    }
}
