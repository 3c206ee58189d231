//! Runs a state machine of the protocol between WebSocket, timer, promises and listeners.
//!
//! A page's `webSocket`, `console` and listeners may call back while they are called. So a machine only queues what
//! JavaScript must do, and the driver does it when nothing is borrowed.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

use js_sys::{Function, Promise};
use protocol::frame::CloseCode;
use wasm_bindgen::prelude::*;

use crate::clock::{self, Clock, Timer};
use crate::error::RaceError;
use crate::event::Event;
use crate::listeners::{LOG, Listeners};
use crate::log::Level;
use crate::objects::Object;
use crate::socket::{Opener, Socket};

/// A state machine that a driver runs. It never calls JavaScript by itself.
pub(crate) trait Machine: 'static {
    /// Handle an event.
    fn handle(&mut self, event: Event, now: Duration);
    /// Say when it wants the event `Timeout`.
    fn poll_timeout(&self) -> Option<Duration>;
    /// Give the work that it has queued.
    fn queue(&mut self) -> &mut Queue;
}

/// Something to do at the WebSocket, or at the console.
pub(crate) enum Io {
    /// Open a WebSocket at this address with these subprotocols.
    Open(String, Vec<String>),
    Text(String),
    Datagram(Vec<u8>),
    /// Begin an orderly close.
    Close,
    /// Close, and ignore what still comes.
    Abandon,
    /// The same, for another WebSocket to go on; the code says why.
    GiveWay(CloseCode),
    Log(Level, &'static str, String),
}

/// Something to tell the page.
enum Notice {
    Settle(Function, JsValue),
    Emit(&'static str, JsValue),
}

/// What JavaScript must do, in order.
pub(crate) struct Queue {
    level: Level,
    io: VecDeque<Io>,
    notices: VecDeque<Notice>,
}

impl Queue {
    pub(crate) fn new(level: Level) -> Self {
        Self {
            level,
            io: VecDeque::new(),
            notices: VecDeque::new(),
        }
    }

    /// Do something at the WebSocket.
    pub(crate) fn push(&mut self, io: Io) {
        self.io.push_back(io);
    }

    /// Send a command line.
    pub(crate) fn send_line(&mut self, line: String) {
        self.log_line("TCP SEND", &line);
        self.io.push_back(Io::Text(line));
    }

    /// Send a datagram.
    pub(crate) fn send_datagram(&mut self, datagram: Vec<u8>) {
        self.log_datagram("UDP SEND", datagram.len());
        self.io.push_back(Io::Datagram(datagram));
    }

    /// Log a command line, without its secrets.
    pub(crate) fn log_line(&mut self, component: &'static str, line: &str) {
        if self.shows(Level::Debug) {
            self.log(Level::Debug, component, protocol::log::redact(line));
        }
    }

    /// Log the length of a datagram. Its content is a position, many times a second.
    pub(crate) fn log_datagram(&mut self, component: &'static str, bytes: usize) {
        if self.shows(Level::Trace) {
            self.log(Level::Trace, component, format!("{bytes} bytes"));
        }
    }

    /// Log a text.
    pub(crate) fn log(&mut self, level: Level, component: &'static str, text: impl Into<String>) {
        if self.shows(level) {
            self.io.push_back(Io::Log(level, component, text.into()));
        }
    }

    /// Tell the listeners of an event.
    pub(crate) fn emit(&mut self, kind: &'static str, event: &Object<'_>) {
        self.emit_value(kind, event.to_js());
    }

    /// Tell the listeners of an event that is a JavaScript value already.
    pub(crate) fn emit_value(&mut self, kind: &'static str, event: JsValue) {
        self.notices.push_back(Notice::Emit(kind, event));
    }

    /// Resolve a promise, or reject it.
    pub(crate) fn settle(&mut self, deferred: Deferred, outcome: Result<JsValue, &RaceError>) {
        self.notices.push_back(match outcome {
            Ok(value) => Notice::Settle(deferred.resolve, value),
            Err(error) => Notice::Settle(deferred.reject, error.to_js()),
        });
    }

    fn is_empty(&self) -> bool {
        self.io.is_empty() && self.notices.is_empty()
    }

    fn shows(&self, level: Level) -> bool {
        level <= self.level
    }
}

/// The functions that settle a promise.
pub(crate) struct Deferred {
    resolve: Function,
    reject: Function,
}

impl Deferred {
    /// Make a promise.
    // Inlined into each caller it would be in the module many times.
    #[inline(never)]
    pub(crate) fn new() -> (Promise, Self) {
        let (mut resolve, mut reject) = (JsValue::UNDEFINED, JsValue::UNDEFINED);
        // The executor runs at once.
        let promise = Promise::new(&mut |to_resolve, to_reject| {
            (resolve, reject) = (to_resolve.into(), to_reject.into());
        });
        let (resolve, reject) = (resolve.unchecked_into(), reject.unchecked_into());
        (promise, Self { resolve, reject })
    }
}

/// A machine with its WebSocket, timer and listeners.
pub(crate) struct Driver<M: ?Sized> {
    listeners: Listeners,
    opener: Opener,
    clock: Clock,
    socket: RefCell<Option<Rc<Socket>>>,
    timer: Timer,
    /// Queued work is being done. The same loop does what is queued meanwhile.
    working: Cell<bool>,
    machine: RefCell<M>,
}

impl<M: Machine> Driver<M> {
    pub(crate) fn new(machine: M, opener: Opener, clock: Clock, listeners: Listeners) -> Rc<Self> {
        Rc::new_cyclic(|driver: &Weak<Self>| {
            let driver = driver.clone();
            Self {
                listeners,
                opener,
                socket: RefCell::default(),
                timer: Timer::new(&clock, move || {
                    if let Some(driver) = driver.upgrade() {
                        driver.timer.fired();
                        driver.deliver(Event::Timeout);
                    }
                }),
                clock,
                working: Cell::new(false),
                machine: RefCell::new(machine),
            }
        })
    }

    /// Tell the time by the driver's clock.
    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Look at the machine, or change something that queues no work.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut M) -> R) -> R {
        work(&mut self.machine.borrow_mut())
    }

    /// Change the machine in a call from JavaScript. The WebSocket's work is done before this returns. The page is
    /// told after the call, so that a listener may even free the object that was called.
    pub(crate) fn call<R>(self: &Rc<Self>, work: impl FnOnce(&mut M, Duration) -> R) -> R {
        let now = self.now();
        let result = self.with(|machine| work(machine, now));
        self.any().work(false);
        result
    }

    /// Hand an event to the machine, and do what it wants done.
    pub(crate) fn deliver(self: &Rc<Self>, event: Event) {
        self.any().handle(event);
    }

    /// Do a new machine's first work, which opens its WebSocket.
    ///
    /// # Errors
    /// The address, or what the option `webSocket` made, is not valid.
    pub(crate) fn start(self: &Rc<Self>) -> Result<(), RaceError> {
        self.any().begin()
    }

    fn any(self: &Rc<Self>) -> Rc<AnyDriver> {
        self.clone()
    }
}

/// A driver of either machine: what it does for both is compiled once.
type AnyDriver = Driver<dyn Machine>;

impl AnyDriver {
    /// Look at the machine, or change something that queues no work.
    fn with_any<R>(&self, work: impl FnOnce(&mut dyn Machine) -> R) -> R {
        work(&mut *self.machine.borrow_mut())
    }

    fn handle(self: &Rc<Self>, event: Event) {
        let now = self.clock.now();
        self.with_any(|machine| machine.handle(event, now));
        self.work(true);
    }

    fn begin(self: &Rc<Self>) -> Result<(), RaceError> {
        self.working.set(true);
        while let Some(io) = self.next_io() {
            self.perform(io)?;
        }
        self.working.set(false);
        self.work(false);
        Ok(())
    }

    /// Do what is queued, and set the timer.
    fn work(self: &Rc<Self>, notify: bool) {
        if self.working.replace(true) {
            return;
        }
        while self.step(notify) {}
        let due = self.with_any(|machine| machine.poll_timeout());
        self.timer.set(due, self.clock.now());
        self.working.set(false);
        if self.with_any(|machine| !machine.queue().is_empty()) {
            let driver = self.clone();
            clock::call_soon(move || driver.work(true));
        }
    }

    /// Do the next thing; says whether there was one.
    fn step(self: &Rc<Self>, notify: bool) -> bool {
        if let Some(io) = self.next_io() {
            if let Err(error) = self.perform(io) {
                let now = self.clock.now();
                self.with_any(|machine| machine.handle(Event::NotOpened(error), now));
            }
            return true;
        }
        let notice = self.with_any(|machine| {
            let notices = &mut machine.queue().notices;
            notify.then(|| notices.pop_front()).flatten()
        });
        match notice {
            // The functions of a promise do not throw.
            Some(Notice::Settle(function, value)) => {
                drop(function.call1(&JsValue::UNDEFINED, &value));
            }
            Some(Notice::Emit(kind, event)) => self.listeners.call(kind, &event),
            None => return false,
        }
        true
    }

    fn next_io(&self) -> Option<Io> {
        self.with_any(|machine| machine.queue().io.pop_front())
    }

    fn perform(self: &Rc<Self>, io: Io) -> Result<(), RaceError> {
        let socket = self.socket.borrow().clone();
        match (io, socket) {
            (Io::Open(url, protocols), _) => return self.open(&url, &protocols),
            (Io::Log(level, component, text), _) => self.log(level, component, &text),
            (Io::Text(line), Some(socket)) => socket.send_text(&line),
            (Io::Datagram(datagram), Some(socket)) => {
                if !socket.send_binary(&datagram) {
                    self.with_any(|machine| {
                        machine.queue().log_datagram("UDP DROP", datagram.len())
                    });
                }
            }
            (Io::Close, Some(socket)) => socket.close(),
            (Io::Abandon, Some(socket)) => {
                self.socket.take();
                socket.abandon();
            }
            (Io::GiveWay(code), Some(socket)) => {
                self.socket.take();
                socket.give_way(code);
            }
            (_, None) => {}
        }
        Ok(())
    }

    fn open(self: &Rc<Self>, url: &str, protocols: &[String]) -> Result<(), RaceError> {
        let driver = Rc::downgrade(self);
        let deliver = Rc::new(move |event| {
            if let Some(driver) = driver.upgrade() {
                driver.handle(event);
            }
        });
        let socket = Rc::new(Socket::open(&self.opener, url, protocols, deliver)?);
        self.socket.replace(Some(socket.clone()));
        // Only now, because a page's own WebSocket may call back at once.
        socket.listen();
        Ok(())
    }

    fn log(self: &Rc<Self>, level: Level, component: &str, text: &str) {
        let line = level.print(component, text);
        if self.listeners.has(LOG) {
            let event = Object::Texts(vec![("level", level.name()), ("line", &line)]);
            self.with_any(|machine| machine.queue().emit(LOG, &event));
        }
    }
}

impl<M: ?Sized> Drop for Driver<M> {
    fn drop(&mut self) {
        if let Some(socket) = self.socket.take() {
            socket.abandon();
        }
    }
}
