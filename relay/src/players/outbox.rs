//! What waits to be written to one browser. Lines are reliable: if too many wait, the session ends. Datagrams are not:
//! the oldest are dropped for the newest. No I/O here: `websocket` takes things out as the browser reads.

use std::collections::VecDeque;

use bytes::Bytes;
use protocol::line::MAX_LINE_BYTES;

/// Bytes of lines that may wait: one of the longest lines behind an ordinary backlog.
const MAX_WAITING_LINE_BYTES: usize = MAX_LINE_BYTES + 256 * 1024;
/// What a waiting line counts beside its bytes, so that empty lines are bounded too.
const LINE_OVERHEAD_BYTES: usize = 64;
/// Datagrams that may wait. A full room at 20 Hz sends 400 a second, so the oldest is 160 ms old.
pub(crate) const MAX_WAITING_DATAGRAMS: usize = 64;

/// The next thing to write.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    Ping,
    Line(String),
    Datagram(Bytes),
}

/// More lines wait than allowed: the browser reads too slowly.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooSlow;

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// A ping waits: the browser has read nothing since it was queued.
    pub(super) ping: bool,
    lines: VecDeque<String>,
    /// The cost of `lines`, never more than `MAX_WAITING_LINE_BYTES`.
    line_bytes: usize,
    /// Never more than `MAX_WAITING_DATAGRAMS`.
    datagrams: VecDeque<Bytes>,
    pub(super) dropped_datagrams: u64,
}

impl Outbox {
    /// Queue a line.
    ///
    /// # Errors
    /// Too many lines wait.
    pub(crate) fn push_line(&mut self, line: String) -> Result<(), TooSlow> {
        let cost = line.len() + LINE_OVERHEAD_BYTES;
        if self.line_bytes + cost > MAX_WAITING_LINE_BYTES {
            return Err(TooSlow);
        }
        self.line_bytes += cost;
        self.lines.push_back(line);
        Ok(())
    }

    /// Queue a datagram. Says whether an older one was dropped for it.
    pub(crate) fn push_datagram(&mut self, datagram: Bytes) -> bool {
        let is_full = self.datagrams.len() == MAX_WAITING_DATAGRAMS;
        if is_full {
            self.datagrams.pop_front();
            self.dropped_datagrams += 1;
        }
        self.datagrams.push_back(datagram);
        is_full
    }

    /// Take the next thing to write.
    pub(crate) fn pop(&mut self) -> Option<Outgoing> {
        if std::mem::take(&mut self.ping) {
            return Some(Outgoing::Ping);
        }
        if let Some(line) = self.lines.pop_front() {
            self.line_bytes -= line.len() + LINE_OVERHEAD_BYTES;
            return Some(Outgoing::Line(line));
        }
        self.datagrams.pop_front().map(Outgoing::Datagram)
    }

    /// Drop everything, because nobody will read it.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            dropped_datagrams: self.dropped_datagrams,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(number: usize) -> Bytes {
        Bytes::copy_from_slice(&number.to_be_bytes())
    }

    #[test]
    fn lines_go_first_and_keep_their_order() {
        let mut outbox = Outbox::default();
        outbox.push_datagram(datagram(1));
        outbox.push_line("a".into()).unwrap();
        outbox.push_line("b".into()).unwrap();
        outbox.ping = true;
        let order: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
        let line = |text: &str| Outgoing::Line(text.into());
        let expected = [
            Outgoing::Ping,
            line("a"),
            line("b"),
            Outgoing::Datagram(datagram(1)),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn the_newest_datagrams_push_out_the_oldest() {
        let mut outbox = Outbox::default();
        let last = MAX_WAITING_DATAGRAMS + 10;
        let pushed_out = (0..last).filter(|&number| outbox.push_datagram(datagram(number)));
        assert_eq!(pushed_out.count(), 10);
        let kept: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
        let expected: Vec<_> = (10..last)
            .map(|number| Outgoing::Datagram(datagram(number)))
            .collect();
        assert_eq!(kept, expected);
        assert_eq!(outbox.dropped_datagrams, 10);
    }

    #[test]
    fn a_longest_line_fits_and_two_are_too_many() {
        let longest = "x".repeat(MAX_LINE_BYTES);
        let mut outbox = Outbox::default();
        assert_eq!(outbox.push_line(longest.clone()), Ok(()));
        assert_eq!(outbox.push_line(longest.clone()), Err(TooSlow));
        outbox.pop();
        assert_eq!(outbox.push_line(longest), Ok(()));
    }

    #[test]
    fn empty_lines_are_bounded_too() {
        let mut outbox = Outbox::default();
        let taken = (0..1_000_000)
            .take_while(|_| outbox.push_line(String::new()).is_ok())
            .count();
        assert_eq!(taken, MAX_WAITING_LINE_BYTES / LINE_OVERHEAD_BYTES);
    }
}
