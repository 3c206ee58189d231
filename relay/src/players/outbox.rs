//! What waits to be written to one browser. Answers are reliable: if too many wait, no more are read from the game server, and
//! the newest that were written are kept for a client that comes back. Lines that nobody asked for are left out where much waits.
//! Datagrams are not reliable: the oldest are dropped for the newest. No I/O here: `websocket` takes things out as the browser reads.

use std::collections::VecDeque;

use bytes::Bytes;
use protocol::event::EventKind;
use protocol::frame::Notice;
use protocol::line::MAX_LINE_BYTES;
use protocol::tunnel::{LINE_OVERHEAD_BYTES, RelayEnd};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::metrics::Sample;

/// Bytes of lines that may wait before the relay stops reading from the game server. What it has read already, at most one of the
/// longest lines, comes on top.
const MAX_WAITING_LINE_BYTES: usize = 256 * 1024;
/// Datagrams that may wait. A full room at 20 Hz sends 400 a second, so the oldest is 160 ms old.
pub(crate) const MAX_WAITING_DATAGRAMS: usize = 64;

/// Bytes of lines without a number beyond which a session without a WebSocket ends. Its game server is read all the time, so that its
/// own questions are answered. Others can make one answer as long as a line may be.
const MAX_LINE_BYTES_AWAY: usize = MAX_WAITING_LINE_BYTES + MAX_LINE_BYTES;
/// Bytes of pushed lines that may wait where much waits, or where the player is away: they are left out beyond it. So others can
/// neither end a session nor spend its part of the budget: each session has 32 KiB free.
const MAX_PUSHED_BYTES: usize = 24 * 1024;

/// Bytes of datagrams that may follow each byte of a line before the next line. Whatever lines wait, four fifths of a link that is
/// too narrow are for positions.
const DATAGRAM_BYTES_PER_LINE_BYTE: usize = 4;

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
    origin: Origin,
}

impl Line {
    fn bytes(&self) -> usize {
        self.text.len() + LINE_OVERHEAD_BYTES
    }
}

/// Why a line of the game server comes. It says what may be left out, and stays with the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It answers the player, or is about the player's connection.
    Answer,
    /// Another player has caused it.
    Pushed,
    /// It starts a race: only the newest matters.
    Start,
    /// The relay does not know it. It may be a newer server's answer.
    Unknown,
}

impl Origin {
    /// Say why a line of this kind comes.
    pub(crate) const fn of(kind: Option<EventKind>) -> Self {
        use EventKind as Kind;
        match kind {
            Some(Kind::RelayedMessage | Kind::Chat) => Self::Pushed,
            Some(Kind::PlayerJoined | Kind::PlayerLeft) => Self::Pushed,
            Some(Kind::GameStarted) => Self::Start,
            None | Some(Kind::Unknown) => Self::Unknown,
            Some(_) => Self::Answer,
        }
    }
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
    /// Bytes of datagrams that go before the next line, so that no flood of lines keeps positions waiting.
    credit: usize,
    /// What the lines without a number cost that others have caused.
    pushed_bytes: usize,
    /// The same for those of which the relay does not know why they come.
    unknown_bytes: usize,
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
            credit: 0,
            pushed_bytes: 0,
            unknown_bytes: 0,
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

    /// Say whether so much waits that the session of a player who is away must end.
    pub(crate) fn is_full_away(&self) -> bool {
        self.lines.unnumbered_bytes() > MAX_LINE_BYTES_AWAY
    }

    /// Queue a line.
    pub(crate) fn push_line(&mut self, line: String, origin: Origin) {
        let text = line.into();
        let line = Line { text, origin };
        if let Some(bytes) = self.bytes_of(origin) {
            *bytes += line.bytes();
        }
        self.lines.push(line);
    }

    /// Queue a line for a player who is away. False: it is left out. The newest start of a race takes the place of those that wait.
    pub(crate) fn push_line_away(&mut self, line: String, origin: Origin) -> bool {
        let is_much = self.pushed_bytes + self.unknown_bytes + line.len() > MAX_PUSHED_BYTES;
        match origin {
            Origin::Pushed | Origin::Unknown if is_much => return false,
            Origin::Start => self.push_newest_start(line),
            _ => self.push_line(line, origin),
        }
        true
    }

    /// Queue the start of a race in the place of those that wait.
    pub(crate) fn push_newest_start(&mut self, line: String) {
        let pushed_bytes = &mut self.pushed_bytes;
        self.lines.drop_unnumbered(|line| {
            let is_start = line.origin == Origin::Start;
            if is_start {
                *pushed_bytes -= line.bytes();
            }
            is_start
        });
        self.push_line(line, Origin::Start);
    }

    /// Leave out what nobody asked for, beyond a little: of starts of races all but the newest. What was ever written to a WebSocket
    /// stays, because client and relay count it. Gives how many lines it was.
    pub(crate) fn leave_out_pushed(&mut self, is_away: bool) -> u64 {
        let unknown = if is_away { self.unknown_bytes } else { 0 };
        if self.pushed_bytes + unknown <= MAX_PUSHED_BYTES {
            return 0;
        }
        let starts = self.lines.unnumbered();
        let starts = starts.filter(|line| line.origin == Origin::Start).count();
        let mut older_starts = starts.saturating_sub(1);
        let (mut left_out, mut kept) = (0, 0);
        let (pushed_bytes, unknown_bytes) = (&mut self.pushed_bytes, &mut self.unknown_bytes);
        self.lines.drop_unnumbered(|line| {
            let (bytes, counted) = match line.origin {
                Origin::Answer => return false,
                Origin::Unknown if !is_away => return false,
                Origin::Unknown => (line.bytes(), &mut *unknown_bytes),
                Origin::Pushed | Origin::Start => (line.bytes(), &mut *pushed_bytes),
            };
            let is_left_out = match line.origin {
                Origin::Start => older_starts > 0,
                _ => kept + bytes > MAX_PUSHED_BYTES,
            };
            if line.origin == Origin::Start {
                older_starts = older_starts.saturating_sub(1);
            }
            if is_left_out {
                *counted -= bytes;
                left_out += 1;
            } else {
                kept += bytes;
            }
            is_left_out
        });
        left_out
    }

    /// What the lines without a number cost that come for this reason. `None`: it does not count, because they are never left out.
    fn bytes_of(&mut self, origin: Origin) -> Option<&mut usize> {
        match origin {
            Origin::Answer => None,
            Origin::Pushed | Origin::Start => Some(&mut self.pushed_bytes),
            Origin::Unknown => Some(&mut self.unknown_bytes),
        }
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
        if self.credit > 0
            && let Some(datagram) = self.pop_datagram()
        {
            return Some(datagram);
        }
        if let Some(line) = self.pop_line() {
            self.credit = DATAGRAM_BYTES_PER_LINE_BYTE * line.bytes();
            return Some(Outgoing::Text(line.text));
        }
        self.pop_datagram()
    }

    fn pop_line(&mut self) -> Option<Line> {
        let before = self.lines.unnumbered_bytes();
        let line = self.lines.pop()?;
        // A line that is written again has had its number before.
        let numbered = before - self.lines.unnumbered_bytes();
        if let Some(bytes) = self.bytes_of(line.origin) {
            *bytes -= numbered;
        }
        Some(line)
    }

    fn pop_datagram(&mut self) -> Option<Outgoing> {
        let (datagram, sample) = self.datagrams.pop_front()?;
        self.taken = sample;
        self.credit = self.credit.saturating_sub(datagram.len());
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
    use proptest::prelude::*;

    use super::*;

    fn datagram(number: usize) -> Bytes {
        Bytes::copy_from_slice(&number.to_be_bytes())
    }

    fn text(text: &str) -> Outgoing {
        Outgoing::Text(text.into())
    }

    fn push(outbox: &mut Outbox, line: impl Into<String>) {
        outbox.push_line(line.into(), Origin::Answer);
    }

    #[test]
    fn datagrams_get_four_bytes_for_each_of_the_lines() {
        let mut outbox = Outbox::new(false);
        for line in ["x".repeat(136), String::new(), "y".into()] {
            push(&mut outbox, line);
        }
        let mut order = Vec::new();
        while outbox.waiting_datagrams() < MAX_WAITING_DATAGRAMS {
            outbox.push_datagram(Bytes::from_static(&[0; 100]), None);
        }
        while let Some(next) = outbox.pop() {
            order.push(next);
        }
        let lines: Vec<_> = (0..order.len())
            .filter(|&place| matches!(order[place], Outgoing::Text(_)))
            .collect();
        // After 200 bytes with the overhead 800, and after 64 bytes 256.
        assert_eq!(lines, [0, 9, 13]);
    }

    /// A link of 256 kB a second, a room of nine, and others who always have a line for one of them.
    #[test]
    fn long_lines_do_not_starve_positions() {
        const LINK_BYTES_PER_MS: usize = 256;
        const POSITION_BYTES: usize = 154;
        for line_bytes in [100, 47 * 1024] {
            let mut outbox = Outbox::new(false);
            let (mut now_us, mut pushed, mut written, mut lines) = (0, 0, 0, 0);
            while now_us < 10_000_000 {
                // 160 a second.
                while pushed * 6_250 < now_us {
                    pushed += 1;
                    outbox.push_datagram(Bytes::from_static(&[0; POSITION_BYTES]), None);
                }
                while outbox.lines.waiting_bytes() < 100_000 {
                    push(&mut outbox, "x".repeat(line_bytes));
                }
                let bytes = match outbox.pop().unwrap() {
                    Outgoing::Text(line) => {
                        lines += 1;
                        line.len()
                    }
                    Outgoing::Datagram(datagram) => {
                        written += 1;
                        datagram.len()
                    }
                    Outgoing::Ping(_) => 0,
                };
                now_us += bytes * 1000 / LINK_BYTES_PER_MS;
            }
            assert!(written * 100 > pushed * 97, "{written} of {pushed}");
            assert!(lines * line_bytes > 1_000_000, "{lines}");
        }
    }

    fn filled(is_resumable: bool, lines: &[(&str, Origin)]) -> Outbox {
        let mut outbox = Outbox::new(is_resumable);
        outbox.lines.handle_line();
        for (line, origin) in lines {
            outbox.push_line((*line).to_owned(), *origin);
        }
        outbox
    }

    fn lines(outbox: &mut Outbox) -> Vec<String> {
        let texts = std::iter::from_fn(|| outbox.pop()).filter_map(|next| match next {
            Outgoing::Text(line) => Some(line.as_str()[..2].to_owned()),
            _ => None,
        });
        texts.collect()
    }

    #[test]
    fn what_nobody_asked_for_is_left_out_and_no_answer_is() {
        use Origin::{Answer, Pushed, Start, Unknown};
        let long = |name: &str| name.repeat(6 * 1024);
        let [answer, one, two, three, unknown] = ["a1", "p1", "p2", "p3", "u1"].map(long);
        let all = [
            ("s1", Start),
            (&*answer, Answer),
            (&*one, Pushed),
            (&*two, Pushed),
            ("s2", Start),
            ("p0", Pushed),
            (&*unknown, Unknown),
            (&*three, Pushed),
            ("s3", Start),
            (&*answer, Answer),
        ];
        for (is_away, expected) in [
            (false, ["a1", "p1", "p0", "u1", "s3", "a1"].as_slice()),
            (true, &["a1", "p1", "p0", "s3", "a1"]),
        ] {
            let mut outbox = filled(false, &all);
            let left_out = outbox.leave_out_pushed(is_away);
            assert_eq!(left_out as usize, all.len() - expected.len());
            assert_eq!(outbox.leave_out_pushed(is_away), 0);
            assert_eq!(lines(&mut outbox), expected);
            assert_eq!(outbox.line_bytes(), 0);
        }
        let little = [("s1", Start), (&*one, Pushed), ("s2", Start)];
        assert_eq!(filled(false, &little).leave_out_pushed(true), 0);
    }

    #[test]
    fn what_a_websocket_was_given_is_never_left_out() {
        let long = ["p1", "p2", "p3"].map(|name| name.repeat(6 * 1024));
        let pushed: Vec<_> = long.iter().map(|it| (&**it, Origin::Pushed)).collect();
        let mut outbox = filled(true, &[("s1", Origin::Start)]);
        for (line, origin) in pushed {
            outbox.push_line(line.to_owned(), origin);
        }
        // The second long one has to wait for the client.
        assert_eq!(lines(&mut outbox), ["s1", "p1", "p2"]);
        for _ in 0..2 {
            assert!(outbox.lines.resume(0));
            outbox.push_newest_start("s2".into());
            outbox.leave_out_pushed(true);
        }
        assert_eq!(lines(&mut outbox), ["s1", "p1", "p2"]);
        outbox.lines.finish();
        assert_eq!(lines(&mut outbox), ["p3", "s2"]);
    }

    #[test]
    fn answers_crowd_no_message_out() {
        let mut outbox = Outbox::new(true);
        push(&mut outbox, "x".repeat(2 * MAX_PUSHED_BYTES));
        assert!(outbox.push_line_away("hello".into(), Origin::Pushed));
        assert_eq!(outbox.leave_out_pushed(true), 0);
    }

    proptest! {
        /// Whatever happens, what is counted is what waits, so nothing underflows and little is kept.
        #[test]
        fn what_may_be_left_out_is_counted_exactly(
            steps in prop::collection::vec((0_u8..10, 0_usize..12_000), 0..60),
        ) {
            use Origin::{Answer, Pushed, Start, Unknown};
            let mut outbox = filled(true, &[]);
            for (step, bytes) in steps {
                let line = "x".repeat(bytes);
                match step {
                    0..4 => outbox.push_line(line, [Answer, Pushed, Start, Unknown][usize::from(step)]),
                    4 => drop(outbox.push_line_away(line, [Pushed, Unknown, Start][bytes % 3])),
                    5 => outbox.push_newest_start(line),
                    6 => drop(outbox.leave_out_pushed(bytes % 2 == 0)),
                    7 => assert!(outbox.lines.resume(outbox.lines.written())),
                    8 => {
                        let received = outbox.lines.written().saturating_sub(bytes as u64 % 3);
                        let _kept = outbox.lines.resume(received);
                    }
                    _ => drop(outbox.pop()),
                }
                let sum = |origins: &[Origin]| -> usize {
                    let lines = outbox.lines.unnumbered();
                    let lines = lines.filter(|line| origins.contains(&line.origin));
                    lines.map(Line::bytes).sum()
                };
                prop_assert_eq!(sum(&[Pushed, Start]), outbox.pushed_bytes);
                prop_assert_eq!(sum(&[Unknown]), outbox.unknown_bytes);
                if step == 6 && bytes % 2 == 0 {
                    prop_assert!(sum(&[Pushed, Unknown]) <= MAX_PUSHED_BYTES);
                }
            }
        }
    }

    #[test]
    fn a_player_who_is_away_may_wait_for_one_answer_of_any_length() {
        let mut outbox = Outbox::new(true);
        push(&mut outbox, "x".repeat(MAX_LINE_BYTES));
        while !outbox.is_full_away() {
            assert!(outbox.line_bytes() < 2 * MAX_LINE_BYTES);
            assert!(outbox.push_line_away("x".repeat(1000), Origin::Answer));
        }
        assert!(outbox.line_bytes() > MAX_LINE_BYTES + MAX_WAITING_LINE_BYTES);
    }

    #[test]
    fn notices_go_before_lines_and_a_line_before_datagrams() {
        let mut outbox = Outbox::new(false);
        outbox.push_datagram(datagram(1), None);
        push(&mut outbox, "a");
        push(&mut outbox, "b");
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
        push(&mut outbox, "a");
        outbox.pop();
        outbox.pop();
        push(&mut outbox, "b");
        outbox.ping = true;
        assert_eq!(outbox.pop(), Some(Outgoing::Ping(1)));
    }

    #[test]
    fn only_lines_outlive_a_websocket() {
        let mut outbox = Outbox::new(true);
        outbox.lines.handle_line();
        push(&mut outbox, "a");
        outbox.pop();
        push(&mut outbox, "b");
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
                push(&mut outbox, line.clone());
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
