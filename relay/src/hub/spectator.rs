//! One spectator: the newest of its room goes to its socket as fast as that takes it, and what it misses meanwhile
//! is skipped. A task and two hundred bytes of buffer; the frames are the room's own.

use std::convert::Infallible;
use std::io;

use bytes::{Buf as _, Bytes};
use protocol::frame::CloseCode;
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::frame::{self, Reader, Received, Unexpected};
use super::live::{View, Watching};
use super::tally::Tally;
use crate::config::Patience;
use crate::ending::Ending;
use crate::phase::{self, Phase};

/// Bytes the system holds for a spectator: a second or two of a full room, so that what it reads is not old.
const SEND_BUFFER_BYTES: usize = 16 * 1024;
/// Bytes read in one go.
const READ_BYTES: usize = 128;
/// Pings in a row that may go unanswered, as for players.
const MAX_UNANSWERED_PINGS: u32 = 2;
/// Frames a spectator may send between two pings: it has nothing to say but the answers to them.
const MAX_FRAMES_BETWEEN_PINGS: u32 = 32;
/// Bytes still read behind a close frame, so that it is not overtaken by a reset.
const MAX_DISCARDED_BYTES: u64 = 1 << 20;

/// Show a room to one spectator until either side ends it. `read_ahead` came right behind the handshake.
pub(super) async fn run(
    socket: TcpStream,
    read_ahead: Bytes,
    watching: Watching,
    patience: &Patience,
    mut phase: watch::Receiver<Phase>,
) {
    if SockRef::from(&socket)
        .set_send_buffer_size(SEND_BUFFER_BYTES)
        .is_err()
    {
        return;
    }
    let mut spectator = Spectator {
        socket,
        watching,
        rest: Bytes::new(),
        is_blocked: false,
        pong: None,
        ping_is_due: false,
        text_number: 0,
        snapshot_number: 0,
        reader: Reader::default(),
        frames: 0,
        unanswered_pings: 0,
    };
    let ending = tokio::select! {
        Err(ending) = spectator.live(&read_ahead, patience) => ending,
        () = phase::until(&mut phase, |phase| phase >= Phase::Closing) => Ending::restarting(),
    };
    let tally = spectator.watching.tally();
    match ending.code {
        CloseCode::TooSlow => Tally::one(&tally.too_slow),
        CloseCode::SentTooMuch => Tally::one(&tally.sent_too_much),
        CloseCode::Malformed => Tally::one(&tally.malformed),
        _ => {}
    }
    tokio::select! {
        _closed_or_not = timeout(patience.close, spectator.close(&ending)) => {}
        () = phase::until(&mut phase, |phase| phase == Phase::Aborting) => {}
    }
}

struct Spectator {
    socket: TcpStream,
    watching: Watching,
    /// What is left of the frame that is being written.
    rest: Bytes,
    /// The system took nothing more when it was last tried.
    is_blocked: bool,
    /// The answer to the newest ping.
    pong: Option<Bytes>,
    ping_is_due: bool,
    /// The newest that was sent.
    text_number: u32,
    snapshot_number: u32,
    reader: Reader,
    /// Frames that came since the last ping.
    frames: u32,
    /// Pings since the last sign of life.
    unanswered_pings: u32,
}

impl Spectator {
    async fn live(&mut self, read_ahead: &[u8], patience: &Patience) -> Result<Infallible, Ending> {
        let mut pings = interval_at(Instant::now() + patience.ping, patience.ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.take(read_ahead)?;
        loop {
            self.write().map_err(|_gone| Ending::left())?;
            let interest = if self.is_blocked {
                Interest::READABLE | Interest::WRITABLE
            } else {
                Interest::READABLE
            };
            tokio::select! {
                changed = self.watching.view.changed(), if !self.is_blocked => {
                    // The room is kept by `watching`, so this never ends before it.
                    changed.map_err(|_gone| Ending::restarting())?;
                }
                ready = self.socket.ready(interest) => {
                    if ready.map_err(|_gone| Ending::left())?.is_readable() {
                        self.read()?;
                    }
                }
                _ = pings.tick() => self.ping()?,
            }
        }
    }

    /// Write until there is nothing left or the system takes no more.
    fn write(&mut self) -> io::Result<()> {
        loop {
            if self.rest.is_empty() {
                match self.next_frame() {
                    Some(frame) => self.rest = frame,
                    None => return Ok(()),
                }
            }
            match self.socket.try_write(&self.rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.rest.advance(written);
                    let tally = self.watching.tally();
                    Tally::add(&tally.bytes, written as u64);
                    Tally::add(&tally.frames, u64::from(self.rest.is_empty()));
                    // Who was blocked and is not any more has read something.
                    if std::mem::take(&mut self.is_blocked) {
                        self.unanswered_pings = 0;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.is_blocked = true;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Give what is to be written next: the newest there is.
    fn next_frame(&mut self) -> Option<Bytes> {
        if let Some(pong) = self.pong.take() {
            return Some(pong);
        }
        if std::mem::take(&mut self.ping_is_due) {
            return Some(frame::ping());
        }
        let view: View = self.watching.view.borrow_and_update().clone();
        if view.text_number != self.text_number {
            self.text_number = view.text_number;
            return Some(view.text);
        }
        if view.snapshot_number != self.snapshot_number {
            let passed_by = view.snapshot_number.wrapping_sub(self.snapshot_number) - 1;
            if self.snapshot_number > 0 {
                Tally::add(&self.watching.tally().skipped, passed_by.into());
            }
            self.snapshot_number = view.snapshot_number;
            return Some(view.snapshot).filter(|snapshot| !snapshot.is_empty());
        }
        None
    }

    fn read(&mut self) -> Result<(), Ending> {
        let mut space = [0; READ_BYTES];
        match self.socket.try_read(&mut space) {
            Ok(0) => Err(Ending::left()),
            Ok(length) => self.take(&space[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(_gone) => Err(Ending::left()),
        }
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Ending> {
        loop {
            let received = self.reader.next(&mut bytes).map_err(|Unexpected| {
                Ending::malformed("A spectator only listens: the relay takes no messages here.")
            })?;
            match received {
                None if bytes.is_empty() => return Ok(()),
                None => {}
                Some(received) => self.react(received)?,
            }
        }
    }

    fn react(&mut self, received: Received) -> Result<(), Ending> {
        self.unanswered_pings = 0;
        self.frames += 1;
        if self.frames > MAX_FRAMES_BETWEEN_PINGS {
            return Err(Ending::new(
                CloseCode::SentTooMuch,
                "This client sent more than a spectator may.",
            ));
        }
        match received {
            Received::Close => return Err(Ending::left()),
            Received::Ping(payload) => self.pong = Some(frame::pong(&payload)),
            Received::Pong => {}
        }
        Ok(())
    }

    fn ping(&mut self) -> Result<(), Ending> {
        if self.unanswered_pings == MAX_UNANSWERED_PINGS {
            return Err(Ending::new(
                CloseCode::TooSlow,
                "This client does not read: open the race again.",
            ));
        }
        self.unanswered_pings += 1;
        self.frames = 0;
        self.ping_is_due = true;
        Ok(())
    }

    async fn close(&mut self, ending: &Ending) -> io::Result<()> {
        self.socket.write_all_buf(&mut self.rest).await?;
        let mut close = frame::close(ending.code.number(), ending.reason());
        self.socket.write_all_buf(&mut close).await?;
        self.socket.shutdown().await?;
        let mut rest = (&mut self.socket).take(MAX_DISCARDED_BYTES);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
        Ok(())
    }
}
