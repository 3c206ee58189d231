//! What waits to be written to one browser. Lines are reliable: if too many wait, no more are read from the game server.
//! Datagrams are not: the oldest are dropped for the newest. No I/O here: `websocket` takes things out as the browser reads.

use std::collections::VecDeque;

use bytes::Bytes;

/// Bytes of lines that may wait before the relay stops reading from the game server. What it has read already, at most one of the
/// longest lines, comes on top.
const MAX_WAITING_LINE_BYTES: usize = 256 * 1024;
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

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// A ping waits: the browser has read nothing since it was queued.
    pub(super) ping: bool,
    lines: VecDeque<String>,
    /// The cost of `lines`.
    line_bytes: usize,
    /// Never more than `MAX_WAITING_DATAGRAMS`.
    datagrams: VecDeque<Bytes>,
    pub(super) dropped_datagrams: u64,
}

impl Outbox {
    /// What the waiting lines cost.
    pub(crate) fn line_bytes(&self) -> usize {
        self.line_bytes
    }

    /// Say whether so many lines wait that no more may be read from the game server.
    pub(crate) fn is_full(&self) -> bool {
        self.line_bytes > MAX_WAITING_LINE_BYTES
    }

    /// Queue a line.
    pub(crate) fn push_line(&mut self, line: String) {
        self.line_bytes += line.len() + LINE_OVERHEAD_BYTES;
        self.lines.push_back(line);
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
        outbox.push_line("a".into());
        outbox.push_line("b".into());
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
    fn it_is_full_until_enough_lines_are_taken() {
        for line in [String::new(), "x".repeat(1000)] {
            let mut outbox = Outbox::default();
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
