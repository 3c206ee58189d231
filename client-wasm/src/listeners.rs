//! Who listens to which event. A listener may add and remove listeners, itself included, while it is called.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use wasm_bindgen::prelude::*;

use crate::browser::{Function, error_of};
use crate::failure::Failure;

/// The event that carries log lines.
pub(crate) const LOG: &str = "log";
/// The most listeners at once; more is a page that forgets to unsubscribe.
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
    /// Add a listener to one of the events there are; gives the function that removes it.
    pub(crate) fn add(
        &self,
        types: &[&'static str],
        kind: &str,
        callback: Function,
    ) -> Result<JsValue, JsValue> {
        let Some(&kind) = types.iter().find(|known| **known == kind) else {
            let known = types.join(", ");
            let message = ["there is no event ", kind, "; there are ", &known].concat();
            return Err(Failure::invalid(message).to_js());
        };
        let mut list = self.0.borrow_mut();
        if list.listeners.len() >= MAX_LISTENERS {
            let failure = Failure::invalid("too many listeners: call what on() gave back");
            return Err(failure.to_js());
        }
        list.last_id += 1;
        let id = list.last_id;
        list.listeners.push(Listener { id, kind, callback });
        Ok(Self::remover(Rc::downgrade(&self.0), id))
    }

    /// Call everybody who listens to `kind`. What a listener throws is its own: it is reported and stops nobody.
    pub(crate) fn call(&self, kind: &str, event: &JsValue) {
        for callback in self.callbacks(kind) {
            if let Err(thrown) = callback.call(&JsValue::UNDEFINED, event) {
                error_of("a listener of the race client threw", &thrown);
            }
        }
    }

    pub(crate) fn has(&self, kind: &str) -> bool {
        self.0
            .borrow()
            .listeners
            .iter()
            .any(|listener| listener.kind == kind)
    }

    pub(crate) fn clear(&self) {
        self.0.borrow_mut().listeners.clear();
    }

    fn callbacks(&self, kind: &str) -> Vec<Function> {
        let list = self.0.borrow();
        let of_kind = list
            .listeners
            .iter()
            .filter(|listener| listener.kind == kind);
        of_kind.map(|listener| listener.callback.clone()).collect()
    }

    fn remover(list: Weak<RefCell<List>>, id: u32) -> JsValue {
        // JavaScript owns it: the engine frees it with the function.
        Closure::<dyn Fn()>::new(move || {
            if let Some(list) = list.upgrade() {
                list.borrow_mut()
                    .listeners
                    .retain(|listener| listener.id != id);
            }
        })
        .into_js_value()
    }
}
