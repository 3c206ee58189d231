//! Sign-ins that cost the game server a password hash take turns, and so do the addresses they come from. To the game server all players
//! of a relay are one address, so it cannot tell who asks too much. What a player sends after a sign-in waits behind it.

use std::collections::VecDeque;
use std::future::pending;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use protocol::event::Event;
use protocol::refusal;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::session::PlayerLine;
use crate::config::Timeouts;
use crate::limits::{NoPlace, Rank, Sizes, Turn, Turns, Wait};
use crate::metrics::Limit;

/// Our game server hashes two passwords at once, and a far one should not wait for the next. So many hashes are the longest wait
/// of a newcomer behind those of one other address.
const MAX_AT_SERVER: usize = 8;
/// The players of a few schools that come back at once.
const MAX_WAITING: usize = 1024;
const MAX_WAITING_OF_ADDRESS: usize = 256;
/// What may wait behind a sign-in: each session may hold as much in any case (`limits::budget`).
const MAX_HELD_BYTES: usize = 32 * 1024;
/// What each line takes beside its text.
const LINE_OVERHEAD_BYTES: usize = size_of::<(String, PlayerLine)>();

/// What a sign-in that gets no turn is answered: the same as a game server's with too many.
pub(super) const TOO_MANY: &str =
    "Too many players sign in right now. Please try again in a moment.";

/// Make the turns of the players of one game server. If they are not told apart, one address may have all of them.
pub(crate) fn turns(tells_clients_apart: bool) -> Turns {
    let (turns_of_one, places_of_one) = match tells_clients_apart {
        // Nobody who makes the game server slow to answer holds all of them.
        true => (MAX_AT_SERVER / 2, MAX_WAITING_OF_ADDRESS),
        false => (MAX_AT_SERVER, MAX_WAITING),
    };
    Turns::new(Sizes {
        turns: MAX_AT_SERVER,
        turns_of_one,
        places: MAX_WAITING,
        places_of_one,
    })
}

/// The sign-ins of one session, and the lines that wait behind them.
pub(super) struct SignIns {
    turns: Turns,
    /// The longest wait for a turn.
    max_wait: Duration,
    /// How long a sign-in without an answer keeps its turn.
    max_answer: Duration,
    stage: Stage,
    /// It has had a turn. Those who have not go first.
    is_known: bool,
    /// The first one is a sign-in.
    held: VecDeque<(String, PlayerLine)>,
    held_bytes: usize,
    /// Answers that are due for sign-ins that took no turn.
    due_without: u32,
}

enum Stage {
    Idle,
    /// The sign-in at the front waits for its turn.
    Waiting {
        wait: Wait,
        sign_ins: NonZeroU32,
        until: Instant,
    },
    /// The game server has the turn's sign-ins. Those of the session that come meanwhile wait.
    Asked {
        _turn: Turn,
        /// Answers that come before its own, to sign-ins that took no turn.
        due_before: u32,
        due: u32,
        until: Instant,
    },
}

/// What happens to the sign-in at the front.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It has its turn: forward it.
    Turn,
    /// It gets none: answer it with `TOO_MANY`.
    Refused(Limit),
    /// The one before it is over: ask for its turn.
    Next,
}

/// Too much waits behind a sign-in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

impl SignIns {
    pub(super) const fn new(turns: Turns, timeouts: &Timeouts) -> Self {
        Self {
            turns,
            max_wait: timeouts.sign_in_queue,
            max_answer: timeouts.sign_in,
            stage: Stage::Idle,
            is_known: false,
            held: VecDeque::new(),
            held_bytes: 0,
            due_without: 0,
        }
    }

    /// Say whether lines wait, so that others must wait behind them.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Say whether another sign-in of the session waits or is at the game server.
    pub(super) const fn is_busy(&self) -> bool {
        !matches!(self.stage, Stage::Idle)
    }

    /// Keep a line behind the others.
    pub(super) fn hold(&mut self, line: &str, read: PlayerLine) -> Result<(), TooMuch> {
        let bytes = self.held_bytes + line.len() + LINE_OVERHEAD_BYTES;
        if bytes > MAX_HELD_BYTES {
            return Err(TooMuch);
        }
        self.held_bytes = bytes;
        self.held.push_back((line.to_owned(), read));
        Ok(())
    }

    /// Give the line at the front.
    pub(super) fn front(&self) -> Option<&PlayerLine> {
        self.held.front().map(|(_, read)| read)
    }

    /// Take the line at the front.
    pub(super) fn pop(&mut self) -> Option<(String, PlayerLine)> {
        let (line, read) = self.held.pop_front()?;
        self.held_bytes -= line.len() + LINE_OVERHEAD_BYTES;
        if self.held.is_empty() {
            self.held.shrink_to_fit();
        }
        Some((line, read))
    }

    /// Ask for a turn for the line at the front, with so many sign-ins. [`next`](Self::next) says what came of it.
    pub(super) fn ask(
        &mut self,
        sign_ins: NonZeroU32,
        peer: IpAddr,
        is_signed_in: bool,
    ) -> Result<(), NoPlace> {
        let is_new = !self.is_known && !is_signed_in && sign_ins == NonZeroU32::MIN;
        let rank = if is_new { Rank::First } else { Rank::Behind };
        self.stage = Stage::Waiting {
            wait: self.turns.ask(Some(peer), rank)?,
            sign_ins,
            until: Instant::now() + self.max_wait,
        };
        Ok(())
    }

    /// Wait for what happens to the line at the front. Cancelling the wait loses nothing.
    pub(super) async fn next(&mut self) -> Step {
        let (stage, step) = match &mut self.stage {
            Stage::Idle if self.held.is_empty() => pending().await,
            Stage::Idle => return Step::Next,
            Stage::Waiting {
                wait,
                sign_ins,
                until,
            } => match timeout_at(*until, wait.turn()).await {
                Ok(Ok(turn)) => {
                    self.is_known = true;
                    let asked = Stage::Asked {
                        _turn: turn,
                        due_before: self.due_without,
                        due: sign_ins.get(),
                        until: Instant::now() + self.max_answer,
                    };
                    (asked, Step::Turn)
                }
                Ok(Err(NoPlace)) => (Stage::Idle, Step::Refused(Limit::SignInsWaiting)),
                Err(_elapsed) => (Stage::Idle, Step::Refused(Limit::SignInWait)),
            },
            Stage::Asked { until, .. } => {
                sleep_until(*until).await;
                (Stage::Idle, Step::Next)
            }
        };
        self.stage = stage;
        step
    }

    /// So many sign-ins go up that need no turn.
    pub(super) fn handle_without_turn(&mut self, sign_ins: u32) {
        self.due_without = self.due_without.saturating_add(sign_ins);
    }

    /// An event comes down to the player. Answers come in the order of the sign-ins.
    pub(super) fn handle_event(&mut self, event: &Event) {
        if !is_answer(event) {
            return;
        }
        match &mut self.stage {
            Stage::Asked {
                due_before: 0, due, ..
            } => {
                *due -= 1;
                if *due == 0 {
                    self.stage = Stage::Idle;
                }
            }
            stage => {
                if let Stage::Asked { due_before, .. } = stage {
                    *due_before -= 1;
                }
                self.due_without = self.due_without.saturating_sub(1);
            }
        }
    }

    /// The session ends: nothing waits any more.
    pub(super) fn end(&mut self) {
        self.stage = Stage::Idle;
        self.held.clear();
        self.held_bytes = 0;
    }
}

/// Say whether an event answers a sign-in.
fn is_answer(event: &Event) -> bool {
    match event {
        Event::NameOk { .. } | Event::AuthOk { .. } | Event::AuthFailed { .. } => true,
        Event::RegisterOk(_) | Event::RegisterFailed { .. } => true,
        Event::LoginOk(_) | Event::LoginFailed { .. } => true,
        Event::AutoAuthOk(_) | Event::AutoAuthFailed { .. } => true,
        Event::Error { message } => refusal::may_answer_sign_in(message),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn address(last: u8) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, last))
    }

    fn one() -> NonZeroU32 {
        NonZeroU32::MIN
    }

    fn unread() -> PlayerLine {
        PlayerLine::parse("")
    }

    fn session(turns: &Turns) -> SignIns {
        SignIns::new(turns.clone(), &Timeouts::default())
    }

    /// A session of this address that has asked for its turn.
    fn asking(turns: &Turns, last: u8) -> SignIns {
        let mut session = session(turns);
        session.hold("sign in", unread()).unwrap();
        session.ask(one(), address(last), false).unwrap();
        session
    }

    fn hear(session: &mut SignIns, line: &str) {
        session.handle_event(&Event::parse(line));
    }

    const OK: &str = r#"{"command":"NAME_OK","name":"Ann"}"#;
    const ROOM: &str = r#"{"command":"ERROR","message":"Room not found."}"#;
    const STRANGE: &str = r#"{"command":"ERROR","message":"Something new."}"#;
    const BUSY: &str = r#"{"command":"ERROR","message":"Too many players sign in right now."}"#;

    #[tokio::test(start_paused = true)]
    async fn a_newcomer_waits_for_a_few_hashes_however_many_of_another_address_wait() {
        let turns = turns(true);
        let mut flood: Vec<_> = (0..200).map(|_| asking(&turns, 1)).collect();
        for session in &mut flood[..MAX_AT_SERVER / 2] {
            assert_eq!(session.next().await, Step::Turn);
        }
        let started = Instant::now();
        let mut newcomer = asking(&turns, 2);
        assert_eq!(newcomer.next().await, Step::Turn);
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_eq!(
            turns.counts(),
            (MAX_AT_SERVER / 2 + 1, 200 - MAX_AT_SERVER / 2)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_addresses_each_waits_for_one_of_every_other() {
        let turns = turns(true);
        let mut flood: Vec<_> = (0..240).map(|it| asking(&turns, it % 12)).collect();
        let mut at_server: VecDeque<_> = flood.drain(..MAX_AT_SERVER).collect();
        let mut newcomer = asking(&turns, 99);
        let mut answered = 0;
        for session in &mut at_server {
            assert_eq!(session.next().await, Step::Turn);
        }
        while let Some(mut session) = at_server.pop_front() {
            hear(&mut session, OK);
            answered += 1;
            let got = tokio::select! {
                biased;
                step = newcomer.next() => Some(step),
                () = std::future::ready(()) => None,
            };
            if let Some(step) = got {
                assert_eq!(step, Step::Turn);
                break;
            }
            let next = flood.iter_mut().position(|session| {
                let mut next = std::pin::pin!(session.next());
                let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                std::future::Future::poll(next.as_mut(), &mut cx).is_ready()
            });
            at_server.push_back(flood.remove(next.unwrap()));
        }
        assert!(answered <= 13, "{answered}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_had_a_turn_goes_behind_who_has_not() {
        let turns = turns(true);
        let mut again = asking(&turns, 1);
        assert_eq!(again.next().await, Step::Turn);
        hear(&mut again, OK);
        let mut held: Vec<_> = (0..MAX_AT_SERVER as u8)
            .map(|it| asking(&turns, 10 + it))
            .collect();
        for session in &mut held {
            assert_eq!(session.next().await, Step::Turn);
        }
        again.ask(one(), address(1), false).unwrap();
        let mut signed_in = session(&turns);
        signed_in.ask(one(), address(2), true).unwrap();
        let mut newcomer = asking(&turns, 3);
        hear(&mut held[0], OK);
        tokio::select! {
            biased;
            step = again.next() => panic!("{step:?}"),
            step = signed_in.next() => panic!("{step:?}"),
            step = newcomer.next() => assert_eq!(step, Step::Turn),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_ends_with_the_answer_or_after_a_while() {
        let turns = turns(true);
        let mut session = session(&turns);
        // One without a password is answered first.
        session.handle_without_turn(1);
        session.ask(one(), address(1), false).unwrap();
        assert_eq!(session.next().await, Step::Turn);
        for line in [ROOM, STRANGE, OK] {
            hear(&mut session, line);
            assert!(session.is_busy(), "{line}");
        }
        hear(&mut session, BUSY);
        assert!(!session.is_busy());
        assert_eq!(turns.counts(), (0, 0));
        session
            .ask(NonZeroU32::new(3).unwrap(), address(1), false)
            .unwrap();
        assert_eq!(session.next().await, Step::Turn);
        hear(&mut session, OK);
        hear(&mut session, OK);
        let started = Instant::now();
        assert_eq!(session.next().await, Step::Next);
        assert_eq!(started.elapsed(), Timeouts::default().sign_in);
        assert_eq!(turns.counts(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_or_is_too_many_is_refused() {
        let turns = turns(true);
        let mut sessions: Vec<_> = (0..MAX_WAITING_OF_ADDRESS + MAX_AT_SERVER / 2)
            .map(|_| asking(&turns, 1))
            .collect();
        let mut late = session(&turns);
        assert_eq!(late.ask(one(), address(1), false), Err(NoPlace));
        let started = Instant::now();
        let waiting = sessions.last_mut().unwrap();
        assert_eq!(waiting.next().await, Step::Refused(Limit::SignInWait));
        assert_eq!(started.elapsed(), Timeouts::default().sign_in_queue);
        assert!(!waiting.is_busy());
        for session in &mut sessions {
            session.end();
        }
        assert_eq!(turns.counts(), (0, 0));
    }

    #[test]
    fn what_waits_behind_a_sign_in_is_bounded() {
        let mut session = session(&turns(true));
        let held = (0..)
            .take_while(|_| session.hold("", unread()).is_ok())
            .count();
        assert_eq!(held, MAX_HELD_BYTES / LINE_OVERHEAD_BYTES);
        while session.pop().is_some() {}
        assert_eq!(session.held_bytes, 0);
        let long = "x".repeat(MAX_HELD_BYTES);
        assert_eq!(session.hold(&long, unread()), Err(TooMuch));
    }
}
