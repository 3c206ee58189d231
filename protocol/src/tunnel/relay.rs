//! The relay's end.

use std::collections::VecDeque;

use super::LINE_OVERHEAD_BYTES;

/// Bytes of written lines that are kept for a client which may come back, their overhead included.
const MAX_KEPT_BYTES: usize = 32 * 1024;

/// The relay's end of a session: how many lines have come, the ones that wait to be written, and the newest ones that were.
/// A line may be of any type that is cheap to clone.
#[derive(Debug)]
pub struct RelayEnd<L> {
    /// Written lines are kept.
    is_resumable: bool,
    received: u64,
    /// First the written ones, then the ones that wait.
    lines: VecDeque<L>,
    /// The number of the first of `lines`, from 0.
    first: u64,
    /// How many of `lines` are written.
    written: usize,
    written_bytes: usize,
    waiting_bytes: usize,
    /// The client has surely had this many lines.
    acknowledged: u64,
}

impl<L: Clone + AsRef<str>> RelayEnd<L> {
    /// Make the end of a new session. Only a client with a token may come back.
    pub fn new(is_resumable: bool) -> Self {
        Self {
            is_resumable,
            received: 0,
            lines: VecDeque::new(),
            first: 0,
            written: 0,
            written_bytes: 0,
            waiting_bytes: 0,
            acknowledged: 0,
        }
    }

    /// A line has come from the client.
    pub fn handle_line(&mut self) {
        self.received += 1;
    }

    /// How many lines have come from the client in all.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Queue a line of the game server for the client.
    pub fn push(&mut self, line: L) {
        self.waiting_bytes += cost(&line);
        self.lines.push_back(line);
    }

    /// Take the next line to write.
    pub fn pop(&mut self) -> Option<L> {
        let line = self.lines.get(self.written)?.clone();
        let bytes = cost(&line);
        self.waiting_bytes -= bytes;
        self.written_bytes += bytes;
        self.written += 1;
        self.forget();
        Some(line)
    }

    /// How many lines were written in all.
    pub fn written(&self) -> u64 {
        self.first + self.written as u64
    }

    /// What the lines cost that wait to be written.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// What the written lines cost that are kept.
    pub fn kept_bytes(&self) -> usize {
        self.written_bytes
    }

    /// The client has surely had the first `lines` lines.
    pub fn acknowledge(&mut self, lines: u64) {
        self.acknowledged = self.acknowledged.max(lines.min(self.written()));
        self.forget();
    }

    /// The client is back and has had `received` lines: the ones after them wait to be written. False: the session cannot be
    /// resumed, because some of them are no longer kept or were never written. Nothing was changed then.
    ///
    /// A client that has sent no line may not know of this session yet, and mean one before it.
    pub fn resume(&mut self, received: u64) -> bool {
        let is_known = self.is_resumable && self.received > 0;
        if !is_known || received < self.first || received > self.written() {
            return false;
        }
        while self.written() > received {
            self.written -= 1;
            let bytes = self.lines.get(self.written).map_or(0, cost);
            self.written_bytes -= bytes;
            self.waiting_bytes += bytes;
        }
        self.acknowledge(received);
        true
    }

    /// Forget written lines that the client has had, and the oldest beyond the limit.
    fn forget(&mut self) {
        while self.written > 0
            && (!self.is_resumable
                || self.first < self.acknowledged
                || self.written_bytes > MAX_KEPT_BYTES)
        {
            let Some(line) = self.lines.pop_front() else {
                return;
            };
            self.first += 1;
            self.written -= 1;
            self.written_bytes -= cost(&line);
        }
        if self.lines.is_empty() && self.lines.capacity() > 16 {
            self.lines.shrink_to(0);
        }
    }
}

fn cost(line: &impl AsRef<str>) -> usize {
    line.as_ref().len() + LINE_OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lines: &[&str]) -> RelayEnd<String> {
        let mut end = RelayEnd::new(true);
        end.handle_line();
        for line in lines {
            end.push((*line).to_owned());
            end.pop();
        }
        end
    }

    fn waiting(end: &mut RelayEnd<String>) -> Vec<String> {
        std::iter::from_fn(|| end.pop()).collect()
    }

    #[test]
    fn lines_that_the_client_has_not_had_are_written_again() {
        let mut end = written(&["a", "b", "c"]);
        end.push("d".to_owned());
        assert!(end.resume(1));
        assert_eq!(waiting(&mut end), ["b", "c", "d"]);
        assert!(end.resume(4));
        assert_eq!(waiting(&mut end), [""; 0]);
        assert_eq!((end.waiting_bytes(), end.kept_bytes()), (0, 0));
    }

    #[test]
    fn a_count_beyond_what_was_written_or_kept_is_refused() {
        let mut end = written(&["a", "b"]);
        end.push("c".to_owned());
        assert!(!end.resume(3), "never written");
        end.acknowledge(1);
        assert!(!end.resume(0), "forgotten");
        assert_eq!(waiting(&mut end), ["c"], "nothing was changed");
        assert!(end.resume(1));
        end.acknowledge(u64::MAX);
        assert_eq!(end.kept_bytes(), 0);
        assert_eq!(
            waiting(&mut end),
            ["b", "c"],
            "what waits is never forgotten"
        );
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_waits_is_not_dropped() {
        let mut end = RelayEnd::new(true);
        for _ in 0..1000 {
            end.push("x".repeat(100));
        }
        assert_eq!(end.waiting_bytes(), 1000 * (100 + LINE_OVERHEAD_BYTES));
        while end.pop().is_some() {
            assert!(end.kept_bytes() <= MAX_KEPT_BYTES);
        }
        assert!(end.kept_bytes() > MAX_KEPT_BYTES - 200);
        assert_eq!(end.written(), 1000);
        end.push("y".repeat(MAX_KEPT_BYTES));
        end.pop();
        assert_eq!(end.kept_bytes(), 0, "longer than all that is kept");
    }

    #[test]
    fn a_session_of_which_the_client_may_not_know_is_not_resumed() {
        let mut end = RelayEnd::new(true);
        end.push("a".to_owned());
        end.pop();
        assert!(!end.resume(1));
        end.handle_line();
        assert!(end.resume(1));
    }

    #[test]
    fn nothing_is_kept_for_a_client_without_a_token() {
        let mut end = RelayEnd::new(false);
        end.handle_line();
        end.push("a".to_owned());
        assert_eq!(end.pop().as_deref(), Some("a"));
        assert_eq!(end.kept_bytes(), 0);
        assert!(!end.resume(1));
    }
}
