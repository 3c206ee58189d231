//! One spectator: its socket, and what is counted of each frame.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::snapshot::{CAR_BYTES, HEADER_BYTES};

use crate::clock::Clock;
use crate::frames::{self, Broken};
use crate::races::Races;
use crate::window::Window;

/// The answer to a ping; its mask is zero.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// A spectator whose handshake is done.
pub(crate) struct Connected {
    pub(crate) socket: std::net::TcpStream,
    /// The number of its room.
    pub(crate) room: usize,
    /// What came right behind the handshake.
    pub(crate) read_ahead: Vec<u8>,
}

/// What all spectators look at.
pub(crate) struct View {
    pub(crate) clock: Clock,
    pub(crate) races: Arc<Races>,
    /// Connections that have got a frame.
    pub(crate) receiving: AtomicUsize,
}

impl View {
    pub(crate) fn new(clock: Clock, races: &Arc<Races>) -> Self {
        Self {
            clock,
            races: Arc::clone(races),
            receiving: AtomicUsize::new(0),
        }
    }
}

/// One spectator.
pub(crate) struct Spectator {
    pub(crate) socket: mio::net::TcpStream,
    room: usize,
    /// It is read as soon as something comes, so its frames can be timed.
    is_timed: bool,
    /// The beginning of a frame that is not whole yet.
    rest: Vec<u8>,
    /// The time of its newest snapshot.
    time: Option<u32>,
}

impl Spectator {
    pub(crate) fn new(connected: Connected, is_timed: bool) -> io::Result<Self> {
        connected.socket.set_nonblocking(true)?;
        Ok(Self {
            socket: mio::net::TcpStream::from_std(connected.socket),
            room: connected.room,
            is_timed,
            rest: connected.read_ahead,
            time: None,
        })
    }

    /// Read until a read does not fill `space`: then nothing is left.
    pub(crate) fn read(
        &mut self,
        space: &mut [u8],
        view: &View,
        window: &Window,
    ) -> Result<(), Broken> {
        loop {
            match self.socket.read(space) {
                Ok(0) => return Err(Broken),
                Ok(length) => {
                    self.take(&space[..length], view, window)?;
                    if length < space.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(_gone) => return Err(Broken),
            }
        }
    }

    fn take(&mut self, bytes: &[u8], view: &View, window: &Window) -> Result<(), Broken> {
        if self.rest.is_empty() {
            let mut bytes = bytes;
            self.take_frames(&mut bytes, view, window)?;
            self.rest.extend(bytes);
        } else {
            let joined = [&self.rest, bytes].concat();
            let mut bytes = &joined[..];
            self.take_frames(&mut bytes, view, window)?;
            self.rest.clear();
            self.rest.extend(bytes);
        }
        Ok(())
    }

    fn take_frames(
        &mut self,
        bytes: &mut &[u8],
        view: &View,
        window: &Window,
    ) -> Result<(), Broken> {
        while let Some((kind, payload)) = frames::next(bytes)? {
            match kind {
                frames::BINARY => self.take_snapshot(payload, view, window)?,
                frames::TEXT => view.races.learn_cars(self.room, payload),
                frames::PING => self.socket.write_all(&PONG).map_err(|_| Broken)?,
                frames::CLOSE => return Err(Broken),
                _ => return Err(Broken),
            }
        }
        Ok(())
    }

    /// Read the parts of a snapshot that are counted. Decoding all of it would be most of this program's work.
    fn take_snapshot(&mut self, bytes: &[u8], view: &View, window: &Window) -> Result<(), Broken> {
        let (header, cars) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(Broken)?;
        let [_, _, _, _, n0, n1, n2, n3, t0, t1, t2, t3] = *header;
        let number = u32::from_le_bytes([n0, n1, n2, n3]);
        let time = u32::from_le_bytes([t0, t1, t2, t3]);
        let now = view.clock.now();
        let before = self.time.replace(time);
        if before.is_none() {
            view.receiving.fetch_add(1, Ordering::Relaxed);
        }
        if self.is_timed {
            view.races.note_snapshot(time, now);
        }
        if !window.span.contains(&time) {
            return Ok(());
        }
        window.snapshots.fetch_add(1, Ordering::Relaxed);
        let frame = bytes.len() + if bytes.len() > 125 { 4 } else { 2 };
        window.bytes.fetch_add(frame as u64, Ordering::Relaxed);
        window.note_tick(self.room, number.into());
        if !self.is_timed {
            return Ok(());
        }
        let made = view.races.at(time);
        window.fan_out.count(now.saturating_sub(made));
        // One car of each frame is timed, another one each time.
        let (cars, _) = cars.as_chunks::<CAR_BYTES>();
        let Some(car) = cars.get(number as usize % cars.len().max(1)) else {
            return Ok(());
        };
        let age = u32::from(u16::from_le_bytes([car[17], car[18]]));
        let came = time.saturating_sub(age);
        // Only the first frame that shows a datagram.
        if before.is_some_and(|before| came > before)
            && let Some(sent) = view.races.sent(self.room, car[0], came)
        {
            window.whole.count(now.saturating_sub(sent));
            window.wait.count(made.saturating_sub(sent));
        }
        Ok(())
    }
}
