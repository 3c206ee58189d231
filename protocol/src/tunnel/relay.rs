//! The relay's end.

use std::collections::VecDeque;

use super::LINE_OVERHEAD_BYTES;

/// Bytes of written lines, their overhead included, that the client may not have had. More wait. A longer line is written when there
/// are no others.
const WINDOW_BYTES: usize = 32 * 1024;
/// After this many bytes of written lines the client is asked whether it has had them.
const MARK_AFTER_BYTES: usize = WINDOW_BYTES / 4;

/// The relay's end of a session: how many lines have come, the ones that wait to be written, and the written ones that the client
/// may not have had. A line may be of any type that is cheap to clone.
#[derive(Debug)]
pub struct RelayEnd<L> {
    is_resumable: bool,
    received: u64,
    /// First the written ones, then the ones that wait.
    lines: VecDeque<L>,
    /// The number of the first of `lines`, from 0.
    first: u64,
    /// How many of `lines` are written.
    written: usize,
    /// How many lines in all were written to any of the client's WebSockets. These have their numbers for good, although some of them may
    /// wait to be written again.
    numbered: u64,
    written_bytes: usize,
    waiting_bytes: usize,
    /// The part of `waiting_bytes` of the lines that have no number.
    unnumbered_bytes: usize,
    marks: Marks,
}

/// What one WebSocket's client was asked to confirm.
#[derive(Debug, Default)]
struct Marks {
    newest: u64,
    answered: u64,
    unanswered: u32,
    /// Bytes of lines that were written after the newest one.
    bytes_since: usize,
}

impl<L: Clone + AsRef<str>> RelayEnd<L> {
    /// Make the end of a new session. Only a client with a token may come back, and is asked what it has had.
    pub fn new(is_resumable: bool) -> Self {
        Self {
            is_resumable,
            received: 0,
            lines: VecDeque::new(),
            first: 0,
            written: 0,
            numbered: 0,
            written_bytes: 0,
            waiting_bytes: 0,
            unnumbered_bytes: 0,
            marks: Marks::default(),
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
        self.unnumbered_bytes += cost(&line);
        self.lines.push_back(line);
    }

    /// Take the next line to write. `None`: none waits, or so many written ones are unconfirmed that the next one must wait.
    pub fn pop(&mut self) -> Option<L> {
        if self.is_blocked() {
            return None;
        }
        let line = self.lines.get(self.written)?.clone();
        let bytes = cost(&line);
        self.waiting_bytes -= bytes;
        self.written_bytes += bytes;
        self.marks.bytes_since += bytes;
        self.written += 1;
        if self.written() > self.numbered {
            self.numbered = self.written();
            self.unnumbered_bytes -= bytes;
        }
        if !self.is_resumable {
            self.forget_until(self.written());
        }
        Some(line)
    }

    /// Say whether a line waits because too many written ones are unconfirmed.
    pub fn is_blocked(&self) -> bool {
        let next = self.lines.get(self.written).filter(|_| self.written > 0);
        next.is_some_and(|line| self.written_bytes + cost(line) > WINDOW_BYTES)
    }

    /// Say whether the client should be asked what it has had, beside the times at which it is asked anyway.
    pub fn is_mark_due(&self) -> bool {
        let is_much = self.marks.bytes_since >= MARK_AFTER_BYTES;
        let is_wanted = is_much || (self.marks.unanswered == 0 && self.is_blocked());
        is_wanted && self.is_resumable
    }

    /// Give the number of written lines, for a ping that the client answers with the same number.
    pub fn mark(&mut self) -> u64 {
        let written = self.written();
        self.marks.newest = written;
        self.marks.unanswered = self.marks.unanswered.saturating_add(1);
        self.marks.bytes_since = 0;
        written
    }

    /// A number has come back. A page may be a little behind its browser, which answers for it, so it has surely had only the
    /// lines before the number that came back before. False: nobody asked for this answer.
    pub fn handle_mark(&mut self, number: u64) -> bool {
        let marks = &mut self.marks;
        if marks.unanswered == 0 || number > marks.newest {
            return false;
        }
        // A browser may leave out all answers but the newest.
        marks.unanswered = match number == marks.newest {
            true => 0,
            false => marks.unanswered - 1,
        };
        let before = std::mem::replace(&mut marks.answered, number);
        self.forget_until(before);
        true
    }

    /// The session ends: what waits is written without waiting for the client.
    pub fn finish(&mut self) {
        self.is_resumable = false;
        self.forget_until(self.written());
    }

    /// Drop the lines that are so, in their order, of those that have never been written. The others have their numbers, by which the
    /// client counts.
    pub fn drop_unnumbered(&mut self, mut is_so: impl FnMut(&L) -> bool) {
        for line in self.lines.split_off(self.first_unnumbered()) {
            if is_so(&line) {
                self.waiting_bytes -= cost(&line);
                self.unnumbered_bytes -= cost(&line);
            } else {
                self.lines.push_back(line);
            }
        }
    }

    /// Give the lines that have never been written, the oldest first.
    pub fn unnumbered(&self) -> impl Iterator<Item = &L> {
        self.lines.range(self.first_unnumbered()..)
    }

    /// The place in `lines` of the first that has never been written.
    fn first_unnumbered(&self) -> usize {
        let kept = self.numbered.saturating_sub(self.first);
        usize::try_from(kept).map_or(self.lines.len(), |kept| kept.min(self.lines.len()))
    }

    /// How many lines were written in all.
    pub fn written(&self) -> u64 {
        self.first + self.written as u64
    }

    /// What the lines cost that wait to be written.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// What the lines cost that have never been written.
    pub fn unnumbered_bytes(&self) -> usize {
        self.unnumbered_bytes
    }

    /// What the written lines cost that are kept. It is more than 32 KiB only for a single line.
    pub fn kept_bytes(&self) -> usize {
        self.written_bytes
    }

    /// What the kept lines cost beyond what each session may keep.
    pub fn excess_bytes(&self) -> usize {
        self.written_bytes.saturating_sub(WINDOW_BYTES)
    }

    /// The client is back on another WebSocket and has had `received` lines: the ones after them wait to be written. False: the session
    /// cannot be resumed, because some of them are no longer kept or were never written. Nothing was changed then.
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
        self.marks = Marks::default();
        self.forget_until(received);
        true
    }

    /// Forget the written lines before this number, which the client has had.
    fn forget_until(&mut self, number: u64) {
        while self.written > 0 && self.first < number {
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

    /// The client answers twice, so all that was written is confirmed.
    fn confirm(end: &mut RelayEnd<String>) {
        for _ in 0..2 {
            let mark = end.mark();
            assert!(end.handle_mark(mark));
        }
    }

    #[test]
    fn a_count_beyond_what_was_written_or_kept_is_refused() {
        let mut end = written(&["a", "b"]);
        end.push("c".to_owned());
        assert!(!end.resume(3), "never written");
        assert_eq!(end.mark(), 2);
        assert!(end.handle_mark(2));
        assert!(
            end.resume(0),
            "the page may be behind the browser that answered"
        );
        assert_eq!(waiting(&mut end), ["a", "b", "c"]);
        confirm(&mut end);
        assert!(!end.resume(0), "forgotten");
        assert_eq!(end.kept_bytes(), 0);
        assert!(end.resume(3));
    }

    #[test]
    fn only_answers_that_were_asked_for_count() {
        let mut end = written(&["a"]);
        assert!(!end.handle_mark(0));
        end.mark();
        assert!(!end.handle_mark(u64::MAX));
        assert!(end.handle_mark(1));
        assert!(!end.handle_mark(1));
        end.mark();
        end.mark();
        assert!(end.handle_mark(1), "the newest of two");
        assert!(!end.handle_mark(1));
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_waits_is_not_dropped() {
        let mut end = RelayEnd::new(true);
        end.handle_line();
        for number in 0..1000 {
            end.push(format!("{number} {}", "x".repeat(100)));
        }
        // Nobody answers, so the rest waits, and nothing that was written is forgotten.
        let mut unanswered = Vec::new();
        while end.is_mark_due() || !end.is_blocked() {
            match end.is_mark_due() {
                true => unanswered.push(end.mark()),
                false => assert!(end.pop().is_some()),
            }
        }
        assert!((3..=4).contains(&unanswered.len()), "{unanswered:?}");
        assert!(end.kept_bytes() <= WINDOW_BYTES);
        assert!(end.kept_bytes() > WINDOW_BYTES - 200);
        assert_eq!(end.pop(), None);
        assert!(end.resume(0));
        assert_eq!(
            end.waiting_bytes(),
            (0..1000)
                .map(|n: u32| cost(&format!("{n} {}", "x".repeat(100))))
                .sum::<usize>()
        );
        // Somebody answers, so all of it passes.
        let mut numbers = 0..1000;
        while end.waiting_bytes() > 0 {
            if end.is_mark_due() {
                let mark = end.mark();
                assert!(end.handle_mark(mark));
            }
            while let Some(line) = end.pop() {
                let number = numbers.next().unwrap();
                assert!(line.starts_with(&format!("{number} ")));
            }
            assert!(end.kept_bytes() <= WINDOW_BYTES);
        }
        assert_eq!((numbers.next(), end.written()), (None, 1000));
    }

    #[test]
    fn a_line_longer_than_the_window_is_kept_alone() {
        let mut end = written(&["a"]);
        let long = "y".repeat(2 * WINDOW_BYTES);
        end.push(long.clone());
        end.push("b".to_owned());
        assert_eq!(end.pop(), None);
        assert!(end.is_mark_due());
        confirm(&mut end);
        assert_eq!(waiting(&mut end), [long.as_str()]);
        assert_eq!(end.excess_bytes(), cost(&long) - WINDOW_BYTES);
        assert!(end.resume(1));
        assert_eq!(waiting(&mut end), [long.as_str()]);
        confirm(&mut end);
        assert_eq!(waiting(&mut end), ["b"]);
        assert_eq!(end.excess_bytes(), 0);
        end.push(long.clone());
        assert_eq!(end.pop(), None);
        end.finish();
        assert_eq!(waiting(&mut end), [long.as_str()]);
        assert!(!end.resume(end.written()));
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
    fn a_client_without_a_token_cannot_come_back() {
        let mut end = RelayEnd::new(false);
        end.handle_line();
        end.push("a".to_owned());
        assert_eq!(end.pop().as_deref(), Some("a"));
        assert!(!end.resume(1));
        // It is not asked, and nothing waits for it.
        end.push("x".repeat(2 * WINDOW_BYTES));
        assert!(end.pop().is_some());
        assert!(!end.is_blocked() && !end.is_mark_due());
        assert_eq!(end.kept_bytes(), 0);
    }

    #[test]
    fn only_lines_without_a_number_are_dropped() {
        let mut end = written(&["a1", "b1"]);
        for line in ["a2", "b2", "a3"] {
            end.push(line.to_owned());
        }
        assert!(end.unnumbered().eq(["a2", "b2", "a3"]));
        // Also not those that wait to be written again.
        for _ in 0..2 {
            end.drop_unnumbered(|line| line.starts_with('a'));
            assert!(end.unnumbered().eq(["b2"]));
            assert_eq!(end.unnumbered_bytes(), cost(&"b2"));
            assert!(end.resume(0));
        }
        assert_eq!(waiting(&mut end), ["a1", "b1", "b2"]);
        assert_eq!((end.unnumbered_bytes(), end.unnumbered().count()), (0, 0));
        confirm(&mut end);
        assert_eq!((end.waiting_bytes(), end.kept_bytes()), (0, 0));
        end.push("a4".to_owned());
        end.drop_unnumbered(|_| true);
        assert_eq!((end.waiting_bytes(), end.unnumbered_bytes()), (0, 0));
        assert_eq!(waiting(&mut end), [""; 0]);
    }
}
