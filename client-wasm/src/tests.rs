//! Tests in wasm, run by Node and by Chromium (`cargo xtask test --only wasm-tests`). They call the classes as a page
//! does, with a WebSocket of their own.

mod session;
mod spectator;

use std::rc::Rc;

use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

/// Options with a WebSocket that calls back at once.
struct Page {
    /// What was sent: texts and bytes.
    sent: Array,
    options: Object,
    sockets: Array,
}

impl Page {
    fn new(options: &str) -> Self {
        Self::with(options, |socket| socket)
    }

    /// Let a function see each socket before it is used.
    fn with(options: &str, made: impl Fn(JsValue) -> JsValue + 'static) -> Self {
        let (sent, sockets) = (Array::new(), Array::new());
        let make = js_sys::eval(include_str!("tests/socket.js")).expect("a script");
        let make: Function = make.unchecked_into();
        let (log, kept) = (sent.clone(), sockets.clone());
        let open = Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(move |url, protocols| {
            let socket = make.call3(&JsValue::UNDEFINED, &url, &protocols, &log);
            let socket = made(socket.expect("a socket"));
            kept.push(&socket);
            socket
        });
        let options = Object::from(JSON::parse(options).expect("options"));
        set(&options, "webSocket", &open.into_js_value());
        Self {
            sent,
            options,
            sockets,
        }
    }

    fn options(&self) -> JsValue {
        self.options.clone().into()
    }

    /// Call a method of the newest socket.
    fn socket(&self, method: &str, argument: &JsValue) {
        let socket = self.sockets.get(self.sockets.length() - 1);
        let method: Function = get(&socket, method).unchecked_into();
        method.call1(&socket, argument).expect("a socket's method");
    }
}

/// Collects the events that a listener hears, as JSON.
#[derive(Clone)]
struct Recorder(Array);

impl Recorder {
    fn new() -> (Self, Function) {
        let recorded = Self(Array::new());
        let kept = recorded.clone();
        let listener = function(move |event| {
            kept.0.push(&text(&event).into());
        });
        (recorded, listener)
    }

    fn texts(&self) -> Vec<String> {
        self.0.iter().filter_map(|text| text.as_string()).collect()
    }
}

/// Replaces a method of the console until it is dropped.
struct Console {
    method: &'static str,
    own: JsValue,
}

impl Console {
    fn replace(method: &'static str, with: impl Fn(JsValue) + 'static) -> Self {
        let own = get(&console(), method);
        set(&console(), method, &function(with));
        Self { method, own }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        set(&console(), self.method, &self.own);
    }
}

fn console() -> JsValue {
    get(&js_sys::global(), "console")
}

fn function(callback: impl Fn(JsValue) + 'static) -> Function {
    Closure::<dyn Fn(JsValue)>::new(callback)
        .into_js_value()
        .unchecked_into()
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("an object")
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    assert_eq!(Reflect::set(object, &name.into(), value), Ok(true));
}

/// A value as JSON; `undefined` is empty.
fn text(value: &JsValue) -> String {
    let text = JSON::stringify(value).expect("plain values");
    text.as_string().unwrap_or_default()
}

/// What a promise resolves with, as JSON.
async fn resolved(promise: Promise) -> String {
    match promise.await {
        Ok(value) => text(&value),
        Err(error) => panic!("rejected: {}", code(&error)),
    }
}

/// The code that a promise rejects with.
async fn rejected(promise: Promise) -> String {
    match promise.await {
        Ok(value) => panic!("resolved: {}", text(&value)),
        Err(error) => code(&error),
    }
}

fn code(error: &JsValue) -> String {
    assert_eq!(get(error, "name"), "RaceError");
    get(error, "code").as_string().expect("a code")
}

/// The code and message of what a constructor throws.
fn thrown<T>(result: Result<T, JsValue>) -> String {
    let error = result.err().expect("an error");
    let message = get(&error, "message").as_string().expect("a message");
    format!("{}: {message}", code(&error))
}

/// Let everything that is under way happen.
async fn settle() {
    for _ in 0..3 {
        resolved(Promise::resolve(&JsValue::UNDEFINED)).await;
    }
}

/// Something that is made later, for a test and for JavaScript's callbacks.
type Late<T> = Rc<std::cell::OnceCell<T>>;
