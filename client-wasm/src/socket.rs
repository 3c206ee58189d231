//! The WebSocket to the relay: opened, listened to, and let go. The seam to any other transport is what
//! [`Incoming`] names and what [`Socket`] can do.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::browser::{Array, Function, SocketEvent, Uint8Array, WebSocket};
use crate::failure::Failure;

/// What comes from the transport.
pub(crate) enum Incoming {
    Opened,
    Text(String),
    Binary(Vec<u8>),
    Closed { number: u16, reason: String },
}

/// Bytes the browser may hold back unsent before positions are dropped: the newest would come too late anyway.
const MAX_BUFFERED_BYTES: u32 = 16 * 1024;

/// Makes the WebSocket: the browser's own, or what the page's function gives, which must be like one.
#[derive(Clone, Default)]
pub(crate) struct Opener(Option<Function>);

impl Opener {
    /// Open by a function of the address and the subprotocols.
    pub(crate) const fn new(function: Option<Function>) -> Self {
        Self(function)
    }

    fn open(&self, url: &str, protocols: &Array) -> Result<WebSocket, Failure> {
        let Some(function) = &self.0 else {
            return WebSocket::new(url, protocols).map_err(|_| {
                let words = " is no WebSocket address: use ws:// or wss://";
                Failure::invalid([url, words].concat())
            });
        };
        let made = function.call_to_open(&JsValue::UNDEFINED, url, protocols);
        let made = made.ok().filter(JsValue::is_object);
        let failure = || Failure::invalid("option webSocket made no WebSocket");
        made.map(JsCast::unchecked_into).ok_or_else(failure)
    }
}

/// A WebSocket. Dropping it closes the WebSocket, and nothing more comes from it.
pub(crate) struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn Fn()>,
    _on_message: Closure<dyn Fn(SocketEvent)>,
    _on_close: Closure<dyn Fn(SocketEvent)>,
}

impl Socket {
    /// Open a WebSocket to the relay, offering subprotocols of which it selects the first.
    pub(crate) fn open(
        opener: &Opener,
        url: &str,
        protocols: &[String],
        deliver: Rc<dyn Fn(Incoming)>,
    ) -> Result<Self, Failure> {
        let offered = Array::new();
        for protocol in protocols {
            offered.push(&JsValue::from_str(protocol));
        }
        let socket = opener.open(url, &offered)?;
        socket.set_binary_type("arraybuffer");
        let on_open = Closure::new({
            let deliver = deliver.clone();
            move || deliver(Incoming::Opened)
        });
        let on_message = Closure::new({
            let deliver = deliver.clone();
            move |event: SocketEvent| {
                if let Some(incoming) = read(&event.data()) {
                    deliver(incoming);
                }
            }
        });
        let on_close = Closure::new(move |event: SocketEvent| {
            deliver(Incoming::Closed {
                number: event.code(),
                reason: event.reason(),
            });
        });
        socket.set_onopen(on_open.as_ref());
        socket.set_onmessage(on_message.as_ref());
        socket.set_onclose(on_close.as_ref());
        Ok(Self {
            socket,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
        })
    }

    /// Send a command line. One that cannot go is lost with the connection, whose close follows.
    pub(crate) fn send_text(&self, line: &str) {
        let _ = self.socket.send(line);
    }

    /// Send a datagram, unless too much waits already; says whether it went.
    pub(crate) fn send_binary(&self, datagram: &[u8]) -> bool {
        self.socket.buffered_amount() <= MAX_BUFFERED_BYTES
            && self.socket.send_bytes(datagram).is_ok()
    }

    /// Close in order.
    pub(crate) fn close(&self) {
        let _ = self.socket.close(1000);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(&JsValue::NULL);
        self.socket.set_onmessage(&JsValue::NULL);
        self.socket.set_onclose(&JsValue::NULL);
        self.close();
    }
}

fn read(data: &JsValue) -> Option<Incoming> {
    if let Some(text) = data.as_string() {
        return Some(Incoming::Text(text));
    }
    let bytes = Uint8Array::new(data).ok()?;
    Some(Incoming::Binary(bytes.slice()))
}
