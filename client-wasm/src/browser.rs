//! What the browser is asked for: each function and type of it that is used here, and no more. Crates that name all
//! of it bring some of their own into the module that a page downloads.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub(crate) fn performance_now() -> f64;

    #[wasm_bindgen(js_namespace = Math)]
    pub(crate) fn random() -> f64;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(callback: &JsValue, ms: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(handle: &JsValue);

    #[wasm_bindgen(js_name = queueMicrotask)]
    pub(crate) fn queue_microtask(callback: &JsValue);

    // Where there is no page and no Worker, there are no events to listen to.
    #[wasm_bindgen(catch, js_name = addEventListener)]
    pub(crate) fn add_event_listener(kind: &str, listener: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_name = removeEventListener)]
    pub(crate) fn remove_event_listener(kind: &str, listener: &JsValue) -> Result<(), JsValue>;

    pub(crate) type Date;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Date;

    /// `12:34:56 GMT+0100 (…)`.
    #[wasm_bindgen(method, js_name = toTimeString)]
    pub(crate) fn to_time_string(this: &Date) -> String;

    #[wasm_bindgen(method, js_name = getMilliseconds)]
    pub(crate) fn milliseconds(this: &Date) -> u32;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn error(line: &str);

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(crate) fn error_of(line: &str, thrown: &JsValue);

    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn warn(line: &str);

    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn info(line: &str);

    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn debug(line: &str);
}

#[wasm_bindgen]
extern "C" {
    #[derive(Clone, Debug)]
    #[wasm_bindgen(typescript_type = "Function")]
    pub type Function;

    #[wasm_bindgen(catch, method, js_name = call)]
    pub(crate) fn call(
        this: &Function,
        receiver: &JsValue,
        argument: &JsValue,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, method, js_name = call)]
    pub(crate) fn call_to_open(
        this: &Function,
        receiver: &JsValue,
        url: &str,
        protocols: &Array,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(typescript_type = "Promise<any>")]
    pub type Promise;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(executor: &mut dyn FnMut(Function, Function)) -> Promise;

    pub(crate) type Error;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(message: &str) -> Error;

    #[wasm_bindgen(typescript_type = "Float32Array")]
    #[derive(Clone)]
    pub type Float32Array;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(buffer: &JsValue, start: u32, length: u32) -> Float32Array;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn length(this: &Float32Array) -> u32;

    pub(crate) type Memory;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn buffer(this: &Memory) -> JsValue;

    pub(crate) type Uint8Array;

    #[wasm_bindgen(catch, constructor)]
    pub(crate) fn new(buffer: &JsValue) -> Result<Uint8Array, JsValue>;

    /// A copy.
    #[wasm_bindgen(method)]
    pub(crate) fn slice(this: &Uint8Array) -> Vec<u8>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Object)]
    pub(crate) type PlainObject;

    #[wasm_bindgen(constructor, js_class = "Object")]
    pub(crate) fn new() -> PlainObject;

    #[wasm_bindgen(catch, js_namespace = Object)]
    pub(crate) fn keys(object: &JsValue) -> Result<JsValue, JsValue>;

    /// An array's items come with commas between them.
    #[wasm_bindgen(js_name = String)]
    pub(crate) fn text_of(value: &JsValue) -> String;

    #[wasm_bindgen(catch, js_namespace = Reflect)]
    pub(crate) fn get(object: &JsValue, name: &str) -> Result<JsValue, JsValue>;

    // Setting a property of a plain object cannot fail.
    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    pub(crate) fn set_text(object: &JsValue, name: &str, value: &str);

    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    pub(crate) fn set_number(object: &JsValue, name: &str, value: f64);

    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    pub(crate) fn set_flag(object: &JsValue, name: &str, value: bool);

    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    pub(crate) fn set_value(object: &JsValue, name: &str, value: &JsValue);

    pub(crate) type Array;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Array;

    #[wasm_bindgen(method)]
    pub(crate) fn push(this: &Array, item: &JsValue);
}

#[wasm_bindgen]
extern "C" {
    pub(crate) type WebSocket;

    #[wasm_bindgen(catch, constructor)]
    pub(crate) fn new(url: &str, protocols: &Array) -> Result<WebSocket, JsValue>;

    #[wasm_bindgen(method, setter, js_name = binaryType)]
    pub(crate) fn set_binary_type(this: &WebSocket, kind: &str);

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onopen(this: &WebSocket, listener: &JsValue);

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onmessage(this: &WebSocket, listener: &JsValue);

    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onclose(this: &WebSocket, listener: &JsValue);

    #[wasm_bindgen(method, getter, js_name = bufferedAmount)]
    pub(crate) fn buffered_amount(this: &WebSocket) -> u32;

    #[wasm_bindgen(catch, method)]
    pub(crate) fn send(this: &WebSocket, text: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, method, js_name = send)]
    pub(crate) fn send_bytes(this: &WebSocket, bytes: &[u8]) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, method)]
    pub(crate) fn close(this: &WebSocket, code: u16) -> Result<(), JsValue>;

    /// A message, or a close.
    pub(crate) type SocketEvent;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn data(this: &SocketEvent) -> JsValue;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn code(this: &SocketEvent) -> u16;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn reason(this: &SocketEvent) -> String;
}
