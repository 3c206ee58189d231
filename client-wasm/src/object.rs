//! Plain JavaScript objects, made property by property. Not one step is generic: there are many, and each would be
//! compiled for every kind of value.

use wasm_bindgen::JsValue;

use crate::browser::{Array, PlainObject, set_flag, set_number, set_text, set_value};

/// An object that is being made.
pub(crate) struct Object(JsValue);

impl Object {
    #[inline(never)]
    pub(crate) fn new() -> Self {
        Self(PlainObject::new().into())
    }

    /// Go on with one that is there.
    pub(crate) fn of(value: JsValue) -> Self {
        Self(value)
    }

    #[inline(never)]
    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        set_text(&self.0, name, value);
        self
    }

    /// Set a text, or null.
    pub(crate) fn text_or_null(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self.value(name, &JsValue::NULL),
        }
    }

    #[inline(never)]
    pub(crate) fn number(self, name: &str, value: f64) -> Self {
        set_number(&self.0, name, value);
        self
    }

    #[inline(never)]
    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        set_flag(&self.0, name, value);
        self
    }

    #[inline(never)]
    pub(crate) fn value(self, name: &str, value: &JsValue) -> Self {
        set_value(&self.0, name, value);
        self
    }

    /// Set an array of objects.
    pub(crate) fn list(self, name: &str, items: impl Iterator<Item = Self>) -> Self {
        self.value(name, &list(items))
    }

    pub(crate) fn done(self) -> JsValue {
        self.0
    }
}

/// Make an array of objects.
pub(crate) fn list(items: impl Iterator<Item = Object>) -> JsValue {
    let list = Array::new();
    for item in items {
        list.push(&item.0);
    }
    list.into()
}
