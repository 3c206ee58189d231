//! A session whose WebSocket is gone and may be followed by another one (contract 1, "Resume"): when to try, and what comes of
//! it. The page sees `interrupted` for each attempt, and `resumed` or `close` in the end.

use std::time::Duration;

use protocol::frame::{CloseCode, Retry, SUBPROTOCOL};
use protocol::generation::Generation;
use protocol::id::{RoomId, SessionId};
use protocol::session::State;
use protocol::tunnel::{Attached, ClientEnd, ResumeOffer, ResumeToken, TOKEN_BYTES};
use wasm_bindgen::prelude::*;

use super::{ABNORMAL, CONNECT_TIMEOUT, CONNECTION, SessionMachine};
use crate::driver::Io;
use crate::error::RaceError;
use crate::log::Level;
use crate::objects::Object;

/// How long a WebSocket may take to open. A network that lets nothing through says nothing.
const OPEN_TIMEOUT: Duration = Duration::from_secs(8);

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_random(bytes: &mut [u8]);
}

/// What an interrupted session waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    /// The time of the next attempt.
    Pause(Duration),
    /// The answer to an attempt, until this time.
    Attempt(Duration),
}

impl Interruption {
    pub(super) fn due(self) -> Duration {
        match self {
            Self::Pause(due) | Self::Attempt(due) => due,
        }
    }
}

/// A session that another page began.
pub(crate) struct Saved {
    pub(super) offer: ResumeOffer,
    id: SessionId,
    room: Option<RoomId>,
    /// The number of its last position.
    seq: i32,
    generation: Option<Generation>,
}

impl Saved {
    /// What `save()` gives.
    fn to_text(&self) -> String {
        let room = self.room.as_ref().map_or("", RoomId::as_str);
        let generation = self.generation.map_or("", Generation::name);
        let (offer, seq) = (self.offer.to_subprotocol(), self.seq.to_string());
        [&offer, self.id.as_str(), room, &seq, generation].join(" ")
    }

    /// Read what `save()` gave. `None`: it is something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(Self {
            offer: ResumeOffer::parse(words.next()?)?,
            id: words.next()?.parse().ok()?,
            room: words.next().and_then(|room| room.parse().ok()),
            seq: words.next().and_then(|seq| seq.parse().ok()).unwrap_or(0),
            generation: words.next().and_then(|name| name.parse().ok()),
        })
    }
}

/// Make the end of a session that is yet to begin.
pub(super) fn new_end() -> ClientEnd {
    let mut bytes = [0; TOKEN_BYTES];
    fill_random(&mut bytes);
    ClientEnd::new(ResumeToken::from_random(bytes))
}

fn lost() -> RaceError {
    RaceError::new("connection_lost", true, "the connection was lost")
}

impl SessionMachine {
    /// Open a WebSocket that asks for the session.
    pub(super) fn open(&mut self) {
        self.has_socket = true;
        self.opened = false;
        self.heard = false;
        let offer = self.end.offer().to_subprotocol();
        let protocols = vec![SUBPROTOCOL.to_owned(), offer];
        self.queue.push(Io::Open(self.url.clone(), protocols));
        self.queue.log(Level::Info, CONNECTION, "connecting");
    }

    /// Whether the session may go on with another WebSocket after this close.
    pub(super) fn is_interruption(&self, number: u16) -> bool {
        self.can_resume
            && self.session.state() == State::Authenticated
            && self.closing.is_empty()
            && !self.kicked
            && CloseCode::is_interruption(number)
    }

    /// The WebSocket is gone or silent: go on with another one.
    pub(super) fn interrupt(&mut self, error: &RaceError, now: Duration) {
        self.session.suspend();
        let up = now.saturating_sub(self.signed_in.unwrap_or(now));
        self.pause(error, Retry::Yes, up, now);
    }

    /// An attempt has failed.
    pub(super) fn fail_attempt(&mut self, number: u16, error: &RaceError, now: Duration) {
        match Retry::after_close(number) {
            Retry::No => self.lose(number, error, now),
            retry => self.pause(error, retry, Duration::ZERO, now),
        }
    }

    fn pause(&mut self, error: &RaceError, retry: Retry, up: Duration, now: Duration) {
        let random = js_sys::Math::random();
        let Some(pause) = self.reconnect.handle_loss(retry, up, random) else {
            return self.lose(ABNORMAL, error, now);
        };
        self.has_socket = false;
        self.queue.push(Io::GiveWay(CloseCode::Interrupted));
        self.interruption = Some(Interruption::Pause(now + pause));
        self.tell("interrupted", ABNORMAL, error, Some(pause));
    }

    /// Do what is due while the session is interrupted.
    pub(super) fn handle_interruption(&mut self, interruption: Interruption, now: Duration) {
        let error = lost();
        match interruption {
            Interruption::Pause(_) => {
                self.tell("interrupted", ABNORMAL, &error, Some(Duration::ZERO));
                self.attempt(now);
            }
            Interruption::Attempt(_) => self.fail_attempt(ABNORMAL, &error, now),
        }
    }

    fn attempt(&mut self, now: Duration) {
        self.interruption = Some(Interruption::Attempt(now + OPEN_TIMEOUT));
        self.open();
    }

    /// The WebSocket is open.
    pub(super) fn handle_open(&mut self, now: Duration) {
        self.opened = true;
        if self.interruption.is_some() {
            self.interruption = Some(Interruption::Attempt(now + CONNECT_TIMEOUT));
        }
    }

    /// The network is back, or the player does not want to wait.
    pub(crate) fn reconnect_now(&mut self, now: Duration) {
        match &mut self.interruption {
            Some(Interruption::Pause(due)) => *due = now,
            // It may have begun on the network that is gone, and then nothing ever comes of it.
            Some(Interruption::Attempt(_)) if !self.opened => {
                self.queue.push(Io::GiveWay(CloseCode::Interrupted));
                self.attempt(now);
            }
            Some(Interruption::Attempt(_)) | None => {}
        }
    }

    /// The relay's first frame: what has become of the session.
    pub(super) fn handle_ready(&mut self, resumed: bool, received: u64, now: Duration) {
        let saved = self.saved.take();
        let was_interrupted = self.interruption.take().is_some();
        match self.end.handle_ready(resumed, received) {
            Attached::New if was_interrupted => self.begin_anew(now),
            Attached::New => {}
            Attached::Resumed if was_interrupted || saved.is_some() => {
                match saved {
                    Some(saved) => {
                        let generation = saved.generation;
                        self.session
                            .restore(saved.id, saved.room, generation, saved.seq, now);
                    }
                    None => self.session.resume(now),
                }
                for line in self.end.missing() {
                    self.queue.send_line(line.clone());
                }
                self.signed_in = Some(now);
                if was_interrupted {
                    self.queue.emit("resumed", &Object::Texts(Vec::new()));
                }
                if !self.closing.is_empty() {
                    self.session.goodbye(now);
                }
                self.pump(now);
            }
            _ => self.lose(ABNORMAL, &lost(), now),
        }
    }

    /// The relay had the session no longer, and has begun another one for this WebSocket. The next `connect()` gets it.
    fn begin_anew(&mut self, now: Duration) {
        if !self.closing.is_empty() {
            return self.end(now);
        }
        self.is_fresh = true;
        self.session.handle_close();
        self.cars.clear();
        self.pump(now);
        self.tell("close", ABNORMAL, &lost(), Some(Duration::ZERO));
    }

    /// Give what another page needs to go on with the session, and leave it to that page. `None`: nothing can be gone on with.
    pub(crate) fn save(&mut self, now: Duration) -> Option<String> {
        let saved = match &self.saved {
            // The page is left again before the relay has said what has become of the session.
            Some(saved) => saved.to_text(),
            None if !self.is_interruption(ABNORMAL) => return None,
            None => {
                let session = &self.session;
                let saved = Saved {
                    offer: self.end.offer(),
                    id: *session.id()?,
                    room: session.room().copied(),
                    seq: session.seq(),
                    generation: session.generation(),
                };
                saved.to_text()
            }
        };
        self.queue.push(Io::GiveWay(CloseCode::Left));
        self.end(now);
        Some(saved)
    }
}
