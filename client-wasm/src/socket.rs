//! The WebSocket to the relay. Another transport would take this file's place: it would deliver the same [`Event`]s.

use std::rc::Rc;

use js_sys::{Array, Function, Uint8Array};
use protocol::frame::CloseCode;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use crate::error::RaceError;
use crate::event::Event;

/// The most bytes that the browser may hold back before positions are dropped. A position after them would come too
/// late.
const MAX_BUFFERED_BYTES: u32 = 16 * 1024;
/// The close code of an orderly end.
const NORMAL: u16 = 1000;
/// The close code of a connection that ended without one.
const ABNORMAL: u16 = 1006;

/// Makes a WebSocket: the browser's own, or one from the option `webSocket`.
#[derive(Default)]
pub(crate) struct Opener(pub(crate) Option<Function>);

impl Opener {
    fn open(&self, url: &str, protocols: &Array) -> Result<WebSocket, RaceError> {
        let Some(function) = &self.0 else {
            return WebSocket::new_with_str_sequence(url, protocols).map_err(|_| {
                RaceError::invalid(format!(
                    "{url} is no WebSocket address: use ws:// or wss://"
                ))
            });
        };
        let made = function.call2(&JsValue::UNDEFINED, &url.into(), protocols);
        let made = made.ok().filter(JsValue::is_object);
        made.map(JsCast::unchecked_into)
            .ok_or_else(|| RaceError::invalid("option webSocket made no WebSocket"))
    }
}

/// An open or opening WebSocket.
pub(crate) struct Socket {
    socket: WebSocket,
    on_open: Closure<dyn Fn()>,
    on_message: Closure<dyn Fn(MessageEvent)>,
    on_close: Closure<dyn Fn(CloseEvent)>,
    on_error: Closure<dyn Fn()>,
}

impl Socket {
    /// Open a WebSocket that offers these subprotocols. Nothing is delivered before [`listen`](Self::listen).
    pub(crate) fn open(
        opener: &Opener,
        url: &str,
        protocols: &[String],
        deliver: Rc<dyn Fn(Event)>,
    ) -> Result<Self, RaceError> {
        let offered = protocols.iter().map(JsValue::from).collect();
        let socket = opener.open(url, &offered)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let (opened, message) = (deliver.clone(), deliver.clone());
        let (closed, failed, failing) = (deliver.clone(), deliver, socket.clone());
        Ok(Self {
            socket,
            on_open: Closure::new(move || opened(Event::Opened)),
            on_message: Closure::new(move |event: MessageEvent| {
                if let Some(event) = read(&event.data()) {
                    message(event);
                }
            }),
            on_close: Closure::new(move |event: CloseEvent| {
                closed(Event::Closed {
                    number: event.code(),
                    reason: event.reason(),
                });
            }),
            // The WebSocket of Node 22 fires no close event when it cannot connect. That of a browser is closed by now.
            on_error: Closure::new(move || {
                if failing.ready_state() == WebSocket::CONNECTING {
                    failed(Event::Closed {
                        number: ABNORMAL,
                        reason: String::new(),
                    });
                }
            }),
        })
    }

    /// Begin to deliver events.
    pub(crate) fn listen(&self) {
        let Self { socket, .. } = self;
        socket.set_onopen(Some(self.on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(self.on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(self.on_close.as_ref().unchecked_ref()));
        socket.set_onerror(Some(self.on_error.as_ref().unchecked_ref()));
    }

    /// Send a command line. A line that cannot be sent is lost with the connection, and the close event follows.
    pub(crate) fn send_text(&self, line: &str) {
        let _ = self.socket.send_with_str(line);
    }

    /// Send a datagram unless too much is waiting, or the connection is closing; says whether it was sent.
    pub(crate) fn send_binary(&self, datagram: &[u8]) -> bool {
        self.socket.ready_state() == WebSocket::OPEN
            && self.socket.buffered_amount() <= MAX_BUFFERED_BYTES
            && self.socket.send_with_u8_array(datagram).is_ok()
    }

    /// Begin an orderly close. The close event follows.
    pub(crate) fn close(&self) {
        let _ = self.socket.close_with_code(NORMAL);
    }

    /// Close, and deliver nothing more.
    pub(crate) fn abandon(&self) {
        self.detach();
        self.close();
    }

    /// Close, deliver nothing more, and tell the relay that another WebSocket will follow.
    pub(crate) fn give_way(&self, code: CloseCode) {
        self.detach();
        let _ = self.socket.close_with_code(code.number());
    }

    fn detach(&self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        self.socket.set_onerror(None);
    }
}

fn read(data: &JsValue) -> Option<Event> {
    if let Some(text) = data.as_string() {
        return Some(Event::Text(text));
    }
    let bytes = data.is_object().then(|| Uint8Array::new(data));
    Some(Event::Binary(bytes?.to_vec()))
}
