//! The goodbye: wait until the last datagram has arrived, send `LEAVE_ROOM`, wait for its answer, send `BYE`, wait
//! for its answer. Without it a server of the first generation keeps a player in its room for ever (facts, section
//! 1.6). A session says it for itself, a relay for a browser that went away.

use std::time::Duration;

use crate::command::{Command, CommandKind};
use crate::event::Event;
use crate::json::Object;
use crate::refusal::Refusal;

/// The longest wait for the answer to `LEAVE_ROOM`.
const LEAVE_TIMEOUT: Duration = Duration::from_millis(1500);
/// The longest wait for the answer to `BYE`. Together with `MAX_SETTLE` and `LEAVE_TIMEOUT` it is at most 3 s.
const BYE_TIMEOUT: Duration = Duration::from_millis(1000);
/// The shortest and the longest pause after the last datagram.
const MIN_SETTLE: Duration = Duration::from_millis(20);
const MAX_SETTLE: Duration = Duration::from_millis(500);

/// How long to wait between the last datagram and `LEAVE_ROOM`: one round trip. A position that arrives after
/// `LEAVE_ROOM` can put the player back into its room (facts, section 6.6).
pub fn settle_time(round_trip: Duration) -> Duration {
    round_trip.clamp(MIN_SETTLE, MAX_SETTLE)
}

/// A goodbye in progress.
#[derive(Debug)]
pub struct Goodbye {
    step: Step,
    deadline: Duration,
    answered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The last datagram is still on its way.
    Settling,
    /// `LEAVE_ROOM` waits for its answer.
    Leaving,
    /// `BYE` waits for its answer.
    SayingBye,
    Done,
}

impl Goodbye {
    /// Begin. `last_datagram` is when the last one was sent, `round_trip` is that to the game server.
    pub fn new(now: Duration, last_datagram: Option<Duration>, round_trip: Duration) -> Self {
        let settled = last_datagram.map_or(now, |last| last + settle_time(round_trip));
        Self::at(Step::Settling, settled)
    }

    /// Begin for a player in no room: only `BYE` is left to say.
    pub fn outside_rooms(now: Duration) -> Self {
        Self::at(Step::Leaving, now)
    }

    /// Begin after the player has said `BYE` itself: only its answer is awaited.
    pub fn said(now: Duration) -> Self {
        Self::at(Step::SayingBye, now + BYE_TIMEOUT)
    }

    fn at(step: Step, deadline: Duration) -> Self {
        Self {
            step,
            deadline,
            answered: false,
        }
    }

    /// Say whether the game server answered `BYE`.
    pub fn is_answered(&self) -> bool {
        self.answered
    }

    /// Say when [`handle_time`](Self::handle_time) has something to do: `None` once the goodbye is over.
    pub fn deadline(&self) -> Option<Duration> {
        (self.step != Step::Done).then_some(self.deadline)
    }

    /// Give the time until which the last datagram is still on its way.
    pub(crate) fn settles_until(&self) -> Option<Duration> {
        (self.step == Step::Settling).then_some(self.deadline)
    }

    /// Take the clock. Gives the command to send now.
    pub fn handle_time(&mut self, now: Duration) -> Option<Command> {
        if now < self.deadline {
            return None;
        }
        self.next_step(now)
    }

    /// Take a line of the game server. Gives the command to send now. Pushes and answers to earlier commands are
    /// ignored.
    pub fn handle_line(&mut self, line: &str, now: Duration) -> Option<Command> {
        let event = Event::parse(line);
        match self.step {
            Step::Leaving if shows_no_room(&event) => self.next_step(now),
            Step::SayingBye if event == Event::ByeOk => {
                self.answered = true;
                self.next_step(now)
            }
            _ => None,
        }
    }

    /// Take the next step, whether the one before was answered or timed out. Gives the command to send.
    pub(crate) fn next_step(&mut self, now: Duration) -> Option<Command> {
        let (step, timeout, command) = match self.step {
            Step::Settling => (Step::Leaving, LEAVE_TIMEOUT, Some(Command::LeaveRoom)),
            Step::Leaving => (Step::SayingBye, BYE_TIMEOUT, Some(Command::Bye)),
            Step::SayingBye | Step::Done => (Step::Done, Duration::ZERO, None),
        };
        self.step = step;
        self.deadline = now + timeout;
        command
    }
}

/// Say whether an event shows that the player is in no room. Sentences that fit any command do not show it: they may
/// answer an earlier command.
pub fn shows_no_room(event: &Event) -> bool {
    let kind = CommandKind::LeaveRoom;
    event.answers(kind)
        && match event {
            Event::Error { message } => {
                let refusal = Refusal::of_message(message);
                // Without a sign-in there is no room.
                refusal.means_no_room(kind) || refusal == Refusal::AuthRequired
            }
            _ => true,
        }
}

/// Say whether a command line of a player is `BYE`. Servers ignore the case of its word (facts, section 1.5).
pub fn is_bye(line: &str) -> bool {
    let command = Object::parse(line);
    let word = command.as_ref().and_then(|command| command.str("command"));
    word.is_some_and(|word| word.eq_ignore_ascii_case(CommandKind::Bye.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn it_waits_a_round_trip_then_leaves_then_says_bye() {
        let mut goodbye = Goodbye::new(ms(1000), Some(ms(990)), ms(50));
        assert_eq!(goodbye.deadline(), Some(ms(1040)));
        assert_eq!(goodbye.handle_time(ms(1039)), None);
        assert_eq!(goodbye.handle_time(ms(1040)), Some(Command::LeaveRoom));
        let leave_ok = r#"{"command":"LEAVE_OK","roomId":"1"}"#;
        assert_eq!(goodbye.handle_line(leave_ok, ms(1090)), Some(Command::Bye));
        assert_eq!(
            goodbye.handle_line(r#"{"command":"BYE_OK"}"#, ms(1100)),
            None
        );
        assert_eq!(goodbye.deadline(), None);
        assert!(goodbye.is_answered());
    }

    #[test]
    fn answers_to_earlier_commands_and_pushes_do_not_count() {
        let mut goodbye = Goodbye::new(ms(0), None, ms(50));
        assert_eq!(goodbye.handle_time(ms(0)), Some(Command::LeaveRoom));
        for line in [
            r#"{"command":"PONG"}"#,
            r#"{"command":"ERROR","message":"Room not found."}"#,
            r#"{"command":"RELAYED_MESSAGE","message":"Cannot leave room"}"#,
            r#"{"type":"INV_STATE_FULL"}"#,
            "CONNECTED|0123",
            "[]",
            "",
        ] {
            assert_eq!(goodbye.handle_line(line, ms(1)), None, "{line}");
        }
    }

    #[test]
    fn a_refusal_to_leave_is_an_answer_too() {
        for refusal in [
            r#"{"command":"ERROR","message":"Cannot leave room. No room joined."}"#,
            r#"{"command":"ERROR","message":"Cannot leave room. You are not in this room."}"#,
            r#"{"command":"ERROR","message":"Authentication required. Please use NAME command with password."}"#,
        ] {
            let mut goodbye = Goodbye::new(ms(0), None, ms(50));
            assert_eq!(goodbye.handle_time(ms(0)), Some(Command::LeaveRoom));
            assert_eq!(
                goodbye.handle_line(refusal, ms(2)),
                Some(Command::Bye),
                "{refusal}"
            );
        }
    }

    #[test]
    fn a_server_that_never_answers_is_left_within_three_seconds() {
        let mut goodbye = Goodbye::new(ms(0), Some(ms(0)), ms(60_000));
        let mut sent = Vec::new();
        let mut now = ms(0);
        while let Some(deadline) = goodbye.deadline() {
            now = deadline;
            sent.extend(goodbye.handle_time(now));
        }
        assert_eq!(sent, [Command::LeaveRoom, Command::Bye]);
        assert_eq!(now, ms(3000));
        assert!(!goodbye.is_answered());
    }

    #[test]
    fn a_browser_that_said_bye_gets_nothing_added() {
        let mut goodbye = Goodbye::said(ms(10));
        assert_eq!(
            goodbye.handle_line(r#"{"command":"LEAVE_OK"}"#, ms(11)),
            None
        );
        assert_eq!(goodbye.handle_line(r#"{"command":"BYE_OK"}"#, ms(12)), None);
        assert_eq!(goodbye.deadline(), None);
    }

    #[test]
    fn bye_is_known_in_any_case_and_spelling() {
        for line in [
            r#"{"command":"BYE"}"#,
            r#" { "x":[1], "command" : "bye" } "#,
        ] {
            assert!(is_bye(line), "{line}");
        }
        for line in [r#"{"command":"PING","message":"BYE"}"#, "BYE", "", "{}"] {
            assert!(!is_bye(line), "{line}");
        }
    }
}
