//! What waits to be written to one browser. Lines are reliable: if too many wait, no more are read from the game server, and
//! the newest that were written are kept for a client that comes back. Datagrams are not: the oldest are dropped for the newest.
//! No I/O here: `websocket` takes things out as the browser reads.

use std::collections::VecDeque;

use bytes::Bytes;
use protocol::frame::Notice;
use protocol::tunnel::RelayEnd;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::metrics::Sample;

/// Bytes of lines that may wait before the relay stops reading from the game server. What it has read already, at most one of the
/// longest lines, comes on top.
const MAX_WAITING_LINE_BYTES: usize = 256 * 1024;
/// Datagrams that may wait. A full room at 20 Hz sends 400 a second, so the oldest is 160 ms old.
pub(crate) const MAX_WAITING_DATAGRAMS: usize = 64;

/// Datagrams that may follow a line before the next one.
const DATAGRAMS_AFTER_LINE: usize = 8;

/// The next thing to write.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// A ping with the number of lines that were written before it (`RelayEnd::mark`).
    Ping(u64),
    /// A line or a notice.
    Text(Utf8Bytes),
    Datagram(Bytes),
}

/// A line of the game server.
#[derive(Debug, Clone)]
pub(super) struct Line {
    text: Utf8Bytes,
    /// It starts a race.
    is_start: bool,
}

impl AsRef<str> for Line {
    fn as_ref(&self) -> &str {
        self.text.as_str()
    }
}

#[derive(Debug)]
pub(crate) struct Outbox {
    /// A ping waits: the browser has read nothing since it was queued.
    pub(super) ping: bool,
    /// Of one WebSocket: that it is ready, and that the relay drains.
    notices: VecDeque<Utf8Bytes>,
    /// The session's lines, over all its WebSockets.
    pub(super) lines: RelayEnd<Line>,
    /// Never more than `MAX_WAITING_DATAGRAMS`.
    datagrams: VecDeque<(Bytes, Option<Sample>)>,
    /// Datagrams that go before the next line, so that no flood of lines keeps positions waiting.
    turns: usize,
    /// Of the datagram that was taken last.
    taken: Option<Sample>,
    pub(super) dropped_datagrams: u64,
}

impl Outbox {
    /// Make the outbox of a new session. `is_resumable`: its client may come back with another WebSocket.
    pub(crate) fn new(is_resumable: bool) -> Self {
        Self {
            ping: false,
            notices: VecDeque::new(),
            lines: RelayEnd::new(is_resumable),
            datagrams: VecDeque::new(),
            turns: 0,
            taken: None,
            dropped_datagrams: 0,
        }
    }

    /// What waits, and what is kept beyond what each session may keep.
    pub(crate) fn line_bytes(&self) -> usize {
        self.lines.waiting_bytes() + self.lines.excess_bytes()
    }

    /// Say whether so many lines wait that no more may be read from the game server.
    pub(crate) fn is_full(&self) -> bool {
        self.lines.waiting_bytes() > MAX_WAITING_LINE_BYTES
    }

    /// Queue a notice that stands for no line.
    pub(crate) fn push_notice(&mut self, notice: &Notice) {
        self.notices.push_back(notice.to_frame().into());
    }

    /// Queue a line.
    pub(crate) fn push_line(&mut self, line: String) {
        let text = line.into();
        let is_start = false;
        self.lines.push(Line { text, is_start });
    }

    /// Queue the start of a race, for a player who is away: it takes the place of those that wait.
    pub(crate) fn push_newest_start(&mut self, line: String) {
        self.lines.drop_waiting(|line| line.is_start);
        let text = line.into();
        let is_start = true;
        self.lines.push(Line { text, is_start });
    }

    /// Give how many datagrams wait.
    pub(crate) fn waiting_datagrams(&self) -> usize {
        self.datagrams.len()
    }

    /// Queue a datagram, which may be one that is measured. Says whether an older one was dropped for it.
    pub(crate) fn push_datagram(&mut self, datagram: Bytes, sample: Option<Sample>) -> bool {
        let is_full = self.datagrams.len() == MAX_WAITING_DATAGRAMS;
        if is_full {
            self.datagrams.pop_front();
            self.dropped_datagrams += 1;
        }
        self.datagrams.push_back((datagram, sample));
        is_full
    }

    /// Take the next thing to write.
    pub(crate) fn pop(&mut self) -> Option<Outgoing> {
        if std::mem::take(&mut self.ping) || self.lines.is_mark_due() {
            return Some(Outgoing::Ping(self.lines.mark()));
        }
        if let Some(notice) = self.notices.pop_front() {
            return Some(Outgoing::Text(notice));
        }
        if self.turns > 0 {
            self.turns -= 1;
            if let Some(datagram) = self.pop_datagram() {
                return Some(datagram);
            }
        }
        if let Some(line) = self.lines.pop() {
            self.turns = DATAGRAMS_AFTER_LINE;
            return Some(Outgoing::Text(line.text));
        }
        self.pop_datagram()
    }

    fn pop_datagram(&mut self) -> Option<Outgoing> {
        let (datagram, sample) = self.datagrams.pop_front()?;
        self.taken = sample;
        Some(Outgoing::Datagram(datagram))
    }

    /// What was taken last is written.
    pub(crate) fn handle_written(&mut self) {
        if let Some(sample) = self.taken.take() {
            sample.finish();
        }
    }

    /// Drop what only the WebSocket that is gone could have read. Gives how many datagrams it was.
    pub(crate) fn detach(&mut self) -> usize {
        self.ping = false;
        self.notices.clear();
        std::mem::take(&mut self.datagrams).len()
    }

    /// Drop everything, because nobody will read it.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            dropped_datagrams: self.dropped_datagrams,
            ..Self::new(false)
        };
    }
}

#[cfg(test)]
mod tests {
    use protocol::tunnel::LINE_OVERHEAD_BYTES;

    use super::*;

    fn datagram(number: usize) -> Bytes {
        Bytes::copy_from_slice(&number.to_be_bytes())
    }

    fn text(text: &str) -> Outgoing {
        Outgoing::Text(text.into())
    }

    #[test]
    fn lines_and_datagrams_take_turns() {
        let mut outbox = Outbox::new(false);
        for number in 0..20 {
            outbox.push_datagram(datagram(number), None);
            outbox.push_line(number.to_string());
        }
        let order: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
        let lines: Vec<_> = (0..order.len())
            .filter(|&place| matches!(order[place], Outgoing::Text(_)))
            .collect();
        assert_eq!(lines[..4], [0, 9, 18, 23], "eight after each line");
    }

    #[test]
    fn notices_go_before_lines_and_a_line_before_datagrams() {
        let mut outbox = Outbox::new(false);
        outbox.push_datagram(datagram(1), None);
        outbox.push_line("a".into());
        outbox.push_line("b".into());
        let draining = Notice::Draining { seconds: 5 };
        outbox.push_notice(&draining);
        outbox.ping = true;
        let order: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
        let expected = [
            Outgoing::Ping(0),
            text(&draining.to_frame()),
            text("a"),
            Outgoing::Datagram(datagram(1)),
            text("b"),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn a_ping_counts_the_lines_before_it_and_notices_are_none() {
        let mut outbox = Outbox::new(true);
        outbox.push_notice(&Notice::Draining { seconds: 5 });
        outbox.push_line("a".into());
        outbox.pop();
        outbox.pop();
        outbox.push_line("b".into());
        outbox.ping = true;
        assert_eq!(outbox.pop(), Some(Outgoing::Ping(1)));
    }

    #[test]
    fn only_lines_outlive_a_websocket() {
        let mut outbox = Outbox::new(true);
        outbox.lines.handle_line();
        outbox.push_line("a".into());
        outbox.pop();
        outbox.push_line("b".into());
        outbox.push_notice(&Notice::Draining { seconds: 5 });
        outbox.push_datagram(datagram(1), None);
        outbox.ping = true;
        assert_eq!(outbox.detach(), 1);
        assert!(outbox.lines.resume(0));
        let order: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
        assert_eq!(order, [text("a"), text("b")]);
    }

    #[test]
    fn the_newest_datagrams_push_out_the_oldest() {
        let mut outbox = Outbox::new(false);
        let last = MAX_WAITING_DATAGRAMS + 10;
        let pushed_out = (0..last).filter(|&number| outbox.push_datagram(datagram(number), None));
        assert_eq!(pushed_out.count(), 10);
        let kept: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
        let expected: Vec<_> = (10..last)
            .map(|number| Outgoing::Datagram(datagram(number)))
            .collect();
        assert_eq!(kept, expected);
        assert_eq!(outbox.dropped_datagrams, 10);
    }

    #[test]
    fn it_is_full_until_enough_lines_are_taken() {
        for line in [String::new(), "x".repeat(1000)] {
            let mut outbox = Outbox::new(false);
            let mut pushed = 0;
            while !outbox.is_full() {
                outbox.push_line(line.clone());
                pushed += 1;
            }
            assert_eq!(
                pushed,
                MAX_WAITING_LINE_BYTES / (line.len() + LINE_OVERHEAD_BYTES) + 1
            );
            outbox.pop();
            assert!(!outbox.is_full());
        }
    }
}
